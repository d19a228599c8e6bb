//! Why a server cannot be reached or asked, and what to do about it.
use std::io::{self, ErrorKind};

use mysql::{DriverError, Error};

/// Why a server cannot be reached or asked. `server` is its host and port, or its socket; no field contains a password. No
/// `io::Error` is its source, since a broken connection must not look like a closed stdout.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The connection cannot be made.
    #[error("cannot reach the server {server}: {reason}")]
    Unreachable {
        /// The server as `host:port`, or the path of its socket.
        server: String,
        /// Why, and what to look at.
        reason: String,
    },
    /// TLS cannot be set up, or the certificate is not acceptable.
    #[error("no TLS with the server {server}: {reason}")]
    Tls {
        /// The server as `host:port`, or the path of its socket.
        server: String,
        /// Why, and what to look at.
        reason: String,
    },
    /// The authority's certificate cannot be used.
    #[error("cannot use ssl-ca={path}: {reason}")]
    Authority {
        /// The file's path, as it was given.
        path: String,
        /// The cause, as the system or the server words it.
        reason: String,
    },
    /// The server refuses the user or the password.
    #[error(
        "the server {server} refuses the login: {reason}; the password comes from the address, MYSQL_PWD or ~/.my.cnf, in this order"
    )]
    Login {
        /// The server as `host:port`, or the path of its socket.
        server: String,
        /// What the server says.
        reason: String,
    },
    /// No answer before the timeout.
    #[error("the server {server} did not answer {asked} within {secs} s; --timeout gives it longer")]
    Timeout {
        /// The server as `host:port`, or the path of its socket.
        server: String,
        /// What it was asked.
        asked: &'static str,
        /// The limit, in seconds.
        secs: f64,
    },
    /// The connection broke after it was made.
    #[error(
        "the server {server} closed the connection before it answered: {reason}; check that it runs, and try again"
    )]
    Gone {
        /// The server as `host:port`, or the path of its socket.
        server: String,
        /// What of the certificate or the connection was not acceptable.
        reason: String,
    },
    /// The server answered with an error.
    #[error("the server {server} says: {reason}")]
    Refused {
        /// The server as `host:port`, or the path of its socket.
        server: String,
        /// The server's own words.
        reason: String,
    },
}

impl DialError {
    /// Explains the driver's `error`, which occurred while connecting to `server`, or while asking it for `asked`.
    pub(super) fn of(error: &Error, server: &str, asked: Option<&'static str>, secs: f64) -> Self {
        let server = server.to_owned();
        match error {
            Error::MySqlError(said) => match said.code {
                1044 | 1045 | 1698 | 1251 | 1862 => DialError::Login { server, reason: said.message.clone() },
                1053 | 1077 | 1927 | 2006 | 2013 => DialError::Gone { server, reason: said.message.clone() },
                1040 | 1129 | 1130 | 1203 => DialError::Unreachable { server, reason: said.message.clone() },
                1049 => DialError::Refused {
                    server,
                    reason: format!("{}; SHOW DATABASES lists the existing ones", said.message),
                },
                _ => DialError::Refused { server, reason: format!("{} (error {})", said.message, said.code) },
            },
            Error::TlsError(error) => DialError::Tls { server, reason: error.to_string() },
            Error::DriverError(DriverError::TlsNotSupported) => DialError::Tls {
                server,
                reason: "it has none; ssl-mode=disabled connects without encryption".to_owned(),
            },
            Error::DriverError(DriverError::ConnectTimeout) => {
                DialError::Timeout { server, asked: "the connection", secs }
            }
            Error::DriverError(DriverError::CouldNotConnect(Some((_, reason, kind)))) => {
                DialError::Unreachable { server, reason: unreachable(*kind, reason) }
            }
            Error::DriverError(DriverError::UnknownAuthPlugin(plugin)) => {
                DialError::Login { server, reason: format!("it wants {plugin:?}, which votekit does not know") }
            }
            other => match io_error(other) {
                Some(error) => Self::of_io(error, server, asked, secs),
                None => DialError::Gone { server, reason: format!("what it sent is not MySQL's protocol ({other})") },
            },
        }
    }

    fn of_io(error: &io::Error, server: String, asked: Option<&'static str>, secs: f64) -> Self {
        if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return DialError::Tls { server, reason: tls_reason(tls) };
        }
        match (error.kind(), asked) {
            (ErrorKind::WouldBlock | ErrorKind::TimedOut, asked) => {
                DialError::Timeout { server, asked: asked.unwrap_or("the connection"), secs }
            }
            (_, Some(_)) => DialError::Gone { server, reason: "the connection broke".to_owned() },
            (kind, None) => DialError::Unreachable { server, reason: unreachable(kind, &error.to_string()) },
        }
    }
}

/// Explains a rustls error to the people who manage the certificates.
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
        other => format!("{other}; ssl-mode=disabled connects without encryption"),
    }
}

fn unreachable(kind: ErrorKind, reason: &str) -> String {
    match kind {
        ErrorKind::ConnectionRefused => {
            "nothing is listening there; is the server up, are host and port right?".to_owned()
        }
        ErrorKind::NotFound => "there is no such socket; is the server up?".to_owned(),
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
            "it closed the connection at once; is this MySQL's port?".to_owned()
        }
        _ => reason.to_owned(),
    }
}

/// The I/O error inside `error`, if any.
fn io_error(error: &Error) -> Option<&io::Error> {
    match error {
        Error::IoError(error) => Some(error),
        Error::CodecError(mysql_common::proto::codec::error::PacketCodecError::Io(error)) => Some(error),
        _ => None,
    }
}
