//! Ballots, rules, tallies, errors, and [`BallotBox`], the trait of every store. Knows no SQL and no HTTP.
//!
//! | file | what it knows |
//! |---|---|
//! | `ballot_box` | what every store can do |
//! | `decide` | **the rules**: what becomes of a ballot |
//! | `lookup`, `decision` | what a store looks up for `decide`, and what it then has to write |
//! | `candidates`, `picture`, `settings`, `setup` | candidates, what a vote allows, a new vote |
//! | `change` | how a vote is opened, closed and changed while it runs |
//! | `limits` | what holds in every vote |
//! | `vote`, `tally`, `errors`, `time` | ballots, results, refusals and failures, moments |
//! | `lines`, `batch_queue`, `intake` | a stream of ballots, one a line, into a box |
//! | `sorted` | a batch with its keys and voters sorted |
mod ballot_box;
mod batch_queue;
mod candidates;
mod change;
mod decide;
mod decision;
mod errors;
mod intake;
mod limits;
mod lines;
mod lookup;
mod picture;
mod settings;
mod setup;
mod sorted;
mod tally;
mod time;
mod vote;

pub use ballot_box::{BallotBox, Flow, Keep};
pub use candidates::{Candidate, Candidates, NewCandidate};
pub use change::{Change, Changed, NewSettings, Occasion};
pub use decide::{Rules, decide, decide_first};
pub use decision::{AccountChange, Decision, NewVote, Withdrawal, Writes};
pub use errors::{BoxError, Refusal};
pub use intake::{Intake, IntakeError, take_in, take_in_all};
pub use limits::{Limits, NameError, check_name, check_voter_id, visual_key};
pub use lines::{BadLine, LineError, parse_line};
pub use lookup::{Account, KeyedVote, Lookup};
pub use picture::{Picture, PictureError};
pub use settings::{Hiding, Opening, Settings};
pub use setup::{Setup, Voter};
pub use sorted::{BatchIndex, SortedBallots, TextIndex};
pub use tally::{CandidateTotal, Counts, Finding, PacePoint, PrivateRecord, Record, Tally};
pub use time::{Clock, Moment, SystemClock};
pub use vote::{AllOrNothing, Ballot, CandidateId, Choice, Outcome, VoteId};
