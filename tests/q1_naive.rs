//! Every kind of question of q1 against a reference that reads all rows, keeps all of them, and knows nothing but the
//! definitions of docs/retention.md.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, NaiveDateTime, TimeZone};
use proptest::prelude::*;
use votekit::retention::{
    Collation, Curves, CurvesFound, Database, DaysAfter, Engine, EventFiles, EventNames, EventOptions, Period,
    Question, Reading, TableNames, load,
};
use votekit::scan::{Input, ScanOptions};
use votekit::units::Zone;

/// An event as the files have it. Times are UTC.
#[derive(Debug, Clone)]
struct Row {
    time: NaiveDateTime,
    user: String,
    event: String,
    country: String,
    installed: NaiveDateTime,
}

fn moment(day: u32, secs: u32) -> NaiveDateTime {
    let first: NaiveDate = "2017-03-25".parse().unwrap();
    (first + Days::new(day.into())).and_hms_opt(secs / 3600, secs / 60 % 60, secs % 60).unwrap()
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    // Often around midnight in some zone.
    let secs =
        prop_oneof![0_u32..86_400, Just(0), Just(86_399), Just(79_200), Just(79_199), Just(19_800), Just(19_799)];
    let at = (0_u32..40, secs).prop_map(|(day, secs)| moment(day, secs));
    let user = prop::sample::select(vec!["ann", "ANN", "ann ", "bo", "cy", "dee", "eve", "薯", "7", "007"]);
    let event = prop::sample::select(vec!["INSTALL", "install", "open", "OPEN ", "close"]);
    let country = prop::sample::select(vec!["", "DE", "TW", "US"]);
    let row = (at.clone(), user, event, country, at).prop_map(|(time, user, event, country, installed)| Row {
        time,
        user: user.into(),
        event: event.into(),
        country: country.into(),
        installed,
    });
    prop::collection::vec(row, 1..150)
}

/// A zone, and its offset from UTC in March and April 2017, if that is one.
fn zones() -> impl Strategy<Value = (Zone, i32)> {
    prop::sample::select(vec![
        (Zone::UTC, 0),
        (Zone::Fixed(7200), 7200),
        (Zone::Fixed(-19_800), -19_800),
        ("Asia/Taipei".parse().unwrap(), 28_800),
        ("America/Lima".parse().unwrap(), -18_000),
    ])
}

/// Cohorts of days, weeks or a month, and columns of each kind of retention.
fn curves() -> impl Strategy<Value = (Vec<Period>, Vec<DaysAfter>)> {
    let periods = (0_u32..12, 1_u32..6, prop::sample::select(vec![1_u32, 7, 31])).prop_map(|(first, count, length)| {
        let day = |after: u32| moment(first + after, 0).date();
        let period = |n: u32| Period { first: day(n * length), last: day(n * length + length - 1) };
        (0..count).map(period).collect::<Vec<_>>()
    });
    let column = (0_u32..9, prop::option::weighted(0.7, 0_u32..9))
        .prop_map(|(first, more)| DaysAfter { first, last: more.map(|more| first + more) });
    let columns = prop_oneof![
        (0_u32..3, 1_u32..8).prop_map(|(first, count)| (first..first + count).map(DaysAfter::day).collect()),
        prop::collection::vec(column, 1..5),
    ];
    (periods, columns)
}

/// As `utf8_general_ci` has it for these names.
fn folded(text: &str) -> String {
    text.trim_end_matches(' ').to_lowercase()
}

struct Naive<'a> {
    rows: &'a [Row],
    offset: FixedOffset,
    by_install_column: bool,
    /// The last day of which the rows tell.
    end: NaiveDate,
}

/// Users and how many of them came back, for each value of each period.
type Found = Vec<(usize, String, Option<u64>, Vec<Option<u64>>)>;

