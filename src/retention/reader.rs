//! Reads the events in lines of TSV, CSV or JSON; the beginning of an input tells which.
use fearless_simd::{Level, Simd, dispatch};

use super::date_time::DateTimeParser;
use super::event::{EventError, EventFault, EventOptions, EventSink};
use super::field::Rules;
use super::json::Json;
use super::remarks::Remarks;
use super::table::Table;
use crate::rows::{
    Delimited, Fields, Follows, Joiner, PartRows, Piece, RowFault, excerpt, is_repeated, next_line, without_bom,
    without_cr,
};
use crate::scan::Block;
use crate::units::Zone;

/// Reads the events of an input. Has no state, so one serves all threads.
pub(super) struct EventReader {
    layout: Layout,
    zone: Zone,
    line_bytes_max: usize,
}

enum Layout {
    Table(Table),
    Json(Json),
}

/// What was read of a part of an input.
pub(super) struct Part<F> {
    pub(super) rows: PartRows<EventFault>,
    pub(super) remarks: Remarks,
    pub(super) found: F,
}

/// What a thread needs to read events: state that goes from one block to the next.
pub(super) struct Worker<W> {
    times: DateTimeParser,
    /// About the events since the last block.
    remarks: Remarks,
    sink: W,
    /// In CSV whose rows may span lines, and whose blocks therefore come in order.
    joiner: Option<Joiner>,
}

impl EventReader {
    /// For the input that begins with `head`.
    ///
    /// # Errors
    /// When a header does not name the columns that are needed.
    pub(super) fn new(head: &[u8], options: &EventOptions, input: &str) -> Result<Self, EventError> {
        let text = without_bom(head);
        let layout = if text.trim_ascii_start().starts_with(b"{") {
            Layout::Json(Json::new(&options.names, Rules::of_json(options.literal)))
        } else {
            Layout::Table(Table::new(text, options, input)?)
        };
        Ok(EventReader { layout, zone: options.zone, line_bytes_max: options.scan.line_bytes_max })
    }

    /// Whether rows may have quotes, and so span more than one line.
    pub(super) fn has_quotes(&self) -> bool {
        matches!(&self.layout, Layout::Table(table) if table.reader.has_quotes())
    }

    /// A thread's state. `in_order`: blocks come in order to a single thread, so rows of more than one line can be joined.
    pub(super) fn worker<K: EventSink>(&self, sink: &K, in_order: bool) -> Worker<K::Worker> {
        let joiner = match &self.layout {
            Layout::Table(table) if in_order && table.reader.has_quotes() => {
                Some(Joiner::in_order(table.reader.delimiter(), table.columns, self.line_bytes_max))
            }
            _ => None,
        };
        Worker { times: DateTimeParser::new(self.zone), remarks: Remarks::default(), sink: sink.worker(), joiner }
    }

    /// Gives `sink` the events of `block`.
    pub(super) fn visit<K: EventSink>(
        &self,
        block: &Block,
        sink: &K,
        worker: &mut Worker<K::Worker>,
    ) -> Part<K::Found> {
        let rows = dispatch!(Level::new(), simd => self.visit_by(simd, block, sink, worker));
        Part { rows, remarks: std::mem::take(&mut worker.remarks), found: sink.found(&mut worker.sink) }
    }

    /// Gives `sink` the events of lines that were held back at the end of the last block, because a row might have gone on.
    pub(super) fn finish<K: EventSink>(&self, sink: &K, worker: &mut Worker<K::Worker>) -> Part<K::Found> {
        let mut rows = PartRows::default();
        if let Layout::Table(table) = &self.layout {
            Visit { table, sink, worker, rows: &mut rows }.joined(&mut &b""[..], Follows::Nothing);
        }
        Part { rows, remarks: std::mem::take(&mut worker.remarks), found: sink.found(&mut worker.sink) }
    }

    /// Whether a line of `block` leaves a quote open, so that it may be the beginning of a longer row.
    pub(super) fn opens_quote(&self, block: &Block) -> bool {
        let Layout::Table(Table { reader, .. }) = &self.layout else { return false };
        let mut rest = block.bytes;
        while let Some(at) = memchr::memchr(b'"', rest) {
            let start = memchr::memrchr2(b'\n', b'\r', &rest[..at]).map_or(0, |newline| newline + 1);
            rest = &rest[start..];
            let line = next_line(&mut rest).map(without_cr).unwrap_or_default();
            if matches!(reader.read(line, |_| ()), Err(RowFault::OpenQuote { .. })) {
                return true;
            }
        }
        false
    }

