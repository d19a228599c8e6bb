//! What can go wrong between here and a server, and what to do about it.
use std::io::{self, ErrorKind};

use mysql::{DriverError, Error};

/// Why a server gives no answer. `server` is its host and port or its socket. No password is ever in it, and no
/// `io::Error` behind it: a connection that breaks is not a reader that closed our pipe.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// No connection.
    #[error("cannot reach the server {server}: {reason}")]
    Unreachable {
        /// Where.
        server: String,
        /// Why, and what to look at.
        reason: String,
    },
    /// No TLS, or not with whom it should be.
    #[error("no TLS with the server {server}: {reason}")]
    Tls {
        /// Where.
        server: String,
        /// Why, and what to look at.
        reason: String,
    },
    /// The authority's certificate cannot be used.
    #[error("cannot use ssl-ca={path}: {reason}")]
    Authority {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// User or password.
    #[error(
        "the server {server} refuses the login: {reason}; the password comes from the address, MYSQL_PWD or ~/.my.cnf, in this order"
    )]
    Login {
        /// Where.
        server: String,
        /// What the server says.
        reason: String,
    },
    /// Nothing came in time.
    #[error("the server {server} did not answer {asked} within {secs} s; --timeout gives it longer")]
    Timeout {
        /// Where.
        server: String,
        /// What it was asked.
        asked: &'static str,
        /// How long it was waited for.
        secs: f64,
    },
    /// It was there and is not any more.
    #[error("the server {server} went away before it answered: {reason}; look whether it runs, and ask again")]
    Gone {
        /// Where.
        server: String,
        /// What was seen.
        reason: String,
    },
    /// No such table, or not for this user.
    #[error("the database {database} on {server} has no table {table}, or none that this user may read")]
    NoTable {
        /// Where.
        server: String,
        /// The database.
        database: String,
        /// The table.
        table: String,
    },
    /// A table without a column that the question needs.
    #[error("the table {table} on {server} has no column {column}; it has: {found}")]
    NoColumn {
        /// Where.
        server: String,
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Those that it has.
        found: String,
    },
    /// Times that do not compare as times.
    #[error(
        "the column {column} of {table} on {server} is a {found}, not a DATETIME: days would not compare right; make a view \
         with CAST({column} AS DATETIME) or FROM_UNIXTIME({column})"
    )]
    NotATime {
        /// Where.
        server: String,
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its type.
        found: String,
    },
    /// An event that no row can name.
    #[error(
        "no event can be called {event:?}: the column {column} on {server} is in {character_set}, which lacks a character of it"
    )]
    NoSuchText {
        /// Where.
        server: String,
        /// The column.
        column: String,
        /// Its character set.
        character_set: String,
        /// What was asked for.
        event: String,
    },
    /// It refuses what it was asked.
    #[error("the server {server} says: {reason}")]
    Refused {
        /// Where.
        server: String,
        /// What it says.
        reason: String,
    },
}

impl ServerError {
    /// What `error` means on the way to `server`, or, once `connected`, from it.
    pub(super) fn of(error: &Error, server: &str, connected: Option<&'static str>, secs: f64) -> Self {
        let server = server.to_owned();
        match error {
            Error::MySqlError(said) => match said.code {
                1044 | 1045 | 1698 | 1251 | 1862 => ServerError::Login { server, reason: said.message.clone() },
                1053 | 1077 | 1927 | 2006 | 2013 => ServerError::Gone { server, reason: said.message.clone() },
                1040 | 1129 | 1130 | 1203 => ServerError::Unreachable { server, reason: said.message.clone() },
                _ => ServerError::Refused { server, reason: format!("{} (error {})", said.message, said.code) },
            },
            Error::TlsError(error) => ServerError::Tls { server, reason: error.to_string() },
            Error::DriverError(DriverError::TlsNotSupported) => ServerError::Tls {
                server,
                reason: "it has none; ssl-mode=disabled goes without, in the clear".to_owned(),
            },
            Error::DriverError(DriverError::ConnectTimeout) => {
                ServerError::Timeout { server, asked: "the connection", secs }
            }
            Error::DriverError(DriverError::CouldNotConnect(Some((_, reason, kind)))) => {
                ServerError::Unreachable { server, reason: unreachable(*kind, reason) }
            }
            Error::DriverError(DriverError::UnknownAuthPlugin(plugin)) => {
                ServerError::Login { server, reason: format!("it wants {plugin:?}, which votekit does not know") }
            }
            other => match io_error(other) {
                Some(error) => Self::of_io(error, server, connected, secs),
                None => ServerError::Gone { server, reason: format!("what it sent is not MySQL's protocol ({other})") },
            },
        }
    }

    fn of_io(error: &io::Error, server: String, connected: Option<&'static str>, secs: f64) -> Self {
        if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return ServerError::Tls { server, reason: tls_reason(tls) };
        }
        match (error.kind(), connected) {
            (ErrorKind::WouldBlock | ErrorKind::TimedOut, asked) => {
                ServerError::Timeout { server, asked: asked.unwrap_or("the connection"), secs }
            }
            (_, Some(_)) => ServerError::Gone { server, reason: "the connection broke".to_owned() },
            (kind, None) => ServerError::Unreachable { server, reason: unreachable(kind, &error.to_string()) },
        }
    }
}

/// A rustls error in words for one who holds the certificates.
fn tls_reason(error: &rustls::Error) -> String {
    use rustls::CertificateError as Bad;
    match error {
        rustls::Error::InvalidCertificate(Bad::UnknownIssuer | Bad::BadSignature) => {
            "its certificate is not signed by an authority that is trusted: that of ssl-ca, else those that browsers trust"
                .to_owned()
        }
        rustls::Error::InvalidCertificate(Bad::NotValidForName | Bad::NotValidForNameContext { .. }) => {
            "its certificate is for another host; ssl-mode=verify-ca does not look at the name".to_owned()
        }
        rustls::Error::InvalidCertificate(Bad::Expired | Bad::ExpiredContext { .. }) => {
            "its certificate has expired".to_owned()
        }
        other => format!("{other}; ssl-mode=disabled goes without TLS, in the clear"),
    }
}

fn unreachable(kind: ErrorKind, reason: &str) -> String {
    match kind {
        ErrorKind::ConnectionRefused => "nothing listens there; is the server up, are host and port right?".to_owned(),
        ErrorKind::NotFound => "there is no such socket; is the server up?".to_owned(),
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
            "it closed the connection at once; is this MySQL's port?".to_owned()
        }
        _ => reason.to_owned(),
    }
}

/// The I/O error in `error`, wherever the driver put it.
fn io_error(error: &Error) -> Option<&io::Error> {
    match error {
        Error::IoError(error) => Some(error),
        Error::CodecError(mysql_common::proto::codec::error::PacketCodecError::Io(error)) => Some(error),
        _ => None,
    }
}
