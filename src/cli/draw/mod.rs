//! Charts, as text and as SVG.
pub mod chart;
#[cfg_attr(not(feature = "svg"), expect(dead_code, reason = "only SVG draws the ticks of a time axis"))]
pub mod picture;
pub mod pictures;
#[cfg(feature = "svg")]
pub mod svg;
