//! q1.sql and its collation on real servers: which characters are equal, and which indexes the query uses.
#![cfg(feature = "mysql")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]
mod support;

use std::collections::HashMap;

use support::mysql::{Event, Kind, Server, create_events};
use votekit::retention::{Collation, SQL};

/// Equality and order of all characters of the BMP and some beyond it.
#[test]
fn the_collation_is_the_servers_for_every_character() {
    let characters: Vec<char> =
        ('\u{0}'..='\u{ffff}').chain((0x10000..=0x10ffff).step_by(4099).filter_map(char::from_u32)).collect();
    let here = rusqlite::Connection::open_in_memory().unwrap();
    Collation::GeneralCi.register(&here).unwrap();
    here.execute_batch("CREATE TABLE c(code INTEGER, text TEXT COLLATE utf8_general_ci); BEGIN").unwrap();
    for c in &characters {
        here.execute("INSERT INTO c VALUES (?1, ?2)", (u32::from(*c), c.to_string())).unwrap();
    }
    here.execute_batch("COMMIT").unwrap();
    let classes = "SELECT c.code, first.code FROM c JOIN (SELECT MIN(code) AS code, text FROM c GROUP BY text) AS first
                   ON first.text = c.text ORDER BY c.code";
    let order = "SELECT code, 0 FROM c ORDER BY text, code";
    let ask = |sql: &str| {
        let mut statement = here.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok(format!("{}\t{}", row.get::<_, u32>(0)?, row.get::<_, u32>(1)?)));
        rows.unwrap().collect::<Result<Vec<_>, _>>().unwrap()
    };
    let (classes_here, order_here) = (ask(classes), ask(order));
    assert_eq!(classes_here.len(), characters.len());
    for kind in Kind::at_hand() {
        let server = Server::start(kind, &[]);
        let mut sql =
            "CREATE TABLE c(code INT, text VARCHAR(1) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, KEY (text));"
                .to_owned();
        for chunk in characters.chunks(8000) {
            let hex = |c: &char| c.to_string().bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
            let rows: Vec<String> =
                chunk.iter().map(|c| format!("({},_utf8mb4 0x{})", u32::from(*c), hex(c))).collect();
            sql.push_str(&format!("INSERT INTO c VALUES {};", rows.join(",")));
        }
        server.sql(&sql);
        for (sql, here) in [(classes, &classes_here), (order, &order_here)] {
            let there = server.sql(sql);
            let differ: Vec<_> = there.lines().zip(here).filter(|(there, here)| there != here).take(5).collect();
            assert!(differ.is_empty(), "{kind:?}: server and votekit differ: {differ:?}\n{sql}");
            assert_eq!(there.lines().count(), here.len());
        }
        let bmp = "SELECT COUNT(*) FROM c WHERE code < 65536 AND
                   WEIGHT_STRING(text) <> WEIGHT_STRING(CONVERT(text USING utf8) COLLATE utf8_general_ci)";
        assert_eq!(server.sql(bmp).trim(), "0", "{kind:?}: utf8 and utf8mb4 weigh the BMP alike");
    }
}

