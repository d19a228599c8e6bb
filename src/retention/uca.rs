//! Texts compared by the Unicode collation algorithm at its first level, as `MySQL`'s newer collations do: by letters, whatever
//! their case and accents.
//!
//! The weights are those of CLDR's root collation, from `icu_collator`. `MySQL`'s are of Unicode 4.0 (`unicode_ci`) and 9.0
//! (`0900_ai_ci`): characters that came later weigh something else there. Where letters of Unicode 4.0 differ, such as Polish ł,
//! which was no kind of l then, [`OF_UNICODE_4`] has what compares in their place. It was made from the weights of a MariaDB
//! server, and a test compares all characters that such a server knows.
use std::borrow::Cow;
use std::sync::LazyLock;

use icu_collator::options::{CollatorOptions, Strength};
use icu_collator::{Collator, CollatorBorrowed};

static PRIMARY: LazyLock<CollatorBorrowed<'static>> = LazyLock::new(|| {
    let mut options = CollatorOptions::default();
    options.strength = Some(Strength::Primary);
    #[expect(clippy::expect_used, reason = "the data is in the program")]
    Collator::try_new(Default::default(), options).expect("the root collation is compiled in")
});

/// Appends the key of `text` as `utf8mb4_0900_ai_ci` compares: trailing spaces count.
pub(super) fn fold_0900(text: &str, folded: &mut Vec<u8>) {
    let Ok(()) = PRIMARY.write_sort_key_to(&substituted(text, |c| replacement(&QUOTES, c)), folded);
}

/// What weighs as much as the space, with which `unicode_ci` pads the shorter text.
const SPACES: [char; 16] = [
    ' ', '\u{a0}', '\u{2000}', '\u{2001}', '\u{2002}', '\u{2003}', '\u{2004}', '\u{2005}', '\u{2006}', '\u{2007}',
    '\u{2008}', '\u{2009}', '\u{200a}', '\u{202f}', '\u{205f}', '\u{3000}',
];

/// Appends the key of `text` as `utf8mb4_unicode_ci` compares: without trailing spaces, and all characters beyond the BMP
/// alike.
pub(super) fn fold_unicode_ci(text: &str, folded: &mut Vec<u8>) {
    let text = text.trim_end_matches(SPACES);
    let weighed = |c| if u32::from(c) > 0xffff { char::REPLACEMENT_CHARACTER } else { replacement(&OF_UNICODE_4, c) };
    fold_0900(&substituted(text, weighed), folded);
}

fn substituted(text: &str, substitute: impl Fn(char) -> char) -> Cow<'_, str> {
    match text.is_ascii() {
        true => Cow::Borrowed(text),
        false => text.chars().map(substitute).collect::<String>().into(),
    }
}

fn replacement(table: &[(char, char)], c: char) -> char {
    table.binary_search_by_key(&c, |(from, _)| *from).map_or(c, |index| table[index].1)
}

/// Quotation marks, which CLDR takes for `'` and `"`, and Unicode's own table does not: each has a character of the private use
/// area in its place, which weighs as nothing else does.
#[rustfmt::skip]
const QUOTES: [(char, char); 14] = [
    ('\u{5f3}', '\u{e014}'), ('\u{5f4}', '\u{e00c}'), ('\u{2018}', '\u{e015}'), ('\u{2019}', '\u{e016}'),
    ('\u{201a}', '\u{e017}'), ('\u{201b}', '\u{e018}'), ('\u{201c}', '\u{e00d}'), ('\u{201d}', '\u{e00e}'),
    ('\u{201e}', '\u{e00f}'), ('\u{201f}', '\u{e010}'), ('\u{2e42}', '\u{e040}'), ('\u{301d}', '\u{e011}'),
    ('\u{301e}', '\u{e012}'), ('\u{301f}', '\u{e013}'),
];

