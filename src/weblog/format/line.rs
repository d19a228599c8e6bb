//! What every format's reader of lines can do.
use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;

use super::super::record::{Row, RowError};
use super::needs::Needs;

/// Reads the lines of a log of one format.
pub(super) trait ReadLine: Any + Debug + Send + Sync {
    /// Reads `line`, which has no line end, and hands its row to `then`: once, or not at all.
    fn read(&self, line: &[u8], then: &mut dyn FnMut(&Row<'_>)) -> Result<(), RowError>;

    /// Its columns, if none of them is the host.
    fn without_host(&self) -> Option<Vec<String>>;

    /// Whether `line`, as it stands in the log, is a header or comment and not a row.
    fn is_header(&self, _line: &[u8]) -> bool {
        false
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
