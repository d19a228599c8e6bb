//! q1.sql and its collation on real servers: which characters are equal, and which indexes the query uses.
#![cfg(feature = "mysql")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]
mod support;

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
