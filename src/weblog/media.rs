//! What kind of thing was sent, told by its URL and by its content type.

/// The kinds of things that count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Media {
    /// All.
    Any,
    /// JPEGs.
    Jpeg,
    /// A group of media types (`image`), a subtype (`css`, `mp4`) or a whole type (`image/png`), in lower case.
    Named(String),
}

impl Media {
    /// The kind that a user calls `name`; None if no media type or extension is called so.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "any" => return Some(Media::Any),
            "jpeg" | "jpg" | "image/jpeg" => return Some(Media::Jpeg),
            _ => {}
        }
        let groups = ["image", "video", "audio", "text", "font", "application", "model"];
        let by_extension = mime_guess::from_ext(&name).first().map(|mime| mime.essence_str().to_owned());
        let known = groups.contains(&name.as_str()) || name.contains('/') || is_subtype(&name);
        if known { Some(Media::Named(name)) } else { by_extension.map(Media::Named) }
    }

    /// Whether a thing of this URL and content type counts. A content type that says what was sent decides; where there is
    /// none, or one that says nothing (`application/octet-stream`), the URL's extension does.
    pub fn contains(&self, url: &[u8], content_type: &[u8]) -> bool {
        let told = essence(content_type);
        match self {
            Media::Any => true,
            Media::Jpeg => match told.as_deref() {
                Some(told) => ["image/jpeg", "image/jpg", "image/pjpeg"].contains(&told),
                None => is_jpeg(url),
            },
            Media::Named(name) => {
                let is = |essence: &str| {
                    let (group, subtype) = essence.split_once('/').unwrap_or((essence, ""));
                    essence == name || group == name || subtype == name
                };
                match told {
                    Some(told) => is(&told),
                    None => extension(url)
                        .is_some_and(|ext| mime_guess::from_ext(&ext).iter().any(|mime| is(mime.essence_str()))),
                }
            }
        }
    }
}

fn is_subtype(name: &str) -> bool {
    let subtypes = |mime: &str| mime.split_once('/').is_some_and(|(_, subtype)| subtype == name);
    mime_guess::get_mime_extensions_str(&format!("image/{name}")).is_some()
        || ["text", "video", "audio", "application", "font"]
            .iter()
            .any(|group| mime_guess::get_mime_extensions_str(&format!("{group}/{name}")).is_some())
        || mime_guess::from_ext(name).iter_raw().any(subtypes)
}

/// A content type without its parameters, in lower case; None where it says nothing.
pub fn essence(content_type: &[u8]) -> Option<String> {
    // CloudFront encodes what is not plain ASCII: `text/html;%20charset=utf-8`.
    let essence = content_type.split(|byte| matches!(byte, b';' | b'%')).next()?.trim_ascii();
    let text = std::str::from_utf8(essence).ok()?.to_ascii_lowercase();
    let silent = ["", "-", "application/octet-stream", "binary/octet-stream"];
    (text.contains('/') && !silent.contains(&text.as_str())).then_some(text)
}

/// The extension of the file that `url` names, in lower case and without percent-encoding; None where there is none.
pub fn extension(url: &[u8]) -> Option<String> {
    let path = path(url);
    let name = path.rsplit(|byte| *byte == b'/').next()?;
    let mut decoded = Vec::with_capacity(name.len());
    let mut rest = name;
    while let [first, behind @ ..] = rest {
        match rest {
            [b'%', high, low, behind @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                decoded.push(hex(*high) << 4 | hex(*low));
                rest = behind;
            }
            _ => {
                decoded.push(*first);
                rest = behind;
            }
        }
    }
    let dot = decoded.iter().rposition(|byte| *byte == b'.')?;
    let extension = String::from_utf8(decoded.split_off(dot + 1)).ok()?.to_ascii_lowercase();
    let sound = !extension.is_empty() && extension.len() <= 16 && extension.bytes().all(|b| b.is_ascii_alphanumeric());
    sound.then_some(extension)
}

/// The path of a URL: without scheme and host, query and fragment.
pub fn path(url: &[u8]) -> &[u8] {
    let cut = memchr::memchr2(b'?', b'#', url).map_or(url, |at| &url[..at]);
    let Some(scheme) = memchr::memmem::find(cut, b"://") else { return cut };
    let is_scheme =
        scheme > 0 && cut[..scheme].iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    if !is_scheme {
        return cut;
    }
    let behind = &cut[scheme + 3..];
    memchr::memchr(b'/', behind).map_or(&b""[..], |slash| &behind[slash..])
}

/// Whether the path of `url` names a JPEG: its file name ends in `.jpg`, `.jpeg`, `.jpe` or `.jfif` (the extensions that
/// the media type image/jpeg has in the shared MIME database), in any case, with a query (`?`) or fragment (`#`) cut off
/// and percent-encoding (RFC 3986, section 2.1) undone.
pub fn is_jpeg(url: &[u8]) -> bool {
    let path = path(url);
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
    use super::*;

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

    #[test]
    fn a_content_type_decides_where_it_says_something() {
        for (url, content_type, expected) in [
            ("/a.jpg", "", true),
            ("/a.jpg", "application/octet-stream", true),
            ("/a", "image/jpeg", true),
            ("/a", "Image/JPEG; q=1", true),
            ("/a", "image/jpeg;%20x", true),
            ("/a.jpg", "image/webp", false),
            ("/a.jpg", "text/html", false),
            ("/a", "", false),
        ] {
            assert_eq!(Media::Jpeg.contains(url.as_bytes(), content_type.as_bytes()), expected, "{url} {content_type}");
        }
    }

    #[test]
    fn kinds_by_name() {
        for (name, url, expected) in [
            ("image", "/a.webp", true),
            ("image", "/a.jpg", true),
            ("image", "/a.mp4", false),
            ("video", "/a.mp4?x", true),
            ("css", "/a.css", true),
            ("png", "/a.PNG", true),
            ("image/png", "/a.png", true),
            ("js", "/a.js", true),
            ("any", "/", true),
        ] {
            assert_eq!(Media::named(name).unwrap().contains(url.as_bytes(), b""), expected, "{name} {url}");
        }
        assert_eq!(Media::named("nonsense"), None);
    }

    #[test]
    fn extensions() {
        for (url, expected) in [
            ("/a.JPG?x=1.png", Some("jpg")),
            ("/a%2Ejpg", Some("jpg")),
            ("/a.tar.gz", Some("gz")),
            ("/a.b/c", None),
            ("/a.", None),
            ("http://cdn.example", None),
            ("/", None),
        ] {
            assert_eq!(extension(url.as_bytes()).as_deref(), expected, "{url}");
        }
    }
}
