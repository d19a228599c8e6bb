//! The numbers of votes. They are taken in the transaction that writes the votes, so that none is left out, or beforehand in
//! blocks, so that processes with many votes do not wait for each other.
use mysql::Conn;
use mysql::prelude::Queryable;

use crate::ballot::VoteId;

/// Numbers that a service takes at once.
const BLOCK: i64 = 10_000;

/// Numbers that this process alone has.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Numbers {
    generation: i64,
    next: VoteId,
    left: i64,
}

impl Numbers {
    /// Makes sure that there are `count`, in a transaction of its own.
    pub(super) fn reserve(&mut self, conn: &mut Conn, count: usize) -> mysql::Result<()> {
        let count = count as i64;
        if self.left >= count {
            return Ok(());
        }
        let take = BLOCK.max(count);
        conn.query_drop("START TRANSACTION")?;
        let (next, generation) = advance(conn, take)?;
        conn.query_drop("COMMIT")?;
        *self = Numbers { generation, next, left: take };
        Ok(())
    }

    /// The first of `count` numbers for votes of `generation`: of those reserved, or else taken in the open transaction.
    pub(super) fn take(&mut self, conn: &mut Conn, generation: i64, count: usize) -> mysql::Result<VoteId> {
        let count = count as i64;
        if self.generation != generation || self.left < count {
            return Ok(if count == 0 { 1 } else { advance(conn, count)?.0 });
        }
        let first = self.next;
        // Not given back if the transaction fails: gaps do no harm.
        self.next += count;
        self.left -= count;
        Ok(first)
    }
}

/// Takes the next `count` numbers. Gives the first, and the generation.
fn advance(conn: &mut Conn, count: i64) -> mysql::Result<(VoteId, i64)> {
    conn.exec_drop("UPDATE votekit_sequence SET next_id = next_id + ? WHERE id = 1", (count,))?;
    let found: Option<(i64, i64)> =
        conn.query_first("SELECT next_id, generation FROM votekit_sequence WHERE id = 1")?;
    let (next, generation) = found.unwrap_or((count + 1, 1));
    Ok((next - count, generation))
}
