//! One test story for every store behind `ballot::BallotBox`: fixed cases, and random ones compared with a simple model.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod model;
#[cfg(feature = "mysql")]
mod on_servers;

use std::ops::ControlFlow;

use model::Model;
use proptest::prelude::*;
use votekit::ballot::{
    AllOrNothing, Ballot, BallotBox, BoxError, Change, Choice, Hiding, Moment, NewCandidate, NewSettings, Opening,
    Outcome, PacePoint, Refusal, Settings, Setup, SortedBallots, Voter,
};
use votekit::store;
use votekit::units::DurationSecs;

/// Runs `story` on a new box of each kind: on servers in the test that starts them, on the others in all other tests.
fn on_every_store(setup: &Setup, story: impl Fn(&mut dyn BallotBox)) {
    #[cfg(feature = "mysql")]
    if on_servers::on_each(setup, &story) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("ballots.db");
    let mut sqlite = store::create(place.to_str().unwrap(), setup).unwrap();
    story(&mut *sqlite);
    assert_eq!(sqlite.check().unwrap(), [], "the file is sound after the story");
    story(&mut Model::create(setup));
}

fn setup(settings: Settings) -> Setup {
    Setup { settings, ..Setup::first() }
}

fn by(voter: &str, id: i64) -> Ballot {
    Ballot { voter: Some(voter.into()), ..plain(id) }
}

fn plain(id: i64) -> Ballot {
    Ballot::plain(Choice::Id(id))
}

fn cast_one(votes: &mut dyn BallotBox, ballot: Ballot, now: i64) -> Outcome {
    votes.cast(&[ballot], &Moment(now)).unwrap().remove(0)
}

fn totals(votes: &mut dyn BallotBox, now: i64) -> (Vec<u64>, u64, u64) {
    let tally = votes.tally(DurationSecs::TEN_MINUTES, Moment(now)).unwrap();
    (tally.candidates.iter().map(|total| total.votes).collect(), tally.votes_total, tally.votes_in_window)
}

#[test]
fn the_window_is_exactly_ten_minutes_of_seconds_whatever_the_clock_does() {
    on_every_store(&Setup::first(), |votes| {
        for second in [1000, 1001, 1599, 1600, 1601] {
            cast_one(votes, plain(2), second);
        }
        // The window excludes 1000 and includes 1600.
        assert_eq!(totals(votes, 1600), (vec![0, 5, 0], 5, 3));
        // The clock is set back an hour: votes with later timestamps are in no window, but in every total.
        cast_one(votes, plain(1), -2000);
        assert_eq!(totals(votes, -2000), (vec![1, 5, 0], 6, 1));
        assert_eq!(votes.tally(DurationSecs::TEN_MINUTES, Moment(-2000)).unwrap().votes_after, 5);
        assert_eq!(totals(votes, 2200), (vec![1, 5, 0], 6, 1), "after 1600: the one of 1601");
        assert_eq!(totals(votes, 2201), (vec![1, 5, 0], 6, 0));
        let then = votes.tally_at(DurationSecs { secs: 1 }, Moment(1599), Moment(9999)).unwrap();
        assert_eq!((then.candidates[1].votes, then.votes_total, then.votes_in_window), (3, 4, 1));
        let minutes = votes.pace(60, Moment(9999)).unwrap();
        let point = |start, candidate_id, votes| PacePoint { start: Moment(start), candidate_id, votes };
        assert_eq!(minutes, [point(-2040, 1, 1), point(960, 2, 2), point(1560, 2, 3)]);
    });
}

