//! Events in JSON lines.
use fearless_simd::Simd;

use super::date_time::DateTimeParser;
use super::event::{Event, EventFault, EventOptions};
use super::field::{self, Rules};
use super::names::EventNames;
use super::quick::{QuickEvent, Short};
use super::remarks::Remarks;
use crate::rows::{JsonFields, JsonValue};
use crate::units::Zone;

/// Reads the values that are needed from one object a line.
pub(super) struct Json {
    fields: JsonFields,
    names: EventNames,
    rules: Rules,
    /// Whether nothing but the three usual columns is wanted, in UTC.
    pub(super) is_usual: bool,
}

/// An event that was read without a parser.
pub(super) enum Looked<'a> {
    /// The length of its line without the line end, and the event, whose time is like `2017-04-01 10:00:00`.
    Quick(usize, QuickEvent<'a>),
    /// One whose time is in another form.
    Slow { len: usize, len_with_end: usize, event: Event<'a> },
}

/// Where the install time is among the fields, if it is wanted, and the kept columns after it.
const INSTALL: usize = 3;

impl Json {
    /// For objects with the keys of `options`.
    pub(super) fn new(options: &EventOptions) -> Self {
        let EventOptions { names, literal, zone, .. } = options;
        let wanted =
            [&names.time, &names.uid, &names.event_name].into_iter().chain(&names.install_time).chain(&names.kept);
        let is_usual = names.install_time.is_none() && names.kept.is_empty() && *zone == Zone::UTC;
        let fields = JsonFields::new(wanted.map(|name| [name]));
        Json { fields, names: names.clone(), rules: Rules::of_json(*literal), is_usual }
    }

    /// Reads the first line of `text`, where it is quickly known to be sound; None if it must be read in full. A property test and a
    /// fuzz target hold the two equal.
    #[inline(always)]
    pub(super) fn look<'a, S: Simd>(&self, simd: S, text: &'a [u8], times: &mut DateTimeParser) -> Option<Looked<'a>> {
        if !self.is_usual {
            return None;
        }
        let mut spans = [None; 3];
        let (len, len_with_end) = self.fields.look(simd, text, &mut spans)?;
        let (time_at, uid_at, name_at) = (spans[0]?, spans[1]?, spans[2]?);
        let (time, uid) = (&text[time_at.0..time_at.1], &text[uid_at.0..uid_at.1]);
        let event_name = &text[name_at.0..name_at.1];
        // A blank user is nobody.
        if matches!(uid.first(), None | Some(b' ')) {
            return None;
        }
        if let Ok(time) = <&[u8; 19]>::try_from(time)
            && let Some(day) = times.quick_day(time)
        {
            let short_uid = match text[uid_at.0..].first_chunk() {
                Some(bytes) => Short::new(*bytes, uid.len()),
                None => None,
            };
            return Some(Looked::Quick(len, QuickEvent { len_with_end, day, time, uid, short_uid, event_name }));
        }
        let [time, uid, event_name] = [time, uid, event_name].map(|field| std::str::from_utf8(field).ok());
        let (time, day) = field::time(time, times).ok()?;
        let event = Event { time, day, uid, event_name, install: None, install_day: None, kept: &[] };
        Some(Looked::Slow { len, len_with_end, event })
    }

    /// Gives the event that the object in `line` is to `take`.
    pub(super) fn event(
        &self,
        line: &[u8],
        times: &mut DateTimeParser,
        remarks: &mut Remarks,
        take: impl FnOnce(&Event),
    ) -> Result<(), EventFault> {
        let row = self.fields.read(line)?;
        let field = |at: usize, name: &str| match row.get(at) {
            JsonValue::Absent => Err(EventFault::NoKey(name.to_owned())),
            JsonValue::Bool(_) | JsonValue::Nested(_) => Err(EventFault::NotText(name.to_owned())),
            value => Ok(value.text()),
        };
        let (uid, event_name) = (field(1, &self.names.uid)?, field(2, &self.names.event_name)?);
        let (time, day) = field::time(field(0, &self.names.time)?, times)?;
        let (install, install_day) = match &self.names.install_time {
            Some(_) => field::time(row.get(INSTALL).text(), times)?,
            None => (None, None),
        };
        let kept_at = INSTALL + usize::from(self.names.install_time.is_some());
        let kept: Vec<Option<&str>> = (kept_at..kept_at + self.names.kept.len()).map(|at| row.get(at).text()).collect();
        let uid = self.rules.user(uid, remarks);
        take(&Event { time, day, uid, event_name, install, install_day, kept: &kept });
        Ok(())
    }
}
