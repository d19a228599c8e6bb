//! Why the service could not start or go on.
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::ballot::BoxError;

/// Why the service could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address and port.
        address: SocketAddr,
        /// What the system reported.
        source: io::Error,
    },
    /// The Unix socket cannot be made.
    #[error("cannot listen on unix:{path}", path = path.display())]
    ListenUnix {
        /// The socket's path, as `--listen` gave it.
        path: PathBuf,
        /// What the system reported.
        source: io::Error,
    },
    /// The votes cannot be read.
    #[error(transparent)]
    Box(#[from] BoxError),
    /// The system refused to start a thread.
    #[error("the system refused to start a thread")]
    Thread(#[source] io::Error),
    /// The writer or reader thread ended, which is a bug.
    #[error("a part of the service ended before the service did: this is a bug in votekit, please report it")]
    ThreadEnded,
}
