//! What every bay looks like right now: dockings write it, snapshots read it.
//!
//! A bay's state changes along this table only; the board asserts it ([`BayState::may_follow`]):
//!
//! ```text
//!   from  to        empty  identifying  refused  offloading  uploading  wiping  charging  ready  attention
//!   empty           x         x          x
//!   refused         x         x          x                                                          x
//!   identifying     x         x          x         x           x                           x        x
//!   offloading      x         x          x         x           x         x        x        x        x
//!   uploading       x         x          x         x           x         x        x        x        x
//!   wiping          x         x          x         x           x         x        x        x        x
//!   charging        x         x          x         x           x                  x        x        x
//!   ready           x         x          x         x           x         x        x        x        x
//!   attention       x         x          x         x           x         x        x        x        x
//! ```
//!
//! A camera can be taken out, or turn out to be none, at any moment; and whatever was said of it, new files may appear on it.

use std::sync::Arc;

use tokio::sync::watch;

use crate::domain::{BayName, BayNotice, BaySnapshot, Subject};
use crate::journal::tell;

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
            let allowed = bay.state().may_follow(before.state());
            debug_assert!(allowed, "bay {name}: from {} to {}", before.state(), bay.state());
            if bay.state() != before.state() {
                let about = Subject { camera: bay.camera.clone(), ..Subject::station().bay(name) };
                tell(&about, bay.notice.clone());
            }
            *bay != before
        });
    }

    /// Says what goes on in a bay.
    pub(super) fn say(&self, name: &BayName, notice: BayNotice) {
        self.update(name, |bay| bay.notice = notice);
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::BayState;

    const STATES: [(&str, BayState); 9] = [
        ("empty", BayState::Empty),
        ("identifying", BayState::Identifying),
        ("refused", BayState::Refused),
        ("offloading", BayState::Offloading),
        ("uploading", BayState::Uploading),
        ("wiping", BayState::Wiping),
        ("charging", BayState::Charging),
        ("ready", BayState::Ready),
        ("attention", BayState::Attention),
    ];

    #[test]
    fn the_table_that_is_drawn_is_the_one_that_is_asserted() {
        let drawn: Vec<&str> =
            include_str!("board.rs").lines().filter_map(|line| line.strip_prefix("//!   ")).collect();
        let (head, rows) = drawn.split_first().unwrap();
        assert_eq!(rows.len(), STATES.len());
        for row in rows {
            let from = STATES.iter().find(|(word, _)| row.starts_with(word)).unwrap().1;
            for (word, to) in STATES {
                // A column begins where its word does.
                let at = head.find(&format!("  {word}")).unwrap() + 2;
                let marked = row.as_bytes()[at.min(row.len())..].iter().take(word.len()).any(|byte| *byte == b'x');
                assert_eq!(to.may_follow(from), marked, "from {from} to {to}");
            }
        }
    }
}
