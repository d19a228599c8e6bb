//! Delimited formats: TSV, CSV, `CloudFront`, W3C extended, bunny.net.
use std::sync::Arc;

use super::super::log_time::LogTime;
use super::super::read_time::{read_date, read_moment, read_second};
use super::super::record::{Column, Row, RowError, read_size, without_dash};
use super::columns::{self, FOUR_COLUMNS, When};
use super::error::FormatError;
use super::header;
use super::line::ReadLine;
use super::needs::{Needs, Place};
use crate::rows::split::Splitter;
use crate::rows::{self, Fields, Names, RowFault, is_repeated};
use crate::units::DateOrder;

/// A log whose fields are between delimiters.
#[derive(Debug, Clone)]
pub(crate) struct Delimited {
    format: &'static str,
    names: Names,
    /// The header line, to recognise repetitions.
    header: Option<Vec<u8>>,
    has_directives: bool,
    syntax: FieldSyntax,
    fields: rows::Delimited,
    pub(in crate::weblog) slots: Slots,
    needs_time: bool,
    date_order: DateOrder,
}

/// How fields are separated.
#[derive(Debug, Clone, Copy)]
pub(super) struct FieldSyntax {
    pub delimiter: u8,
    /// Whether fields may be quoted.
    pub has_quotes: bool,
    /// Whether quoted fields may have line breaks.
    pub spans_lines: bool,
}

impl FieldSyntax {
    /// What is usual with this delimiter: tabs and bars have no quotes, W3C's strings end in their line.
    pub(super) fn of(delimiter: u8) -> Self {
        FieldSyntax {
            delimiter,
            has_quotes: matches!(delimiter, b',' | b';' | b' '),
            spans_lines: matches!(delimiter, b',' | b';'),
        }
    }
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
    /// Limit on the number of columns a run may need.
    pub(crate) const WANTED_MAX: usize = rows::Delimited::WANTED_MAX;

    /// Whether rows are tab-separated `date  time  size  url` and no other columns are needed.
    pub(in crate::weblog) fn is_four_columns(&self) -> bool {
        self.fields.delimiter() == b'\t'
            && self.names == Names::fixed(FOUR_COLUMNS)
            && self.slots.columns.iter().all(Option::is_none)
            && [&[0, 2, 3][..], &[0, 1, 2, 3]].contains(&self.fields.splitter().wanted())
    }

    /// Whether fields may be quoted.
    pub(crate) fn has_quotes(&self) -> bool {
        self.fields.has_quotes()
    }

    /// Whether rows may go over several lines, within quotes.
    pub(crate) fn spans_lines(&self) -> bool {
        self.fields.spans_lines()
    }

    /// Whether `line`, which was cut without regard to quotes, has none and the columns of its header.
    #[inline]
    pub(in crate::weblog) fn is_cut_right(&self, line: &[u8]) -> bool {
        memchr::memchr(b'"', line).is_none() && self.fields.check_width(line).is_ok()
    }

    /// The same reader, for rows that must be as wide as the header.
    fn held_to_header(mut self) -> Self {
        if self.fields.has_quotes() {
            self.fields = self.fields.with_header(self.names.count(), self.names.nameless_at_end());
        }
        self
    }

    /// The columns that a header in `head` names, with one of `delimiters` between the names. `given` are columns that the user
    /// names: `size=length`.
    pub(super) fn of_header(
        head: &[u8],
        delimiters: &[u8],
        given: &[(String, Place)],
        format: &'static str,
        needs: &Needs,
    ) -> Result<Self, FormatError> {
        let (header, delimiter) = header::find(head, delimiters, given).ok_or(FormatError::NoHeader { format })?;
        let has_quotes = delimiter != b'\t' || header.text.contains(&b'"');
        let header = if has_quotes { header.with_open_quotes(head, delimiter) } else { header };
        let names = header::with_given(&Names::of_header(header.text, delimiter), given)?;
        header::check_that_columns_agree(&names, head, &header, delimiter)?;
        let fields = FieldSyntax { delimiter, has_quotes, spans_lines: has_quotes };
        let of_names = Self::of_names(&names, fields, format, needs)?;
        Ok(Delimited { header: Some(header.text.to_vec()), ..of_names.held_to_header() })
    }

    /// A reader for the columns named by the first `#Fields` line of `head`.
    pub(super) fn of_directives(
        head: &[u8],
        delimiter: u8,
        given: &[(String, Place)],
        format: &'static str,
        needs: &Needs,
    ) -> Result<Self, FormatError> {
        let names = rows::lines(head).find_map(Names::of_directive).ok_or(FormatError::NoHeader { format })?;
        let names = header::with_given(&names, given)?;
        let of_names = Self::of_names(&names, FieldSyntax::of(delimiter), format, needs)?.held_to_header();
        Ok(Delimited { has_directives: true, ..of_names })
    }

