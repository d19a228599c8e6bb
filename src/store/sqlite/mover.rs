//! Moves the WAL into the file beside a bulk load, while its next transaction is made ready.
use std::path::Path;
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::file;

/// A connection that moves the WAL into the file in a thread of its own.
#[derive(Default)]
pub struct Mover {
    at_rest: Option<Connection>,
    moving: Option<JoinHandle<Connection>>,
}

impl Mover {
    /// Begins to move what is committed at `path` into the file. What cannot be moved, whatever the reason, stays in the
    /// WAL, safe and readable, and is tried again the next time: no error of those who have committed it.
    pub fn start(&mut self, path: &Path) {
        self.wait();
        let kept = self.at_rest.take().or_else(|| Some(file::connect(path).ok()?.0));
        let Some(conn) = kept else { return };
        self.moving = Some(std::thread::spawn(move || {
            let _ = conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
            conn
        }));
    }

    /// Waits until it has moved what it was to.
    pub fn wait(&mut self) {
        if let Some(moving) = self.moving.take() {
            // A panic of that thread costs the connection, no more.
            self.at_rest = moving.join().ok();
        }
    }
}

impl Drop for Mover {
    fn drop(&mut self) {
        self.wait();
    }
}
