//! q1: of the users who installed on a day, how many came back. Load events, run `sql/q1.sql`; MySQL's semantics on SQLite.
mod collation;
mod database;
mod events;
mod general_ci;
mod question;
pub mod server;

pub use collation::Collation;
pub use database::{Database, DatabaseError};
pub use events::{BadEvent, EventError, EventsRead, SAMPLE};
pub use question::{Question, SQL};
