//! Real servers that speak `MySQL`'s protocol, private to a test: in their own folder, on a socket there and a loopback
//! port, gone with the test. `tests/run` installs the programs.
#![allow(dead_code, reason = "each test file uses its part")]
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The default `sql_mode` of `MySQL` 5.7, which both servers support.
const SQL_MODE: &str = "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,\
                        NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION";

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Debian's `MariaDB`.
    MariaDb,
    /// Oracle's `MySQL` 5.6.24, from an npm package.
    MySql56,
}

impl Kind {
    /// The kinds that are installed. Missing ones are reported; under CI=true that is a failure.
    pub(crate) fn at_hand() -> Vec<Kind> {
        [Kind::MariaDb, Kind::MySql56].into_iter().filter(|kind| kind.is_at_hand()).collect()
    }

    /// Whether its program is installed.
    pub(crate) fn is_at_hand(self) -> bool {
        let (there, needed) = match self {
            Kind::MariaDb => (on_path("mariadbd") && on_path("mysql"), true),
            Kind::MySql56 => (mysql56().join("mysqld").exists() && on_path("mysql"), on_path("npm")),
        };
        if !there {
            eprintln!("skipped: {self:?} is not installed; tests/run installs it");
            let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
            assert!(!(ci && needed), "under CI=true nothing may be skipped");
        }
        there
    }
}

/// Whether a program of this name is on the PATH.
pub(crate) fn on_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}

fn mysql56() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("mysql-5.6/server")
}

/// A running server, stopped when dropped.
pub(crate) struct Server {
    child: Child,
    dir: TempDir,
    /// The port on 127.0.0.1.
    pub port: u16,
}

impl Server {
    /// Starts a server with additional `options`. It has a database `test`, a root without password on the socket, and a
    /// user `ann` with the password `geh@im` from everywhere.
    pub(crate) fn start(kind: Kind, options: &[String]) -> Server {
        let dir = tempfile::Builder::new().prefix("votekit-mysql-").tempdir().unwrap();
        install(kind, dir.path());
        for _ in 0..3 {
            if let Some(server) = Server::try_start(kind, dir.path(), options) {
                let (child, port) = server;
                let server = Server { child, dir, port };
                server.sql(
                    "DELETE FROM mysql.user WHERE user = ''; FLUSH PRIVILEGES; DROP DATABASE IF EXISTS test;
                     CREATE DATABASE test CHARACTER SET utf8; CREATE USER ann@'%' IDENTIFIED BY 'geh@im';
                     GRANT ALL ON *.* TO ann@'%'",
                );
                return server;
            }
        }
        panic!("{kind:?} does not start:\n{}", fs::read_to_string(dir.path().join("log")).unwrap_or_default());
    }

