//! The demo's folder.
//!
//! Promises: the folder alone says how far the demo is, so a demo that was killed goes on when it is run again; only a
//! folder that is empty, or that a demo made, is ever used.
//!
//! ```text
//! demo.json      what was asked for, and once the cameras are prepared: what each of them held
//! shelf/         prepared cameras that are not docked yet
//! bays/1 … 4/    where cameras are docked
//! station/       ledger and spool
//! evidence/      the destination; or
//! azurite/       Azurite's data
//! camdock.toml   the station's configuration
//! camdock.log    what the station says
//! ```

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, bail};
use camdock::config::overlapping;
use camdock::domain::{BayName, ByteCount, CameraSerial};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use url::Url;

use super::cloud::CONTAINER;
use super::footage::{CAMERAS, Recorded, Source, Takes};
use camdock_test_support::azurite::{ACCOUNT, KEY};

const SCRIPT: &str = "demo.json";
const SCRIPT_IN_THE_MAKING: &str = "demo.json.new";
/// Footage is on a camera, in the spool and at the destination; the station leaves `RESERVE` free.
const COPIES: u64 = 3;
const RESERVE: ByteCount = ByteCount::new(256 << 20);

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Wish {
    pub(super) destination: DestinationKind,
    pub(super) footage: Source,
}

/// Where the evidence goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum DestinationKind {
    Folder,
    Azurite,
}

/// What `demo.json` says.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Script {
    wish: Wish,
    /// Nothing before every camera is prepared.
    recorded: Option<Vec<Recorded>>,
}

/// The demo's folder.
#[derive(Clone)]
pub(super) struct Stage {
    folder: PathBuf,
    script: Script,
}

/// Where the demo takes place, and what becomes of the folder.
pub(super) enum Place {
    /// The person's folder.
    Given(PathBuf),
    /// A folder that goes away with this value.
    Temporary(TempDir),
}

impl Place {
    pub(super) fn choose(given: Option<&Path>) -> anyhow::Result<Self> {
        if let Some(folder) = given {
            return Ok(Self::Given(std::path::absolute(folder)?));
        }
        // Often /tmp lies in memory; footage is large.
        let on_disk = Some(PathBuf::from("/var/tmp")).filter(|folder| folder.is_dir());
        let parent = std::env::var_os("TMPDIR").map(PathBuf::from).or(on_disk).unwrap_or_else(std::env::temp_dir);
        let made = tempfile::Builder::new().prefix("camdock-demo-").tempdir_in(&parent);
        Ok(Self::Temporary(made.with_context(|| format!("no folder can be made in {}", parent.display()))?))
    }

    pub(super) fn folder(&self) -> &Path {
        match self {
            Self::Given(folder) => folder,
            Self::Temporary(folder) => folder.path(),
        }
    }
}