    /// A reader for columns that are known in advance.
    pub(super) fn of_known(
        names: &[&str],
        delimiter: u8,
        format: &'static str,
        needs: &Needs,
    ) -> Result<Self, FormatError> {
        let of_names = Self::of_names(&Names::fixed(names), FieldSyntax::of(delimiter), format, needs)?;
        // A log without a header may have come together with one that has it.
        let header = names.join(char::from(delimiter).encode_utf8(&mut [0; 4])).into_bytes();
        Ok(Delimited { header: Some(header), ..of_names })
    }

    /// A reader for columns with these names.
    pub(super) fn of_names(
        names: &Names,
        syntax: FieldSyntax,
        format: &'static str,
        needs: &Needs,
    ) -> Result<Self, FormatError> {
        let (when, size, url) = (columns::when(names)?, columns::size(names)?, columns::url(names)?);
        let columns: Vec<_> = needs.columns.iter().map(|column| columns::position(names, column)).collect();
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
        names.once(&wanted)?;
        let fields = rows::Delimited::new(syntax.delimiter, syntax.has_quotes, wanted)?;
        let fields = if syntax.spans_lines { fields } else { fields.within_lines() };
        let slot = |column: usize| fields.slot(column);
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
            names: names.clone(),
            header: None,
            has_directives: false,
            syntax,
            fields,
            slots,
            needs_time: needs.time,
            date_order: needs.date_order,
        })
    }

    /// The splitter for lines without quotes.
    pub(in crate::weblog) fn splitter(&self) -> &Splitter {
        self.fields.splitter()
    }

    /// The byte that separates fields.
    pub(in crate::weblog) fn delimiter(&self) -> u8 {
        self.fields.delimiter()
    }

    /// The number of columns in the header.
    pub(in crate::weblog) fn columns_named(&self) -> usize {
        self.names.count()
    }

    /// Whether the time of rows is needed.
    pub(in crate::weblog) fn needs_time(&self) -> bool {
        self.needs_time
    }

    /// The order of `4/8/2019`.
    pub(in crate::weblog) fn date_order(&self) -> DateOrder {
        self.date_order
    }

    /// Turns a `fault` into an error about this format.
    pub(in crate::weblog) fn error(&self, fault: RowFault) -> RowError {
        RowError::of(self.format, fault)
    }

    fn moment(&self, fields: &Fields<'_>) -> Result<LogTime, RowError> {
        match self.slots.when {
            When::Together(at) => read_moment(fields.get(at), self.needs_time, self.date_order),
            When::Apart { day, time } => {
                let date = read_date(fields.get(day), self.date_order)?;
                Ok(LogTime { date, second: time.map_or(Ok(0), |time| read_second(fields.get(time)))? })
            }
        }
    }

    /// Passes the row with these fields on.
    pub(in crate::weblog) fn hand_on(
        &self,
        fields: &Fields<'_>,
        moment: LogTime,
        then: impl FnOnce(&Row<'_>),
    ) -> Result<(), RowError> {
        let mut columns = [&b""[..]; Self::WANTED_MAX];
        for (column, slot) in columns.iter_mut().zip(&self.slots.columns) {
            *column = slot.map_or(&b""[..], |slot| without_dash(fields.get(slot)));
        }
        let columns = &columns[..self.slots.columns.len()];
        let size_bytes = read_size(fields.get(self.slots.size))?;
        then(&Row { moment, size_bytes, url: without_dash(fields.get(self.slots.url)), columns });
        Ok(())
    }

    /// The reader for the rows after a `#Fields` line with other columns, or, if `always`, with any; an error if a needed
    /// column is missing.
    fn changed(&self, line: &[u8], always: bool, needs: &Needs) -> Option<Result<Self, FormatError>> {
        let is_change = |names: &Names| self.has_directives && (always || *names != self.names);
        let names = Names::of_directive(line).filter(is_change)?;
        // Whether URLs are absolute from here on, so that no host column is needed, only the rows could tell.
        let has_host = columns::host(&names).is_some() || !needs.columns.contains(&Column::Host);
        let changed = if has_host {
            Self::of_names(&names, self.syntax, self.format, needs)
                .and_then(|changed| changed.without_loss(self, needs))
        } else {
            Err(FormatError::NoHost { found: names.listed() })
        };
        Some(changed.map(|changed| Delimited { has_directives: true, ..changed.held_to_header() }))
    }

    /// This reader, if it has all columns that are asked for and that the one before it had.
    fn without_loss(self, before: &Delimited, needs: &Needs) -> Result<Self, FormatError> {
        let is_told_otherwise = |column: &Column| matches!(column, Column::ContentType | Column::Host);
        let slots = needs.columns.iter().zip(before.slots.columns.iter().zip(&self.slots.columns));
        let lost = slots
            .filter(|(column, _)| !is_told_otherwise(column))
            .find(|(_, (had, has))| had.is_some() && has.is_none());
        match lost {
            Some((column, _)) => {
                Err(FormatError::Missing { column: column.name().to_owned(), found: self.names.listed() })
            }
            None => Ok(self),
        }
    }

    /// The reader for what follows `line`, a header of other columns than these.
    fn renamed(&self, line: &[u8], needs: &Needs) -> Option<Result<Self, FormatError>> {
        let known = self.header.as_deref()?;
        let names = Names::of_header(line, self.syntax.delimiter);
        let is_header = columns::are_complete(&names) || self.has_same_names(&names);
        if !is_header || is_repeated(known, line) {
            return None;
        }
        let renamed = Self::of_names(&names, self.syntax, self.format, needs);
        let renamed = renamed.and_then(|renamed| renamed.without_loss(self, needs));
        Some(renamed.map(|renamed| Delimited { header: Some(line.to_vec()), ..renamed.held_to_header() }))
    }

    /// Whether most of `names` are among these, so that they are not values.
    fn has_same_names(&self, names: &Names) -> bool {
        let same = names.iter().filter(|(name, _)| !name.is_empty() && self.names.first(&[name]).is_some()).count();
        same >= 3 && 2 * same > names.count()
    }

    fn next_reader(&self, line: &[u8], always: bool, needs: &Needs) -> Option<Arc<dyn ReadLine>> {
        Some(match self.changed(line, always, needs)? {
            Ok(changed) => Arc::new(changed),
            Err(error) => self.lost(&format!("after this #Fields line, {error}")),
        })
    }

    fn lost(&self, reason: &str) -> Arc<dyn ReadLine> {
        Arc::new(Lost { before: self.clone(), reason: reason.to_owned() })
    }
}

