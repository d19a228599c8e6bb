//! Numbers written in decimal digits.

/// Parses `text` if it is `least` to `most` digits and nothing else. None otherwise. `most` is at most 9, so that the number
/// fits.
pub(super) fn number(text: &[u8], least: usize, most: usize) -> Option<u32> {
    debug_assert!(most <= 9, "more digits may not fit");
    let is_number = (least..=most).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    is_number.then(|| text.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
}
