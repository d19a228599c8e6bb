//! Lines whose fields are between known texts: a format string as Apache and nginx have it, with a name for each field.
use super::super::read_time::{read_apache, read_moment};
use super::super::record::{Column, Row, RowError, read_size, without_dash};
use super::error::{FormatError, PatternError};
use super::line::ReadLine;
use super::needs::Needs;
use super::request::Request;
use super::roles::Role;
use crate::rows::excerpt;
use crate::units::DateOrder;

/// A format string, cut.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    /// The text before the first field.
    before: Vec<u8>,
    fields: Vec<Field>,
    /// Whether lines may go on after the last field.
    is_open: bool,
}

#[derive(Debug, Clone)]
struct Field {
    name: String,
    /// The text between this field and the next, or the end.
    after: Vec<u8>,
    /// Whether the field is in quotes, in which `\"` does not end it.
    is_quoted: bool,
}

/// What Apache's letters are called here.
const APACHE: &[(&str, &str)] = &[
    ("h", "remote_addr"),
    ("a", "remote_addr"),
    ("l", "ident"),
    ("u", "remote_user"),
    ("r", "request"),
    ("s", "status"),
    ("b", "body_bytes_sent"),
    ("B", "body_bytes_sent"),
    ("O", "bytes_sent"),
    ("v", "host"),
    ("V", "host"),
    ("U", "url"),
    ("q", "query"),
    ("m", "method"),
    ("H", "protocol"),
];

/// What nginx calls otherwise than this program does elsewhere.
const NGINX: &[(&str, &str)] = &[
    ("http_user_agent", "user_agent"),
    ("http_referer", "referer"),
    ("request_method", "method"),
    ("server_protocol", "protocol"),
];

impl Pattern {
    /// Cuts a format string.
    ///
    /// # Errors
    /// When it has no fields, or two with nothing in between.
    pub(super) fn new(format: &str) -> Result<Self, PatternError> {
        let mut pattern = Pattern { before: Vec::new(), fields: Vec::new(), is_open: false };
        let mut rest = format;
        while let Some(next) = rest.chars().next() {
            let field = match next {
                '$' => nginx_field(rest),
                '%' => apache_field(rest),
                _ => None,
            };
            if let Some((name, after)) = field {
                rest = after;
                // Apache's time brings its brackets.
                if name == "%t" {
                    pattern.text(b"[");
                    pattern.field("time_local".to_owned())?;
                    pattern.text(b"]");
                } else {
                    pattern.field(name)?;
                }
                continue;
            }
            let (text, len) = if rest.starts_with("%%") {
                ("%", 2)
            } else if rest.starts_with("\\t") {
                ("\t", 2)
            } else if next == '\\' && rest.len() > 1 {
                let escaped = rest[1..].chars().next().map_or(0, char::len_utf8);
                (&rest[1..1 + escaped], 1 + escaped)
            } else {
                (&rest[..next.len_utf8()], next.len_utf8())
            };
            pattern.text(text.as_bytes());
            rest = &rest[len..];
        }
        if pattern.fields.is_empty() {
            return Err(PatternError { reason: format!("the log format {format:?} has no fields") });
        }
        for index in 0..pattern.fields.len() {
            let before = if index == 0 { &pattern.before } else { &pattern.fields[index - 1].after };
            let is_quoted = before.ends_with(b"\"") && pattern.fields[index].after.starts_with(b"\"");
            pattern.fields[index].is_quoted = is_quoted;
        }
        Ok(pattern)
    }

    /// The same, of lines that may go on after the last field.
    pub(super) fn open(format: &str) -> Result<Self, PatternError> {
        Ok(Pattern { is_open: true, ..Self::new(format)? })
    }

    fn text(&mut self, text: &[u8]) {
        match self.fields.last_mut() {
            Some(field) => field.after.extend_from_slice(text),
            None => self.before.extend_from_slice(text),
        }
    }

    fn field(&mut self, name: String) -> Result<(), PatternError> {
        match self.fields.last() {
            Some(last) if last.after.is_empty() => {
                let reason = format!("nothing is between the fields {:?} and {name:?}", last.name);
                return Err(PatternError { reason });
            }
            _ => self.fields.push(Field { name, after: Vec::new(), is_quoted: false }),
        }
        Ok(())
    }

