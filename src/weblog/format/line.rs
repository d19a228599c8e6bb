//! The trait of every format's line reader.
use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use super::super::record::{Row, RowError};
use super::needs::Needs;

/// Reads the lines of one format.
pub(super) trait ReadLine: Any + Debug + Send + Sync {
    /// Reads `line`, which has no line end, and passes its row to `then`, at most once.
    fn read(&self, line: &[u8], then: &mut dyn FnMut(&Row<'_>)) -> Result<(), RowError>;

    /// The columns, if none of them is the host.
    fn without_host(&self) -> Option<Vec<String>>;

    /// What its columns are called.
    fn names(&self) -> Vec<String>;

    /// Whether the log has the column at this place of those that a run asks for: in its header, or in a row that was read.
    fn has_column(&self, place: usize) -> bool;

    /// Whether `line`, as it is in the log, is a header or comment and not a row.
    fn is_header(&self, _line: &[u8]) -> bool {
        false
    }

    /// Whether `line`, which cannot be read as a row, is not meant to be one: a comment, `sep=;`.
    fn is_remark(&self, _line: &[u8]) -> bool {
        false
    }

    /// The reader for what follows `line`, which cannot be read as a row, if it is a header of other columns.
    fn renamed_by(&self, _line: &[u8], _needs: &Needs) -> Option<Arc<dyn ReadLine>> {
        None
    }

    /// The reader for what follows `line`, if that names other columns than those before it.
    fn changed_by(&self, _line: &[u8], _needs: &Needs) -> Option<Arc<dyn ReadLine>> {
        None
    }

    /// Whether a later line may change what the columns are.
    fn may_change(&self) -> bool {
        false
    }
}
