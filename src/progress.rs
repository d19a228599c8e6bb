//! How long-running work reports progress without knowing who listens.

/// Receives progress. Called often and from any thread, so it must be cheap.
pub trait Progress: Sync {
    /// Another `bytes` bytes of the input have been read.
    fn advance(&self, bytes: u64);
}

/// For runs that show no progress.
impl Progress for () {
    fn advance(&self, _bytes: u64) {}
}
