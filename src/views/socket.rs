//! The Unix socket on which the daemon answers the `camdock` commands.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use axum::Router;
use tokio::net::UnixListener;

/// The socket's file below the data folder.
pub const SOCKET_FILE: &str = "camdock.sock";

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
#[error("the socket {} cannot be used: {source}. Its path may have 107 bytes at most; use a shorter data_dir", path.display())]
pub struct SocketError {
    path: PathBuf,
    source: std::io::Error,
}

/// Listens on a socket that camdock's own user and group may use. The caller holds the lock of the data folder, so a
/// socket that is there already is a leftover.
///
/// # Errors
/// [`SocketError`]
pub fn bind(data_dir: &Path) -> Result<UnixListener, SocketError> {
    let path = data_dir.join(SOCKET_FILE);
    let attempt = || {
        #[expect(clippy::disallowed_methods, reason = "a leftover socket of a run that ended; it holds nothing")]
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o660))?;
        Ok(listener)
    };
    attempt().map_err(|source| SocketError { path: path.clone(), source })
}

/// Serves the routes until cancelled.
///
/// # Errors
/// The system's words, if the socket breaks.
pub async fn serve(listener: UnixListener, routes: Router) -> std::io::Result<()> {
    axum::serve(listener, routes).await
}
