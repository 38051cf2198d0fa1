//! A dock with four bays and its cloud, for one scenario.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use camdock_test_support::azurite::Azurite;
use camdock_test_support::footage::sha256;
use reqwest::Method;
use tokio::time::{Instant, sleep};

use super::camera::Camera;
use super::machine::{DataDisk, Guest, Medium};
use super::prepared::{CONTAINER, PREFIX, Prepared, cache, cloud, remove};
use super::status::{Bay, BayState, Status};

/// Nothing takes longer, on the slowest machine.
const PATIENCE: Duration = Duration::from_mins(3);
/// Each look costs the emulated processor some milliseconds.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The guest in which camdock runs, and the Azurite to which it sends.
pub(crate) struct InstalledStation {
    /// `None` only while the power is off.
    machine: Option<Guest>,
    azurite: Azurite,
    /// What is in the cloud, as far as it was looked at: objects never change.
    arrived: BTreeMap<String, String>,
    folder: PathBuf,
}

impl InstalledStation {
    /// A station that runs and has never seen a camera. `scenario` names the folder where it keeps what a failure leaves.
    pub(crate) async fn running(scenario: &str) -> Self {
        Self::running_on(scenario, DataDisk::Steady).await
    }

    pub(crate) async fn running_on(scenario: &str, data: DataDisk) -> Self {
        let prepared = Prepared::get().await;
        let azurite = cloud().await;
        let folder = cache().join("runs").join(scenario);
        remove(&folder);
        let disks = prepared.disks(&folder).await;
        let machine = Guest::restore(disks, data, port(&azurite), &prepared.state()).await;
        Self { machine: Some(machine), azurite, arrived: BTreeMap::new(), folder }
    }

    pub(crate) fn machine(&mut self) -> &mut Guest {
        self.machine.as_mut().expect("the power is on")
    }

    /// Puts a camera into a bay.
    pub(crate) async fn dock(&mut self, bay: usize, camera: &Camera) {
        self.dock_medium(bay, camera, Medium::default()).await;
    }

    /// Puts a camera into a bay whose medium is as given.
    pub(crate) async fn dock_medium(&mut self, bay: usize, camera: &Camera, medium: Medium) {
        self.machine().plug(bay, camera.image(), &camera.serial, medium).await;
    }

    /// Puts a camera with several memory cards into a bay.
    pub(crate) async fn dock_cards(&mut self, bay: usize, cards: &[&Camera]) {
        let images: Vec<_> = cards.iter().map(|card| card.image()).collect();
        self.machine().plug_cards(bay, &images, &cards[0].serial).await;
    }

    /// Pulls a camera out of its bay.
    pub(crate) async fn yank(&mut self, bay: usize) {
        self.machine().yank(bay).await;
    }

    /// Cuts the power and switches it on again, with these cameras still in their bays.
    pub(crate) async fn power_cut(&mut self, docked: &[(usize, &Camera)]) {
        let disks = self.machine.take().expect("the power is on").cut_power().await;
        let mut machine = Guest::start(disks, DataDisk::Forgetful, port(&self.azurite)).await;
        for (bay, camera) in docked {
            machine.plug(*bay, camera.image(), &camera.serial, Medium::default()).await;
        }
        machine.up().await;
        self.machine = Some(machine);
    }

    /// The document that `camdock status --json` prints; `None` while the service does not answer.
    pub(crate) async fn status(&mut self) -> Option<Status> {
        let document = self.machine().ask_camdock("/api/v1/status").await?;
        Some(serde_json::from_str(&document).expect("a status"))
    }

    /// Waits until the status is as wanted.
    pub(crate) async fn until(&mut self, what: &str, wanted: impl Fn(&Status) -> bool) -> Status {
        let began = Instant::now();
        let mut last = None;
        while began.elapsed() < PATIENCE {
            if let Some(status) = self.status().await {
                if wanted(&status) {
                    return status;
                }
                last = Some(status);
            }
            sleep(LOOK_EVERY).await;
        }
        let network = "ss --tcp --numeric --info; timeout 10 busybox wget -O /dev/null http://10.0.2.100:10000/ 2>&1";
        let network = self.machine().try_run(network, b"").await.out;
        panic!("waiting until {what}: not after {PATIENCE:?}; last status: {last:?}\n--- network ---\n{network}");
    }

    /// Waits until this bay is in this state.
    pub(crate) async fn until_bay(&mut self, number: usize, state: BayState) -> Bay {
        let what = format!("bay {number} is {state:?}");
        self.until(&what, |status| status.bay(number).state == state).await.bay(number).clone()
    }

    /// Waits until every camera in a bay is ready to be taken and nothing waits.
    pub(crate) async fn until_all_done(&mut self) -> Status {
        self.until("everything is proven and wiped", |status| {
            let settled = |bay: &Bay| matches!(bay.state, BayState::Ready | BayState::Empty);
            let docked = status.bays.iter().any(|bay| bay.state == BayState::Ready);
            docked && status.bays.iter().all(settled) && status.queue.segments == 0 && status.problems == 0
        })
        .await
    }

    /// Everything has come to its end: these cameras are empty, and the cloud holds exactly what was on them.
    pub(crate) async fn finishes(&mut self, cameras: &[&Camera]) {
        self.until_all_done().await;
        for camera in cameras {
            assert_eq!(camera.files().await, BTreeMap::new(), "{} is empty", camera.serial);
        }
        let footage: Vec<_> = cameras.iter().map(|camera| &camera.footage).collect();
        self.azurite.assert_arrived_once(CONTAINER, PREFIX, &footage).await;
    }

    /// Whatever was recorded on these cameras is still there, or in the cloud. The cameras must not be docked.
    pub(crate) async fn nothing_is_lost(&mut self, cameras: &[&Camera]) {
        let arrived = self.arrived().await;
        for camera in cameras {
            let left = camera.files().await;
            for (path, content) in &camera.footage.files {
                let hash = sha256(content);
                let kept = left.get(path) == Some(&hash);
                assert!(kept || arrived.contains(&hash), "{path} of {} is lost; left: {left:?}", camera.serial);
            }
        }
    }

    /// The hashes of everything in the cloud.
    pub(crate) async fn arrived(&mut self) -> BTreeSet<String> {
        for object in self.azurite.objects(CONTAINER, PREFIX).await {
            if !self.arrived.contains_key(&object) {
                let path = format!("{CONTAINER}/{PREFIX}/{object}");
                let content = self.azurite.request(Method::GET, &path, "").await.unwrap().bytes().await.unwrap();
                self.arrived.insert(object, sha256(&content));
            }
        }
        self.arrived.values().cloned().collect()
    }
}

impl Drop for InstalledStation {
    fn drop(&mut self) {
        if std::thread::panicking() {
            if let Some(machine) = &self.machine {
                eprintln!("{}\nmore in {}", machine.last_words(), self.folder.display());
            }
        } else {
            self.machine = None;
            remove(&self.folder);
        }
    }
}

fn port(azurite: &Azurite) -> u16 {
    azurite.endpoint.port().expect("it has a port of its own")
}