impl ReadLine for Delimited {
    fn read(&self, line: &[u8], then: &mut dyn FnMut(&Row<'_>)) -> Result<(), RowError> {
        let read = self.fields.read(line, |fields| {
            let moment = self.moment(&fields)?;
            self.hand_on(&fields, moment, then)
        });
        read.map_err(|fault| self.error(fault))?
    }

    fn without_host(&self) -> Option<Vec<String>> {
        columns::host(&self.names).is_none().then(|| self.names.listed())
    }

    fn is_header(&self, line: &[u8]) -> bool {
        if self.has_directives {
            return rows::without_bom(line).first() == Some(&b'#');
        }
        // Concatenated logs repeat their header.
        self.header.as_deref().is_some_and(|header| is_repeated(header, line))
    }

    fn names(&self) -> Vec<String> {
        self.names.listed()
    }

    fn has_column(&self, place: usize) -> bool {
        self.slots.columns.get(place).is_some_and(Option::is_some)
    }

    fn is_remark(&self, line: &[u8]) -> bool {
        let has_header = self.header.is_some() && !self.has_directives;
        has_header && (line.first() == Some(&b'#') || rows::separator(line).is_some())
    }

    fn renamed_by(&self, line: &[u8], needs: &Needs) -> Option<Arc<dyn ReadLine>> {
        Some(match self.renamed(line, needs)? {
            Ok(renamed) => Arc::new(renamed),
            Err(error) => self.lost(&format!("after this header, {error}")),
        })
    }

    fn changed_by(&self, line: &[u8], needs: &Needs) -> Option<Arc<dyn ReadLine>> {
        self.next_reader(line, false, needs)
    }

    fn may_change(&self) -> bool {
        self.has_directives
    }
}

/// The columns changed and one that is needed is gone: no row can be read until another header brings it back.
#[derive(Debug)]
struct Lost {
    before: Delimited,
    reason: String,
}

impl ReadLine for Lost {
    fn read(&self, _: &[u8], _: &mut dyn FnMut(&Row<'_>)) -> Result<(), RowError> {
        Err(RowError::Header(self.reason.clone()))
    }

    fn without_host(&self) -> Option<Vec<String>> {
        self.before.without_host()
    }

    fn is_header(&self, line: &[u8]) -> bool {
        self.before.has_directives && self.before.is_header(line)
    }

    fn names(&self) -> Vec<String> {
        ReadLine::names(&self.before)
    }

    fn has_column(&self, place: usize) -> bool {
        self.before.has_column(place)
    }

    fn is_remark(&self, line: &[u8]) -> bool {
        self.before.is_remark(line)
    }

    fn renamed_by(&self, line: &[u8], needs: &Needs) -> Option<Arc<dyn ReadLine>> {
        if self.before.header.as_deref().is_some_and(|header| is_repeated(header, line)) {
            return Some(Arc::new(self.before.clone()));
        }
        self.before.renamed_by(line, needs)
    }

    fn changed_by(&self, line: &[u8], needs: &Needs) -> Option<Arc<dyn ReadLine>> {
        self.before.next_reader(line, true, needs)
    }

    fn may_change(&self) -> bool {
        true
    }
}
