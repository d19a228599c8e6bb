//! What becomes of ballots, batch by batch.
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::candidates::Candidate;
use super::super::decision::Withdrawal;
use super::super::vote::Choice;
use super::*;

/// The simplest store: a list of votes, whose ids count from 1, and their voters.
#[derive(Default)]
struct Shelf {
    votes: Vec<ShelfVote>,
    accounts: BTreeMap<String, Account>,
}

struct ShelfVote {
    candidate_id: i64,
    voter: Option<String>,
    opinion: Option<String>,
    key: Option<String>,
    replaced_by: Option<VoteId>,
}

impl Shelf {
    fn keyed_vote(&self, key: &str) -> Option<Box<KeyedVote>> {
        let (id, vote) = (1..).zip(&self.votes).find(|(_, vote)| vote.key.as_deref() == Some(key))?;
        let (voter, opinion) = (vote.voter.clone(), vote.opinion.clone());
        Some(Box::new(KeyedVote { id, candidate_id: vote.candidate_id, voter, opinion }))
    }

    fn cast(&mut self, rules: &Rules, ballots: &[Ballot], now: Moment) -> Vec<Outcome> {
        let index = BatchIndex::new(ballots);
        let lookup = Lookup {
            keys: index.keys.iter().map(|key| self.keyed_vote(key)).collect(),
            voters: index.voters.iter().map(|voter| self.accounts.get(voter).copied()).collect(),
            spent: Vec::new(),
        };
        let writes = decide(rules, ballots, &index, lookup, now).number(self.votes.len() as i64 + 1);
        for change in writes.accounts() {
            let before = self.accounts.insert(change.voter.to_owned(), change.account);
            assert_eq!(change.is_new, before.is_none(), "{change:?}");
        }
        for vote in writes.votes() {
            let text = |text: Option<&str>| text.map(str::to_owned);
            self.votes.push(ShelfVote {
                candidate_id: rules.candidates.as_slice()[vote.candidate].id,
                voter: text(vote.voter),
                opinion: text(vote.opinion),
                key: text(vote.key),
                replaced_by: None,
            });
            assert_eq!(vote.id, self.votes.len() as i64);
        }
        for Withdrawal { id, by } in &writes.withdrawals {
            let replaced_by = self.votes[*id as usize - 1].replaced_by.replace(*by);
            assert_eq!(replaced_by, None, "withdrawn once");
        }
        writes.outcomes
    }
}

fn rules(settings: Settings) -> Rules {
    Rules {
        settings,
        candidates: Candidates::new((1..).zip(["a", "b", "c"]).map(|(id, name)| Candidate::named(id, name)).collect()),
    }
}

fn by(voter: &str) -> Ballot {
    Ballot { voter: Some(voter.into()), ..Ballot::plain(Choice::Id(1)) }
}

fn keyed(key: &str, ballot: Ballot) -> Ballot {
    Ballot { key: Some(key.into()), ..ballot }
}

#[test]
fn of_several_reasons_the_first_is_given() {
    let settings = Settings {
        opens: Some(Moment(10)),
        closes: Some(Moment(20)),
        votes_per_voter: Some(1),
        voters_only: true,
        ..Settings::default()
    };
    let rules = rules(settings);
    let mut shelf = Shelf::default();
    shelf.accounts.insert("u".into(), Account::default());
    let stored = keyed("k", by("u"));
    assert_eq!(
        shelf.cast(&rules, std::slice::from_ref(&stored), Moment(10)),
        [Outcome::Stored { id: 1, replaced: None }]
    );

    // Each step mends what was refused in the step before.
    let wrong = Ballot { choice: Choice::Id(9), voter: None, change: true, ..keyed("k ", by("x")) };
    let mut refusals = Vec::new();
    let mut cast = |ballot: &Ballot, now| match shelf.cast(&rules, std::slice::from_ref(ballot), Moment(now)).remove(0)
    {
        Outcome::Refused(refusal) => refusals.push(refusal.to_string()),
        other => panic!("{ballot:?} is not refused: {other:?}"),
    };
    cast(&wrong, 9);
    let other_key = keyed("k", wrong.clone());
    cast(&other_key, 9);
    let free_key = keyed("free", wrong);
    cast(&free_key, 9);
    cast(&free_key, 20);
    cast(&free_key, 15);
    let no_change = Ballot { change: false, ..free_key };
    cast(&no_change, 15);
    let unlisted = Ballot { voter: Some("x".into()), ..no_change };
    cast(&unlisted, 15);
    let unlisted = Ballot { choice: Choice::Id(2), ..unlisted };
    cast(&unlisted, 15);
    cast(&Ballot { voter: Some("u".into()), ..unlisted }, 15);
    assert_eq!(
        refusals,
        [
            "the key begins or ends with a space",
            "key k was used for another vote",
            "voting opens at 1970-01-01T00:00:10Z",
            "voting closed at 1970-01-01T00:00:20Z",
            "votes cannot be changed in this vote",
            "this vote asks who votes: give a voter",
            "there is no candidate 9",
            "voter x is not on the list of this vote",
            "voter u has voted 1 of 1 times",
        ]
    );
    assert_eq!(shelf.cast(&rules, &[stored], Moment(20)), [Outcome::Repeated { id: 1 }], "also after closing");
}

