//! A place for a box: what every kind of store offers before a box is open.
use crate::ballot::{BallotBox, BoxError, Setup};

/// Where a box is or may be made.
pub(super) trait Place {
    /// Opens the box at this place.
    ///
    /// # Errors
    /// When there is none, when something else is there, or when it cannot be read; it is never touched then.
    fn open(&self) -> Result<Box<dyn BallotBox>, BoxError>;

    /// Makes a new box here for a `setup` that was checked, and opens it. It appears whole or not at all.
    ///
    /// # Errors
    /// [`BoxError::Exists`] when something is there; otherwise when it cannot be written.
    fn create(&self, setup: &Setup) -> Result<Box<dyn BallotBox>, BoxError>;
}
