//! How long work tells how far it is, without knowing who looks.

/// Takes note of work done. Called from any thread, often: keep it cheap.
pub trait Progress: Sync {
    /// `bytes` more of the input have been read.
    fn advance(&self, bytes: u64);
}

/// Nobody looks.
impl Progress for () {
    fn advance(&self, _bytes: u64) {}
}
