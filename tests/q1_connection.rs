//! How `votekit q1 --db mysql://` connects to a server: TLS, logins, secret passwords, and servers that fail.
#![cfg(feature = "mysql")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]
mod support;

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use support::mysql::{Kind, Server};

const TABLE: &str = "CREATE TABLE piwik_track(time DATETIME, uid VARCHAR(64), event_name VARCHAR(64)) CHARACTER SET utf8;
    INSERT INTO piwik_track VALUES ('2017-04-01 10:00:00', 'a', 'FIRST_INSTALL'), ('2017-04-08 23:00:00', 'A ', 'open');";
/// The password of the test user `ann`, which must appear nowhere.
const PASSWORD: &str = "geh@im";

/// votekit with no settings but those in `home`.
fn q1(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_votekit"));
    command.arg("q1").args(args).env("HOME", home).env_remove("MYSQL_PWD").stdin(Stdio::null());
    command
}

fn run(args: &[&str]) -> Output {
    q1(Path::new("/nonexistent"), args).output().unwrap()
}

/// Runs a command that must fail with `code`; returns its stderr, which must not contain the password.
fn fails(code: i32, args: &[&str]) -> String {
    let output = run(args);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(code), &b""[..]), "{args:?}: {error}");
    assert!(!error.contains(PASSWORD) && !error.contains("geh"), "the password shows: {error}");
    error
}

