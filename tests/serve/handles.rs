//! The person who runs the show pulls every handle while votes pour in: none is lost, none comes after the close.
use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use crate::http::{Client, Server, numbered, stdout, stored, total, until};

const CONNECTIONS: u64 = 16;
const CLOSED: u16 = 403;

/// A vote that was answered.
struct Answered {
    number: u64,
    sent: Instant,
    answered: Instant,
    status: u16,
}

/// Votes that pour into services until they are told to stop.
struct Pouring<'a> {
    going: &'a AtomicBool,
    acknowledged: &'a AtomicU64,
    answers: &'a Mutex<Vec<Answered>>,
}

/// Lets votes pour into `servers` while `show` runs; returns the answers. Each vote has its number as its opinion.
fn while_votes_pour_in(servers: &[&Server], show: impl FnOnce(&Pouring)) -> Vec<Answered> {
    let (going, acknowledged, next) = (AtomicBool::new(true), AtomicU64::new(0), AtomicU64::new(0));
    let answers = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for connection in 0..CONNECTIONS {
            let address = servers[connection as usize % servers.len()].address;
            let (going, acknowledged, next, answers) = (&going, &acknowledged, &next, &answers);
            scope.spawn(move || {
                let mut client = Client::connect(address).unwrap();
                while going.load(Ordering::Relaxed) {
                    let (number, sent) = (next.fetch_add(1, Ordering::Relaxed), Instant::now());
                    let status = client.vote(&numbered(number), &[]).unwrap().status;
                    acknowledged.fetch_add(u64::from(status == 200), Ordering::Relaxed);
                    answers.lock().unwrap().push(Answered { number, sent, answered: Instant::now(), status });
                }
            });
        }
        // A panic must not leave the voters voting.
        let stop = StopOnDrop(&going);
        show(&Pouring { going: &going, acknowledged: &acknowledged, answers: &answers });
        drop(stop);
    });
    answers.into_inner().unwrap()
}

struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl Pouring<'_> {
    /// Waits until `more` further votes are acknowledged.
    fn acknowledges(&self, more: u64) {
        let wanted = self.acknowledged.load(Ordering::Relaxed) + more;
        until("votes are acknowledged", || self.acknowledged.load(Ordering::Relaxed) >= wanted);
        assert!(self.going.load(Ordering::Relaxed));
    }

    /// The numbers of the votes acknowledged so far.
    fn numbers(&self) -> BTreeSet<u64> {
        acknowledged(&self.answers.lock().unwrap())
    }
}

fn acknowledged(answers: &[Answered]) -> BTreeSet<u64> {
    answers.iter().filter(|answer| answer.status == 200).map(|answer| answer.number).collect()
}

fn once(times: &HashMap<u64, u32>) -> BTreeSet<u64> {
    assert!(times.values().all(|times| *times == 1), "a vote counts twice");
    times.keys().copied().collect()
}

#[test]
fn no_vote_comes_after_the_close_and_none_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (Server::start(folder.path(), &[]), Server::start(folder.path(), &[]));
    let (mut closes, mut opens) = (Vec::new(), Vec::new());
    let answers = while_votes_pour_in(&[&one, &other], |votes| {
        for _ in 0..5 {
            votes.acknowledges(100);
            stdout(folder.path(), &["close", "-q"]);
            closes.push(Instant::now());
            let counted = total(folder.path());
            thread::sleep(std::time::Duration::from_millis(100));
            assert_eq!(total(folder.path()), counted, "a vote was written after the close");
            opens.push(Instant::now());
            stdout(folder.path(), &["open", "-q"]);
        }
        votes.acknowledges(100);
    });
    for (closed, opened) in closes.iter().zip(&opens) {
        let mut meanwhile = answers.iter().filter(|answer| answer.sent > *closed && answer.answered < *opened);
        assert!(meanwhile.clone().count() > 0 && meanwhile.all(|answer| answer.status == CLOSED));
    }
    assert!(answers.iter().all(|answer| [200, CLOSED].contains(&answer.status)));
    assert_eq!(once(&stored(folder.path(), "ballots.db")), acknowledged(&answers));
    let history = stdout(folder.path(), &["history", "--format", "plain"]);
    assert_eq!((history.matches("closed").count(), history.matches("opened").count()), (5, 5), "{history}");
    assert_eq!(stdout(folder.path(), &["check"]), "");
}

#[test]
fn a_reset_takes_nothing_away_that_its_backup_does_not_have() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let mut copies = Vec::new();
    let answers = while_votes_pour_in(&[&server], |votes| {
        for _ in 0..5 {
            votes.acknowledges(200);
            let told = stdout(folder.path(), &["reset", "--yes", "-q", "--format", "plain"]);
            copies.push(told.trim_end().rsplit('\t').next().unwrap().to_owned());
        }
        votes.acknowledges(200);
    });
    let mut found = stored(folder.path(), "ballots.db");
    for copy in &copies {
        for (number, times) in stored(folder.path(), copy) {
            *found.entry(number).or_insert(0) += times;
        }
        assert_eq!(stdout(folder.path(), &["check", "--ballots", copy]), "");
    }
    let (acknowledged, found) = (acknowledged(&answers), once(&found));
    let lost: Vec<_> = acknowledged.difference(&found).collect();
    assert!(lost.is_empty(), "{} acknowledged votes are neither in a backup nor in the file: {lost:?}", lost.len());
    assert_eq!(found, acknowledged);
}

#[test]
fn a_backup_has_every_vote_that_was_acknowledged_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    while_votes_pour_in(&[&server], |votes| {
        for round in 0..5 {
            votes.acknowledges(100);
            let before = votes.numbers();
            let copy = format!("copy{round}.db");
            stdout(folder.path(), &["backup", "-q", &copy]);
            assert!(
                once(&stored(folder.path(), &copy)).is_superset(&before),
                "an acknowledged vote is not in the copy"
            );
            assert_eq!(stdout(folder.path(), &["check", "--ballots", &copy]), "");
        }
    });
    assert_eq!(stdout(folder.path(), &["check"]), "");
}

#[test]
fn settings_and_candidates_change_while_votes_pour_in() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (Server::start(folder.path(), &[]), Server::start(folder.path(), &[]));
    let answers = while_votes_pour_in(&[&one, &other], |votes| {
        for round in 0..5 {
            votes.acknowledges(50);
            let title = format!("Round {round}");
            stdout(folder.path(), &["set", "-q", "--title", &title]);
            stdout(folder.path(), &["candidates", "add", "-q", &format!("Late {round}")]);
            let page = |server: &Server| server.get("/").text();
            until("both show it", || [&one, &other].iter().all(|server| page(server).contains(&title)));
        }
    });
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(once(&stored(folder.path(), "ballots.db")), acknowledged(&answers));
    assert_eq!(one.get("/candidates").json().as_array().unwrap().len(), 8);
    assert_eq!(stdout(folder.path(), &["check"]), "");
}
