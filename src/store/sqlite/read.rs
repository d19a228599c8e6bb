//! Queries. The caller holds the transaction, so that each function sees one snapshot.
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::ballot::{
    Candidate, CandidateId, CandidateTotal, Counts, Flow, Hiding, Moment, PacePoint, Picture, PrivateRecord, Record,
    Settings, Tally,
};
use crate::units::DurationSecs;

pub(super) fn settings(conn: &Connection) -> rusqlite::Result<Settings> {
    conn.prepare_cached(include_str!("../../../sql/ballot/settings.sql"))?.query_row([], |row| {
        Ok(Settings {
            title: row.get(0)?,
            opens: row.get::<_, Option<i64>>(1)?.map(Moment),
            closes: row.get::<_, Option<i64>>(2)?.map(Moment),
            votes_per_voter: row.get(3)?,
            voters_only: row.get(4)?,
            change_allowed: row.get(5)?,
            hide_results: match row.get(6)? {
                0 => Hiding::Nobody,
                1 => Hiding::UntilClosed,
                2 => Hiding::Audience,
                other => return Err(rusqlite::Error::IntegralValueOutOfRange(6, other)),
            },
            once_per_browser: row.get(7)?,
            generation: row.get(8)?,
        })
    })
}

pub(super) fn candidates(conn: &Connection) -> rusqlite::Result<Vec<Candidate>> {
    let mut statement = conn.prepare_cached(include_str!("../../../sql/ballot/candidates.sql"))?;
    let rows = statement.query_map([], candidate)?;
    rows.collect()
}

/// Whether a vote was cast for candidate `id`, be it withdrawn since.
pub(super) fn has_votes(conn: &Connection, id: CandidateId) -> rusqlite::Result<bool> {
    conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM vote WHERE candidate_id = ?1)")?.query_row([id], |row| row.get(0))
}

/// The picture of candidate `id`.
pub(super) fn picture(conn: &Connection, id: CandidateId) -> rusqlite::Result<Option<Picture>> {
    let mut statement = conn.prepare_cached("SELECT media_type, bytes FROM picture WHERE candidate_id = ?1")?;
    let row = statement.query_row([id], |row| Ok((row.get::<_, String>(0)?, row.get(1)?))).optional()?;
    // A media type that none of our pictures has could be anything, a script too.
    Ok(row.and_then(|(kind, bytes)| Some(Picture { media_type: Picture::known_media_type(&kind)?, bytes })))
}

/// What signs cookies; empty in a file of an older format, which takes no votes.
pub(super) fn secret(conn: &Connection) -> rusqlite::Result<Vec<u8>> {
    conn.query_row("SELECT secret FROM settings WHERE id = 1", [], |row| row.get(0))
}

fn candidate(row: &Row<'_>) -> rusqlite::Result<Candidate> {
    Ok(Candidate { id: row.get(0)?, name: row.get(1)?, about: row.get(2)?, picture: row.get(3)? })
}

fn total(row: &Row<'_>) -> rusqlite::Result<CandidateTotal> {
    Ok(CandidateTotal { candidate: candidate(row)?, votes: count(row, 4)? })
}

fn count(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    let votes: i64 = row.get(index)?;
    u64::try_from(votes).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(index, votes))
}

pub(super) fn tally(conn: &Connection, window: DurationSecs, now: Moment) -> rusqlite::Result<Tally> {
    let mut statement = conn.prepare_cached(include_str!("../../../sql/ballot/candidates.sql"))?;
    let totals = statement.query_map([], total)?.collect::<rusqlite::Result<_>>()?;
    assemble(conn, totals, window, now, now)
}

pub(super) fn tally_at(conn: &Connection, window: DurationSecs, at: Moment, now: Moment) -> rusqlite::Result<Tally> {
    let mut statement = conn.prepare_cached(include_str!("../../../sql/ballot/totals_at.sql"))?;
    let totals = statement.query_map([at.0], total)?.collect::<rusqlite::Result<_>>()?;
    assemble(conn, totals, window, at, now)
}

fn assemble(
    conn: &Connection,
    candidates: Vec<CandidateTotal>,
    window: DurationSecs,
    at: Moment,
    now: Moment,
) -> rusqlite::Result<Tally> {
    let (votes_in_window, votes_after) = conn
        .prepare_cached(include_str!("../../../sql/ballot/window.sql"))?
        .query_row([Tally::window_start(window, at).0, at.0], |row| Ok((count(row, 0)?, count(row, 1)?)))?;
    let counts = Counts { candidates, votes_in_window, votes_after };
    Ok(Tally::new(settings(conn)?, counts, window, at, now))
}

pub(super) fn pace(conn: &Connection, step_secs: u32) -> rusqlite::Result<Vec<PacePoint>> {
    let mut statement = conn.prepare_cached(include_str!("../../../sql/ballot/pace.sql"))?;
    let rows = statement.query_map(params![step_secs], |row| {
        Ok(PacePoint { start: Moment(row.get(0)?), candidate_id: row.get(1)?, votes: count(row, 2)? })
    })?;
    rows.collect()
}

pub(super) fn export(
    conn: &Connection,
    with_voters: bool,
    sink: &mut dyn FnMut(Record<'_>) -> Flow,
) -> rusqlite::Result<()> {
    let sql = if with_voters {
        include_str!("../../../sql/ballot/export_voters.sql")
    } else {
        include_str!("../../../sql/ballot/export.sql")
    };
    let mut statement = conn.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let text = |index| -> rusqlite::Result<Option<&str>> { Ok(row.get_ref(index)?.as_str_or_null()?) };
        let private = if with_voters {
            Some(PrivateRecord {
                id: row.get(3)?,
                created_at: Moment(row.get(4)?),
                voter: text(5)?,
                key: text(6)?,
                replaced_by: row.get(7)?,
            })
        } else {
            None
        };
        let record =
            Record { candidate_id: row.get(0)?, candidate: text(1)?.unwrap_or_default(), opinion: text(2)?, private };
        if sink(record).is_break() {
            break;
        }
    }
    Ok(())
}
