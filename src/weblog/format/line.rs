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

    /// Whether the raw `line` is a header or comment rather than a row.
    fn is_header(&self, _line: &[u8]) -> bool {
        false
    }

    /// The reader for the lines after `line`, if that changes the columns.
    fn changed_by(&self, _line: &[u8], _needs: &Needs) -> Option<Arc<dyn ReadLine>> {
        None
    }

    /// Whether a later line may change what the columns are.
    fn may_change(&self) -> bool {
        false
    }
}
