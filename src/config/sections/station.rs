//! `[station]`

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use super::{Seen, lamp, noted};
use crate::config::document::Value;
use crate::config::reader::{Given, Keys, Reader, Wrong};
use crate::config::values;
use crate::domain::{Lamp, StationId, TimeOfDay};

pub(super) const KEYS: Keys =
    Keys::table("station", &["id", "data_dir", "lamp", "operators", "shift_starts", "overdue_after"]);

/// The station itself.
#[derive(Debug, Clone)]
pub struct StationSettings {
    /// Its name, in metadata and receipts.
    pub id: StationId,
    /// Where ledger and spool lie; absolute.
    pub data_dir: PathBuf,
    /// Its own lamp, if it has one.
    pub lamp: Option<Lamp>,
    /// The group whose members may have it do something by command, besides root.
    pub operators: Option<String>,
    /// When shifts start, by the clock on its wall; none if nobody said.
    pub shift_starts: Vec<TimeOfDay>,
    /// After how long a camera that was not docked here is overdue; never, if nobody said.
    pub overdue_after: Option<Duration>,
}

const SHORTEST_ABSENCE: Duration = Duration::from_hours(24);
const LONGEST_ABSENCE: Duration = Duration::from_hours(24 * 3650);

pub(super) fn given_data_dir(station: &mut Reader<'_>) -> Option<Given<PathBuf>> {
    station.required("data_dir", "\"/var/lib/camdock\"", values::folder)
}

pub(super) fn station(root: &mut Reader<'_>, seen: &mut Seen) -> Option<StationSettings> {
    let mut table = root.table(KEYS)?;
    let id = table.required("id", "\"hq-01\"", |value| values::name(value, StationId::new));
    let data_dir = given_data_dir(&mut table);
    let lamp = lamp::lamp(&mut table, &mut seen.lights);
    let operators = table.optional("operators", values::group);
    let shift_starts = table.or("shift_starts", Vec::new(), shift_starts);
    let overdue_after = table.optional("overdue_after", overdue_after);
    table.close("here");
    let data_dir = noted(data_dir, "the data_dir".to_owned(), &mut seen.folders);
    Some(StationSettings {
        id: id?.value,
        data_dir: data_dir?,
        lamp: lamp?,
        operators: operators?.map(|group| group.value),
        shift_starts: shift_starts?,
        overdue_after: overdue_after?.map(|given| given.value),
    })
}

fn shift_starts(value: &Value) -> Result<Vec<TimeOfDay>, Wrong> {
    let starts = values::list(value, values::time_of_day)?;
    let distinct: BTreeSet<_> = starts.iter().collect();
    if distinct.len() < starts.len() {
        return Err(Wrong::new("a time is in it twice", "write each time once"));
    }
    Ok(starts)
}

fn overdue_after(value: &Value) -> Result<Duration, Wrong> {
    let absence = values::duration(value)?;
    if (SHORTEST_ABSENCE..=LONGEST_ABSENCE).contains(&absence) {
        Ok(absence)
    } else {
        Err(Wrong::new("it is out of range", "write a duration from \"1d\" to \"3650d\", such as \"14d\""))
    }
}
