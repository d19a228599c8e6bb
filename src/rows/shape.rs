//! JSON lines of the same shape: programs write one object after the other with the same keys, in the same order and with the same
//! blanks. What is between the values is then compared rather than parsed.
//!
//! A shape is learned from a line that was parsed in full. A later line that has the same text between its values, and values of
//! the same kinds, is valid exactly as that one was: strings are looked through for quotes, backslashes and control characters,
//! numbers are held to JSON's grammar (RFC 8259). Any other line is parsed in full.

/// The text between the values of a line, and what the values are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape {
    parts: Vec<Part>,
    /// What follows the last value.
    end: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    /// The text before the value, with the quote that opens a string.
    before: Vec<u8>,
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
        let end = line[scan.copied..].to_vec();
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
            if !bytes[at..].starts_with(&part.before) {
                return false;
            }
            at += part.before.len();
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
        bytes[at..] == self.end[..]
    }
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
    fn copy(&mut self, len: usize) -> Vec<u8> {
        let before = self.line[self.copied..self.at].to_vec();
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
