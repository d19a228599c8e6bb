//! Cohorts and their active days from files of events, in one pass.
//!
//! The pass records, of each event that a question can see, the day and the folded user. Who belongs to a cohort is known only
//! at its end; records of other users are then ignored. This gives q1.sql's answer: a row that no WHERE accepts cannot change
//! it, and neither can a second row of the same user and day, because it counts DISTINCT users.
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use chrono::NaiveDate;
use parking_lot::Mutex;

use super::collation::Collation;
use super::date_time::{DayNumber, day_number};
use super::event::{Event, EventError, EventOptions, EventSink, EventsRead};
use super::events::read_events;
use super::kept::{Kept, record, record_short, records};
use super::numbered::{Key, Numbered};
use super::question::DaySpan;
use super::quick::{QuickEvent, Short};
use crate::progress::Progress;
use crate::scan::Input;
use crate::threads;

/// A span of days, as one slot or with a slot for each day.
#[derive(Debug, Clone, Copy)]
struct Slots {
    first: i32,
    last: i32,
    apart: bool,
}

impl Slots {
    #[inline]
    fn of(self, day: i32) -> Option<u8> {
        let within = self.first <= day && day <= self.last;
        // With a slot each, they are at most DAYS_MOST.
        within.then(|| if self.apart { (day - self.first) as u8 } else { 0 })
    }

    fn words(self) -> usize {
        if self.apart { ((self.last - self.first) as usize + 1).div_ceil(64) } else { 1 }
    }
}

/// Which users and days are asked for.
#[derive(Debug, Clone)]
pub(super) struct CohortQuery<'a> {
    /// The event that makes a user a member of a cohort.
    event: &'a str,
    /// What makes two events or users the same.
    collation: Collation,
    installs: Slots,
    window: Slots,
}

impl<'a> CohortQuery<'a> {
    /// Cohorts of each of the `installs` days, and on which days of `window` they were active.
    pub(super) fn days(event: &'a str, collation: Collation, installs: DaySpan, window: DaySpan) -> Self {
        let slots = |span: DaySpan| Slots { first: day_number(span.first), last: day_number(span.last), apart: true };
        CohortQuery { event, collation, installs: slots(installs), window: slots(window) }
    }

    /// The cohort of one day, and whether it was active from `from` to `to`.
    pub(super) fn once(
        event: &'a str,
        collation: Collation,
        install_day: NaiveDate,
        from: NaiveDate,
        to: NaiveDate,
    ) -> Self {
        let slots = |first, last| Slots { first: day_number(first), last: day_number(last), apart: false };
        CohortQuery { event, collation, installs: slots(install_day, install_day), window: slots(from, to) }
    }
}

/// The users of cohorts: when each installed, and when each was active.
#[derive(Debug, Default)]
pub(super) struct Cohorts {
    /// How many there are. A user is a number from 0; spellings that the collation takes for one user share a number.
    users: usize,
    installed: Bits,
    active: Bits,
    /// The day of the latest event, of any user and name.
    pub(super) last_day: Option<NaiveDate>,
}

/// A bit for each user and slot.
#[derive(Debug, Default, Clone)]
struct Bits {
    words: usize,
    bits: Vec<u64>,
}

impl Bits {
    fn set(&mut self, user: usize, slot: usize) {
        self.bits[user * self.words + slot / 64] |= 1 << (slot % 64);
    }

    fn is_set(&self, user: usize, slot: usize) -> bool {
        self.bits[user * self.words + slot / 64] >> (slot % 64) & 1 == 1
    }

    fn grow(&mut self, users: usize) {
        self.bits.resize(users * self.words, 0);
    }

    fn add(&mut self, other: &Bits) {
        self.bits.iter_mut().zip(&other.bits).for_each(|(mine, theirs)| *mine |= theirs);
    }
}

impl Cohorts {
    /// Reads `inputs`.
    ///
    /// # Errors
    /// When an input cannot be read or holds no events.
    pub(super) fn read(
        inputs: &[Input],
        query: &CohortQuery,
        options: &EventOptions,
        progress: &dyn Progress,
    ) -> Result<(Self, EventsRead), EventError> {
        let mut members = Members::new(query);
        let mut kept = Kept::default();
        let sink = CohortSink { query, folded_event: folded(query.collation, query.event) };
        let mut last_day = None;
        let read = read_events(inputs, options, progress, &sink, |found: Found| {
            last_day = last_day.max(found.last_day);
            records(&found.installs).for_each(|(slot, user)| members.add(slot, user));
            kept.push(found.window).map_err(EventError::Spill)
        })?;
        let active = members.find(&kept, options.scan.threads).map_err(EventError::Spill)?;
        let last_day = last_day.and_then(NaiveDate::from_num_days_from_ce_opt);
        Ok((Cohorts { users: members.users.len(), installed: members.installed, active, last_day }, read))
    }

    /// The users who were active in the window's first slot, the only one of a [`CohortQuery::once`].
    pub(super) fn who_came_back(&self) -> impl Iterator<Item = u32> {
        (0..self.users).filter(|user| self.active.is_set(*user, 0)).map(|user| user as u32)
    }

    /// How many users the cohort of the `cohort`th install day has, and how many of them were active in each of the window's
    /// `slots`.
    pub(super) fn curve(&self, cohort: usize, slots: std::ops::Range<usize>) -> (u64, Vec<u64>) {
        let (mut size, mut active) = (0, vec![0; slots.len()]);
        for user in (0..self.users).filter(|user| self.installed.is_set(*user, cohort)) {
            size += 1;
            for (count, slot) in active.iter_mut().zip(slots.clone()) {
                *count += u64::from(self.active.is_set(user, slot));
            }
        }
        (size, active)
    }
}

