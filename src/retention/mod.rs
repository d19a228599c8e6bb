//! q1: of the users who installed on a day, how many came back. Load events, run `sql/q1.sql`; MySQL's semantics on SQLite.
mod activity;
mod cohort;
mod collation;
mod curve;
mod database;
mod date_time;
mod events;
mod general_ci;
mod kept;
mod layout;
mod load;
mod numbered;
mod question;
mod quick;
pub mod server;

pub use cohort::{Cohorts, Wanted};
pub use collation::Collation;
pub use curve::{Curve, Curves, CurvesFound};
pub use database::{Database, DatabaseError, TableNames};
pub use events::{BadEvent, EventError, EventNames, EventOptions, EventsRead, SAMPLE};
pub use load::{LoadError, load};
pub use question::{DAYS_MOST, DaySpan, Question, SQL};
