//! `[station]`

use std::path::PathBuf;

use super::{Seen, lamp, noted};
use crate::config::reader::{Given, Keys, Reader};
use crate::config::values;
use crate::domain::{Lamp, StationId};

pub(super) const KEYS: Keys = Keys::table("station", &["id", "data_dir", "lamp", "operators"]);

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
}

pub(super) fn given_data_dir(station: &mut Reader<'_>) -> Option<Given<PathBuf>> {
    station.required("data_dir", "\"/var/lib/camdock\"", values::folder)
}

pub(super) fn station(root: &mut Reader<'_>, seen: &mut Seen) -> Option<StationSettings> {
    let mut table = root.table(KEYS)?;
    let id = table.required("id", "\"hq-01\"", |value| values::name(value, StationId::new));
    let data_dir = given_data_dir(&mut table);
    let lamp = lamp::lamp(&mut table, &mut seen.lights);
    let operators = table.optional("operators", values::group);
    table.close("here");
    let data_dir = noted(data_dir, "the data_dir".to_owned(), &mut seen.folders);
    Some(StationSettings {
        id: id?.value,
        data_dir: data_dir?,
        lamp: lamp?,
        operators: operators?.map(|group| group.value),
    })
}
