//! The formats of logs, detected or named.
//!
//! [`FORMATS`] is the table of them: options, help, detection and notes all come from it.
mod columns;
mod common;
mod delimited;
mod detect;
mod error;
mod header;
mod json;
mod json_head;
mod line;
mod needs;
mod pattern;
mod reader;
mod realtime;
mod request;
mod roles;
mod table;

pub(super) use columns::When;
pub(super) use delimited::Delimited;
pub use detect::detect;
pub use error::{FormatError, PatternError};
pub use needs::{Choice, GivenColumns, Needs, Place};
pub use reader::LineReader;
pub use table::{FORMATS, Format};
