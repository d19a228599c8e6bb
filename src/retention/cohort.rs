//! Cohorts and their active days from files of events, in one pass.
//!
//! The pass records, of each event that a question can see, the day and the folded user. Who belongs to a cohort is known only
//! at its end; records of other users are then ignored. This gives q1.sql's answer: a row that no WHERE accepts cannot change
//! it, and neither can a second row of the same user and day, because it counts DISTINCT users.
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use chrono::NaiveDate;
use parking_lot::Mutex;

use super::active_days::{Bits, Members, column_days};
use super::cohort_query::CohortQuery;
use super::collation::Collation;
use super::curve::{Counts, Curves};
use super::data_end::{DataEnd, DayCounts, add_days, judge};
use super::day_zero::{DayZero, ValueRow};
use super::event::{Event, EventError, EventOptions, EventSink, EventsRead};
use super::event_names::NamesSeen;
use super::events::read_events;
use super::kept::{Kept, record, record_short, records};
use super::moment::day_number;
use super::numbered::Key;
use super::quick::{QuickEvent, Short};
use crate::progress::Progress;
use crate::scan::Input;
use crate::threads;

/// The users of cohorts: when each installed, and when each was active.
pub(super) struct Cohorts {
    /// A user is a number from 0; spellings that the collation takes for one user share a number.
    members: Members,
    active: Bits,
    day_zero: DayZero,
    /// Where the events end.
    pub(super) end: DataEnd,
    /// The names that occur, if the query asked for them.
    pub(super) names: NamesSeen,
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
        let mut members = Members::new(query.install_slots());
        let (mut kept, mut day_zero) = (Kept::default(), DayZero::default());
        let (mut days, mut names) = (BTreeMap::new(), NamesSeen::default());
        let sink = CohortSink::new(query);
        let read = read_events(inputs, options, progress, &sink, |found: Found| {
            add_days(&mut days, found.days);
            names.append(found.names);
            records(&found.installs).for_each(|(slot, user)| _ = members.add(usize::from(slot), user));
            for ValueRow { slot, at, value, user } in found.values {
                let user = members.add(usize::from(slot), Key::new(&user));
                day_zero.add(user, slot, at, value);
            }
            kept.push(found.window).map_err(EventError::Spill)
        })?;
        let end = judge(&days, options.today).or_given(options.end);
        let active = find(&members, &kept, query, &end, options.scan.threads).map_err(EventError::Spill)?;
        Ok((Cohorts { members, active, day_zero, end, names }, read))
    }

    /// How many users there are.
    pub(super) fn users(&self) -> u64 {
        self.members.users.len() as u64
    }

    /// The users who were active in the window at all.
    pub(super) fn who_came_back(&self) -> impl Iterator<Item = u32> {
        (0..self.members.users.len()).filter(|user| self.active.has_any(*user)).map(|user| user as u32)
    }

    /// What `curves` ask for, of a query that was made for them.
    pub(super) fn count(&self, curves: &Curves) -> Counts {
        let mut counts = Counts::new(curves);
        let (installs, window) = (curves.installs(), curves.window());
        let lead = (window.first - installs.first).num_days() as usize;
        let last = (window.last - window.first).num_days() as usize;
        let slot = |day: NaiveDate| (day - installs.first).num_days() as usize;
        let periods: Vec<_> = curves.periods().iter().map(|period| (slot(period.first), slot(period.last))).collect();
        for user in 0..self.members.users.len() {
            for (index, (first_day, last_day)) in periods.iter().enumerate() {
                let Some(day_zero) = self.members.installed.first_in(user, *first_day, *last_day) else { continue };
                let value = if curves.by_value { self.day_zero.value(user as u32, day_zero) } else { "" };
                let count = counts.of(index, value);
                count.users += 1;
                for (column, active) in curves.columns().iter().zip(&mut count.active) {
                    let (from, to) = column_days(*column, day_zero, lead, last);
                    *active += u64::from(self.active.first_in(user, from, to).is_some());
                }
            }
        }
        counts
    }
}

/// Records of each event what the question can see.
struct CohortSink<'a> {
    query: &'a CohortQuery<'a>,
    /// The event of an install, folded.
    folded_event: Vec<u8>,
    /// The event that counts as coming back, folded.
    folded_return: Option<Vec<u8>>,
}

#[derive(Default)]
struct Found {
    installs: Vec<u8>,
    values: Vec<ValueRow>,
    window: Box<[u8]>,
    days: BTreeMap<i32, u64>,
    names: NamesSeen,
}

