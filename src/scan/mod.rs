//! From files, pipes and folders, plain or compressed, to blocks of whole lines on every core. Knows no columns.
//!
//! | module | what it knows |
//! |---|---|
//! | `input` | an input by name: a file, stdin |
//! | `found` | the inputs that paths name: files, the files of folders, each once |
//! | `compression` | the compressions, as a table |
//! | `packed_tail` | text that goes on as gzip data |
//! | `source` | an open input: a file read at any position, or a (decompressed) stream |
//! | `positioned` | a file read at any position, without the NULs it may begin with |
//! | `line_ends` | where text may be cut between lines |
//! | `block` | what a reader gets at once, and its size |
//! | `page`, `range`, `cutter` | how a file's ranges and a stream become blocks |
//! | `in_order` | results of several threads in input order |
//! | `blocks` | the scan itself: all of the above, on every core |
//! | [`follow`] | a file that grows |
mod block;
mod blocks;
mod compression;
mod cutter;
pub mod follow;
mod found;
mod in_order;
mod input;
mod line_ends;
mod packed_tail;
mod page;
mod positioned;
mod range;
mod source;

pub use block::{Block, ScanOptions};
pub use blocks::blocks;
pub use compression::is_compressed;
pub use found::Found;
pub use input::{Input, SourceError};
pub use packed_tail::goes_on_packed;
pub use source::Source;