/// Characters with the same weight are one: for every character that the server's Unicode 4.0 knows, and for those of the
/// Unicode 14.0 of its newest collation, beside which MySQL 8's 9.0 lies. Hangul syllables have weights of their own there, and
/// those of their letters here.
#[test]
fn the_newer_collations_are_a_mariadb_servers_for_every_character_that_it_knows() {
    if !Kind::MariaDb.is_at_hand() {
        return;
    }
    let server = Server::start(Kind::MariaDb, &[]);
    let weights = |collation: &str| -> Vec<(char, String)> {
        let text = "CONVERT(CONVERT(UNHEX(LPAD(HEX(seq), 4, '0')) USING ucs2) USING utf8mb4)";
        let told = server.sql(&format!(
            "SELECT seq, HEX(WEIGHT_STRING({text} COLLATE {collation})) FROM seq_1_to_65535 WHERE seq < 0xd800 OR seq > 0xdfff"
        ));
        let row = |line: &str| {
            let (code, weight) = line.split_once('\t').unwrap_or((line, ""));
            (char::from_u32(code.parse().unwrap()).unwrap(), weight.to_owned())
        };
        told.lines().map(row).collect()
    };
    // What a character weighs of which nothing is known: UTS 10, 10.1.3.
    let is_known = |(c, weight): &(char, String)| {
        let code = u32::from(*c);
        let bases = [0xfb40, 0xfb80, 0xfbc0, 0xfbc1]
            .map(|base| format!("{:04X}{:04X}", base + (code >> 15), code & 0x7fff | 0x8000));
        !bases.contains(weight) && !('가'..='힣').contains(c)
    };
    for (collation, theirs) in
        [(Collation::UnicodeCi, "utf8mb4_unicode_ci"), (Collation::Ai0900, "utf8mb4_uca1400_nopad_ai_ci")]
    {
        let known: Vec<_> = weights(theirs).into_iter().filter(is_known).collect();
        assert!(known.len() > 12_000, "{}", known.len());
        let (mut here, mut there) = (HashMap::new(), HashMap::new());
        let mut differ = Vec::new();
        for (c, weight) in &known {
            let mut key = Vec::new();
            // Spaces count only before something.
            collation.fold(&format!("{c}x"), &mut key);
            let (first_here, first_there) = (*here.entry(key).or_insert(c), *there.entry(weight).or_insert(c));
            if first_here != first_there {
                differ.push((c, first_here, first_there));
            }
        }
        assert!(differ.is_empty(), "{theirs}: {} of {} differ: {differ:?}", differ.len(), known.len());
    }
}

/// The plan reads a range of (`event_name`, time) for the cohort, then each user by (uid, time); never the whole table.
#[test]
fn indexes_serve_the_text() {
    let mut rows: Vec<Event> = Vec::new();
    for number in 0..20_000_u32 {
        let time = format!("2017-04-{:02} {:02}:00:00", number % 29 + 1, number % 24);
        let name = if number % 10 == 0 { "FIRST_INSTALL" } else { "open" };
        rows.push((Some(time), Some(format!("u{}", number % 3000)), Some(name.to_owned())));
    }
    for kind in Kind::at_hand() {
        let server = Server::start(kind, &[]);
        server.sql(&create_events(&rows, "utf8"));
        server.sql("ANALYZE TABLE piwik_track");
        let bound = "SET @install_day = '2017-04-05', @install_before_day = '2017-04-06', @from_day = '2017-04-06',
                     @before_day = '2017-04-10', @event = CONVERT('open' USING utf8) COLLATE utf8_general_ci;";
        for values in ["", bound] {
            let plan = server.sql(&format!("{values} EXPLAIN {SQL}"));
            let cells = plan.lines().map(|line| line.split('\t').collect::<Vec<_>>());
            let (mut install, mut active) = (None, None);
            for row in cells {
                match row[2] {
                    "install" => install = Some((row[3].to_owned(), row[5].to_owned())),
                    "active" => active = Some((row[3].to_owned(), row[5].to_owned())),
                    _ => {}
                }
            }
            let plan = format!("{kind:?}\n{plan}");
            assert_eq!(install, Some(("range".to_owned(), "event_name".to_owned())), "{plan}");
            assert_eq!(active, Some(("ref".to_owned(), "uid".to_owned())), "{plan}");
        }
    }
}

