//! A connection with timeouts, and with errors that say what to do.
use std::net::ToSocketAddrs;
use std::sync::mpsc;
use std::time::Duration;

use mysql::prelude::Queryable;
use mysql::{Conn, DriverError, Error, Opts, OptsBuilder, SslOpts};

use super::address::{Address, TlsMode};
use super::error::DialError;
use super::tls;

/// Timeout for connecting, even if answers may take longer.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// Timeout for cancelling a query that timed out.
const KILL_LIMIT: Duration = Duration::from_secs(2);
/// Silence after which TCP checks whether the server still exists.
const KEEPALIVE_MS: u32 = 60_000;

/// Connects to one server as often as is needed. TLS is set up once in a process.
#[derive(Debug, Clone)]
pub struct Dialer {
    address: Address,
    tls: Option<SslOpts>,
}

impl Dialer {
    /// Prepares to connect to the server at `address`.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(address: &Address) -> Result<Self, DialError> {
        Ok(Dialer { address: address.clone(), tls: tls::options(address)? })
    }

    /// Connects. Each answer may take `limit`; connecting may take as long, but at most 10 s.
    ///
    /// # Errors
    /// When there is no server, no TLS where it is required, or the login is refused.
    pub fn connect(&self, limit: Duration) -> Result<Connection, DialError> {
        Connection::with_tls(&self.address, self.tls.clone(), limit)
    }
}

/// A connection to a server.
#[derive(Debug)]
pub struct Connection {
    connection: Conn,
    address: Address,
    /// The options of `connection`, for a second one that cancels its query.
    options: Opts,
    limit: Duration,
}

impl Connection {
    /// Connects. Each answer may take `limit`; connecting may take as long, but at most 10 s. To connect to one server several
    /// times, use a [`Dialer`].
    ///
    /// # Errors
    /// When there is no server, no TLS where it is required, or the login is refused.
    pub fn open(address: &Address, limit: Duration) -> Result<Self, DialError> {
        Dialer::new(address)?.connect(limit)
    }

    fn with_tls(address: &Address, tls: Option<SslOpts>, limit: Duration) -> Result<Self, DialError> {
        let connect_limit = limit.min(CONNECT_LIMIT);
        let opened = {
            let address = address.clone();
            // The system's name lookup has no timeout, so it runs in its own thread.
            within(connect_limit, move || open(&address, tls, limit, connect_limit))
        };
        let (server, secs) = (address.to_string(), connect_limit.as_secs_f64());
        match opened {
            Some(Ok((connection, options))) => Ok(Connection { connection, address: address.clone(), options, limit }),
            Some(Err(error)) => Err(DialError::of(&error, &server, None, secs)),
            None => Err(DialError::Timeout { server, asked: "the connection", secs }),
        }
    }

    /// The address that was connected to.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The driver's connection, for callers that tell the driver's errors apart.
    pub fn driver(&mut self) -> &mut Conn {
        &mut self.connection
    }

    /// Runs `work` on the driver's connection. If it times out, the query is cancelled on the server if possible, and the
    /// error says that the server did not answer `asked`.
    ///
    /// # Errors
    /// The error of `work`, explained.
    pub fn run<T>(
        &mut self,
        asked: &'static str,
        work: impl FnOnce(&mut Conn) -> Result<T, Error>,
    ) -> Result<T, DialError> {
        work(&mut self.connection).map_err(|error| {
            let error = DialError::of(&error, &self.address.to_string(), Some(asked), self.limit.as_secs_f64());
            if matches!(error, DialError::Timeout { .. }) {
                self.kill_query();
            }
            error
        })
    }

    /// The server's version, such as `5.7.44` or `10.11.6-MariaDB`, and whether the connection is encrypted.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn describe(&mut self) -> Result<String, DialError> {
        let version: Option<String> = self.run("its version", |server| server.query_first("SELECT VERSION()"))?;
        let cipher: Option<(String, String)> =
            self.run("its cipher", |server| server.query_first("SHOW STATUS LIKE 'Ssl_cipher'"))?;
        let cipher = cipher.map(|(_, cipher)| cipher).filter(|cipher| !cipher.is_empty());
        let tls = cipher.map_or_else(|| "no TLS".to_owned(), |cipher| format!("TLS, {cipher}"));
        Ok(format!("{}: {}, {tls}", self.address, version.unwrap_or_default()))
    }

    fn kill_query(&self) {
        let (options, id) = (self.options.clone(), self.connection.connection_id());
        within(KILL_LIMIT, move || {
            Conn::new(options).and_then(|mut other| other.query_drop(format!("KILL QUERY {id}")))
        });
    }
}

/// Runs `work` in a thread; None if it does not finish in time.
fn within<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, result) = mpsc::channel();
    std::thread::spawn(move || {
        // Fails if the receiver has given up waiting.
        let _ = done.send(work());
    });
    result.recv_timeout(limit).ok()
}

/// Connects; returns the options too.
fn open(
    address: &Address,
    tls: Option<SslOpts>,
    limit: Duration,
    connect_limit: Duration,
) -> Result<(Conn, Opts), Error> {
    let common = OptsBuilder::new()
        .user(address.user())
        .pass(address.password())
        .db_name(Some(address.database()))
        .tcp_port(address.port())
        .tcp_connect_timeout(Some(connect_limit))
        .read_timeout(Some(limit))
        .write_timeout(Some(limit))
        .tcp_keepalive_time_ms(Some(KEEPALIVE_MS))
        .prefer_socket(false)
        // The default attributes contain the command line.
        .connect_attrs::<String, String>(None);
    if let Some(path) = address.socket() {
        return dial(common.socket(Some(path.display().to_string())), None, address.tls_mode());
    }
    let mut refused = None;
    for host in hosts(address)? {
        match dial(common.clone().ip_or_hostname(Some(host)), tls.clone(), address.tls_mode()) {
            Err(error @ Error::DriverError(DriverError::CouldNotConnect(_) | DriverError::ConnectTimeout)) => {
                refused = Some(error);
            }
            opened => return opened,
        }
    }
    Err(refused.unwrap_or(Error::DriverError(DriverError::ConnectTimeout)))
}

/// The hosts to try, in order. The driver tries only the first address of a name, which for localhost may be `::1`. If the
/// certificate must be for the host, the name itself is needed.
fn hosts(address: &Address) -> Result<Vec<String>, Error> {
    if address.tls_mode() == TlsMode::VerifyIdentity {
        return Ok(vec![address.host().to_owned()]);
    }
    let found = (address.host(), address.port()).to_socket_addrs()?;
    Ok(found.map(|place| place.ip().to_string()).collect())
}

fn dial(builder: OptsBuilder, tls: Option<SslOpts>, mode: TlsMode) -> Result<(Conn, Opts), Error> {
    let plain = Opts::from(builder.clone());
    let options = Opts::from(builder.ssl_opts(tls));
    match Conn::new(options.clone()) {
        Err(Error::DriverError(DriverError::TlsNotSupported)) if mode == TlsMode::Preferred => {
            Ok((Conn::new(plain.clone())?, plain))
        }
        opened => Ok((opened?, options)),
    }
}
