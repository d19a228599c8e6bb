//! Events in JSON lines.
use super::date_time::DateTimeParser;
use super::event::{Event, EventFault};
use super::field::{self, Rules};
use super::names::EventNames;
use super::remarks::Remarks;
use crate::rows::{JsonFields, JsonValue};

/// Reads the values that are needed from one object a line.
pub(super) struct Json {
    fields: JsonFields,
    names: EventNames,
    rules: Rules,
}

/// Where the install time is among the fields, if it is wanted, and the kept columns after it.
const INSTALL: usize = 3;

impl Json {
    /// For objects with these keys.
    pub(super) fn new(names: &EventNames, rules: Rules) -> Self {
        let wanted =
            [&names.time, &names.uid, &names.event_name].into_iter().chain(&names.install_time).chain(&names.kept);
        Json { fields: JsonFields::new(wanted.map(|name| [name])), names: names.clone(), rules }
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
