//! A place is known by what it is, not by its path: whatever the path leads to, only what lies at the enrolled place counts.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use camdock::config::Config;
use camdock::daemon::{Daemon, DaemonError, LastLedger};
use camdock::domain::{BayState, DestinationCause, DestinationState, Snapshot};
use camdock::ledger::StationLock;
use camdock::words::Words;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_mins(1);

/// A station with one bay and folders as its destinations, run in this process.
struct Station {
    folder: TempDir,
    running: Option<JoinHandle<Result<(), DaemonError>>>,
    shown: Option<watch::Receiver<Snapshot>>,
}

impl Station {
    /// Each destination is required and on the disk of the data folder, and its name is that of its folder.
    fn new(destinations: &[&str]) -> Self {
        let station = Self { folder: tempfile::tempdir().unwrap(), running: None, shown: None };
        fs::create_dir(station.path("bay")).unwrap();
        for name in destinations {
            fs::create_dir(station.path(name)).unwrap();
        }
        let places: Vec<_> = destinations.iter().map(|name| (*name, *name)).collect();
        station.configure(&places, "same_disk = true");
        station
    }

    fn configure(&self, places: &[(&str, &str)], more: &str) {
        let mut text = format!(
            "[station]\nid = \"hq-01\"\ndata_dir = \"{}\"\n[web]\nlisten = \"127.0.0.1:0\"\n[spool]\nreserve = \"1 MiB\"\nkeep_after_wipe = \"0s\"\n\
             [[bay]]\nname = \"1\"\nfolder = \"{}\"\nquiet_time = \"1s\"\n",
            self.path("data").display(),
            self.path("bay").display()
        );
        for (name, folder) in places {
            let path = self.path(folder);
            text += "[[destination]]\nkind = \"folder\"\n";
            writeln!(text, "name = \"{name}\"\npath = \"{}\"\n{more}", path.display()).unwrap();
        }
        fs::write(self.path("camdock.toml"), text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn start(&mut self) {
        let config = Config::load(&self.path("camdock.toml")).unwrap();
        let lock = StationLock::take(&config.station.data_dir).unwrap();
        let daemon = Daemon::open(&config, LastLedger::Trusted, &lock).unwrap();
        self.shown = Some(daemon.shown());
        self.running = Some(tokio::spawn(async move {
            let _lock = lock;
            daemon.run().await
        }));
    }

    async fn stop(&mut self) {
        let running = self.running.take().unwrap();
        running.abort();
        let _ = running.await;
    }

    /// A camera with one file, put into the bay in one step.
    fn dock(&self, serial: &str, content: &[u8]) -> PathBuf {
        let (outside, inside) = (self.path(serial), self.path("bay").join(serial));
        fs::create_dir_all(outside.join("DCIM")).unwrap();
        fs::write(outside.join("DCIM/MOV_0001.MP4"), content).unwrap();
        fs::rename(&outside, &inside).unwrap();
        inside.join("DCIM/MOV_0001.MP4")
    }

    fn take(&self, serial: &str) {
        fs::rename(self.path("bay").join(serial), self.path(&format!("{serial} taken"))).unwrap();
    }

    async fn until(&mut self, what: &str, seen: impl FnMut(&Snapshot) -> bool) -> Snapshot {
        let shown = self.shown.as_mut().unwrap();
        let found = timeout(PATIENCE, shown.wait_for(seen)).await;
        let found = found.is_ok_and(|found| found.is_ok());
        assert!(found, "{what}: {:#?}", *shown.borrow());
        shown.borrow().clone()
    }

    async fn until_ready(&mut self) {
        self.until("the camera can be taken", |status| status.bays[0].state() == BayState::Ready).await;
    }

    async fn until_empty(&mut self) {
        self.until("the bay is empty", |status| status.bays[0].state() == BayState::Empty).await;
    }

    /// Waits until the first destination is refused as a place.
    async fn until_wrong_place(&mut self) -> String {
        let wrong =
            |status: &Snapshot| status.destinations.iter().any(|at| at.cause() == Some(DestinationCause::WrongPlace));
        let status = self.until("a destination is the wrong place", wrong).await;
        let found =
            status.destinations.into_iter().find(|at| at.cause() == Some(DestinationCause::WrongPlace)).unwrap();
        assert_eq!(found.state(), DestinationState::Refused);
        Words::english().say(found.notice)
    }

    async fn camdock(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_camdock"));
        let output = command.arg("--config").arg(self.path("camdock.toml")).args(arguments).output().await.unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    }

    async fn enrol(&self, arguments: &[&str]) {
        let (code, text) = self.camdock(&[&["enrol"], arguments].concat()).await;
        assert_eq!(code, Some(0), "{text}");
    }
}

/// How many files lie below, camdock's own left out.
fn evidence_below(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let counted = entries.map(|entry| {
        if !entry.file_type().unwrap().is_dir() {
            usize::from(!entry.file_name().to_string_lossy().ends_with(".camdock.json"))
        } else if entry.file_name() == ".camdock" {
            0
        } else {
            evidence_below(&entry.path())
        }
    });
    counted.sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_counts_before_a_person_has_enrolled_the_folder() {
    let mut station = Station::new(&["nas"]);
    station.start();
    let original = station.dock("BWC-1", b"footage");
    let message = station.until_wrong_place().await;
    assert!(message.contains("camdock enrol nas"), "{message}");
    assert!(original.exists());
    assert_eq!(evidence_below(&station.path("nas")), 0, "not even a part of it");

    let (_, shown) = station.camdock(&["enrol", "nas"]).await;
    assert!(shown.contains("device ") && shown.contains(" free"), "the person sees what it is: {shown}");
    station.until_ready().await;
    assert!(!original.exists());
    station.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lies_below_a_share_that_was_unmounted_counts_for_nothing_and_the_share_goes_on_when_it_is_back() {
    let mut station = Station::new(&["nas"]);
    station.enrol(&["nas"]).await;
    station.start();
    station.dock("BWC-1", b"first");
    station.until_ready().await;
    station.take("BWC-1");
    station.until_empty().await;

    fs::rename(station.path("nas"), station.path("the share")).unwrap();
    fs::create_dir(station.path("nas")).unwrap();
    let original = station.dock("BWC-2", b"second");
    let message = station.until_wrong_place().await;
    assert!(message.contains("is not there") && message.contains("mount it"), "{message}");
    assert!(original.exists(), "it is the only copy but the spool's");
    assert_eq!(evidence_below(&station.path("nas")), 0);
    let (code, unproven) = station.camdock(&["unproven"]).await;
    assert_eq!(code, Some(3), "{unproven}");
    let (code, check) = station.camdock(&["check"]).await;
    assert_eq!(code, Some(1), "{check}");

    fs::rename(station.path("nas"), station.path("below")).unwrap();
    fs::rename(station.path("the share"), station.path("nas")).unwrap();
    station.until_ready().await;
    assert!(!original.exists());
    assert_eq!(evidence_below(&station.path("nas")), 2);
    station.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_place_at_the_same_path_counts_only_if_a_person_replaces_the_first() {
    let mut station = Station::new(&["nas", "other"]);
    station.configure(&[("nas", "nas")], "same_disk = true");
    station.enrol(&["nas"]).await;
    station.start();
    let docked = station.dock("BWC-1", b"first");
    station.until_ready().await;
    station.take("BWC-1");
    station.stop().await;

    station.configure(&[("nas", "other")], "same_disk = true");
    station.start();
    let (code, refused) = station.camdock(&["enrol", "nas"]).await;
    assert_eq!(code, Some(1), "{refused}");
    assert!(refused.contains("another place") && refused.contains("--replace"), "{refused}");
    let original = station.dock("BWC-2", b"second");
    station.until_wrong_place().await;
    assert!(original.exists() && !docked.exists());

    station.enrol(&["nas", "--replace"]).await;
    station.until_ready().await;
    assert!(!original.exists());
    let at = |place: &str, camera: &str| evidence_below(&station.path(place).join(camera));
    assert_eq!((at("nas", "BWC-1"), at("other", "BWC-2")), (1, 1));
    assert!(!station.path("nas").join("BWC-2").exists());
    station.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proof_of_another_place_is_made_again_at_the_new_one_from_what_the_spool_still_has() {
    let mut station = Station::new(&["nas", "other"]);
    let keep = |station: &Station, folder| {
        station.configure(&[("nas", folder)], "same_disk = true");
        let path = station.path("camdock.toml");
        fs::write(&path, fs::read_to_string(&path).unwrap().replace("\"0s\"", "\"1h\"")).unwrap();
    };
    keep(&station, "nas");
    station.enrol(&["nas"]).await;
    station.start();
    station.dock("BWC-1", b"first");
    station.until_ready().await;
    station.stop().await;

    keep(&station, "other");
    station.enrol(&["nas", "--replace"]).await;
    station.start();
    let arrived = async {
        while evidence_below(&station.path("other")) < 1 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, arrived).await.expect("the new place gets it, too");
    station.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_destinations_that_are_one_folder_through_a_link_count_as_one() {
    let mut station = Station::new(&["nas", "second"]);
    fs::rename(station.path("second"), station.path("put aside")).unwrap();
    symlink(station.path("nas"), station.path("second")).unwrap();
    station.enrol(&["nas"]).await;
    let (code, refused) = station.camdock(&["enrol", "second"]).await;
    assert_eq!(code, Some(1), "{refused}");
    assert!(refused.contains("the same place as destination nas"), "{refused}");

    station.start();
    let original = station.dock("BWC-1", b"footage");
    let message = station.until_wrong_place().await;
    assert!(message.contains("one copy would count as two"), "{message}");
    assert!(original.exists());
    station.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_on_the_disk_of_the_data_folder_counts_only_if_that_is_meant() {
    let mut station = Station::new(&["nas"]);
    station.configure(&[("nas", "nas")], "");
    let (code, refused) = station.camdock(&["enrol", "nas"]).await;
    assert_eq!(code, Some(1), "{refused}");
    assert!(refused.contains("same_disk = true"), "{refused}");
    station.start();
    let original = station.dock("BWC-1", b"footage");
    station.until_wrong_place().await;
    assert!(original.exists());
    assert_eq!(fs::read_dir(station.path("nas")).unwrap().count(), 0, "nothing is written there");
    station.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_on_the_share_leads_no_copy_out_of_it() {
    let mut station = Station::new(&["nas"]);
    station.enrol(&["nas"]).await;
    fs::create_dir(station.path("outside")).unwrap();
    symlink(station.path("outside"), station.path("nas").join("BWC-1")).unwrap();
    station.start();
    let original = station.dock("BWC-1", b"footage");
    let put_off = |status: &Snapshot| {
        status.destinations.iter().flat_map(|at| &at.put_off).any(|put_off| put_off.error.contains("link"))
    };
    station.until("it says that there is a link", put_off).await;
    assert!(original.exists());
    assert_eq!(fs::read_dir(station.path("outside")).unwrap().count(), 0);
    station.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_enrolment_that_was_damaged_is_neither_believed_nor_replaced() {
    let mut station = Station::new(&["nas"]);
    station.enrol(&["nas"]).await;
    let enrolment = station.path("nas").join(".camdock/place");
    fs::write(&enrolment, b"\0\0\0\0").unwrap();
    station.start();
    let original = station.dock("BWC-1", b"footage");
    let message = station.until_wrong_place().await;
    assert!(message.contains("not what camdock writes there"), "{message}");
    assert!(original.exists());
    let (code, _) = station.camdock(&["enrol", "nas", "--replace"]).await;
    assert_eq!((code, fs::read(&enrolment).unwrap().as_slice()), (Some(1), &b"\0\0\0\0"[..]));
    station.stop().await;
}
