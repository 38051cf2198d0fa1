//! Turns each table of the configuration into its settings.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::document::{Node, Value};
use super::mistake::{At, Mistakes};
use super::reader::{Given, Reader, Wrong};
use super::rules::{self, Folder, KnownNeed};
use super::settings::{
    Bay, Config, DestinationSettings, Place, Slot, SpoolSettings, Station, UploadSettings, WebSettings,
};
use super::values;
use super::{Credential, CredentialKind};
use crate::domain::{BayName, ByteCount, DestinationName, Need, ObjectPrefix, ProofPolicy, StationId, UsbPort};

const SMALLEST_CHUNK: ByteCount = ByteCount::new(64 << 10);
/// A broken connection costs what it had sent of a chunk: on a station's uplink of 10 Mbit/s, 100 MiB are 84 seconds.
const LARGEST_CHUNK: ByteCount = ByteCount::new(100 << 20);
const LONGEST_STALL: Duration = Duration::from_hours(1);
const MOST_AT_ONCE: usize = 256;

/// Where credentials are looked for.
pub(super) struct Surroundings {
    /// The folder of the configuration file; absolute.
    pub(super) folder: PathBuf,
    /// systemd's credentials, if it has any for this service.
    pub(super) credentials: Option<PathBuf>,
}

/// Reads everything but the profiles. `None` if anything is wrong, which is reported.
pub(super) fn config(root: Node, surroundings: &Surroundings, mistakes: &mut Mistakes) -> Option<Config> {
    let mut root = Reader::new("", root, mistakes)?;
    let mut folders = Vec::new();
    let station = station(&mut root, &mut folders);
    let spool = spool(&mut root);
    let bays = root.list("bay");
    let mut ports = Vec::new();
    let bays: Vec<_> = bays.into_iter().map(|node| bay(node, (&mut folders, &mut ports), root.mistakes)).collect();
    let destinations = root.list("destination");
    let mut needs = Vec::new();
    let destinations: Vec<_> = destinations
        .into_iter()
        .map(|node| destination(node, surroundings, &mut folders, &mut needs, root.mistakes))
        .collect();
    let upload = upload(&mut root);
    let web = web(&mut root);
    let whole = root.at().clone();
    root.close("here");

    rules::something_required(&needs, &whole, mistakes);
    rules::folders_apart(&folders, mistakes);
    rules::ports_apart(&ports, mistakes);
    let known: Vec<_> = destinations.iter().flatten().cloned().collect();
    rules::places_apart(&known, mistakes);

    let destinations: Option<Vec<_>> = destinations.into_iter().collect();
    Some(Config {
        station: station?,
        spool: spool?,
        bays: bays.into_iter().collect::<Option<_>>()?,
        destinations: destinations?.into_iter().map(|(settings, _)| settings).collect(),
        upload: upload?,
        web: web?,
        profiles: Arc::default(),
    })
}

/// Reads the data folder alone.
pub(super) fn data_dir(root: Node, mistakes: &mut Mistakes) -> Option<PathBuf> {
    let mut root = Reader::new("", root, mistakes)?;
    given_data_dir(&mut root.table("station")?).map(|folder| folder.value)
}

fn given_data_dir(station: &mut Reader<'_>) -> Option<Given<PathBuf>> {
    station.required("data_dir", "\"/var/lib/camdock\"", values::folder)
}

fn station(root: &mut Reader<'_>, folders: &mut Vec<Folder>) -> Option<Station> {
    let mut table = root.table("station")?;
    let id = table.required("id", "\"hq-01\"", |value| values::name(value, StationId::new));
    let data_dir = given_data_dir(&mut table);
    table.close("here");
    let data_dir = noted(data_dir, "the data_dir".to_owned(), folders);
    Some(Station { id: id?.value, data_dir: data_dir? })
}

fn spool(root: &mut Reader<'_>) -> Option<SpoolSettings> {
    let mut table = root.table("spool")?;
    let reserve = table.or("reserve", ByteCount::new(1 << 30), values::size);
    let keep_after_wipe = table.or("keep_after_wipe", Duration::from_hours(24), values::duration);
    table.close("here");
    Some(SpoolSettings { reserve: reserve?, keep_after_wipe: keep_after_wipe? })
}

