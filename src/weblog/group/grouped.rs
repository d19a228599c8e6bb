//! Sums and groups.
use std::cmp::Reverse;

/// The requests and bytes of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Sum {
    /// Bytes of all requests.
    pub bytes: u128,
    /// The number of requests.
    pub requests: u64,
}

impl Sum {
    /// Adds the requests and bytes of `other`.
    pub(super) fn add(&mut self, other: Sum) {
        self.bytes += other.bytes;
        self.requests += other.requests;
    }
}

/// A key and its sum. Groups are ordered by bytes, then requests, then reversed key, so that the greatest group is shown
/// first and the order is the same in every run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// Its requests and bytes.
    pub sum: Sum,
    /// The encoded key; reversed, so that of equal sums the smallest key is the greatest group.
    pub key: Reverse<Vec<u8>>,
}

/// The merged result of all workers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grouped {
    /// The groups to show, the one with the most bytes first.
    pub rows: Vec<Group>,
    /// The sum of all groups that are not in `rows`.
    pub other: Sum,
    /// The sum of all groups.
    pub total: Sum,
    /// The number of all groups.
    pub groups: u64,
    /// Whether temporary files were needed.
    pub spilled: bool,
}
