//! Limits on the number of groups and their memory.
use std::io;

/// How many groups are kept, and in how much memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupOptions {
    /// Keep only this many groups (at least 1), those with the most bytes, and one sum for the rest. None keeps all.
    pub top: Option<usize>,
    /// Memory limit for all workers together, in bytes.
    pub memory_bytes: usize,
    /// The number of workers that share the memory, at least 1.
    pub workers: usize,
    /// Whether tables that outgrow the memory are written to temporary files, after which
    /// [`Groups::so_far`](super::Groups::so_far) fails.
    pub may_spill: bool,
}

impl GroupOptions {
    /// Memory limit of one worker's table. A third of the memory is reserved for merging.
    pub(super) fn table_bytes(&self) -> usize {
        self.memory_bytes / 3 * 2 / self.workers.max(1)
    }

    /// The error for groups that outgrew the memory.
    pub(super) fn too_many(&self) -> GroupError {
        GroupError::TooMany { memory_bytes: self.memory_bytes }
    }
}

/// Why groups cannot be counted.
#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    /// There are more groups than fit into the memory limit.
    #[error("the groups need more than {} MiB of memory", memory_bytes >> 20)]
    TooMany {
        /// The memory limit in bytes.
        memory_bytes: usize,
    },
    /// A temporary file cannot be written or read.
    #[error("cannot keep groups in a temporary file in {}", folder.display())]
    Spill {
        /// The directory of temporary files.
        folder: std::path::PathBuf,
        /// What the system reported about the temporary file.
        #[source]
        cause: io::Error,
    },
}

impl GroupError {
    pub(super) fn spill(cause: io::Error) -> GroupError {
        GroupError::Spill { folder: std::env::temp_dir(), cause }
    }
}

/// Memory of a group in the result, without its key.
pub(super) const GROUP_BYTES: usize = 256;
