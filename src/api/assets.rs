//! The styles, scripts and icon of the page and the screen.
use std::hash::{DefaultHasher, Hasher};
use std::sync::LazyLock;

const PAGE: &str = concat!(
    include_str!("page/common.js"),
    include_str!("page/result.js"),
    include_str!("page/live.js"),
    include_str!("page/ballot.js")
);
const SCREEN: &str =
    concat!(include_str!("page/common.js"), include_str!("page/live.js"), include_str!("page/screen.js"));

/// A file that a page needs.
#[derive(Debug)]
pub(super) struct Asset {
    /// Its path, which changes with its content, so that it may be cached for ever.
    pub path: String,
    pub content_type: &'static str,
    pub bytes: &'static [u8],
}

impl Asset {
    fn new(stem: &str, extension: &str, content_type: &'static str, bytes: &'static [u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(bytes);
        Asset { path: format!("/assets/{stem}.{:016x}.{extension}", hasher.finish()), content_type, bytes }
    }
}

/// The page's style and script, the icon, the screen's style and script, in this order.
pub(super) static ASSETS: LazyLock<[Asset; 5]> = LazyLock::new(|| {
    [
        Asset::new("page", "css", "text/css; charset=utf-8", include_bytes!("page/page.css")),
        Asset::new("page", "js", "text/javascript; charset=utf-8", PAGE.as_bytes()),
        Asset::new("icon", "svg", "image/svg+xml", include_bytes!("page/icon.svg")),
        Asset::new("screen", "css", "text/css; charset=utf-8", include_bytes!("page/screen.css")),
        Asset::new("screen", "js", "text/javascript; charset=utf-8", SCREEN.as_bytes()),
    ]
});
