//! Which users and days of events a question can see.
use super::active_days::DayRange;
use super::collation::Collation;
use super::curve::Curves;
use super::moment::day_number;
use super::question::Question;

/// Which users and days are asked for.
#[derive(Debug, Clone)]
pub(super) struct CohortQuery<'a> {
    /// The event that makes a user a member of a cohort.
    pub(super) event: &'a str,
    /// The event that counts as coming back; None for any.
    pub(super) return_event: Option<&'a str>,
    /// What makes two events or users the same.
    pub(super) collation: Collation,
    pub(super) installs: DayRange,
    /// The days on which users are looked for. Of what is rolling, all days up to the end of the calendar.
    pub(super) window: DayRange,
    /// The number of days of the window that are distinguished. None if neither these nor install days are.
    pub(super) days_apart: Option<usize>,
    /// Whether what follows the last of these days counts as that day.
    pub(super) is_rolling: bool,
    /// Whether events say themselves when their user installed.
    pub(super) by_install_time: bool,
    /// Whether the value of the first kept column in day-0 rows is wanted.
    pub(super) by_value: bool,
    /// Whether the names that occur are wanted.
    pub(super) with_names: bool,
}

impl<'a> CohortQuery<'a> {
    /// For a question: who is in the cohort, and who was active in the window at all.
    pub(super) fn once(question: &'a Question, collation: Collation) -> Self {
        let range = |first, last| DayRange { first: day_number(first), last: day_number(last) };
        CohortQuery {
            event: &question.event,
            return_event: None,
            collation,
            installs: range(question.install_day, question.install_day),
            window: range(question.from, question.to),
            days_apart: None,
            is_rolling: false,
            by_install_time: false,
            by_value: false,
            with_names: false,
        }
    }

    /// For curves: on which days each user installed and was active.
    pub(super) fn curves(curves: &'a Curves, collation: Collation) -> Self {
        let (installs, window) = (curves.installs(), curves.window());
        let range = |first, last| DayRange { first: day_number(first), last: day_number(last) };
        let days = range(window.first, window.last);
        let whole = if curves.is_rolling() { DayRange { last: i32::MAX, ..days } } else { days };
        CohortQuery {
            event: &curves.event,
            return_event: curves.return_event.as_deref(),
            collation,
            installs: range(installs.first, installs.last),
            window: whole,
            days_apart: Some(days.days()),
            is_rolling: curves.is_rolling(),
            by_install_time: false,
            by_value: curves.by_value,
            with_names: false,
        }
    }

    /// The number of install days that are distinguished.
    pub(super) fn install_slots(&self) -> usize {
        self.days_apart.map_or(1, |_| self.installs.days())
    }

    /// The number of days of the window that are distinguished.
    pub(super) fn window_slots(&self) -> usize {
        self.days_apart.unwrap_or(1)
    }

    /// The number of an install day, if it is one; 0 if days are not distinguished.
    #[inline(always)]
    pub(super) fn install_slot(&self, day: i32) -> Option<u16> {
        self.slot(self.installs, day)
    }

    /// The number of a day in the window, if it is one; 0 if days are not distinguished.
    #[inline(always)]
    pub(super) fn window_slot(&self, day: i32) -> Option<u16> {
        self.slot(self.window, day)
    }

    #[inline(always)]
    fn slot(&self, range: DayRange, day: i32) -> Option<u16> {
        let is_within = range.first <= day && day <= range.last;
        match self.days_apart {
            _ if !is_within => None,
            None => Some(0),
            // Further away is the end of no events.
            Some(_) => u16::try_from(day.wrapping_sub(range.first).cast_unsigned()).ok(),
        }
    }
}