impl Naive<'_> {
    fn day(&self, at: NaiveDateTime) -> NaiveDate {
        let at: DateTime<FixedOffset> = self.offset.from_utc_datetime(&at);
        at.date_naive()
    }

    /// Day 0 of each member, and the value of its row.
    fn members(&self, event: &str, period: Period) -> BTreeMap<String, (NaiveDate, String)> {
        let mut first: BTreeMap<String, (NaiveDateTime, String)> = BTreeMap::new();
        for row in self.rows {
            let at = if self.by_install_column { row.installed } else { row.time };
            let is_install = self.by_install_column || folded(&row.event) == folded(event);
            let day = self.day(at);
            if !is_install || day < period.first || day > period.last {
                continue;
            }
            let here = (at, row.country.clone());
            let known = first.entry(folded(&row.user)).or_insert_with(|| here.clone());
            *known = here.min(known.clone());
        }
        first.into_iter().map(|(user, (at, value))| (user, (self.day(at), value))).collect()
    }

    fn is_active(&self, user: &str, return_event: Option<&str>, from: NaiveDate, to: NaiveDate) -> bool {
        self.rows.iter().any(|row| {
            let day = self.day(row.time);
            let is_wanted = return_event.is_none_or(|event| folded(&row.event) == folded(event));
            folded(&row.user) == user && is_wanted && (from..=to).contains(&day)
        })
    }

    fn curves(&self, curves: &Curves) -> Found {
        let mut found = Vec::new();
        for (number, period) in curves.periods().iter().enumerate() {
            if curves.by_value && period.first > self.end {
                continue;
            }
            let members = self.members(&curves.event, *period);
            let values: BTreeSet<String> = match curves.by_value {
                true => members.values().map(|(_, value)| value.clone()).collect(),
                false => BTreeSet::from([String::new()]),
            };
            for value in values {
                let of_value: Vec<_> = members.iter().filter(|(_, (_, of))| !curves.by_value || *of == value).collect();
                let users = (period.first <= self.end).then_some(of_value.len() as u64);
                let column = |column: &DaysAfter| {
                    let after = |day: NaiveDate, days: u32| day + Days::new(days.into());
                    let is_known = after(period.last, column.last.unwrap_or(column.first)) <= self.end;
                    let back = of_value.iter().filter(|(user, (day, _))| {
                        let to = column.last.map_or(self.end, |last| after(*day, last));
                        let from = after(*day, column.first);
                        self.is_active(user, curves.return_event.as_deref(), from, to)
                    });
                    is_known.then(|| back.count() as u64)
                };
                found.push((number, value, users, curves.columns().iter().map(column).collect()));
            }
        }
        found
    }

    fn plain(&self, question: &Question) -> u64 {
        let members = self.members(&question.event, Period::day(question.install_day));
        let back = |user: &&String| self.is_active(user, None, question.from, question.to);
        members.keys().filter(back).count() as u64
    }
}

fn told(curves: &Curves, found: &CurvesFound) -> Found {
    let number = |period| curves.periods().iter().position(|known| *known == period).unwrap();
    let curve = |curve: &votekit::retention::Curve| {
        (number(curve.period), curve.value.clone().unwrap_or_default(), curve.users, curve.active.clone())
    };
    found.curves.iter().map(curve).collect()
}

const COLUMNS: [&str; 5] = ["time", "uid", "event_name", "country", "installed"];

fn fields(row: &Row) -> [String; 5] {
    let text = |at: NaiveDateTime| at.format("%Y-%m-%d %H:%M:%S").to_string();
    [text(row.time), row.user.clone(), row.event.clone(), row.country.clone(), text(row.installed)]
}

fn write(path: &Path, rows: &[Row], layout: usize) {
    let mut text = String::new();
    let quoted = |field: &String| format!("\"{field}\"");
    match layout {
        0 => {
            writeln!(text, "{}", COLUMNS.join("\t")).unwrap();
            rows.iter().for_each(|row| writeln!(text, "{}", fields(row).join("\t")).unwrap());
        }
        1 => {
            writeln!(text, "{}", COLUMNS.join(",")).unwrap();
            let line = |row: &Row| fields(row).iter().map(quoted).collect::<Vec<_>>().join(",");
            rows.iter().for_each(|row| writeln!(text, "{}", line(row)).unwrap());
        }
        _ => {
            let object = |row: &Row| serde_json::Value::from_iter(COLUMNS.into_iter().zip(fields(row)));
            rows.iter().for_each(|row| writeln!(text, "{}", object(row)).unwrap());
        }
    }
    std::fs::write(path, text).unwrap();
}

