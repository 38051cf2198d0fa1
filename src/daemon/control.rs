//! The socket on which commands ask the station: made when it can be, and made again if it is lost.

use std::path::PathBuf;

use tokio::time::sleep;

use super::parts::{AGAIN, Troubles};
use crate::domain::{Part, SetupCause, StationNotice, Subject};
use crate::journal::tell;
use crate::views::{self, CommandSocket, Commands, SocketError};

/// The station's socket, if there is one.
pub(super) struct Control {
    data_dir: PathBuf,
    commands: Commands,
    troubles: Troubles,
    socket: Option<CommandSocket>,
}

impl Control {
    /// Listens from now on, if that is possible. Nothing is answered before [`serve`](Self::serve).
    pub(super) fn open(data_dir: PathBuf, commands: Commands, troubles: Troubles) -> Self {
        let mut control = Self { data_dir, commands, troubles, socket: None };
        control.listen();
        control
    }

    fn listen(&mut self) {
        let bound = views::bind(&self.data_dir);
        let trouble = bound.as_ref().err().map(|error| (SetupCause::SocketUnusable, told(error)));
        self.troubles.note(&Part::ControlSocket, trouble);
        self.socket = bound.ok();
    }

    /// Answers until cancelled.
    pub(super) async fn serve(mut self) {
        loop {
            if let Some(socket) = self.socket.take()
                && let Err(error) = views::serve(socket, self.commands.clone()).await
            {
                tell(&Subject::station(), StationNotice::DoorLost { error: error.to_string() });
            } else {
                sleep(AGAIN).await;
            }
            self.listen();
        }
    }
}

fn told(error: &SocketError) -> String {
    format!(
        "{error}. Until then `camdock status` and the like cannot ask; the station works, and the journal tells what it does"
    )
}
