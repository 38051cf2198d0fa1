//! The parts of a station that may be missing when it starts, or get lost later: each is looked at by itself, again and
//! again, and what is in its way is shown. Everything else works meanwhile.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::domain::{Part, SetupCause, SetupTrouble};

/// How often a part is looked at.
pub(super) const AGAIN: Duration = Duration::from_secs(3);
/// A look that takes longer may never end: a share whose server is gone, for instance.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// What is in the way of which part. Clones are of one list.
#[derive(Clone)]
pub(super) struct Troubles {
    shown: watch::Sender<Vec<SetupTrouble>>,
}

impl Troubles {
    pub(super) fn none() -> Self {
        Self { shown: watch::channel(Vec::new()).0 }
    }

    pub(super) fn watch(&self) -> watch::Receiver<Vec<SetupTrouble>> {
        self.shown.subscribe()
    }

    /// Takes down what is known of a part from now on. Only news is logged.
    pub(super) fn note(&self, part: &Part, trouble: Option<(SetupCause, String)>) {
        self.shown.send_if_modified(|all| {
            let known = all.iter().position(|known| known.part == *part);
            let now = trouble.map(|(cause, message)| SetupTrouble { part: part.clone(), cause, message });
            if known.map(|index| &all[index]) == now.as_ref() {
                return false;
            }
            if let Some(SetupTrouble { message, .. }) = &now {
                tracing::warn!("{part} is not set up: {message}");
            } else {
                tracing::info!("{part} is set up now");
            }
            if let Some(index) = known {
                all.remove(index);
            }
            all.extend(now);
            all.sort_by(|one, other| one.part.cmp(&other.part));
            true
        });
    }
}

/// Looks at one part for as long as anybody wants to know: what `look` returns is in its way. It may block; needs a runtime.
pub(super) fn look_after(
    part: Part,
    troubles: Troubles,
    mut look: impl FnMut() -> Option<(SetupCause, String)> + Send + 'static,
) {
    tokio::spawn(async move {
        loop {
            let mut looking = tokio::task::spawn_blocking(move || {
                let found = look();
                (look, found)
            });
            let looked = if let Ok(looked) = timeout(PATIENCE, &mut looking).await {
                looked
            } else {
                troubles.note(&part, Some((SetupCause::NoAnswer, no_answer())));
                looking.await
            };
            // It fails only when the runtime shuts down.
            let Ok((kept, found)) = looked else { return };
            look = kept;
            troubles.note(&part, found);
            tokio::select! {
                () = sleep(AGAIN) => {}
                () = troubles.shown.closed() => return,
            }
        }
    });
}

/// The sentence for a look that does not end.
pub(super) fn no_answer() -> String {
    format!(
        "looking at it takes longer than {} seconds: what it lies on does not answer. camdock goes on waiting for it; see to \
         the disk or share",
        PATIENCE.as_secs()
    )
}
