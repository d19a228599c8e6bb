//! The parts of a URL, as logs write them: a path, or an absolute URL.
use std::borrow::Cow;

use percent_encoding::percent_decode;

/// A file name's extension: letters and digits, in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extension {
    bytes: [u8; Extension::BYTES_MAX],
    len: usize,
}

impl Extension {
    /// Anything longer after a dot is not an extension.
    pub(super) const BYTES_MAX: usize = 16;

    fn new(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; Self::BYTES_MAX];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        bytes.make_ascii_lowercase();
        let is_sound = !text.is_empty() && text.iter().all(u8::is_ascii_alphanumeric);
        is_sound.then_some(Extension { bytes, len: text.len() })
    }

    /// Without the dot.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Without the dot.
    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

/// The extension of the file that `url` names.
///
/// Percent-encoding (RFC 3986, section 2.1) is decoded twice, because `CloudFront` encodes what it logs: a viewer's `%2E` is
/// `%252E` in its logs. In other logs, hardly any file has a name for which that makes a difference.
pub(super) fn extension(url: &[u8]) -> Option<Extension> {
    let path = path(url);
    // Most names end in a dot and letters or digits, so they need no decoding.
    let end = &path[path.len().saturating_sub(Extension::BYTES_MAX + 1)..];
    if let Some(at) = end.iter().rposition(|byte| !byte.is_ascii_alphanumeric())
        && end[at] == b'.'
    {
        return Extension::new(&end[at + 1..]);
    }
    let name = path.rsplit(|byte| *byte == b'/').next()?;
    if !name.contains(&b'%') {
        return None;
    }
    let once: Cow<[u8]> = percent_decode(name).into();
    let decoded: Cow<[u8]> = percent_decode(&once).into();
    let dot = decoded.iter().rposition(|byte| *byte == b'.')?;
    Extension::new(&decoded[dot + 1..])
}

/// `url` without query and fragment.
pub(super) fn without_query(url: &[u8]) -> &[u8] {
    memchr::memchr2(b'?', b'#', url).map_or(url, |at| &url[..at])
}

/// The path of `url`: without scheme and host, query and fragment.
pub(super) fn path(url: &[u8]) -> &[u8] {
    let cut = without_query(url);
    authority_at(cut).map_or(cut, |at| memchr::memchr(b'/', &cut[at..]).map_or(&b""[..], |slash| &cut[at + slash..]))
}

/// The host of an absolute `url`, without a port (RFC 3986, section 3.2).
pub(super) fn host(url: &[u8]) -> Option<&[u8]> {
    let cut = without_query(url);
    let after_scheme = &cut[authority_at(cut)?..];
    let authority = &after_scheme[..memchr::memchr(b'/', after_scheme).unwrap_or(after_scheme.len())];
    let host = authority.rsplit(|byte| *byte == b'@').next().unwrap_or_default();
    Some(bare_host(host)).filter(|host| !host.is_empty())
}

/// `host` without its port and without the dot at the end of a name that is complete (RFC 1034, section 3.1).
pub(super) fn bare_host(host: &[u8]) -> &[u8] {
    let colon = host.iter().position(|byte| *byte == b':');
    // An IPv6 address has a port only after its brackets.
    let port = match host.first() {
        Some(b'[') => host.iter().rposition(|byte| *byte == b']').map(|at| at + 1).filter(|at| *at < host.len()),
        _ => colon.filter(|at| memchr::memchr(b':', &host[at + 1..]).is_none()),
    };
    let is_port = |at: &usize| host[*at] == b':' && host[at + 1..].iter().all(u8::is_ascii_digit);
    let name = &host[..port.filter(is_port).unwrap_or(host.len())];
    name.strip_suffix(b".").unwrap_or(name)
}

/// The host of a row, without its port: its host column, or, if that is empty, the host of its absolute URL. Empty if it has
/// neither.
pub(super) fn host_of<'a>(column: &'a [u8], url: &'a [u8]) -> &'a [u8] {
    if column.is_empty() { host(url).unwrap_or_default() } else { bare_host(column) }
}

/// The path of `url` up to and including its last `/`; None if it has no `/`.
pub(super) fn dir(url: &[u8]) -> Option<&[u8]> {
    match path(url) {
        // `https://host` means the root.
        b"" if !url.is_empty() => Some(b"/"),
        path => memchr::memrchr(b'/', path).map(|at| &path[..=at]),
    }
}

/// Where the authority of an absolute `url` begins, after its `://`; None if `url` is a path.
fn authority_at(url: &[u8]) -> Option<usize> {
    // Shortcut: most logs have paths.
    if url.first() == Some(&b'/') {
        return None;
    }
    let scheme = memchr::memmem::find(url, b"://")?;
    let is_scheme =
        scheme > 0 && url[..scheme].iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    is_scheme.then_some(scheme + "://".len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_urls() {
        for (url, expected_ext, expected_dir) in [
            ("/media/a.JPG?x=1.png", Some("jpg"), Some("/media/")),
            ("/a%2Ejpg", Some("jpg"), Some("/")),
            ("/a.%4APG#t", Some("jpg"), Some("/")),
            ("/a%252Ejpg", Some("jpg"), Some("/")),
            ("/a.%254APG", Some("jpg"), Some("/")),
            ("/a%25252Ejpg", None, Some("/")),
            ("/a.%jpg", None, Some("/")),
            ("/薯片/b", None, Some("/薯片/")),
            ("/v1.2/c", None, Some("/v1.2/")),
            ("/.jpg", Some("jpg"), Some("/")),
            ("/a.", None, Some("/")),
            ("/a.tar.gz", Some("gz"), Some("/")),
            ("/a.b-c", None, Some("/")),
            ("a.css", Some("css"), None),
            ("a.abcdefghijklmnop", Some("abcdefghijklmnop"), None),
            ("a.abcdefghijklmnopq", None, None),
            ("a.%61bcdefghijklmnopq", None, None),
            ("https://cdn.example", None, Some("/")),
            ("https://cdn.example/x/y.png", Some("png"), Some("/x/")),
            ("/go?to=https://a/b.jpg", None, Some("/")),
            ("/", None, Some("/")),
            ("", None, None),
        ] {
            assert_eq!(extension(url.as_bytes()).as_ref().map(Extension::as_str), expected_ext, "{url}");
            assert_eq!(dir(url.as_bytes()), expected_dir.map(str::as_bytes), "{url}");
        }
    }

    #[test]
    fn hosts_of_absolute_urls() {
        for (url, expected) in [
            ("https://CDN.example:8443/a", Some("CDN.example")),
            ("http://user@h/", Some("h")),
            ("http://[::1]:80/", Some("[::1]")),
            ("https://h?x", Some("h")),
            ("https://h.example./x", Some("h.example")),
            ("https://h.example.:443/x", Some("h.example")),
            ("http:///a", None),
            ("/a://b", None),
            ("a/b://c", None),
        ] {
            assert_eq!(host(url.as_bytes()), expected.map(str::as_bytes), "{url}");
        }
        for (column, expected) in
            [("h:443", "h"), ("h.:443", "h"), ("2001:db8::1", "2001:db8::1"), ("[::1]:80", "[::1]"), ("h:", "h")]
        {
            assert_eq!(bare_host(column.as_bytes()), expected.as_bytes(), "{column}");
        }
    }
}