#[test]
fn votes_are_numbered_in_the_order_of_keys_but_of_one_voter_in_the_order_of_ballots() {
    let rules = rules(Settings { change_allowed: true, ..Settings::default() });
    let mut shelf = Shelf::default();
    let change = |key| Ballot { change: true, ..keyed(key, by("u")) };
    let plain = || Ballot::plain(Choice::Id(2));
    let ballots = [keyed("m", plain()), change("z"), plain(), change("b"), keyed("a", plain()), by("v")];
    let stored = |id, replaced| Outcome::Stored { id, replaced };
    // In the order of keys it would be: none, none, a, b, m, z. But z of u is cast before b of u.
    assert_eq!(
        shelf.cast(&rules, &ballots, Moment(0)),
        [stored(5, None), stored(4, None), stored(1, None), stored(6, Some(4)), stored(3, None), stored(2, None)]
    );
    assert_eq!(shelf.accounts["u"], Account { votes: 1, last_vote: Some(6) });
}

#[test]
fn the_first_ballot_of_a_new_box_is_held_to_its_rules() {
    let settings = Settings { voters_only: true, ..Settings::default() };
    let voters = vec![super::super::setup::Voter { id: "u".into(), name: None }];
    let setup = Setup { settings, voters, ..Setup::first() };
    let first = |ballot: &Ballot| decide_first(&setup, ballot, Moment(0));
    assert_eq!(first(&keyed("k", by("u"))), Outcome::Stored { id: 1, replaced: None });
    assert_eq!(first(&by("x")), Outcome::Refused(Refusal::UnknownVoter("x".into())));
    let unknown = Ballot { choice: Choice::Name("x".into()), ..by("u") };
    assert_eq!(first(&unknown), Outcome::Refused(Refusal::UnknownCandidate("x".into())));
}

/// The outcome of a ballot, with votes identified by the number of their ballot.
#[derive(Debug, PartialEq)]
enum Fate {
    Stored { replaced: Option<usize> },
    Repeated { first: usize },
    Refused(Refusal),
}

/// The rules once more, one ballot at a time over a list of all that are stored.
struct Reference<'a> {
    rules: &'a Rules,
    listed: &'a [&'a str],
    stored: Vec<(usize, &'a Ballot)>,
    withdrawn: Vec<usize>,
}

impl<'a> Reference<'a> {
    fn fate(&mut self, number: usize, ballot: &'a Ballot, now: Moment) -> Fate {
        let settings = &self.rules.settings;
        let named = |ballot: &Ballot| match &ballot.choice {
            Choice::Id(id) => (1..=3).contains(id).then_some(*id),
            Choice::Name(name) => ["a", "b", "c"].iter().position(|known| known == name).map(|at| at as i64 + 1),
        };
        let content = |ballot: &Ballot| {
            (named(ballot), ballot.voter.clone(), ballot.opinion.clone().filter(|opinion| !opinion.is_empty()))
        };
        if let Err(refusal) = ballot.check() {
            return Fate::Refused(refusal);
        }
        let same_key = |first: &Ballot| ballot.key.is_some() && first.key == ballot.key;
        if let Some((first, vote)) = self.stored.iter().find(|(_, vote)| same_key(vote)) {
            return match content(vote) == content(ballot) {
                true => Fate::Repeated { first: *first },
                false => Fate::Refused(Refusal::KeyReused(ballot.key.clone().unwrap())),
            };
        }
        if let Some(closes) = settings.closes.filter(|closes| *closes <= now) {
            return Fate::Refused(Refusal::Closed(closes));
        }
        if let Some(opens) = settings.opens.filter(|opens| now < *opens) {
            return Fate::Refused(Refusal::NotOpenYet(opens));
        }
        if ballot.change && !settings.change_allowed {
            return Fate::Refused(Refusal::ChangeNotAllowed);
        }
        let Some(voter) = &ballot.voter else {
            return match named(ballot) {
                _ if settings.voters_only || settings.votes_per_voter.is_some() || ballot.change => {
                    Fate::Refused(Refusal::VoterMissing)
                }
                None => Fate::Refused(Refusal::UnknownCandidate(ballot.choice.to_string())),
                Some(_) => self.store(number, ballot, None),
            };
        };
        if named(ballot).is_none() {
            return Fate::Refused(Refusal::UnknownCandidate(ballot.choice.to_string()));
        }
        if settings.voters_only && !self.listed.contains(&voter.as_str()) {
            return Fate::Refused(Refusal::UnknownVoter(voter.clone()));
        }
        let theirs = self.stored.iter().filter(|(_, vote)| vote.voter.as_ref() == Some(voter));
        let standing: Vec<usize> =
            theirs.map(|(number, _)| *number).filter(|number| !self.withdrawn.contains(number)).collect();
        let replaced = if ballot.change { standing.last().copied() } else { None };
        match settings.votes_per_voter {
            Some(votes_per_voter) if replaced.is_none() && standing.len() >= votes_per_voter as usize => {
                Fate::Refused(Refusal::LimitReached { voter: voter.clone(), votes_per_voter })
            }
            _ => self.store(number, ballot, replaced),
        }
    }

