//! A batch of ballots with its keys and voters sorted: what a store with sorted indexes wants, and what needs no store to
//! find out, so that another thread can prepare it.
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::num::NonZeroU32;

use super::errors::Refusal;
use super::limits::visual_key;
use super::vote::Ballot;

/// Ballots with their index. Fewer than 2^32.
#[derive(Debug)]
pub struct SortedBallots {
    ballots: Vec<Ballot>,
    index: BatchIndex,
}

impl SortedBallots {
    /// Sorts the keys and voters of `ballots`, which themselves keep their order.
    pub fn new(ballots: Vec<Ballot>) -> Self {
        let index = BatchIndex::new(&ballots);
        SortedBallots { ballots, index }
    }

    /// The ballots as they came.
    pub fn ballots(&self) -> &[Ballot] {
        &self.ballots
    }

    /// Their keys and voters.
    pub fn index(&self) -> &BatchIndex {
        &self.index
    }

    /// The ballots in the order in which they came.
    pub fn into_ballots(self) -> Vec<Ballot> {
        self.ballots
    }
}

/// The keys and voters of a batch, each sorted, and its ballots that no vote takes.
#[derive(Debug)]
pub struct BatchIndex {
    /// The clients' keys, in the order of their bytes.
    pub keys: TextIndex,
    /// The [visual keys](super::visual_key) of the voters' ids.
    pub voters: TextIndex,
    /// Why [`Ballot::check`] refuses a ballot, by the ballot's index.
    pub invalid: HashMap<u32, Refusal>,
}

impl BatchIndex {
    /// Indexes `ballots`, fewer than 2^32.
    pub fn new(ballots: &[Ballot]) -> Self {
        let checked = (0..).zip(ballots).filter_map(|(at, ballot)| Some((at, ballot.check().err()?)));
        // The voters whose id is not its own key; usually none.
        let folded = |(at, ballot): (u32, &Ballot)| match visual_key(ballot.voter.as_deref()?) {
            Cow::Owned(key) => Some((at, key)),
            Cow::Borrowed(_) => None,
        };
        let folded: HashMap<u32, String> = (0..).zip(ballots).filter_map(folded).collect();
        let voter = |at: u32| match folded.is_empty() {
            true => ballots[at as usize].voter.as_deref(),
            false => folded.get(&at).map(String::as_str).or(ballots[at as usize].voter.as_deref()),
        };
        BatchIndex {
            invalid: checked.collect(),
            keys: TextIndex::new(ballots.len(), |at| ballots[at as usize].key.as_deref()),
            voters: TextIndex::new(ballots.len(), voter),
        }
    }
}

/// One text of each ballot, copied side by side: in the ballots they are scattered over memory. Equal texts share a slot.
#[derive(Debug, Default)]
pub struct TextIndex {
    /// The distinct texts, in the order of their bytes.
    texts: String,
    /// Where each of them ends.
    ends: Vec<usize>,
    /// The first ballot that has each of them.
    firsts: Vec<u32>,
    /// For each ballot the slot of its text, from 1; empty where no ballot has a text.
    slots: Vec<Option<NonZeroU32>>,
    /// The ballots that have a text, by text, and by their own order where it is the same.
    order: Vec<u32>,
}

impl TextIndex {
    /// The texts that `text_of` gives for the indexes of `ballots` ballots.
    fn new<'a>(ballots: usize, text_of: impl Fn(u32) -> Option<&'a str>) -> Self {
        let entries = (0..ballots as u32).filter_map(|at| Some((first_bytes(text_of(at)?), at)));
        let mut entries: Vec<([u64; 2], u32)> = entries.collect();
        let text = |at: u32| text_of(at).unwrap_or_default();
        entries.sort_unstable_by(|(left_first, left), (right_first, right)| match left_first.cmp(right_first) {
            Ordering::Equal => text(*left).cmp(text(*right)).then(left.cmp(right)),
            unequal => unequal,
        });
        let mut sorted = TextIndex::default();
        if !entries.is_empty() {
            sorted.slots = vec![None; ballots];
            sorted.ends.reserve(entries.len());
        }
        for (_, at) in &entries {
            let text = text(*at);
            if sorted.ends.is_empty() || sorted.text(sorted.ends.len() - 1) != text {
                sorted.texts.push_str(text);
                sorted.ends.push(sorted.texts.len());
                sorted.firsts.push(*at);
            }
            sorted.slots[*at as usize] = NonZeroU32::new(sorted.ends.len() as u32);
        }
        sorted.order = entries.into_iter().map(|(_, at)| at).collect();
        sorted
    }

    /// How many distinct texts there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether no ballot has a text.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text in `slot`, from 0.
    pub fn text(&self, slot: usize) -> &str {
        let start = if slot == 0 { 0 } else { self.ends[slot - 1] };
        &self.texts[start..self.ends[slot]]
    }

    /// The first ballot whose text is in `slot`.
    pub fn first(&self, slot: usize) -> usize {
        self.firsts[slot] as usize
    }

    /// The distinct texts, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|slot| self.text(slot))
    }

    /// The slot of the text of ballot `at`, if it has one.
    pub fn slot(&self, at: usize) -> Option<usize> {
        self.slots.get(at).copied().flatten().map(|number| number.get() as usize - 1)
    }

    /// The ballots that have a text, by text, and by their own order where it is the same.
    pub fn order(&self) -> &[u32] {
        &self.order
    }
}

/// The first sixteen bytes as numbers that sort the same way: few comparisons then have to follow a pointer to the text.
fn first_bytes(text: &str) -> [u64; 2] {
    let mut first = [0; 16];
    let bytes = text.len().min(16);
    first[..bytes].copy_from_slice(&text.as_bytes()[..bytes]);
    let first = u128::from_be_bytes(first);
    [(first >> 64) as u64, first as u64]
}

#[cfg(test)]
mod tests {
    use super::super::vote::Choice;
    use super::*;

    #[test]
    fn texts_in_order_with_their_ballots() {
        let keys = [Some("b"), None, Some("a"), Some("b"), Some("sixteen bytes a: 2"), Some("sixteen bytes a: 1")];
        let ballot = |key: &Option<&str>| Ballot { key: key.map(str::to_owned), ..Ballot::plain(Choice::Id(1)) };
        let sorted = SortedBallots::new(keys.iter().map(ballot).collect());
        let BatchIndex { keys: texts, voters, .. } = sorted.index();
        assert_eq!(texts.iter().collect::<Vec<_>>(), ["a", "b", "sixteen bytes a: 1", "sixteen bytes a: 2"]);
        assert_eq!(texts.order(), [2, 0, 3, 5, 4]);
        for (at, key) in keys.iter().enumerate() {
            assert_eq!(texts.slot(at).map(|slot| texts.text(slot)), *key);
        }
        assert!(voters.is_empty() && voters.order().is_empty() && voters.slot(0).is_none());
    }
}