#[test]
fn the_same_key_counts_once() {
    on_every_store(&setup(Settings { closes: Some(Moment(100)), ..Settings::default() }), |votes| {
        let ballot = Ballot { key: Some("k".into()), opinion: Some("so".into()), ..plain(2) };
        assert_eq!(cast_one(votes, ballot.clone(), 1), Outcome::Stored { id: 1, replaced: None });
        let twice = votes.cast(&[ballot.clone(), ballot.clone()], &Moment(2)).unwrap();
        assert_eq!(twice, [Outcome::Repeated { id: 1 }, Outcome::Repeated { id: 1 }]);
        assert_eq!(cast_one(votes, ballot.clone(), 100), Outcome::Repeated { id: 1 }, "also after closing");
        for other in [
            Ballot { choice: Choice::Id(1), ..ballot.clone() },
            Ballot { opinion: None, ..ballot.clone() },
            Ballot { voter: Some("u".into()), ..ballot.clone() },
            Ballot { choice: Choice::Id(9), ..ballot.clone() },
        ] {
            assert_eq!(cast_one(votes, other, 3), Outcome::Refused(Refusal::KeyReused("k".into())));
        }
        assert_eq!(totals(votes, 3), (vec![0, 1, 0], 1, 1));
        // A refused ballot does not use up its key.
        let wrong = Ballot { key: Some("k2".into()), ..plain(9) };
        assert_eq!(cast_one(votes, wrong, 4), Outcome::Refused(Refusal::UnknownCandidate("9".into())));
        assert_eq!(
            cast_one(votes, Ballot { key: Some("k2".into()), ..plain(3) }, 4),
            Outcome::Stored { id: 2, replaced: None }
        );
    });
}

#[test]
fn voters_have_their_votes_and_may_change_the_latest() {
    let rules = Settings { votes_per_voter: Some(2), change_allowed: true, voters_only: true, ..Settings::default() };
    let voters = ["u", "v"].map(|id| Voter { id: id.into(), name: None }).to_vec();
    on_every_store(&Setup { voters, ..setup(rules) }, |votes| {
        let refused = |refusal| Outcome::Refused(refusal);
        let change = |voter, id| Ballot { change: true, ..by(voter, id) };
        assert_eq!(cast_one(votes, plain(1), 0), refused(Refusal::VoterMissing));
        assert_eq!(cast_one(votes, by("x", 1), 0), refused(Refusal::UnknownVoter("x".into())));
        // One batch: each ballot sees those before it, and a bad one does not affect the others.
        let batch = [by("u", 1), by("u", 2), by("u", 3), by("x", 1), by("v", 3)];
        let limit = refused(Refusal::LimitReached { voter: "u".into(), votes_per_voter: 2 });
        assert_eq!(
            votes.cast(&batch, &Moment(0)).unwrap(),
            [
                Outcome::Stored { id: 1, replaced: None },
                Outcome::Stored { id: 2, replaced: None },
                limit.clone(),
                refused(Refusal::UnknownVoter("x".into())),
                Outcome::Stored { id: 3, replaced: None },
            ]
        );
        assert_eq!(cast_one(votes, change("u", 3), 5), Outcome::Stored { id: 4, replaced: Some(2) });
        assert_eq!(cast_one(votes, change("u", 1), 5), Outcome::Stored { id: 5, replaced: Some(4) });
        assert_eq!(cast_one(votes, by("u", 1), 5), limit);
        assert_eq!(totals(votes, 5), (vec![2, 0, 1], 3, 3));
        let mut record = Vec::new();
        let mut keep = |one: votekit::ballot::Record<'_>| {
            record.push((one.candidate_id, one.private.unwrap().replaced_by));
            ControlFlow::Continue(())
        };
        votes.export(true, Moment(9), &mut keep).unwrap();
        assert_eq!(record, [(1, None), (2, Some(4)), (3, None), (3, Some(5)), (1, None)]);
    });
}

#[test]
fn a_first_change_is_a_vote_and_a_change_in_the_same_batch_too() {
    let rules = Settings { votes_per_voter: Some(1), change_allowed: true, ..Settings::default() };
    on_every_store(&setup(rules), |votes| {
        let change = |id| Ballot { change: true, ..by("u", id) };
        let outcomes = votes.cast(&[change(1), change(2), change(1)], &Moment(7)).unwrap();
        let stored = |id, replaced| Outcome::Stored { id, replaced };
        assert_eq!(outcomes, [stored(1, None), stored(2, Some(1)), stored(3, Some(2))]);
        assert_eq!(totals(votes, 7), (vec![1, 0, 0], 1, 1));
    });
}

