//! A file that is read at any position, without the NULs that it may begin with.
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;

/// A file that is read at any position. Positions count from where its content begins.
#[derive(Debug)]
pub(super) struct Positioned {
    file: File,
    /// How many NULs come before the content.
    nuls: u64,
}

/// So many NULs at the beginning are none of the content. A log that was truncated by `copytruncate` while its writer kept
/// its old position begins with a hole as long as the old log. Fewer may be UTF-16.
const NULS_MIN: usize = 8;
const CHUNK_BYTES: usize = 64 << 10;

impl Positioned {
    /// `file`, from the first byte on that is not a NUL.
    pub(super) fn new(file: File) -> io::Result<Self> {
        let mut found = Positioned { file, nuls: 0 };
        if found.read_at_most(0, NULS_MIN)? != [0; NULS_MIN] {
            return Ok(found);
        }
        loop {
            let chunk = found.read_at_most(0, CHUNK_BYTES)?;
            match chunk.iter().position(|byte| *byte != 0) {
                Some(at) => {
                    found.nuls += at as u64;
                    return Ok(found);
                }
                None if chunk.is_empty() => return Ok(found),
                None => found.nuls += chunk.len() as u64,
            }
        }
    }

    /// How many NULs come before the content.
    pub(super) fn nuls(&self) -> u64 {
        self.nuls
    }

    /// Reads into `buffer` from `offset` on.
    pub(super) fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, self.nuls + offset)
    }

    /// Up to `bytes_max` bytes from `offset` on; fewer only at the end.
    pub(super) fn read_at_most(&self, offset: u64, bytes_max: usize) -> io::Result<Vec<u8>> {
        let mut head = vec![0; bytes_max];
        let mut filled = 0;
        while filled < bytes_max {
            match self.read_at(&mut head[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        head.truncate(filled);
        Ok(head)
    }

    /// The file from its beginning, NULs and all, to be read once.
    pub(super) fn into_file(self) -> File {
        self.file
    }
}

/// A stream without the NULs that it may begin with.
pub(super) struct WithoutNuls<R> {
    reader: io::Chain<io::Cursor<Vec<u8>>, R>,
    is_skipping: bool,
}

impl<R: Read> WithoutNuls<R> {
    /// `reader`, from the first byte on that is not a NUL.
    pub(super) fn new(mut reader: R) -> io::Result<Self> {
        let mut head = Vec::with_capacity(NULS_MIN);
        (&mut reader).take(NULS_MIN as u64).read_to_end(&mut head)?;
        let is_skipping = head == [0; NULS_MIN];
        Ok(WithoutNuls { reader: io::Cursor::new(head).chain(reader), is_skipping })
    }
}

impl<R: Read> Read for WithoutNuls<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.reader.read(buffer)?;
            if !self.is_skipping || read == 0 {
                return Ok(read);
            }
            if let Some(at) = buffer[..read].iter().position(|byte| *byte != 0) {
                self.is_skipping = false;
                buffer.copy_within(at..read, 0);
                return Ok(read - at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn nuls_at_the_beginning_are_not_content() {
        for (nuls, kept) in [(0, 0), (1, 1), (7, 7), (8, 0), (200_000, 0)] {
            let content = [&vec![0; nuls][..], b"row\0\n"].concat();
            let expected = [&vec![0; kept][..], b"row\0\n"].concat();
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&content).unwrap();
            let positioned = Positioned::new(file).unwrap();
            assert_eq!(positioned.read_at_most(0, 100).unwrap(), expected);
            let mut streamed = Vec::new();
            WithoutNuls::new(&content[..]).unwrap().read_to_end(&mut streamed).unwrap();
            assert_eq!(streamed, expected);
        }
        let mut all = Vec::new();
        WithoutNuls::new(&[0; 100][..]).unwrap().read_to_end(&mut all).unwrap();
        assert!(all.is_empty());
    }
}
