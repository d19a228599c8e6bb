//! `votekit tally --by`: votes over time.
use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset, Local, NaiveDateTime, SecondsFormat, TimeDelta, Timelike, Utc};
use votekit::ballot::{CandidateId, PacePoint, Tally};
use votekit::report::{Report, Value};
use votekit::units::CalendarUnit;

use crate::cli::draw::picture::{Series, Timeline};

/// The most series that a picture can tell apart; beyond that, the candidates with the fewest votes share one.
const SERIES_MOST: usize = 8;

/// The step of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum By {
    /// Minutes
    Minute,
    /// Hours
    Hour,
    /// Days
    Day,
}

impl By {
    /// As it is typed.
    pub(super) fn name(self) -> &'static str {
        match self {
            By::Minute => "minute",
            By::Hour => "hour",
            By::Day => "day",
        }
    }
}

/// Votes by step and candidate, at the UTC offset that this machine had at the first vote.
pub(super) struct Pace<'a> {
    tally: &'a Tally,
    by: By,
    offset: FixedOffset,
    votes: BTreeMap<(NaiveDateTime, CandidateId), u64>,
}

impl<'a> Pace<'a> {
    /// Adds up `points`, which are votes by minute, into steps of `by`.
    pub(super) fn new(tally: &'a Tally, points: &[PacePoint], by: By) -> Self {
        let utc = |point: &PacePoint| DateTime::<Utc>::from_timestamp(point.start.0, 0);
        let first = points.iter().find_map(utc).unwrap_or_default();
        // One offset for all: the hour that repeats when clocks change stays two.
        let offset = *first.with_timezone(&Local).offset();
        let mut votes: BTreeMap<(NaiveDateTime, CandidateId), u64> = BTreeMap::new();
        for point in points {
            let Some(at) = utc(point) else { continue };
            let start = floor(at.with_timezone(&offset).naive_local(), by);
            *votes.entry((start, point.candidate_id)).or_default() += point.votes;
        }
        Pace { tally, by, offset, votes }
    }

    /// One row per step and candidate with votes.
    pub(super) fn report(&self) -> Report {
        let mut report = Report::table("pace", &[self.by.name(), "candidate_id", "name", "votes"]);
        for ((start, id), votes) in &self.votes {
            let name = self.tally.candidates.iter().find(|total| total.candidate.id == *id);
            report.row([
                self.told(*start).into(),
                Value::Count(id.unsigned_abs().into()),
                name.map(|total| total.candidate.name.as_str()).unwrap_or_default().into(),
                (*votes).into(),
            ]);
        }
        report
    }

    fn told(&self, start: NaiveDateTime) -> String {
        match (self.by, start.and_local_timezone(self.offset).single()) {
            (By::Minute | By::Hour, Some(start)) => start.to_rfc3339_opts(SecondsFormat::Secs, true),
            _ => start.date().to_string(),
        }
    }

    /// The steps as columns, stacked by candidate.
    pub(super) fn timeline(&self) -> Timeline {
        let mut starts: Vec<NaiveDateTime> = self.votes.keys().map(|(start, _)| *start).collect();
        starts.dedup();
        let mut ranked: Vec<_> = self.tally.candidates.iter().filter(|total| total.votes > 0).collect();
        ranked.sort_by_key(|total| std::cmp::Reverse(total.votes));
        let others = if ranked.len() > SERIES_MOST { ranked.split_off(SERIES_MOST - 1) } else { Vec::new() };
        let values = |ids: &[CandidateId]| {
            let at =
                |start: &NaiveDateTime| ids.iter().filter_map(|id| self.votes.get(&(*start, *id))).sum::<u64>().into();
            starts.iter().map(at).collect()
        };
        let mut series: Vec<Series> = ranked
            .iter()
            .map(|total| Series { name: total.candidate.name.clone(), values: values(&[total.candidate.id]) })
            .collect();
        if !others.is_empty() {
            let ids: Vec<CandidateId> = others.iter().map(|total| total.candidate.id).collect();
            series.push(Series { name: format!("{} others", ids.len()), values: values(&ids) });
        }
        let step = match self.by {
            By::Minute => CalendarUnit::Minute,
            By::Hour => CalendarUnit::Hour,
            By::Day => CalendarUnit::Day,
        };
        let name = step.name();
        let title = match self.tally.settings.title.as_str() {
            "" => format!("Votes by {name}"),
            title => format!("{title}: votes by {name}"),
        };
        let clock = if self.offset.local_minus_utc() == 0 { "UTC".to_owned() } else { format!("UTC{}", self.offset) };
        Timeline { title, axis: "votes".to_owned(), clock, step, starts, series }
    }
}

fn floor(at: NaiveDateTime, by: By) -> NaiveDateTime {
    let past = match by {
        By::Minute => at.second(),
        By::Hour => at.minute() * 60 + at.second(),
        By::Day => at.num_seconds_from_midnight(),
    };
    at - TimeDelta::seconds(past.into())
}
