//! How texts compare: as `MySQL`'s `utf8_general_ci` does, or byte by byte.
use std::cmp::Ordering;

use rusqlite::Connection;

use super::general_ci::WEIGHTS;
use super::uca;

/// What makes two event names or two users the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collation {
    /// `MySQL`'s `utf8_general_ci`, the default of a utf8 table in 5.7: neither case nor most accents nor trailing spaces
    /// distinguish. Characters beyond the BMP are all alike, as in `utf8mb4_general_ci`.
    GeneralCi,
    /// `utf8mb4_unicode_ci`, as far as `uca` says: by letters alone, trailing spaces do not count.
    UnicodeCi,
    /// `MySQL` 8's `utf8mb4_0900_ai_ci`, as far as `uca` says: by letters alone, trailing spaces count.
    Ai0900,
    /// Byte by byte, as a server with binary collations.
    Binary,
}

impl Collation {
    /// The name under which `SQLite` knows it.
    pub fn sqlite_name(self) -> &'static str {
        match self {
            Collation::GeneralCi => "utf8_general_ci",
            Collation::UnicodeCi => "utf8mb4_unicode_ci",
            Collation::Ai0900 => "utf8mb4_0900_ai_ci",
            Collation::Binary => "BINARY",
        }
    }

    /// Makes it known to a connection.
    ///
    /// # Errors
    /// When `SQLite` does not take it.
    pub fn register(self, connection: &Connection) -> rusqlite::Result<()> {
        match self {
            Collation::GeneralCi => connection.create_collation(self.sqlite_name(), general_ci),
            Collation::UnicodeCi | Collation::Ai0900 => {
                connection.create_collation(self.sqlite_name(), move |left, right| {
                    let [left, right] = [left, right].map(|text| {
                        let mut key = Vec::new();
                        self.fold(text, &mut key);
                        key
                    });
                    left.cmp(&right)
                })
            }
            Collation::Binary => Ok(()),
        }
    }

    /// Appends what `text` folds to: two texts are the same to this collation exactly if these bytes are.
    pub fn fold(self, text: &str, folded: &mut Vec<u8>) {
        match self {
            Collation::GeneralCi if !text.is_ascii() => fold_weights(text.trim_end_matches(' '), folded),
            Collation::UnicodeCi => uca::fold_unicode_ci(text, folded),
            Collation::Ai0900 => uca::fold_0900(text, folded),
            _ => self.fold_ascii(text.as_bytes(), folded),
        }
    }

    /// The same for text that is ASCII, or for any if this is [`Collation::Binary`].
    pub(super) fn fold_ascii(self, text: &[u8], folded: &mut Vec<u8>) {
        match self {
            Collation::GeneralCi => {
                let start = folded.len();
                let spaces = text.iter().rev().take_while(|byte| **byte == b' ').count();
                folded.extend_from_slice(&text[..text.len() - spaces]);
                folded[start..].make_ascii_uppercase();
            }
            Collation::Binary => folded.extend_from_slice(text),
            Collation::UnicodeCi => uca::fold_unicode_ci(&String::from_utf8_lossy(text), folded),
            Collation::Ai0900 => uca::fold_0900(&String::from_utf8_lossy(text), folded),
        }
    }
}

/// Weights below 128 are one byte, so that ASCII needs no conversion; others are three, recognised by the first.
fn fold_weights(text: &str, folded: &mut Vec<u8>) {
    for weight in text.chars().map(weight) {
        match u8::try_from(weight) {
            Ok(byte) if byte.is_ascii() => folded.push(byte),
            _ => {
                folded.push(0xff);
                folded.extend_from_slice(&weight.to_be_bytes());
            }
        }
    }
}

/// Compares as `utf8_general_ci` does, trailing spaces not counting (PAD SPACE).
fn general_ci(left: &str, right: &str) -> Ordering {
    if left.is_ascii() && right.is_ascii() {
        let (left, right) = (left.trim_end_matches(' '), right.trim_end_matches(' '));
        let [left, right] = [left, right].map(|text| text.bytes().map(|byte| byte.to_ascii_uppercase()));
        return padded(left, right, b' ');
    }
    let weights = |text: &str| text.trim_end_matches(' ').chars().map(weight).collect::<Vec<_>>();
    padded(weights(left).into_iter(), weights(right).into_iter(), u16::from(b' '))
}

