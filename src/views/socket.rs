//! The Unix socket on which the daemon answers the `camdock` commands.

use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use tokio::net::UnixListener;
use tokio::time::sleep;

use super::few::Few;

/// The socket's file below the data folder.
pub const SOCKET_FILE: &str = "camdock.sock";

/// How often it is looked whether commands still find the socket.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// So many connections are open at once: commands ask and go, and some programs follow the events.
const AT_ONCE: usize = 128;

/// A socket that commands find by its file.
#[derive(Debug)]
pub struct CommandSocket {
    listener: UnixListener,
    path: PathBuf,
    inode: u64,
}

/// Why commands cannot ask.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// The path is longer than a socket's may be.
    #[error("the socket {} has a path of more than 107 bytes. Use a shorter data_dir", .0.display())]
    TooLong(PathBuf),
    /// There is no room for it.
    #[error("the socket {} cannot be made: the disk is full. Make room there", .0.display())]
    Full(PathBuf),
    /// Something else is in its place, or the folder cannot be used.
    #[error("the socket {} cannot be made: {source}. Take away what is in its place, and let camdock's user write there", path.display())]
    Unusable {
        /// Where it belongs.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// It was removed, or another one was put in its place.
    #[error("the socket {} is gone", .0.display())]
    Gone(PathBuf),
    /// It broke.
    #[error("the socket broke: {0}")]
    Broke(io::Error),
}

/// Listens on a socket that camdock's own user and group may use. The caller holds the lock of the data folder, so a
/// socket that is there already is a leftover.
///
/// # Errors
/// [`SocketError`]
pub fn bind(data_dir: &Path) -> Result<CommandSocket, SocketError> {
    let path = data_dir.join(SOCKET_FILE);
    let attempt = || {
        #[expect(clippy::disallowed_methods, reason = "a leftover socket of a run that ended; it holds nothing")]
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o660))?;
        let inode = std::fs::symlink_metadata(&path)?.ino();
        Ok((listener, inode))
    };
    match attempt() {
        Ok((listener, inode)) => Ok(CommandSocket { listener, path, inode }),
        Err(error) => Err(match error.kind() {
            io::ErrorKind::InvalidInput => SocketError::TooLong(path),
            io::ErrorKind::StorageFull => SocketError::Full(path),
            _ => SocketError::Unusable { path, source: error },
        }),
    }
}

/// Serves the routes until cancelled.
///
/// # Errors
/// [`SocketError::Broke`], or [`SocketError::Gone`] when commands would find it no longer.
pub async fn serve(socket: CommandSocket, routes: Router) -> Result<(), SocketError> {
    let CommandSocket { listener, path, inode } = socket;
    let still_there = || std::fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.ino() == inode);
    let gone = async {
        while still_there() {
            sleep(LOOK_EVERY).await;
        }
    };
    tokio::select! {
        ended = axum::serve(Few::of(listener, AT_ONCE), routes) => ended.map_err(SocketError::Broke),
        () = gone => Err(SocketError::Gone(path.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_that_cannot_be_made_says_what_is_in_its_way() {
        let folder = tempfile::tempdir().unwrap();
        let long = folder.path().join("a".repeat(120));
        std::fs::create_dir(&long).unwrap();
        assert!(matches!(bind(&long), Err(SocketError::TooLong(_))));
        std::fs::create_dir(folder.path().join(SOCKET_FILE)).unwrap();
        assert!(matches!(bind(folder.path()), Err(SocketError::Unusable { .. })));
        assert!(matches!(bind(&folder.path().join("nowhere")), Err(SocketError::Unusable { .. })));
    }

    #[tokio::test(start_paused = true)]
    async fn a_socket_that_commands_no_longer_find_is_not_served_on() {
        let folder = tempfile::tempdir().unwrap();
        let socket = bind(folder.path()).unwrap();
        std::fs::rename(folder.path().join(SOCKET_FILE), folder.path().join("elsewhere")).unwrap();
        assert!(matches!(serve(socket, Router::new()).await, Err(SocketError::Gone(_))));
        let socket = bind(folder.path()).unwrap();
        drop(bind(folder.path()).unwrap());
        assert!(matches!(serve(socket, Router::new()).await, Err(SocketError::Gone(_))), "another one is there");
    }
}
