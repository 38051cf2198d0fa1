//! A station on which everything that can go wrong does so at once, and four cameras that it serves as if nothing did.

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::Duration;

use camdock::domain::{BayState, DestinationState};
use camdock::views::StatusDocument;
use camdock_test_support::footage::{Footage, files_below};
use camdock_test_support::hanging_share::HangingShare;
use tokio::net::UnixDatagram;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::station::{RunningStation, Settings, bay, printed};
use crate::trouble::Cloud;

/// The bays of the four cameras with which nothing is wrong.
const HONEST: [usize; 4] = [1, 2, 3, 4];
/// The bay of a camera whose first segment a destination cannot take.
const POISONED: usize = 5;
/// The bay of a stick with very many links.
const CROWDED: usize = 6;
const LINKS: usize = 100_000;
/// A quarter of what the unit's watchdog bears.
const LATE: Duration = Duration::from_secs(30);

/// What lies where on the station, beside a cloud that is well.
const DESTINATIONS: &str = r#"
[[destination]]
name = "nas"
kind = "folder"
path = "NAS"
same_disk = true

[[destination]]
name = "share"
kind = "folder"
path = "SHARE"
same_disk = true
required = false

[[destination]]
name = "far"
kind = "azure"
endpoint = "http://127.0.0.1:9/devstoreaccount1"
container = "evidence"
credential = { kind = "shared-key", file = "primary.key", account = "devstoreaccount1" }
required = false
"#;

/// A station with a cloud and a folder that must have everything, a share and a far cloud that may, and six bays.
struct Station {
    running: RunningStation,
    nas: PathBuf,
    share: PathBuf,
    _cloud: Cloud,
}

impl Station {
    async fn new() -> Self {
        let cloud = Cloud::well().await;
        let running = RunningStation::new(Settings { bays: CROWDED, ..cloud.settings() });
        let [nas, share] = ["nas", "share"].map(|name| running.beside(name));
        for folder in [&nas, &share] {
            std::fs::create_dir(folder).unwrap();
        }
        let text = DESTINATIONS.replace("NAS", nas.to_str().unwrap()).replace("SHARE", share.to_str().unwrap());
        std::fs::write(running.beside("camdock.toml.d/destinations.toml"), text).unwrap();
        for name in ["nas", "share"] {
            let enrolled = running.camdock(&["enrol", name]).await;
            assert!(enrolled.status.success(), "{}", printed(&enrolled));
        }
        Self { running, nas, share, _cloud: cloud }
    }

    /// Serves the four cameras. Returns how long that takes.
    async fn serve(&mut self) -> Duration {
        let honest = HONEST.map(|bay| (bay, honest(bay)));
        let began = Instant::now();
        for (bay, footage) in &honest {
            self.running.dock(*bay, footage);
        }
        self.running
            .until("the four are ready", |status| HONEST.into_iter().all(|number| is_done(status, number)))
            .await;
        let took = began.elapsed();
        for (bay, footage) in &honest {
            assert_eq!(files_below(&self.running.camera(*bay, footage)), 0);
        }
        took
    }
}

fn honest(bay: usize) -> Footage {
    Footage::random(&format!("BWC-{bay}"), 40, 400_000, bay as u64)
}

fn is_done(status: &StatusDocument, number: usize) -> bool {
    let bay = bay(status, number);
    bay.state == BayState::Ready && bay.segments_wiped == 40
}

/// Listens as systemd does, and knows the longest that it ever heard nothing of the watchdog.
struct Watchdog {
    longest: watch::Receiver<Duration>,
    task: JoinHandle<()>,
}

impl Watchdog {
    fn listen(socket: UnixDatagram) -> Self {
        let (heard, longest) = watch::channel(Duration::ZERO);
        let task = tokio::spawn(async move {
            let mut last = Instant::now();
            let mut notice = vec![0; 4096];
            loop {
                // What is not heard for long is late now, and not only once it comes.
                let received = timeout(Duration::from_millis(100), socket.recv(&mut notice)).await;
                heard.send_if_modified(|longest| {
                    let longer = last.elapsed() > *longest;
                    *longest = (*longest).max(last.elapsed());
                    longer
                });
                if let Ok(Ok(length)) = received
                    && String::from_utf8_lossy(&notice[..length]).lines().any(|line| line == "WATCHDOG=1")
                {
                    last = Instant::now();
                }
            }
        });
        Self { longest, task }
    }

    fn longest_silence(&self) -> Duration {
        *self.longest.borrow()
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_beside_them_four_cameras_are_served_and_each_trouble_has_its_true_sentence() {
    let mut quiet = Station::new().await;
    quiet.running.start();
    let alone = quiet.serve().await;
    quiet.running.stop().await;

    let mut station = Station::new().await;
    std::fs::write(station.nas.join(format!("BWC-{POISONED}")), "a file where a folder must be").unwrap();
    let poisoned = Footage::random(&format!("BWC-{POISONED}"), 2, 400_000, 9);
    station.running.dock(POISONED, &poisoned);
    let stick = station.running.bay(CROWDED).join("STICK");
    std::fs::create_dir(&stick).unwrap();
    for number in 0..LINKS {
        symlink("/etc/passwd", stick.join(format!("LINK{number:06}"))).unwrap();
    }
    let share = HangingShare::mount(&station.share);
    share.hang();
    let systemd = station.running.beside("notify");
    let watchdog = Watchdog::listen(UnixDatagram::bind(&systemd).unwrap());
    station.running.start_under(&systemd);
    let beside = station.serve().await;

    let told = |status: &StatusDocument| {
        let places: Vec<_> = status.destinations.iter().map(|place| place.state).collect();
        bay(status, CROWDED).state == BayState::Attention && places[2..] == [DestinationState::Waiting; 2]
    };
    station.running.until("the troubles are told", told).await;
    let shown = station.running.camdock(&["status"]).await;
    let text = printed(&shown);
    println!("{text}\nthe four alone: {alone:?}, with all that beside them: {beside:?}");
    assert_eq!(shown.status.code(), Some(3), "{text}");
    for (sentence, times) in [
        ("Uploaded, proven and wiped. Take this one.", HONEST.len()),
        ("2 segments (781.2 KiB) queued, 1 problem", 1),
        ("Uploading: 2 segments to go. The camera may be taken; the wipe then waits for its next docking.", 1),
        ("A person must look at 100000 files; everything else is safe.", 1),
        ("It takes everything but 2 segments of camera BWC-5 (refused: a name in folder ", 1),
        ("Waiting: no answer for ", 1),
        ("Waiting for network: cannot be reached: ", 1),
    ] {
        assert_eq!(text.matches(sentence).count(), times, "{sentence}: {text}");
    }
    assert_eq!(files_below(&station.running.camera(POISONED, &poisoned)), 2, "what one lacks stays");
    assert!(watchdog.longest_silence() < LATE, "{:?}", watchdog.longest_silence());
    share.answer();
    station.running.stop().await;
}
