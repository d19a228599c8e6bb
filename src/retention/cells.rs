//! Curves from a database, a number at a time: `sql/q1/cell.sql` asks for the users of one day who came back in one span of days.
//! Users have one day 0 in a period, so the numbers of its days add up.
use chrono::{Days, NaiveDate};

use super::curve::{Counts, Curves, Period};
use super::data_end::DataEnd;
use super::question::Borders;

/// One number of a curve, or one for each value.
#[derive(Debug)]
pub(super) struct Cell<'a> {
    pub(super) curves: &'a Curves,
    pub(super) period: Period,
    /// The day 0 of the users that are counted.
    pub(super) day_zero: NaiveDate,
    /// The first and the last day on which they are looked for; None to count all.
    pub(super) active: Option<(NaiveDate, NaiveDate)>,
}

impl Cell<'_> {
    /// The names and values of the text's parameters. `is_event` says whether installs are events.
    pub(super) fn parameters(&self, borders: Borders, is_event: bool) -> [(&'static str, Option<String>); 8] {
        let Cell { curves, period, day_zero, active } = self;
        [
            ("@period_start", Some(borders.start(period.first))),
            ("@period_end", Some(borders.end(period.last))),
            ("@day_start", Some(borders.start(*day_zero))),
            ("@day_end", Some(borders.end(*day_zero))),
            ("@from", active.map(|(first, _)| borders.start(first))),
            ("@before", active.map(|(_, last)| borders.end(last))),
            ("@event", is_event.then(|| curves.event.clone())),
            ("@return_event", curves.return_event.clone()),
        ]
    }
}

/// Asks a database for one number, or one for each value.
pub(super) trait Cells {
    type Error;

    fn cell(&mut self, cell: &Cell) -> Result<Vec<(String, u64)>, Self::Error>;
}

/// All numbers of `curves` that the events tell.
pub(super) fn count<C: Cells>(database: &mut C, curves: &Curves, end: &DataEnd) -> Result<Counts, C::Error> {
    let mut counts = Counts::new(curves);
    for (index, period) in curves.periods().iter().enumerate().filter(|(_, period)| end.is_known(period.first)) {
        for day_zero in period.days() {
            let cohort = database.cell(&Cell { curves, period: *period, day_zero, active: None })?;
            cohort.iter().for_each(|(value, users)| counts.of(index, value).users += users);
            if cohort.iter().all(|(_, users)| *users == 0) {
                continue;
            }
            for (at, column) in curves.columns().iter().enumerate() {
                let after = |days: u32| day_zero.checked_add_days(Days::new(days.into()));
                let span = after(column.first).zip(column.last.map_or(end.day, after));
                if span.is_none() || !Curves::is_known(*period, *column, end) {
                    continue;
                }
                let cell = Cell { curves, period: *period, day_zero, active: span };
                for (value, users) in database.cell(&cell)? {
                    counts.of(index, &value).active[at] += users;
                }
            }
        }
    }
    Ok(counts)
}

/// Decodes text from hexadecimal digits; invalid UTF-8 is replaced.
pub(super) fn from_hex(digits: &str) -> String {
    let byte = |pair: &[u8]| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Vec<u8> = digits.as_bytes().chunks(2).filter_map(byte).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
