//! The question on a server: its values are bound, the text runs as it is, and nothing is written.
use chrono::NaiveDate;
use mysql::prelude::Queryable;
use mysql::{Params, Value};

use super::error::ServerError;
use super::text::{latest, text};
use crate::dial::Connection;
use crate::retention::date_time::day_of;
use crate::retention::engine::Engine;
use crate::retention::names::TableNames;
use crate::retention::question::Question;

/// `MySQL` has no time after the calendar's last day, so its last microsecond ends the day, and is itself left out.
const CALENDAR_END: &str = "9999-12-31 23:59:59.999999";

/// The types that compare with a day as a time does.
const TIME_TYPES: [&str; 3] = ["datetime", "timestamp", "date"];

/// A table of events on a server.
#[derive(Debug)]
pub struct Server {
    connection: Connection,
    names: TableNames,
    event_name: Column,
}

/// A column as the catalogue describes it.
#[derive(Debug)]
struct Column {
    name: String,
    data_type: String,
    /// Character set and collation, if it holds text.
    text: Option<(String, String)>,
}

impl Server {
    /// The table and columns of `names` in the connection's database.
    ///
    /// # Errors
    /// When the table is missing, is not as the question needs it, or the server does not answer.
    pub fn new(mut connection: Connection, names: TableNames) -> Result<Self, ServerError> {
        // So that several questions see one state. Not every server supports it, and failing does no harm: q1 only reads.
        let _ = connection
            .run("for a snapshot", |server| server.query_drop("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"));
        let event_name = event_name_column(&mut connection, &names)?;
        Ok(Server { connection, names, event_name })
    }

    /// Sets the text's variables. A variable has a collation of its own with the same rank as a column's, so `MySQL` would
    /// refuse to compare the two, or compare by the wrong one and without an index: `@event` takes the column's.
    fn bind(&mut self, question: &Question) -> Result<(), ServerError> {
        let text_type = self.event_name.text.clone().filter(|(set, collation)| is_word(set) && is_word(collation));
        let as_column = match text_type {
            Some((set, collation)) => {
                self.check_writable(&question.event, &set)?;
                format!("CONVERT(? USING {set}) COLLATE {collation}")
            }
            None => "?".to_owned(),
        };
        let parameters = question.parameters(CALENDAR_END);
        let assignments: Vec<String> = parameters
            .iter()
            .map(|(name, _)| format!("{name} = {}", if *name == "@event" { as_column.as_str() } else { "?" }))
            .collect();
        let values: Vec<Value> = parameters.iter().map(|(_, value)| Value::from(value)).collect();
        let sql = format!("SET {}", assignments.join(", "));
        Ok(self.connection.run("the values", |server| server.exec_drop(sql, Params::Positional(values)))?)
    }

    /// CONVERT would silently write a question mark for a character that the character set `set` lacks.
    fn check_writable(&mut self, event: &str, set: &str) -> Result<(), ServerError> {
        let sql = format!("SELECT CAST(CONVERT(CONVERT(? USING {set}) USING utf8mb4) AS BINARY)");
        let back: Option<Vec<u8>> =
            self.connection.run("the event's name", |server| server.exec_first(sql, (event,)))?;
        if back.as_deref() == Some(event.as_bytes()) {
            return Ok(());
        }
        Err(ServerError::NoSuchText {
            server: self.connection.address().to_string(),
            column: self.event_name.name.clone(),
            character_set: set.to_owned(),
            event: event.to_owned(),
        })
    }
}

impl Engine for Server {
    type Error = ServerError;

    fn num_of_user(&mut self, question: &Question) -> Result<u64, ServerError> {
        self.bind(question)?;
        let sql = text(&self.names);
        let answer: Option<u64> = self.connection.run("the question", |server| server.query_first(sql))?;
        Ok(answer.unwrap_or_default())
    }

    fn last_day(&mut self) -> Result<Option<NaiveDate>, ServerError> {
        let sql = latest(&self.names);
        let latest: Option<Option<String>> =
            self.connection.run("the latest event's time", |server| server.query_first(sql))?;
        Ok(latest.flatten().as_deref().and_then(day_of))
    }
}

/// The column of events' names, once the table has all that the question needs.
fn event_name_column(connection: &mut Connection, names: &TableNames) -> Result<Column, ServerError> {
    let columns = columns(connection, &names.table)?;
    let place = |name: &str| {
        columns.iter().position(|column| column.name.eq_ignore_ascii_case(name)).ok_or_else(|| ServerError::NoColumn {
            server: connection.address().to_string(),
            table: names.table.clone(),
            column: name.to_owned(),
            found: columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", "),
        })
    };
    let time = place(&names.columns.time)?;
    place(&names.columns.uid)?;
    let event_name = place(&names.columns.event_name)?;
    let time = &columns[time];
    if !TIME_TYPES.contains(&time.data_type.as_str()) {
        return Err(ServerError::NotATime {
            server: connection.address().to_string(),
            table: names.table.clone(),
            column: time.name.clone(),
            found: time.data_type.clone(),
        });
    }
    let mut columns = columns;
    Ok(columns.swap_remove(event_name))
}

/// The columns of `table`, from the catalogue.
fn columns(connection: &mut Connection, table: &str) -> Result<Vec<Column>, ServerError> {
    type Row = (String, String, Option<String>, Option<String>);
    let sql = "SELECT column_name, data_type, character_set_name, collation_name FROM information_schema.columns
               WHERE table_schema = DATABASE() AND table_name = ? ORDER BY ordinal_position";
    let rows: Vec<Row> = connection.run("what the table is like", |server| server.exec(sql, (table,)))?;
    if rows.is_empty() {
        return Err(ServerError::NoTable {
            server: connection.address().to_string(),
            database: connection.address().database().to_owned(),
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

/// Whether `name` can stand in a statement without quotes.
fn is_word(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
