//! JSON lines of the same shape: programs write one object after the other with the same keys, in the same order and with the same
//! blanks. What is between the values is then compared rather than parsed.
//!
//! A shape is learned from a line that was parsed in full. A later line that has the same text between its values, and values of
//! the same kinds, is valid exactly as that one was: strings are looked through for quotes, backslashes and control characters,
//! numbers are held to JSON's grammar (RFC 8259). Any other line is parsed in full.

use fearless_simd::prelude::*;
use fearless_simd::u8x64;

use super::split::Span;

/// The text between the values of a line, and what the values are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    parts: Vec<Part>,
    /// What follows the last value.
    end: Exact,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    /// The text before the value, with the quote that opens a string.
    before: Exact,
    kind: Kind,
    /// Where the value belongs, if it is wanted.
    place: Option<usize>,
}

/// A kind of value that differs from line to line. `true`, `false` and `null` belong to the text between values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A string without escapes; the value is what is between its quotes.
    Text,
    Number,
}

/// Text that lines must have, so that it is compared quickly.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Exact {
    text: Vec<u8>,
    /// Its first sixteen bytes, and which bits of them count.
    head: u128,
    mask: u128,
}

/// So many bytes are compared at once.
const HEAD_BYTES: usize = 16;

impl Exact {
    fn new(text: &[u8]) -> Self {
        let known = text.len().min(HEAD_BYTES);
        let (mut head, mut mask) = ([0; HEAD_BYTES], [0; HEAD_BYTES]);
        head[..known].copy_from_slice(&text[..known]);
        mask[..known].fill(u8::MAX);
        Exact { text: text.to_vec(), head: u128::from_le_bytes(head), mask: u128::from_le_bytes(mask) }
    }

    /// Whether `text` begins with it; false too where less than sixteen bytes are left.
    #[inline(always)]
    fn begins(&self, text: &[u8]) -> bool {
        let Some(head) = text.first_chunk() else { return false };
        (u128::from_le_bytes(*head) ^ self.head) & self.mask == 0
            && (self.text.len() <= HEAD_BYTES || text[HEAD_BYTES..].starts_with(&self.text[HEAD_BYTES..]))
    }
}

/// Where a key of an object leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leads {
    /// To nothing that is wanted.
    Nowhere,
    /// To a value that is wanted, at this place.
    To(usize),
    /// Somewhere that only the full parser follows.
    Unknown,
}

/// Limit on the values of a shape: longer objects are parsed in full.
const PARTS_MOST: usize = 256;

impl Shape {
    /// The shape of `line`, an object that was parsed without a fault; None if it has nested values, escapes, or a wanted value
    /// that is neither a string nor a number. `leads` says where a key leads.
    pub(super) fn learn(line: &[u8], leads: impl Fn(&str) -> Leads) -> Option<Self> {
        let mut scan = Scan { line, at: 0, copied: 0 };
        let mut parts = Vec::new();
        scan.blanks();
        scan.byte(b'{')?;
        loop {
            scan.blanks();
            scan.byte(b'"')?;
            let key = std::str::from_utf8(text_at(line, scan.at)?).ok()?;
            let place = match leads(key) {
                Leads::To(place) => Some(place),
                Leads::Nowhere => None,
                Leads::Unknown => return None,
            };
            scan.at += key.len() + 1;
            scan.blanks();
            scan.byte(b':')?;
            scan.blanks();
            let (kind, len) = match line.get(scan.at)? {
                b'"' => {
                    scan.at += 1;
                    (Kind::Text, text_at(line, scan.at)?.len())
                }
                b'-' | b'0'..=b'9' => (Kind::Number, number_at(line, scan.at)?),
                // A constant belongs to the text between the values, where it is not wanted.
                b't' | b'f' | b'n' if place.is_none() => {
                    scan.at += line[scan.at..].iter().take_while(|byte| byte.is_ascii_lowercase()).count();
                    if scan.ends_object()? { break } else { continue }
                }
                _ => return None,
            };
            parts.push(Part { before: scan.copy(len), kind, place });
            if kind == Kind::Text {
                scan.byte(b'"')?;
            }
            if scan.ends_object()? {
                break;
            }
        }
        let end = Exact::new(&line[scan.copied..]);
        (parts.len() <= PARTS_MOST && line[scan.at..].iter().all(u8::is_ascii_whitespace))
            .then_some(Shape { parts, end })
    }

    /// Gives `take` the place, kind and text of each wanted value of `line`; false if the line has another shape, after which
    /// what was given so far must be forgotten.
    #[inline]
    pub(super) fn read<'a>(&self, line: &'a str, mut take: impl FnMut(usize, Kind, &'a str)) -> bool {
        let bytes = line.as_bytes();
        let mut at = 0;
        for part in &self.parts {
            if !bytes[at..].starts_with(&part.before.text) {
                return false;
            }
            at += part.before.text.len();
            let len = match part.kind {
                Kind::Text => text_at(bytes, at).map(<[u8]>::len),
                Kind::Number => number_at(bytes, at),
            };
            let Some(len) = len else { return false };
            if let Some(place) = part.place {
                take(place, part.kind, &line[at..at + len]);
            }
            at += len;
        }
        bytes[at..] == self.end.text[..]
    }

