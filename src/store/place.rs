//! Places of boxes: what every store offers before a box is open.
use crate::ballot::{BallotBox, BoxError, Setup};

/// A place where a box is or can be created.
pub(super) trait Place {
    /// Opens the box at this place.
    ///
    /// # Errors
    /// When there is none, something else is there, or it cannot be read. In these cases nothing is touched.
    fn open(&self) -> Result<Box<dyn BallotBox>, BoxError>;

    /// Creates a new box for a checked `setup`, and opens it. It appears complete or not at all.
    ///
    /// # Errors
    /// [`BoxError::Exists`] when something is there; otherwise when it cannot be written.
    fn create(&self, setup: &Setup) -> Result<Box<dyn BallotBox>, BoxError>;
}
