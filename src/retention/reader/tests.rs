use super::*;
use crate::retention::collation::Collation;
use crate::retention::event::Event;
use crate::retention::field::Rules;
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

/// A reader of an input that begins with `header`, with its fast path or without.
fn reader(header: &str, quick: bool) -> EventReader {
    let mut reader = EventReader::new(header.as_bytes(), &EventOptions::default(), "test").unwrap();
    match &mut reader.layout {
        Layout::Table(table) => table.places = table.places.filter(|_| quick),
        Layout::Json(json) => json.is_usual = quick,
    }
    reader
}

fn visit(header: &str, text: &[u8], quick: bool) -> (Seen, PartRows<EventFault>) {
    let block = Block { bytes: text, offset: 1, cut_line: None };
    let visit = |level: Level, in_order: bool| {
        // Each has its own, for a reader of JSON learns from what it reads.
        let reader = reader(header, quick);
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
            Some(time) => Some(String::from_utf8(DateTimeParser::new(Zone::UTC).read(&time)?.text().to_vec()).unwrap()),
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

proptest! {
    #[test]
    fn quoted_lines_are_read_as_the_full_reader_does(
        header in prop::sample::select(vec!["time,uid,event_name", "uid,time,event_name,x", "event_name,x,uid,time,y,z,v,w"]),
        rows in prop::collection::vec(
            (prop::collection::vec("\"[a-z,]{0,3}\"|[a-zB]{1,9}|\"2017-03-01 10:00:0[0-9]\"|2017-03-01 10:00:00|\"\"|\"NULL\"|[\",a ]{0,4}|\"é\"|x{30}|\"x{60},\"", 2..9), "\r?"),
            1..30,
        ),
    ) {
        let lines: Vec<String> = rows.iter().map(|(fields, end)| fields.join(",") + end).collect();
        let text = lines.join("\n") + "\n" + &"\n".repeat(200);
        let ((quick, told), quick_rows) = visit(header, text.as_bytes(), true);
        let ((full, none), full_rows) = visit(header, text.as_bytes(), false);
        prop_assert!(told <= quick.len() && none == 0);
        prop_assert_eq!(&quick, &full);
        prop_assert_eq!(quick_rows, full_rows);
    }

    #[test]
    fn lines_of_json_are_read_as_the_full_reader_does(
        lines in prop::collection::vec(
            (
                prop::sample::select(vec![
                    "{\"time\":T,\"uid\":U,\"event_name\":E}", "{\"uid\": U, \"n\": 1, \"time\": T, \"event_name\": E} ",
                    "{\"a rather long key of an object\":E,\"event_name\":E,\"uid\":U,\"ok\":true,\"time\":T}", "{\"uid\":U,\"time\":T}",
                    "{\"time\":T,\"uid\":U,\"uid\":U,\"event_name\":E}", "{\"time\":T,\"uid\":U,\"event_name\":E,\"x\":U}", "{\"time\":T,\"uid\":U",
                ]),
                "\"2017-0[13]-(01|31) 10:00:0[0-9]\"|\"2017-03-01T10:00:00Z\"|1490000000|\"[a-z]{0,3}\"|null",
                "\"[a-zB]{1,9}\"|\"[a-z \\\\\"é]{0,3}\"|\"x{60,70}\"|-?[0-9.e]{1,4}|\"\"|\"\\u0041\\t\"|\"\u{1}\"",
                "\"[A-Z ]{0,70}\"|[0-9]{1,3}|\"é\"|\"a",
                "\r{0,2}| ",
            ),
            1..40,
        ),
    ) {
        let lines: Vec<String> = lines.iter().map(|(shape, time, uid, name, end)| {
            shape.replace('T', time).replace('U', uid).replace('E', name) + end
        }).collect();
        let text = lines.join("\n") + "\n" + &"\n".repeat(200);
        let ((quick, told), quick_rows) = visit("{}", text.as_bytes(), true);
        let ((full, none), full_rows) = visit("{}", text.as_bytes(), false);
        prop_assert!(told <= quick.len() && none == 0);
        prop_assert_eq!(&quick, &full);
        prop_assert_eq!(quick_rows, full_rows);
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
        ("uid,x,time,event_name", "\"a\",\"x,y\",\"2016-02-29 23:59:59\",\"b c \"".to_owned()),
        ("{}", "{\"uid\": \"a\", \"time\": \"2016-02-29 23:59:59\", \"n\": 1.5, \"event_name\": \"b c\"}\r".to_owned()),
    ] {
        let text = format!("{line}\n").repeat(20);
        let ((events, told), _) = visit(header, text.as_bytes(), true);
        assert!(events.len() == 20 && told >= 15, "{line}: {told}");
    }
}
