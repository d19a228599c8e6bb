//! Where a server is and who connects: `mysql://user:password@host:port/database?ssl-mode=…`.
use std::fmt;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use url::Url;

use super::option_file::OptionFile;
use super::password::Password;

/// The default port of `MySQL`'s protocol.
const DEFAULT_PORT: u16 = 3306;
/// The schemes of a server's address.
const SCHEMES: [&str; 2] = ["mysql://", "mariadb://"];

/// How much the connection must be protected, as `MySQL`'s `--ssl-mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsMode {
    /// No TLS.
    Disabled,
    /// TLS if the server supports it; its certificate is not checked.
    #[default]
    Preferred,
    /// Only with TLS; the certificate is not checked.
    Required,
    /// TLS, and the certificate is signed by the authority in `ssl-ca`.
    VerifyCa,
    /// As `VerifyCa`, and the certificate is for that host. Without `ssl-ca`, any authority that browsers trust will do.
    VerifyIdentity,
}

impl TlsMode {
    const NAMES: [(&'static str, TlsMode); 5] = [
        ("disabled", TlsMode::Disabled),
        ("preferred", TlsMode::Preferred),
        ("required", TlsMode::Required),
        ("verify-ca", TlsMode::VerifyCa),
        ("verify-identity", TlsMode::VerifyIdentity),
    ];

    /// Also as `MySQL` writes it: `VERIFY_CA`.
    fn parse(text: &str) -> Option<Self> {
        let name = text.to_ascii_lowercase().replace('_', "-");
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, mode)| *mode)
    }
}

/// A server, a database on it, and a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    user: Option<String>,
    password: Option<Password>,
    host: Option<String>,
    port: Option<u16>,
    socket: Option<PathBuf>,
    database: String,
    tls_mode: TlsMode,
    ca: Option<PathBuf>,
}

/// What is wrong with an address. It never holds a password.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AddressError {
    /// Not a URL of the form `mysql://USER@HOST:PORT/DATABASE`.
    #[error(
        "not the address of a server: {0}; write mysql://USER@HOST:PORT/DATABASE, with @ in a name as %40 and / as %2F"
    )]
    Form(String),
    /// The address names no database.
    #[error("the address names no database: write mysql://USER@HOST/DATABASE")]
    NoDatabase,
    /// An option after `?` that does not exist.
    #[error("the address has an option {0:?}; known are ssl-mode, ssl-ca and socket")]
    UnknownOption(String),
    /// A value of `ssl-mode` that does not exist.
    #[error("ssl-mode is {0:?}; known are disabled, preferred, required, verify-ca, verify-identity")]
    UnknownMode(String),
    /// `verify-ca` was asked for without an authority.
    #[error("ssl-mode=verify-ca needs the authority's certificate: add &ssl-ca=FILE.pem")]
    NoCa,
    /// An authority was given that the mode would not check.
    #[error("ssl-ca is only used by ssl-mode=verify-ca and ssl-mode=verify-identity; ask for one of them")]
    UnusedCa,
    /// TLS was asked for on a socket, which has none.
    #[error("a socket has no TLS: leave ssl-mode out, or name a host instead of the socket")]
    TlsOnSocket,
}

/// The address without its password, and the password, if `text` is a server's address with one.
///
/// This also finds a password with `/`, `?`, `#` or `@`, which should have been percent-encoded: it must not show either.
pub(super) fn split_password(text: &str) -> Option<(String, Password)> {
    let (scheme, rest) = split_scheme(text)?;
    let options = ["?ssl-mode=", "?ssl-ca=", "?socket="].iter().filter_map(|option| rest.find(option)).min();
    let (place, options) = rest.split_at(options.unwrap_or(rest.len()));
    let (who, place) = place.rsplit_once('@')?;
    let (user, password) = who.split_once(':')?;
    Some((format!("{scheme}{user}@{place}{options}"), Password(decoded(password))))
}

/// `text` as it may be shown: if it is a server's address with a password, without that.
pub fn without_password(text: &str) -> String {
    split_password(text).map_or_else(|| text.to_owned(), |(rest, _)| rest)
}

fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let scheme = SCHEMES
        .iter()
        .find(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))?;
    Some(text.split_at(scheme.len()))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

impl Address {
    /// Whether `text` is the URL of a server and not the name of a file.
    pub fn is_url(text: &str) -> bool {
        split_scheme(text).is_some()
    }