    /// The fields of `line`; None if it is not of this format.
    fn cut<'a>(&self, line: &'a [u8]) -> Option<Vec<&'a [u8]>> {
        let mut rest = line.strip_prefix(&self.before[..])?;
        let mut found = Vec::with_capacity(self.fields.len());
        for (index, field) in self.fields.iter().enumerate() {
            let is_last = index + 1 == self.fields.len();
            let end = match &field.after[..] {
                b"" if is_last && !self.is_open => rest.len(),
                b"" => memchr::memchr(b' ', rest).unwrap_or(rest.len()),
                _ if field.is_quoted => end_of_quoted(rest)?,
                after => memchr::memmem::find(rest, after)?,
            };
            found.push(&rest[..end]);
            rest = rest[end..].strip_prefix(&field.after[..])?;
            // Columns that are aligned have several spaces in between.
            if field.after.ends_with(b" ") {
                rest = rest.trim_ascii_start();
            }
        }
        (self.is_open || rest.trim_ascii().is_empty()).then_some(found)
    }

    fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.fields.iter().map(|field| field.name.as_str())
    }

    fn first(&self, role: Role) -> Option<usize> {
        role.find(self.names()).first().copied()
    }
}

/// Where the quotes that were opened before `text` are closed.
fn end_of_quoted(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

/// `$name` or `${name}` at the beginning of `text`, and what follows it.
fn nginx_field(text: &str) -> Option<(String, &str)> {
    let rest = text.strip_prefix('$')?;
    let (name, after) = match rest.strip_prefix('{') {
        Some(rest) => rest.split_once('}')?,
        None => rest.split_at(rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len())),
    };
    let known = NGINX.iter().find(|(nginx, _)| *nginx == name).map_or(name, |(_, known)| known);
    (!name.is_empty()).then(|| (known.to_owned(), after))
}

/// `%h`, `%>s`, `%{Referer}i` or `%400,501{User-Agent}i` at the beginning of `text`, and what follows it; `%t` as itself.
fn apache_field(text: &str) -> Option<(String, &str)> {
    let rest =
        text.strip_prefix('%')?.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '>' | '<' | '!' | ','));
    let (argument, rest) = match rest.strip_prefix('{') {
        Some(rest) => rest.split_once('}').map(|(argument, rest)| (Some(argument), rest))?,
        None => (None, rest),
    };
    let letter = rest.chars().next().filter(char::is_ascii_alphabetic)?;
    // `%^FB` and such are two letters; they carry nothing that is needed.
    let (letter, after) = rest.split_at(letter.len_utf8());
    let name = match (argument, letter) {
        (None, "t") => "%t".to_owned(),
        (Some(_), "t") => "timestamp".to_owned(),
        (Some(argument), "i" | "o") => match argument.to_ascii_lowercase().as_str() {
            "user-agent" => "user_agent".to_owned(),
            "content-type" if letter == "o" => "content_type".to_owned(),
            "content-type" => "request_content_type".to_owned(),
            "content-length" => format!("{letter}_content_length_header"),
            other => other.replace('-', "_"),
        },
        (Some(argument), _) => argument.to_ascii_lowercase(),
        (None, letter) => APACHE
            .iter()
            .find(|(apache, _)| *apache == letter)
            .map_or_else(|| letter.to_owned(), |(_, name)| (*name).to_owned()),
    };
    Some((name, after))
}

/// Reads lines of a pattern.
#[derive(Debug)]
pub(super) struct PatternLines {
    format: &'static str,
    pattern: Pattern,
    when: usize,
    size: usize,
    url: Option<usize>,
    request: Option<usize>,
    columns: Vec<Option<usize>>,
    needs_time: bool,
    date_order: DateOrder,
}

impl PatternLines {
    /// A reader for the columns that are asked for.
    ///
    /// # Errors
    /// When the pattern has no field for the time, the size or the URL.
    pub(super) fn new(format: &'static str, pattern: Pattern, needs: &Needs) -> Result<Self, FormatError> {
        let listed = || pattern.names().map(str::to_owned).collect::<Vec<_>>();
        let missing = |column: &str| FormatError::Missing { column: column.to_owned(), found: listed() };
        let position = |column: &Column| match column {
            Column::ContentType => pattern.first(Role::ContentType),
            Column::Status => pattern.first(Role::Status),
            Column::Host => pattern.first(Role::Host),
            Column::Named(name) => pattern.names().position(|other| other.eq_ignore_ascii_case(name)),
        };
        let when = pattern.first(Role::Moment).ok_or_else(|| missing("time ($time_local, %t)"))?;
        let size = pattern.first(Role::Size).ok_or_else(|| missing("size ($body_bytes_sent, %b)"))?;
        let (url, request) = (pattern.first(Role::Url), pattern.first(Role::Request));
        if url.or(request).is_none() {
            return Err(missing("request ($request, %r)"));
        }
        let columns = needs.columns.iter().map(position).collect();
        let (needs_time, date_order) = (needs.time, needs.date_order);
        Ok(PatternLines { format, when, size, url, request, columns, needs_time, date_order, pattern })
    }
}

