//! The Unix socket on which the daemon answers the `camdock` commands.
//!
//! Promises: whoever may open it may read. Who may act is asked of the kernel, which knows the account at the other end (`SO_PEERCRED`).

use std::future::ready;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::{Extension, Router};
use futures::future::BoxFuture;
use tokio::net::{UnixListener, UnixStream};
use tokio::time::sleep;

use super::answer::{Guest, Origin, answer};
use crate::domain::Visitor;

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

/// Tells who an account is to the station.
pub type Recognise = Arc<dyn Fn(u32) -> BoxFuture<'static, Visitor> + Send + Sync>;

/// What commands may ask.
#[derive(Clone)]
pub struct Commands {
    /// What changes nothing.
    pub reading: Router,
    /// What is done for those who may.
    pub acting: Router,
    /// Tells who that is. The machine's directory of accounts is asked for those who act, and for nobody else.
    pub recognise: Recognise,
}

impl Commands {
    fn routes(self) -> Router {
        self.reading.merge(self.acting.layer(from_fn_with_state(self.recognise, recognised)))
    }
}

async fn recognised(
    State(recognise): State<Recognise>,
    Extension(origin): Extension<Origin>,
    mut request: Request,
    next: Next,
) -> Response {
    let visitor = match origin {
        Origin::Account(uid) => recognise(uid).await,
        Origin::Address(_) => Visitor::STRANGER,
    };
    request.extensions_mut().insert(visitor);
    next.run(request).await
}

/// Makes a guest of a command.
fn welcome(stream: UnixStream) -> Option<Guest> {
    let account = stream.peer_cred().ok()?.uid();
    Some((Box::new(stream), Origin::Account(account)))
}

/// Serves the routes until cancelled.
///
/// # Errors
/// [`SocketError::Gone`] when commands would find it no longer.
pub async fn serve(socket: CommandSocket, commands: Commands) -> Result<(), SocketError> {
    let CommandSocket { listener, path, inode } = socket;
    let still_there = || std::fs::symlink_metadata(&path).is_ok_and(|metadata| metadata.ino() == inode);
    let gone = async {
        while still_there() {
            sleep(LOOK_EVERY).await;
        }
    };
    tokio::select! {
        () = answer(listener, AT_ONCE, commands.routes(), |stream, _| ready(welcome(stream))) => Ok(()),
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

    fn commands() -> Commands {
        let recognise: Recognise = Arc::new(|_| Box::pin(async { Visitor::STRANGER }));
        Commands { reading: Router::new(), acting: Router::new(), recognise }
    }

    #[tokio::test(start_paused = true)]
    async fn a_socket_that_commands_no_longer_find_is_not_served_on() {
        let folder = tempfile::tempdir().unwrap();
        let socket = bind(folder.path()).unwrap();
        std::fs::rename(folder.path().join(SOCKET_FILE), folder.path().join("elsewhere")).unwrap();
        assert!(matches!(serve(socket, commands()).await, Err(SocketError::Gone(_))));
        let socket = bind(folder.path()).unwrap();
        drop(bind(folder.path()).unwrap());
        assert!(matches!(serve(socket, commands()).await, Err(SocketError::Gone(_))), "another one is there");
    }
}
