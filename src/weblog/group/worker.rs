//! The groups of one worker.
use super::best::Best;
use super::grouped::Grouped;
use super::limits::{GROUP_BYTES, GroupError, GroupOptions};
use super::spill::Spill;
use super::table::{BATCH, Table};

/// The groups of one worker.
#[derive(Debug)]
pub struct Groups {
    pub(super) table: Table,
    /// Sums that are not in the table yet: looking up several keys at once is faster.
    pending: Vec<Pending>,
    /// The keys of `pending`, concatenated.
    pending_keys: Vec<u8>,
    /// Start of the last of them.
    last_start: usize,
    options: GroupOptions,
    pub(super) spill: Option<Spill>,
    pub(super) error: Option<GroupError>,
}

/// A sum that is not in the table yet.
#[derive(Debug, Clone, Copy)]
struct Pending {
    hash: u64,
    key_end: usize,
    requests: u64,
    bytes: u64,
}

/// Creates the workers' [`Groups`], which must share a hash function to be merged.
#[derive(Debug, Clone)]
pub struct Grouping {
    pub(super) options: GroupOptions,
    /// Seeded randomly for each run, so that nobody can request URLs that are known to collide.
    hasher: foldhash::quality::RandomState,
}

impl Grouping {
    /// Limits and hash function of one run.
    pub fn new(options: GroupOptions) -> Self {
        Grouping { options, hasher: foldhash::quality::RandomState::default() }
    }

    /// Creates empty groups for a worker.
    pub fn worker(&self) -> Groups {
        Groups {
            table: self.table(),
            pending: Vec::with_capacity(BATCH),
            pending_keys: Vec::new(),
            last_start: 0,
            options: self.options,
            spill: None,
            error: None,
        }
    }

    pub(super) fn table(&self) -> Table {
        Table::new(self.hasher.clone())
    }
}

impl Groups {
    /// Counts a request of `bytes` for `key`.
    pub fn add(&mut self, key: &[u8], bytes: u64) {
        self.add_many(key, 1, bytes);
    }

    /// Counts `requests` with a total of `bytes` for `key`.
    pub fn add_many(&mut self, key: &[u8], requests: u64, bytes: u64) {
        // Extensions and directories often repeat the previous value.
        if !self.pending.is_empty() && self.pending_keys[self.last_start..] == *key {
            return self.again_many(requests, bytes);
        }
        self.begin(key, requests, bytes);
    }

    /// Begins a pending sum for `key`.
    fn begin(&mut self, key: &[u8], requests: u64, bytes: u64) {
        if self.pending.len() == BATCH {
            self.flush();
        }
        self.last_start = self.pending_keys.len();
        self.pending_keys.extend_from_slice(key);
        let hash = self.table.hash(key);
        self.pending.push(Pending { hash, key_end: self.pending_keys.len(), requests, bytes });
    }

    /// Counts a request of `bytes` for the key of the last [`Groups::add`]. Does nothing before the first.
    #[inline]
    pub fn again(&mut self, bytes: u64) {
        self.again_many(1, bytes);
    }

    /// Counts `requests` with a total of `bytes` for the key of the last [`Groups::add`]. Does nothing before the first.
    #[inline]
    pub fn again_many(&mut self, requests: u64, bytes: u64) {
        let Some(last) = self.pending.last_mut() else { return };
        match last.bytes.checked_add(bytes) {
            Some(sum) => {
                last.bytes = sum;
                last.requests += requests;
            }
            None => self.again_beyond_64_bits(requests, bytes),
        }
    }

    #[cold]
    fn again_beyond_64_bits(&mut self, requests: u64, bytes: u64) {
        let key = self.pending_keys[self.last_start..].to_vec();
        self.begin(&key, requests, bytes);
    }

    /// Moves all pending sums to the table.
    pub(super) fn flush(&mut self) {
        self.table.touch(self.pending.iter().map(|pending| pending.hash));
        let mut key_start = 0;
        for index in 0..self.pending.len() {
            let Pending { hash, key_end, requests, bytes } = self.pending[index];
            let known = self.table.len();
            let at = self.table.entry(hash, &self.pending_keys[key_start..key_end]);
            self.table.add_at(at, requests, bytes);
            key_start = key_end;
            if self.table.len() > known {
                self.limit_memory();
            }
        }
        self.pending.clear();
        self.pending_keys.clear();
    }

    /// Whether counting failed, so that going on is pointless; [`finish`](super::finish) returns the error.
    pub fn failed(&self) -> bool {
        self.error.is_some()
    }

    /// The groups counted so far.
    ///
    /// # Errors
    /// When groups outgrew the memory limit or are in a temporary file.
    pub fn so_far(&mut self) -> Result<Grouped, GroupError> {
        self.flush();
        if self.error.is_some() || self.spill.is_some() {
            return Err(self.options.too_many());
        }
        let mut best = Best::new(self.options);
        best.take(&self.table);
        Ok(best.grouped(false))
    }

    /// Spills or fails if the table has outgrown its memory.
    fn limit_memory(&mut self) {
        let result_bytes = match self.options.top {
            Some(_) => 0,
            None => self.table.len() * GROUP_BYTES + self.table.keys_bytes(),
        };
        if self.table.used_bytes() + result_bytes <= self.options.table_bytes() || self.table.len() < 2 {
            return;
        }
        let made_room = match self.options.top {
            Some(_) if self.options.may_spill => self.spill_all(),
            _ => Err(self.options.too_many()),
        };
        if let Err(error) = made_room {
            // Later errors follow from the first.
            self.error.get_or_insert(error);
            self.table.clear();
        }
    }

    /// Writes the whole table to the worker's temporary file.
    pub(super) fn spill_all(&mut self) -> Result<(), GroupError> {
        let spill = match &mut self.spill {
            Some(spill) => spill,
            None => self.spill.insert(Spill::new().map_err(GroupError::spill)?),
        };
        spill.write(&self.table).map_err(GroupError::spill)?;
        self.table.clear();
        Ok(())
    }
}
