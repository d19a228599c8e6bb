//! The connection of a handle: made when needed, set up for our transactions, dropped when it broke.
use std::time::{Duration, Instant};

use mysql::Conn;
use mysql::prelude::Queryable;

use super::fault::{Fault, of_dial};
use crate::ballot::{BoxError, Clock, SystemClock};
use crate::dial::{Connection, Dialer};

/// How long a command's answer may take, and how long it tries again.
const USUAL: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(60));
/// The same where callers wait.
const SHORT: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(6));
/// By how many seconds the clocks of a service and of its server may differ.
const CLOCKS_APART_MOST: f64 = 2.0;

/// What each connection is set up with. Text that is too long must be an error, not be cut. With READ COMMITTED a transaction
/// sees what was committed while it waited for its lock, and locks no gaps.
const SET_UP: [&str; 2] = [
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
];
/// On a Galera node, reads wait for what other nodes have committed. Other servers do not know the variable.
const WAIT_FOR_NODES: &str = "SET SESSION wsrep_sync_wait = 1";

/// A connection that is made when needed.
pub(super) struct Session {
    dialer: Dialer,
    /// As messages name the box.
    place: String,
    limit: Duration,
    patience: Duration,
    connection: Option<Connection>,
}

impl Session {
    /// Not connected yet.
    pub(super) fn new(dialer: Dialer, place: String) -> Self {
        Session { dialer, place, limit: USUAL.0, patience: USUAL.1, connection: None }
    }

    /// Another one to the same server.
    pub(super) fn another(&self) -> Self {
        let (dialer, place) = (self.dialer.clone(), self.place.clone());
        Session { dialer, place, limit: self.limit, patience: self.patience, connection: None }
    }

    /// As messages name the box.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// How long a transaction is tried again.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// Waits some seconds from now on, not a minute.
    pub(super) fn be_short(&mut self) {
        (self.limit, self.patience) = SHORT;
        self.connection = None;
    }

    /// The connection, made if there is none.
    pub(super) fn conn(&mut self) -> Result<&mut Conn, Fault> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect()?,
        };
        Ok(self.connection.insert(connection).driver())
    }

    fn connect(&self) -> Result<Connection, Fault> {
        let mut connection = self.dialer.connect(self.limit).map_err(|error| of_dial(&self.place, &error))?;
        let conn = connection.driver();
        for sql in SET_UP {
            conn.query_drop(sql)?;
        }
        // A second less than an answer may take, so that the server says that it waited.
        let secs = self.limit.as_secs().saturating_sub(1).max(1);
        conn.query_drop(format!("SET SESSION innodb_lock_wait_timeout = {secs}"))?;
        // Fails where there is no such variable.
        let _ = conn.query_drop(WAIT_FOR_NODES);
        Ok(connection)
    }

    /// Drops the connection; the server rolls back what was open on it.
    pub(super) fn disconnect(&mut self) {
        self.connection = None;
    }

    /// The connection as it is.
    pub(super) fn if_connected(&mut self) -> Option<&mut Conn> {
        self.connection.as_mut().map(Connection::driver)
    }

    /// Compares the clock of this machine with the server's.
    pub(super) fn check_clock(&mut self) -> Result<(), Fault> {
        let begun = Instant::now();
        let here = SystemClock.now_secs();
        let there: Option<f64> = self.conn()?.query_first("SELECT CAST(UNIX_TIMESTAMP(NOW(6)) AS CHAR)")?;
        let Some(there) = there else { return Ok(()) };
        // The server looked at its clock at some moment while we waited.
        let waited = begun.elapsed().as_secs_f64();
        let off = (here - there).max(there - here - waited).max(0.0);
        if off <= CLOCKS_APART_MOST {
            return Ok(());
        }
        let direction = if here < there { "behind" } else { "ahead" };
        let reason = format!(
            "this machine's is {off:.1} s {direction}, {CLOCKS_APART_MOST} s are allowed: the server's decides when a vote is \
             open, and pages count down by this machine's; set them by NTP"
        );
        Err(Fault::Box(BoxError::ClockOff { place: self.place.clone(), reason }))
    }
}

impl SystemClock {
    /// Unix seconds with their fraction.
    fn now_secs(self) -> f64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(self.now().0 as f64, |since| since.as_secs_f64())
    }
}
