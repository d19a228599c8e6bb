//! A user's option file for `MySQL`'s clients, `~/.my.cnf`: its groups `[client]` and `[mysql]`.
//! Format: <https://dev.mysql.com/doc/refman/5.7/en/option-files.html>.
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::password::Password;

/// The connection options of the file. As in `MySQL`'s client, later lines win, and `[mysql]` wins over `[client]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OptionFile {
    /// The last `user` of the files, as MySQL's own clients take it.
    pub user: Option<String>,
    /// The last `password` of the files.
    pub password: Option<Password>,
    /// The option `host`: a name or an address.
    pub host: Option<String>,
    /// The option `port`, a TCP port.
    pub port: Option<u16>,
    /// The option `socket`: the path of a Unix socket.
    pub socket: Option<PathBuf>,
}

/// Why the file cannot be used. Never contains a value from the file.
#[derive(Debug, thiserror::Error)]
pub enum OptionFileError {
    /// The file exists but cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Its path, as it was given.
        path: PathBuf,
        /// What the system reported.
        source: io::Error,
    },
    /// The value of `port` is not a port number.
    #[error("{}:{line}: the port is not a number from 1 to 65535", path.display())]
    Port {
        /// Its path, as it was given.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
    },
}

impl OptionFile {
    /// Reads the file. A missing file is an empty one.
    ///
    /// # Errors
    /// When it cannot be read, or its port is not a port number.
    pub fn read(path: &Path) -> Result<Self, OptionFileError> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(OptionFile::default()),
            Err(source) => return Err(OptionFileError::Read { path: path.to_owned(), source }),
        };
        Self::parse(&String::from_utf8_lossy(&bytes))
            .map_err(|line| OptionFileError::Port { path: path.to_owned(), line })
    }

    /// The error is the number of the line with an invalid port.
    fn parse(text: &str) -> Result<Self, usize> {
        let (mut client, mut mysql) = (OptionFile::default(), OptionFile::default());
        let mut group = "";
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let line = line.trim();
            if let Some(name) = line.strip_prefix('[') {
                group = name.split(']').next().unwrap_or_default().trim();
                continue;
            }
            let into = match group {
                "client" => &mut client,
                "mysql" => &mut mysql,
                _ => continue,
            };
            // `password` without a value makes MySQL's client prompt; here it is ignored.
            let Some((name, value)) = line.split_once('=').filter(|_| !line.starts_with(['#', ';'])) else { continue };
            into.take(name.trim(), value_of(value)).map_err(|()| index + 1)?;
        }
        Ok(OptionFile {
            user: mysql.user.or(client.user),
            password: mysql.password.or(client.password),
            host: mysql.host.or(client.host),
            port: mysql.port.or(client.port),
            socket: mysql.socket.or(client.socket),
        })
    }

    fn take(&mut self, name: &str, value: String) -> Result<(), ()> {
        match name {
            "user" => self.user = Some(value),
            "password" => self.password = Some(Password(value)),
            "host" => self.host = Some(value),
            "port" => self.port = Some(value.parse().ok().filter(|port| *port > 0).ok_or(())?),
            "socket" => self.socket = Some(PathBuf::from(value)),
            _ => {}
        }
        Ok(())
    }
}

/// The value after `=`, without quotes and without a comment (`#` outside quotes), with escapes such as `\s` resolved.
fn value_of(text: &str) -> String {
    let text = text.trim();
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let (mut value, mut chars) = (String::new(), text.chars().skip(usize::from(quote.is_some())).peekable());
    while let Some(c) = chars.next() {
        match c {
            '\\' => value.push_str(&escaped(&mut chars)),
            _ if Some(c) == quote => return value,
            '#' if quote.is_none() => return value.trim_end().to_owned(),
            _ => value.push(c),
        }
    }
    value
}

fn escaped(chars: &mut std::iter::Peekable<impl Iterator<Item = char>>) -> String {
    let plain = match chars.peek() {
        Some('b') => "\u{8}",
        Some('t') => "\t",
        Some('n') => "\n",
        Some('r') => "\r",
        Some('s') => " ",
        Some('\\') => "\\",
        Some('"') => "\"",
        Some('\'') => "'",
        _ => return "\\".to_owned(),
    };
    chars.next();
    plain.to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_mysql_reads_them() {
        for (text, value) in [
            (" plain ", "plain"),
            ("a b # comment", "a b"),
            ("\"a # b\" # comment", "a # b"),
            ("'it\\'s'", "it's"),
            ("a\\sb\\\\c\\q", "a b\\c\\q"),
            ("\"\"", ""),
        ] {
            assert_eq!(value_of(text), value, "{text}");
        }
    }

    #[test]
    fn only_the_groups_of_clients_count_and_mysql_beats_client() {
        let text = "user=nobody\n[mysqld]\nport=1\n[client]\n# password=no\n;host=no\nuser = ann\npassword = p=w\n\
                    port=3307\nsocket=/s\n[mysql]\nuser=bob\nprompt=x\nno-auto-rehash\n[ mysqldump ]\nuser=eve\n";
        let file = OptionFile::parse(text).unwrap();
        assert_eq!(file.user.as_deref(), Some("bob"));
        assert_eq!(file.password, Some(Password("p=w".to_owned())));
        assert_eq!((file.port, file.host, file.socket), (Some(3307), None, Some(PathBuf::from("/s"))));
        assert_eq!(OptionFile::parse("[client]\nport=x"), Err(2));
    }

    #[test]
    fn a_missing_file_is_empty() {
        assert_eq!(OptionFile::read(Path::new("/nonexistent/.my.cnf")).unwrap(), OptionFile::default());
    }
}