fn folded(collation: Collation, text: &str) -> Vec<u8> {
    let mut folded = Vec::new();
    collation.fold(text, &mut folded);
    folded
}

/// Records of each event what the question can see.
struct CohortSink<'a> {
    query: &'a CohortQuery<'a>,
    folded_event: Vec<u8>,
}

#[derive(Default)]
struct Found {
    installs: Vec<u8>,
    window: Box<[u8]>,
    last_day: DayNumber,
}

#[derive(Default)]
struct CohortWorker {
    installs: Vec<u8>,
    window: Vec<u8>,
    last_day: DayNumber,
    folded: Vec<u8>,
}

impl EventSink for CohortSink<'_> {
    type Worker = CohortWorker;
    type Found = Found;

    fn worker(&self) -> CohortWorker {
        CohortWorker::default()
    }

    #[inline]
    fn event(&self, worker: &mut CohortWorker, event: &Event) {
        worker.last_day = worker.last_day.max(event.day);
        let (Some(day), Some(uid)) = (event.day, event.uid) else { return };
        if let (Some(slot), Some(name)) = (self.query.installs.of(day), event.event_name)
            && self.is_install(name, &mut worker.folded)
        {
            record(&mut worker.installs, slot, |bytes| self.query.collation.fold(uid, bytes));
        }
        if let Some(slot) = self.query.window.of(day) {
            record(&mut worker.window, slot, |bytes| self.query.collation.fold(uid, bytes));
        }
    }

    #[inline(always)]
    fn quick_event(&self, worker: &mut CohortWorker, event: &QuickEvent) {
        worker.last_day = worker.last_day.max(Some(event.day));
        if let Some(slot) = self.query.installs.of(event.day)
            && self.is_quick_install(event.event_name, &mut worker.folded)
        {
            self.record_quick(&mut worker.installs, slot, event);
        }
        if let Some(slot) = self.query.window.of(event.day) {
            self.record_quick(&mut worker.window, slot, event);
        }
    }

    fn found(&self, worker: &mut CohortWorker) -> Found {
        let window = worker.window.as_slice().into();
        worker.window.clear();
        Found { installs: std::mem::take(&mut worker.installs), window, last_day: worker.last_day.take() }
    }
}

impl CohortSink<'_> {
    /// Whether a `name` in ASCII is that of an install.
    #[inline(always)]
    fn is_quick_install(&self, name: &[u8], folded: &mut Vec<u8>) -> bool {
        let is_it_without_spaces = |folded: &mut Vec<u8>| {
            folded.clear();
            self.query.collation.fold_ascii(name, folded);
            *folded == self.folded_event
        };
        match self.query.collation {
            Collation::GeneralCi if name.last() == Some(&b' ') => is_it_without_spaces(folded),
            Collation::GeneralCi => name.eq_ignore_ascii_case(&self.folded_event),
            Collation::Binary => name == self.folded_event,
        }
    }

    #[inline(always)]
    fn record_quick(&self, records: &mut Vec<u8>, slot: u8, event: &QuickEvent) {
        let folded = match self.query.collation {
            Collation::GeneralCi => event.short_uid.and_then(Short::upper),
            Collation::Binary => event.short_uid,
        };
        match folded {
            Some(uid) => record_short(records, slot, uid),
            None => record(records, slot, |bytes| self.query.collation.fold_ascii(event.uid, bytes)),
        }
    }

    #[inline]
    fn is_install(&self, name: &str, folded: &mut Vec<u8>) -> bool {
        if name == self.query.event {
            return true;
        }
        folded.clear();
        self.query.collation.fold(name, folded);
        *folded == self.folded_event
    }
}

/// The users of all cohorts, and when they installed.
struct Members<'a> {
    query: &'a CohortQuery<'a>,
    /// Folded users.
    users: Numbered,
    installed: Bits,
}

impl<'a> Members<'a> {
    fn new(query: &'a CohortQuery<'a>) -> Self {
        let installed = Bits { words: query.installs.words(), bits: Vec::new() };
        Members { query, users: Numbered::default(), installed }
    }

    fn add(&mut self, slot: u8, key: Key) {
        let user = self.users.number(key) as usize;
        self.installed.grow(self.users.len());
        self.installed.set(user, usize::from(slot));
    }

    /// When each of them was active, from all records that were `kept`.
    fn find(&self, kept: &Kept, threads: usize) -> std::io::Result<Bits> {
        let mut none = Bits { words: self.query.window.words(), bits: Vec::new() };
        none.grow(self.users.len());
        if self.users.len() == 0 {
            return Ok(none);
        }
        let claimed = AtomicUsize::new(0);
        let all = Mutex::new(none.clone());
        let work = || -> std::io::Result<()> {
            let (mut active, mut buffer) = (none.clone(), Vec::new());
            while let Some(bytes) = kept.part(claimed.fetch_add(1, Relaxed), &mut buffer)? {
                for (slot, key) in records(bytes) {
                    if let Some(user) = self.users.find(key) {
                        active.set(user as usize, usize::from(slot));
                    }
                }
            }
            all.lock().add(&active);
            Ok(())
        };
        threads::on_each(threads, work).into_iter().collect::<std::io::Result<()>>()?;
        Ok(all.into_inner())
    }
}
