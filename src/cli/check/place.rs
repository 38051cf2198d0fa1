//! Whether a destination is the place that the station has enrolled.

use std::path::Path;

use camdock::cloud::Seen;
use camdock::domain::{DestinationName, PlaceId};
use camdock::ledger::{LEDGER_FILE, Ledger};

use super::{Aspect, Finding, Judgement};

/// Compares the place that is there with the one in the station's ledger, if it has one already.
pub(super) async fn check(name: &DestinationName, place: PlaceId, data_dir: &Path) -> Finding {
    let find = |judgement, note: String| Finding::new(name.as_str(), Aspect::Enrolment, judgement, note);
    let path = data_dir.join(LEDGER_FILE);
    if !path.exists() {
        return find(Judgement::Ok, format!("{place}; the station has not met it yet"));
    }
    let enrolled = match Ledger::look_only(&path) {
        Ok(ledger) => ledger.enrolled(name).await,
        Err(error) => Err(error),
    };
    match enrolled.map(|enrolled| enrolled.map(|enrolled| Seen::new(Some(place), Some(())).at(enrolled))) {
        Ok(None) => find(Judgement::Ok, format!("{place}; the station has not met it yet")),
        Ok(Some(Ok(_))) => Finding::ok(name.as_str(), Aspect::Enrolment),
        Ok(Some(Err(wrong))) => find(Judgement::Failed, wrong.to_string()),
        Err(error) => find(Judgement::Warning, format!("the station's ledger cannot be asked: {error}")),
    }
}