#[test]
fn votes_are_taken_while_it_is_open_and_hidden_until_it_closes() {
    let rules = Settings {
        opens: Some(Moment(10)),
        closes: Some(Moment(20)),
        hide_results: Hiding::UntilClosed,
        ..Settings::default()
    };
    on_every_store(&setup(rules), |votes| {
        assert_eq!(cast_one(votes, plain(1), 9), Outcome::Refused(Refusal::NotOpenYet(Moment(10))));
        assert!(matches!(cast_one(votes, plain(1), 10), Outcome::Stored { .. }));
        assert!(matches!(cast_one(votes, plain(1), 19), Outcome::Stored { .. }));
        assert_eq!(cast_one(votes, plain(1), 20), Outcome::Refused(Refusal::Closed(Moment(20))));
        let during = votes.tally(DurationSecs::TEN_MINUTES, Moment(19)).unwrap();
        assert!(during.hidden && during.candidates.iter().all(|total| total.votes == 0));
        assert_eq!((during.votes_total, during.opening), (2, Opening::Open));
        // A date in the future does not reveal hidden results.
        assert!(votes.tally_at(DurationSecs::TEN_MINUTES, Moment(99), Moment(19)).unwrap().hidden);
        assert_eq!(votes.pace(60, Moment(19)), Ok(Vec::new()));
        let hidden = votes.export(false, Moment(19), &mut |_| ControlFlow::Continue(()));
        assert_eq!(hidden, Err(BoxError::Hidden { closes: Some(Moment(20)) }));
        assert_eq!(totals(votes, 20), (vec![2, 0, 0], 2, 2));
    });
}

#[test]
fn a_vote_is_closed_opened_and_reset_while_it_runs() {
    on_every_store(&Setup::first(), |votes| {
        let keyed = |key: &str| Ballot { key: Some(key.into()), ..plain(2) };
        let mut other = votes.reader().unwrap();
        assert!(matches!(cast_one(votes, keyed("k"), 5), Outcome::Stored { .. }));
        other.change(&Change::Close, &Moment(10)).unwrap();
        assert_eq!(
            cast_one(votes, plain(1), 10),
            Outcome::Refused(Refusal::Closed(Moment(10))),
            "live in every handle"
        );
        assert!(matches!(cast_one(votes, keyed("k"), 10), Outcome::Repeated { .. }), "the first answer stays");
        other.change(&Change::Open, &Moment(12)).unwrap();
        let seen = |generation| Ballot { generation: Some(generation), ..plain(1) };
        assert!(matches!(cast_one(votes, seen(1), 12), Outcome::Stored { .. }));
        assert_eq!(other.reset(&mut |_| Ok(false), &Moment(20)), Ok(None), "what cannot be kept is not taken away");
        let mut kept = 0;
        let mut keep = |votes: &mut dyn BallotBox| {
            kept = totals(votes, 20).1;
            Ok(true)
        };
        assert_eq!(other.reset(&mut keep, &Moment(20)), Ok(Some(2)));
        assert_eq!(kept, 2);
        assert_eq!(totals(votes, 20), (vec![0, 0, 0], 0, 0));
        for old in [keyed("k"), seen(1)] {
            assert_eq!(cast_one(votes, old, 21), Outcome::Refused(Refusal::EarlierGeneration));
        }
        assert!(matches!(cast_one(votes, seen(2), 21), Outcome::Stored { .. }));
        let done = votes.cast_all(&mut [keyed("k"), keyed("new")].into_iter(), &Moment(21)).unwrap();
        assert_eq!(done.refused, [(0, Refusal::EarlierGeneration)]);
        let what: Vec<String> =
            votes.history().unwrap().into_iter().map(|of| format!("{} {}", of.at.0, of.what)).collect();
        assert_eq!(what[what.len() - 3..][0], "10 closed");
        assert_eq!(what[what.len() - 1], "20 reset: 2 votes were taken away");
    });
}

