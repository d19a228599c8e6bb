//! Queries. The caller holds the transaction, so that each function sees one snapshot.
use mysql::prelude::Queryable;
use mysql::{Conn, Row, from_row};

use super::fault::Fault;
use crate::ballot::{
    BoxError, Candidate, CandidateId, CandidateTotal, Candidates, Counts, Flow, Hiding, Moment, Occasion, PacePoint,
    Picture, PrivateRecord, Record, Rules, Settings, Tally,
};
use crate::units::DurationSecs;

type SettingsRow = (String, Option<i64>, Option<i64>, Option<u32>, bool, bool, i64, bool, u32);
type CandidateRow = (i64, String, Option<String>, Option<String>, i64);

fn damaged(reason: String) -> Fault {
    Fault::Box(BoxError::Damaged { place: "the vote".into(), reason })
}

/// Title and rules.
pub(super) fn settings(conn: &mut Conn) -> Result<Settings, Fault> {
    let row: Option<SettingsRow> = conn.query_first(include_str!("../../../sql/ballot_mysql/settings.sql"))?;
    let (title, opens, closes, votes_per_voter, voters_only, change_allowed, hiding, once_per_browser, generation) =
        row.ok_or_else(|| damaged("votekit_box has no row".into()))?;
    let hide_results = match hiding {
        0 => Hiding::Nobody,
        1 => Hiding::UntilClosed,
        2 => Hiding::Audience,
        other => return Err(damaged(format!("votekit_box.hide_results is {other}"))),
    };
    Ok(Settings {
        title,
        opens: opens.map(Moment),
        closes: closes.map(Moment),
        votes_per_voter,
        voters_only,
        change_allowed,
        hide_results,
        once_per_browser,
        generation,
    })
}

fn totals(rows: Vec<CandidateRow>) -> Result<Vec<CandidateTotal>, Fault> {
    rows.into_iter()
        .map(|(id, name, about, picture, votes)| {
            let votes = u64::try_from(votes).map_err(|_| damaged(format!("candidate {id} has {votes} votes")))?;
            Ok(CandidateTotal { candidate: Candidate { id, name, about, picture }, votes })
        })
        .collect()
}

fn candidate_totals(conn: &mut Conn, generation: u32) -> Result<Vec<CandidateTotal>, Fault> {
    totals(conn.exec(include_str!("../../../sql/ballot_mysql/candidates.sql"), (generation,))?)
}

/// All candidates.
pub(super) fn candidates(conn: &mut Conn) -> Result<Vec<Candidate>, Fault> {
    Ok(candidate_totals(conn, 0)?.into_iter().map(|total| total.candidate).collect())
}

/// Title, rules and candidates.
pub(super) fn rules(conn: &mut Conn) -> Result<Rules, Fault> {
    Ok(Rules { settings: settings(conn)?, candidates: Candidates::new(candidates(conn)?) })
}

/// Whether a vote was cast for candidate `id` in `generation`, be it withdrawn since.
pub(super) fn has_votes(conn: &mut Conn, generation: u32, id: CandidateId) -> mysql::Result<bool> {
    let sql = "SELECT 1 FROM votekit_total WHERE generation = ? AND candidate_id = ? LIMIT 1";
    Ok(conn.exec_first::<i64, _, _>(sql, (generation, id))?.is_some())
}

/// The picture of candidate `id`.
pub(super) fn picture(conn: &mut Conn, id: CandidateId) -> mysql::Result<Option<Picture>> {
    let sql = "SELECT media_type, bytes FROM votekit_picture WHERE candidate_id = ?";
    let row: Option<(String, Vec<u8>)> = conn.exec_first(sql, (id,))?;
    Ok(row.and_then(|(kind, bytes)| Some(Picture { media_type: Picture::known_media_type(&kind)?, bytes })))
}

