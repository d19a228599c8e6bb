//! QR codes.
use qrcodegen::{QrCode, QrCodeEcc};

/// Modules of the white border that readers need.
const BORDER: i32 = 4;

/// A QR code as a path of an SVG.
#[derive(Debug)]
pub(super) struct Qr {
    /// Width and height of the picture, its white border included, in modules.
    pub size: i32,
    /// The dark modules.
    pub path: String,
}

/// The QR code of `text`; None if that is too long for one.
pub(super) fn of(text: &str) -> Option<Qr> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let size = code.size();
    let places = (0..size).flat_map(|y| (0..size).map(move |x| (x, y)));
    let dark = places.filter(|(x, y)| code.get_module(*x, *y));
    let path = dark.map(|(x, y)| format!("M{},{}h1v1h-1z", x + BORDER, y + BORDER)).collect();
    Some(Qr { size: size + 2 * BORDER, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a reader of QR codes makes of the picture.
    fn read(qr: &Qr) -> String {
        let size = usize::try_from(qr.size - 2 * BORDER).unwrap();
        let offset = usize::try_from(BORDER).unwrap();
        let is_dark = |x: usize, y: usize| qr.path.contains(&format!("M{},{}h", x + offset, y + offset));
        let grid = rqrr::Grid::new(rqrr::SimpleGrid::from_func(size, is_dark));
        grid.decode().unwrap().1
    }

    #[test]
    fn a_reader_reads_the_address() {
        for address in ["http://192.168.1.20:5000/", "https://vote.example/a/rather/long/path/to/the/poll/of/tonight/"]
        {
            assert_eq!(read(&of(address).unwrap()), address);
        }
        assert!(of(&"x".repeat(3000)).is_none(), "too long for any code");
    }

    #[test]
    fn a_white_border_is_left() {
        let qr = of("x").unwrap();
        for edge in 0..BORDER {
            for far in [edge, qr.size - 1 - edge] {
                assert!(!qr.path.contains(&format!("M{far},")) && !qr.path.contains(&format!(",{far}h")), "{far}");
            }
        }
    }
}
