//! The compressions that are read, one table entry each.
use std::io::{self, BufRead, Read};
use std::ops::RangeInclusive;

use flate2::bufread::GzDecoder;
use zstd::stream::read::Decoder as ZstdDecoder;

/// Buffered here, since the decoders do not buffer.
pub(super) type Compressed = Box<dyn BufRead + Send>;

/// A compression, recognised by the first bytes of a file.
pub(super) struct Compression {
    name: &'static str,
    magics: &'static [Magic],
    decoder: fn(Compressed) -> io::Result<Box<dyn Read + Send>>,
    /// Fragments of the decoder library's errors, and the message to show instead.
    explained: &'static [(&'static str, &'static str)],
}

/// A range for the first byte, and the bytes that follow it.
struct Magic(RangeInclusive<u8>, &'static [u8]);

const COMPRESSIONS: &[Compression] = &[
    Compression {
        name: "gzip",
        // RFC 1952, 2.3.1.
        magics: &[Magic(0x1f..=0x1f, &[0x8b])],
        decoder: |compressed| Ok(Box::new(GzipMembers { member: Some(GzDecoder::new(compressed)) })),
        explained: &[],
    },
    Compression {
        name: "zstd",
        // RFC 8878, 3.1.1 and 3.1.2: a frame, and a skippable frame, which files made by pzstd begin with.
        magics: &[Magic(0x28..=0x28, &[0xb5, 0x2f, 0xfd]), Magic(0x50..=0x5f, &[0x2a, 0x4d, 0x18])],
        decoder: |compressed| Ok(Box::new(ZstdDecoder::with_buffer(compressed)?)),
        explained: &[(
            "requires too much memory",
            "it was packed with zstd --long, and unpacking it would take more than 128 MiB of memory; \
             zstd -dc --long=31 can do it, into a pipe",
        )],
    },
];

impl Magic {
    fn len(&self) -> usize {
        1 + self.1.len()
    }

    fn begins(&self, head: &[u8]) -> bool {
        matches!(head, [first, rest @ ..] if self.0.contains(first) && rest.starts_with(self.1))
    }
}

/// Number of bytes needed to recognise any compression.
pub(super) fn head_bytes() -> usize {
    COMPRESSIONS.iter().flat_map(|compression| compression.magics).map(Magic::len).max().unwrap_or(0)
}

/// The compression of an input that begins with `head`; None if it is not compressed.
pub(super) fn of(head: &[u8]) -> Option<&'static Compression> {
    COMPRESSIONS.iter().find(|compression| compression.magics.iter().any(|magic| magic.begins(head)))
}

/// Whether an input that begins with `head` is compressed in a way that votekit can read.
pub fn is_compressed(head: &[u8]) -> bool {
    of(head).is_some()
}

impl Compression {
    /// Decompresses `compressed`. Read errors name the compression and say that its data is damaged.
    pub(super) fn decoder(&'static self, compressed: Compressed) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Decoder { reader: (self.decoder)(compressed)?, compression: self }))
    }

    fn error(&self, error: io::Error) -> io::Error {
        let reason = match error.kind() {
            io::ErrorKind::Interrupted => return error,
            io::ErrorKind::UnexpectedEof => "it ends too early, part of it is missing".to_owned(),
            _ => error.to_string(),
        };
        match self.explained.iter().find(|(reported, _)| reason.contains(reported)) {
            Some((_, explanation)) => io::Error::other(*explanation),
            None => io::Error::new(error.kind(), format!("the {} data is damaged: {reason}", self.name)),
        }
    }
}

/// A gzip file: one member or several, one after the other. Zeros after a member are padding, as tapes and block devices need it;
/// gzip itself passes over them.
struct GzipMembers {
    /// None after the last member.
    member: Option<GzDecoder<Compressed>>,
}

impl Read for GzipMembers {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(member) = &mut self.member else { return Ok(0) };
            match member.read(buffer)? {
                0 if !buffer.is_empty() => {}
                read => return Ok(read),
            }
            let Some(member) = self.member.take() else { return Ok(0) };
            let mut compressed = member.into_inner();
            self.member = is_more(&mut compressed)?.then(|| GzDecoder::new(compressed));
        }
    }
}

/// Whether anything follows but zeros, which are taken.
fn is_more(compressed: &mut Compressed) -> io::Result<bool> {
    loop {
        let buffered = compressed.fill_buf()?;
        let (zeros, len) = (buffered.iter().take_while(|byte| **byte == 0).count(), buffered.len());
        compressed.consume(zeros);
        if zeros < len || len == 0 {
            return Ok(len > 0);
        }
    }
}

struct Decoder {
    reader: Box<dyn Read + Send>,
    compression: &'static Compression,
}

impl Read for Decoder {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer).map_err(|error| self.compression.error(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    fn unpacked(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        let reader = io::Cursor::new(bytes);
        match of(reader.get_ref()) {
            Some(compression) => compression.decoder(Box::new(reader))?.read_to_end(&mut all)?,
            None => {
                let mut reader = reader;
                reader.read_to_end(&mut all)?
            }
        };
        Ok(all)
    }

    #[test]
    fn packed_content_is_unpacked_to_its_last_member() {
        let members = [gzip(b"one\n"), gzip(b""), gzip(b"two\n")].concat();
        assert_eq!(unpacked(members.clone()).unwrap(), b"one\ntwo\n");
        let padded = [members.clone(), vec![0; 300_000], members, vec![0; 5]].concat();
        assert_eq!(unpacked(padded).unwrap(), b"one\ntwo\none\ntwo\n");
        let frames =
            [zstd::encode_all(&b"one\n"[..], 1).unwrap(), zstd::encode_all(&b"two\n"[..], 1).unwrap()].concat();
        assert_eq!(unpacked(frames).unwrap(), b"one\ntwo\n");
        let skipped = b"\x50\x2a\x4d\x18\x02\0\0\0xx".to_vec();
        let frame = zstd::encode_all(&b"one\n"[..], 1).unwrap();
        assert_eq!(unpacked([skipped.clone(), frame.clone(), skipped, frame].concat()).unwrap(), b"one\none\n");
        assert_eq!(unpacked(b"\x1fplain".to_vec()).unwrap(), b"\x1fplain");
        assert_eq!(unpacked(b"P plain".to_vec()).unwrap(), b"P plain");
    }

    #[test]
    fn a_frame_that_wants_much_memory_is_not_called_damaged() {
        let mut packer = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        packer.long_distance_matching(true).unwrap();
        packer.window_log(28).unwrap();
        packer.write_all(b"one\n").unwrap();
        // A frame of unknown length declares its whole window.
        let error = unpacked(packer.finish().unwrap()).unwrap_err().to_string();
        assert!(error.contains("zstd --long") && !error.contains("damaged"), "{error}");
    }

    #[test]
    fn damaged_content_is_an_error_and_not_an_end() {
        let text: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
        for packed in [gzip(&text), zstd::encode_all(&text[..], 1).unwrap()] {
            assert_eq!(unpacked(packed.clone()).unwrap(), text);
            for cut in [packed.len() - 1, packed.len() / 2, 12] {
                let error = unpacked(packed[..cut].to_vec()).unwrap_err().to_string();
                assert!(error.contains("it ends too early"), "{cut}: {error}");
            }
            let mut broken = packed.clone();
            broken[packed.len() / 2] ^= 0xff;
            // A zstd frame has a checksum only if its writer asked for one.
            assert!(unpacked(broken).is_err() || packed.starts_with(b"\x28\xb5"));
            assert!(unpacked([packed, b"trailing garbage".to_vec()].concat()).is_err());
        }
    }
}