#[test]
fn a_browser_votes_once_and_may_change() {
    let rules = Settings { once_per_browser: true, change_allowed: true, ..Settings::default() };
    let folder = tempfile::tempdir().unwrap();
    let mut votes = store::create(folder.path().join("a.db").to_str().unwrap(), &setup(rules)).unwrap();
    assert_eq!(cast_one(&mut *votes, plain(1), 0), Outcome::Refused(Refusal::BrowserMissing));
    assert!(matches!(cast_one(&mut *votes, by("browser-1", 1), 0), Outcome::Stored { .. }));
    assert_eq!(cast_one(&mut *votes, by("browser-1", 2), 0), Outcome::Refused(Refusal::BrowserHasVoted));
    let change = Ballot { change: true, ..by("browser-1", 2) };
    assert!(matches!(cast_one(&mut *votes, change, 0), Outcome::Stored { replaced: Some(1), .. }));
    assert_eq!(totals(&mut *votes, 0).0, [0, 1, 0]);
}

#[test]
fn voters_who_look_the_same_are_one() {
    let rules = Settings { votes_per_voter: Some(1), voters_only: true, ..Settings::default() };
    let voters = ["Jose\u{301}", "Ann Lee"].map(|id| Voter { id: id.into(), name: None }).to_vec();
    let folder = tempfile::tempdir().unwrap();
    let made = Setup { voters, ..setup(rules) };
    let mut votes = store::create(folder.path().join("a.db").to_str().unwrap(), &made).unwrap();
    assert!(matches!(cast_one(&mut *votes, by("JOS\u{c9}", 1), 0), Outcome::Stored { .. }));
    assert!(matches!(cast_one(&mut *votes, by("Jos\u{e9}", 1), 0), Outcome::Refused(Refusal::LimitReached { .. })));
    let batch = [by("ann\u{a0}\u{200b}lee", 2), by("Ann  Lee", 2)];
    let outcomes = votes.cast(&batch, &Moment(0)).unwrap();
    assert!(matches!(outcomes[..], [Outcome::Stored { .. }, Outcome::Refused(Refusal::LimitReached { .. })]));
    let told = exported(&mut *votes, true, 0).unwrap().join("\n");
    assert!(told.contains("\"Ann Lee\"") && told.contains("\"Jose\\u{301}\""), "as the list has them: {told}");
    assert_eq!(votes.check(), Ok(Vec::new()));
}

#[test]
fn all_or_nothing() {
    on_every_store(&Setup::first(), |votes| {
        let mixed = [plain(1), plain(7), plain(2), plain(8)];
        let done = votes.cast_all(&mut mixed.into_iter(), &Moment(0)).unwrap();
        let unknown = |id: &str| Refusal::UnknownCandidate(id.into());
        assert_eq!(done, AllOrNothing { stored: 2, repeated: 0, refused: vec![(1, unknown("7")), (3, unknown("8"))] });
        assert_eq!(totals(votes, 0), (vec![0, 0, 0], 0, 0));
        assert_eq!(cast_one(votes, plain(3), 0), Outcome::Stored { id: 1, replaced: None });
        let done = votes.cast_all(&mut [plain(1), plain(2)].into_iter(), &Moment(0)).unwrap();
        assert_eq!(done, AllOrNothing { stored: 2, ..AllOrNothing::default() });
        assert_eq!(totals(votes, 0), (vec![1, 1, 1], 3, 3));
    });
}

#[test]
fn candidates_are_added_any_time_and_renamed_before_their_first_vote() {
    on_every_store(&Setup::first(), |votes| {
        cast_one(votes, plain(2), 0);
        assert_eq!(votes.add_candidate("new", &Moment(0)), Ok(4));
        for bad in ["new", "薯片", "17", "", " x"] {
            assert!(matches!(votes.add_candidate(bad, &Moment(0)), Err(BoxError::Candidate(_))), "{bad:?}");
        }
        assert_eq!(votes.rename_candidate(4, "newer", &Moment(0)), Ok(()));
        assert!(matches!(votes.rename_candidate(2, "x", &Moment(0)), Err(BoxError::Candidate(_))));
        assert!(matches!(votes.rename_candidate(9, "x", &Moment(0)), Err(BoxError::Candidate(_))));
        let stored = cast_one(votes, Ballot::plain(Choice::Name("newer".into())), 0);
        assert!(matches!(stored, Outcome::Stored { .. }), "a handle that has cast already sees the new candidate");
        assert_eq!(totals(votes, 0).0, [0, 1, 0, 1]);
    });
}

