//! What can go wrong in a transaction, and what helps.
use std::time::Duration;

use mysql::Error;

use crate::ballot::BoxError;
use crate::dial::DialError;

/// Why a transaction failed before its COMMIT, or was refused by it: nothing of it is stored.
#[derive(Debug)]
pub(super) enum Fault {
    /// What the driver reports.
    Driver(Error),
    /// What the box or the rules say.
    Box(BoxError),
    /// Another process has leased this one's row of `votekit_writer`, since it was idle for long.
    LeaseLost,
    /// The server cannot be reached.
    Unreachable(String),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Fault::Driver(error)
    }
}

impl From<BoxError> for Fault {
    fn from(error: BoxError) -> Self {
        Fault::Box(error)
    }
}

/// What to do about a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Roll back and run the transaction again.
    Again,
    /// The same on a new connection.
    Reconnect,
    /// Nothing: it would fail again.
    GiveUp,
}

impl Fault {
    /// What to do about it. Codes: <https://dev.mysql.com/doc/mysql-errors/5.7/en/server-error-reference.html>; 1047 is a Galera
    /// node that is not ready, 8002, 8022 and 9007 are `TiDB`'s conflicts.
    pub(super) fn remedy(&self) -> Remedy {
        match self {
            Fault::LeaseLost => Remedy::Again,
            Fault::Unreachable(_) => Remedy::Reconnect,
            Fault::Box(_) => Remedy::GiveUp,
            Fault::Driver(Error::MySqlError(said)) => match said.code {
                // 1062: another process has used the same key or voter since they were looked up.
                1062 | 1205 | 1213 | 1317 | 8002 | 8022 | 9007 => Remedy::Again,
                1040 | 1047 | 1053 | 1077 | 1152 | 1158..=1161 | 1203 | 1290 | 1792 | 1836 | 1927 | 2006 | 2013 => {
                    Remedy::Reconnect
                }
                _ => Remedy::GiveUp,
            },
            Fault::Driver(Error::IoError(_) | Error::CodecError(_) | Error::DriverError(_) | Error::TlsError(_)) => {
                Remedy::Reconnect
            }
            Fault::Driver(_) => Remedy::GiveUp,
        }
    }

    /// The error of the box at `place`, after this fault came again for as long as `waited`.
    pub(super) fn explain(self, place: &str, waited: Duration) -> BoxError {
        let place = place.to_owned();
        match self {
            Fault::Box(error) => error,
            Fault::LeaseLost => BoxError::Busy { place, waited_secs: waited.as_secs() },
            Fault::Unreachable(reason) => BoxError::Unreachable { place, reason },
            Fault::Driver(Error::MySqlError(said)) => {
                let reason = format!("{} (error {})", said.message, said.code);
                match said.code {
                    1205 | 1213 => BoxError::Busy { place, waited_secs: waited.as_secs() },
                    1021 | 1114 => BoxError::Full { place },
                    1044 | 1142 | 1143 | 1290 | 1792 | 1836 => BoxError::ReadOnly { place, reason },
                    1040 | 1047 | 1053 | 1077 | 1203 | 1927 | 2006 | 2013 => BoxError::Unreachable { place, reason },
                    1054 | 1146 => BoxError::Damaged { place, reason },
                    _ => BoxError::Io { place, reason },
                }
            }
            Fault::Driver(error) => {
                let reason = format!("the connection broke, or an answer took too long ({error})");
                BoxError::Unreachable { place, reason }
            }
        }
    }
}

/// A connection that cannot be made. What an operator must mend is told at once; the rest is tried again.
pub(super) fn of_dial(place: &str, error: &DialError) -> Fault {
    match error {
        DialError::Unreachable { reason, .. } | DialError::Gone { reason, .. } => Fault::Unreachable(reason.clone()),
        DialError::Timeout { asked, secs, .. } => {
            Fault::Unreachable(format!("the server did not answer {asked} within {secs} s"))
        }
        other => Fault::Box(BoxError::Io { place: place.to_owned(), reason: other.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlocks_are_tried_again_and_mistakes_are_not() {
        let said = |code| {
            let message = "m".to_owned();
            Fault::Driver(Error::MySqlError(mysql::MySqlError { state: "HY000".to_owned(), message, code }))
        };
        let remedies = [1213, 1062, 1290, 1047, 1146, 1406].map(|code| said(code).remedy());
        let expected =
            [Remedy::Again, Remedy::Again, Remedy::Reconnect, Remedy::Reconnect, Remedy::GiveUp, Remedy::GiveUp];
        assert_eq!(remedies, expected);
        assert!(matches!(said(1836).explain("p", Duration::ZERO), BoxError::ReadOnly { .. }));
        assert!(matches!(said(1213).explain("p", Duration::ZERO), BoxError::Busy { .. }));
    }
}
