//! The same stories on private servers, which start once for all of them.
#[path = "../support/mysql.rs"]
mod mysql;

use std::cell::{Cell, RefCell};

use proptest::test_runner::{Config, TestRunner};
use votekit::ballot::{BallotBox, Choice, Moment, Outcome, Setup, SortedBallots};
use votekit::store;

use super::model::Model;
use super::{any_setup, any_step, compare, plain, totals};
use mysql::{Kind, Server};
use votekit::ballot::Ballot;

thread_local! {
    /// The servers of the test that this thread runs, if it runs on servers.
    static SERVERS: RefCell<Vec<Server>> = const { RefCell::new(Vec::new()) };
    static DATABASES: Cell<u32> = const { Cell::new(0) };
}

/// Runs `story` with the URL of a new, empty database on each server; does nothing in a test without servers.
pub(crate) fn on_databases(story: impl Fn(&Server, &str)) {
    SERVERS.with_borrow(|servers| {
        for server in servers {
            let number = DATABASES.replace(DATABASES.get() + 1);
            server.sql(&format!("CREATE DATABASE votes_{number}"));
            story(server, &format!("mysql://ann:geh%40im@127.0.0.1:{}/votes_{number}", server.port));
        }
    });
}

/// Runs `story` on a new vote on each server. Returns false in a test without servers.
pub(crate) fn on_each(setup: &Setup, story: &impl Fn(&mut dyn BallotBox)) -> bool {
    on_databases(|_, url| {
        let mut votes = store::create(url, setup).unwrap();
        story(&mut *votes);
        assert_eq!(votes.check().unwrap(), [], "the vote is sound after the story");
    });
    SERVERS.with_borrow(|servers| !servers.is_empty())
}

#[test]
fn every_story_on_every_server() {
    SERVERS.set(Kind::at_hand().into_iter().map(|kind| Server::start(kind, &[])).collect());
    super::the_window_is_exactly_ten_minutes_of_seconds_whatever_the_clock_does();
    super::the_same_key_counts_once();
    super::voters_have_their_votes_and_may_change_the_latest();
    super::a_first_change_is_a_vote_and_a_change_in_the_same_batch_too();
    super::votes_are_taken_while_it_is_open_and_hidden_until_it_closes();
    super::a_vote_is_closed_opened_and_reset_while_it_runs();
    super::all_or_nothing();
    super::candidates_are_added_any_time_and_renamed_before_their_first_vote();
    super::an_export_for_everybody_tells_neither_who_nor_when_nor_after_whom();
    super::every_handle_sees_every_commit_and_learns_of_it();
    any_story_ends_as_in_the_model();
    long_texts_are_kept_whole();
    commands_in_turn_share_rows();
    writers_at_once_lose_nothing_and_double_nothing();
}

fn any_story_ends_as_in_the_model() {
    let mut runner = TestRunner::new(Config { cases: 25, failure_persistence: None, ..Config::default() });
    let stories = (any_setup(), proptest::collection::vec(any_step(), 1..25));
    let done = runner.run(&stories, |(setup, steps)| {
        on_databases(|_, url| compare(&mut *store::create(url, &setup).unwrap(), &mut Model::create(&setup), &steps));
        Ok(())
    });
    done.unwrap();
}

/// The longest texts that a vote takes, in characters of four bytes.
fn long_texts_are_kept_whole() {
    on_databases(|_, url| {
        let mut votes = store::create(url, &Setup::first()).unwrap();
        let long = |count: usize| Some("\u{1f600}".repeat(count));
        let ballot = Ballot { opinion: long(10_000), key: long(200), voter: long(200), ..plain(1) };
        let twice = [ballot.clone(), ballot];
        let outcomes = votes.cast(&twice, &Moment(1)).unwrap();
        assert_eq!(outcomes, [Outcome::Stored { id: 1, replaced: None }, Outcome::Repeated { id: 1 }]);
        let outcomes = votes.cast(&twice, &Moment(1)).unwrap();
        assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Repeated { id: 1 }), "{outcomes:?}");
        assert_eq!(votes.check(), Ok(Vec::new()));
    });
}

/// Handles that come and go lease the same row again.
fn commands_in_turn_share_rows() {
    on_databases(|server, url| {
        drop(store::create(url, &Setup::first()).unwrap());
        for second in 0..50 {
            store::open(url).unwrap().cast(&[plain(1)], &Moment(second)).unwrap();
        }
        let database = url.rsplit('/').next().unwrap();
        let rows = server.sql(&format!("SELECT COUNT(*) FROM {database}.votekit_writer"));
        assert_eq!(rows.trim(), "1");
        assert_eq!(totals(&mut *store::open(url).unwrap(), 100).1, 50);
    });
}

/// Eight writers, a thousand ballots each, of two hundred voters with one vote each and shared keys.
fn writers_at_once_lose_nothing_and_double_nothing() {
    let rules = votekit::ballot::Settings { votes_per_voter: Some(1), ..Default::default() };
    on_databases(|_, url| {
        drop(store::create(url, &super::setup(rules.clone())).unwrap());
        let stored: usize = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..8).map(|writer| scope.spawn(move || write_many(url, writer))).collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).sum()
        });
        let mut votes = store::open(url).unwrap();
        assert_eq!((stored, totals(&mut *votes, 10).1), (200, 200));
        assert_eq!(votes.check(), Ok(Vec::new()));
    });
}

/// Gives how many were stored.
fn write_many(url: &str, writer: usize) -> usize {
    let mut votes = store::open(url).unwrap();
    let mut stored = 0;
    for batch in 0..20 {
        let ballot = |at: usize| {
            let voter = (writer * 31 + batch * 7 + at * 13) % 200;
            Ballot {
                voter: Some(format!("voter {voter}")),
                key: Some(format!("key of {voter}")),
                ..Ballot::plain(Choice::Id(voter as i64 % 3 + 1))
            }
        };
        let ballots = SortedBallots::new((0..50).map(ballot).collect());
        for outcome in votes.cast_sorted(&ballots, &Moment(5)).unwrap() {
            match outcome {
                Outcome::Stored { .. } => stored += 1,
                Outcome::Repeated { .. } => {}
                Outcome::Refused(refusal) => panic!("{refusal}"),
            }
        }
    }
    stored
}
