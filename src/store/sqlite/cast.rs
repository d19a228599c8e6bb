//! Ballots become votes: the rules are held against what the file says, and the totals grow, in one transaction.
use std::collections::HashMap;

use rusqlite::Connection;

use super::absent::Held;
use super::batch::{self, Help};
use super::read;
use super::scribe::Scribe;
use crate::ballot::{
    AllOrNothing, Ballot, Candidate, CandidateId, Choice, Moment, Orders, Outcome, Settings, SortedBallots,
};

/// More refusals than this nobody reads: [`cast_all`] ends there.
const REFUSALS_MOST: usize = 1_000;

/// Ballots that are looked up, decided and written at once; bounds what that takes in memory.
const BALLOTS_AT_ONCE: usize = 500_000;

/// Rules and candidates as one `data_version` of the file had them.
pub struct Known {
    version: i64,
    pub settings: Settings,
    pub candidates: Vec<Candidate>,
    ids: HashMap<String, CandidateId>,
    /// What keys and voters it may hold, once a bulk load has found out.
    held: Option<Held>,
}

impl Known {
    fn read(conn: &Connection, version: i64) -> rusqlite::Result<Self> {
        let candidates = read::candidates(conn)?;
        let ids = candidates.iter().map(|candidate| (candidate.name.clone(), candidate.id)).collect();
        Ok(Known { version, settings: read::settings(conn)?, candidates, ids, held: None })
    }

    /// Where the candidate stands in the list.
    pub fn place(&self, choice: &Choice) -> Option<usize> {
        let id = match choice {
            Choice::Id(id) => *id,
            Choice::Name(name) => *self.ids.get(name)?,
        };
        // Ids are 1, 2, 3, …: look there first.
        let guess = usize::try_from(id).ok()?.checked_sub(1)?;
        match self.candidates.get(guess) {
            Some(candidate) if candidate.id == id => Some(guess),
            _ => self.candidates.binary_search_by_key(&id, |candidate| candidate.id).ok(),
        }
    }

    /// What is known of the file now.
    fn now<'known>(conn: &Connection, known: &'known mut Option<Known>) -> rusqlite::Result<&'known mut Known> {
        let version = data_version(conn)?;
        if known.as_ref().is_none_or(|known| known.version != version) {
            *known = Some(Known::read(conn, version)?);
        }
        Ok(known.as_mut().expect("read above where it was not"))
    }
}

/// SQLite's number of the state of the file as this connection sees it; another one's commit makes it another.
pub fn data_version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

/// Casts `ballots` at `now`, in the transaction that is open.
pub fn cast(
    conn: &Connection,
    known: &mut Option<Known>,
    ballots: &[Ballot],
    now: Moment,
) -> rusqlite::Result<Vec<Outcome>> {
    let known = Known::now(conn, known)?;
    let mut held = known.held.take();
    let mut scribe = Scribe::new(conn, &known.candidates, now)?;
    let mut outcomes = Vec::with_capacity(ballots.len());
    for chunk in ballots.chunks(BALLOTS_AT_ONCE) {
        let help = Help { conn: None, held: held.as_mut() };
        outcomes.append(&mut batch::cast(conn, help, &mut scribe, known, chunk, &Orders::of(chunk))?);
    }
    scribe.finish()?;
    known.held = held;
    Ok(outcomes)
}

/// Casts many `ballots` at `now`, in the transaction that is open and has not written yet; `helper` may read the file
/// meanwhile.
pub fn cast_sorted(
    conn: &Connection,
    helper: &mut Connection,
    known: &mut Option<Known>,
    ballots: &SortedBallots,
    now: Moment,
) -> rusqlite::Result<Vec<Outcome>> {
    let known = Known::now(conn, known)?;
    let mut held = known.held.take();
    let mut scribe = Scribe::new(conn, &known.candidates, now)?;
    // To read all of a file that has few more votes than there are ballots costs less than to look all of these up.
    if held.is_none() && scribe.next_id / 2 <= ballots.ballots().len() as i64 {
        held = Some(Held::read(conn, known.settings.voters_only)?);
    }
    let help = Help { conn: Some(helper), held: held.as_mut() };
    let outcomes = batch::cast(conn, help, &mut scribe, known, ballots.ballots(), ballots.orders())?;
    scribe.finish()?;
    known.held = held;
    Ok(outcomes)
}

/// Casts what `ballots` gives and counts it in `done`; whether the transaction is kept is for the caller to say.
pub fn cast_all(
    conn: &Connection,
    known: &mut Option<Known>,
    ballots: &mut dyn Iterator<Item = Ballot>,
    now: Moment,
    done: &mut AllOrNothing,
) -> rusqlite::Result<()> {
    let known = Known::now(conn, known)?;
    // It would have to take in what is cast here.
    known.held = None;
    let mut scribe = Scribe::new(conn, &known.candidates, now)?;
    let mut index = 0;
    loop {
        let chunk: Vec<Ballot> = (&mut *ballots).take(BALLOTS_AT_ONCE).collect();
        if chunk.is_empty() {
            break;
        }
        for outcome in batch::cast(conn, Help::default(), &mut scribe, known, &chunk, &Orders::of(&chunk))? {
            match outcome {
                Outcome::Stored { .. } => done.stored += 1,
                Outcome::Repeated { .. } => done.repeated += 1,
                Outcome::Refused(refusal) => done.refused.push((index, refusal)),
            }
            index += 1;
        }
        if done.refused.len() >= REFUSALS_MOST {
            done.refused.truncate(REFUSALS_MOST);
            break;
        }
    }
    scribe.finish()
}
