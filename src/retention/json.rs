//! Events in JSON lines.
use super::date_time::DateTimeParser;
use super::event::{Event, EventFault, read_time};
use super::names::EventNames;
use crate::rows::{JsonFields, JsonValue};

/// Reads objects.
pub(super) struct Json {
    fields: JsonFields,
    names: EventNames,
}

impl Json {
    /// For objects with these keys.
    pub(super) fn new(names: &EventNames) -> Self {
        Json { fields: JsonFields::new([[&names.time], [&names.uid], [&names.event_name]]), names: names.clone() }
    }

    /// Gives the event that the object in `line` is to `take`.
    pub(super) fn event(
        &self,
        line: &[u8],
        times: &mut DateTimeParser,
        take: impl FnOnce(&Event),
    ) -> Result<(), EventFault> {
        let row = self.fields.read(line)?;
        let field = |at: usize, name: &str| match row.get(at) {
            JsonValue::Absent => Err(EventFault::NoKey(name.to_owned())),
            JsonValue::Bool(_) | JsonValue::Nested(_) => Err(EventFault::NotText(name.to_owned())),
            value => Ok(value.text()),
        };
        let (uid, event_name) = (field(1, &self.names.uid)?, field(2, &self.names.event_name)?);
        let mut scratch = String::new();
        let (time, day) = read_time(field(0, &self.names.time)?, times, &mut scratch)?;
        take(&Event { time, day, uid, event_name });
        Ok(())
    }
}
