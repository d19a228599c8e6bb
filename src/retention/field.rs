//! What a field says: text, NULL, a time, a user.
use std::borrow::Cow;

use super::date_time::DateTimeParser;
use super::event::EventFault;
use super::moment::{DayNumber, Moment};
use super::remarks::{Literal, Remarks};
use crate::rows::excerpt;

/// By which rules fields are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// Whether `NULL` and `\N` are NULL.
    pub(super) has_nulls: bool,
    /// Whether a backslash begins an escape.
    pub(super) has_escapes: bool,
    /// Whether an empty user is nobody.
    empty_is_nobody: bool,
}

impl Rules {
    /// For TSV; in other formats a backslash is a character like any other.
    pub(super) fn of_tsv(literal: Literal) -> Self {
        Rules { has_escapes: !literal.escapes, ..Self::of_csv(literal) }
    }

    /// The rules of CSV, where only quotes are special.
    pub(super) fn of_csv(literal: Literal) -> Self {
        Rules { has_nulls: !literal.null, ..Self::of_json(literal) }
    }

    /// For JSON, which has its own `null`.
    pub(super) fn of_json(literal: Literal) -> Self {
        Rules { has_nulls: false, has_escapes: false, empty_is_nobody: !literal.empty }
    }

    /// A field of delimited text; None for NULL.
    #[inline]
    pub(super) fn text<'a>(&self, field: &'a [u8], remarks: &mut Remarks) -> Result<Option<Cow<'a, str>>, NotUtf8> {
        match field {
            b"\\N" if self.has_nulls => return Ok(None),
            b"NULL" if self.has_nulls => {
                remarks.null_words += 1;
                return Ok(None);
            }
            _ => {}
        }
        let text = std::str::from_utf8(field).map_err(|_| NotUtf8)?;
        if !self.has_escapes || memchr::memchr(b'\\', field).is_none() {
            return Ok(Some(Cow::Borrowed(text)));
        }
        let unescaped = unescape(text);
        remarks.escapes += u64::from(unescaped != text);
        Ok(Some(Cow::Owned(unescaped)))
    }

    /// The user that a field names, if it names one.
    #[inline]
    pub(super) fn user<'a>(&self, uid: Option<&'a str>, remarks: &mut Remarks) -> Option<&'a str> {
        let is_nobody = |text: &&str| self.empty_is_nobody && text.bytes().all(|byte| byte == b' ');
        if uid.as_ref().is_some_and(is_nobody) {
            remarks.empty_users += 1;
            return None;
        }
        uid
    }
}

/// A field is not UTF-8.
pub(super) struct NotUtf8;

/// The moment that `text` is, and its day.
#[inline]
pub(super) fn time(text: Option<&str>, times: &mut DateTimeParser) -> Result<(Option<Moment>, DayNumber), EventFault> {
    let Some(text) = text else { return Ok((None, None)) };
    match times.read(text) {
        Some(moment) => Ok((Some(moment), times.day(moment))),
        None => Err(EventFault::Time(excerpt(text.as_bytes()))),
    }
}

/// `text` with the characters that `mysql --batch` and mysqldump write as backslash escapes. A backslash before any other
/// character is taken as it is: not every TSV is theirs.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let next = if c == '\\' { chars.clone().next() } else { None };
        let unescaped = match next {
            Some('t' | '\t') => '\t',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('0') => '\0',
            Some('\\') => '\\',
            _ => {
                out.push(c);
                continue;
            }
        };
        out.push(unescaped);
        chars.next();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_as_mysql_writes_them() {
        let literal = |null, escapes| Literal { null, empty: false, escapes };
        for (field, tsv, csv, literally) in [
            ("a", Some("a"), Some("a"), Some("a")),
            ("\\N", None, None, Some("\\N")),
            ("NULL", None, None, Some("NULL")),
            ("null", Some("null"), Some("null"), Some("null")),
            ("NULLS", Some("NULLS"), Some("NULLS"), Some("NULLS")),
            ("CORP\\\\ann", Some("CORP\\ann"), Some("CORP\\\\ann"), Some("CORP\\\\ann")),
            ("a\\tb\\nc\\0", Some("a\tb\nc\0"), Some("a\\tb\\nc\\0"), Some("a\\tb\\nc\\0")),
            ("C:\\x\\", Some("C:\\x\\"), Some("C:\\x\\"), Some("C:\\x\\")),
            ("\\\\N", Some("\\N"), Some("\\\\N"), Some("\\\\N")),
        ] {
            let mut remarks = Remarks::default();
            let mut read = |rules: Rules| rules.text(field.as_bytes(), &mut remarks).ok().unwrap().map(Cow::into_owned);
            assert_eq!(read(Rules::of_tsv(literal(false, false))).as_deref(), tsv, "{field}");
            assert_eq!(read(Rules::of_csv(literal(false, false))).as_deref(), csv, "{field}");
            assert_eq!(read(Rules::of_tsv(literal(true, true))).as_deref(), literally, "{field}");
        }
    }

    #[test]
    fn a_blank_user_is_nobody_unless_taken_literally() {
        let mut remarks = Remarks::default();
        let mut user = |literal, uid| Rules::of_json(literal).user(uid, &mut remarks);
        let taken = Literal { empty: true, ..Literal::default() };
        assert_eq!(user(Literal::default(), Some("a ")), Some("a "));
        assert_eq!([user(Literal::default(), Some("")), user(Literal::default(), Some("  "))], [None, None]);
        assert_eq!([user(taken, Some("")), user(taken, None)], [Some(""), None]);
        assert_eq!(remarks.empty_users, 2);
    }
}
