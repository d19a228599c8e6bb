//! What the catalogue says of a table's columns, and whether the questions can be asked of them.
use mysql::prelude::Queryable;

use super::error::ServerError;
use crate::dial::Connection;
use crate::retention::names::TableNames;

/// The types that compare with a day as a time does.
const TIME_TYPES: [&str; 3] = ["datetime", "timestamp", "date"];
/// The types of whole numbers.
const NUMBER_TYPES: [&str; 5] = ["tinyint", "smallint", "mediumint", "int", "bigint"];
/// Other types that would compare as numbers with a name.
const FRACTION_TYPES: [&str; 5] = ["decimal", "float", "double", "bit", "year"];

/// A column as the catalogue describes it.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    data_type: String,
    /// Character set and collation, if it holds text.
    text: Option<(String, String)>,
}

impl Column {
    /// The character set and the collation to which a text must be converted to compare as the column does.
    pub(super) fn convertible(&self) -> Option<(&str, &str)> {
        let (set, collation) = self.text.as_ref()?;
        (is_word(set) && is_word(collation)).then_some((set, collation))
    }

    /// Whether it holds whole numbers.
    pub(super) fn is_whole_number(&self) -> bool {
        NUMBER_TYPES.contains(&self.data_type.as_str())
    }
}

/// The columns of a table, once it has all that the questions need.
pub(super) struct EventColumns {
    pub(super) event_name: Column,
}

impl EventColumns {
    pub(super) fn of(connection: &mut Connection, names: &TableNames) -> Result<Self, ServerError> {
        let mut columns = columns(connection, &names.table)?;
        let place = |name: &str| {
            let found = columns.iter().position(|column| column.name.eq_ignore_ascii_case(name));
            found.ok_or_else(|| ServerError::NoColumn {
                server: connection.address().to_string(),
                table: names.table.clone(),
                column: name.to_owned(),
                found: columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", "),
            })
        };
        for time in std::iter::once(&names.columns.time).chain(&names.columns.install_time) {
            let time = &columns[place(time)?];
            if !TIME_TYPES.contains(&time.data_type.as_str()) {
                return Err(ServerError::NotATime {
                    server: connection.address().to_string(),
                    table: names.table.clone(),
                    column: time.name.clone(),
                    found: time.data_type.clone(),
                });
            }
        }
        place(&names.columns.uid)?;
        names.columns.kept.iter().try_for_each(|column| place(column).map(|_| ()))?;
        let event_name = place(&names.columns.event_name)?;
        let event_name = columns.swap_remove(event_name);
        if FRACTION_TYPES.contains(&event_name.data_type.as_str()) {
            return Err(ServerError::NotAName {
                server: connection.address().to_string(),
                table: names.table.clone(),
                column: event_name.name,
                found: event_name.data_type,
            });
        }
        Ok(EventColumns { event_name })
    }
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

/// Whether `name` needs no quotes in a statement.
fn is_word(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
