//! How many groups are kept, in how much memory, and what happens when that is not enough.
use std::io;

/// How groups are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupOptions {
    /// Keep only the groups with the most bytes, at least 1, and one sum for all others. None: keep all.
    pub top: Option<usize>,
    /// The memory of all workers' tables together.
    pub memory_bytes: usize,
    /// How many workers share that memory, at least 1.
    pub workers: usize,
    /// Whether tables that outgrow the memory go to temporary files; then [`Groups::so_far`](super::Groups::so_far) fails.
    pub may_spill: bool,
}

impl GroupOptions {
    /// What tables may take at a time; the last third of the memory is for bringing them together.
    pub(super) fn table_bytes(&self) -> usize {
        self.memory_bytes / 3 * 2 / self.workers.max(1)
    }

    /// The error of groups that outgrew the memory.
    pub(super) fn too_many(&self) -> GroupError {
        GroupError::TooMany { memory_bytes: self.memory_bytes }
    }
}

/// Why groups cannot be counted.
#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    /// There are more groups than fit in memory.
    #[error("the groups need more than {} MiB of memory", memory_bytes >> 20)]
    TooMany {
        /// The memory that they may take.
        memory_bytes: usize,
    },
    /// A temporary file cannot be written or read.
    #[error("cannot keep groups in a temporary file in {}", folder.display())]
    Spill {
        /// The directory of temporary files.
        folder: std::path::PathBuf,
        /// The cause.
        #[source]
        cause: io::Error,
    },
}

impl GroupError {
    pub(super) fn spill(cause: io::Error) -> GroupError {
        GroupError::Spill { folder: std::env::temp_dir(), cause }
    }
}

/// What a group of the result takes beside its key.
pub(super) const GROUP_BYTES: usize = 256;
