//! What a log is: its format, its columns, and when its rows begin and end.
use super::options::SumOptions;
use super::outcome::{LogError, Totals};
use super::sum::{HEAD_BYTES, sum};
use crate::progress::Progress;
use crate::rows;
use crate::scan::{Input, Source};
use crate::weblog::format::{self, LineReader, Needs};
use crate::weblog::log_clock::LogClock;
use crate::weblog::log_time::LogTime;
use crate::weblog::record::{Column, Row};
use crate::weblog::sink::{Granularity, Sink, Sinks};

/// What a log is.
#[derive(Debug)]
pub struct Description {
    /// The name of its format, as in [`FORMATS`](crate::weblog::FORMATS).
    pub format: &'static str,
    /// The names of its columns in their order, each with the first value that the first rows have there, if any.
    pub columns: Vec<(String, Option<String>)>,
    /// The earliest and the latest moment of its rows, on the clock of the options' filter; None if it has no row.
    pub span: Option<(LogTime, LogTime)>,
    /// Its rows, with all of them in the sum.
    pub totals: Totals,
}

/// Describes a log that can be read twice. The `options` say how it is read; their filter must keep every row.
///
/// # Errors
/// When it cannot be read, or is not a log.
pub fn describe(input: &Input, options: &SumOptions, progress: &dyn Progress) -> Result<Description, LogError> {
    let head = Source::open_as_stream(input)?.head(HEAD_BYTES)?;
    let needs = Needs { time: true, date_order: options.needs.date_order, columns: Vec::new() };
    let format_error = |cause| LogError::Format { input: input.name(), cause: Box::new(cause) };
    let reader = format::detect(&head, &options.format, &needs).map_err(format_error)?;
    let columns = examples(&head, options, &reader);
    let options = SumOptions { needs, granularity: Granularity::Rows, ..options.clone() };
    let clock = &options.filter.time_range.clock;
    let sinks = Sinks::new(|| Span { clock, moments: None });
    let outcome = sum(std::slice::from_ref(input), &options, &sinks, progress);
    if let Some(error) = outcome.failed.into_iter().next() {
        return Err(error);
    }
    let spans = sinks.into_all().into_iter().filter_map(|sink| sink.moments);
    let span = spans.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
    Ok(Description { format: reader.format(), columns, span, totals: outcome.totals })
}

/// The columns of `reader`, with the first value of each in the rows of `head`.
fn examples(head: &[u8], options: &SumOptions, reader: &LineReader) -> Vec<(String, Option<String>)> {
    let names = reader.names();
    let mut found: Vec<(String, Option<String>)> = names.iter().map(|name| (name.clone(), None)).collect();
    // One reader gives only so many columns.
    for part in found.chunks_mut(Needs::COLUMNS_MAX) {
        let columns = part.iter().map(|(name, _)| Column::Named(name.clone())).collect();
        let needs = Needs { time: false, date_order: options.needs.date_order, columns };
        let Ok(reader) = format::detect(head, &options.format, &needs) else { continue };
        for line in rows::lines(head).filter(|line| !line.is_empty() && !reader.is_header(line)) {
            // A line that is no row has no values.
            let _ = reader.read(line, |row| {
                for ((_, example), value) in part.iter_mut().zip(row.columns).filter(|(_, value)| !value.is_empty()) {
                    example.get_or_insert_with(|| String::from_utf8_lossy(value).into_owned());
                }
            });
            if part.iter().all(|(_, example)| example.is_some()) {
                break;
            }
        }
    }
    found
}

/// Takes note of the earliest and the latest row.
#[derive(Debug)]
struct Span<'a> {
    clock: &'a LogClock,
    moments: Option<(LogTime, LogTime)>,
}

impl Sink for Span<'_> {
    fn row(&mut self, row: &Row<'_>) {
        let at = self.clock.shown(row.moment);
        self.moments = Some(self.moments.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
    }

    fn time(&mut self, _moment: LogTime, _requests: u64, _bytes: u128) {}
}