    /// Parses `mysql://USER:PASSWORD@HOST:PORT/DATABASE?ssl-mode=MODE&ssl-ca=FILE&socket=PATH`; only the database is
    /// required.
    ///
    /// # Errors
    /// When `text` is not such an address.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (text, password) = match split_password(text) {
            Some((rest, password)) => (rest, Some(password)),
            None => (text.to_owned(), None),
        };
        // `user@` without a host, as before `?socket=`, is not a valid URL.
        let hostless = text.contains("@/");
        let text = text.replacen("@/", "@localhost/", 1);
        let url = Url::parse(&text).map_err(|error| AddressError::Form(error.to_string()))?;
        let given = |part: &str| (!part.is_empty()).then(|| decoded(part));
        let mut address = Address {
            user: given(url.username()),
            password,
            host: url
                .host_str()
                .filter(|_| !hostless)
                .and_then(given)
                .map(|host| host.trim_matches(['[', ']']).to_owned()),
            port: url.port(),
            socket: None,
            database: given(url.path().trim_start_matches('/')).ok_or(AddressError::NoDatabase)?,
            tls_mode: TlsMode::default(),
            ca: None,
        };
        if url.fragment().is_some() {
            return Err(AddressError::Form("it contains a #: write %23 in a name".to_owned()));
        }
        address.take_options(&url)?;
        Ok(address)
    }

    fn take_options(&mut self, url: &Url) -> Result<(), AddressError> {
        let mut mode = None;
        for (name, value) in url.query_pairs() {
            match name.replace('_', "-").as_str() {
                "ssl-mode" => {
                    mode = Some(TlsMode::parse(&value).ok_or_else(|| AddressError::UnknownMode(value.into_owned()))?);
                }
                "ssl-ca" => self.ca = Some(PathBuf::from(value.into_owned())),
                "socket" => self.socket = Some(PathBuf::from(value.into_owned())),
                _ => return Err(AddressError::UnknownOption(name.into_owned())),
            }
        }
        // As in MySQL's client: an authority is named to be checked.
        self.tls_mode = mode.unwrap_or(if self.ca.is_some() { TlsMode::VerifyCa } else { TlsMode::default() });
        match self.tls_mode {
            TlsMode::VerifyCa if self.ca.is_none() => Err(AddressError::NoCa),
            TlsMode::Disabled | TlsMode::Preferred | TlsMode::Required if self.ca.is_some() => {
                Err(AddressError::UnusedCa)
            }
            TlsMode::Required | TlsMode::VerifyCa | TlsMode::VerifyIdentity if self.socket.is_some() => {
                Err(AddressError::TlsOnSocket)
            }
            _ => Ok(()),
        }
    }

    /// Fills the gaps: the password from `password`, then everything from `file`. The file's host, port and socket count only
    /// if the address has neither a host nor a socket.
    #[must_use]
    pub(super) fn completed(mut self, password: Option<Password>, file: OptionFile) -> Self {
        self.user = self.user.or(file.user);
        self.password = self.password.or(password).or(file.password);
        if self.host.is_none() && self.socket.is_none() {
            self.host = file.host;
            self.port = self.port.or(file.port);
            // TLS that was asked for needs TCP.
            self.socket = file.socket.filter(|_| matches!(self.tls_mode, TlsMode::Disabled | TlsMode::Preferred));
        }
        self
    }

    /// The user's name on the server; by default the system user's, as in `MySQL`'s client.
    pub(super) fn user(&self) -> Option<String> {
        self.user.clone().or_else(|| std::env::var("USER").ok())
    }

    pub(super) fn password(&self) -> Option<&str> {
        self.password.as_ref().map(|password| password.0.as_str())
    }

    pub(super) fn host(&self) -> &str {
        self.host.as_deref().unwrap_or("localhost")
    }

    pub(super) fn port(&self) -> u16 {
        self.port.unwrap_or(DEFAULT_PORT)
    }

    pub(super) fn socket(&self) -> Option<&Path> {
        self.socket.as_deref()
    }

    pub(super) fn tls_mode(&self) -> TlsMode {
        self.tls_mode
    }

    /// Path of the authority's certificate, in PEM.
    pub(super) fn ca(&self) -> Option<&Path> {
        self.ca.as_deref()
    }

    /// The database to use on the server.
    pub fn database(&self) -> &str {
        &self.database
    }
}

