//! Events in memory, with all their texts, on their way into a database.
use std::ops::Range;

use super::event::{Event, EventSink};
use super::moment::{DayNumber, Moment};
use super::quick::QuickEvent;

/// Copies events out of the blocks that they were read from.
pub(super) struct BatchSink {
    /// How many further columns are kept.
    pub(super) kept: usize,
}

/// Events, with all their texts, in UTF-8, one after the other.
pub(super) struct Batch {
    text: Vec<u8>,
    days: Vec<DayNumber>,
    /// For each event its time, user and name, and further columns: where they are in the text; None for NULL.
    fields: Vec<Option<Range<usize>>>,
    columns: usize,
}

/// An event of a batch.
#[derive(Clone, Copy)]
pub(super) struct Stored<'a> {
    pub(super) day: DayNumber,
    text: &'a [u8],
    fields: &'a [Option<Range<usize>>],
}

impl<'a> Stored<'a> {
    /// Its time (0), user (1) or name (2), or a further column; None for NULL.
    #[inline]
    pub(super) fn field(&self, at: usize) -> Option<&'a [u8]> {
        self.fields[at].clone().map(|range| &self.text[range])
    }
}

impl Batch {
    fn new(columns: usize) -> Self {
        Batch { text: Vec::new(), days: Vec::new(), fields: Vec::new(), columns }
    }

    #[inline]
    fn push<'a>(&mut self, day: DayNumber, fields: impl Iterator<Item = Option<&'a [u8]>>) {
        self.days.push(day);
        for field in fields {
            let start = self.text.len();
            self.text.extend_from_slice(field.unwrap_or_default());
            self.fields.push(field.map(|_| start..self.text.len()));
        }
    }

    /// How many events there are.
    pub(super) fn len(&self) -> usize {
        self.days.len()
    }

    #[inline]
    fn at(&self, index: usize) -> Stored<'_> {
        let fields = &self.fields[index * self.columns..(index + 1) * self.columns];
        Stored { day: self.days[index], text: &self.text, fields }
    }

    /// The events in the order in which they were added.
    #[inline]
    pub(super) fn iter(&self) -> impl Iterator<Item = Stored<'_>> {
        (0..self.len()).map(|index| self.at(index))
    }

    fn clear(&mut self) {
        self.text.clear();
        self.days.clear();
        self.fields.clear();
    }

    /// Its events with those of a name together. Within each they stay as they came, mostly in the order of their times: nearly
    /// the order of an index, which `SQLite` then sorts in half the time.
    fn by_name(&self) -> Batch {
        let mut order: Vec<(u128, usize)> = self.iter().map(|event| beginning(event.field(2))).zip(0..).collect();
        order.sort_by_key(|(name, _)| *name);
        // Whoever reads them one after the other must not jump to and fro.
        let mut sorted = Batch {
            text: Vec::with_capacity(self.text.len()),
            days: Vec::with_capacity(self.len()),
            fields: Vec::with_capacity(self.fields.len()),
            columns: self.columns,
        };
        for (_, index) in order {
            let event = self.at(index);
            sorted.push(event.day, (0..self.columns).map(|at| event.field(at)));
        }
        sorted
    }
}

/// The first sixteen bytes of a name, padded with zeros, so that they sort like the names.
fn beginning(name: Option<&[u8]>) -> u128 {
    let name = name.unwrap_or_default();
    let mut bytes = [0; 16];
    let known = name.len().min(bytes.len());
    bytes[..known].copy_from_slice(&name[..known]);
    u128::from_be_bytes(bytes)
}

impl EventSink for BatchSink {
    type Worker = Batch;
    type Found = Batch;

    fn worker(&self) -> Batch {
        Batch::new(3 + self.kept)
    }

    fn event(&self, worker: &mut Batch, event: &Event) {
        let time = event.time.map(Moment::text);
        let [uid, name] = [event.uid, event.event_name].map(|field| field.map(str::as_bytes));
        let kept = event.kept.iter().map(|field| field.map(str::as_bytes));
        worker.push(event.day, [time.as_ref().map(|text| &text[..]), uid, name].into_iter().chain(kept));
    }

    fn quick_event(&self, worker: &mut Batch, event: &QuickEvent) {
        worker.push(Some(event.day), [Some(&event.time[..]), Some(event.uid), Some(event.event_name)].into_iter());
    }

    fn found(&self, worker: &mut Batch) -> Batch {
        let sorted = worker.by_name();
        worker.clear();
        sorted
    }
}