#[test]
fn an_export_for_everybody_tells_neither_who_nor_when_nor_after_whom() {
    on_every_store(&Setup::first(), |votes| {
        let says = |id, opinion: &str| Ballot { opinion: Some(opinion.into()), ..by("somebody", id) };
        for ballot in [says(3, "z"), says(1, "b"), plain(1), says(1, "a"), says(2, "")] {
            cast_one(votes, ballot, 5);
        }
        let mut told = Vec::new();
        let mut keep = |one: votekit::ballot::Record<'_>| {
            assert_eq!(one.private, None);
            told.push((one.candidate_id, one.opinion.map(str::to_owned)));
            ControlFlow::Continue(())
        };
        votes.export(false, Moment(9), &mut keep).unwrap();
        let expected = [(1, None), (1, Some("a")), (1, Some("b")), (2, None), (3, Some("z"))];
        assert_eq!(told, expected.map(|(id, opinion)| (id, opinion.map(str::to_owned))));
    });
}

#[test]
fn every_handle_sees_every_commit_and_learns_of_it() {
    on_every_store(&Setup::first(), |votes| {
        let mut other = votes.reader().unwrap();
        let (mine, theirs) = (votes.version().unwrap(), other.version().unwrap());
        assert_eq!(other.version().unwrap(), theirs, "nothing changed");
        cast_one(votes, plain(2), 0);
        assert!(votes.version().unwrap() > mine);
        assert!(other.version().unwrap() > theirs);
        assert_eq!(totals(&mut *other, 0).1, 1);
        let mine = votes.version().unwrap();
        other.add_candidate("x", &Moment(0)).unwrap();
        assert!(votes.version().unwrap() > mine);
        assert!(matches!(cast_one(votes, plain(4), 0), Outcome::Stored { .. }));
    });
}

#[test]
fn a_crowd_in_no_order_is_served_in_its_order() {
    let rules = Settings { votes_per_voter: Some(2), change_allowed: true, ..Settings::default() };
    let setup = setup(rules);
    let folder = tempfile::tempdir().unwrap();
    let mut sqlite = store::create(folder.path().join("ballots.db").to_str().unwrap(), &setup).unwrap();
    let mut model = Model::create(&setup);
    let mut dice: u64 = 17;
    let mut below = |most: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % most
    };
    let mut crowd = |size: usize| -> Vec<Ballot> {
        let mut any = || Ballot {
            choice: Choice::Id(below(4) as i64 + 1),
            voter: Some(format!("voter of a long name {}", below(30_000))),
            opinion: (below(4) == 0).then(|| "so".to_owned()),
            key: (below(8) > 0).then(|| format!("{:x}", below(40_000) * 0x1234_5678_9abc)),
            change: below(6) == 0,
            generation: None,
        };
        std::iter::repeat_with(&mut any).take(size).collect()
    };
    let mut other = sqlite.reader().unwrap();
    // Large batches, which meet their own keys and voters and earlier ones; between them small ones, some by another handle,
    // so that the store's caches must follow the file.
    let turns = [(10_500, 's'), (1_000, 'c'), (10_500, 's'), (1_000, 'o'), (10_500, 's'), (1_000, 'a'), (1_000, 'c')];
    for (size, how) in turns {
        let ballots = crowd(size);
        let given = match how {
            's' => sqlite.cast_sorted(&SortedBallots::new(ballots.clone()), &Moment(5)),
            'o' => other.cast(&ballots, &Moment(5)),
            'a' => sqlite.cast_all(&mut ballots.iter().cloned(), &Moment(5)).map(|_| Vec::new()),
            _ => sqlite.cast(&ballots, &Moment(5)),
        };
        let expected = match how {
            'a' => model.cast_all(&mut ballots.iter().cloned(), &Moment(5)).map(|_| Vec::new()),
            _ => model.cast(&ballots, &Moment(5)),
        };
        assert!(given == expected, "{how}");
        assert_eq!(totals(&mut *sqlite, 5), totals(&mut model, 5));
        assert!(exported(&mut *sqlite, true, 9) == exported(&mut model, true, 9));
        assert_eq!(sqlite.check(), Ok(Vec::new()));
    }
}

