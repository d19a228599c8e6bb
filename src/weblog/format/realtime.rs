//! `CloudFront` real-time logs: no header, and any of the fields that were chosen, in a known order. What the fields look like
//! tells which of them are missing.
use std::net::IpAddr;

use super::columns::CLOUDFRONT_REALTIME;
use crate::rows::lines;

/// So many lines are looked at.
const LINES_LOOKED_AT: usize = 256;

/// The names of the fields of a log that begins with `head`, with their positions: of each name for which only one position is
/// possible.
pub(super) fn names(head: &[u8]) -> Vec<(String, usize)> {
    let rows: Vec<Vec<&[u8]>> = lines(head)
        .take(LINES_LOOKED_AT)
        .filter(|line| super::columns::looks_like_realtime(line))
        .map(|line| line.split(|byte| *byte == b'\t').collect())
        .collect();
    let mut widths: Vec<usize> = rows.iter().map(Vec::len).collect();
    widths.sort_unstable();
    let Some(width) = widths.get(widths.len() / 2).copied() else { return Vec::new() };
    if width == CLOUDFRONT_REALTIME.len() {
        return CLOUDFRONT_REALTIME.iter().zip(0..).map(|(name, at)| ((*name).to_owned(), at)).collect();
    }
    let rows: Vec<_> = rows.into_iter().filter(|row| row.len() == width).collect();
    let fits = |column: usize, name: &str| rows.iter().all(|row| may_be(name, row[column]));
    placed(width, &fits).into_iter().map(|(name, at)| (name.to_owned(), at)).collect()
}

/// The names that can be at one position only, when `width` columns have names in the usual order, each one that fits.
fn placed(width: usize, fits: &dyn Fn(usize, &str) -> bool) -> Vec<(&'static str, usize)> {
    let names = CLOUDFRONT_REALTIME;
    // before[n][c]: the first c columns can have names among the first n; after[n][c]: the others among the rest.
    let mut before = vec![vec![false; width + 1]; names.len() + 1];
    let mut after = before.clone();
    before[0][0] = true;
    for (n, name) in names.iter().enumerate() {
        for c in 0..=width {
            before[n + 1][c] = before[n][c] || (c > 0 && before[n][c - 1] && fits(c - 1, name));
        }
    }
    after[names.len()][width] = true;
    for (n, name) in names.iter().enumerate().rev() {
        for c in 0..=width {
            after[n][c] = after[n + 1][c] || (c < width && after[n + 1][c + 1] && fits(c, name));
        }
    }
    let mut found = Vec::new();
    for (n, name) in names.iter().enumerate() {
        let is_missing = (0..=width).any(|c| before[n][c] && after[n + 1][c]);
        let mut places = (0..width).filter(|c| before[n][*c] && after[n + 1][*c + 1] && fits(*c, name));
        if let (false, Some(place), None) = (is_missing, places.next(), places.next()) {
            found.push((*name, place));
        }
    }
    found
}

/// Whether `field` may be the value of the column `name`.
fn may_be(name: &str, field: &[u8]) -> bool {
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let decimal = |text: &[u8]| text.splitn(2, |byte| *byte == b'.').all(digits);
    let is_one_of = |values: &[&str]| values.iter().any(|value| value.as_bytes() == field);
    let is_host = || field.contains(&b'.') && !field.contains(&b'/') && !field.contains(&b' ');
    match name {
        "timestamp" => field.len() >= 10 && decimal(field),
        "c-ip" => std::str::from_utf8(field).is_ok_and(|text| text.parse::<IpAddr>().is_ok()),
        "time-to-first-byte" | "time-taken" => decimal(field),
        "sc-status" => field.len() == 3 && digits(field),
        "sc-bytes" | "cs-bytes" => digits(field),
        "sc-content-len" | "sc-range-start" | "sc-range-end" | "c-port" => field == b"-" || digits(field),
        "cs-method" => (3..=16).contains(&field.len()) && field.iter().all(u8::is_ascii_uppercase),
        "cs-protocol" => is_one_of(&["http", "https", "ws", "wss", "grpcs"]),
        "cs-host" | "x-host-header" => is_host(),
        "cs-uri-stem" => field.first().is_some_and(|first| matches!(first, b'/' | b'*')),
        "x-edge-location" => field.len() >= 3 && field[..3].iter().all(u8::is_ascii_uppercase),
        "cs-protocol-version" => field.starts_with(b"HTTP/"),
        "c-ip-version" => is_one_of(&["IPv4", "IPv6"]),
        "sc-content-type" => field == b"-" || field.contains(&b'/'),
        "c-country" => field == b"-" || field.len() == 2,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = "1705399200.123\t192.0.2.1\t0.001\t200\t1000\tGET\thttps\td1.example\t/a.jpg\t321\tFRA2\tid==\timg.example.org\t0.002\tHTTP/2.0\tIPv4\tMozilla\t-\t-\tw=1\tHit\t-\tTLSv1.3\tTLS_AES\tHit\t-\t-\timage/jpeg\t1000\t-\t-\t4711\tHit\tDE";

    #[test]
    fn missing_fields_move_no_name() {
        let all: Vec<&str> = ROW.split('\t').collect();
        let position = |fields: &[&str], name: &str| {
            let text = fields.join("\t");
            names(text.as_bytes()).iter().find(|(other, _)| other == name).map(|(_, at)| *at)
        };
        for name in ["timestamp", "sc-status", "sc-bytes", "cs-uri-stem"] {
            let expected = CLOUDFRONT_REALTIME.iter().position(|other| *other == name);
            assert_eq!(position(&all, name), expected, "{name}");
        }
        for (missing, name) in CLOUDFRONT_REALTIME.iter().enumerate().take(all.len()).skip(1) {
            let mut fields = all.clone();
            fields.remove(missing);
            assert_eq!(position(&fields, name), None, "{name}");
            for (wanted, value) in [("sc-bytes", "1000"), ("cs-uri-stem", "/a.jpg"), ("sc-status", "200")] {
                let place = position(&fields, wanted);
                // Without one of two neighbours that look alike, it may be unknown which is there, but never wrong.
                assert!(place.is_none_or(|at| fields[at] == value), "{name} missing: {wanted} at {place:?}");
                assert!(place.is_some() || (2..=9).contains(&missing), "{name} missing: no {wanted}");
            }
        }
    }
}
