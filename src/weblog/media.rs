//! Media types of responses, by content type or URL.
use super::url::{Extension, extension};

/// The media types that count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Media {
    /// Every response, also those of an unknown type.
    Any,
    /// `image/jpeg`, by any of its names; otherwise by `.jpg`, `.jpeg`, `.jpe`, `.jfif`.
    Jpeg,
    /// A top-level type (`image`), a subtype (`css`, `mp4`) or a full media type (`image/png`), in lower case.
    Named(String),
}

impl Media {
    /// Names that people type most.
    pub const USUAL: [&str; 22] = [
        "jpeg",
        "image",
        "video",
        "audio",
        "text",
        "font",
        "any",
        "png",
        "gif",
        "webp",
        "avif",
        "svg",
        "css",
        "html",
        "javascript",
        "json",
        "xml",
        "pdf",
        "mp4",
        "mpeg",
        "woff2",
        "zip",
    ];

    /// The media types meant by `name`; None if no media type or extension has that name.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let name = name.strip_suffix("/*").unwrap_or(&name).to_owned();
        match name.as_str() {
            "any" | "*" => return Some(Media::Any),
            "jpeg" | "jpg" | "image/jpeg" | "image/jpg" | "image/pjpeg" => return Some(Media::Jpeg),
            _ => {}
        }
        let groups = ["image", "video", "audio", "text", "font", "application", "model", "multipart", "message"];
        if let Some((group, subtype)) = name.split_once('/') {
            return (groups.contains(&group) && !subtype.is_empty()).then_some(Media::Named(name));
        }
        let by_extension = mime_guess::from_ext(&name).first().map(|mime| mime.essence_str().to_owned());
        let known = groups.contains(&name.as_str()) || is_subtype(&name);
        if known { Some(Media::Named(name)) } else { by_extension.map(Media::Named) }
    }

    /// Whether a response with this URL and content type counts. The content type decides; if it is missing or generic
    /// (`application/octet-stream`), the URL's extension does.
    pub fn contains(&self, url: &[u8], content_type: &[u8]) -> bool {
        let media_type = essence(content_type);
        match self {
            Media::Any => true,
            Media::Jpeg => match media_type {
                Some(media_type) => {
                    ["image/jpeg", "image/jpg", "image/pjpeg"].iter().any(|jpeg| media_type.eq_ignore_ascii_case(jpeg))
                }
                None => is_jpeg(url),
            },
            Media::Named(name) => {
                let is = |essence: &str| {
                    let (group, subtype) = essence.split_once('/').unwrap_or((essence, ""));
                    [essence, group, subtype].iter().any(|part| part.eq_ignore_ascii_case(name))
                };
                match media_type {
                    Some(media_type) => is(media_type),
                    None => extension(url).is_some_and(|ext| mime_guess::from_ext(ext.as_str()).iter_raw().any(is)),
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

/// The media type of a content type, without parameters; None if it is missing or generic.
pub(super) fn essence(content_type: &[u8]) -> Option<&str> {
    if content_type.is_empty() {
        return None;
    }
    // CloudFront percent-encodes spaces and the like: `text/html;%20charset=utf-8`.
    let essence = content_type.split(|byte| matches!(byte, b';' | b'%')).next()?.trim_ascii();
    let text = std::str::from_utf8(essence).ok()?;
    let silent = ["application/octet-stream", "binary/octet-stream"];
    (text.contains('/') && !silent.iter().any(|silent| text.eq_ignore_ascii_case(silent))).then_some(text)
}

/// The extensions that the shared MIME database has for image/jpeg.
pub(super) const JPEG_EXTENSIONS: [&[u8]; 4] = [b"jpg", b"jpeg", b"jpe", b"jfif"];

/// Whether the file name in `url` has one of the [`JPEG_EXTENSIONS`], in any case.
pub fn is_jpeg(url: &[u8]) -> bool {
    extension(url).is_some_and(|extension| JPEG_EXTENSIONS.contains(&extension.as_bytes()))
}

/// The media types of extensions. Direct-mapped cache: each slot keeps the last extension that hashed to it.
#[derive(Debug, Clone)]
pub(super) struct MediaTypeCache {
    slots: [Option<(Extension, Option<&'static str>)>; MediaTypeCache::SLOTS],
}

impl Default for MediaTypeCache {
    fn default() -> Self {
        MediaTypeCache { slots: [None; MediaTypeCache::SLOTS] }
    }
}

impl MediaTypeCache {
    /// Enough for each common extension to have its own slot.
    const SLOTS: usize = 256;

    /// The media type of `content_type`, or, if that is missing or generic, of the extension of `url`.
    pub(super) fn media_type<'a>(&mut self, url: &[u8], content_type: &'a [u8]) -> Option<&'a str> {
        if let Some(media_type) = essence(content_type) {
            return Some(media_type);
        }
        let extension = extension(url)?;
        let letters = extension.as_str().bytes();
        let slot = letters.fold(0, |hash: usize, letter| hash * 7 + usize::from(letter)) % Self::SLOTS;
        match self.slots[slot] {
            Some((kept, media_type)) if kept == extension => media_type,
            _ => {
                let media_type = mime_guess::from_ext(extension.as_str()).first_raw();
                self.slots[slot] = Some((extension, media_type));
                media_type
            }
        }
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
            "/a%252Ejpg",
            "/a%252ejp%2567",
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
            "/a%25252Ejpg",
            "/a.jpg%20",
            "/a.jpg%2f",
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
        assert_eq!(Media::named("image/*"), Some(Media::Named("image".to_owned())));
        assert_eq!((Media::named("image/jpg"), Media::named("*/*")), (Some(Media::Jpeg), Some(Media::Any)));
        assert_eq!(["nonsense", "imge/png", "image/"].map(Media::named), [None, None, None]);
    }
}