    #[inline(always)]
    fn visit_by<S: Simd, K: EventSink>(
        &self,
        simd: S,
        block: &Block,
        sink: &K,
        worker: &mut Worker<K::Worker>,
    ) -> PartRows<EventFault> {
        let mut rows = PartRows::default();
        let mut rest = if block.offset == 0 { without_bom(block.bytes) } else { block.bytes };
        match &self.layout {
            Layout::Json(json) => self.json_lines(json, rest, sink, worker, &mut rows),
            Layout::Table(table) => {
                if block.offset == 0 {
                    skip_header(table.header_lines, &mut rest, &mut rows);
                }
                let mut visit = Visit { table, sink, worker, rows: &mut rows };
                visit.block(simd, rest);
                if block.cut_line.is_some() {
                    // The line is longer than any row, so no row continues in it.
                    visit.joined(&mut &b""[..], Follows::Nothing);
                }
            }
        }
        if block.cut_line.is_some() {
            rows.add_bad(rows.lines, self.too_long());
            rows.lines += 1;
        }
        rows
    }

    fn json_lines<K: EventSink>(
        &self,
        json: &Json,
        mut rest: &[u8],
        sink: &K,
        worker: &mut Worker<K::Worker>,
        rows: &mut PartRows<EventFault>,
    ) {
        while let Some(line) = next_line(&mut rest) {
            if !line.trim_ascii().is_empty() {
                let read = match without_cr(line) {
                    line if line.len() > self.line_bytes_max => Err(self.too_long()),
                    line => {
                        let Worker { times, remarks, sink: found, .. } = &mut *worker;
                        json.event(line, times, remarks, |event| sink.event(found, event))
                    }
                };
                match read {
                    Ok(()) => rows.read += 1,
                    Err(fault) => rows.add_bad(rows.lines, fault),
                }
            }
            rows.lines += 1;
        }
    }

    fn too_long(&self) -> EventFault {
        RowFault::TooLong { max_bytes: self.line_bytes_max }.into()
    }
}

/// Removes the header, which has `lines` lines, from `rest`.
fn skip_header(lines: u64, rest: &mut &[u8], rows: &mut PartRows<EventFault>) {
    while rows.lines < lines && next_line(rest).is_some() {
        rows.lines += 1;
    }
}

/// Goes through the rows of a table.
struct Visit<'a, K: EventSink> {
    table: &'a Table,
    sink: &'a K,
    worker: &'a mut Worker<K::Worker>,
    rows: &'a mut PartRows<EventFault>,
}

