//! What a `SQLite` table may hold besides the texts that `MySQL` would: any type in any column, times in any form.
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{Type, ValueRef};
use rusqlite::{Connection, Result};

use super::date_time::DateTimeParser;
use crate::units::Zone;

/// How far values are from what `MySQL` would hold. The largest number of a column's values says how it must be read.
pub(super) const AS_MYSQL: u8 = 0;
/// Times that compare as texts with midnights of UTC, but not with other times: `2017-04-01T10:00:00Z`. Numbers for text.
pub(super) const COMPARABLE: u8 = 1;
/// Times in another form: epochs, offsets.
pub(super) const CONVERTIBLE: u8 = 2;
/// What is not a time; text that is not UTF-8.
pub(super) const UNREADABLE: u8 = 3;

/// Makes the functions known to a connection: `votekit_time_kind`, `votekit_text_kind`, and `votekit_time`, which gives any time
/// as `MySQL` writes a DATETIME.
pub(super) fn register(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("votekit_time_kind", 1, flags, |context| Ok(time_kind(context)))?;
    connection.create_scalar_function("votekit_text_kind", 1, flags, |context| Ok(text_kind(context)))?;
    connection.create_scalar_function("votekit_time", 1, flags, |context| Ok(time(context)))
}

/// The text of a value, as `SQLite` would cast it; None for NULL and for what is not UTF-8.
fn text(value: ValueRef<'_>) -> Option<std::borrow::Cow<'_, str>> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string().into()),
        ValueRef::Real(number) => Some(number.to_string().into()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => std::str::from_utf8(bytes).ok().map(Into::into),
    }
}

fn time_kind(context: &Context<'_>) -> u8 {
    let value = context.get_raw(0);
    if value.data_type() == Type::Null {
        return AS_MYSQL;
    }
    let Some(text) = text(value) else { return UNREADABLE };
    let Some(moment) = DateTimeParser::new(Zone::UTC).read(&text) else { return UNREADABLE };
    let canonical = moment.text();
    if value.data_type() == Type::Text && text.as_bytes() == canonical {
        AS_MYSQL
    } else if value.data_type() == Type::Text && text.as_bytes().starts_with(&canonical[..10]) {
        COMPARABLE
    } else {
        CONVERTIBLE
    }
}

fn text_kind(context: &Context<'_>) -> u8 {
    match context.get_raw(0) {
        ValueRef::Null => AS_MYSQL,
        ValueRef::Text(bytes) if std::str::from_utf8(bytes).is_ok() => AS_MYSQL,
        value => {
            if text(value).is_some() {
                COMPARABLE
            } else {
                UNREADABLE
            }
        }
    }
}

fn time(context: &Context<'_>) -> Option<String> {
    let text = text(context.get_raw(0))?;
    let moment = DateTimeParser::new(Zone::UTC).read(&text)?;
    Some(moment.text().iter().map(|byte| char::from(*byte)).collect())
}
