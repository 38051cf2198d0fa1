//! `[lamps]`: how lamps say what they say.

use std::sync::Arc;

use crate::config::mistake::At;
use crate::config::reader::{Given, Keys, Reader};
use crate::config::values;
use crate::domain::{NoRhythms, Rhythms, Signal};

pub(super) const KEYS: Keys = Keys::table("lamps", &["free", "ready", "working", "take_out", "call"]);

/// The key of a signal.
const fn key(signal: Signal) -> &'static str {
    match signal {
        Signal::Free => "free",
        Signal::Ready => "ready",
        Signal::Working => "working",
        Signal::TakeOut => "take_out",
        Signal::Call => "call",
    }
}

/// The rhythm of each signal.
pub(super) fn lamps(root: &mut Reader<'_>) -> Option<Arc<Rhythms>> {
    let mut table = root.table(KEYS)?;
    let default = Rhythms::default();
    let given = Signal::ALL.map(|signal| table.optional(key(signal), values::rhythm));
    let at =
        |signal: Signal| given[signal as usize].as_ref().and_then(|given| given.as_ref().map(|given| given.at.clone()));
    let of = |signal: Signal| match &given[signal as usize] {
        Some(Some(Given { value, .. })) => value.clone(),
        _ => default.of(signal).clone(),
    };
    let rhythms = match Rhythms::new(of) {
        Ok(rhythms) => Some(Arc::new(rhythms)),
        Err(wrong) => {
            let (signal, what) = told(wrong);
            // At least one of the two was written; the defaults differ.
            let place: At = wrong_at(wrong, at).unwrap_or_else(|| table.at().clone());
            let remedy = "give each signal a rhythm of its own, so that eyes that see no colours tell them apart";
            table.mistakes.add(&place, format!("lamps.{}: {what}", key(signal)), remedy.to_owned());
            None
        }
    };
    table.close("here");
    let all_read = given.iter().all(Option::is_some);
    rhythms.filter(|_| all_read)
}

fn told(wrong: NoRhythms) -> (Signal, String) {
    match wrong {
        NoRhythms::Dark(signal) => (signal, "nobody sees what is dark; only a free bay's lamp may be".to_owned()),
        NoRhythms::Alike(earlier, signal) => (signal, format!("it looks like lamps.{}", key(earlier))),
    }
}

fn wrong_at(wrong: NoRhythms, at: impl Fn(Signal) -> Option<At>) -> Option<At> {
    match wrong {
        NoRhythms::Dark(signal) => at(signal),
        NoRhythms::Alike(earlier, signal) => at(signal).or_else(|| at(earlier)),
    }
}
