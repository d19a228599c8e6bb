//! Changes of settings and candidates, the reset, and the history of all of them. The caller holds the write transaction.
use rusqlite::{Connection, Params, params};

use super::fault::fault;
use super::{known, read};
use crate::ballot::{BoxError, Candidate, CandidateId, Change, Changed, Hiding, Moment, Occasion, Settings};
use std::path::Path;

/// The settings as columns, in the order of the statements that write them.
pub(super) fn columns(settings: &Settings) -> impl Params + '_ {
    let hiding = match settings.hide_results {
        Hiding::Nobody => 0,
        Hiding::UntilClosed => 1,
        Hiding::Audience => 2,
    };
    (
        &settings.title,
        settings.opens.map(|at| at.0),
        settings.closes.map(|at| at.0),
        settings.votes_per_voter,
        settings.voters_only,
        settings.change_allowed,
        hiding,
        settings.once_per_browser,
        settings.generation,
    )
}

/// Writes down what happened.
fn record(conn: &Connection, now: Moment, what: &str) -> rusqlite::Result<()> {
    conn.execute("INSERT INTO history (at, what) VALUES (?1, ?2)", params![now.0, what]).map(drop)
}

/// What happened to this vote so far, oldest first.
pub(super) fn history(conn: &Connection) -> rusqlite::Result<Vec<Occasion>> {
    let mut statement = conn.prepare("SELECT at, what FROM history ORDER BY id")?;
    let rows = statement.query_map([], |row| Ok(Occasion { at: Moment(row.get(0)?), what: row.get(1)? }))?;
    rows.collect()
}

/// Writes down that the vote was made.
pub(super) fn record_beginning(conn: &Connection, now: Moment) -> rusqlite::Result<()> {
    record(conn, now, "made")
}

/// Changes the settings at `now`.
pub(super) fn change(conn: &Connection, path: &Path, change: &Change, now: Moment) -> Result<Changed, BoxError> {
    let failed = |error: rusqlite::Error| fault(path, &error);
    let changed = change.apply(&read::settings(conn).map_err(failed)?, now)?;
    if !changed.what.is_empty() {
        let sql = include_str!("../../../sql/ballot/update_settings.sql");
        conn.execute(sql, columns(&changed.settings)).map_err(failed)?;
        record(conn, now, &changed.what.join("; ")).map_err(failed)?;
    }
    Ok(changed)
}

/// Adds a candidate by the rules of [`Candidates`], and records it.
pub(super) fn add(conn: &Connection, path: &Path, name: &str, now: Moment) -> Result<CandidateId, BoxError> {
    let failed = |error: rusqlite::Error| fault(path, &error);
    let Candidate { id, name, .. } = known::rules(conn).map_err(failed)?.candidates.add(name)?;
    conn.execute("INSERT INTO candidate (id, name) VALUES (?1, ?2)", params![id, name]).map_err(failed)?;
    record(conn, now, &format!("candidate {id} was added: {name}")).map_err(failed)?;
    Ok(id)
}

/// Renames a candidate by the rules of [`Candidates`], and records it.
pub(super) fn rename(conn: &Connection, path: &Path, id: CandidateId, name: &str, now: Moment) -> Result<(), BoxError> {
    let failed = |error: rusqlite::Error| fault(path, &error);
    let candidates = known::rules(conn).map_err(failed)?.candidates;
    let has_votes = read::has_votes(conn, id).map_err(failed)?;
    let Candidate { id, name, .. } = candidates.rename(id, name, has_votes)?;
    conn.execute("UPDATE candidate SET name = ?2 WHERE id = ?1", params![id, name]).map_err(failed)?;
    record(conn, now, &format!("candidate {id} was renamed: {name}")).map_err(failed)
}

/// Removes a candidate by the rules of [`Candidates`], and records it.
pub(super) fn remove(conn: &Connection, path: &Path, id: CandidateId, now: Moment) -> Result<(), BoxError> {
    let failed = |error: rusqlite::Error| fault(path, &error);
    let candidates = known::rules(conn).map_err(failed)?.candidates;
    let has_votes = read::has_votes(conn, id).map_err(failed)?;
    let name = &candidates.check_removal(id, has_votes)?.name;
    for sql in [
        "DELETE FROM picture WHERE candidate_id = ?1",
        "DELETE FROM pace WHERE candidate_id = ?1",
        "DELETE FROM candidate WHERE id = ?1",
    ] {
        conn.execute(sql, [id]).map_err(failed)?;
    }
    record(conn, now, &format!("candidate {id} was removed: {name}")).map_err(failed)
}

/// Begins a new generation without votes. Gives how many votes there were.
pub(super) fn reset(conn: &Connection, now: Moment) -> rusqlite::Result<u64> {
    let count = "SELECT count(*) FROM vote WHERE replaced_by IS NULL";
    let votes: i64 = conn.query_row(count, [], |row| row.get(0))?;
    conn.execute_batch(include_str!("../../../sql/ballot/reset.sql"))?;
    record(conn, now, &format!("reset: {votes} votes were taken away"))?;
    Ok(votes.unsigned_abs())
}
