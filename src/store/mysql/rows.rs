//! Statements with many rows or many values in one: each round trip counts.
use mysql::prelude::{FromRow, Queryable};
use mysql::{Conn, Params, Value};
use sha2::{Digest, Sha256};

/// Most rows in one statement. A statement may have 65,535 values.
const ROWS_MOST: usize = 1_000;
/// Most bytes of texts in one statement; servers take 4 MiB or more (`max_allowed_packet`).
const BYTES_MOST: usize = 1024 * 1024;

/// The SHA-256 of a text, under which tables find it.
pub(super) fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// An INSERT of any number of rows.
pub(super) struct Insert {
    /// `INSERT INTO table (columns) VALUES `.
    pub head: &'static str,
    /// How many columns a row has.
    pub columns: usize,
    /// What comes after the rows; may be empty.
    pub tail: &'static str,
}

impl Insert {
    /// Runs it for `rows`, in as many statements as needed.
    pub(super) fn run(&self, conn: &mut Conn, rows: impl Iterator<Item = Vec<Value>>) -> mysql::Result<()> {
        let (mut values, mut bytes, mut count) = (Vec::new(), 0, 0);
        for row in rows {
            bytes += row.iter().map(byte_count).sum::<usize>();
            values.extend(row);
            count += 1;
            if count == ROWS_MOST || bytes >= BYTES_MOST {
                self.run_once(conn, count, std::mem::take(&mut values))?;
                (bytes, count) = (0, 0);
            }
        }
        if count > 0 { self.run_once(conn, count, values) } else { Ok(()) }
    }

    fn run_once(&self, conn: &mut Conn, rows: usize, values: Vec<Value>) -> mysql::Result<()> {
        let row = format!("({})", marks(self.columns));
        let sql = format!("{}{} {}", self.head, vec![row.as_str(); rows].join(","), self.tail);
        conn.exec_drop(sql, Params::Positional(values))
    }
}

fn byte_count(value: &Value) -> usize {
    match value {
        Value::Bytes(bytes) => bytes.len() + 8,
        _ => 8,
    }
}

fn marks(count: usize) -> String {
    vec!["?"; count].join(",")
}

/// All rows that `sql` finds, which ends in `IN`, for `values`; `tail` follows the list. `first` are the values before it.
pub(super) fn find_in<T: FromRow>(
    conn: &mut Conn,
    sql: &str,
    first: &[Value],
    values: &[Value],
    tail: &str,
) -> mysql::Result<Vec<T>> {
    let mut found = Vec::new();
    for chunk in values.chunks(ROWS_MOST) {
        let sql = format!("{sql} ({}) {tail}", marks(chunk.len()));
        let all: Vec<Value> = first.iter().chain(chunk).cloned().collect();
        found.append(&mut conn.exec(sql, Params::Positional(all))?);
    }
    Ok(found)
}