    /// The same for the first line of `text`, if it is ASCII: `spans` become the places of the wanted values in `text`. Gives the
    /// line's length without and with its line end; None for another shape, and wherever [`Shape::read`] must tell, as for the
    /// last lines of a text.
    #[inline(always)]
    pub(super) fn look<S: Simd>(&self, simd: S, text: &[u8], spans: &mut [Option<Span>]) -> Option<(usize, usize)> {
        let mut at = 0;
        // Of the bytes from `base` on, a bit for each that ends plain text: quotes, backslashes, controls, what is not ASCII.
        let (mut base, mut ends) = (0, ends(simd, text)?);
        for part in &self.parts {
            if !part.before.begins(&text[at..]) {
                return None;
            }
            at += part.before.text.len();
            let start = at;
            match part.kind {
                Kind::Text => {
                    let mut rest = if at - base < WINDOW { ends >> (at - base) } else { 0 };
                    if rest == 0 {
                        at = at.max(base + WINDOW);
                        loop {
                            (base, ends) = (at, self::ends(simd, text.get(at..)?)?);
                            rest = ends;
                            if rest != 0 {
                                break;
                            }
                            at += WINDOW;
                        }
                    }
                    at += rest.trailing_zeros() as usize;
                    if text[at] != b'"' {
                        return None;
                    }
                }
                Kind::Number => at += number_at(text, at)?,
            }
            if let Some(place) = part.place {
                spans[place] = Some((start, at));
            }
        }
        if !self.end.begins(&text[at..]) {
            return None;
        }
        let len = at + self.end.text.len();
        match text[len..] {
            [b'\n', ..] => Some((len, len + 1)),
            [b'\r', b'\n', ..] => Some((len, len + 2)),
            _ => None,
        }
    }
}

const WINDOW: usize = 64;

/// Which of the first 64 bytes of `text` cannot be within a plain string, a bit for each; None if there are fewer.
#[inline(always)]
fn ends<S: Simd>(simd: S, text: &[u8]) -> Option<u64> {
    let bytes = u8x64::from_slice(simd, text.first_chunk::<WINDOW>()?);
    let quotes = bytes.simd_eq(b'"') | bytes.simd_eq(b'\\');
    Some((quotes | bytes.simd_lt(b' ') | bytes.simd_ge(0x80)).to_bitmask())
}

/// Goes through a line from which a shape is learned.
struct Scan<'a> {
    line: &'a [u8],
    at: usize,
    /// What is before this is in a part.
    copied: usize,
}

impl Scan<'_> {
    fn blanks(&mut self) {
        self.at += self.line[self.at..].iter().take_while(|byte| b" \t\r\n".contains(byte)).count();
    }

    fn byte(&mut self, wanted: u8) -> Option<()> {
        (self.line.get(self.at) == Some(&wanted)).then(|| self.at += 1)
    }

    /// The text before the value that begins here and has `len` bytes, which are passed over.
    fn copy(&mut self, len: usize) -> Exact {
        let before = Exact::new(&self.line[self.copied..self.at]);
        self.at += len;
        self.copied = self.at;
        before
    }

    /// Passes over the comma after a value, or the brace that ends the object: then true.
    fn ends_object(&mut self) -> Option<bool> {
        self.blanks();
        let found = *self.line.get(self.at)?;
        self.at += 1;
        match found {
            b',' => Some(false),
            b'}' => Some(true),
            _ => None,
        }
    }
}

/// The string without escapes that begins at `at`, after its quote; None if it has one, a control character or no end.
#[inline]
fn text_at(line: &[u8], at: usize) -> Option<&[u8]> {
    let rest = line.get(at..)?;
    let len = memchr::memchr2(b'"', b'\\', rest)?;
    let text = &rest[..len];
    (rest[len] == b'"' && text.iter().all(|byte| *byte >= 0x20)).then_some(text)
}

/// The length of the number that begins at `at`; None if it is not one.
#[inline]
fn number_at(line: &[u8], at: usize) -> Option<usize> {
    let rest = line.get(at..)?;
    let digits = |from: usize| rest[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let sign = usize::from(rest.first() == Some(&b'-'));
    let whole = digits(sign);
    if whole == 0 || (whole > 1 && rest[sign] == b'0') {
        return None;
    }
    let mut len = sign + whole;
    if rest.get(len) == Some(&b'.') {
        let fraction = digits(len + 1);
        if fraction == 0 {
            return None;
        }
        len += 1 + fraction;
    }
    if matches!(rest.get(len), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(rest.get(len + 1), Some(b'+' | b'-')));
        let exponent = digits(len + 1 + sign);
        if exponent == 0 {
            return None;
        }
        len += 1 + sign + exponent;
    }
    Some(len)
}