impl Stage {
    /// Makes the folder, or finds in it what an earlier run has left.
    pub(super) fn open(folder: &Path, wish: Wish) -> anyhow::Result<Self> {
        if let Source::Folder(footage) = &wish.footage
            && overlapping(folder, footage)
        {
            bail!("{} and {} overlap; give the demo a folder of its own", folder.display(), footage.display());
        }
        std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        let folder = folder.canonicalize()?;
        let script = match std::fs::read(folder.join(SCRIPT)) {
            Ok(text) => {
                let script: Script = serde_json::from_slice(&text)
                    .with_context(|| format!("{SCRIPT} in {} is not of this version's making", folder.display()))?;
                if script.wish != wish {
                    bail!(
                        "{} holds a demo with other options; use the same ones to go on with it, or another folder",
                        folder.display()
                    );
                }
                script
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                refuse_foreign(&folder)?;
                let script = Script { wish, recorded: None };
                save(&folder, &script)?;
                script
            }
            Err(error) => return Err(error).context(folder.join(SCRIPT).display().to_string()),
        };
        Ok(Self { folder, script })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn wish(&self) -> &Wish {
        &self.script.wish
    }

    pub(super) fn station(&self) -> PathBuf {
        self.folder.join("station")
    }

    pub(super) fn evidence(&self) -> PathBuf {
        self.folder.join("evidence")
    }

    pub(super) fn azurite(&self) -> PathBuf {
        self.folder.join("azurite")
    }

    pub(super) fn config(&self) -> PathBuf {
        self.folder.join("camdock.toml")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("camdock.log")
    }

    /// Where a camera lies in its bay.
    pub(super) fn docked(&self, bay: &BayName, camera: &CameraSerial) -> PathBuf {
        self.bay(bay).join(camera.as_str())
    }

    fn bay(&self, bay: &BayName) -> PathBuf {
        self.folder.join("bays").join(bay.as_str())
    }

    fn shelf(&self) -> PathBuf {
        self.folder.join("shelf")
    }

    /// What the cameras held before the first was docked, if they are prepared.
    pub(super) fn recorded(&self) -> Option<&[Recorded]> {
        self.script.recorded.as_deref()
    }

    /// Prepares the cameras, from the beginning: none was docked before all are complete. `progress` is told of bytes
    /// written. Blocks, until it is done or `stop` is set.
    pub(super) fn prepare(&mut self, takes: Takes, progress: &dyn Fn(u64), stop: &AtomicBool) -> anyhow::Result<()> {
        let folder = self.shelf();
        clear(&folder)?;
        std::fs::create_dir_all(&folder)?;
        self.refuse_if_full(takes.bytes())?;
        let recorded = takes.record(&folder, &|bytes| {
            progress(bytes);
            // Not `Interrupted`: writing would be tried again.
            if stop.load(Ordering::Relaxed) { Err(io::Error::other("the demo was stopped")) } else { Ok(()) }
        })?;
        self.script.recorded = Some(recorded);
        save(&self.folder, &self.script)
    }

    fn refuse_if_full(&self, footage: ByteCount) -> anyhow::Result<()> {
        let disk = rustix::fs::statvfs(&self.folder)?;
        let free = ByteCount::new(disk.f_bavail.saturating_mul(disk.f_frsize));
        let needed = ByteCount::new(footage.get().saturating_mul(COPIES)) + RESERVE;
        if free < needed {
            let folder = self.folder.display();
            bail!(
                "the demo needs {needed} in {folder}, and {free} are free; make room, or name another folder with --dir"
            );
        }
        Ok(())
    }

    /// Writes the station's configuration, with as many bays as there can be cameras.
    pub(super) fn configure(&self, endpoint: Option<&Url>) -> anyhow::Result<()> {
        let mut sections = vec![
            "# Written by `camdock demo` at each start.".to_owned(),
            format!("[station]\nid = \"demo\"\ndata_dir = {}", quoted(&self.station())?),
            format!("[spool]\nreserve = \"{RESERVE}\"\nkeep_after_wipe = \"24h\""),
            "[web]\nlisten = \"127.0.0.1:0\"\ncolumns = 4".to_owned(),
        ];
        for bay in bays() {
            let folder = self.bay(&bay);
            std::fs::create_dir_all(&folder)?;
            sections.push(format!("[[bay]]\nname = \"{bay}\"\nfolder = {}\nquiet_time = \"1s\"", quoted(&folder)?));
        }
        let place = if let Some(endpoint) = endpoint {
            let key = self.folder.join("azurite.key");
            write_whole(&key, KEY.as_bytes())?;
            let (container, account, key) = (CONTAINER, ACCOUNT, quoted(&key)?);
            format!(
                "kind = \"azure\"\nendpoint = \"{endpoint}\"\ncontainer = \"{container}\"\n\
                 credential = {{ kind = \"shared-key\", file = {key}, account = \"{account}\" }}"
            )
        } else {
            std::fs::create_dir_all(self.evidence())?;
            format!("kind = \"folder\"\npath = {}\nsame_disk = true", quoted(&self.evidence())?)
        };
        sections.push(format!("[[destination]]\nname = \"evidence\"\n{place}\nrequired = true\nproof = \"attested\""));
        write_whole(&self.config(), (sections.join("\n\n") + "\n").as_bytes())
    }

    /// Moves a prepared camera into its bay, in one step. `false` if it was there before.
    pub(super) fn dock(&self, camera: &CameraSerial, bay: &BayName) -> anyhow::Result<bool> {
        match std::fs::rename(self.shelf().join(camera.as_str()), self.docked(bay, camera)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error).with_context(|| format!("{camera} cannot be docked")),
        }
    }
}

