//! What a vote is: ballots, tallies, the rules, the errors, and [`BallotBox`], the trait of every store. Knows no SQL and
//! no HTTP.
mod desk;
mod errors;
mod intake;
mod lines;
mod rules;
mod sorted;
mod time;
mod vote;

use crate::units::DurationSecs;

pub use errors::{BoxError, Refusal};
pub use intake::{BadLine, Intake, IntakeError, take_in, take_in_all};
pub use lines::{LineError, parse_line};
pub use rules::{Limits, NameError, Opening, Settings, check_name, check_voter_id, looks};
pub use sorted::{Orders, SortedBallots, Texts};
pub use time::{Clock, Moment, MomentError, SystemClock};
pub use vote::{
    AllOrNothing, Ballot, Candidate, CandidateId, CandidateTotal, Choice, Finding, Outcome, PacePoint, PrivateRecord,
    Record, Setup, Tally, Voter,
};

/// Whether [`BallotBox::export`] goes on.
pub type Flow = std::ops::ControlFlow<()>;

/// A box of ballots: the one place where the votes of one election are. Every store implements it; the service and the
/// commands know nothing else.
///
/// A handle belongs to one thread at a time and can be sent to another. Several handles, in this process or in others,
/// may be open on one box: each sees all commits of all, and writers wait for each other.
///
/// Every write is one transaction and is on disk, safe from a power failure, when the call returns `Ok`. After
/// [`BoxError::OutcomeUnknown`] it may or may not be; after any other error it is not.
pub trait BallotBox: Send {
    /// Casts `ballots` in one transaction and gives one outcome a ballot, in their order. Each sees those before it as
    /// cast. One that is refused does no harm to the others. The time comes from `clock` and is asked once, when the
    /// write lock is held; it stamps all of them.
    ///
    /// A ballot whose key is in the box already is answered with [`Outcome::Repeated`] if it is the same vote, whatever
    /// the rules would say to it now, and refused with [`Refusal::KeyReused`] if it is another.
    ///
    /// # Errors
    /// When the box cannot be read or written: then none of them is cast (see [`BoxError::OutcomeUnknown`] for the one
    /// exception).
    fn cast(&mut self, ballots: &[Ballot], clock: &dyn Clock) -> Result<Vec<Outcome>, BoxError>;

    /// Casts many `ballots` as [`cast`](Self::cast) does; that their keys and voters are sorted may save time.
    ///
    /// # Errors
    /// As for [`cast`](Self::cast).
    fn cast_sorted(&mut self, ballots: &SortedBallots, clock: &dyn Clock) -> Result<Vec<Outcome>, BoxError> {
        self.cast(ballots.ballots(), clock)
    }

    /// Casts all that `ballots` gives, in one transaction, if not one of them is refused, else nothing. Other writers
    /// wait for as long as the iterator takes.
    ///
    /// # Errors
    /// As for [`cast`](Self::cast).
    fn cast_all(
        &mut self,
        ballots: &mut dyn Iterator<Item = Ballot>,
        clock: &dyn Clock,
    ) -> Result<AllOrNothing, BoxError>;

    /// The kept totals and the votes of the `window` up to `now`. Takes the same time however many votes there are.
    /// A vote belongs to the window when its second is after `now - window` and not after `now`.
    ///
    /// The figures are withheld ([`Tally::hidden`]) where the rules hide them at `now`.
    ///
    /// # Errors
    /// When the box cannot be read.
    fn tally(&mut self, window: DurationSecs, now: Moment) -> Result<Tally, BoxError>;

    /// The tally as it was `at` another moment: votes that stand today and were cast not after `at`. Whether figures are
    /// hidden is judged by `now`, so nobody looks into a hidden result with tomorrow's date. Takes time with the number of
    /// seconds in which votes were cast.
    ///
    /// # Errors
    /// When the box cannot be read.
    fn tally_at(&mut self, window: DurationSecs, at: Moment, now: Moment) -> Result<Tally, BoxError>;

    /// The standing votes of each candidate by the time they were cast, in steps of `step_secs` (60: by minute) that
    /// start at whole multiples of it in UTC. Only steps and candidates with votes, in order of start and candidate.
    /// Empty where the rules hide results at `now`.
    ///
    /// # Errors
    /// When the box cannot be read.
    fn pace(&mut self, step_secs: u32, now: Moment) -> Result<Vec<PacePoint>, BoxError>;

    /// The candidates in order of their ids.
    ///
    /// # Errors
    /// When the box cannot be read.
    fn candidates(&mut self) -> Result<Vec<Candidate>, BoxError>;

    /// Adds a candidate with the next free id and gives it. Totals of others are not touched, so this is allowed while
    /// votes are cast.
    ///
    /// # Errors
    /// [`BoxError::Candidate`] when the name is not allowed, is there already, or there are too many candidates;
    /// otherwise when the box cannot be written.
    fn add_candidate(&mut self, name: &str) -> Result<CandidateId, BoxError>;

    /// Gives a candidate another name.
    ///
    /// # Errors
    /// [`BoxError::Candidate`] when there is no such candidate, the name is not allowed or is another's, or a vote was
    /// cast for it (also one that was withdrawn): what somebody voted for is not renamed. Otherwise when the box cannot
    /// be written.
    fn rename_candidate(&mut self, id: CandidateId, name: &str) -> Result<(), BoxError>;

    /// What the vote is called and what its rules are.
    ///
    /// # Errors
    /// When the box cannot be read.
    fn settings(&mut self) -> Result<Settings, BoxError>;

    /// A number that is another whenever the box may have changed since this handle was last asked, whoever changed it.
    /// It only grows, means nothing to another handle, and costs about a microsecond: ask it as often as you like.
    ///
    /// # Errors
    /// When the box cannot be read.
    fn version(&mut self) -> Result<u64, BoxError>;

    /// Gives every vote to `sink`, one after the other, without holding them in memory; `sink` may end it early.
    ///
    /// With `with_voters`, each has all that is known, in the order of ids, withdrawn votes too. Without, each standing
    /// vote has its candidate and opinion alone, ordered by these, so that nothing tells who voted, nor when, nor after
    /// whom.
    ///
    /// # Errors
    /// [`BoxError::Hidden`] where the rules hide results at `now`; otherwise when the box cannot be read.
    fn export(
        &mut self,
        with_voters: bool,
        now: Moment,
        sink: &mut dyn FnMut(Record<'_>) -> Flow,
    ) -> Result<(), BoxError>;

    /// Counts everything anew from the votes themselves and compares it with what is kept; also the keys and the store's
    /// own check of itself. Nothing found: the box is sound.
    ///
    /// # Errors
    /// When the box cannot be read at all.
    fn check(&mut self) -> Result<Vec<Finding>, BoxError>;

    /// Another handle on the same box, to read with in another thread.
    ///
    /// # Errors
    /// When the box cannot be opened.
    fn reader(&self) -> Result<Box<dyn BallotBox>, BoxError>;

    /// From now on a write waits only some seconds for other writers, not a minute: somebody waits for its answer.
    ///
    /// # Errors
    /// None in practice.
    fn hurry(&mut self) -> Result<(), BoxError> {
        Ok(())
    }

    /// Moves what is in side files into the main file, as far as other handles allow, without waiting for them. Dropping
    /// the last handle does it too.
    ///
    /// # Errors
    /// When the box cannot be written.
    fn settle(&mut self) -> Result<(), BoxError>;
}
