//! `--by`: groups rows by keys, counts and reports them.
mod counter;
mod group_key;
mod key;
mod report;

pub use counter::{GroupCounter, GroupRun};
pub use group_key::GroupKey;
pub use key::{By, KEYS};
pub use report::{OTHER, display, ordered, report};
