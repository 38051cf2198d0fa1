//! Blinking by this process, for lights that the kernel does not blink: a thread while something blinks, and none else.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;

use crate::domain::{Beat, Beats};

/// A light that blinks until this is dropped, or until it cannot be switched any more.
pub(super) struct Blinker {
    thread: Option<JoinHandle<()>>,
    go_on: Option<Sender<()>>,
}

/// What a light is at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lit {
    On,
    Off,
}

impl Blinker {
    /// Begins with a light. `switch` tells whether it could be switched.
    #[expect(
        clippy::disallowed_methods,
        reason = "an adapter's own thread: a line may hang, and it wakes while it blinks only"
    )]
    pub(super) fn start(beats: Beats, mut switch: impl FnMut(Lit) -> bool + Send + 'static) -> Self {
        let (go_on, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let halves = |Beat { on, off }: &Beat| [(Lit::On, *on), (Lit::Off, *off)];
            let turns: Vec<_> = beats.each().iter().flat_map(halves).collect();
            for (lit, length) in turns.into_iter().cycle() {
                if !switch(lit) || told.recv_timeout(length) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        });
        Self { thread: Some(thread), go_on: Some(go_on) }
    }

    /// Whether it could be switched so far.
    pub(super) fn goes_on(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }
}

impl Drop for Blinker {
    /// Afterwards nothing is switched any more.
    fn drop(&mut self) {
        self.go_on = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::Receiver;
    use std::time::Duration;

    use super::*;

    /// A light that blinks, and how it was switched.
    fn blinking(millis: &[u64]) -> (Blinker, Receiver<Lit>) {
        let (switched, seen) = mpsc::channel();
        (Blinker::start(Beats::new(millis).unwrap(), move |lit| switched.send(lit).is_ok()), seen)
    }

    #[test]
    fn a_light_blinks_until_it_is_told_otherwise_and_is_not_switched_afterwards() {
        let (blinker, seen) = blinking(&[100, 100, 100, 100]);
        let turns: Vec<_> = seen.iter().take(5).collect();
        assert_eq!(turns, [Lit::On, Lit::Off, Lit::On, Lit::Off, Lit::On]);
        assert!(blinker.goes_on());
        drop(blinker);
        assert_eq!(seen.iter().count(), 0, "the thread has ended, at once");
    }

    #[test]
    fn a_light_that_cannot_be_switched_any_more_is_noticed() {
        let (blinker, seen) = blinking(&[100, 100]);
        drop(seen);
        for _ in 0..100 {
            if !blinker.goes_on() {
                return;
            }
            let (_never, told) = mpsc::channel::<()>();
            let _ = told.recv_timeout(Duration::from_millis(50));
        }
        panic!("it still blinks, and nobody sees it");
    }
}
