//! A connection: the question's values are bound, the text runs as it is, and nothing is written.
use std::net::ToSocketAddrs;
use std::sync::mpsc;
use std::time::Duration;

use chrono::NaiveDate;
use mysql::prelude::Queryable;
use mysql::{Conn, DriverError, Error, Opts, OptsBuilder, Params, SslOpts, Value};

use super::address::{Address, TlsMode};
use super::error::ServerError;
use super::text::{latest, text};
use super::tls;
use crate::retention::TableNames;
use crate::retention::date_time::day_of;
use crate::retention::question::Question;

/// MySQL has no moment behind the calendar's last day: its last microsecond ends it, and is itself left out.
const CALENDAR_END: &str = "9999-12-31 23:59:59.999999";

/// How long a connection may take at most, however long the answer may.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// How long to try to end a query that nobody waits for any more.
const KILL_LIMIT: Duration = Duration::from_secs(2);
/// After how much silence the system asks whether the other side is still there.
const KEEPALIVE_MS: u32 = 60_000;
/// What compares with a day as a time does.
const TIME_TYPES: [&str; 3] = ["datetime", "timestamp", "date"];

/// A server that can be asked.
#[derive(Debug)]
pub struct Server {
    connection: Conn,
    address: Address,
    options: Opts,
    limit: Duration,
    names: TableNames,
}

/// What the catalogue says of a column.
struct Column {
    name: String,
    data_type: String,
    /// Character set and collation, of a text.
    text: Option<(String, String)>,
}

impl Server {
    /// Connects; an answer is waited for `limit`, a connection that long but 10 s at most.
    ///
    /// # Errors
    /// When there is no server, no TLS where it must be, or the login is refused.
    pub fn connect(address: &Address, limit: Duration) -> Result<Self, ServerError> {
        let tls = tls::options(address)?;
        let connect_limit = limit.min(CONNECT_LIMIT);
        let opened = {
            let address = address.clone();
            // Names are looked up by the system, which takes no limit; a thread of its own does.
            within(connect_limit, move || open(&address, tls, limit, connect_limit))
        };
        let server = address.to_string();
        let secs = connect_limit.as_secs_f64();
        let (connection, options) = match opened {
            Some(Ok(opened)) => opened,
            Some(Err(Error::MySqlError(said))) if said.code == 1049 => {
                let reason = format!("{}; SHOW DATABASES lists those that it has", said.message);
                return Err(ServerError::Refused { server, reason });
            }
            Some(Err(error)) => return Err(ServerError::of(&error, &server, None, secs)),
            None => return Err(ServerError::Timeout { server, asked: "the connection", secs }),
        };
        let mut server = Server { connection, address: address.clone(), options, limit, names: TableNames::default() };
        // Several questions see one state; not every engine knows it, and the text only reads anyway.
        let _ = server.connection.query_drop("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
        Ok(server)
    }

    /// What the server calls itself, such as `5.7.44` or `10.11.6-MariaDB`, and whether the connection is protected.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn describe(&mut self) -> Result<String, ServerError> {
        let version: Option<String> = self.first("SELECT VERSION()", "its version")?;
        let cipher: Option<(String, String)> = self.first("SHOW STATUS LIKE 'Ssl_cipher'", "its cipher")?;
        let cipher = cipher.map(|(_, cipher)| cipher).filter(|cipher| !cipher.is_empty());
        let tls = cipher.map_or_else(|| "no TLS".to_owned(), |cipher| format!("TLS, {cipher}"));
        Ok(format!("{}: {}, {tls}", self.address, version.unwrap_or_default()))
    }

    /// The same, asked of another table or of other columns.
    #[must_use]
    pub fn with_names(mut self, names: TableNames) -> Self {
        self.names = names;
        self
    }

    /// The answer: users.
    ///
    /// # Errors
    /// When the table is not as the question needs it, or the server does not answer.
    pub fn num_of_user(&mut self, question: &Question) -> Result<u64, ServerError> {
        let TableNames { table, columns: wanted } = self.names.clone();
        let columns = self.columns(&table)?;
        let time = self.required(&wanted.time, &columns)?;
        self.required(&wanted.uid, &columns)?;
        let event_name = self.required(&wanted.event_name, &columns)?;
        if !TIME_TYPES.contains(&time.data_type.as_str()) {
            return Err(ServerError::NotATime {
                server: self.address.to_string(),
                table,
                column: time.name.clone(),
                found: time.data_type.clone(),
            });
        }
        self.bind(question, event_name)?;
        let answer = self.first::<u64>(&text(&self.names), "the question")?;
        Ok(answer.unwrap_or_default())
    }