#[test]
fn what_cannot_be_a_vote_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("ballots.db");
    let rules = |settings| setup(settings);
    let names = |names: &[&str]| Setup { candidates: NewCandidate::numbered(names.iter().copied()), ..Setup::first() };
    for bad in [
        names(&[]),
        names(&["a", "a"]),
        names(&["1"]),
        names(&["a\u{1b}[31m"]),
        Setup { candidates: NewCandidate::numbered((0..1001).map(|at| format!("c{at}"))), ..Setup::first() },
        rules(Settings { opens: Some(Moment(5)), closes: Some(Moment(5)), ..Settings::default() }),
        rules(Settings { once_per_browser: true, votes_per_voter: Some(1), ..Settings::default() }),
        rules(Settings { votes_per_voter: Some(0), ..Settings::default() }),
        rules(Settings { title: "x".repeat(201), ..Settings::default() }),
        Setup { voters: vec![Voter { id: "u".into(), name: None }; 2], ..Setup::first() },
    ] {
        let made = store::create(place.to_str().unwrap(), &bad);
        assert!(matches!(made.err(), Some(BoxError::Setup(_) | BoxError::Candidate(_))), "{bad:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{bad:?}");
    }
}

/// A step of a random story.
#[derive(Debug, Clone)]
enum Step {
    Cast(Vec<Ballot>),
    CastAll(Vec<Ballot>),
    Wait(i64),
    Add(String),
    Rename(i64, String),
    Look(u32, i64),
    Change(Change),
    Reset,
}

fn any_ballot() -> impl Strategy<Value = Ballot> {
    let choice = prop_oneof![
        6 => (1i64..=4).prop_map(Choice::Id),
        1 => (-1i64..=9).prop_map(Choice::Id),
        1 => "[a-c]".prop_map(Choice::Name),
    ];
    let voter = prop::option::weighted(0.7, "[u-x]");
    let opinion = prop::option::weighted(0.3, "[a-b]{0,2}");
    let key = prop::option::weighted(0.4, "[k-p]");
    (choice, voter, opinion, key, prop::bool::weighted(0.25)).prop_map(|(choice, voter, opinion, key, change)| Ballot {
        choice,
        voter,
        opinion,
        key,
        change,
        generation: None,
    })
}

fn any_step() -> impl Strategy<Value = Step> {
    let ballots = || prop::collection::vec(any_ballot(), 0..6);
    prop_oneof![
        6 => ballots().prop_map(Step::Cast),
        2 => ballots().prop_map(Step::CastAll),
        2 => (-30i64..60).prop_map(Step::Wait),
        1 => "[a-d]".prop_map(Step::Add),
        1 => (0i64..5, "[a-d]").prop_map(|(id, name)| Step::Rename(id, name)),
        2 => (1u32..120, -50i64..50).prop_map(|(window, at)| Step::Look(window, at)),
        1 => prop_oneof![Just(Change::Close), Just(Change::Open)].prop_map(Step::Change),
        1 => prop::option::of(0i64..200).prop_map(|closes| {
            let closes = Some(closes.map(Moment));
            Step::Change(Change::Set(Box::new(NewSettings { closes, ..NewSettings::default() })))
        }),
        1 => Just(Step::Reset),
    ]
}

