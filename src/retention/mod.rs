//! q1: how many of the users who installed on a day came back. The trait [`Engine`] is the question; files of events, a `SQLite`
//! database and a table on a server answer it, all with `MySQL`'s semantics and `sql/q1.sql`.
mod activity;
mod cohort;
mod collation;
mod curve;
mod database;
mod date_time;
mod engine;
mod event;
mod event_files;
mod events;
mod general_ci;
mod json;
mod kept;
mod load;
mod names;
mod numbered;
mod question;
mod quick;
mod reader;
#[cfg(feature = "mysql")]
mod server;
mod table;

pub use collation::Collation;
pub use curve::{Curve, Curves, CurvesFound};
pub use database::{Database, DatabaseError};
pub use engine::Engine;
pub use event::{BadEvent, EventError, EventFault, EventOptions, EventsRead};
pub use event_files::{EventFiles, EventFilesError};
pub use events::SAMPLE;
pub use load::{LoadError, load};
pub use names::{EventNames, TableNames};
pub use question::{DAYS_MOST, DaySpan, Question, SQL};
#[cfg(feature = "mysql")]
pub use server::{Server, ServerError};
