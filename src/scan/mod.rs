//! Where bytes come from, and how they reach whoever reads them in whole lines. Knows no columns.
//!
//! | module | what it knows |
//! |---|---|
//! | `input` | an input by name: a file, stdin, a folder's files |
//! | `compression` | the compressions, as a table |
//! | `source` | an input that is open: positioned or a stream, decompressed |
//! | `block` | the whole lines that a reader gets at once, and how large they are |
//! | `page`, `range`, `cutter` | blocks out of a file's ranges, and out of a stream |
//! | `in_order` | results handed over in the order of the input |
//! | `blocks` | all of it on every core |
//! | [`follow`] | a file that grows |
mod block;
mod blocks;
mod compression;
mod cutter;
pub mod follow;
mod in_order;
mod input;
mod page;
mod range;
mod source;

pub use block::{Block, ScanOptions};
pub use blocks::blocks;
pub use compression::is_compressed;
pub use input::{Input, SourceError};
pub use source::Source;
