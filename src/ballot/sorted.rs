//! Many ballots with their keys and voters in order: what a store asks of them that keeps both in order, and what takes no
//! store to find out, so that another thread can.
use std::cmp::Ordering;
use std::collections::HashMap;
use std::num::NonZeroU32;

use super::{Ballot, Refusal};

/// Ballots, less than 2^32, with their keys and their voters in order.
#[derive(Debug)]
pub struct SortedBallots {
    ballots: Vec<Ballot>,
    orders: Orders,
}

impl SortedBallots {
    /// Sorts the keys and voters of `ballots`, which stay in their order.
    pub fn new(ballots: Vec<Ballot>) -> Self {
        let orders = Orders::of(&ballots);
        SortedBallots { ballots, orders }
    }

    /// The ballots as they came.
    pub fn ballots(&self) -> &[Ballot] {
        &self.ballots
    }

    /// Their keys and voters.
    pub fn orders(&self) -> &Orders {
        &self.orders
    }

    /// The ballots alone.
    pub fn into_ballots(self) -> Vec<Ballot> {
        self.ballots
    }
}

/// The keys and the voters of some ballots, each in order, and which of the ballots are none.
#[derive(Debug)]
pub struct Orders {
    /// The keys.
    pub keys: Texts,
    /// The voters' ids.
    pub voters: Texts,
    /// Ballots that no vote takes, by their place, and why.
    pub unsound: HashMap<u32, Refusal>,
}

impl Orders {
    /// Looks through `ballots`, less than 2^32.
    pub fn of(ballots: &[Ballot]) -> Self {
        let checked = (0..).zip(ballots).filter_map(|(at, ballot)| Some((at, ballot.check().err()?)));
        Orders {
            unsound: checked.collect(),
            keys: Texts::new(ballots, |ballot| ballot.key.as_deref()),
            voters: Texts::new(ballots, |ballot| ballot.voter.as_deref()),
        }
    }
}

/// The texts of one kind on some ballots, copied side by side: in the ballots they lie all over the memory.
#[derive(Debug)]
pub struct Texts {
    /// Each text once, in the order of their bytes, and where each ends.
    texts: String,
    ends: Vec<usize>,
    /// For each ballot the number of its text, from 1; empty where no ballot has one.
    slots: Vec<Option<NonZeroU32>>,
    /// The ballots that have a text, in the texts' order and then in their own.
    order: Vec<u32>,
}

impl Texts {
    fn new<'a>(ballots: &'a [Ballot], text_of: impl Fn(&'a Ballot) -> Option<&'a str>) -> Self {
        let entries = (0..).zip(ballots).filter_map(|(at, ballot)| Some((first_bytes(text_of(ballot)?), at)));
        let mut entries: Vec<([u64; 2], u32)> = entries.collect();
        let text = |at: u32| text_of(&ballots[at as usize]).unwrap_or_default();
        entries.sort_unstable_by(|(left_first, left), (right_first, right)| match left_first.cmp(right_first) {
            Ordering::Equal => text(*left).cmp(text(*right)).then(left.cmp(right)),
            unequal => unequal,
        });
        let mut sorted = Texts { texts: String::new(), ends: Vec::new(), slots: Vec::new(), order: Vec::new() };
        if !entries.is_empty() {
            sorted.slots = vec![None; ballots.len()];
            sorted.ends.reserve(entries.len());
        }
        for (_, at) in &entries {
            let text = text(*at);
            if sorted.ends.is_empty() || sorted.text(sorted.ends.len() - 1) != text {
                sorted.texts.push_str(text);
                sorted.ends.push(sorted.texts.len());
            }
            sorted.slots[*at as usize] = NonZeroU32::new(sorted.ends.len() as u32);
        }
        sorted.order = entries.into_iter().map(|(_, at)| at).collect();
        sorted
    }

    /// How many different texts there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether no ballot has one.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text in `slot`, from 0.
    pub fn text(&self, slot: usize) -> &str {
        let start = if slot == 0 { 0 } else { self.ends[slot - 1] };
        &self.texts[start..self.ends[slot]]
    }

    /// The texts, each once, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|slot| self.text(slot))
    }

    /// The slot of the text on the ballot at place `at`, if it has one.
    pub fn slot(&self, at: usize) -> Option<usize> {
        self.slots.get(at).copied().flatten().map(|number| number.get() as usize - 1)
    }

    /// The places of the ballots that have a text, in the texts' order, those with the same text in their own.
    pub fn order(&self) -> &[u32] {
        &self.order
    }
}

/// The first sixteen bytes as numbers that sort as they do: few comparisons then need to follow a pointer to the text.
fn first_bytes(text: &str) -> [u64; 2] {
    let mut first = [0; 16];
    let bytes = text.len().min(16);
    first[..bytes].copy_from_slice(&text.as_bytes()[..bytes]);
    let first = u128::from_be_bytes(first);
    [(first >> 64) as u64, first as u64]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ballot::Choice;

    #[test]
    fn texts_in_order_with_their_ballots() {
        let keys = [Some("b"), None, Some("a"), Some("b"), Some("sixteen bytes a: 2"), Some("sixteen bytes a: 1")];
        let ballot = |key: &Option<&str>| Ballot { key: key.map(str::to_owned), ..Ballot::plain(Choice::Id(1)) };
        let sorted = SortedBallots::new(keys.iter().map(ballot).collect());
        let Orders { keys: texts, voters, .. } = sorted.orders();
        assert_eq!(texts.iter().collect::<Vec<_>>(), ["a", "b", "sixteen bytes a: 1", "sixteen bytes a: 2"]);
        assert_eq!(texts.order(), [2, 0, 3, 5, 4]);
        for (at, key) in keys.iter().enumerate() {
            assert_eq!(texts.slot(at).map(|slot| texts.text(slot)), *key);
        }
        assert!(voters.is_empty() && voters.order().is_empty() && voters.slot(0).is_none());
    }
}