#[derive(Default)]
struct CohortWorker {
    installs: Vec<u8>,
    values: Vec<ValueRow>,
    window: Vec<u8>,
    days: DayCounts,
    names: NamesSeen,
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
        if self.query.with_names
            && let Some(name) = event.event_name
        {
            worker.names.add(name, 1, event.day, event.day);
        }
        if let Some(day) = event.day {
            worker.days.add(day);
        }
        let Some(uid) = event.uid else { return };
        self.install(worker, event, uid);
        if let Some(slot) = event.day.and_then(|day| self.query.window_slot(day))
            && self.is_return(event.event_name, &mut worker.folded)
        {
            record(&mut worker.window, slot, |bytes| self.query.collation.fold(uid, bytes));
        }
    }

    #[inline(always)]
    fn quick_event(&self, worker: &mut CohortWorker, event: &QuickEvent) {
        if self.query.with_names {
            let name = String::from_utf8_lossy(event.event_name);
            worker.names.add(&name, 1, Some(event.day), Some(event.day));
        }
        worker.days.add(event.day);
        if let Some(slot) = self.query.install_slot(event.day)
            && self.is_quick_name(event.event_name, &self.folded_event, &mut worker.folded)
        {
            self.record_quick(&mut worker.installs, slot, event);
        }
        if let Some(slot) = self.query.window_slot(event.day) {
            if let Some(folded) = &self.folded_return
                && !self.is_quick_name(event.event_name, folded, &mut worker.folded)
            {
                return;
            }
            self.record_quick(&mut worker.window, slot, event);
        }
    }

    fn found(&self, worker: &mut CohortWorker) -> Found {
        let window = worker.window.as_slice().into();
        worker.window.clear();
        Found {
            installs: std::mem::take(&mut worker.installs),
            values: std::mem::take(&mut worker.values),
            window,
            days: worker.days.take(),
            names: std::mem::take(&mut worker.names),
        }
    }
}

impl<'a> CohortSink<'a> {
    fn new(query: &'a CohortQuery<'a>) -> Self {
        let folded = |text: &str| {
            let mut folded = Vec::new();
            query.collation.fold(text, &mut folded);
            folded
        };
        CohortSink { query, folded_event: folded(query.event), folded_return: query.return_event.map(folded) }
    }

    /// Records the install of `uid` that an event is, or that it tells of.
    #[inline]
    fn install(&self, worker: &mut CohortWorker, event: &Event, uid: &str) {
        let (at, day) =
            if self.query.by_install_time { (event.install, event.install_day) } else { (event.time, event.day) };
        let (Some(at), Some(slot)) = (at, day.and_then(|day| self.query.install_slot(day))) else { return };
        let is_install = self.query.by_install_time
            || event.event_name.is_some_and(|name| {
                name == self.query.event || self.is_name(name, &self.folded_event, &mut worker.folded)
            });
        if !is_install {
            return;
        }
        let fold = |bytes: &mut Vec<u8>| self.query.collation.fold(uid, bytes);
        if !self.query.by_value {
            record(&mut worker.installs, slot, fold);
            return;
        }
        let mut user = Vec::new();
        fold(&mut user);
        let value = event.kept.first().copied().flatten().unwrap_or_default().into();
        worker.values.push(ValueRow { slot, at, value, user: user.into() });
    }

    /// Whether an event counts as coming back.
    #[inline]
    fn is_return(&self, name: Option<&str>, folded: &mut Vec<u8>) -> bool {
        let Some(wanted) = &self.folded_return else { return true };
        name.is_some_and(|name| self.is_name(name, wanted, folded))
    }

    #[inline]
    fn is_name(&self, name: &str, wanted: &[u8], folded: &mut Vec<u8>) -> bool {
        folded.clear();
        self.query.collation.fold(name, folded);
        *folded == wanted
    }

    /// Whether a `name` in ASCII folds to `wanted`.
    #[inline(always)]
    fn is_quick_name(&self, name: &[u8], wanted: &[u8], folded: &mut Vec<u8>) -> bool {
        let is_it_folded = |folded: &mut Vec<u8>| {
            folded.clear();
            self.query.collation.fold_ascii(name, folded);
            *folded == wanted
        };
        match self.query.collation {
            Collation::GeneralCi if name.last() == Some(&b' ') => is_it_folded(folded),
            Collation::GeneralCi => name.eq_ignore_ascii_case(wanted),
            Collation::Binary => name == wanted,
            Collation::UnicodeCi | Collation::Ai0900 => is_it_folded(folded),
        }
    }

    #[inline(always)]
    fn record_quick(&self, records: &mut Vec<u8>, slot: u16, event: &QuickEvent) {
        let folded = match self.query.collation {
            Collation::GeneralCi => event.short_uid.and_then(Short::upper),
            Collation::Binary => event.short_uid,
            Collation::UnicodeCi | Collation::Ai0900 => None,
        };
        match folded {
            Some(uid) => record_short(records, slot, uid),
            None => record(records, slot, |bytes| self.query.collation.fold_ascii(event.uid, bytes)),
        }
    }
}

/// When each of the members was active, from all records that were `kept`.
fn find(members: &Members, kept: &Kept, query: &CohortQuery, end: &DataEnd, threads: usize) -> std::io::Result<Bits> {
    let mut none = Bits::new(query.window_slots());
    none.grow(members.users.len());
    if members.users.len() == 0 {
        return Ok(none);
    }
    let last_slot = query.window_slots() - 1;
    // Rolling retention continues to the end of the events; later ones are from broken clocks.
    let end_slot = end.day.filter(|_| query.is_rolling).map(|day| day_number(day) - query.window.first);
    let claimed = AtomicUsize::new(0);
    let all = Mutex::new(none.clone());
    let work = || -> std::io::Result<()> {
        let (mut active, mut buffer) = (none.clone(), Vec::new());
        while let Some(bytes) = kept.part(claimed.fetch_add(1, Relaxed), &mut buffer)? {
            for (slot, key) in records(bytes) {
                if end_slot.is_some_and(|end| i32::from(slot) > end) {
                    continue;
                }
                if let Some(user) = members.users.find(key) {
                    active.set(user as usize, usize::from(slot).min(last_slot));
                }
            }
        }
        all.lock().add(&active);
        Ok(())
    };
    threads::on_each(threads, work).into_iter().collect::<std::io::Result<()>>()?;
    Ok(all.into_inner())
}
