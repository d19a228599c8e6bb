//! The sums that are counted, and the groups that they are counted for.
use std::cmp::Reverse;

/// What is counted for each group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Sum {
    /// Bytes of all requests.
    pub bytes: u128,
    /// Number of requests.
    pub requests: u64,
}

impl Sum {
    /// Adds `other`.
    pub(super) fn add(&mut self, other: Sum) {
        self.bytes += other.bytes;
        self.requests += other.requests;
    }
}

/// A key and its sum. Groups are ordered by bytes, then by requests, then by key in reverse, so that the greatest group is the
/// one to show first and the order is the same in every run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// What was counted.
    pub sum: Sum,
    /// The key that was counted for.
    pub key: Reverse<Vec<u8>>,
}

/// The result of all workers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grouped {
    /// The groups that were asked for, the one with the most bytes first.
    pub rows: Vec<Group>,
    /// The sum of all groups that are not in `rows`.
    pub other: Sum,
    /// The sum of all groups.
    pub total: Sum,
    /// How many groups there are in all.
    pub groups: u64,
    /// Whether temporary files were needed.
    pub spilled: bool,
}
