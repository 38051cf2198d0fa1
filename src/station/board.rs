//! What every bay looks like right now: dockings write it, snapshots read it.

use std::sync::Arc;

use tokio::sync::watch;

use crate::domain::{BayName, BaySnapshot, BayState};

/// All bays, in the order of the configuration. Clones share one board.
#[derive(Clone)]
pub(super) struct Board {
    bays: Arc<watch::Sender<Vec<BaySnapshot>>>,
}

impl Board {
    pub(super) fn new(bays: impl IntoIterator<Item = BayName>) -> Self {
        let bays = bays.into_iter().map(BaySnapshot::empty).collect();
        Self { bays: Arc::new(watch::channel(bays).0) }
    }

    pub(super) fn watch(&self) -> watch::Receiver<Vec<BaySnapshot>> {
        self.bays.subscribe()
    }

    pub(super) fn look(&self) -> Vec<BaySnapshot> {
        self.bays.borrow().clone()
    }

    pub(super) fn bay(&self, name: &BayName) -> Option<BaySnapshot> {
        self.bays.borrow().iter().find(|bay| bay.name == *name).cloned()
    }

    /// Changes one bay; readers wake only if something really changed.
    pub(super) fn update(&self, name: &BayName, change: impl FnOnce(&mut BaySnapshot)) {
        self.bays.send_if_modified(|bays| {
            let Some(bay) = bays.iter_mut().find(|bay| bay.name == *name) else { return false };
            let before = bay.clone();
            change(bay);
            if bay.state != before.state {
                let camera = bay.camera.as_ref().map(ToString::to_string).unwrap_or_default();
                let (from, to, message) = (before.state, bay.state, &bay.message);
                if matches!(to, BayState::Attention | BayState::Refused) {
                    tracing::warn!(bay = %name, %camera, %from, %to, "{message}");
                } else {
                    tracing::info!(bay = %name, %camera, %from, %to, "{message}");
                }
            }
            *bay != before
        });
    }

    /// Says what goes on in a bay.
    pub(super) fn say(&self, name: &BayName, state: BayState, message: impl Into<String>) {
        self.update(name, |bay| {
            (bay.state, bay.message) = (state, message.into());
        });
    }
}
