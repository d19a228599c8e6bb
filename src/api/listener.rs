//! Where the service listens: TCP, a Unix socket, or a socket that systemd hands over.
use std::fmt;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener as StdTcpListener};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener as StdUnixListener, UnixStream as StdUnixStream};
use std::path::{Path, PathBuf};

use tokio::net::{TcpListener, TcpSocket, TcpStream, UnixListener, UnixStream};

use super::error::ServeError;

/// Connections that the system holds until they are accepted.
const BACKLOG: u32 = 4096;
/// Anybody on this machine may connect, as to 127.0.0.1: the rights of the folder say otherwise where that is not wanted.
const SOCKET_MODE: u32 = 0o666;

/// Where to listen, and whether the socket exists already.
#[derive(Debug)]
pub enum Listen {
    /// On a new TCP socket.
    Address(SocketAddr),
    /// On a new Unix socket at this path. A socket left there by a process that has ended is replaced.
    Unix(PathBuf),
    /// On a TCP socket that listens already, as systemd hands it over.
    Socket(StdTcpListener),
    /// On a Unix socket that listens already.
    UnixSocket(StdUnixListener),
}

/// Where a service is reached: `http://127.0.0.1:5000`, `unix:/run/votekit/socket`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// An address and a port.
    Address(SocketAddr),
    /// Over a Unix socket.
    Unix(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Address(address) => write!(f, "http://{address}"),
            Place::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// A socket that listens.
pub(super) enum Listener {
    Tcp(TcpListener),
    /// With the file that goes when the service ends, if this service made it.
    Unix(UnixListener, #[expect(dead_code, reason = "only dropped")] Option<SocketFile>),
}

/// A connection, and the address of its client.
pub(super) enum Accepted {
    Tcp(TcpStream, IpAddr),
    /// A client of a Unix socket is on this machine: it counts as 127.0.0.1.
    Unix(UnixStream, IpAddr),
}

impl Listener {
    /// Listens. Must be called within a runtime.
    ///
    /// # Errors
    /// When the system refuses, or another process already listens there.
    pub(super) fn open(listen: Listen) -> Result<Self, ServeError> {
        match listen {
            Listen::Address(address) => {
                let listener = tcp(address).map_err(|source| ServeError::Listen { address, source })?;
                Ok(Listener::Tcp(listener))
            }
            Listen::Unix(path) => unix(&path).map_err(|source| ServeError::ListenUnix { path: path.clone(), source }),
            Listen::Socket(socket) => {
                let listener = socket.set_nonblocking(true).and_then(|()| TcpListener::from_std(socket));
                listener.map(Listener::Tcp).map_err(ServeError::Thread)
            }
            Listen::UnixSocket(socket) => {
                let listener = socket.set_nonblocking(true).and_then(|()| UnixListener::from_std(socket));
                listener.map(|listener| Listener::Unix(listener, None)).map_err(ServeError::Thread)
            }
        }
    }

    /// Where it listens, with the real port if 0 was asked for.
    ///
    /// # Errors
    /// When the system does not tell.
    pub(super) fn place(&self) -> io::Result<Place> {
        match self {
            Listener::Tcp(listener) => listener.local_addr().map(Place::Address),
            Listener::Unix(listener, _) => {
                let address = listener.local_addr()?;
                Ok(Place::Unix(address.as_pathname().map_or_else(PathBuf::new, Path::to_owned)))
            }
        }
    }

    /// The next connection.
    ///
    /// # Errors
    /// When the system refuses, as when no more files may be open.
    pub(super) async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Listener::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                // Responses are small and complete, so waiting for more gains nothing. If the socket is gone, the next write
                // fails.
                let _ = stream.set_nodelay(true);
                Ok(Accepted::Tcp(stream, peer.ip()))
            }
            Listener::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                Ok(Accepted::Unix(stream, IpAddr::V4(Ipv4Addr::LOCALHOST)))
            }
        }
    }
}

fn tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A service that is started again need not wait until the connections of the last one are forgotten.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener: StdTcpListener = socket.listen(BACKLOG)?.into_std()?;
    TcpListener::from_std(listener)
}

fn unix(path: &Path) -> io::Result<Listener> {
    if let Ok(found) = fs::symlink_metadata(path) {
        if !found.file_type().is_socket() {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is a file that is not a socket"));
        }
        if StdUnixStream::connect(path).is_ok() {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, "another service listens there"));
        }
        // Left by a service that was killed.
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    let file = SocketFile::of(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(SOCKET_MODE))?;
    Ok(Listener::Unix(listener, Some(file)))
}

/// The file of a Unix socket, removed in the end if no other service has replaced it.
pub(super) struct SocketFile {
    path: PathBuf,
    inode: u64,
}

impl SocketFile {
    fn of(path: &Path) -> io::Result<Self> {
        Ok(SocketFile { path: path.to_owned(), inode: fs::symlink_metadata(path)?.ino() })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|found| found.ino() == self.inode) {
            // If it stays, the next service replaces it.
            let _ = fs::remove_file(&self.path);
        }
    }
}
