//! Changes of settings and candidates, the reset, and the history of all of them. The caller holds the lock of all writers.
use mysql::prelude::Queryable;
use mysql::{Conn, Params, Value};

use super::fault::Fault;
use super::read;
use crate::ballot::{Candidate, CandidateId, Change, Changed, Hiding, Moment, Settings};

/// The settings as columns, in the order of the statements that write them.
pub(super) fn columns(settings: &Settings) -> Vec<Value> {
    let hiding = match settings.hide_results {
        Hiding::Nobody => 0,
        Hiding::UntilClosed => 1,
        Hiding::Audience => 2,
    };
    vec![
        settings.title.as_str().into(),
        settings.opens.map(|at| at.0).into(),
        settings.closes.map(|at| at.0).into(),
        settings.votes_per_voter.into(),
        settings.voters_only.into(),
        settings.change_allowed.into(),
        hiding.into(),
        settings.once_per_browser.into(),
        settings.generation.into(),
    ]
}

/// Locks the vote against all writers and other changes until the transaction ends.
pub(super) fn lock(conn: &mut Conn) -> mysql::Result<()> {
    conn.query_drop("UPDATE votekit_box SET version = version + 1 WHERE id = 1")?;
    conn.query_drop("UPDATE votekit_writer SET epoch = epoch + 1")
}

/// Writes down what happened.
pub(super) fn record(conn: &mut Conn, now: Moment, what: &str) -> mysql::Result<()> {
    let sql = "INSERT INTO votekit_history (id, at, what) SELECT version, ?, ? FROM votekit_box WHERE id = 1";
    conn.exec_drop(sql, (now.0, what))
}

/// Changes the settings at `now`.
pub(super) fn change(conn: &mut Conn, change: &Change, now: Moment) -> Result<Changed, Fault> {
    let changed = change.apply(&read::settings(conn)?, now)?;
    if !changed.what.is_empty() {
        let sql = include_str!("../../../sql/ballot_mysql/update_settings.sql");
        conn.exec_drop(sql, Params::Positional(columns(&changed.settings)))?;
        record(conn, now, &changed.what.join("; "))?;
    }
    Ok(changed)
}

/// Adds a candidate by the rules of `Candidates`, and records it.
pub(super) fn add(conn: &mut Conn, name: &str, now: Moment) -> Result<CandidateId, Fault> {
    let Candidate { id, name, .. } = read::rules(conn)?.candidates.add(name)?;
    conn.exec_drop("INSERT INTO votekit_candidate (id, name) VALUES (?, ?)", (id, &name))?;
    record(conn, now, &format!("candidate {id} was added: {name}"))?;
    Ok(id)
}

/// Renames a candidate by the rules of `Candidates`, and records it.
pub(super) fn rename(conn: &mut Conn, id: CandidateId, name: &str, now: Moment) -> Result<(), Fault> {
    let rules = read::rules(conn)?;
    let has_votes = read::has_votes(conn, rules.settings.generation, id)?;
    let Candidate { id, name, .. } = rules.candidates.rename(id, name, has_votes)?;
    conn.exec_drop("UPDATE votekit_candidate SET name = ? WHERE id = ?", (&name, id))?;
    Ok(record(conn, now, &format!("candidate {id} was renamed: {name}"))?)
}

/// Removes a candidate by the rules of `Candidates`, and records it.
pub(super) fn remove(conn: &mut Conn, id: CandidateId, now: Moment) -> Result<(), Fault> {
    let rules = read::rules(conn)?;
    let has_votes = read::has_votes(conn, rules.settings.generation, id)?;
    let name = &rules.candidates.check_removal(id, has_votes)?.name;
    conn.exec_drop("DELETE FROM votekit_picture WHERE candidate_id = ?", (id,))?;
    conn.exec_drop("DELETE FROM votekit_candidate WHERE id = ?", (id,))?;
    Ok(record(conn, now, &format!("candidate {id} was removed: {name}"))?)
}

/// Begins a new generation without votes. Gives how many votes there were.
pub(super) fn reset(conn: &mut Conn, now: Moment) -> Result<u64, Fault> {
    let generation = read::settings(conn)?.generation;
    let count = "SELECT CAST(COALESCE(SUM(votes), 0) AS SIGNED) FROM votekit_total WHERE generation = ?";
    let votes: u64 = conn.exec_first(count, (generation,))?.unwrap_or(0);
    conn.query_drop("UPDATE votekit_box SET generation = generation + 1 WHERE id = 1")?;
    conn.query_drop("UPDATE votekit_sequence SET generation = generation + 1, next_id = 1 WHERE id = 1")?;
    record(conn, now, &format!("reset: {votes} votes were taken away"))?;
    Ok(votes)
}

/// Deletes what is left of earlier generations, which nothing reads any more, a little at a time. Used keys stay.
pub(super) fn delete_old(conn: &mut Conn) -> mysql::Result<()> {
    let generation: i64 = conn.query_first("SELECT generation FROM votekit_box WHERE id = 1")?.unwrap_or(0);
    for table in ["votekit_vote", "votekit_total", "votekit_pace"] {
        let sql = format!("DELETE FROM {table} WHERE generation < ? LIMIT 5000");
        while conn.exec_iter(&sql, (generation,))?.affected_rows() > 0 {}
    }
    let voters = "DELETE FROM votekit_voter WHERE listed = 0 AND generation < ? LIMIT 5000";
    while conn.exec_iter(voters, (generation,))?.affected_rows() > 0 {}
    Ok(())
}
