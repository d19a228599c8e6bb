//! q1: of the users who installed on a day, how many came back. Load events, run `sql/q1.sql`; MySQL's semantics on SQLite.
mod activity;
mod clock;
mod cohort;
mod collation;
mod database;
mod events;
mod general_ci;
mod layout;
mod load;
mod numbered;
mod question;
mod quick;
pub mod server;

pub use cohort::{Cohorts, Curve, Curves, CurvesFound, DAYS_MOST, DaySpan, Wanted};
pub use collation::Collation;
pub use database::{Database, DatabaseError, TableNames};
pub use events::{BadEvent, EventError, EventNames, EventOptions, EventsRead, SAMPLE};
pub use load::{LoadError, load};
pub use question::{Question, SQL};
