//! Charts, as text and as SVG.
pub(super) mod chart;
#[cfg_attr(not(feature = "svg"), expect(dead_code, reason = "only SVG draws the ticks of a time axis"))]
pub(super) mod picture;
pub(super) mod pictures;
#[cfg(feature = "svg")]
pub(super) mod svg;
