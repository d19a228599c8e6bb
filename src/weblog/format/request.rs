//! The request line of an access log: `GET /a.jpg HTTP/1.1`.

/// The parts of a request line; empty where it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Request<'a> {
    /// As written in the log: `GET`.
    pub method: &'a [u8],
    /// What was asked for, as it was sent.
    pub url: &'a [u8],
    /// `HTTP/1.1`.
    pub protocol: &'a [u8],
}

impl<'a> Request<'a> {
    /// Cuts `line`. A URL may have spaces in it, though it should not: it is what is between the first space and the last
    /// ` HTTP/`.
    #[inline]
    pub(super) fn cut(line: &'a [u8]) -> Self {
        // Nearly all end in ` HTTP/1.1`.
        let usual = line.len().saturating_sub(" HTTP/1.1".len());
        let is_usual = line[usual..].starts_with(b" HTTP/");
        let protocol_at = if is_usual { Some(usual) } else { memchr::memmem::rfind(line, b" HTTP/") };
        let (asked, protocol) = match protocol_at {
            Some(at) => (&line[..at], &line[at + 1..]),
            None => (line, &b""[..]),
        };
        match memchr::memchr(b' ', asked) {
            // Without a method, it is the URL that may have a space.
            Some(at) if asked[..at].iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_')) => {
                Request { method: &asked[..at], url: asked[at..].trim_ascii(), protocol }
            }
            _ if memchr::memchr2(b'/', b'*', asked).is_some() => Request { method: b"", url: asked, protocol },
            // `-`, or what is not HTTP.
            _ => Request { method: asked, url: b"", protocol },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_lines_of_every_shape() {
        for (line, method, url, protocol) in [
            ("GET /a.jpg HTTP/1.1", "GET", "/a.jpg", "HTTP/1.1"),
            ("GET /my holiday.jpg HTTP/1.1", "GET", "/my holiday.jpg", "HTTP/1.1"),
            ("GET  /a.jpg  HTTP/1.1", "GET", "/a.jpg", "HTTP/1.1"),
            ("GET /a HTTP/1.jpg HTTP/2.0", "GET", "/a HTTP/1.jpg", "HTTP/2.0"),
            ("GET /a.jpg", "GET", "/a.jpg", ""),
            ("/a.jpg HTTP/1.1", "", "/a.jpg", "HTTP/1.1"),
            ("/my holiday.jpg", "", "/my holiday.jpg", ""),
            ("M-SEARCH * HTTP/1.1", "M-SEARCH", "*", "HTTP/1.1"),
            ("GET https://h/a.jpg?x=1 HTTP/1.1", "GET", "https://h/a.jpg?x=1", "HTTP/1.1"),
            ("-", "-", "", ""),
            ("", "", "", ""),
            ("quit", "quit", "", ""),
        ] {
            let expected = Request { method: method.as_bytes(), url: url.as_bytes(), protocol: protocol.as_bytes() };
            assert_eq!(Request::cut(line.as_bytes()), expected, "{line}");
        }
    }
}
