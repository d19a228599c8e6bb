//! Charts, as text and as SVG.
pub mod chart;
pub mod picture;
pub mod pictures;
pub mod svg;
