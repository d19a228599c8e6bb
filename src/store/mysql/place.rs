//! A database on a server: finding the vote in it, and making one.
use mysql::prelude::Queryable;
use mysql::{Conn, Error, Params, Value};

use super::change::{columns, record};
use super::fault::Fault;
use super::rows::{Insert, hash};
use super::session::Session;
use crate::ballot::{BoxError, Moment, Setup, visual_key};
use crate::dial::{self, Address, Dialer};

/// The format of the tables that this program makes and knows.
const FORMAT: u32 = 1;
const NO_SUCH_TABLE: u16 = 1146;
const DUPLICATE: u16 = 1062;

const VOTERS: Insert =
    Insert { head: "INSERT INTO votekit_voter (hash, id, name, spelling, listed) VALUES ", columns: 5, tail: "" };

/// A session with the server at `url`, which may contain a password; messages do not show it.
///
/// # Errors
/// When it is not an address, or what completes it cannot be read.
pub(super) fn session(url: &str) -> Result<Session, BoxError> {
    let place = dial::without_password(url);
    let failed = |reason: String| BoxError::Io { place: place.clone(), reason };
    let address = Address::parse(url).map_err(|error| failed(error.to_string()))?;
    let address = dial::complete(address).map_err(|error| failed(error.to_string()))?.address;
    let dialer = Dialer::new(&address).map_err(|error| failed(error.to_string()))?;
    Ok(Session::new(dialer, place))
}

/// Whether the error is the server's with this code.
fn is_code(error: &Error, code: u16) -> bool {
    matches!(error, Error::MySqlError(said) if said.code == code)
}

/// The format of the vote in the database; None if there is none.
fn format(conn: &mut Conn) -> Result<Option<u32>, Fault> {
    match conn.query_first("SELECT format FROM votekit_box WHERE id = 1") {
        Err(error) if is_code(&error, NO_SUCH_TABLE) => Ok(None),
        found => Ok(found?),
    }
}

/// Checks that there is a vote that this program knows.
pub(super) fn expect_vote(session: &mut Session) -> Result<(), BoxError> {
    let place = session.place().to_owned();
    let patience = session.patience();
    let found = session.conn().and_then(format).map_err(|fault| fault.explain(&place, patience))?;
    match found {
        Some(FORMAT) => Ok(()),
        Some(found) => Err(BoxError::Newer { place, found, known: FORMAT }),
        None => Err(BoxError::NoVote(place)),
    }
}

/// Makes the tables and the vote. Until the last step commits there is no vote.
pub(super) fn create(session: &mut Session, setup: &Setup) -> Result<(), BoxError> {
    let (place, patience) = (session.place().to_owned(), session.patience());
    let made = session.conn().and_then(|conn| {
        if format(conn)?.is_some() {
            return Err(Fault::Box(BoxError::Exists(place.clone())));
        }
        for sql in statements(include_str!("../../../sql/ballot_mysql/1.sql")) {
            conn.query_drop(sql)?;
        }
        conn.query_drop("START TRANSACTION")?;
        match fill(conn, setup) {
            Err(Fault::Driver(error)) if is_code(&error, DUPLICATE) => Err(Fault::Box(BoxError::Exists(place.clone()))),
            Err(fault) => Err(fault),
            Ok(()) => Ok(conn.query_drop("COMMIT")?),
        }
    });
    made.map_err(|fault| {
        session.disconnect();
        fault.explain(&place, patience)
    })
}

/// The statements of a file, which end with a semicolon at the end of a line.
fn statements(text: &str) -> impl Iterator<Item = &str> {
    text.split(";\n").map(str::trim).filter(|sql| !sql.is_empty())
}

fn fill(conn: &mut Conn, setup: &Setup) -> Result<(), Fault> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| {
        let reason = format!("it has no random numbers: {error}");
        Fault::Box(BoxError::Io { place: "this machine".into(), reason })
    })?;
    // First: of several processes that make the vote at once, one goes on.
    let mut values = vec![Value::from(FORMAT)];
    values.extend(columns(&setup.settings));
    values.push(Value::from(&secret[..]));
    conn.exec_drop(include_str!("../../../sql/ballot_mysql/insert_box.sql"), Params::Positional(values))?;
    let sequence = "INSERT INTO votekit_sequence (id, generation, next_id) VALUES (1, ?, 1)";
    conn.exec_drop(sequence, (setup.settings.generation,))?;
    for each in &setup.candidates {
        let candidate = "INSERT INTO votekit_candidate (id, name, about) VALUES (?, ?, ?)";
        conn.exec_drop(candidate, (each.id, &each.name, &each.about))?;
        if let Some(of) = &each.picture {
            let picture = "INSERT INTO votekit_picture (candidate_id, media_type, tag, bytes) VALUES (?, ?, ?, ?)";
            conn.exec_drop(picture, (each.id, of.media_type, of.tag(), &of.bytes))?;
        }
    }
    let voter = |voter: &crate::ballot::Voter| {
        let key = visual_key(&voter.id);
        let spelling = (key != voter.id).then_some(&voter.id);
        vec![
            Value::from(&hash(&key)[..]),
            key.as_ref().into(),
            voter.name.as_ref().into(),
            spelling.into(),
            true.into(),
        ]
    };
    VOTERS.run(conn, setup.voters.iter().map(voter))?;
    let now: i64 = conn.query_first("SELECT UNIX_TIMESTAMP()")?.unwrap_or_default();
    Ok(record(conn, Moment(now), "made")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_of_the_schema_is_one() {
        let all: Vec<&str> = statements(include_str!("../../../sql/ballot_mysql/1.sql")).collect();
        assert_eq!(all.len(), 11);
        assert!(all.iter().all(|sql| sql.matches("CREATE TABLE IF NOT EXISTS votekit_").count() == 1), "{all:?}");
        assert!(all[10].contains("votekit_box"), "without it there is no vote: it comes last");
    }
}
