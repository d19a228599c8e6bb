//! gzip and zstd as streams: any bytes, and damaged archives, give the same as decompressing them in memory, or an error if that is
//! one; never a part.
#![no_main]
use std::io::{Read, Write};

use libfuzzer_sys::fuzz_target;
use votekit::scan::{Input, ScanOptions, Source, SourceError, blocks};

/// Limit on decompressed bytes: a few bytes may expand to gigabytes.
const BYTES_MAX: usize = 1 << 17;

/// Takes a test case from the fuzzer's bytes; zeros after their end.
struct Script<'a>(&'a [u8]);

impl<'a> Script<'a> {
    fn byte(&mut self) -> u8 {
        self.0.split_off_first().copied().unwrap_or_default()
    }

    fn number(&mut self) -> usize {
        usize::from(u16::from_le_bytes([self.byte(), self.byte()]))
    }

    fn bytes(&mut self, most: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(most.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

fn gzip(text: &[u8], level: u8) -> Vec<u8> {
    let mut packer = flate2::GzBuilder::new();
    // Optional parts of the header.
    if level & 0x10 != 0 {
        packer = packer.filename("access.log");
    }
    if level & 0x20 != 0 {
        packer = packer.extra(b"xx\x02\0yy".to_vec()).comment("c");
    }
    let mut packer = packer.write(Vec::new(), flate2::Compression::new(u32::from(level % 7)));
    packer.write_all(text).and_then(|()| packer.finish()).unwrap_or_else(|_| unreachable!("into memory"))
}

fn zstd(text: &[u8], level: u8) -> Vec<u8> {
    let pack = || {
        // Higher levels need much memory and make no difference to decompression.
        let mut packer = zstd::stream::write::Encoder::new(Vec::new(), i32::from(level % 4))?;
        packer.window_log(17)?;
        packer.include_checksum(level & 0x20 != 0)?;
        packer.include_contentsize(level & 0x40 != 0)?;
        packer.write_all(text)?;
        packer.finish()
    };
    pack().unwrap_or_else(|_| unreachable!("into memory"))
}

/// Members or frames of some texts, possibly damaged.
fn packed(script: &mut Script, pack: fn(&[u8], u8) -> Vec<u8>) -> (Vec<u8>, bool) {
    let mut packed = Vec::new();
    for _ in 0..1 + script.byte() % 4 {
        let (level, times, len) = (script.byte(), script.byte(), script.number());
        let text = script.bytes(len % 300).repeat(1 + usize::from(times % 32));
        packed.extend(pack(&text, level));
    }
    let damages = script.byte() % 4;
    for _ in 0..damages {
        let (damage, at) = (script.byte(), script.number() % packed.len().max(1));
        match damage % 6 {
            0 => packed.truncate(at),
            1 => packed.truncate(packed.len().saturating_sub(at % 12)),
            2 => packed.extend_from_slice(script.bytes(at % 40)),
            3 => drop(packed.splice(at..at, script.bytes(4).iter().copied())),
            4 => drop(packed.drain(at..(at + 4).min(packed.len()))),
            _ => packed.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= damage | 1),
        }
    }
    (packed, damages == 0)
}

/// All members of a gzip file (RFC 1952), decompressed by another library than votekit's; None if one is damaged.
fn plain_gzip(mut rest: &[u8]) -> Option<Vec<u8>> {
    use miniz_oxide::inflate::core::{
        DecompressorOxide, decompress, inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
    };
    let mut all = Vec::new();
    while !rest.is_empty() {
        let whole = rest;
        let header: &[u8; 10] = rest.split_off(..10)?.try_into().ok()?;
        let flags = header[3];
        if header[..3] != [0x1f, 0x8b, 8] || flags & 0xe0 != 0 {
            return None;
        }
        if flags & 4 != 0 {
            let len: [u8; 2] = rest.split_off(..2)?.try_into().ok()?;
            rest.split_off(..usize::from(u16::from_le_bytes(len)))?;
        }
        for flag in [8, 16] {
            if flags & flag != 0 {
                rest.split_off(..=rest.iter().position(|byte| *byte == 0)?)?;
            }
        }
        if flags & 2 != 0 {
            let header = &whole[..whole.len() - rest.len()];
            let told: [u8; 2] = rest.split_off(..2)?.try_into().ok()?;
            if u16::from_le_bytes(told) != crc32fast::hash(header) as u16 {
                return None;
            }
        }
        let mut text = vec![0; BYTES_MAX + 1];
        let mut inflater = DecompressorOxide::new();
        let (status, read, written) =
            decompress(&mut inflater, rest, &mut text, 0, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF);
        if status != miniz_oxide::inflate::TINFLStatus::Done {
            return None;
        }
        text.truncate(written);
        rest.split_off(..read)?;
        let sum: [u8; 4] = rest.split_off(..4)?.try_into().ok()?;
        let len: [u8; 4] = rest.split_off(..4)?.try_into().ok()?;
        if u32::from_le_bytes(sum) != crc32fast::hash(&text) || u32::from_le_bytes(len) != text.len() as u32 {
            return None;
        }
        all.extend(text);
    }
    Some(all)
}

/// The content of the source as a stream and as blocks of lines.
fn unpacked(input: &Input, block_bytes: usize) -> [Result<Vec<u8>, String>; 2] {
    let stream = || -> Result<Vec<u8>, String> {
        let mut text = Vec::new();
        let reader = Source::open(input).map_err(|error| error.cause.to_string())?.into_reader();
        reader.take(BYTES_MAX as u64 + 1).read_to_end(&mut text).map_err(|error| error.to_string())?;
        Ok(text)
    };
    let in_blocks = || -> Result<Vec<u8>, SourceError> {
        let mut text = Vec::new();
        let options = ScanOptions { threads: 1, block_bytes, line_bytes_max: usize::MAX >> 1 };
        let take = |lines: Vec<u8>| {
            text.extend(lines);
            Ok::<_, SourceError>(())
        };
        blocks(Source::open(input)?, &options, &(), || (), |(), block| block.bytes.to_vec(), take)?;
        Ok(text)
    };
    let stream = stream();
    // A gigabyte from a few bytes would only take long.
    let blocks = match &stream {
        Ok(text) if text.len() > BYTES_MAX => stream.clone(),
        _ => in_blocks().map_err(|error| error.cause.to_string()),
    };
    [stream, blocks]
}

fuzz_target!(|data: &[u8]| {
    let mut script = Script(data);
    let (mode, block_bytes) = (script.byte(), 1 + script.number());
    let (file, is_sound) = match mode % 4 {
        0 => packed(&mut script, gzip),
        1 => packed(&mut script, zstd),
        2 => ([&[0x1f, 0x8b, 8][..], script.0].concat(), false),
        _ => ([&[0x28, 0xb5, 0x2f, 0xfd][..], script.0].concat(), false),
    };
    let is_zstd = !file.starts_with(&[0x1f, 0x8b]);
    let expected = match file.first_chunk::<4>() {
        Some([0x1f, 0x8b, ..]) => plain_gzip(&file).ok_or("damaged".to_owned()),
        Some([0x28, 0xb5, 0x2f, 0xfd]) => {
            zstd::bulk::decompress(&file, BYTES_MAX + 1).map_err(|error| error.to_string())
        }
        // Damage to the magic number makes it a plain file.
        _ => return,
    };
    let bytes: &'static [u8] = Box::leak(file.into_boxed_slice());
    let found = unpacked(&Input::BuiltIn { name: "fuzz", bytes }, block_bytes);
    // SAFETY: the bytes come from a box of exactly this size, and nothing that was read refers to them.
    drop(unsafe { Box::from_raw(std::ptr::from_ref(bytes).cast_mut()) });
    for found in found {
        match (found, &expected) {
            (Ok(text), _) if text.len() > BYTES_MAX => {}
            (Ok(text), Ok(expected)) => {
                assert!(text == *expected, "{} bytes instead of {}", text.len(), expected.len())
            }
            (Ok(text), Err(error)) => panic!("{} bytes of a file that is damaged: {error}", text.len()),
            // In memory, zstd accepts what it refuses as a stream: windows over 128 MiB, blocks larger than their frame's.
            (Err(error), Ok(_)) => assert!(is_zstd && !is_sound, "{error}: of a file that is sound"),
            (Err(_), Err(error)) => assert!(!is_sound, "the reference says {error}"),
        }
    }
});
