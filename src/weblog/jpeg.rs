//! What a JPEG is, told by its URL.

/// Whether the path of `url` names a JPEG: its file name ends in `.jpg`, `.jpeg`, `.jpe` or `.jfif` (the extensions that
/// the media type image/jpeg has in the shared MIME database), in any case, with a query (`?`) or fragment (`#`) cut off
/// and percent-encoding (RFC 3986, section 2.1) undone.
pub fn is_jpeg(url: &[u8]) -> bool {
    let path = match memchr::memchr2(b'?', b'#', url) {
        Some(at) => &url[..at],
        None => url,
    };
    let mut decoded = [0; 5];
    let length = decode_end(path, &mut decoded);
    let end = &mut decoded[5 - length..];
    end.make_ascii_lowercase();
    [&b".jpg"[..], b".jpeg", b".jpe", b".jfif"].iter().any(|extension| end.ends_with(extension))
}

/// The last bytes of `path` without percent-encoding, at the end of `decoded`; gives how many there are.
fn decode_end(path: &[u8], decoded: &mut [u8; 5]) -> usize {
    let mut rest = path;
    let mut length = 0;
    while length < decoded.len() {
        let (byte, before) = match rest {
            [before @ .., b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                (hex(*high) << 4 | hex(*low), before)
            }
            [before @ .., byte] => (*byte, before),
            [] => break,
        };
        length += 1;
        decoded[5 - length] = byte;
        rest = before;
    }
    length
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20) - b'a' + 10,
    }
}

#[cfg(test)]
mod tests {
    use super::is_jpeg;

    #[test]
    fn jpegs_and_what_only_looks_like_them() {
        for url in [
            "/a.jpg",
            "/a.JPG",
            "/a.jpeg",
            "/a.jPe",
            "/a.jfif",
            ".jpg",
            "/.jpg",
            "/a.jpg?x=1",
            "/a.jpg#top",
            "/a.jpg?b.png",
            "/a%2Ejpg",
            "/a%2ejpg",
            "/a.%4APG",
            "/a.%4a%50%47",
            "http://cdn.example/a.jpg",
            "/薯片.jpg",
            "/a.b.jpg",
            "/a..jpg",
        ] {
            assert!(is_jpeg(url.as_bytes()), "{url}");
        }
        for url in [
            "",
            "/",
            "/a.jpg2",
            "/a.jpf",
            "/a.jpx",
            "/a.jpgv",
            "/a.jpg/",
            "/a.jpg/b",
            "/a.png?b.jpg",
            "/a.png#b.jpg",
            "/ajpg",
            "jpg",
            "/a.jp",
            "/a%2jpg",
            "/a.jpg%20",
            "/a.jpg%2f",
            "/a%252Ejpg",
            "/a.jpg.webp",
            "/a.mjpeg%",
        ] {
            assert!(!is_jpeg(url.as_bytes()), "{url}");
        }
    }
}