/// The kept totals at `now`.
pub(super) fn tally(conn: &mut Conn, window: DurationSecs, now: Moment) -> Result<Tally, Fault> {
    let settings = settings(conn)?;
    let candidates = candidate_totals(conn, settings.generation)?;
    assemble(conn, settings, candidates, window, now, now)
}

/// The totals as they were `at` another moment.
pub(super) fn tally_at(conn: &mut Conn, window: DurationSecs, at: Moment, now: Moment) -> Result<Tally, Fault> {
    let settings = settings(conn)?;
    let sql = include_str!("../../../sql/ballot_mysql/totals_at.sql");
    let candidates = totals(conn.exec(sql, (settings.generation, at.0))?)?;
    assemble(conn, settings, candidates, window, at, now)
}

fn assemble(
    conn: &mut Conn,
    settings: Settings,
    candidates: Vec<CandidateTotal>,
    window: DurationSecs,
    at: Moment,
    now: Moment,
) -> Result<Tally, Fault> {
    let sql = include_str!("../../../sql/ballot_mysql/window.sql");
    let (generation, start) = (settings.generation, Tally::window_start(window, at).0);
    let counted: Option<(u64, u64)> = conn.exec_first(sql, (generation, start, at.0, generation, at.0))?;
    let (votes_in_window, votes_after) = counted.unwrap_or_default();
    Ok(Tally::new(settings, Counts { candidates, votes_in_window, votes_after }, window, at, now))
}

/// Standing votes by step and candidate; none where they are hidden at `now`.
pub(super) fn pace(conn: &mut Conn, step_secs: u32, now: Moment) -> Result<Vec<PacePoint>, Fault> {
    let settings = settings(conn)?;
    if settings.hides_results(now) {
        return Ok(Vec::new());
    }
    let sql = include_str!("../../../sql/ballot_mysql/pace.sql");
    // As a signed value: an unsigned one would make the arithmetic unsigned, which fails before 1970.
    let step = i64::from(step_secs.max(1));
    let rows: Vec<(i64, i64, u64)> = conn.exec(sql, (step, step, step, settings.generation))?;
    let point = |(start, candidate_id, votes)| PacePoint { start: Moment(start), candidate_id, votes };
    Ok(rows.into_iter().map(point).collect())
}

/// What happened to this vote so far, oldest first.
pub(super) fn history(conn: &mut Conn) -> mysql::Result<Vec<Occasion>> {
    let occasion = |(at, what)| Occasion { at: Moment(at), what };
    conn.query_map("SELECT at, what FROM votekit_history ORDER BY id", occasion)
}

/// Passes the votes of `generation` to `sink`.
pub(super) fn export(
    conn: &mut Conn,
    generation: u32,
    with_voters: bool,
    sink: &mut dyn FnMut(Record<'_>) -> Flow,
) -> mysql::Result<()> {
    // The server waits while the output is slow.
    conn.query_drop("SET SESSION net_write_timeout = 3600")?;
    if with_voters {
        type Private = (i64, String, Option<String>, i64, i64, Option<String>, Option<String>, Option<i64>);
        for row in conn.exec_iter(include_str!("../../../sql/ballot_mysql/export_voters.sql"), (generation,))? {
            let (candidate_id, candidate, opinion, id, created_at, voter, key, replaced_by): Private = from_row(row?);
            let (voter, key) = (voter.as_deref(), key.as_deref());
            let private = PrivateRecord { id, created_at: Moment(created_at), voter, key, replaced_by };
            let record =
                Record { candidate_id, candidate: &candidate, opinion: opinion.as_deref(), private: Some(private) };
            if sink(record).is_break() {
                break;
            }
        }
    } else {
        for row in conn.exec_iter(include_str!("../../../sql/ballot_mysql/export.sql"), (generation,))? {
            let row: Row = row?;
            let (candidate_id, candidate, opinion): (i64, String, Option<String>) = from_row(row);
            let record = Record { candidate_id, candidate: &candidate, opinion: opinion.as_deref(), private: None };
            if sink(record).is_break() {
                break;
            }
        }
    }
    Ok(())
}
