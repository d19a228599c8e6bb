//! The trait of every store.
use super::candidates::Candidate;
use super::errors::BoxError;
use super::settings::Settings;
use super::sorted::SortedBallots;
use super::tally::{Finding, PacePoint, Record, Tally};
use super::time::{Clock, Moment};
use super::vote::{AllOrNothing, Ballot, CandidateId, Outcome};
use crate::units::DurationSecs;

/// Whether [`BallotBox::export`] goes on.
pub type Flow = std::ops::ControlFlow<()>;

/// A box of ballots: the one place that holds the votes of one election. Every store implements it; the service and the
/// commands know nothing else.
///
/// A handle belongs to one thread at a time and can be sent to another. Several handles, in this process or in others,
/// may be open on one box: each sees all commits of all, and writers wait for each other.
///
/// Every write is one transaction and is on disk, safe from a power failure, when the call returns `Ok`. After
/// [`BoxError::OutcomeUnknown`] it may or may not be; after any other error it is not.
pub trait BallotBox: Send {
    /// Casts `ballots` in one transaction and gives one outcome for each, in their order, as
    /// [`decide`](fn@super::decide) says. A refused ballot does not affect the others. `clock` is asked once, when the write
    /// lock is held, and stamps all of them.
    ///
    /// A ballot whose key is in the box already is answered with [`Outcome::Repeated`] if it is the same vote, whatever
    /// the rules would say to it now, and refused with [`Refusal::KeyReused`](super::Refusal::KeyReused) if it is another.
    ///
    /// # Errors
    /// When the box cannot be read or written: then none of them is cast (see [`BoxError::OutcomeUnknown`] for the one
    /// exception).
    fn cast(&mut self, ballots: &[Ballot], clock: &dyn Clock) -> Result<Vec<Outcome>, BoxError>;

    /// Casts many `ballots` as [`cast`](Self::cast) does; a store may make use of their index.
    ///
    /// # Errors
    /// As for [`cast`](Self::cast).
    fn cast_sorted(&mut self, ballots: &SortedBallots, clock: &dyn Clock) -> Result<Vec<Outcome>, BoxError> {
        self.cast(ballots.ballots(), clock)
    }

    /// Casts all that `ballots` yields, in one transaction, if not one of them is refused; else nothing. Other writers
    /// wait for as long as the iterator takes.
    ///
    /// # Errors
    /// As for [`cast`](Self::cast).
    fn cast_all(
        &mut self,
        ballots: &mut dyn Iterator<Item = Ballot>,
        clock: &dyn Clock,
    ) -> Result<AllOrNothing, BoxError>;

    /// The kept totals, and the votes of the `window` that ends at `now`. Takes the same time however many votes there
    /// are. A vote belongs to the window when its second is after `now - window` and not after `now`.
    ///
    /// The figures are withheld ([`Tally::hidden`]) where the rules hide them at `now`.
    ///
    /// # Errors
    /// When the box cannot be read.
    fn tally(&mut self, window: DurationSecs, now: Moment) -> Result<Tally, BoxError>;

    /// The tally as it was `at` another moment: votes that stand today and were cast no later than `at`. Whether figures
    /// are hidden depends on `now`, so that a future `at` does not reveal a hidden result. The time it takes grows with the
    /// number of seconds in which votes were cast.
    ///
    /// # Errors
    /// When the box cannot be read.
    fn tally_at(&mut self, window: DurationSecs, at: Moment, now: Moment) -> Result<Tally, BoxError>;

    /// The standing votes of each candidate by the time they were cast, in steps of `step_secs` (60: by minute) that
    /// start at whole multiples of it in UTC. Only steps and candidates with votes, ordered by start and candidate.
    /// Empty where the rules hide results at `now`.
    ///
    /// # Errors
    /// When the box cannot be read.
    fn pace(&mut self, step_secs: u32, now: Moment) -> Result<Vec<PacePoint>, BoxError>;

    /// All candidates, in order of their ids.
    ///
    /// # Errors
    /// When the box cannot be read.
    fn candidates(&mut self) -> Result<Vec<Candidate>, BoxError>;

    /// Adds a candidate, as [`Candidates::add`](super::Candidates::add) says, and gives its id. Allowed while votes are
    /// cast, since it changes no total.
    ///
    /// # Errors
    /// [`BoxError::Candidate`] when the rules refuse the name; otherwise when the box cannot be written.
    fn add_candidate(&mut self, name: &str) -> Result<CandidateId, BoxError>;

    /// Renames a candidate, as [`Candidates::rename`](super::Candidates::rename) says.
    ///
    /// # Errors
    /// [`BoxError::Candidate`] when the rules refuse it; otherwise when the box cannot be written.
    fn rename_candidate(&mut self, id: CandidateId, name: &str) -> Result<(), BoxError>;

    /// Title and rules.
    ///
    /// # Errors
    /// When the box cannot be read.
    fn settings(&mut self) -> Result<Settings, BoxError>;

    /// A number that grows whenever the box may have changed since this handle was last asked, whoever changed it. It
    /// means nothing to another handle, and costs about a microsecond: ask as often as you like.
    ///
    /// # Errors
    /// When the box cannot be read.
    fn version(&mut self) -> Result<u64, BoxError>;

    /// Passes every vote to `sink`, one after the other, without holding them in memory; `sink` may stop early.
    ///
    /// With `with_voters`, each vote has all that is known, withdrawn ones too, in the order of ids. Without, each standing
    /// vote has only its candidate and opinion and they are ordered by these, so that nothing reveals who voted, when, or
    /// after whom.
    ///
    /// # Errors
    /// [`BoxError::Hidden`] where the rules hide results at `now`; otherwise when the box cannot be read.
    fn export(
        &mut self,
        with_voters: bool,
        now: Moment,
        sink: &mut dyn FnMut(Record<'_>) -> Flow,
    ) -> Result<(), BoxError>;

    /// Counts everything again from the votes themselves and compares it with what is kept; also checks keys, and runs the
    /// store's own integrity check. Empty: the box is sound.
    ///
    /// # Errors
    /// When the box cannot be read at all.
    fn check(&mut self) -> Result<Vec<Finding>, BoxError>;

    /// Opens another handle on the same box, to read in another thread.
    ///
    /// # Errors
    /// When the box cannot be opened.
    fn reader(&self) -> Result<Box<dyn BallotBox>, BoxError>;

    /// From now on a write waits some seconds for other writers, not a minute: for handles whose callers wait for an
    /// answer.
    ///
    /// # Errors
    /// When the store refuses the setting; none is known to.
    fn set_short_busy_timeout(&mut self) -> Result<(), BoxError> {
        Ok(())
    }

    /// Moves what is in side files into the main file, as far as other handles allow, without waiting for them. Dropping
    /// the last handle does it too.
    ///
    /// # Errors
    /// When the box cannot be written.
    fn checkpoint(&mut self) -> Result<(), BoxError>;
}
