//! The door for browsers: opened when it can be, and opened again if it is lost.

use std::net::SocketAddr;

use tokio::time::sleep;

use super::parts::{AGAIN, Troubles};
use crate::domain::{Part, SetupCause, StationNotice, Subject};
use crate::journal::tell;
use crate::views::{Access, Routes, WebDoor};

/// The station's page.
pub(super) struct Page {
    at: SocketAddr,
    access: Access,
    routes: Routes,
    troubles: Troubles,
    door: Option<WebDoor>,
}

impl Page {
    /// Listens from now on, if that is possible. Nothing is answered before [`serve`](Self::serve).
    pub(super) fn open(at: SocketAddr, access: Access, routes: Routes, troubles: Troubles) -> Self {
        let mut page = Self { at, access, routes, troubles, door: None };
        page.listen();
        page
    }

    fn listen(&mut self) {
        if self.access.is_missing() {
            // What is in the way of that is told by itself.
            return;
        }
        let door = WebDoor::open(self.at, self.access.clone());
        let trouble = door.as_ref().err().map(|error| {
            (SetupCause::AddressUnusable, format!("{error}. Everything else works; camdock goes on trying"))
        });
        self.troubles.note(&Part::Page, trouble);
        self.door = door.ok();
        if let Some(door) = &self.door {
            tell(&Subject::station(), StationNotice::PageOpen { address: door.to_string() });
        }
    }

    /// Where it is, if it could be opened.
    pub(super) fn address(&self) -> Option<String> {
        self.door.as_ref().map(ToString::to_string)
    }

    /// Answers until cancelled.
    pub(super) async fn serve(mut self) {
        loop {
            if let Some(door) = self.door.take()
                && let Err(error) = door.serve(self.routes.clone()).await
            {
                tell(&Subject::station(), StationNotice::DoorLost { error: error.to_string() });
            } else if self.access.is_missing() {
                self.access.is_there().await;
            } else {
                sleep(AGAIN).await;
            }
            self.listen();
        }
    }
}
