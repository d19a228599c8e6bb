//! The header of a delimited log: which line it is, and which of its columns are what.
use super::super::url;
use super::columns;
use super::error::FormatError;
use super::needs::Place;
use super::roles::Role;
use crate::nearest::nearest;
use crate::rows::{self, Header, Names};

/// The first line of `head` that names columns, with one of `delimiters` between the names, and that delimiter. Where names are
/// `given` it is the first line that has them all.
pub(super) fn find<'h>(head: &'h [u8], delimiters: &[u8], given: &[(String, Place)]) -> Option<(Header<'h>, u8)> {
    let wanted: Vec<&str> = given.iter().filter_map(|(_, place)| named(place)).collect();
    let is_header = |line: &[u8], delimiter: u8| {
        if wanted.is_empty() {
            return names_columns(line, delimiter);
        }
        let names = Names::of_header(line, delimiter);
        wanted.iter().all(|name| names.only(name).is_ok())
    };
    let find = |delimiter: u8| Some((Header::find(head, |line| is_header(line, delimiter))?, delimiter));
    let found: Vec<(Header<'h>, u8)> = delimiters.iter().filter_map(|delimiter| find(*delimiter)).collect();
    let first = found.iter().map(|(header, _)| header.lines_before).min()?;
    let mut found = found.into_iter().filter(|(header, _)| header.lines_before == first);
    found
        .clone()
        .find(|(header, delimiter)| columns::are_complete(&Names::of_header(header.text, *delimiter)))
        .or_else(|| found.next())
}

fn named(place: &Place) -> Option<&str> {
    match place {
        Place::Named(name) => Some(name),
        Place::At(_) => None,
    }
}

/// Whether `line` is a header, with `delimiter` between the names.
pub(super) fn names_columns(line: &[u8], delimiter: u8) -> bool {
    let is_delimited = match delimiter {
        // A comma in a name or a value is nothing unusual.
        b'\t' => line.contains(&b'\t') || (line.starts_with(b"#") && !line.contains(&b',')),
        _ => line.contains(&delimiter) && !line.contains(&b'\t') && line.first() != Some(&b'{'),
    };
    is_delimited && columns::are_known(&Names::of_header(line, delimiter))
}

/// What the user calls a column, in the words of roles.
const ALIASES: &[(&str, &str)] = &[("type", "content-type"), ("moment", "timestamp")];

/// `names` with those that the user gives for some of them.
///
/// # Errors
/// When there is no such column.
pub(super) fn with_given(names: &Names, given: &[(String, Place)]) -> Result<Names, FormatError> {
    if given.is_empty() {
        return Ok(names.clone());
    }
    let mut aliases = Vec::new();
    for (alias, place) in given {
        let at = match place {
            Place::At(at) => *at,
            Place::Named(name) => names.only(name).map_err(|_| {
                let found = names.listed();
                let hint = nearest(name, found.iter().map(String::as_str)).map(str::to_owned);
                FormatError::NoSuchName { name: name.clone(), nearest: hint, found }
            })?,
        };
        let alias = ALIASES
            .iter()
            .find(|(typed, _)| typed.eq_ignore_ascii_case(alias))
            .map_or(alias.as_str(), |(_, known)| known);
        aliases.push((alias.to_owned(), at));
    }
    let groups: [&[Role]; 6] = [
        &[Role::Day, Role::Time, Role::Moment],
        &[Role::Size],
        &[Role::Url],
        &[Role::Status],
        &[Role::Host],
        &[Role::ContentType],
    ];
    let is_called = |group: &[Role], name: &str| group.iter().any(|role| role.is_called(name));
    let replaced: Vec<&[Role]> =
        groups.into_iter().filter(|group| aliases.iter().any(|(alias, _)| is_called(group, alias))).collect();
    Ok(names.with_aliases(&aliases, |name| replaced.iter().any(|group| is_called(group, name))))
}

/// What of a value is compared.
type Compared = fn(&[u8]) -> Vec<u8>;

/// Checks that columns which may be the size, or the URL, say the same in the first rows.
///
/// # Errors
/// When two do not: which of them counts only the user can say.
pub(super) fn check_that_columns_agree(
    names: &Names,
    head: &[u8],
    header: &Header<'_>,
    delimiter: u8,
) -> Result<(), FormatError> {
    let kinds: [(Role, &str, &str, Compared); 2] = [
        (Role::Size, "bytes sent", "size", |value| value.to_vec()),
        (Role::Url, "URL", "url", |value| url::path(value).to_vec()),
    ];
    let skipped = usize::try_from(header.lines_before + header.lines).unwrap_or(usize::MAX);
    for (role, what, alias, compared) in kinds {
        let [first, others @ ..] = &columns::all(names, role)[..] else { continue };
        for other in others {
            let reader = rows::Delimited::new(delimiter, delimiter != b'\t', vec![*first, *other])?;
            let values = |line: &[u8]| {
                let pair =
                    reader.read(line, |fields| [*first, *other].map(|column| fields.get(reader.slot(column)).to_vec()));
                pair.ok().filter(|[one, other]| compared(one) != compared(other))
            };
            // The last line of the head may be cut off.
            let lines: Vec<&[u8]> = rows::lines(head).skip(skipped).take(256).collect();
            let whole = if head.ends_with(b"\n") {
                &lines[..]
            } else {
                &lines[..lines.len().saturating_sub(1).max(lines.len().min(1))]
            };
            if let Some([one, two]) = whole.iter().find_map(|line| values(line)) {
                let name = |at: usize| {
                    names.iter().find(|(_, other)| *other == at).map_or(String::new(), |(name, _)| name.to_owned())
                };
                let shown = |at: usize, value: &[u8]| format!("{} ({})", name(at), String::from_utf8_lossy(value));
                let (first_shown, second) = (shown(*first, &one), shown(*other, &two));
                return Err(FormatError::Ambiguous { what, alias, first: first_shown, second, name: name(*first) });
            }
        }
    }
    Ok(())
}
