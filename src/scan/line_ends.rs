//! Where text may be cut between lines: after a `\n`, and after a `\r` that neither `\r` nor `\n` follows. Which lines there are
//! between two cuts is for `rows` to say.
use std::ops::Range;

/// The first cut after one of the bytes at `ends` of `text`: the index of the next line. A `\r` at the end of `text` is not a
/// cut, since what follows it is not known.
pub(super) fn first_cut(text: &[u8], ends: Range<usize>) -> Option<usize> {
    let mut at = ends.start;
    loop {
        let found = memchr::memchr2(b'\n', b'\r', text.get(at..ends.end.min(text.len()))?)?;
        at += found + 1;
        if is_cut(text, at) {
            return Some(at);
        }
    }
}

/// The last cut after one of the bytes at `ends` of `text`.
pub(super) fn last_cut(text: &[u8], ends: Range<usize>) -> Option<usize> {
    let mut end = ends.end.min(text.len());
    loop {
        let found = memchr::memrchr2(b'\n', b'\r', text.get(ends.start..end)?)?;
        end = ends.start + found;
        if is_cut(text, end + 1) {
            return Some(end + 1);
        }
    }
}

/// Whether a line ends just before `at`, where a `\n` or `\r` is.
fn is_cut(text: &[u8], at: usize) -> bool {
    text[at - 1] == b'\n' || text.get(at).is_some_and(|next| !matches!(next, b'\r' | b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_are_between_lines_of_every_kind() {
        let text = b"a\r\nb\rc\r\r\nd\n\r\re\r";
        let cuts: Vec<usize> = (0..text.len()).filter_map(|at| first_cut(text, at..at + 1)).collect();
        assert_eq!(cuts, [3, 5, 9, 11, 13]);
        assert_eq!((first_cut(text, 3..text.len()), first_cut(text, 13..text.len())), (Some(5), None));
        assert_eq!(
            (last_cut(text, 0..text.len()), last_cut(text, 0..8), last_cut(text, 0..2)),
            (Some(13), Some(5), None)
        );
    }
}