/// Only the place, as errors name it: `db.example:3306` or the socket's path.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.socket {
            Some(path) => write!(f, "{}", path.display()),
            None if self.host().contains(':') => write!(f, "[{}]:{}", self.host(), self.port()),
            None => write!(f, "{}:{}", self.host(), self.port()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_parsed() {
        let address = Address::parse("mysql://ann:p%40ss@db.example:3307/matomo?ssl-mode=REQUIRED").unwrap();
        assert_eq!(address.user.as_deref(), Some("ann"));
        assert_eq!(address.password(), Some("p@ss"));
        assert_eq!((address.to_string().as_str(), address.database.as_str()), ("db.example:3307", "matomo"));
        assert_eq!(address.tls_mode, TlsMode::Required);
        let address = Address::parse("mariadb:///events?socket=/run/mysqld/mysqld.sock").unwrap();
        assert_eq!(address.to_string(), "/run/mysqld/mysqld.sock");
        let address = Address::parse("mysql://ann@/events?socket=/s").unwrap();
        assert_eq!((address.user.as_deref(), address.host, address.socket), (Some("ann"), None, Some("/s".into())));
        let address = Address::parse("MySQL://[::1]/events?ssl_ca=/ca.pem").unwrap();
        assert_eq!((address.to_string().as_str(), address.tls_mode), ("[::1]:3306", TlsMode::VerifyCa));
    }

    #[test]
    fn what_is_wrong_with_an_address_is_named() {
        for (text, error) in [
            ("mysql://u@h", AddressError::NoDatabase),
            ("mysql://u@h/d?ssl-mode=maybe", AddressError::UnknownMode("maybe".to_owned())),
            ("mysql://u@h/d?sslmode=required", AddressError::UnknownOption("sslmode".to_owned())),
            ("mysql://u@h/d?ssl-mode=verify-ca", AddressError::NoCa),
            ("mysql://u@h/d?ssl-mode=required&ssl-ca=a.pem", AddressError::UnusedCa),
            ("mysql://u@/d?ssl-mode=required&socket=/s", AddressError::TlsOnSocket),
        ] {
            assert_eq!(Address::parse(text), Err(error), "{text}");
        }
        assert!(matches!(Address::parse("mysql://u@h:port/d"), Err(AddressError::Form(_))));
    }

    #[test]
    fn a_password_is_found_whatever_it_holds() {
        for (text, rest, password) in [
            ("mysql://u:secret@h/d", "mysql://u@h/d", "secret"),
            ("mysql://u:p/w?#@x@h/d", "mysql://u@h/d", "p/w?#@x"),
            ("mysql://u:12/3@h:1/d?ssl-mode=required", "mysql://u@h:1/d?ssl-mode=required", "12/3"),
            ("MYSQL://:p@h/d?socket=/a@b", "MYSQL://@h/d?socket=/a@b", "p"),
            ("mariadb://u:@h/d", "mariadb://u@h/d", ""),
        ] {
            assert_eq!(split_password(text), Some((rest.to_owned(), Password(password.to_owned()))), "{text}");
        }
        for text in ["mysql://u@h:3306/d", "mysql://h:3306/d", "events.db", "a:b@c", "mysql://u@h/d?socket=/a:b@c"] {
            assert_eq!(split_password(text), None, "{text}");
        }
        assert_eq!(format!("{:?}", Password("secret".to_owned())), "(hidden)");
    }

    #[test]
    fn the_address_comes_before_the_file_and_the_file_fills_gaps() {
        let file = || OptionFile {
            user: Some("filed".to_owned()),
            password: Some(Password("file".to_owned())),
            host: Some("filehost".to_owned()),
            port: Some(1),
            socket: None,
        };
        let full = Address::parse("mysql://u:p@h/d").unwrap().completed(Some(Password("env".to_owned())), file());
        assert_eq!(
            (full.user().as_deref(), full.password(), full.to_string().as_str()),
            (Some("u"), Some("p"), "h:3306")
        );
        let gaps = Address::parse("mysql:///d").unwrap();
        let by_env = gaps.clone().completed(Some(Password("env".to_owned())), file());
        assert_eq!((by_env.password(), by_env.to_string().as_str()), (Some("env"), "filehost:1"));
        assert_eq!(gaps.completed(None, file()).password(), Some("file"));
    }
}