/// A database that another program made.
fn write_table(path: &Path, rows: &[Row]) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch(&format!("CREATE TABLE piwik_track ({} TEXT)", COLUMNS.join(" TEXT, "))).unwrap();
    for row in rows {
        connection.execute("INSERT INTO piwik_track VALUES (?1, ?2, ?3, ?4, ?5)", fields(row)).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

    #[test]
    fn every_kind_of_question_is_answered_as_the_definitions_say(
        rows in rows(),
        layout in 0_usize..3,
        (zone, offset_secs) in zones(),
        (periods, columns) in curves(),
        (by_value, by_install_column) in prop_oneof![3 => any::<bool>().prop_map(|by| (by, false)), 1 => Just((false, true))],
        return_event in prop::option::of(prop::sample::select(vec!["open", "CLOSE", "nothing"])),
        given_end in prop::option::weighted(0.3, 20_u32..60),
        threads in 1_usize..4,
        block_bytes in 60_usize..4_000,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (file, db) = (dir.path().join("events"), dir.path().join("loaded.db"));
        write(&file, &rows, layout);
        let names = EventNames {
            install_time: by_install_column.then(|| "installed".to_owned()),
            kept: vec!["country".to_owned()],
            ..EventNames::default()
        };
        let end = given_end.map(|day| moment(day, 0).date());
        let options = EventOptions {
            names: names.clone(),
            zone,
            end,
            scan: ScanOptions { threads, block_bytes, ..ScanOptions::default() },
            ..EventOptions::default()
        };
        let inputs = [Input::Path(file)];
        let mut curves = Curves::new("Install", periods, columns).unwrap();
        curves.by_value = by_value;
        curves.return_event = return_event.map(str::to_owned);

        let mut files = EventFiles::new(&inputs, Collation::GeneralCi, &options, &());
        let from_files = files.curves(&curves).unwrap();
        let offset = FixedOffset::east_opt(offset_secs).unwrap();
        // Where events end is judged elsewhere; here it is taken from the answer, and no later than the last row.
        let naive = Naive { rows: &rows, offset, by_install_column, end: from_files.end.day.unwrap() };
        prop_assert!(end.is_some() || rows.iter().any(|row| naive.day(row.time) == naive.end));
        let expected = naive.curves(&curves);
        prop_assert_eq!(&told(&curves, &from_files), &expected, "from the file");

        match by_install_column {
            true => write_table(&db, &rows),
            false => _ = load(&inputs, &db, Collation::GeneralCi, &options, &()).unwrap(),
        }
        let open = || {
            let place = TableNames { columns: names.clone(), ..TableNames::default() };
            Database::open(&db, &place, Collation::GeneralCi, Reading { zone, end, ..Reading::default() }).unwrap()
        };
        prop_assert_eq!(&told(&curves, &open().curves(&curves).unwrap()), &expected, "from SQLite");

        // The plain question is one cell: the first day's cohort, and the bracket of the days of its window.
        let install_day = curves.periods()[0].first;
        let after = |days| install_day + Days::new(days);
        let question = Question { install_day, from: after(1), to: after(7), event: "install".to_owned() };
        let plain = naive.plain(&question);
        prop_assert_eq!(files.answer(&question).unwrap().users, plain);
        prop_assert_eq!(open().answer(&question).unwrap().users, plain);
        let bracket = vec![DaysAfter { first: 1, last: Some(7) }];
        let cell = Curves::new("install", vec![Period::day(install_day)], bracket).unwrap();
        let found = files.curves(&cell).unwrap().curves[0].active[0];
        prop_assert!(found.is_none_or(|users| users == plain), "{found:?} {plain}");
        prop_assert!(found.is_some() == (question.to <= naive.end && install_day.year() == 2017));
    }
}
