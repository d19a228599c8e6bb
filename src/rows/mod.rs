//! Lines of text → rows of named fields, for logs ([`weblog`](crate::weblog)) and events ([`retention`](crate::retention)).
//!
//! Knows columns, but not what is in them: no dates, sizes or users. How an input is read:
//! 1. [`foreign::refuse`] refuses what is not text of lines, from its first bytes, and says what to do about it.
//! 2. Where the columns are: [`Names`] of a [`Header`], of a `#Fields` directive, or known beforehand.
//! 3. A reader for the wanted columns: [`Delimited`] (any delimiter, with quotes or without) or [`JsonFields`] (an object a
//!    line, also after a syslog prefix). It gives a row's fields, or a [`RowFault`]. One serves all threads: a reader has no state
//!    but the shapes of lines that a [`JsonFields`] learns, which change the speed and no answer.
//! 4. Rows with line breaks in quotes are put together by a [`Joiner`], one for each thread.
//! 5. [`PartRows`] counts the rows of a block, and [`RowCount`] those of inputs, with the first bad ones and their lines. The
//!    reason is the caller's own type, which has a [`RowFault`] as one of its cases.
//!
//! Hot loops of the callers may use [`split::Splitter`] directly; what they skip, they must prove equal to the reader here.
pub mod foreign;
pub mod split;

mod delimited;
mod fault;
mod header;
mod joined;
mod json;
mod lines;
mod quotes;
mod shape;

pub use delimited::{Delimited, Fields, TooWide};
pub use fault::{BAD_ROWS_KEPT, BadRow, PartRows, RowCount, RowFault, excerpt};
pub use header::{Header, NameFault, Names, is_repeated, separator};
pub use joined::{Follows, Joiner, Piece};
pub use json::{JsonFields, JsonRow, JsonValue, object_text};
pub use lines::{first_line, lines, next_line, without_bom, without_cr};
pub use quotes::{QuoteScan, Quotes};
