//! What explains an answer of 0, and an answer about days of which the events do not tell yet.
use chrono::NaiveDate;
use votekit::nearest::nearest;
use votekit::retention::{Collation, DataEnd, NameSeen, Period, Question};

/// Why no user is in the cohorts of `period`, given the names of events that occur.
pub(super) fn empty_cohort(event: &str, period: Period, names: Option<&[NameSeen]>, collation: Collation) -> String {
    let days = days(period);
    let Some(names) = names else { return format!("no user has a {event} event {days}") };
    if names.is_empty() {
        return "no event has a name".to_owned();
    }
    let folded = |text: &str| {
        let mut folded = Vec::new();
        collation.fold(text, &mut folded);
        folded
    };
    match names.iter().find(|seen| folded(&seen.name) == folded(event)) {
        Some(seen) => format!("no user has a {event} event {days}; {}", occurrence(seen)),
        None => {
            let likely = nearest(event, names.iter().map(|seen| seen.name.as_str()));
            let likely = likely.map(|name| format!("did you mean {name}? ")).unwrap_or_default();
            format!("no event is called {event}: {likely}{}", listed(names))
        }
    }
}

/// So many names are listed.
const LISTED_MAX: usize = 10;

fn listed(names: &[NameSeen]) -> String {
    let one = |seen: &NameSeen| match (seen.first, seen.last) {
        (Some(first), Some(last)) if first == last => format!("{} ({first})", seen.name),
        (Some(first), Some(last)) => format!("{} ({first} to {last})", seen.name),
        _ => seen.name.clone(),
    };
    let more = if names.len() > LISTED_MAX { ", …" } else { "" };
    let listed: Vec<String> = names.iter().take(LISTED_MAX).map(one).collect();
    format!("there are {}{more}", listed.join(", "))
}

fn occurrence(seen: &NameSeen) -> String {
    match (seen.first, seen.last) {
        (Some(first), Some(last)) if first == last => format!("all {} of them are of {first}", seen.events),
        (Some(first), Some(last)) => format!("the {} of them are from {first} to {last}", seen.events),
        _ => "none of them has a time".to_owned(),
    }
}

fn days(Period { first, last }: Period) -> String {
    if first == last { format!("on {first}") } else { format!("from {first} to {last}") }
}

/// What the answer to `question` does not tell yet, if the events end before its window does.
pub(super) fn open_window(question: &Question, end: &DataEnd) -> Option<String> {
    if end.is_known(question.to) {
        return None;
    }
    let Question { from, to, .. } = question;
    Some(match end.day {
        None => "no event has a time".to_owned(),
        Some(day) if day < *from => {
            format!("the events end on {day}, before the window from {from} to {to}: nobody can have come back yet")
        }
        Some(day) => {
            format!("the events end on {day}, within the window from {from} to {to}: more users may come back")
        }
    })
}

/// Which events were not taken for the end of all, if any were.
pub(super) fn late_events(end: &DataEnd) -> Option<String> {
    let last: NaiveDate = end.late_day?;
    let events = if end.late_events == 1 { "1 event is" } else { &format!("{} events are", end.late_events) };
    Some(format!("{events} later, up to {last}, as of a wrong clock; --data-end DAY says where the events end"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn an_empty_cohort_is_explained() {
        let seen = |name: &str, first, last| NameSeen {
            name: name.to_owned(),
            events: 3,
            first: Some(day(first)),
            last: Some(day(last)),
        };
        let names = [seen("FIRST_INSTALL", "2017-04-01", "2017-04-03"), seen("OPEN", "2017-04-02", "2017-04-02")];
        let explained = |event| empty_cohort(event, Period::day(day("2017-04-09")), Some(&names), Collation::GeneralCi);
        assert_eq!(
            explained("FIRST_INSTAL"),
            "no event is called FIRST_INSTAL: did you mean FIRST_INSTALL? there are FIRST_INSTALL (2017-04-01 to 2017-04-03), \
             OPEN (2017-04-02)"
        );
        assert_eq!(
            explained("first_install"),
            "no user has a first_install event on 2017-04-09; the 3 of them are from 2017-04-01 to 2017-04-03"
        );
        assert!(explained("zzz").starts_with("no event is called zzz: there are FIRST_INSTALL"));
    }

    #[test]
    fn a_window_that_the_events_do_not_reach_is_open() {
        let question = Question {
            install_day: day("2017-04-01"),
            from: day("2017-04-02"),
            to: day("2017-04-08"),
            event: "x".to_owned(),
        };
        let open = |end: &str| open_window(&question, &DataEnd { day: Some(day(end)), ..DataEnd::default() });
        assert_eq!(open("2017-04-08"), None);
        assert!(open("2017-04-07").unwrap().contains("within the window"));
        assert!(open("2017-04-01").unwrap().contains("before the window"));
    }
}