impl ReadLine for PatternLines {
    fn read(&self, line: &[u8], then: &mut dyn FnMut(&Row<'_>)) -> Result<(), RowError> {
        let fields = self.pattern.cut(line).ok_or_else(|| RowError::Shape {
            format: self.format,
            reason: format!("it has other texts between its fields: {}", excerpt(line)),
        })?;
        let when = fields[self.when];
        let moment = read_apache(when).or_else(|_| read_moment(when, self.needs_time, self.date_order))?;
        let size_bytes = read_size(fields[self.size])?;
        let request = self.request.map(|at| Request::cut(fields[at]));
        let asked = request.map(|request| request.url).filter(|url| !url.is_empty());
        let url = asked.or(self.url.map(|at| fields[at])).unwrap_or_default();
        let column = |at: &Option<usize>| at.map_or(&b""[..], |at| without_dash(fields[at]));
        let columns: Vec<&[u8]> = self.columns.iter().map(column).collect();
        then(&Row { moment, size_bytes, url: without_dash(url), columns: &columns });
        Ok(())
    }

    fn without_host(&self) -> Option<Vec<String>> {
        self.pattern.first(Role::Host).is_none().then(|| self.names())
    }

    fn names(&self) -> Vec<String> {
        self.pattern.names().map(str::to_owned).collect()
    }

    fn has_column(&self, place: usize) -> bool {
        self.columns.get(place).is_some_and(Option::is_some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(format: &str, line: &str) -> Option<Vec<(String, String)>> {
        let pattern = Pattern::new(format).unwrap();
        let fields = pattern.cut(line.as_bytes())?;
        let text = |field: &&[u8]| String::from_utf8_lossy(field).into_owned();
        Some(pattern.names().map(str::to_owned).zip(fields.iter().map(text)).collect())
    }

    #[test]
    fn format_strings_of_apache_and_nginx() {
        let line = "img.example.org 192.0.2.7 - ann [16/Jan/2024:10:00:00 +0000] \"GET /a\\\"b.jpg HTTP/1.1\" 200 1000 \"-\" \"x\"";
        for format in [
            r#"%v %h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i""#,
            r#"%v %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\""#,
            r#"$host $remote_addr - ${remote_user} [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent""#,
        ] {
            let fields = cut(format, line).unwrap_or_else(|| panic!("{format}"));
            let value = |name: &str| fields.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
            assert_eq!(value("time_local"), Some("16/Jan/2024:10:00:00 +0000"), "{format}");
            assert_eq!(value("request"), Some("GET /a\\\"b.jpg HTTP/1.1"), "{format}");
            assert_eq!(
                (value("status"), value("host"), value("user_agent")),
                (Some("200"), Some("img.example.org"), Some("x"))
            );
            let lines = PatternLines::new("", Pattern::new(format).unwrap(), &Needs::default()).unwrap();
            assert!(lines.read(line.as_bytes(), &mut |_| ()).is_ok());
            assert!(lines.read(&line.as_bytes()[16..], &mut |_| ()).is_err());
        }
        assert_eq!(cut("%h%% ${a}x\\t$b", "1% 2x\t3").unwrap().len(), 3);
        assert_eq!(
            cut("$a $b", "1   2"),
            Some(vec![("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())])
        );
    }

    #[test]
    fn format_strings_that_cannot_be_read_say_why() {
        for (format, reason) in [
            ("no fields", "has no fields"),
            ("$a$b", "nothing is between the fields \"a\" and \"b\""),
            ("%h%u", "nothing is between"),
        ] {
            let error = Pattern::new(format).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
        let lacks = PatternLines::new("x", Pattern::new("$status $body_bytes_sent").unwrap(), &Needs::default());
        assert!(lacks.unwrap_err().to_string().contains("it has no column time"));
    }
}