/// Characters that weighed something else in Unicode 4.0, in their order, and what weighs the same in CLDR: a character of the
/// private use area for each weight that CLDR does not have.
#[rustfmt::skip]
const OF_UNICODE_4: [(char, char); 108] = [
    ('\u{ad}', '\u{e000}'), ('\u{d0}', '\u{e019}'), ('\u{d8}', '\u{e01e}'), ('\u{f0}', '\u{e019}'),
    ('\u{f8}', '\u{e01e}'), ('\u{110}', '\u{e01a}'), ('\u{111}', '\u{e01a}'), ('\u{126}', '\u{e01b}'),
    ('\u{127}', '\u{e01b}'), ('\u{13f}', '\u{e01c}'), ('\u{140}', '\u{e01c}'), ('\u{141}', '\u{e01d}'),
    ('\u{142}', '\u{e01d}'), ('\u{1fe}', '\u{e01e}'), ('\u{1ff}', '\u{e01e}'), ('\u{403}', '\u{e020}'),
    ('\u{407}', '\u{e021}'), ('\u{40e}', '\u{e024}'), ('\u{41a}', '\u{e022}'), ('\u{43a}', '\u{e022}'),
    ('\u{453}', '\u{e020}'), ('\u{457}', '\u{e021}'), ('\u{45e}', '\u{e024}'), ('\u{476}', '\u{e02f}'),
    ('\u{477}', '\u{e02f}'), ('\u{4d0}', '\u{e027}'), ('\u{4d1}', '\u{e027}'), ('\u{4d2}', '\u{e028}'),
    ('\u{4d3}', '\u{e028}'), ('\u{4d6}', '\u{e01f}'), ('\u{4d7}', '\u{e01f}'), ('\u{4da}', '\u{e030}'),
    ('\u{4db}', '\u{e030}'), ('\u{4dc}', '\u{e029}'), ('\u{4dd}', '\u{e029}'), ('\u{4de}', '\u{e02a}'),
    ('\u{4df}', '\u{e02a}'), ('\u{4e4}', '\u{e023}'), ('\u{4e5}', '\u{e023}'), ('\u{4e6}', '\u{e02b}'),
    ('\u{4e7}', '\u{e02b}'), ('\u{4ea}', '\u{e031}'), ('\u{4eb}', '\u{e031}'), ('\u{4ec}', '\u{e02e}'),
    ('\u{4ed}', '\u{e02e}'), ('\u{4f0}', '\u{e025}'), ('\u{4f1}', '\u{e025}'), ('\u{4f2}', '\u{e026}'),
    ('\u{4f3}', '\u{e026}'), ('\u{4f4}', '\u{e02c}'), ('\u{4f5}', '\u{e02c}'), ('\u{4f8}', '\u{e02d}'),
    ('\u{4f9}', '\u{e02d}'), ('\u{640}', '\u{e001}'), ('\u{6de}', '\u{1}'), ('\u{9f4}', '\u{31}'),
    ('\u{9f5}', '\u{32}'), ('\u{9f6}', '\u{33}'), ('\u{9f7}', '\u{34}'), ('\u{e4c}', '\u{e002}'),
    ('\u{e4d}', '\u{e003}'), ('\u{ecc}', '\u{e004}'), ('\u{ecd}', '\u{e005}'), ('\u{f3e}', '\u{e006}'),
    ('\u{f3f}', '\u{e007}'), ('\u{10d0}', '\u{10a0}'), ('\u{10d1}', '\u{10a1}'), ('\u{10d2}', '\u{10a2}'),
    ('\u{10d3}', '\u{10a3}'), ('\u{10d4}', '\u{10a4}'), ('\u{10d5}', '\u{10a5}'), ('\u{10d6}', '\u{10a6}'),
    ('\u{10d7}', '\u{10a7}'), ('\u{10d8}', '\u{10a8}'), ('\u{10d9}', '\u{10a9}'), ('\u{10da}', '\u{10aa}'),
    ('\u{10db}', '\u{10ab}'), ('\u{10dc}', '\u{10ac}'), ('\u{10dd}', '\u{10ad}'), ('\u{10de}', '\u{10ae}'),
    ('\u{10df}', '\u{10af}'), ('\u{10e0}', '\u{10b0}'), ('\u{10e1}', '\u{10b1}'), ('\u{10e2}', '\u{10b2}'),
    ('\u{10e3}', '\u{10b3}'), ('\u{10e4}', '\u{10b4}'), ('\u{10e5}', '\u{10b5}'), ('\u{10e6}', '\u{10b6}'),
    ('\u{10e7}', '\u{10b7}'), ('\u{10e8}', '\u{10b8}'), ('\u{10e9}', '\u{10b9}'), ('\u{10ea}', '\u{10ba}'),
    ('\u{10eb}', '\u{10bb}'), ('\u{10ec}', '\u{10bc}'), ('\u{10ed}', '\u{10bd}'), ('\u{10ee}', '\u{10be}'),
    ('\u{10ef}', '\u{10bf}'), ('\u{10f0}', '\u{10c0}'), ('\u{10f1}', '\u{10c1}'), ('\u{10f2}', '\u{10c2}'),
    ('\u{10f3}', '\u{10c3}'), ('\u{10f4}', '\u{10c4}'), ('\u{10f5}', '\u{10c5}'), ('\u{1680}', '\u{e00b}'),
    ('\u{17b4}', '\u{e008}'), ('\u{17b5}', '\u{e009}'), ('\u{180a}', '\u{e00a}'), ('\u{210f}', '\u{e01b}'),
];