    /// The day of the latest event; None where there is none with a time.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn last_day(&mut self) -> Result<Option<NaiveDate>, ServerError> {
        let latest = self.first::<Option<String>>(&latest(&self.names), "the latest event's time")?;
        Ok(latest.flatten().as_deref().and_then(day_of))
    }

    /// The columns of `table`, from the catalogue.
    fn columns(&mut self, table: &str) -> Result<Vec<Column>, ServerError> {
        type Row = (String, String, Option<String>, Option<String>);
        let sql = "SELECT column_name, data_type, character_set_name, collation_name FROM information_schema.columns
                   WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position";
        let rows: Vec<Row> =
            self.connection.exec(sql, (table,)).map_err(|error| self.error(&error, "what the table is like"))?;
        if rows.is_empty() {
            return Err(ServerError::NoTable {
                server: self.address.to_string(),
                database: self.address.database.clone(),
                table: table.to_owned(),
            });
        }
        let column = |(name, data_type, set, collation): Row| Column {
            name,
            data_type: data_type.to_ascii_lowercase(),
            text: set.zip(collation),
        };
        Ok(rows.into_iter().map(column).collect())
    }

    fn required<'c>(&self, name: &str, columns: &'c [Column]) -> Result<&'c Column, ServerError> {
        columns.iter().find(|column| column.name.eq_ignore_ascii_case(name)).ok_or_else(|| ServerError::NoColumn {
            server: self.address.to_string(),
            table: self.names.table.clone(),
            column: name.to_owned(),
            found: columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", "),
        })
    }

    /// Sets the text's variables. A variable has a collation of its own, of the same rank as a column's, so that MySQL
    /// refuses to compare the two, or compares by the wrong one and without an index: `@event` takes the column's.
    fn bind(&mut self, question: &Question, event_name: &Column) -> Result<(), ServerError> {
        let as_column = match &event_name.text {
            Some((set, collation)) if is_word(set) && is_word(collation) => {
                self.check_writable(&question.event, event_name, set)?;
                format!("CONVERT(? USING {set}) COLLATE {collation}")
            }
            _ => "?".to_owned(),
        };
        let parameters = question.parameters(CALENDAR_END);
        let assignments: Vec<String> = parameters
            .iter()
            .map(|(name, _)| format!("{name} = {}", if *name == "@event" { as_column.as_str() } else { "?" }))
            .collect();
        let values: Vec<Value> = parameters.iter().map(|(_, value)| Value::from(value)).collect();
        let sql = format!("SET {}", assignments.join(", "));
        self.connection.exec_drop(sql, Params::Positional(values)).map_err(|error| self.error(&error, "the values"))
    }

    /// CONVERT would quietly put a question mark where the character set has no such character.
    fn check_writable(&mut self, event: &str, column: &Column, set: &str) -> Result<(), ServerError> {
        let sql = format!("SELECT CAST(CONVERT(CONVERT(? USING {set}) USING utf8mb4) AS BINARY)");
        let back: Option<Vec<u8>> =
            self.connection.exec_first(sql, (event,)).map_err(|error| self.error(&error, "the event's name"))?;
        if back.as_deref() == Some(event.as_bytes()) {
            return Ok(());
        }
        Err(ServerError::NoSuchText {
            server: self.address.to_string(),
            column: column.name.clone(),
            character_set: set.to_owned(),
            event: event.to_owned(),
        })
    }

    fn first<T: mysql::prelude::FromRow>(&mut self, sql: &str, asked: &'static str) -> Result<Option<T>, ServerError> {
        self.connection.query_first(sql).map_err(|error| self.error(&error, asked))
    }

    fn error(&self, error: &Error, asked: &'static str) -> ServerError {
        let error = ServerError::of(error, &self.address.to_string(), Some(asked), self.limit.as_secs_f64());
        if matches!(error, ServerError::Timeout { .. }) {
            self.kill_query();
        }
        error
    }

    /// Ends on the server what nobody here waits for; as well as it goes, since the answer is an error anyway.
    fn kill_query(&self) {
        let (options, id) = (self.options.clone(), self.connection.connection_id());
        within(KILL_LIMIT, move || {
            Conn::new(options).and_then(|mut other| other.query_drop(format!("KILL QUERY {id}")))
        });
    }
}

/// What `work` gives, if it does so in time.
fn within<T: Send + 'static>(limit: Duration, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, result) = mpsc::channel();
    std::thread::spawn(move || {
        // Nobody waits any more when it took too long.
        let _ = done.send(work());
    });
    result.recv_timeout(limit).ok()
}

/// A name that may stand in a statement as it is.
fn is_word(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A connection, and the options that made it.
fn open(
    address: &Address,
    tls: Option<SslOpts>,
    limit: Duration,
    connect_limit: Duration,
) -> Result<(Conn, Opts), Error> {
    let common = OptsBuilder::new()
        .user(address.user())
        .pass(address.password())
        .db_name(Some(&address.database))
        .tcp_port(address.port())
        .tcp_connect_timeout(Some(connect_limit))
        .read_timeout(Some(limit))
        .write_timeout(Some(limit))
        .tcp_keepalive_time_ms(Some(KEEPALIVE_MS))
        .prefer_socket(false)
        // What stands there by default is the command line.
        .connect_attrs::<String, String>(None);
    if let Some(path) = address.socket() {
        return dial(common.socket(Some(path.display().to_string())), None, address.tls_mode);
    }
    let mut refused = None;
    for host in hosts(address)? {
        match dial(common.clone().ip_or_hostname(Some(host)), tls.clone(), address.tls_mode) {
            Err(error @ Error::DriverError(DriverError::CouldNotConnect(_) | DriverError::ConnectTimeout)) => {
                refused = Some(error);
            }
            opened => return opened,
        }
    }
    Err(refused.unwrap_or(Error::DriverError(DriverError::ConnectTimeout)))
}

/// Where to try, one after another: the driver gives up at the first address of a name, which for localhost may be ::1.
/// Only where the certificate must be the host's, the name itself is needed.
fn hosts(address: &Address) -> Result<Vec<String>, Error> {
    if address.tls_mode == TlsMode::VerifyIdentity {
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
