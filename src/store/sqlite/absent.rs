//! What the file cannot hold, known without asking it: in a bulk load nearly every key and voter is new, and to look all of
//! them up costs a fifth of the CPU.
use fastbloom::BloomFilter;
use foldhash::fast::RandomState;
use rusqlite::Connection;

/// Bits of one filter, 8 MiB: of 3 million texts in it, it takes 1 in 130 others for one of them, of 30 million 1 in 2.
const BITS: usize = 8 * 1024 * 1024 * 8;

/// Bits set for a text; each costs a look into memory.
const BITS_A_TEXT: u32 = 2;

/// A Bloom filter of texts.
pub struct Filter(BloomFilter<RandomState>);

impl Filter {
    fn new() -> Self {
        Filter(BloomFilter::with_num_bits(BITS).hasher(RandomState::default()).hashes(BITS_A_TEXT))
    }

    /// Takes `text` in. False: it had certainly not been taken in before.
    pub fn insert(&mut self, text: &str) -> bool {
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

/// The keys and voters that the file may hold. It holds no other, as long as nobody else writes it and all that is written
/// is taken in here.
pub struct Held {
    pub keys: Filter,
    /// None where only listed voters may vote: all of them are there.
    pub voters: Option<Filter>,
}

impl Held {
    /// Reads all keys, and all voters unless only the listed ones may vote.
    pub fn read(conn: &Connection, voters_only: bool) -> rusqlite::Result<Self> {
        let keys = Filter::read(conn, "SELECT key FROM vote INDEXED BY vote_key WHERE key IS NOT NULL")?;
        let voters = if voters_only { None } else { Some(Filter::read(conn, "SELECT id FROM voter")?) };
        Ok(Held { keys, voters })
    }
}
