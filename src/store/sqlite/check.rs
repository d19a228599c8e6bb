//! Checks a file: recounts everything and compares it with the kept figures.
use rusqlite::{Connection, ErrorCode, Row};

use super::read;
use crate::ballot::{Finding, Moment, check_name};

/// A query that finds faults, and how to read its rows.
type Check = (&'static str, fn(&Row<'_>) -> rusqlite::Result<Finding>);

const CHECKS: &[Check] = &[
    ("PRAGMA integrity_check", |row| Ok(Finding { place: "file".into(), problem: row.get(0)? })),
    ("PRAGMA foreign_key_check", |row| {
        let (table, id, other): (String, Option<i64>, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let place = format!("{table} {}", id.map(|id| id.to_string()).unwrap_or_default());
        Ok(Finding { place: place.trim_end().into(), problem: format!("it names a {other} that is not there") })
    }),
    (include_str!("../../../sql/ballot/check_totals.sql"), |row| {
        let (id, kept, counted): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let problem = format!("the kept total is {kept}, its votes are {counted}");
        Ok(Finding { place: format!("candidate {id}"), problem })
    }),
    (include_str!("../../../sql/ballot/check_pace.sql"), |row| {
        let (second, id, kept, counted): (i64, i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        let place = format!("candidate {id} at {}", Moment(second));
        Ok(Finding { place, problem: format!("the kept count of that second is {kept}, its votes are {counted}") })
    }),
    (include_str!("../../../sql/ballot/check_voters.sql"), |row| {
        let (id, kept, counted): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (kept_last, last): (Option<i64>, Option<i64>) = (row.get(3)?, row.get(4)?);
        let vote = |id: Option<i64>| id.map_or("none".to_owned(), |id| format!("vote {id}"));
        let problem = if kept == counted {
            format!("the last vote on the account is {}, the last one in the file is {}", vote(kept_last), vote(last))
        } else {
            format!("the account says {kept} votes, there are {counted}")
        };
        Ok(Finding { place: format!("voter {id}"), problem })
    }),
    (include_str!("../../../sql/ballot/check_limit.sql"), |row| {
        let (id, votes, most): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Finding { place: format!("voter {id}"), problem: format!("has {votes} votes where {most} are allowed") })
    }),
    (include_str!("../../../sql/ballot/check_replaced.sql"), |row| {
        let (id, by): (i64, i64) = (row.get(0)?, row.get(1)?);
        Ok(Finding { place: format!("vote {id}"), problem: format!("it is withdrawn for vote {by}, which cannot be") })
    }),
];

/// Limit on findings of one kind.
const FINDINGS_MOST: usize = 100;

/// All faults, at most [`FINDINGS_MOST`] of each kind. Damage that prevents reading is a finding too.
pub(super) fn check(conn: &Connection) -> rusqlite::Result<Vec<Finding>> {
    let mut found = Vec::new();
    for (sql, finding) in CHECKS {
        unless_damaged(&mut found, |found| find(conn, sql, *finding, found))?;
    }
    unless_damaged(&mut found, |found| {
        for candidate in read::candidates(conn)? {
            if let Err(why) = check_name(&candidate.name) {
                let problem = format!("the name {:?} {why}", candidate.name);
                found.push(Finding { place: format!("candidate {}", candidate.id), problem });
            }
        }
        Ok(())
    })?;
    Ok(found)
}

fn find(
    conn: &Connection,
    sql: &str,
    finding: fn(&Row<'_>) -> rusqlite::Result<Finding>,
    found: &mut Vec<Finding>,
) -> rusqlite::Result<()> {
    let mut statement = conn.prepare(sql)?;
    for finding in statement.query_map([], finding)?.take(FINDINGS_MOST) {
        let Finding { place, problem } = finding?;
        // integrity_check puts several lines in one row, the first of which names the database.
        for problem in problem.lines().filter(|line| *line != "ok" && !line.starts_with("***")) {
            found.push(Finding { place: place.clone(), problem: problem.to_owned() });
        }
    }
    Ok(())
}

/// Runs `check`. If the file is too damaged for it, that becomes one finding, and the other checks still run.
fn unless_damaged(
    found: &mut Vec<Finding>,
    check: impl FnOnce(&mut Vec<Finding>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    match check(found) {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
            let problem = "votes cannot be counted anew: what holds them is damaged".to_owned();
            let finding = Finding { place: "file".into(), problem };
            if !found.contains(&finding) {
                found.push(finding);
            }
            Ok(())
        }
        other => other,
    }
}