    /// `None` if it exits at once, as it does when the port is taken.
    fn try_start(kind: Kind, dir: &Path, options: &[String]) -> Option<(Child, u16)> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = match kind {
            Kind::MariaDb => Command::new("mariadbd"),
            Kind::MySql56 => Command::new(mysql56().join("mysqld")),
        };
        command.arg("--no-defaults").args(user());
        if kind == Kind::MySql56 {
            command.env("LD_LIBRARY_PATH", mysql56());
            command.arg(format!("--basedir={}", mysql56().display()));
            command.arg(format!("--lc-messages-dir={}", mysql56().join("share").display()));
        }
        command
            .arg(format!("--datadir={}", dir.join("data").display()))
            .arg(format!("--socket={}", dir.join("s").display()))
            .arg(format!("--pid-file={}", dir.join("pid").display()))
            .arg(format!("--tmpdir={}", dir.display()))
            .arg(format!("--port={port}"))
            .arg(format!("--sql-mode={SQL_MODE}"))
            .args(["--bind-address=127.0.0.1", "--innodb-buffer-pool-size=32M", "--innodb-log-file-size=8M"])
            .args(["--innodb-flush-log-at-trx-commit=0", "--max-allowed-packet=64M"])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(dir.join("log")).unwrap());
        let mut child = command.spawn().unwrap();
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(90) {
            if client(dir).args(["-e", "SELECT 1"]).output().unwrap().status.success() {
                return Some((child, port));
            }
            if child.try_wait().unwrap().is_some() {
                return None;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let _ = child.kill();
        let _ = child.wait();
        None
    }

    /// The socket, for the command-line client and `?socket=`.
    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.path().join("s")
    }

    /// The answer of the command-line client: tab-separated rows without a header.
    pub(crate) fn sql(&self, text: &str) -> String {
        let output = self.try_sql(text);
        assert!(output.status.success(), "{}\n{text:.500}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs `text` in the command-line client.
    pub(crate) fn try_sql(&self, text: &str) -> Output {
        let mut child = client(self.dir.path())
            .args(["-D", if text.contains("CREATE DATABASE") { "mysql" } else { "test" }])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let text = text.to_owned();
        let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
        let output = child.wait_with_output().unwrap();
        // A client that stopped at an error does not read the rest.
        let _ = writer.join();
        output
    }

    /// Locks `table` until the returned value is dropped.
    pub(crate) fn lock(&self, table: &str) -> Lock {
        let mut child = client(self.dir.path())
            .args(["-D", "test", "--unbuffered"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.as_mut().unwrap();
        stdin.write_all(format!("LOCK TABLES {table} WRITE; SELECT 'locked';\n").as_bytes()).unwrap();
        let mut told = [0; 6];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut told).unwrap();
        Lock(child)
    }

    /// Kills it, like a crash.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Time, user and name of an event; `None` is NULL.
pub(crate) type Event = (Option<String>, Option<String>, Option<String>);

fn quoted(text: Option<&String>) -> String {
    text.map_or_else(|| "NULL".to_owned(), |text| format!("'{}'", text.replace('\'', "''")))
}

/// The statements that create a table `piwik_track` with these events.
pub(crate) fn create_events(rows: &[Event], character_set: &str) -> String {
    let mut sql = format!(
        "SET sql_mode = ''; DROP TABLE IF EXISTS piwik_track;
         CREATE TABLE piwik_track(time DATETIME, uid VARCHAR(64), event_name VARCHAR(64),
           KEY (event_name, time, uid), KEY (uid, time)) CHARACTER SET {character_set} COLLATE {character_set}_general_ci;"
    );
    for chunk in rows.chunks(5000) {
        let rows: Vec<String> = chunk
            .iter()
            .map(|(time, uid, name)| {
                format!("({},{},{})", quoted(time.as_ref()), quoted(uid.as_ref()), quoted(name.as_ref()))
            })
            .collect();
        sql.push_str(&format!("INSERT INTO piwik_track VALUES {};", rows.join(",")));
    }
    sql
}

/// A lock held by a client.
pub(crate) struct Lock(Child);

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn client(dir: &Path) -> Command {
    let mut command = Command::new("mysql");
    command
        .args(["--no-defaults", "-uroot", "-N", "-B", "--default-character-set=utf8mb4", "-S"])
        .arg(dir.join("s"))
        .env_remove("MYSQL_PWD");
    command
}

/// Servers refuse to run as root unless told to.
fn user() -> Option<&'static str> {
    let id = Command::new("id").arg("-u").output().unwrap();
    (id.stdout.trim_ascii() == b"0").then_some("--user=root")
}

fn install(kind: Kind, dir: &Path) {
    let data = dir.join("data");
    match kind {
        Kind::MariaDb => {
            let output = Command::new("mariadb-install-db")
                .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
                .args(user())
                .arg(format!("--datadir={}", data.display()))
                .arg("--innodb-log-file-size=8M")
                // A starting server clears its tmpdir, so two servers must not share one.
                .env("TMPDIR", dir)
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        Kind::MySql56 => {
            let from = mysql56().join("data/mysql");
            for entry in walkdir::WalkDir::new(&from) {
                let entry = entry.unwrap();
                let to = data.join(entry.path().strip_prefix(&from).unwrap());
                if entry.file_type().is_dir() {
                    fs::create_dir_all(to).unwrap();
                } else {
                    fs::copy(entry.path(), to).unwrap();
                }
            }
        }
    }
}