/// The tables of Matomo 5 that hold visits, conversions and actions, with the columns that a question can be about and the keys, as
/// `core/Db/Schema/Mysql.php` and its plugins' columns make them.
const MATOMO: &str = "
CREATE TABLE matomo_log_visit (
  idvisit BIGINT(10) UNSIGNED NOT NULL AUTO_INCREMENT, idsite INTEGER(10) UNSIGNED NOT NULL, idvisitor BINARY(8) NOT NULL,
  visit_last_action_time DATETIME NOT NULL, config_id BINARY(8) NOT NULL, location_ip VARBINARY(16) NOT NULL,
  user_id VARCHAR(200) NULL, visit_first_action_time DATETIME NOT NULL, visit_goal_converted TINYINT(1) NULL,
  visitor_returning TINYINT(1) NULL, location_country CHAR(3) NULL,
  PRIMARY KEY(idvisit), INDEX index_idsite_idvisitor (idsite, idvisitor, visit_last_action_time)
) DEFAULT CHARSET = utf8mb4;
CREATE TABLE matomo_log_conversion (
  idvisit BIGINT(10) UNSIGNED NOT NULL, idsite INT UNSIGNED NOT NULL, idvisitor BINARY(8) NOT NULL, server_time DATETIME NOT NULL,
  idgoal INT(10) NOT NULL, buster INT UNSIGNED NOT NULL, url VARCHAR(4096) NOT NULL,
  PRIMARY KEY (idvisit, idgoal, buster), INDEX index_idsite_datetime (idsite, server_time)
) DEFAULT CHARSET = utf8mb4;
CREATE TABLE matomo_log_link_visit_action (
  idlink_va BIGINT(10) UNSIGNED NOT NULL AUTO_INCREMENT, idsite INT(10) UNSIGNED NOT NULL, idvisitor BINARY(8) NOT NULL,
  idvisit BIGINT(10) UNSIGNED NOT NULL, idaction_name INTEGER(10) UNSIGNED, server_time DATETIME NOT NULL,
  PRIMARY KEY(idlink_va), INDEX index_idvisit(idvisit), INDEX index_idsite_servertime (idsite, server_time)
) DEFAULT CHARSET = utf8mb4;";

/// Visitors are eight bytes, of which the last may be a zero or a space; events are numbers.
#[test]
fn matomos_own_tables_are_asked_as_help_says() {
    let visits = [
        ("0123456789ABCDEF", "2017-04-01 10:00:00", 0),
        ("0123456789ABCDEF", "2017-04-03 10:00:00", 1),
        // Two visitors, which a comparison as texts would take for one.
        ("FFFFFFFFFFFFFF20", "2017-04-01 10:00:00", 0),
        ("FFFFFFFFFFFFFF00", "2017-04-05 10:00:00", 1),
        ("AAAAAAAAAAAAAAAA", "2017-04-01 23:59:59", 1),
        ("AAAAAAAAAAAAAAAA", "2017-04-09 00:00:00", 1),
    ];
    for kind in Kind::at_hand() {
        let server = Server::start(kind, &[]);
        let mut sql = MATOMO.to_owned();
        for (number, (visitor, time, returning)) in visits.iter().enumerate() {
            sql.push_str(&format!(
                "INSERT INTO matomo_log_visit (idsite, idvisitor, visit_last_action_time, config_id, location_ip,
                 visit_first_action_time, visitor_returning) VALUES (1, UNHEX('{visitor}'), '{time}', '', '', '{time}', {returning});
                 INSERT INTO matomo_log_conversion VALUES ({number}, 1, UNHEX('{visitor}'), '{time}', {returning} + 3, 0, '');
                 INSERT INTO matomo_log_link_visit_action (idsite, idvisitor, idvisit, idaction_name, server_time)
                 VALUES (1, UNHEX('{visitor}'), {number}, 10 * {returning} + 7, '{time}');"
            ));
        }
        server.sql(&sql);
        let url = format!("mysql://root@/test?socket={}", server.socket().display());
        let ask = |table: &str, time: &str, column: &str, event: &str| {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_votekit"));
            command.args(["q1", "-q", "--db", &url, "--table", table, "--time", time, "--user", "idvisitor"]);
            let output = command.args(["--event-column", column, "--event", event]).output().unwrap();
            (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
        };
        let visits = |event| ask("matomo_log_visit", "visit_first_action_time", "visitor_returning", event);
        assert_eq!(visits("0").0, "1\n", "{kind:?}: of two new visitors one came back within the window");
        assert_eq!(visits("1").0, "0\n", "{kind:?}");
        let conversions = |event| ask("matomo_log_conversion", "server_time", "idgoal", event);
        assert_eq!((conversions("3").0, conversions("4").0), ("1\n".into(), "0\n".into()), "{kind:?}");
        let actions = ask("matomo_log_link_visit_action", "server_time", "idaction_name", "7");
        assert_eq!(actions.0, "1\n", "{kind:?}");
        // A name in a column of numbers would be compared with 0, and find the new visitors.
        let (figure, told) = visits("FIRST_INSTALL");
        assert!(figure.is_empty() && told.contains("visitor_returning"), "{kind:?}: {figure} {told}");
    }
}