fn bay(
    node: Node,
    (folders, ports): (&mut Vec<Folder>, &mut Vec<Given<UsbPort>>),
    mistakes: &mut Mistakes,
) -> Option<Bay> {
    let mut table = Reader::new("bay", node, mistakes)?;
    let name = table.required("name", "\"1\"", |value| values::name(value, BayName::new));
    let slot = slot(&mut table, name.as_ref().map(|name| &name.value), (folders, ports));
    table.close("here");
    Some(Bay { name: name?.value, slot: slot? })
}

fn slot(
    table: &mut Reader<'_>,
    bay: Option<&BayName>,
    (folders, ports): (&mut Vec<Folder>, &mut Vec<Given<UsbPort>>),
) -> Option<Slot> {
    if let Some(port) = table.optional("port", values::port)? {
        if let Some(folder) = table.take("folder") {
            let what = "bay.folder: this bay is a USB port already".to_owned();
            table.mistakes.add(
                &folder.at,
                what,
                "write either port or folder, and give each its own [[bay]]".to_owned(),
            );
            return None;
        }
        let slot = Slot::Port(port.value.clone());
        ports.push(port);
        return Some(slot);
    }
    let folder = table.required("folder", "\"/srv/bays/1\"", values::folder);
    let title = bay.map_or("a bay's folder".to_owned(), |bay| format!("the folder of bay \"{bay}\""));
    noted(folder, title, folders).map(Slot::Folder)
}

fn upload(root: &mut Reader<'_>) -> Option<UploadSettings> {
    let mut table = root.table("upload")?;
    let chunk_size = table.or("chunk_size", ByteCount::new(8 << 20), chunk_size);
    let fallback = NonZeroUsize::MIN.saturating_add(7);
    let concurrency = table.or("concurrency", fallback, |value| {
        values::number(value, 1..=MOST_AT_ONCE).map(|number| NonZeroUsize::new(number).unwrap_or(NonZeroUsize::MIN))
    });
    let stall = table.or("stall_timeout", Duration::from_mins(1), stall_timeout);
    table.close("here");
    Some(UploadSettings { chunk_size: chunk_size?, concurrency: concurrency?, stall: stall? })
}

fn chunk_size(value: &Value) -> Result<ByteCount, Wrong> {
    let size = values::size(value)?;
    if size < SMALLEST_CHUNK {
        let remedy = format!("write at least \"{SMALLEST_CHUNK}\"; \"8 MiB\" suits most uplinks");
        return Err(Wrong::new(
            "it is too small: a segment of several GiB would need more chunks than Azure takes",
            remedy,
        ));
    }
    if size > LARGEST_CHUNK {
        let why = "it is too large: a chunk is what has to be sent again after a broken connection";
        return Err(Wrong::new(why, format!("write at most \"{LARGEST_CHUNK}\"; \"8 MiB\" suits most uplinks")));
    }
    Ok(size)
}

fn stall_timeout(value: &Value) -> Result<Duration, Wrong> {
    let stall = values::duration(value)?;
    if stall.is_zero() || stall > LONGEST_STALL {
        return Err(Wrong::new("it is out of range", "write a duration from \"1s\" to \"1h\", such as \"60s\""));
    }
    Ok(stall)
}

