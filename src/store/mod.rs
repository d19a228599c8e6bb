//! Stores of ballots. A store is a folder here that implements [`BallotBox`], and an arm in [`place_of`].
#[cfg(feature = "mysql")]
mod mysql;
mod place;
mod sqlite;

use std::path::Path;

use crate::ballot::{BallotBox, BoxError, Setup};
use crate::dial::Address;
use place::Place;

/// The place with this `name`: a path, or the URL of a store.
fn place_of(name: &str) -> Result<Box<dyn Place + '_>, BoxError> {
    match name.split_once("://") {
        None => Ok(Box::new(sqlite::FilePlace(Path::new(name)))),
        Some(("sqlite", path)) => Ok(Box::new(sqlite::FilePlace(Path::new(path)))),
        #[cfg(feature = "mysql")]
        Some(_) if Address::is_url(name) => Ok(Box::new(mysql::DatabasePlace(name))),
        #[cfg(not(feature = "mysql"))]
        Some(_) if Address::is_url(name) => {
            let reason = "this votekit was built without the feature mysql".to_owned();
            Err(BoxError::Foreign { place: crate::dial::without_password(name), reason })
        }
        Some((scheme, _)) => {
            let reason = format!("votekit keeps ballots in files and on mysql://, it does not know {scheme}:// (yet)");
            Err(BoxError::Foreign { place: format!("{scheme}://…"), reason })
        }
    }
}

/// Opens the box at `place`: the path of a file, `sqlite://` and a path, or `mysql://USER@HOST/DATABASE`.
///
/// # Errors
/// When there is none, something else is there, or it cannot be read. In these cases nothing is touched.
pub fn open(place: &str) -> Result<Box<dyn BallotBox>, BoxError> {
    place_of(place)?.open()
}

/// Creates a new box at `place` and opens it. It appears complete or not at all.
///
/// # Errors
/// [`BoxError::Setup`] or [`BoxError::Candidate`] when `setup` is not possible; [`BoxError::Exists`] when something is at
/// `place`; otherwise when it cannot be written.
pub fn create(place: &str, setup: &Setup) -> Result<Box<dyn BallotBox>, BoxError> {
    setup.check()?;
    place_of(place)?.create(setup)
}
