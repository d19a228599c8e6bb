//! Pictures of candidates: small files of the kinds that every browser shows, recognised by their first bytes.
use std::hash::{BuildHasher, Hasher};

use super::limits::Limits;

/// A candidate's picture: a file of at most [`Limits::PICTURE_BYTES`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its media type: `image/jpeg`.
    pub media_type: &'static str,
    /// The file as it was given.
    pub bytes: Vec<u8>,
}

/// Why a file cannot be a picture. Its message continues the subject: "the picture is empty".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// It has this many bytes, more than [`Limits::PICTURE_BYTES`].
    #[error("has {0} bytes, {max} are allowed: make it smaller", max = Limits::PICTURE_BYTES)]
    TooLarge(usize),
    /// SVG too, which can hold scripts.
    #[error("is not a JPEG, PNG, GIF, WebP or AVIF file")]
    Kind,
}

/// What a file of each kind has at which position.
const KINDS: [(usize, &[u8], &str); 6] = [
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypavif", "image/avif"),
];

impl Picture {
    /// The picture in `bytes`.
    ///
    /// # Errors
    /// When it is too large, or not a picture.
    pub fn new(bytes: Vec<u8>) -> Result<Self, PictureError> {
        if bytes.len() > Limits::PICTURE_BYTES {
            return Err(PictureError::TooLarge(bytes.len()));
        }
        let is = |(at, mark, _): &&(usize, &[u8], &str)| bytes.get(*at..).is_some_and(|rest| rest.starts_with(mark));
        let media_type = KINDS.iter().find(is).map(|(.., media_type)| *media_type).ok_or(PictureError::Kind)?;
        Ok(Picture { media_type, bytes })
    }

    /// The media type that is written as `text`, if it is one of a picture's.
    pub fn known_media_type(text: &str) -> Option<&'static str> {
        KINDS.iter().map(|(.., media_type)| *media_type).find(|media_type| *media_type == text)
    }

    /// Differs for different pictures, and is the same on every machine.
    pub fn tag(&self) -> String {
        let mut hasher = foldhash::quality::FixedState::with_seed(0).build_hasher();
        hasher.write(&self.bytes);
        format!("{:016x}", hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_known_by_its_first_bytes() {
        let kind = |bytes: &[u8]| Picture::new(bytes.to_vec()).map(|picture| picture.media_type);
        assert_eq!(kind(b"\xff\xd8\xff\xe0rest"), Ok("image/jpeg"));
        assert_eq!(kind(b"RIFF\x10\0\0\0WEBPVP8 "), Ok("image/webp"));
        for bytes in [&b""[..], b"<svg onload='x'>", b"<html>", b"\xff\xd8"] {
            assert_eq!(kind(bytes), Err(PictureError::Kind));
        }
        let large = [b"GIF89a".to_vec(), vec![0; Limits::PICTURE_BYTES]].concat();
        assert_eq!(kind(&large), Err(PictureError::TooLarge(200_006)));
    }
}
