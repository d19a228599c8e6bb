//! Follows a growing file by name, like `tail -F`, through truncation and rotation.
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::input::{Input, SourceError};
use super::line_ends::{first_cut, last_cut};

/// A change to a followed file since the last poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// The lines that follow are from the beginning of a file.
    Began(Beginning),
    /// Whole lines, each with its line end; the last line of a file that was rotated away may lack it. An overlong line is cut
    /// to just over the limit, so that readers still reject it.
    Lines(&'a [u8]),
    /// No file has the name now. Reported once; a file that is still open is read on.
    Missing,
}

/// Why a file is read from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// It is the first file of that name.
    First,
    /// It is now shorter than what was read: it is being rewritten.
    Truncated {
        /// Bytes of an unfinished last line, which were in no event and are lost.
        lost_bytes: usize,
    },
    /// Another file took over the name.
    Rotated,
}

/// Follows one file by name.
#[derive(Debug)]
pub struct Tail {
    path: PathBuf,
    line_bytes_max: usize,
    open: Option<Open>,
    missing_reported: bool,
    buffer: Vec<u8>,
}

#[derive(Debug)]
struct Open {
    file: File,
    identity: (u64, u64),
    read_bytes: u64,
    /// The beginning of a line whose newline is not written yet.
    partial: Vec<u8>,
}

const CHUNK_BYTES: usize = 1 << 20;

impl Tail {
    /// Follows `path`, which need not exist yet. Lines longer than `line_bytes_max` are cut.
    pub fn new(path: &Path, line_bytes_max: usize) -> Self {
        let path = path.to_owned();
        Tail { path, line_bytes_max, open: None, missing_reported: false, buffer: vec![0; CHUNK_BYTES] }
    }

