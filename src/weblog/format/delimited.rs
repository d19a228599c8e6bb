//! Fields between delimiters: TSV, CSV, CloudFront, W3C extended, bunny.net.
use super::names::{Names, When};
use super::quotes::{Quotes, quotes};
use super::{FormatError, GivenColumns, Needs, without_bom, without_cr, without_dash};
use crate::rows::split::{Span, Splitter};
use crate::weblog::log_time::LogTime;
use crate::weblog::read_time::{read_date, read_moment, read_second};
use crate::weblog::record::{Column, Row, RowError, excerpt, read_size};

/// A log whose fields stand between delimiters.
#[derive(Debug, Clone)]
pub struct Delimited {
    format: &'static str,
    delimiter: u8,
    names: Names,
    /// The header line, to know it again.
    header: Option<Vec<u8>>,
    directives: bool,
    pub(in crate::weblog) splitter: Splitter,
    pub(in crate::weblog) slots: Slots,
    needs_time: bool,
    columns_needed: usize,
}

/// Which of the wanted fields is what; they are wanted in the order of their columns.
#[derive(Debug, Clone)]
pub(in crate::weblog) struct Slots {
    pub when: When,
    pub size: usize,
    pub url: usize,
    pub columns: Vec<Option<usize>>,
}

impl Delimited {
    /// Columns beyond this are not looked at.
    pub const COLUMNS_MAX: usize = 256;
    /// How many columns a run may ask for in all.
    pub const WANTED_MAX: usize = 16;

