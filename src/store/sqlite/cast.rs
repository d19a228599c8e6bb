//! Casts ballots in the transaction that is open: looks up, has the rules decide, writes.
use rusqlite::Connection;

use super::filter::Filters;
use super::known::Known;
use super::lookup::{Help, look_up};
use super::vote_writer::VoteWriter;
use crate::ballot::{AllOrNothing, Ballot, BatchIndex, Moment, Outcome, Rules, SortedBallots, decide};

/// Most ballots in one batch; bounds the memory it takes.
const BALLOTS_AT_ONCE: usize = 500_000;

/// Casts one batch, whose keys and voters are in `index`.
fn cast_batch(
    conn: &Connection,
    help: Help<'_>,
    writer: &mut VoteWriter<'_>,
    rules: &Rules,
    ballots: &[Ballot],
    index: &BatchIndex,
) -> rusqlite::Result<Vec<Outcome>> {
    let lookup = look_up(conn, help, index)?;
    let writes = decide(rules, ballots, index, lookup, writer.now).number(writer.next_id);
    writer.write(&writes)?;
    Ok(writes.outcomes)
}

/// Casts `ballots` at `now`.
pub(super) fn cast(
    conn: &Connection,
    known: &mut Option<Known>,
    ballots: &[Ballot],
    now: Moment,
) -> rusqlite::Result<Vec<Outcome>> {
    let Known { rules, filters, has_spent_keys, .. } = Known::now(conn, known)?;
    let mut writer = VoteWriter::new(conn, rules.candidates.as_slice(), now)?;
    let mut outcomes = Vec::with_capacity(ballots.len());
    for chunk in ballots.chunks(BALLOTS_AT_ONCE) {
        let help = Help { conn: None, filters: filters.as_mut(), has_spent_keys: *has_spent_keys };
        let index = BatchIndex::new(chunk);
        outcomes.append(&mut cast_batch(conn, help, &mut writer, rules, chunk, &index)?);
    }
    writer.finish()?;
    Ok(outcomes)
}

/// Casts many `ballots` at `now`, in a transaction that has not written yet; `helper` may read the file meanwhile.
pub(super) fn cast_sorted(
    conn: &Connection,
    helper: &mut Connection,
    known: &mut Option<Known>,
    ballots: &SortedBallots,
    now: Moment,
) -> rusqlite::Result<Vec<Outcome>> {
    let Known { rules, filters, has_spent_keys, .. } = Known::now(conn, known)?;
    let mut writer = VoteWriter::new(conn, rules.candidates.as_slice(), now)?;
    // Reading all of a file that has not many more votes than there are ballots costs less than looking all of these up.
    if filters.is_none() && writer.next_id / 2 <= ballots.ballots().len() as i64 {
        *filters = Some(Filters::read(conn, rules.settings.voters_only)?);
    }
    let help = Help { conn: Some(helper), filters: filters.as_mut(), has_spent_keys: *has_spent_keys };
    let outcomes = cast_batch(conn, help, &mut writer, rules, ballots.ballots(), ballots.index())?;
    writer.finish()?;
    Ok(outcomes)
}

/// Casts all that `ballots` yields; the caller undoes the transaction if any was refused.
pub(super) fn cast_all(
    conn: &Connection,
    known: &mut Option<Known>,
    ballots: &mut dyn Iterator<Item = Ballot>,
    now: Moment,
) -> rusqlite::Result<AllOrNothing> {
    let Known { rules, filters, has_spent_keys, .. } = Known::now(conn, known)?;
    // This looks up without them, so they would lack what it writes.
    *filters = None;
    let mut writer = VoteWriter::new(conn, rules.candidates.as_slice(), now)?;
    let mut done = AllOrNothing::default();
    loop {
        let chunk: Vec<Ballot> = (&mut *ballots).take(BALLOTS_AT_ONCE).collect();
        if chunk.is_empty() {
            break;
        }
        let index = BatchIndex::new(&chunk);
        let help = Help { has_spent_keys: *has_spent_keys, ..Help::default() };
        let outcomes = cast_batch(conn, help, &mut writer, rules, &chunk, &index)?;
        if done.count(outcomes).is_break() {
            break;
        }
    }
    writer.finish()?;
    Ok(done)
}
