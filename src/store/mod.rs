//! Where ballots are kept: [`BallotBox`] in SQLite; another store is another file here and an arm in [`open`] and
//! [`create`].
mod sqlite;

use std::path::Path;

use crate::ballot::{BallotBox, BoxError, Setup};

/// What `place` names.
enum Place<'a> {
    File(&'a Path),
}

fn place_of(place: &str) -> Result<Place<'_>, BoxError> {
    match place.split_once("://") {
        None | Some(("sqlite", _)) => Ok(Place::File(Path::new(place.strip_prefix("sqlite://").unwrap_or(place)))),
        Some((scheme, _)) => {
            let reason = format!("votekit keeps ballots in files, it does not know {scheme}:// (yet)");
            Err(BoxError::Foreign { place: format!("{scheme}://…"), reason })
        }
    }
}

/// Opens the box at `place`: a file's path, or `sqlite://` and a path.
///
/// # Errors
/// When there is none, when it is something else, and when it cannot be read; it is never touched then.
pub fn open(place: &str) -> Result<Box<dyn BallotBox>, BoxError> {
    match place_of(place)? {
        Place::File(path) => Ok(Box::new(sqlite::SqliteBox::open(path)?)),
    }
}

/// Makes a new box at `place` and opens it. It appears there whole or not at all.
///
/// # Errors
/// [`BoxError::Exists`] when something is there; [`BoxError::Setup`] or [`BoxError::Candidate`] when `setup` cannot be
/// meant; otherwise when it cannot be written.
pub fn create(place: &str, setup: &Setup) -> Result<Box<dyn BallotBox>, BoxError> {
    setup.check()?;
    match place_of(place)? {
        Place::File(path) => {
            sqlite::create(path, setup)?;
            open(place)
        }
    }
}
