//! The trait of every store.
use std::path::Path;

use super::candidates::Candidate;
use super::change::{Change, Changed, Occasion};
use super::errors::BoxError;
use super::picture::Picture;
use super::settings::Settings;
use super::sorted::SortedBallots;
use super::tally::{Finding, PacePoint, Record, Tally};
use super::time::{Clock, Moment};
use super::vote::{AllOrNothing, Ballot, CandidateId, Outcome};
use crate::units::DurationSecs;

/// Whether [`BallotBox::export`] goes on with the next record.
pub type Flow = std::ops::ControlFlow<()>;

/// Keeps what [`BallotBox::reset`] is about to take away, and returns whether it may.
pub type Keep<'a> = dyn FnMut(&mut dyn BallotBox) -> Result<bool, BoxError> + 'a;

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

    /// The most ballots that [`cast_sorted`](Self::cast_sorted) should be given at once.
    fn bulk_most(&self) -> usize {
        usize::MAX
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

    /// The picture of candidate `id`, if it has one.
    ///
    /// # Errors
    /// When the box cannot be read.
    fn picture(&mut self, _id: CandidateId) -> Result<Option<Picture>, BoxError> {
        Ok(None)
    }

    /// Adds a candidate, as [`Candidates::add`](super::Candidates::add) says, and gives its id. Allowed while votes are
    /// cast, since it changes no total.
    ///
    /// # Errors
    /// [`BoxError::Candidate`] when the rules refuse the name; otherwise when the box cannot be written.
    fn add_candidate(&mut self, name: &str, clock: &dyn Clock) -> Result<CandidateId, BoxError>;

    /// Renames a candidate, as [`Candidates::rename`](super::Candidates::rename) says.
    ///
    /// # Errors
    /// [`BoxError::Candidate`] when the rules refuse it; otherwise when the box cannot be written.
    fn rename_candidate(&mut self, id: CandidateId, name: &str, clock: &dyn Clock) -> Result<(), BoxError>;

    /// Removes a candidate, as [`Candidates::check_removal`](super::Candidates::check_removal) says.
    ///
    /// # Errors
    /// [`BoxError::Candidate`] when the rules refuse it; otherwise when the box cannot be written.
    fn remove_candidate(&mut self, id: CandidateId, clock: &dyn Clock) -> Result<(), BoxError>;

    /// Changes the settings, as [`Change::apply`] says. Every vote written after it is decided by the new ones.
    ///
    /// # Errors
    /// [`BoxError::Setup`] when the settings would contradict each other; otherwise when the box cannot be written.
    fn change(&mut self, change: &Change, clock: &dyn Clock) -> Result<Changed, BoxError>;

    /// Takes all votes away and begins the next [generation](Settings::generation): candidates, voters' lists and rules stay.
    /// Keys of the votes that were taken away are refused from now on. Gives how many standing votes there were.
    ///
    /// Calls `keep` first, with another handle and while nobody can write, so that a copy it makes has every vote that is
    /// taken away. If it returns false, nothing is taken away, and the result is None.
    ///
    /// # Errors
    /// When `keep` fails, or the box cannot be written.
    fn reset(&mut self, keep: &mut Keep<'_>, clock: &dyn Clock) -> Result<Option<u64>, BoxError>;

    /// What was done to the vote so far, oldest first: that it was made, each change of its settings and candidates, each
    /// reset.
    ///
    /// # Errors
    /// When the box cannot be read.
    fn history(&mut self) -> Result<Vec<Occasion>, BoxError>;

    /// What signs the cookies of all services on this box. Who knows it can vote as any browser.
    ///
    /// # Errors
    /// When the box cannot be read.
    fn secret(&mut self) -> Result<Vec<u8>, BoxError> {
        Ok(Vec::new())
    }

    /// Title and rules.
    ///
    /// # Errors
    /// When the box cannot be read.
    fn settings(&mut self) -> Result<Settings, BoxError>;

    /// A number that grows whenever the box may have changed since this handle was last asked, whoever changed it. It
    /// means nothing to another handle, and costs about a microsecond, or one round trip to a server: ask ten times a second if
    /// you like.
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

    /// Moves what is in side files into the main file, as far as other handles allow, without waiting for them, and gives
    /// whether all of it was moved. Dropping the last handle does it too.
    ///
    /// # Errors
    /// When the box cannot be written.
    fn checkpoint(&mut self) -> Result<bool, BoxError>;

    /// Makes a consistent copy at `target`, a place of the same kind of store that must be free, while votes may be written,
    /// and checks it. Gives what is wrong in the copy, which then is wrong in the box too.
    ///
    /// # Errors
    /// When something is at `target`, or the copy cannot be made; nothing is at `target` then.
    fn backup(&mut self, target: &Path) -> Result<Vec<Finding>, BoxError>;

    /// Checks that votes can be written, as far as that is known without writing one.
    ///
    /// # Errors
    /// Why they cannot.
    fn check_writable(&mut self) -> Result<(), BoxError> {
        Ok(())
    }

    /// What speaks against the box being complete, as far as it shows at first sight: [`check`](Self::check) tells it too.
    fn doubts(&self) -> Vec<Finding> {
        Vec::new()
    }

    /// From now on, votes on this handle come from a service. A store whose votes may be in a side file notes that in the
    /// main file, so that a copy without them is recognised.
    ///
    /// # Errors
    /// Why votes cannot be written, as [`check_writable`](Self::check_writable) says.
    fn begin_service(&mut self) -> Result<(), BoxError> {
        self.check_writable()
    }
}