    /// The format's name.
    pub fn format(&self) -> &'static str {
        self.format
    }

    /// Whether `#Fields` lines say what the columns are.
    pub fn has_directives(&self) -> bool {
        self.directives
    }

    /// Whether rows are `date  time  size  url` with tabs, and no more is asked of them.
    pub(in crate::weblog) fn is_four_columns(&self) -> bool {
        self.delimiter == b'\t'
            && self.names == Names::fixed(super::names::FOUR_COLUMNS)
            && self.slots.columns.iter().all(Option::is_none)
            && [&[0, 2, 3][..], &[0, 1, 2, 3]].contains(&self.splitter.wanted())
    }

    /// Whether fields may stand in quotes.
    pub fn has_quotes(&self) -> bool {
        self.delimiter == b','
    }

    /// The columns, where none of them is the host.
    pub(super) fn without_host(&self) -> Option<Vec<String>> {
        self.names.host().is_none().then(|| self.names.listed())
    }

    /// Columns that the user counted out.
    pub(super) fn given(given: &GivenColumns, needs: &Needs) -> Result<Self, FormatError> {
        Self::of_names(&Names::given(&given.columns), given.delimiter, "columns", needs)
    }

    /// The columns that the header `line` names; None if it is none.
    pub(super) fn from_header(
        line: &[u8],
        delimiter: u8,
        format: &'static str,
        needs: &Needs,
    ) -> Result<Option<Self>, FormatError> {
        let names = Names::of_header(line, delimiter);
        if !names.is_header() {
            return Ok(None);
        }
        let of_names = Self::of_names(&names, delimiter, format, needs)?;
        Ok(Some(Delimited { header: Some(line.to_vec()), ..of_names }))
    }

    /// The columns that the first `#Fields` line of `head` names.
    pub(super) fn from_directives(
        head: &[u8],
        delimiter: u8,
        format: &'static str,
        needs: &Needs,
    ) -> Result<Self, FormatError> {
        let names = head.split(|byte| *byte == b'\n').map(without_cr).find_map(fields_directive);
        let names = names.ok_or(FormatError::NoHeader { format })?;
        Ok(Delimited { directives: true, ..Self::of_names(&names, delimiter, format, needs)? })
    }

    /// Columns of these names.
    pub(super) fn of_names(
        names: &Names,
        delimiter: u8,
        format: &'static str,
        needs: &Needs,
    ) -> Result<Self, FormatError> {
        let (when, size, url) = (names.when()?, names.size()?, names.url()?);
        let columns = needs.columns.iter().map(|column| names.column(column)).collect::<Result<Vec<_>, _>>()?;
        let when = match when {
            When::Apart { day, time } => When::Apart { day, time: time.filter(|_| needs.time) },
            together => together,
        };
        let mut wanted: Vec<usize> = match when {
            When::Apart { day, time } => [Some(day), time].into_iter().flatten().collect(),
            When::Together(at) => vec![at],
        };
        wanted.extend([size, url]);
        wanted.extend(columns.iter().flatten());
        wanted.sort_unstable();
        wanted.dedup();
        names.once(&wanted)?;
        let last = wanted.last().copied().unwrap_or_default();
        if last >= Self::COLUMNS_MAX || wanted.len() > Self::WANTED_MAX {
            return Err(FormatError::TooWide { column: (last + 1).to_string() });
        }
        let slot = |column: usize| wanted.partition_point(|other| *other < column);
        let slots = Slots {
            when: match when {
                When::Apart { day, time } => When::Apart { day: slot(day), time: time.map(slot) },
                When::Together(at) => When::Together(slot(at)),
            },
            size: slot(size),
            url: slot(url),
            columns: columns.iter().map(|column| column.map(slot)).collect(),
        };
        Ok(Delimited {
            format,
            delimiter,
            names: names.clone(),
            header: None,
            directives: false,
            slots,
            needs_time: needs.time,
            columns_needed: last + 1,
            splitter: Splitter::new(delimiter, wanted),
        })
    }

    /// Whether `line` is one of those that say something of the log itself: `#Fields: …`, `#Version: 1.0`.
    pub(super) fn is_directive(line: &[u8]) -> bool {
        let name = line.strip_prefix(b"#").and_then(|rest| rest.split(|byte| *byte == b':').next());
        let known = [&b"version"[..], b"fields", b"software", b"start-date", b"end-date", b"date", b"remark"];
        line.contains(&b':')
            && name.is_some_and(|name| known.contains(&name.trim_ascii().to_ascii_lowercase().as_slice()))
    }

    /// Whether `line` is a header or comment and no row.
    pub(super) fn is_header(&self, line: &[u8]) -> bool {
        let line = without_bom(line);
        if self.directives {
            return line.first() == Some(&b'#');
        }
        // Logs that were put together with cat have their header again.
        self.header.as_deref().is_some_and(|header| bare_names(header).eq_ignore_ascii_case(bare_names(line)))
    }

    /// The reader for what follows a `#Fields` line with other columns, or, if `always`, with any; an error where one of them
    /// is missing.
    pub(super) fn changed_by(&self, line: &[u8], always: bool, needs: &Needs) -> Option<Result<Self, FormatError>> {
        let names = fields_directive(line).filter(|names| self.directives && (always || *names != self.names))?;
        // Whether URLs are absolute from here on, so that a host need not be named, only the rows would tell.
        let has_host = names.host().is_some() || !needs.columns.contains(&Column::Host);
        let changed = if has_host {
            Self::of_names(&names, self.delimiter, self.format, needs)
        } else {
            Err(FormatError::NoHost { found: names.listed() })
        };
        Some(changed.map(|changed| Delimited { directives: true, ..changed }))
    }

    /// The error of a line that has too few columns.
    pub(in crate::weblog) fn too_few(&self, found: usize) -> RowError {
        RowError::TooFewColumns { found, needed: self.columns_needed }
    }

    /// Reads a line, quotes and all.
    pub(super) fn read(&self, line: &[u8], then: impl FnOnce(&Row)) -> Result<(), RowError> {
        if self.has_quotes() && line.contains(&b'"') {
            return self.read_quoted(line, then);
        }
        let mut spans = [(0, 0); Self::WANTED_MAX];
        let cut = self.splitter.split(line, &mut spans);
        if cut.found < self.splitter.wanted().len() {
            return Err(self.too_few(cut.columns));
        }
        let moment = self.moment(line, &spans)?;
        self.hand_on(line, &spans, moment, then)
    }

    /// When the row was written that `spans` cut.
    pub(in crate::weblog) fn moment(&self, line: &[u8], spans: &[Span]) -> Result<LogTime, RowError> {
        let field = |slot: usize| &line[spans[slot].0..spans[slot].1];
        match self.slots.when {
            When::Together(at) => read_moment(field(at), self.needs_time),
            When::Apart { day, time: None } => Ok(LogTime { date: read_date(field(day))?, second: 0 }),
            When::Apart { day, time: Some(time) } => {
                Ok(LogTime { date: read_date(field(day))?, second: read_second(field(time))? })
            }
        }
    }

    /// Hands the row on that `spans` cut out of `line`.
    pub(in crate::weblog) fn hand_on(
        &self,
        line: &[u8],
        spans: &[Span],
        moment: LogTime,
        then: impl FnOnce(&Row),
    ) -> Result<(), RowError> {
        let field = |slot: usize| &line[spans[slot].0..spans[slot].1];
        let mut columns = [&b""[..]; Self::WANTED_MAX];
        for (column, slot) in columns.iter_mut().zip(&self.slots.columns) {
            *column = slot.map_or(&b""[..], |slot| without_dash(field(slot)));
        }
        let columns = &columns[..self.slots.columns.len()];
        let size_bytes = read_size(field(self.slots.size))?;
        then(&Row { moment, size_bytes, url: field(self.slots.url), columns });
        Ok(())
    }

    /// A row with quotes: its fields are put one after the other without quotes, and cut by that.
    fn read_quoted(&self, row: &[u8], then: impl FnOnce(&Row)) -> Result<(), RowError> {
        let shape = |reason: String| RowError::Shape { format: self.format, reason };
        match quotes(row, self.delimiter) {
            Quotes::Closed { .. } => {}
            Quotes::Open => return Err(self.not_closed(row)),
            Quotes::Torn => return Err(shape(format!("something stands behind a closing quote: {}", excerpt(row)))),
        }
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(self.delimiter).from_reader(row);
        let mut record = csv::ByteRecord::new();
        if !reader.read_byte_record(&mut record).map_err(|error| shape(error.to_string()))? {
            return Err(self.too_few(0));
        }
        let mut spans = [(0, 0); Self::WANTED_MAX];
        for (span, column) in spans.iter_mut().zip(self.splitter.wanted()) {
            let range = record.range(*column).ok_or_else(|| self.too_few(record.len()))?;
            *span = (range.start, range.end);
        }
        let moment = self.moment(record.as_slice(), &spans)?;
        self.hand_on(record.as_slice(), &spans, moment, then)
    }

    /// The error of a row with a quote that is opened and not closed.
    pub(in crate::weblog) fn not_closed(&self, row: &[u8]) -> RowError {
        RowError::Shape { format: self.format, reason: format!("a quote is not closed: {}", excerpt(row)) }
    }

    /// What the quotes in `text` make of it, one or more lines of which the last has no line end.
    pub(in crate::weblog) fn quotes(&self, text: &[u8]) -> Quotes {
        quotes(text, self.delimiter)
    }

    /// How many columns the header names.
    pub(in crate::weblog) fn columns_named(&self) -> usize {
        self.names.len()
    }

    /// Whether rows are asked for their time.
    pub(in crate::weblog) fn needs_time(&self) -> bool {
        self.needs_time
    }
}

fn fields_directive(line: &[u8]) -> Option<Names> {
    let text = std::str::from_utf8(without_bom(line)).ok()?;
    let (name, fields) = text.strip_prefix('#')?.split_once(':')?;
    name.trim().eq_ignore_ascii_case("fields").then(|| Names::of_fields(fields))
}

/// A header without the `# ` that some write in front of it.
fn bare_names(line: &[u8]) -> &[u8] {
    line.strip_prefix(b"#").unwrap_or(line).trim_ascii_start()
}
