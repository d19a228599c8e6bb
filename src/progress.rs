//! How long-running work reports how far it is, without knowing who listens.

/// A sink for progress. Called from any thread, often: keep it cheap.
pub trait Progress: Sync {
    /// `bytes` more of the input have been read.
    fn advance(&self, bytes: u64);
}

/// Ignores it.
impl Progress for () {
    fn advance(&self, _bytes: u64) {}
}