/// A server with the table, if one is installed.
fn server(options: &[String]) -> Option<Server> {
    Kind::MariaDb.is_at_hand().then(|| {
        let server = Server::start(Kind::MariaDb, options);
        server.sql(TABLE);
        server
    })
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(30), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Starts `votekit q1`, which waits for a locked table.
fn asking(server: &Server, args: &[&str]) -> Child {
    let child = q1(Path::new("/nonexistent"), args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("the question waits for the lock", || waiting(server) == 1);
    child
}

fn waiting(server: &Server) -> u32 {
    let sql =
        "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%num_of_user%' AND id <> CONNECTION_ID()";
    server.sql(sql).trim().parse().unwrap()
}

fn error_of(mut child: Child) -> (Option<i32>, String) {
    let mut error = String::new();
    child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
    (child.wait().unwrap().code(), error)
}

#[test]
fn a_password_is_in_no_process_title_and_no_message() {
    let Some(server) = server(&[]) else { return };
    let lock = server.lock("piwik_track");
    // Percent-encoded or not, after a space or after an equals sign.
    for typed in ["geh%40im", "geh@im"] {
        let url = format!("mysql://ann:{typed}@127.0.0.1:{}/test", server.port);
        for args in
            [vec!["-v".to_owned(), "--db".to_owned(), url.clone()], vec!["-v".to_owned(), format!("--db={url}")]]
        {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let mut child = asking(&server, &args);
            let title = fs::read(format!("/proc/{}/cmdline", child.id())).unwrap();
            let title = String::from_utf8(title).unwrap();
            assert!(title.contains("mysql://ann@127.0.0.1") && !title.contains("geh"), "{title:?}");
            let environment = fs::read(format!("/proc/{}/environ", child.id())).unwrap();
            assert!(!String::from_utf8_lossy(&environment).contains("geh"));
            let ps = Command::new("ps").args(["-ww", "-o", "args=", "-p", &child.id().to_string()]).output();
            if let Ok(ps) = ps {
                assert!(!String::from_utf8_lossy(&ps.stdout).contains("geh"));
            }
            let titles = server.sql("SELECT info FROM information_schema.processlist");
            assert!(!titles.contains("geh"));
            child.kill().unwrap();
            let (_, error) = error_of(child);
            assert!(error.contains("MariaDB") && !error.contains("geh"), "{error}");
            wait_until("the killed client's question is gone", || {
                server
                    .sql("SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE user = 'ann'")
                    .lines()
                    .for_each(|kill| {
                        server.try_sql(kill);
                    });
                waiting(&server) == 0
            });
        }
    }
    drop(lock);
    let port = server.port;
    let error = fails(1, &["--db", &format!("mysql://ann:geheim@127.0.0.1:{port}/test")]);
    assert!(error.contains("refuses the login: Access denied for user 'ann'@'localhost'"), "{error}");
    fails(2, &["--db", "mysql://ann:geheim@host:port/test"]);
    // As an unexpected argument, which clap repeats in its message.
    fails(2, &["mysql://ann:geheim@host/test"]);
}

#[test]
fn the_password_comes_from_the_address_then_the_environment_then_the_file() {
    let Some(server) = server(&[]) else { return };
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join(".my.cnf");
    let ask = |url: &str, env: Option<&str>, cnf: &str| {
        fs::write(&file, cnf).unwrap();
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let mut command = q1(home.path(), &["--db", url]);
        if let Some(password) = env {
            command.env("MYSQL_PWD", password);
        }
        let output = command.output().unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let port = server.port;
    let (with, without) =
        (format!("mysql://ann:geh%40im@127.0.0.1:{port}/test"), format!("mysql://ann@127.0.0.1:{port}/test"));
    let right = "[client]\npassword = \"geh@im\" # ours\n";
    let wrong = "[client]\npassword = wrong\n";
    for (url, env, cnf, allowed) in [
        (&with, Some("wrong"), wrong, true),
        (&without, Some(PASSWORD), wrong, true),
        (&without, None, right, true),
        (&without, Some("wrong"), right, false),
        (&without, None, wrong, false),
        (&without, None, "", false),
    ] {
        let (done, error) = ask(url, env, cnf);
        assert_eq!(done, allowed, "{url} {env:?} {cnf}: {error}");
        assert!(!error.contains("geh") && !error.contains("wrong"), "{error}");
    }
    // Everything but the database comes from the file.
    let all = format!(
        "[mysqld]\nport=1\n[client]\nuser=nobody\npassword='geh@im'\nhost=127.0.0.1\nport={port}\n[mysql]\nuser=ann\n"
    );
    assert_eq!(ask("mysql:///test", None, &all), (true, String::new()));
    let socket = format!("[client]\nuser=ann\npassword=geh@im\nsocket={}\n", server.socket().display());
    assert_eq!(ask("mysql:///test", None, &socket), (true, String::new()));
    let (_, error) = ask("mysql:///test", None, "[client]\nport=many\npassword=geh@im");
    assert!(error.contains(".my.cnf:2: the port is not a number") && !error.contains("geh"), "{error}");
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    fs::write(&file, &all).unwrap();
    let output = q1(home.path(), &["--db", "mysql:///test"]).output().unwrap();
    assert_eq!(output.stdout, b"1\n");
    assert!(String::from_utf8(output.stderr).unwrap().contains("others can read it; chmod 600"));
}

#[test]
fn what_a_server_lacks_is_told() {
    // No server: connection refused, no such host, no answer.
    let error = fails(1, &["--db", "mysql://ann:geh@im@127.0.0.1:1/test"]);
    assert!(error.contains("cannot reach the server 127.0.0.1:1: nothing is listening there"), "{error}");
    let error = fails(1, &["--db", "mysql://ann@nowhere.invalid/test"]);
    assert!(error.contains("cannot reach the server nowhere.invalid:3306"), "{error}");
    let error = fails(1, &["--db", "mysql://ann@/test?socket=/nowhere/s"]);
    assert!(error.contains("/nowhere/s: there is no such socket"), "{error}");
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = deaf.local_addr().unwrap().port();
    let start = Instant::now();
    let error = fails(1, &["--db", &format!("mysql://ann:geh@im@127.0.0.1:{port}/test"), "--timeout", "1s"]);
    assert!(error.contains("did not answer the connection within 1 s; --timeout"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(8), "it waited much longer than it was told");
    let rude = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = rude.local_addr().unwrap().port();
    let closing = std::thread::spawn(move || drop(rude.accept()));
    let error = fails(1, &["--db", &format!("mysql://ann@127.0.0.1:{port}/test")]);
    assert!(error.contains("closed the connection at once; is this MySQL's port?"), "{error}");
    closing.join().unwrap();
    let web = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = web.local_addr().unwrap().port();
    let answering = std::thread::spawn(move || {
        std::io::Write::write_all(&mut web.accept().unwrap().0, b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    fails(1, &["--db", &format!("mysql://ann@127.0.0.1:{port}/test"), "--timeout", "2s"]);
    answering.join().unwrap();

    let Some(server) = server(&[]) else { return };
    let base = format!("mysql://ann:geh@im@127.0.0.1:{}", server.port);
    let error = fails(1, &["--db", &format!("{base}/nodb")]);
    assert!(error.contains("Unknown database 'nodb'"), "{error}");
    let error = fails(1, &["--db", &format!("{base}/mysql")]);
    assert!(error.contains("the database mysql on 127.0.0.1:") && error.contains("no table piwik_track"), "{error}");
    let url = format!("{base}/test");
    for (change, told) in [
        (
            "ALTER TABLE piwik_track CHANGE uid user_id VARCHAR(9)",
            "has no column uid; it has: time, user_id, event_name",
        ),
        ("ALTER TABLE piwik_track CHANGE user_id uid VARCHAR(9), MODIFY time BIGINT", "time of piwik_track on"),
    ] {
        server.sql(&format!("SET sql_mode = ''; {change}"));
        let error = fails(1, &["--db", &url]);
        assert!(error.contains(told), "{error}");
    }
    let error = fails(1, &["--db", &format!("{url}?ssl-mode=required")]);
    assert!(error.contains("no TLS with the server") && error.contains("it has none"), "{error}");
}

#[test]
fn a_server_that_stops_answering_is_told_of() {
    let Some(mut server) = server(&[]) else { return };
    let url = format!("mysql://ann:geh@im@127.0.0.1:{}/test", server.port);
    let lock = server.lock("piwik_track");
    let error = error_of(asking(&server, &["--db", &url, "--timeout", "2s"]));
    assert_eq!(error.0, Some(1));
    assert!(error.1.contains("did not answer the question within 2 s; --timeout"), "{}", error.1);
    wait_until("the question that nobody waits for is ended", || waiting(&server) == 0);
    // An administrator ends the connection; the whole server dies.
    let child = asking(&server, &["--db", &url]);
    server.sql("SELECT CONCAT('KILL ', id) INTO @k FROM information_schema.processlist WHERE user = 'ann'; PREPARE k FROM @k; EXECUTE k");
    let (code, error) = error_of(child);
    assert!(code == Some(1) && error.contains("closed the connection before it answered"), "{code:?} {error}");
    let child = asking(&server, &["--db", &url]);
    server.kill();
    let (code, error) = error_of(child);
    assert!(code == Some(1) && error.contains("closed the connection before it answered"), "{code:?} {error}");
    drop(lock);
}

/// Creates a certificate authority in `dir`, and a certificate signed by it for db.example and 127.0.0.1.
fn certificates(dir: &Path, name: &str) {
    let openssl = |args: &str| {
        let output = Command::new("openssl").args(args.split(' ')).current_dir(dir).output().unwrap();
        assert!(output.status.success(), "{args}: {}", String::from_utf8_lossy(&output.stderr));
    };
    fs::write(dir.join("san"), "subjectAltName=DNS:db.example,IP:127.0.0.1\n").unwrap();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 {key} -keyout {name}-ca.key -out {name}-ca.pem -days 2 -subj /CN={name}"));
    openssl(&format!("req {key} -keyout {name}.key -out {name}.csr -subj /CN=server"));
    openssl(&format!(
        "x509 -req -in {name}.csr -CA {name}-ca.pem -CAkey {name}-ca.key -CAcreateserial -days 2 -extfile san -out {name}.pem"
    ));
}

#[test]
fn tls_is_what_the_mode_says() {
    let dir = tempfile::tempdir().unwrap();
    certificates(dir.path(), "ours");
    certificates(dir.path(), "theirs");
    let path = |name: &str| dir.path().join(name).display().to_string();
    let Some(server) = server(&[format!("--ssl-cert={}", path("ours.pem")), format!("--ssl-key={}", path("ours.key"))])
    else {
        return;
    };
    server.sql("CREATE USER tls@'%' IDENTIFIED BY 'geh@im' REQUIRE SSL; GRANT SELECT ON test.* TO tls@'%'");
    let url =
        |host: &str, user: &str, options: &str| format!("mysql://{user}:geh@im@{host}:{}/test{options}", server.port);
    let (ours, theirs) = (path("ours-ca.pem"), path("theirs-ca.pem"));
    for (host, user, options, protected) in [
        ("127.0.0.1", "ann", String::new(), true),
        ("127.0.0.1", "ann", "?ssl-mode=disabled".to_owned(), false),
        ("localhost", "tls", "?ssl-mode=preferred".to_owned(), true),
        ("localhost", "tls", "?ssl-mode=REQUIRED".to_owned(), true),
        ("localhost", "tls", format!("?ssl-mode=verify-ca&ssl-ca={ours}"), true),
        ("localhost", "tls", format!("?ssl-ca={ours}"), true),
        ("127.0.0.1", "tls", format!("?ssl-mode=VERIFY_IDENTITY&ssl-ca={ours}"), true),
    ] {
        let output = run(&["-v", "--db", &url(host, user, &options)]);
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.stdout, b"1\n", "{host} {user} {options}: {told}");
        assert_eq!((told.contains(", TLS, "), told.contains(", no TLS")), (protected, !protected), "{options}: {told}");
    }
    for (host, options, code, reason) in [
        ("127.0.0.1", "?ssl-mode=disabled".to_owned(), 1, "refuses the login"),
        (
            "127.0.0.1",
            format!("?ssl-mode=verify-ca&ssl-ca={theirs}"),
            1,
            "not signed by an authority that is trusted: that of ssl-ca",
        ),
        ("127.0.0.1", format!("?ssl-mode=verify-identity&ssl-ca={theirs}"), 1, "not signed by an authority"),
        ("127.0.0.1", "?ssl-mode=verify-identity".to_owned(), 1, "else those that browsers trust"),
        ("localhost", format!("?ssl-mode=verify-identity&ssl-ca={ours}"), 1, "its certificate is for another host"),
        ("127.0.0.1", "?ssl-mode=verify-ca".to_owned(), 2, "needs the authority's certificate"),
        ("127.0.0.1", "?ssl-ca=/nowhere.pem".to_owned(), 1, "cannot use ssl-ca=/nowhere.pem: No such file"),
        ("127.0.0.1", format!("?ssl-ca={}", path("ours.key")), 1, "it contains no certificate"),
    ] {
        let error = fails(code, &["--db", &url(host, "tls", &options)]);
        assert!(error.contains(reason), "{options}: {error}");
    }
}

/// Names that look like the end of a quote, comment or statement are still names.
#[test]
fn other_tables_and_columns_are_named_safely() {
    for kind in Kind::at_hand() {
        let server = Server::start(kind, &[]);
        server.sql(TABLE);
        let url = format!("mysql://ann:{PASSWORD}@/test?socket={}", server.socket().display());
        for [table, time, user, event] in [
            ["log", "server_time", "idvisitor", "action"],
            ["a`; DROP TABLE piwik_track; --x", "the time", "uid`", "'name\""],
            ["薯片", "select", "from", "a.b"],
        ] {
            let quote = |name: &str| format!("`{}`", name.replace('`', "``"));
            server.sql(&format!(
                "CREATE TABLE {} ({} DATETIME, {} VARCHAR(64), {} VARCHAR(64)) CHARACTER SET utf8 SELECT time AS {1},
                 uid AS {2}, event_name AS {3} FROM piwik_track",
                quote(table),
                quote(time),
                quote(user),
                quote(event)
            ));
            let output =
                run(&["--db", &url, "--table", table, "--time", time, "--user", user, "--event-column", event]);
            assert_eq!(output.stdout, b"1\n", "{kind:?} {table}: {}", String::from_utf8_lossy(&output.stderr));
        }
        assert_eq!(server.sql("SELECT COUNT(*) FROM piwik_track").trim(), "2");
        let error = fails(1, &["--db", &url, "--table", "nowhere"]);
        assert!(error.contains("has no table nowhere"), "{error}");
        let error = fails(2, &["--db", &url, "--collation", "binary"]);
        assert!(error.contains("a server compares as the table's columns do"), "{error}");
    }
}

/// The bound variable takes the column's character set and collation.
#[test]
fn an_event_compares_as_its_column_does() {
    for kind in Kind::at_hand() {
        let server = Server::start(kind, &[]);
        let url = format!("mysql://ann@/test?socket={}", server.socket().display());
        for (column, event, users) in [
            ("latin1 COLLATE latin1_swedish_ci", "MYLLER", Some("1")),
            ("latin1 COLLATE latin1_bin", "Müller", Some("1")),
            ("utf8 COLLATE utf8_bin", "Müller", Some("1")),
            ("utf8 COLLATE utf8_unicode_ci", "MULLER", Some("2")),
            ("utf8mb4 COLLATE utf8mb4_unicode_ci", "müller", Some("2")),
            ("utf8mb4 COLLATE utf8mb4_general_ci", "😀", Some("0")),
            ("binary", "Müller", Some("1")),
            ("utf8 COLLATE utf8_general_ci", "😀", None),
            ("latin1 COLLATE latin1_swedish_ci", "薯片", None),
        ] {
            let name_type = if column == "binary" {
                "VARBINARY(64)".to_owned()
            } else {
                format!("VARCHAR(64) CHARACTER SET {column}")
            };
            server.sql(&format!(
                "SET sql_mode = '', NAMES utf8mb4; DROP TABLE IF EXISTS piwik_track;
                 CREATE TABLE piwik_track(time DATETIME, uid VARCHAR(9), event_name {name_type});
                 INSERT INTO piwik_track VALUES ('2017-04-01', 'a', 'Müller'), ('2017-04-01', 'b', 'MULLER'),
                   ('2017-04-02', 'a', 'x'), ('2017-04-02', 'b', 'x');"
            ));
            let output = q1(Path::new("/nonexistent"), &["--db", &url, "--event", event])
                .env("MYSQL_PWD", PASSWORD)
                .output()
                .unwrap();
            let (told, error) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
            match users {
                Some(users) => assert_eq!(told.trim(), users, "{kind:?} {column} {event}: {error}"),
                None => assert!(error.contains("which lacks a character of it"), "{kind:?} {column}: {error}{told}"),
            }
        }
    }
}
