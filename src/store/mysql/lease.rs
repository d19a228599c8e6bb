//! The row of `votekit_writer` that a process leases, and with it a slot of its own in all counters.
use mysql::prelude::Queryable;
use mysql::{Conn, params};

use super::fault::Fault;
use crate::ballot::BoxError;

/// How long a process that writes nothing keeps its row. Each transaction renews the lease.
const LEASE_SECS: i64 = 60;

/// A leased row.
#[derive(Debug, Clone)]
pub(super) struct Lease {
    /// Its id, which is the slot.
    pub slot: i64,
    /// What shows that it is still ours.
    holder: [u8; 16],
    /// `batch` of the row after the last transaction that is known to be committed.
    pub batch: i64,
}

impl Lease {
    /// Takes a row that is free, or whose lease has run out, else a new one. Waits for changes of the vote and makes them wait,
    /// so that no change misses a writer.
    pub(super) fn take(conn: &mut Conn) -> Result<Lease, Fault> {
        let mut holder = [0; 16];
        getrandom::fill(&mut holder).map_err(|error| {
            Fault::Box(BoxError::Io {
                place: "this machine".into(),
                reason: format!("it has no random numbers: {error}"),
            })
        })?;
        conn.query_drop("START TRANSACTION")?;
        conn.query_drop("UPDATE votekit_box SET leases = leases + 1 WHERE id = 1")?;
        let free =
            "SELECT id FROM votekit_writer WHERE holder IS NULL OR leased_until < UNIX_TIMESTAMP() ORDER BY id LIMIT 1";
        let slot: i64 = match conn.query_first(free)? {
            Some(slot) => slot,
            None => {
                let next = "SELECT COALESCE(MAX(id), 0) + 1 FROM votekit_writer";
                let slot: i64 = conn.query_first(next)?.unwrap_or(1);
                let insert =
                    "INSERT INTO votekit_writer (id, leased_until, batch, fence, epoch) VALUES (?, 0, 0, 0, 0)";
                conn.exec_drop(insert, (slot,))?;
                slot
            }
        };
        let lease =
            "UPDATE votekit_writer SET holder = ?, leased_until = UNIX_TIMESTAMP() + ?, fence = fence + 1 WHERE id = ?";
        conn.exec_drop(lease, (&holder[..], LEASE_SECS, slot))?;
        let batch = conn.exec_first("SELECT batch FROM votekit_writer WHERE id = ?", (slot,))?.unwrap_or(0);
        conn.query_drop("COMMIT")?;
        Ok(Lease { slot, holder, batch })
    }

    /// Locks the row for a transaction that writes votes, which renews the lease.
    pub(super) fn begin_batch(&self, conn: &mut Conn) -> Result<(), Fault> {
        let sql = "UPDATE votekit_writer SET batch = batch + 1, leased_until = UNIX_TIMESTAMP() + :secs \
                   WHERE id = :slot AND holder = :holder";
        let done =
            conn.exec_iter(sql, params! { "secs" => LEASE_SECS, "slot" => self.slot, "holder" => &self.holder[..] })?;
        if done.affected_rows() == 1 { Ok(()) } else { Err(Fault::LeaseLost) }
    }

    /// Whether the transaction after [`batch`](Self::batch), whose COMMIT was not answered, is committed. Waits for it if it is
    /// still on its way; after this it cannot be committed any more. None: another process has the row, and nobody can tell.
    pub(super) fn settle(&self, conn: &mut Conn) -> mysql::Result<Option<bool>> {
        let fence = "UPDATE votekit_writer SET fence = fence + 1 WHERE id = ? AND holder = ?";
        let fenced = conn.exec_iter(fence, (self.slot, &self.holder[..]))?.affected_rows() == 1;
        if !fenced {
            return Ok(None);
        }
        let batch: Option<i64> = conn.exec_first(
            "SELECT batch FROM votekit_writer WHERE id = ? AND holder = ?",
            (self.slot, &self.holder[..]),
        )?;
        Ok(match batch.map(|batch| batch - self.batch) {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        })
    }

    /// Gives the row back for others.
    pub(super) fn release(&self, conn: &mut Conn) -> mysql::Result<()> {
        let sql = "UPDATE votekit_writer SET holder = NULL WHERE id = ? AND holder = ?";
        conn.exec_drop(sql, (self.slot, &self.holder[..]))
    }
}
