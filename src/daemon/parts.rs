//! The parts of a station that may be missing when it starts, or get lost later: each is looked at by itself, again and
//! again, and what is in its way is shown. Everything else works meanwhile.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use crate::beat::Beat;
use crate::domain::{Part, SetupCause, SetupTrouble, StationNotice, Subject};
use crate::journal::tell;

/// How often a part is looked at with which something is the matter. One that is well is looked at with each beat.
pub(super) const AGAIN: Duration = Duration::from_secs(3);
/// A look that takes longer may never end: a share whose server is gone, for instance.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// What is in the way of which part. Clones are of one list.
#[derive(Clone)]
pub(super) struct Troubles {
    shown: watch::Sender<Vec<SetupTrouble>>,
    beat: Beat,
}

impl Troubles {
    /// None yet, with a beat of their own. Needs a runtime.
    pub(super) fn none() -> Self {
        Self::none_at(Beat::every(AGAIN))
    }

    /// None yet.
    pub(super) fn none_at(beat: Beat) -> Self {
        Self { shown: watch::channel(Vec::new()).0, beat }
    }

    /// The beat with which parts are looked at that are well.
    pub(super) const fn beat(&self) -> &Beat {
        &self.beat
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
            match &now {
                Some(trouble) => tell(&Subject::station(), trouble.clone()),
                None => tell(&Subject::station(), StationNotice::SetUp { part: part.clone() }),
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
    look: impl FnMut() -> Option<(SetupCause, String)> + Send + 'static,
) {
    look_after_news(part, troubles, Arc::default(), look);
}

/// The same, and looks at once whenever there is news.
pub(super) fn look_after_news(
    part: Part,
    troubles: Troubles,
    news: Arc<Notify>,
    mut look: impl FnMut() -> Option<(SetupCause, String)> + Send + 'static,
) {
    let mut beat = troubles.beat.listen();
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
            let is_well = found.is_none();
            troubles.note(&part, found);
            tokio::select! {
                () = beat.next() => {}
                () = sleep(AGAIN), if !is_well => {}
                () = news.notified() => {}
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::mpsc;

    use super::*;
    use crate::domain::BayName;

    fn bay(name: &str) -> Part {
        Part::Bay(BayName::new(name).unwrap())
    }

    async fn until(shown: &mut watch::Receiver<Vec<SetupTrouble>>, wanted: impl Fn(&[SetupTrouble]) -> bool) {
        shown.wait_for(|troubles| wanted(troubles)).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_answer_is_said_to_and_holds_up_nothing_else() {
        let troubles = Troubles::none();
        let mut shown = troubles.watch();
        let (answer, asked) = mpsc::channel::<()>();
        look_after(bay("hangs"), troubles.clone(), move || {
            let _ = asked.recv();
            None
        });
        look_after(bay("missing"), troubles.clone(), || Some((SetupCause::FolderMissing, "gone".to_owned())));
        until(&mut shown, |troubles| troubles.iter().any(|trouble| trouble.part == bay("missing"))).await;
        // While something blocks, the clock goes on only as it is told to, and nobody knows since when it is waited for.
        while shown.borrow_and_update().first().is_none_or(|trouble| trouble.cause != SetupCause::NoAnswer) {
            tokio::time::advance(PATIENCE).await;
            tokio::task::yield_now().await;
        }
        assert!(shown.borrow()[0].message.contains("does not answer"), "{:?}", shown.borrow());
        drop(answer);
        until(&mut shown, |troubles| troubles.len() == 1).await;
        assert_eq!(shown.borrow()[0].part, bay("missing"), "and what hung is well again");
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_that_is_well_is_looked_at_seldom_and_one_that_is_not_soon() {
        let beat = Beat::every(Duration::from_secs(30));
        let troubles = Troubles::none_at(beat.clone());
        let _watched = troubles.watch();
        let looks = Arc::new([const { AtomicU32::new(0) }; 2]);
        for (which, trouble) in [None, Some((SetupCause::FolderMissing, "gone".to_owned()))].into_iter().enumerate() {
            let (looks, trouble) = (Arc::clone(&looks), trouble.clone());
            look_after(bay(&which.to_string()), troubles.clone(), move || {
                looks[which].fetch_add(1, Ordering::Relaxed);
                trouble.clone()
            });
        }
        sleep(Duration::from_secs(299)).await;
        let looked = || looks.each_ref().map(|times| times.load(Ordering::Relaxed));
        let [well, gone] = looked();
        assert!(well == 10 && gone > 90, "{well} {gone}");
        beat.now();
        sleep(Duration::from_millis(1)).await;
        assert_eq!(looked()[0], 11, "somebody heard of a change");
    }

    #[tokio::test]
    async fn of_each_part_the_latest_is_known_and_nothing_that_has_passed() {
        let troubles = Troubles::none();
        let mut shown = troubles.watch();
        troubles.note(&bay("1"), Some((SetupCause::FolderMissing, "gone".to_owned())));
        troubles.note(&bay("2"), None);
        troubles.note(&bay("1"), Some((SetupCause::FolderUnreadable, "closed".to_owned())));
        let causes: Vec<_> = shown.borrow_and_update().iter().map(|trouble| trouble.cause).collect();
        assert_eq!(causes, [SetupCause::FolderUnreadable]);
        troubles.note(&bay("1"), Some((SetupCause::FolderUnreadable, "closed".to_owned())));
        assert!(!shown.has_changed().unwrap(), "no news");
        troubles.note(&bay("1"), None);
        assert!(shown.borrow().is_empty());
    }
}
