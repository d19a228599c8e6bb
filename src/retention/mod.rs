//! q1: how many of the users who installed on a day came back. The trait [`Engine`] is the question; files of events, a `SQLite`
//! database and a table on a server answer it, all with `MySQL`'s semantics and `sql/q1.sql`.
mod active_days;
mod activity;
mod batch;
mod cells;
mod cohort;
mod cohort_query;
mod collation;
mod curve;
mod data_end;
mod database;
mod date_time;
mod day_zero;
mod engine;
mod event;
mod event_files;
mod event_names;
mod events;
mod field;
mod general_ci;
mod json;
mod kept;
mod load;
mod local_days;
mod moment;
mod names;
mod numbered;
mod odd_values;
mod question;
mod quick;
mod reader;
mod remarks;
#[cfg(feature = "mysql")]
mod server;
mod sql_text;
mod sqlite_table;
mod table;
mod uca;

pub use collation::Collation;
pub use curve::{Curve, Curves, CurvesFound, DAYS_MAX, DaysAfter, Period};
pub use data_end::DataEnd;
pub use database::{Database, Reading};
pub use engine::{Answer, Engine};
pub use event::{BadEvent, EventError, EventFault, EventOptions, EventsRead};
pub use event_files::{EventFiles, EventFilesError};
pub use event_names::NameSeen;
pub use events::SAMPLE;
pub use load::{LoadError, load};
pub use names::{EventNames, TableNames};
pub use question::{Question, SQL};
pub use remarks::{Literal, Remarks};
#[cfg(feature = "mysql")]
pub use server::{Server, ServerError};
pub use sql_text::with_values as sql_with_values;
pub use sqlite_table::DatabaseError;
