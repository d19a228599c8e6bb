//! Byte sizes: `256MiB`, `2GB`, `1000000`.
use std::fmt;
use std::str::FromStr;

use unit_prefix::NumberPrefix;

/// A number of bytes, as options take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

/// Binary units, the largest first.
const BINARY: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

/// Why a text is not a byte size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ByteSizeError {
    /// The unit is unknown.
    #[error("write a number of bytes with a unit, as in 256MiB or 2GiB")]
    Unit,
    /// The number is missing or does not fit into 64 bits.
    #[error("not a number of bytes: write 256MiB or 2GiB")]
    Number,
}

impl FromStr for ByteSize {
    type Err = ByteSizeError;

    /// Digits and a unit in any case: `KiB`, `MiB`, `GiB` (or `K`, `M`, `G`), decimal `kB`, `MB`, `GB`, or `B` or no unit
    /// for bytes.
    fn from_str(text: &str) -> Result<Self, ByteSizeError> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kib" => 1 << 10,
            "m" | "mib" => 1 << 20,
            "g" | "gib" => 1 << 30,
            "kb" => 1_000,
            "mb" => 1_000_000,
            "gb" => 1_000_000_000,
            _ => return Err(ByteSizeError::Unit),
        };
        let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
        bytes.map(ByteSize).ok_or(ByteSizeError::Number)
    }
}

/// `256MiB`: exact, in the largest binary unit that divides the number.
impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let divides = |(_, factor): &&(&str, u64)| self.0 >= *factor && self.0.is_multiple_of(*factor);
        match BINARY.iter().find(divides) {
            Some((unit, factor)) => write!(f, "{}{unit}", self.0 / factor),
            None => write!(f, "{}", self.0),
        }
    }
}

/// `12149873664` as `12.1 GB`: in decimal (SI) units with one decimal place.
pub fn human(bytes: u128) -> String {
    // 999.95 and more would round to 1000.0. A slight increase moves it to 1.0 of the next unit.
    let lifted = match NumberPrefix::decimal(bytes as f64) {
        NumberPrefix::Prefixed(_, amount) if amount >= 999.95 => bytes as f64 * 1.0001,
        _ => bytes as f64,
    };
    match NumberPrefix::decimal(lifted) {
        NumberPrefix::Standalone(amount) => format!("{amount} B"),
        NumberPrefix::Prefixed(prefix, amount) => format!("{amount:.1} {prefix}B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes_as_people_write_them() {
        for (text, expected) in [
            ("256MiB", Ok(256 << 20)),
            ("256m", Ok(256 << 20)),
            ("2 GiB", Ok(2 << 30)),
            ("10kB", Ok(10_000)),
            ("2GB", Ok(2_000_000_000)),
            ("1000000", Ok(1_000_000)),
            ("0b", Ok(0)),
            ("17179869183GiB", Ok(u64::MAX - (1 << 30) + 1)),
            ("17179869184GiB", Err(ByteSizeError::Number)),
            ("MiB", Err(ByteSizeError::Number)),
            ("", Err(ByteSizeError::Number)),
            ("-1", Err(ByteSizeError::Unit)),
            ("1.5GiB", Err(ByteSizeError::Unit)),
            ("1TiB", Err(ByteSizeError::Unit)),
        ] {
            assert_eq!(text.parse(), expected.map(ByteSize), "{text:?}");
        }
        assert_eq!(ByteSize(256 << 20).to_string(), "256MiB");
        assert_eq!(ByteSize(1500).to_string(), "1500");
    }

    #[test]
    fn bytes_for_people_have_decimal_units_and_one_place() {
        for (number, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (1049, "1.0 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (999_999_999, "1.0 GB"),
            (12_149_873_664, "12.1 GB"),
            (u128::from(u64::MAX), "18.4 EB"),
        ] {
            assert_eq!(human(number), text, "{number}");
        }
    }

    proptest! {
        #[test]
        fn any_text_may_be_given(text: String, near in "[0-9]{0,21} ?[kKmMgGiIbBé]{0,3}") {
            let _ = text.parse::<ByteSize>();
            let _ = near.parse::<ByteSize>();
        }

        #[test]
        fn a_size_is_read_as_it_is_written(number: u64, shift in 0u32..64) {
            let size = ByteSize(number << shift);
            prop_assert_eq!(size.to_string().parse(), Ok(size));
        }
    }
}