fn any_setup() -> impl Strategy<Value = Setup> {
    let time = |range: std::ops::Range<i64>| prop::option::weighted(0.3, range.prop_map(Moment));
    (time(-20..20), time(40..200), prop::option::of(1u32..3), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(opens, closes, votes_per_voter, voters_only, change_allowed, hide)| {
            let settings = Settings {
                opens,
                closes,
                votes_per_voter,
                voters_only,
                change_allowed,
                hide_results: if hide { Hiding::UntilClosed } else { Hiding::Nobody },
                ..Settings::default()
            };
            let voters = ["u", "v", "w"].map(|id| Voter { id: id.into(), name: None }).to_vec();
            let voters = if voters_only { voters } else { Vec::new() };
            Setup { voters, ..setup(settings) }
        },
    )
}

fn exported(votes: &mut dyn BallotBox, with_voters: bool, now: i64) -> Result<Vec<String>, BoxError> {
    let mut told = Vec::new();
    votes.export(with_voters, Moment(now), &mut |record| {
        told.push(format!("{record:?}"));
        ControlFlow::Continue(())
    })?;
    Ok(told)
}

fn same_failure<T, U>(left: &Result<T, BoxError>, right: &Result<U, BoxError>) -> bool {
    left.as_ref().err().map(std::mem::discriminant) == right.as_ref().err().map(std::mem::discriminant)
}

/// Runs the steps on both and compares every answer.
fn compare(left: &mut dyn BallotBox, right: &mut dyn BallotBox, steps: &[Step]) {
    let mut now = 0;
    for step in steps {
        match step {
            Step::Cast(ballots) => {
                assert_eq!(left.cast(ballots, &Moment(now)), right.cast(ballots, &Moment(now)), "{step:?}");
            }
            Step::CastAll(ballots) => {
                let cast = |votes: &mut dyn BallotBox| votes.cast_all(&mut ballots.iter().cloned(), &Moment(now));
                assert_eq!(cast(left), cast(right), "{step:?}");
            }
            Step::Wait(secs) => now += secs,
            Step::Add(name) => assert!(
                same_failure(&left.add_candidate(name, &Moment(now)), &right.add_candidate(name, &Moment(now))),
                "{step:?}"
            ),
            Step::Rename(id, name) => {
                assert!(
                    same_failure(
                        &left.rename_candidate(*id, name, &Moment(now)),
                        &right.rename_candidate(*id, name, &Moment(now))
                    ),
                    "{step:?}"
                );
            }
            Step::Change(change) => {
                let done = [left.change(change, &Moment(now)), right.change(change, &Moment(now))];
                assert_eq!(done[0], done[1], "{step:?}");
            }
            Step::Reset => {
                let keep = &mut |_: &mut dyn BallotBox| Ok(true);
                assert_eq!(left.reset(keep, &Moment(now)), right.reset(keep, &Moment(now)), "{step:?}");
            }
            Step::Look(secs, at) => {
                let (window, at) = (DurationSecs { secs: *secs }, Moment(now + at));
                assert_eq!(left.tally_at(window, at, Moment(now)), right.tally_at(window, at, Moment(now)), "{step:?}");
            }
        }
        let window = DurationSecs { secs: 30 };
        assert_eq!(left.tally(window, Moment(now)), right.tally(window, Moment(now)), "after {step:?}");
    }
    assert_eq!(left.candidates(), right.candidates());
    assert_eq!(left.settings(), right.settings());
    for at in [now, 1000] {
        assert_eq!(left.pace(7, Moment(at)), right.pace(7, Moment(at)));
        for with_voters in [false, true] {
            assert_eq!(exported(left, with_voters, at), exported(right, with_voters, at));
        }
    }
    assert_eq!(left.check(), Ok(Vec::new()), "counted anew it is the same");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]
    #[test]
    fn any_story_ends_as_in_the_model(setup in any_setup(), steps in prop::collection::vec(any_step(), 1..25)) {
        // In memory if possible: a thousand stories of a dozen commits would otherwise wait for the disk.
        let fast = std::path::Path::new("/dev/shm");
        let folder = if fast.is_dir() { tempfile::tempdir_in(fast) } else { tempfile::tempdir() }.unwrap();
        let place = folder.path().join("ballots.db");
        let mut sqlite = store::create(place.to_str().unwrap(), &setup).unwrap();
        compare(&mut *sqlite, &mut Model::create(&setup), &steps);
    }
}