/// The names of the bays; the first camera goes into the first bay.
pub(super) fn bays() -> impl Iterator<Item = BayName> {
    (1..=CAMERAS).filter_map(|number| BayName::new(number.to_string()).ok())
}

fn refuse_foreign(folder: &Path) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        if entry?.file_name() != SCRIPT_IN_THE_MAKING {
            bail!("{} is not empty and holds no demo; give the demo a folder of its own", folder.display());
        }
    }
    Ok(())
}

fn save(folder: &Path, script: &Script) -> anyhow::Result<()> {
    write_whole(&folder.join(SCRIPT), &serde_json::to_vec_pretty(script)?)
}

/// Writes a file so that it is there as a whole or not at all.
fn write_whole(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let mut making = path.as_os_str().to_owned();
    making.push(".new");
    let attempt = || {
        let mut file = File::options().create(true).truncate(true).write(true).mode(0o600).open(&making)?;
        file.write_all(content)?;
        file.sync_all()?;
        std::fs::rename(&making, path)
    };
    attempt().with_context(|| format!("{} cannot be written", path.display()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "cameras that the demo itself was preparing when it was stopped; none of them was ever docked"
)]
fn clear(shelf: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(shelf) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn quoted(path: &Path) -> anyhow::Result<String> {
    let text = path.to_str().with_context(|| format!("the name of {} is not text; use another", path.display()))?;
    Ok(toml::Value::String(text.to_owned()).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::footage::Amount;

    fn wish() -> Wish {
        Wish { destination: DestinationKind::Folder, footage: Source::Generated(Amount::Small) }
    }

    #[test]
    fn a_folder_with_other_things_in_it_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("thesis.odt"), "x").unwrap();
        let error = Stage::open(folder.path(), wish()).err().unwrap().to_string();
        assert!(error.contains("holds no demo"), "{error}");
    }

    #[test]
    fn a_demo_killed_at_its_very_first_step_can_go_on() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(SCRIPT_IN_THE_MAKING), "{").unwrap();
        assert!(Stage::open(folder.path(), wish()).unwrap().recorded().is_none());
    }

    #[test]
    fn cameras_that_were_half_prepared_are_prepared_anew() {
        let folder = tempfile::tempdir().unwrap();
        let mut stage = Stage::open(folder.path(), wish()).unwrap();
        std::fs::create_dir_all(stage.shelf().join("BWC-0009")).unwrap();
        let takes = Takes::plan(&wish().footage).unwrap();
        stage.prepare(takes, &|_| (), &AtomicBool::new(false)).unwrap();
        assert!(!stage.shelf().join("BWC-0009").exists());
        let again = Stage::open(folder.path(), wish()).unwrap();
        assert_eq!(again.recorded().unwrap().len(), CAMERAS);
    }

    #[test]
    fn a_demo_goes_on_with_the_same_options_only() {
        let folder = tempfile::tempdir().unwrap();
        Stage::open(folder.path(), wish()).unwrap();
        let other = Wish { destination: DestinationKind::Azurite, ..wish() };
        let error = Stage::open(folder.path(), other).err().unwrap().to_string();
        assert!(error.contains("other options"), "{error}");
    }
}
