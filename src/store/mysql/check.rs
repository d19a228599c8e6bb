//! Recounts everything and compares it with the kept figures.
use mysql::Conn;
use mysql::prelude::Queryable;

use super::fault::Fault;
use super::read;
use crate::ballot::{Finding, Moment, check_name};

/// All faults, at most 100 of each kind.
pub(super) fn check(conn: &mut Conn) -> Result<Vec<Finding>, Fault> {
    let now = read::settings(conn)?.generation;
    let mut found = Vec::new();
    let mut add = |place: String, problem: String| found.push(Finding { place, problem });
    let sql = include_str!("../../../sql/ballot_mysql/check_totals.sql");
    for (id, kept, counted) in conn.exec::<(i64, i64, i64), _, _>(sql, (now, now, now))? {
        add(format!("candidate {id}"), format!("the kept total is {kept}, its votes are {counted}"));
    }
    let sql = include_str!("../../../sql/ballot_mysql/check_pace.sql");
    for (second, id, kept, counted) in conn.exec::<(i64, i64, i64, i64), _, _>(sql, (now, now))? {
        let place = format!("candidate {id} at {}", Moment(second));
        add(place, format!("the kept count of that second is {kept}, its votes are {counted}"));
    }
    let sql = include_str!("../../../sql/ballot_mysql/check_voters.sql");
    for (id, kept, counted) in conn.exec::<(String, i64, i64), _, _>(sql, (now, now, now))? {
        let problem = match kept == counted {
            true => "the last vote on the account is not one of theirs that stands".to_owned(),
            false => format!("the account says {kept} votes, there are {counted}"),
        };
        add(format!("voter {id}"), problem);
    }
    let sql = include_str!("../../../sql/ballot_mysql/check_limit.sql");
    for (id, votes, most) in conn.query::<(String, i64, i64), _>(sql)? {
        add(format!("voter {id}"), format!("has {votes} votes where {most} are allowed"));
    }
    let sql = include_str!("../../../sql/ballot_mysql/check_replaced.sql");
    for (id, by) in conn.exec::<(i64, i64), _, _>(sql, (now,))? {
        add(format!("vote {id}"), format!("it is withdrawn for vote {by}, which cannot be"));
    }
    let sql = include_str!("../../../sql/ballot_mysql/check_names.sql");
    for (id, what) in conn.exec::<(i64, String), _, _>(sql, (now,))? {
        add(format!("vote {id}"), format!("it names a {what} that is not there"));
    }
    for candidate in read::candidates(conn)? {
        if let Err(why) = check_name(&candidate.name) {
            add(format!("candidate {}", candidate.id), format!("the name {:?} {why}", candidate.name));
        }
    }
    Ok(found)
}