    fn store(&mut self, number: usize, ballot: &'a Ballot, replaced: Option<usize>) -> Fate {
        self.stored.push((number, ballot));
        self.withdrawn.extend(replaced);
        Fate::Stored { replaced }
    }
}

fn any_ballot() -> impl Strategy<Value = Ballot> {
    let choice = prop_oneof![4 => (0i64..=4).prop_map(Choice::Id), 1 => "[a-d]".prop_map(Choice::Name)];
    let voter = prop::option::weighted(0.8, prop_oneof![20 => "[u-x]", 1 => Just(" u".to_owned())]);
    let opinion = prop::option::weighted(0.3, "[a-b]{0,1}");
    let key = prop::option::weighted(0.5, "[k-r]");
    (choice, voter, opinion, key, prop::bool::weighted(0.3)).prop_map(|(choice, voter, opinion, key, change)| Ballot {
        choice,
        voter,
        opinion,
        key,
        change,
        generation: None,
    })
}

fn any_settings() -> impl Strategy<Value = Settings> {
    let time = |range: std::ops::Range<i64>| prop::option::weighted(0.3, range.prop_map(Moment));
    (time(0..4), time(4..10), prop::option::of(1u32..4), any::<bool>(), any::<bool>()).prop_map(
        |(opens, closes, votes_per_voter, voters_only, change_allowed)| Settings {
            opens,
            closes,
            votes_per_voter,
            voters_only,
            change_allowed,
            ..Settings::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]
    #[test]
    fn batches_end_as_ballots_one_by_one(
        settings in any_settings(),
        batches in prop::collection::vec((0i64..12, prop::collection::vec(any_ballot(), 0..12)), 1..5),
    ) {
        let rules = rules(settings);
        let listed: &[&str] = if rules.settings.voters_only { &["u", "v"] } else { &[] };
        let mut shelf = Shelf::default();
        shelf.accounts.extend(listed.iter().map(|voter| ((*voter).to_owned(), Account::default())));
        let mut reference = Reference { rules: &rules, listed, stored: Vec::new(), withdrawn: Vec::new() };
        // The number of the ballot that each id was given to.
        let mut owners: BTreeMap<VoteId, usize> = BTreeMap::new();
        let mut number = 0;
        for (now, ballots) in &batches {
            let first_number = number;
            let outcomes = shelf.cast(&rules, ballots, Moment(*now));
            prop_assert_eq!(outcomes.len(), ballots.len());
            for (at, outcome) in outcomes.iter().enumerate() {
                if let Outcome::Stored { id, .. } = outcome {
                    prop_assert_eq!(owners.insert(*id, first_number + at), None, "an id is given once");
                }
            }
            for (ballot, outcome) in ballots.iter().zip(outcomes) {
                let fate = match outcome {
                    Outcome::Stored { replaced, .. } => Fate::Stored { replaced: replaced.map(|id| owners[&id]) },
                    Outcome::Repeated { id } => Fate::Repeated { first: owners[&id] },
                    Outcome::Refused(refusal) => Fate::Refused(refusal),
                };
                prop_assert_eq!(fate, reference.fate(number, ballot, Moment(*now)), "ballot {}", number);
                number += 1;
            }
        }
        let withdrawn: Vec<usize> = (1..).zip(&shelf.votes).filter(|(_, vote)| vote.replaced_by.is_some()).map(|(id, _)| owners[&id]).collect();
        let sorted = |mut numbers: Vec<usize>| { numbers.sort_unstable(); numbers };
        prop_assert_eq!(sorted(withdrawn), sorted(reference.withdrawn));
        for (voter, account) in &shelf.accounts {
            let theirs = || (1..).zip(&shelf.votes).filter(|(_, vote)| vote.voter.as_ref() == Some(voter));
            let numbers: Vec<usize> = theirs().map(|(id, _)| owners[&id]).collect();
            prop_assert!(numbers.is_sorted(), "the votes of {} are numbered as their ballots came", voter);
            let standing = theirs().filter(|(_, vote)| vote.replaced_by.is_none()).count() as i64;
            let last_vote = theirs().map(|(id, _)| id).last();
            prop_assert_eq!(*account, Account { votes: standing, last_vote });
        }
    }
}
