//! Work on several threads. A panic in one of them is resumed in the thread that joins it.
use std::panic::resume_unwind;
use std::thread;

/// The value of a joined thread; resumes its panic.
pub fn returned<T>(joined: thread::Result<T>) -> T {
    joined.unwrap_or_else(|panic| resume_unwind(panic))
}

/// Runs `work` on `threads` threads, of which the calling thread is one. Returns their results, its own first.
pub fn on_each<T: Send>(threads: usize, work: impl Fn() -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(&work)).collect();
        let mut all = vec![work()];
        all.extend(others.into_iter().map(|other| returned(other.join())));
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::catch_unwind;

    #[test]
    fn every_thread_works_and_a_panic_is_not_lost() {
        for (threads, expected) in [(0, 1), (1, 1), (3, 3)] {
            assert_eq!(on_each(threads, || ()).len(), expected);
        }
        let first = thread::current().id();
        let panicking = || {
            on_each(2, || assert!(thread::current().id() == first, "a bug in the other thread"));
        };
        let panic = catch_unwind(panicking).unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"a bug in the other thread"));
    }
}