    /// Passes what happened since the last call to `each` and returns whether anything did. Never waits.
    ///
    /// # Errors
    /// When the file exists but cannot be read; any error of `each`.
    pub fn poll<E: From<SourceError>>(&mut self, each: &mut dyn FnMut(Event) -> Result<(), E>) -> Result<bool, E> {
        let found = match self.path.metadata() {
            Ok(meta) if meta.is_file() => Some((meta.dev(), meta.ino())),
            // Opening a pipe would wait for its writer; reading a folder would fail later, with a less helpful error.
            Ok(_) => return Err(self.error(io::Error::other("only a regular file can be followed"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(self.error(error)),
        };
        let mut happened = false;
        if let Some(mut open) = self.open.take() {
            happened |= self.read_on(&mut open, each)?;
            let is_replaced = found.is_some_and(|identity| identity != open.identity);
            if is_replaced {
                // The writer has moved on to the new file, so a last line without a newline is complete.
                if !open.partial.is_empty() {
                    each(Event::Lines(&open.partial))?;
                }
                return self.begin(Beginning::Rotated, each).map(|began| began || happened);
            }
            self.open = Some(open);
        }
        match found {
            None if !self.missing_reported => {
                self.missing_reported = true;
                each(Event::Missing)?;
                Ok(true)
            }
            None => Ok(happened),
            Some(_) => {
                self.missing_reported = false;
                if self.open.is_some() { Ok(happened) } else { self.begin(Beginning::First, each) }
            }
        }
    }

    fn begin<E: From<SourceError>>(
        &mut self,
        why: Beginning,
        each: &mut dyn FnMut(Event) -> Result<(), E>,
    ) -> Result<bool, E> {
        let opened = File::open(&self.path).and_then(|file| Ok((file.metadata()?, file)));
        let (meta, file) = match opened {
            Ok(opened) => opened,
            // The file has just gone; the next poll reports it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(self.error(error)),
        };
        each(Event::Began(why))?;
        let mut open = Open { file, identity: (meta.dev(), meta.ino()), read_bytes: 0, partial: Vec::new() };
        self.read_on(&mut open, each)?;
        self.open = Some(open);
        Ok(true)
    }

    /// Reads new content up to the current end of the file.
    fn read_on<E: From<SourceError>>(
        &mut self,
        open: &mut Open,
        each: &mut dyn FnMut(Event) -> Result<(), E>,
    ) -> Result<bool, E> {
        let mut happened = false;
        let length = open.file.metadata().map_err(|error| self.error(error))?.len();
        if length < open.read_bytes {
            each(Event::Began(Beginning::Truncated { lost_bytes: open.partial.len() }))?;
            open.partial.clear();
            open.read_bytes = 0;
            open.file.seek(SeekFrom::Start(0)).map_err(|error| self.error(error))?;
            happened = true;
        }
        loop {
            let read = match open.file.read(&mut self.buffer) {
                Ok(0) => return Ok(happened),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.error(error)),
            };
            happened = true;
            open.read_bytes += read as u64;
            let new = &self.buffer[..read];
            let Some(end) = last_cut(new, 0..new.len()) else {
                keep_partial(&mut open.partial, new, self.line_bytes_max);
                continue;
            };
            let (mut lines, rest) = new.split_at(end);
            if !open.partial.is_empty() {
                let first = first_cut(lines, 0..lines.len()).unwrap_or(lines.len());
                keep_partial(&mut open.partial, &lines[..first - 1], self.line_bytes_max);
                open.partial.push(b'\n');
                each(Event::Lines(&open.partial))?;
                open.partial.clear();
                lines = &lines[first..];
            }
            if !lines.is_empty() {
                each(Event::Lines(lines))?;
            }
            keep_partial(&mut open.partial, rest, self.line_bytes_max);
        }
    }

    fn error<E: From<SourceError>>(&self, cause: io::Error) -> E {
        Input::Path(self.path.clone()).error(cause).into()
    }
}

/// Appends `more` to `partial`, at most up to one byte over the limit: enough to show that the line is too long.
fn keep_partial(partial: &mut Vec<u8>, more: &[u8], line_bytes_max: usize) {
    let room = (line_bytes_max + 1).saturating_sub(partial.len());
    partial.extend_from_slice(&more[..more.len().min(room)]);
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    fn events(tail: &mut Tail) -> Vec<String> {
        let mut events = Vec::new();
        tail.poll::<SourceError>(&mut |event| {
            events.push(match event {
                Event::Lines(lines) => String::from_utf8_lossy(lines).into_owned(),
                other => format!("{other:?}"),
            });
            Ok(())
        })
        .unwrap();
        events
    }

    fn append(path: &Path, text: &str) {
        let mut file = fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn a_file_is_followed_through_growth_truncation_and_rotation() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut tail = Tail::new(&path, 100);
        assert_eq!(events(&mut tail), ["Missing"]);
        assert!(events(&mut tail).is_empty(), "reported once");

        append(&path, "one\ntw");
        assert_eq!(events(&mut tail), ["Began(First)", "one\n"]);
        append(&path, "o\nthree\n");
        assert_eq!(events(&mut tail), ["two\n", "three\n"]);
        assert!(events(&mut tail).is_empty());

        append(&path, "half");
        assert!(events(&mut tail).is_empty());
        fs::write(&path, "new\n").unwrap();
        assert_eq!(events(&mut tail), ["Began(Truncated { lost_bytes: 4 })", "new\n"]);

        append(&path, "last before\nwithout end");
        fs::rename(&path, folder.path().join("log.1")).unwrap();
        assert_eq!(events(&mut tail), ["last before\n", "Missing"]);
        append(&folder.path().join("log.1"), ", late\nmore");
        append(&path, "first after\n");
        assert_eq!(events(&mut tail), ["without end, late\n", "more", "Began(Rotated)", "first after\n"]);
    }

    #[test]
    fn a_line_over_the_limit_comes_cut_and_over_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut tail = Tail::new(&path, 10);
        append(&path, "abc");
        events(&mut tail);
        for _ in 0..3 {
            append(&path, &"x".repeat(2 << 20));
            assert!(events(&mut tail).is_empty());
        }
        append(&path, "\nnext\n");
        assert_eq!(events(&mut tail), ["abcxxxxxxxx\n", "next\n"]);
    }

    #[test]
    fn what_is_not_a_regular_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let result = Tail::new(folder.path(), 10).poll::<SourceError>(&mut |_| Ok(()));
        assert!(result.unwrap_err().cause.to_string().contains("regular file"));
    }
}
