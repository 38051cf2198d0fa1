//! Killed at any moment, the real daemon carries on at its next start, over a network that misbehaves, and ends as if
//! nothing had happened: each segment is in the cloud once, bit for bit, the cameras are empty, and the ledger is whole.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use camdock::faults::CrashPoint;
use camdock_test_support::azurite::{Azurite, KEY};
use camdock_test_support::footage::{Footage, files_below};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::station::{RunningStation, Settings};
use camdock_test_support::proxy::{Fault, FaultMix, FaultyProxy};

const CONTAINER: &str = "evidence";
const BAYS: usize = 3;
/// So many daemons run at once: they wait more than they work.
const AT_ONCE: usize = 8;
/// Enough for every kind to happen somewhere, few enough for a station to get through.
const FAULTS: u64 = 12;

/// A station with a camera in each bay and a faulty network, in a part of the container of its own.
struct Scene {
    azurite: Arc<Azurite>,
    proxy: FaultyProxy,
    station: RunningStation,
    cameras: Vec<Footage>,
    prefix: String,
}

impl Scene {
    fn new(azurite: &Arc<Azurite>, prefix: String, seed: u64, files: usize) -> Self {
        Self::with(FaultMix::everything(0.015).at_most(FAULTS), azurite, prefix, seed, files)
    }

    fn with(mix: FaultMix, azurite: &Arc<Azurite>, prefix: String, seed: u64, files: usize) -> Self {
        let upstream =
            SocketAddr::new(azurite.endpoint.host_str().unwrap().parse().unwrap(), azurite.endpoint.port().unwrap());
        let proxy = FaultyProxy::start(upstream, seed, mix);
        let station = RunningStation::new(Settings {
            bays: BAYS,
            endpoint: format!("http://{}{}", proxy.addr(), azurite.endpoint.path()),
            container: CONTAINER,
            prefix: prefix.clone(),
            key: KEY.to_owned(),
            data_dir: None,
        });
        let cameras: Vec<_> = (1..=BAYS)
            .map(|bay| Footage::random(&format!("BWC-{bay}"), files, 150_000, seed * 1_000 + bay as u64))
            .collect();
        for (bay, footage) in (1..).zip(&cameras) {
            station.dock(bay, footage);
        }
        Self { azurite: Arc::clone(azurite), proxy, station, cameras, prefix }
    }

    /// Lets the station finish, and looks at everything. Returns the kinds of faults it went through.
    async fn ends_well(mut self) -> BTreeSet<Fault> {
        self.station.start();
        self.station.until_all_done().await;
        self.station.stop().await;
        self.station.assert_ledger_sound().await;
        for (bay, footage) in (1..).zip(&self.cameras) {
            assert_eq!(files_below(&self.station.camera(bay, footage)), 0, "camera {bay} is empty");
        }
        let cameras: Vec<_> = self.cameras.iter().collect();
        self.azurite.assert_arrived_once(CONTAINER, &self.prefix, &cameras).await;
        self.proxy.counts().faults.into_keys().collect()
    }
}

/// Plays every scene, several at a time. Each kind of fault must have happened in one of them.
async fn play(scenes: Vec<(String, impl Future<Output = BTreeSet<Fault>> + Send + 'static)>) {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut playing = JoinSet::new();
    for (name, scene) in scenes {
        let turns = Arc::clone(&turns);
        playing.spawn(async move {
            let _turn = turns.acquire().await.unwrap();
            (name, tokio::spawn(scene).await)
        });
    }
    let mut faults = BTreeSet::new();
    let mut failed = Vec::new();
    while let Some(played) = playing.join_next().await {
        match played.unwrap() {
            (_, Ok(happened)) => faults.extend(happened),
            (name, Err(_)) => failed.push(name),
        }
    }
    assert!(failed.is_empty(), "these failed, see above: {failed:?}");
    assert_eq!(faults, BTreeSet::from(Fault::ALL), "every kind of fault happened");
}

async fn azurite() -> Arc<Azurite> {
    let azurite = Azurite::start().await.unwrap();
    azurite.create_container(CONTAINER).await.unwrap();
    Arc::new(azurite)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_crash_point_every_segment_arrives_once() {
    let azurite = azurite().await;
    let mut scenes = Vec::new();
    for (number, point) in (0..).zip(CrashPoint::ALL) {
        for hit in 1..=3 {
            let name = format!("{point:?}:{hit}");
            scenes.push((name.clone(), killed_at(Arc::clone(&azurite), name, point, hit, number * 3 + u64::from(hit))));
        }
    }
    play(scenes).await;
}

async fn killed_at(azurite: Arc<Azurite>, name: String, point: CrashPoint, hit: u32, seed: u64) -> BTreeSet<Fault> {
    let mut scene = Scene::new(&azurite, name.replace(':', "-"), seed, 3);
    if matches!(point, CrashPoint::TombstoneRecorded | CrashPoint::SpoolCopyRemoved) {
        // Spool copies are removed now and then, and at every start; this is the quickest way there.
        scene.station.start();
        scene.station.until_all_done().await;
        scene.station.stop().await;
    }
    scene.station.start_to_crash_at(&format!("{point:?}"), hit);
    scene.station.crashed().await.unwrap_or_else(|why| panic!("{name}: {why}"));
    scene.ends_well().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_moments_every_segment_arrives_once() {
    let azurite = azurite().await;
    let scenes = (1..=12).map(|seed| (format!("random-{seed}"), killed_at_random(Arc::clone(&azurite), seed)));
    play(scenes.collect()).await;
}

async fn killed_at_random(azurite: Arc<Azurite>, seed: u64) -> BTreeSet<Fault> {
    let mut scene = Scene::new(&azurite, format!("random-{seed}"), 1_000 + seed, 6);
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..5 {
        scene.station.start();
        sleep(Duration::from_millis(random.u64(50..2_000))).await;
        scene.station.kill().await;
    }
    scene.ends_well().await
}

/// Between the decision to remove a spool copy and its removal there may be a crash, and a night.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spool_copy_that_outlived_its_release_mends_a_destination_that_lost_its_own() {
    let azurite = azurite().await;
    let mut scene = Scene::with(FaultMix::everything(0.0), &azurite, "lost".to_owned(), 99, 3);
    scene.station.start();
    scene.station.until_all_done().await;
    scene.station.stop().await;
    scene.station.start_to_crash_at("TombstoneRecorded", 1);
    scene.station.crashed().await.unwrap();
    let (left, part) = (scene.station.spool_copies(), format!("{CONTAINER}?restype=container"));
    assert!(left > 0, "the copy whose tombstone was written is still there");

    azurite.request(reqwest::Method::DELETE, &part, "").await.unwrap();
    azurite.create_container(CONTAINER).await.unwrap();
    // A container that was made anew is another one, until somebody says that it is meant.
    let enrolled = scene.station.camdock(&["enrol", "primary", "--replace"]).await;
    assert!(enrolled.status.success(), "{enrolled:?}");
    scene.station.start();
    let mended = async {
        while azurite.objects(CONTAINER, "lost").await.len() < left {
            sleep(Duration::from_millis(200)).await;
        }
    };
    timeout(Duration::from_mins(1), mended).await.expect("every copy in the spool is uploaded again");
    scene.station.stop().await;
}