impl<K: EventSink> Visit<'_, K> {
    #[inline(always)]
    fn block<S: Simd>(&mut self, simd: S, mut rest: &[u8]) {
        if !self.table.reader.has_quotes() {
            self.lines::<S, false>(simd, &mut rest);
            return;
        }
        let mut is_joining = self.worker.joiner.as_ref().is_some_and(|joiner| !joiner.is_idle());
        while is_joining || !rest.is_empty() {
            if is_joining {
                self.joined(&mut rest, Follows::Lines);
            }
            is_joining = self.lines::<S, true>(simd, &mut rest);
        }
    }

    /// Reads lines, each of them a row; true if it stops before a line that may be the beginning of a longer row.
    #[inline(always)]
    fn lines<S: Simd, const QUOTES: bool>(&mut self, simd: S, rest: &mut &[u8]) -> bool {
        let table = self.table;
        let wanted = table.reader.splitter().wanted().len();
        while !rest.is_empty() {
            if let Some(places) = table.places
                && let Some(event) = places.look::<S, QUOTES>(simd, rest, &mut self.worker.times)
            {
                self.sink.quick_event(&mut self.worker.sink, &event);
                self.rows.read += 1;
                self.rows.lines += 1;
                *rest = &rest[event.len_with_end..];
                continue;
            }
            let mut spans = [(0, 0); Delimited::WANTED_MAX];
            let cut = table.reader.splitter().split_by(simd, rest, &mut spans[..wanted]);
            let line = &rest[..cut.len];
            let spans = (cut.found == wanted).then_some(&spans[..wanted]);
            if !line.is_empty() {
                let read = if line.len() > table.line_bytes_max {
                    Err(table.too_long())
                } else if QUOTES && memchr::memchr(b'"', line).is_some() {
                    self.read_quoted(line)
                } else if let Some(spans) = spans {
                    table
                        .reader
                        .check_width(line)
                        .map_err(EventFault::from)
                        .and_then(|()| self.take(&Fields::new(line, spans)))
                } else {
                    Err(table.reader.too_few(cut.columns).into())
                };
                if QUOTES
                    && self.worker.joiner.is_some()
                    && matches!(&read, Err(EventFault::Row(RowFault::OpenQuote { .. })))
                {
                    return true;
                }
                self.count(line, read);
            }
            self.rows.lines += 1;
            *rest = &rest[cut.len_with_end..];
        }
        false
    }

    /// Reads rows that may span lines, at least one and until no line is held back.
    fn joined(&mut self, rest: &mut &[u8], follows: Follows) {
        let Some(mut joiner) = self.worker.joiner.take() else { return };
        while let Some(piece) = joiner.next(rest, follows, &|line| self.table.is_row(line)) {
            let lines = match piece {
                Piece::Line(b"") => 1,
                Piece::Line(line) => {
                    let read = self.read_quoted(line);
                    self.count(line, read);
                    1
                }
                Piece::Row { text, lines } => {
                    let read = self.read_quoted(text);
                    self.count(text, read);
                    lines
                }
                Piece::Open(line) => {
                    self.count(line, Err(RowFault::OpenQuote { excerpt: excerpt(line) }.into()));
                    1
                }
                // Only a joiner for blocks in any order says so.
                Piece::OutOfOrder => 0,
            };
            self.rows.lines += lines;
            if joiner.is_idle() && follows == Follows::Lines {
                break;
            }
        }
        self.worker.joiner = Some(joiner);
    }

    fn read_quoted(&mut self, row: &[u8]) -> Result<(), EventFault> {
        if row.len() > self.table.line_bytes_max {
            return Err(self.table.too_long());
        }
        self.table.reader.read(row, |fields| self.take(&fields))?
    }

    #[inline]
    fn take(&mut self, fields: &Fields) -> Result<(), EventFault> {
        let Worker { times, remarks, sink, .. } = &mut *self.worker;
        self.table.event(fields, times, remarks, |event| self.sink.event(sink, event))
    }

    /// Counts a row whose lines begin at the line that was reached.
    fn count(&mut self, row: &[u8], read: Result<(), EventFault>) {
        match read {
            Ok(()) => self.rows.read += 1,
            // Files that were put together with cat repeat their header.
            Err(EventFault::Time(_)) if is_repeated(&self.table.header, row) => {}
            Err(fault) => self.rows.add_bad(self.rows.lines, fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::Event;
    use super::*;
    use crate::retention::collation::Collation;
    use crate::retention::quick::{QuickEvent, Short};
    use crate::retention::remarks::Literal;
    use crate::rows::split::levels;
    use crate::rows::{Names, lines};
    use proptest::prelude::*;

    /// Keeps every event, field by field, and how many came from the fast path.
    struct Witness;

    type Seen = (Vec<(Option<i32>, [Option<String>; 3])>, usize);

    impl EventSink for Witness {
        type Worker = Seen;
        type Found = ();

        fn worker(&self) -> Seen {
            Seen::default()
        }

        fn event(&self, seen: &mut Seen, event: &Event) {
            let time = event.time.map(|time| String::from_utf8(time.text().to_vec()).unwrap());
            let [uid, name] = [event.uid, event.event_name].map(|field| field.map(str::to_owned));
            seen.0.push((event.day, [time, uid, name]));
        }

        fn quick_event(&self, seen: &mut Seen, event: &QuickEvent) {
            let text = |bytes: &[u8]| Some(std::str::from_utf8(bytes).unwrap().to_owned());
            seen.0.push((Some(event.day), [text(event.time), text(event.uid), text(event.event_name)]));
            seen.1 += 1;
            let mut folded = Vec::new();
            Collation::GeneralCi.fold_ascii(event.uid, &mut folded);
            assert!(event.short_uid.is_none_or(|short| &short.bytes[..short.len] == event.uid));
            let upper = event.short_uid.and_then(Short::upper);
            assert!(upper.is_none_or(|short| short.bytes[..short.len] == folded));
        }

        fn found(&self, _: &mut Seen) {}
    }

    fn visit(header: &str, text: &[u8], quick: bool) -> (Seen, PartRows<EventFault>) {
        let mut reader = EventReader::new(header.as_bytes(), &EventOptions::default(), "test").unwrap();
        let Layout::Table(table) = &mut reader.layout else { panic!("the header is one of a table") };
        table.places = table.places.filter(|_| quick);
        let block = Block { bytes: text, offset: 1, cut_line: None };
        let visit = |level: Level, in_order: bool| {
            let mut worker = reader.worker(&Witness, in_order);
            let mut rows = dispatch!(level, simd => reader.visit_by(simd, &block, &Witness, &mut worker));
            rows.append(reader.finish(&Witness, &mut worker).rows);
            (worker.sink, rows)
        };
        let seen = visit(Level::new(), true);
        for level in levels() {
            assert_eq!(visit(level, true), seen, "{level:?}");
        }
        if !text.contains(&b'"') {
            assert_eq!(visit(Level::new(), false), seen, "without quotes, no row spans lines");
        }
        seen
    }

    /// What the plain reader of delimited rows finds in the lines of `text`, if no row spans lines.
    fn plainly(header: &str, delimiter: u8, text: &str) -> Vec<[Option<String>; 3]> {
        let names = Names::of_header(header.as_bytes(), delimiter);
        let at = ["time", "uid", "event_name"].map(|name| names.only(name).unwrap());
        let may_lack = if delimiter == b'\t' { names.count() } else { names.nameless_at_end() };
        let reader =
            Delimited::new(delimiter, delimiter == b',', at.to_vec()).unwrap().with_header(names.count(), may_lack);
        let event = |line: &[u8]| {
            let fields = reader.read(line, |fields| at.map(|at| fields.get(reader.slot(at)).to_vec())).ok()?;
            let rules = if delimiter == b'\t' { Rules::of_tsv } else { Rules::of_csv }(Literal::default());
            let mut remarks = Remarks::default();
            let mut text = |field: &[u8]| Some(rules.text(field, &mut remarks).ok()?.map(|text| text.into_owned()));
            let (time, uid, name) = (text(&fields[0])?, text(&fields[1])?, text(&fields[2])?);
            let time = match time {
                Some(time) => {
                    Some(String::from_utf8(DateTimeParser::new(Zone::UTC).read(&time)?.text().to_vec()).unwrap())
                }
                None => None,
            };
            let uid = rules.user(uid.as_deref(), &mut remarks).map(str::to_owned);
            Some([time, uid, name])
        };
        lines(text.as_bytes()).filter(|line| !line.is_empty()).filter_map(event).collect()
    }

    proptest! {
        #[test]
        fn the_fast_path_reads_what_the_plain_reader_does(
            header in prop::sample::select(vec![
                "time\tuid\tevent_name", "uid\ttime\tx\tevent_name", "a\tb\tevent_name\ttime\tuid", "uid\tevent_name\tx\ty\tz\tw\tv\ttime",
            ]),
            lines in prop::collection::vec(
                "((2017-0[13]-(01|28|31)|2016-02-29|0000-0[01]-0[01]|[0-9:-]{10}) [0-3][0-9]:[0-6][0-9]:[0-6][0-9]|[a-z]{1,3}|[A-Za-z0-9 ]{0,20}|é|[\\[`{@/\\\\N \t]{0,3}|x{50,70}){1}(\t((2017-03-01|2017-02-29) 1[0-9]:00:00|[a-zB ]{1,9}|\\\\N|é?|\"[a-z\t]{0,3}\"?)){0,5}\r{0,2}",
                1..30,
            ),
        ) {
            let text = lines.join("\n") + "\n" + &"\n".repeat(200);
            for (header, text, delimiter) in [
                (header.to_owned(), text.clone(), b'\t'),
                (header.replace('\t', ","), text.replace('\t', ","), b','),
            ] {
                let ((quick, told), quick_rows) = visit(&header, text.as_bytes(), true);
                let ((full, none), full_rows) = visit(&header, text.as_bytes(), false);
                prop_assert!(told <= quick.len() && none == 0);
                prop_assert_eq!(&quick, &full);
                prop_assert_eq!(quick_rows, full_rows);
                if !text.contains('"') {
                    let seen: Vec<_> = full.into_iter().map(|(_, fields)| fields).collect();
                    prop_assert_eq!(seen, plainly(&header, delimiter, &text));
                }
            }
        }
    }

    #[test]
    fn usual_lines_take_the_quick_way() {
        let line = "2017-04-01 10:00:00\tF01A112A\tCOMMENT";
        for (header, line) in [
            ("time\tuid\tevent_name", line.to_owned()),
            ("time\tuid\tevent_name\tnote", format!("{line}\t\r")),
            ("time\tuid\tevent_name", line.replace("F01A112A", "67e55044-10b1-426f-9247-bb680e5fe0c8")),
            ("uid\tx\ttime\tevent_name", "a\t\t2016-02-29 23:59:59\tb c ".to_owned()),
            ("uid,x,time,event_name", "a,,2016-02-29 23:59:59,b c ".to_owned()),
        ] {
            let text = format!("{line}\n").repeat(20);
            let ((events, told), _) = visit(header, text.as_bytes(), true);
            assert!(events.len() == 20 && told >= 15, "{line}: {told}");
        }
    }
}