fn web(root: &mut Reader<'_>) -> Option<WebSettings> {
    let mut table = root.table("web")?;
    let listen = table.or("listen", ([127, 0, 0, 1], 8470).into(), values::listen);
    table.close("here");
    Some(WebSettings { listen: listen? })
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Azure,
    Folder,
    Later(&'static str),
}

const KINDS: [(&str, Kind); 4] =
    [("azure", Kind::Azure), ("folder", Kind::Folder), ("s3", Kind::Later("s3")), ("gcs", Kind::Later("gcs"))];

fn destination(
    node: Node,
    surroundings: &Surroundings,
    folders: &mut Vec<Folder>,
    needs: &mut Vec<KnownNeed>,
    mistakes: &mut Mistakes,
) -> Option<(DestinationSettings, At)> {
    let at = node.at.clone();
    needs.push((None, at.clone()));
    let mut table = Reader::new("destination", node, mistakes)?;
    let name = table.required("name", "\"primary\"", |value| values::name(value, DestinationName::new));
    let need = table.optional("required", values::boolean).map(|written| match written {
        None => (Need::Required, at.clone()),
        Some(Given { value: true, at }) => (Need::Required, at),
        Some(Given { value: false, at }) => (Need::Optional, at),
    });
    if let (Some((need, at)), Some(known)) = (&need, needs.last_mut()) {
        *known = (Some(*need), at.clone());
    }
    let prefix = table.or("prefix", ObjectPrefix::default(), values::prefix);
    let proofs = [("attested", ProofPolicy::Attested), ("read-back", ProofPolicy::ReadBack)];
    let proof = table.or("proof", ProofPolicy::Attested, |value| values::one_of(value, &proofs));
    let kind = table.required("kind", "\"azure\"", |value| values::one_of(value, &KINDS));

    let kind = kind?;
    let (place, retention) = match kind.value {
        Kind::Azure => {
            let place = azure(&mut table, surroundings);
            let retention = table.or("retention", None, |value| values::duration(value).map(Some));
            table.close("with kind = \"azure\"");
            (place, retention)
        }
        Kind::Folder => {
            let path = table.required("path", "\"/mnt/evidence\"", values::folder);
            table.close("with kind = \"folder\"");
            let title =
                name.as_ref().map_or("a destination".to_owned(), |name| format!("destination \"{}\"", name.value));
            (noted(path, title, folders).map(|path| Place::Folder { path }), Some(None))
        }
        Kind::Later(word) => {
            let what = format!("destination.kind = \"{word}\": not in this version of camdock");
            table.mistakes.add(&kind.at, what, "write kind = \"azure\" or kind = \"folder\"".to_owned());
            return None;
        }
    };
    let (need, _) = need?;
    let settings = DestinationSettings {
        name: name?.value,
        prefix: prefix?,
        need,
        proof: proof?,
        retention: retention?,
        place: place?,
    };
    Some((settings, at))
}

fn azure(table: &mut Reader<'_>, surroundings: &Surroundings) -> Option<Place> {
    let endpoint = endpoint(table);
    let container = table.required("container", "\"evidence\"", values::container);
    let credential = credential(table, surroundings);
    Some(Place::Azure { endpoint: endpoint?, container: container?.value, credential: credential? })
}

fn endpoint(table: &mut Reader<'_>) -> Option<Url> {
    let secret = |node: &Node| matches!(&node.value, Value::Text(text) if values::carries_secret(text));
    if table.peek("endpoint").is_some_and(secret) {
        let at = table.take("endpoint")?.at;
        table.mistakes.hide(&at);
        let what = "destination.endpoint (not shown): it carries a query or a user, as a credential does".to_owned();
        let remedy = "write the address up to the host or account only; the credential belongs in a file of its own";
        table.mistakes.add(&at, what, remedy.to_owned());
        return None;
    }
    let example = "\"https://ACCOUNT.blob.core.usgovcloudapi.net\"";
    table.required("endpoint", example, values::endpoint).map(|given| given.value)
}

fn credential(table: &mut Reader<'_>, surroundings: &Surroundings) -> Option<Credential> {
    let Some(node) = table.take("credential") else {
        table.missing("credential", "{ kind = \"sas\", file = \"primary.sas\" }");
        return None;
    };
    if !matches!(node.value, Value::Table(_)) {
        table.mistakes.hide(&node.at);
    }
    let mut table = Reader::new("destination.credential", node, table.mistakes)?;
    let file = table.required("file", "\"primary.sas\"", credential_file);
    let kinds = [("sas", false), ("shared-key", true)];
    let with_account = table.required("kind", "\"sas\"", |value| values::one_of(value, &kinds))?.value;
    let kind = if with_account {
        let account = table.required("account", "\"evidence01\"", values::text);
        table.close("here");
        CredentialKind::SharedKey { account: account?.value }
    } else {
        table.close("with kind = \"sas\"");
        CredentialKind::Sas
    };
    let name = file?.value;
    let file = Credential::find(&name, &surroundings.folder, surroundings.credentials.as_deref());
    Some(Credential { kind, name, file })
}

fn credential_file(value: &Value) -> Result<PathBuf, Wrong> {
    let text = values::text(value)?;
    let path = Path::new(&text);
    if path.is_absolute() || (!text.contains('/') && text != "..") {
        return Ok(path.to_owned());
    }
    let remedy = "write the name of a file beside the configuration (or of a systemd credential), or an absolute path";
    Err(Wrong::new("it is neither a bare name nor an absolute path", remedy))
}

/// Remembers a folder for the comparison of all of them.
fn noted(folder: Option<Given<PathBuf>>, what: String, folders: &mut Vec<Folder>) -> Option<PathBuf> {
    let Given { value: path, at } = folder?;
    folders.push(Folder { what, path: path.clone(), at });
    Some(path)
}
