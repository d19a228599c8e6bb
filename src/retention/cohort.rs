//! Cohorts and their active days from files of events, at the speed of reading them.
//!
//! One pass keeps, of each event that a question can see, the day and what the user folds to. Only then is it known who is of
//! a cohort; what was kept of others is let go. A row that no WHERE accepts cannot change an answer, nor can a second row of
//! the same user and day change a COUNT(DISTINCT).
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use chrono::NaiveDate;

use super::collation::Collation;
use super::date_time::{DayNumber, day_number};
use super::events::{Event, EventError, EventOptions, EventsRead, Taker, read_events};
use super::kept::{Kept, record, record_short, records};
use super::numbered::{Key, Numbered};
use super::question::DaySpan;
use super::quick::{QuickEvent, Short};
use crate::progress::Progress;
use crate::scan::Input;

/// Days, and whether each is looked at by itself or all as one.
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
        // Apart they are at most DAYS_MOST.
        within.then(|| if self.apart { (day - self.first) as u8 } else { 0 })
    }

    fn words(self) -> usize {
        if self.apart { ((self.last - self.first) as usize + 1).div_ceil(64) } else { 1 }
    }
}

/// What is looked for.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// The event that makes a user one of a cohort.
    pub event: &'a str,
    /// What makes two events or users the same.
    pub collation: Collation,
    installs: Slots,
    window: Slots,
}

impl<'a> Wanted<'a> {
    /// Cohorts of each of the `installs` days, and on which days of `window` they were active.
    pub fn days(event: &'a str, collation: Collation, installs: DaySpan, window: DaySpan) -> Self {
        let slots = |span: DaySpan| Slots { first: day_number(span.first), last: day_number(span.last), apart: true };
        Wanted { event, collation, installs: slots(installs), window: slots(window) }
    }

    /// The cohort of one day, and whether it was active from `from` to `to`.
    pub fn once(event: &'a str, collation: Collation, install_day: NaiveDate, from: NaiveDate, to: NaiveDate) -> Self {
        let slots = |first, last| Slots { first: day_number(first), last: day_number(last), apart: false };
        Wanted { event, collation, installs: slots(install_day, install_day), window: slots(from, to) }
    }
}

/// Users of cohorts, when they installed, and when they were active.
#[derive(Debug, Default)]
pub struct Cohorts {
    /// How many there are. They are known by their numbers, from 0: spellings that are one user to the collation have one.
    users: usize,
    installed: Bits,
    active: Bits,
    /// The day of the latest event, of whatever user and name.
    pub(super) last_day: Option<NaiveDate>,
}

/// Bits of each user, a slot a bit.
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
    pub fn read(
        inputs: &[Input],
        wanted: &Wanted,
        options: &EventOptions,
        progress: &dyn Progress,
    ) -> Result<(Self, EventsRead), EventError> {
        let mut members = Members::new(wanted);
        let mut kept = Kept::default();
        let scout = Scout { wanted, folded_event: folded(wanted.collation, wanted.event) };
        let mut last_day = None;
        let read = read_events(inputs, options, progress, &scout, |found: Found| {
            last_day = last_day.max(found.last_day);
            records(&found.installs).for_each(|(slot, user)| members.add(slot, user));
            kept.push(found.window).map_err(EventError::Spill)
        })?;
        let active = members.find(&kept, options.scan.threads).map_err(EventError::Spill)?;
        let last_day = last_day.and_then(NaiveDate::from_num_days_from_ce_opt);
        Ok((Cohorts { users: members.users.len(), installed: members.installed, active, last_day }, read))
    }

    /// The users who were active on the window's first slot: all that [`Wanted::once`] leaves to tell.
    pub(super) fn who_came_back(&self) -> impl Iterator<Item = u32> {
        (0..self.users).filter(|user| self.active.is_set(*user, 0)).map(|user| user as u32)
    }

    /// The cohort of the `cohort`th install day: how many it has, and how many of them were active on each window's slot of
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

/// Keeps of events what the question can see.
struct Scout<'a> {
    wanted: &'a Wanted<'a>,
    folded_event: Vec<u8>,
}

#[derive(Default)]
struct Found {
    installs: Vec<u8>,
    window: Box<[u8]>,
    last_day: DayNumber,
}