/// Compares as if the shorter side went on in spaces.
fn padded<T: Ord + Copy>(mut left: impl Iterator<Item = T>, mut right: impl Iterator<Item = T>, space: T) -> Ordering {
    loop {
        let (left, right) = (left.next(), right.next());
        if left.is_none() && right.is_none() {
            return Ordering::Equal;
        }
        let order = left.unwrap_or(space).cmp(&right.unwrap_or(space));
        if order.is_ne() {
            return order;
        }
    }
}

/// The weight of a character in `utf8_general_ci`.
fn weight(c: char) -> u16 {
    /// What all characters beyond the BMP weigh in `utf8mb4_general_ci`.
    const SUPPLEMENTARY: u16 = 0xfffd;
    match u16::try_from(u32::from(c)) {
        Err(_) => SUPPLEMENTARY,
        Ok(code) if code < 128 => u16::from((code as u8).to_ascii_uppercase()),
        Ok(code) => WEIGHTS.binary_search_by_key(&code, |(from, _)| *from).map_or(code, |index| WEIGHTS[index].1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_one_to_mysql() {
        for (left, right) in [("b", "B"), ("b", "b "), ("Zoë", "zoe"), ("É", "e"), ("ß", "s"), ("", "  "), ("😀", "🎉")]
        {
            assert_eq!(general_ci(left, right), Ordering::Equal, "{left:?} {right:?}");
        }
        for (left, right) in
            [("a", "b"), ("a", "ab"), ("a", "a\u{a0}"), (" a", "a"), ("a\t", "a"), ("æ", "ae"), ("薯", "片")]
        {
            assert_ne!(general_ci(left, right), Ordering::Equal, "{left:?} {right:?}");
        }
        assert_eq!(general_ci("a\t", "a"), Ordering::Less, "a tab is less than the space that pads");
    }

    #[test]
    fn what_is_one_to_newer_collations() {
        let folded = |collation: Collation, text: &str| {
            let mut folded = Vec::new();
            collation.fold(text, &mut folded);
            folded
        };
        for (left, right, unicode_ci, ai_0900) in [
            ("Zoë", "zoe", true, true),
            ("e\u{301}", "é", true, true),
            ("ß", "ss", true, true),
            ("æ", "ae", true, true),
            ("ł", "l", false, true),
            ("đ", "d", false, true),
            ("a ", "a", true, false),
            (" a", "a", false, false),
            ("a-b", "ab", false, false),
            ("😀", "🎉", true, false),
            ("か", "カ", true, true),
            ("薯", "片", false, false),
            ("a\0", "a", true, true),
        ] {
            for (collation, same) in [(Collation::UnicodeCi, unicode_ci), (Collation::Ai0900, ai_0900)] {
                assert_eq!(
                    folded(collation, left) == folded(collation, right),
                    same,
                    "{collation:?} {left:?} {right:?}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn folding_tells_what_comparing_tells(a in "[aAbBéÉ ßÿ\t薯片😀🎉ȠĠ]{0,4}", b in "[aAbBéÉ ßÿ\t薯片😀🎉ȠĠ]{0,4}") {
            for (collation, same) in [(Collation::GeneralCi, general_ci(&a, &b).is_eq()), (Collation::Binary, a == b)] {
                let [left, right] = [&a, &b].map(|text| {
                    let mut folded = Vec::new();
                    collation.fold(text, &mut folded);
                    folded
                });
                prop_assert_eq!(left == right, same);
            }
        }

        #[test]
        fn it_is_an_order(a in "[aAbBéÉ ß\t薯]{0,4}", b in "[aAbBéÉ ß\t薯]{0,4}", c in "[aAbBéÉ ß\t薯]{0,4}") {
            prop_assert_eq!(general_ci(&a, &b), general_ci(&b, &a).reverse());
            if general_ci(&a, &b).is_le() && general_ci(&b, &c).is_le() {
                prop_assert!(general_ci(&a, &c).is_le());
            }
        }
    }
}
