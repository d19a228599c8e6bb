//! Bloom filters of the keys and voters in a file: in a bulk load nearly all of them are new, and looking them up would take
//! a fifth of the CPU time.
use fastbloom::BloomFilter;
use foldhash::fast::RandomState;
use rusqlite::Connection;

/// Bits in one filter: 8 MiB. With 3 million texts in it, 1 in 130 others is mistaken for one of them; with 30 million, 1
/// in 2.
const BITS: usize = 8 * 1024 * 1024 * 8;

/// Bits set for each text; each costs a memory access.
const BITS_PER_TEXT: u32 = 2;

/// A Bloom filter of texts.
pub(super) struct Filter(BloomFilter<RandomState>);

impl Filter {
    fn new() -> Self {
        Filter(BloomFilter::with_num_bits(BITS).hasher(RandomState::default()).hashes(BITS_PER_TEXT))
    }

    /// Adds `text`. Returns false if it was certainly not in the filter before.
    pub(super) fn insert(&mut self, text: &str) -> bool {
        self.0.insert(text)
    }

    fn read(conn: &Connection, sql: &str) -> rusqlite::Result<Self> {
        let mut filter = Filter::new();
        let mut statement = conn.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            filter.insert(row.get_ref(0)?.as_str()?);
        }
        Ok(filter)
    }
}

/// Filters of the keys and voters in the file. Complete as long as no other connection writes, since everything this one
/// writes is inserted.
pub(super) struct Filters {
    pub keys: Filter,
    /// `None` if only listed voters may vote: nearly all of them are in the file, so a filter would not help.
    pub voters: Option<Filter>,
}

impl Filters {
    /// Reads all keys, and all voters unless `voters_only`.
    pub(super) fn read(conn: &Connection, voters_only: bool) -> rusqlite::Result<Self> {
        let keys = Filter::read(conn, "SELECT key FROM vote INDEXED BY vote_key WHERE key IS NOT NULL")?;
        let voters = if voters_only { None } else { Some(Filter::read(conn, "SELECT id FROM voter")?) };
        Ok(Filters { keys, voters })
    }
}