#[derive(Default)]
struct ScoutWorker {
    installs: Vec<u8>,
    window: Vec<u8>,
    last_day: DayNumber,
    folded: Vec<u8>,
}

impl Taker for Scout<'_> {
    type Worker = ScoutWorker;
    type Found = Found;

    fn worker(&self) -> ScoutWorker {
        ScoutWorker::default()
    }

    #[inline]
    fn take(&self, worker: &mut ScoutWorker, event: &Event) {
        worker.last_day = worker.last_day.max(event.day);
        let (Some(day), Some(uid)) = (event.day, event.uid) else { return };
        if let (Some(slot), Some(name)) = (self.wanted.installs.of(day), event.event_name)
            && self.is_install(name, &mut worker.folded)
        {
            record(&mut worker.installs, slot, |bytes| self.wanted.collation.fold(uid, bytes));
        }
        if let Some(slot) = self.wanted.window.of(day) {
            record(&mut worker.window, slot, |bytes| self.wanted.collation.fold(uid, bytes));
        }
    }

    #[inline(always)]
    fn take_quick(&self, worker: &mut ScoutWorker, event: &QuickEvent) {
        worker.last_day = worker.last_day.max(Some(event.day));
        if let Some(slot) = self.wanted.installs.of(event.day)
            && self.is_quick_install(event.event_name, &mut worker.folded)
        {
            self.record_quick(&mut worker.installs, slot, event);
        }
        if let Some(slot) = self.wanted.window.of(event.day) {
            self.record_quick(&mut worker.window, slot, event);
        }
    }

    fn found(&self, worker: &mut ScoutWorker) -> Found {
        let window = worker.window.as_slice().into();
        worker.window.clear();
        Found { installs: std::mem::take(&mut worker.installs), window, last_day: worker.last_day.take() }
    }
}

impl Scout<'_> {
    /// Whether a `name` in ASCII is that of an install.
    #[inline(always)]
    fn is_quick_install(&self, name: &[u8], folded: &mut Vec<u8>) -> bool {
        let is_it_without_spaces = |folded: &mut Vec<u8>| {
            folded.clear();
            self.wanted.collation.fold_ascii(name, folded);
            *folded == self.folded_event
        };
        match self.wanted.collation {
            Collation::GeneralCi if name.last() == Some(&b' ') => is_it_without_spaces(folded),
            Collation::GeneralCi => name.eq_ignore_ascii_case(&self.folded_event),
            Collation::Binary => name == self.folded_event,
        }
    }

    #[inline(always)]
    fn record_quick(&self, records: &mut Vec<u8>, slot: u8, event: &QuickEvent) {
        let folded = match self.wanted.collation {
            Collation::GeneralCi => event.short_uid.and_then(Short::upper),
            Collation::Binary => event.short_uid,
        };
        match folded {
            Some(uid) => record_short(records, slot, uid),
            None => record(records, slot, |bytes| self.wanted.collation.fold_ascii(event.uid, bytes)),
        }
    }

    #[inline]
    fn is_install(&self, name: &str, folded: &mut Vec<u8>) -> bool {
        if name == self.wanted.event {
            return true;
        }
        folded.clear();
        self.wanted.collation.fold(name, folded);
        *folded == self.folded_event
    }
}

/// The users of all cohorts.
struct Members<'a> {
    wanted: &'a Wanted<'a>,
    /// What users fold to.
    users: Numbered,
    installed: Bits,
}

impl<'a> Members<'a> {
    fn new(wanted: &'a Wanted<'a>) -> Self {
        let installed = Bits { words: wanted.installs.words(), bits: Vec::new() };
        Members { wanted, users: Numbered::default(), installed }
    }

    fn add(&mut self, slot: u8, key: Key) {
        let user = self.users.number(key) as usize;
        self.installed.grow(self.users.len());
        self.installed.set(user, usize::from(slot));
    }

    /// When each of them was active, of all that was kept.
    fn find(&self, kept: &Kept, threads: usize) -> std::io::Result<Bits> {
        let mut none = Bits { words: self.wanted.window.words(), bits: Vec::new() };
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
            all.lock().unwrap_or_else(std::sync::PoisonError::into_inner).add(&active);
            Ok(())
        };
        thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mine = work();
            let joined = others.into_iter().map(|other| match other.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            joined.fold(mine, |so_far, done| so_far.and(done))
        })?;
        Ok(all.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}
