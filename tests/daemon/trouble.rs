//! What people see of the real daemon when something is wrong, and that it goes on by itself once it no longer is.

use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::{Duration, SystemTime};

use camdock::domain::{BayState, CameraSerial, DestinationState, DiskState, Moment, ObjectName, Sha256, SourcePath};
use camdock::views::StatusDocument;
use camdock_test_support::azurite::{self, Azurite, KEY};
use camdock_test_support::footage::{Footage, files_below};
use reqwest::Method;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use crate::mount::Mount;
use crate::station::{RunningStation, Settings, bay, printed};
use camdock_test_support::proxy::{Fault, FaultMix, FaultyProxy};

const CONTAINER: &str = "evidence";
const PREFIX: &str = "north";
const CHUNK: usize = 64 << 10;
/// What `camdock status` and others end with if something needs a person.
const NEEDS_PERSON: Option<i32> = Some(3);

/// Azurite, and a network between it and the stations.
pub(crate) struct Cloud {
    azurite: Azurite,
    proxy: FaultyProxy,
}

impl Cloud {
    async fn start(faults: FaultMix) -> Self {
        let azurite = Azurite::start().await.unwrap();
        azurite.create_container(CONTAINER).await.unwrap();
        let proxy = FaultyProxy::start(address(&azurite), 1, faults);
        Self { azurite, proxy }
    }

    pub(crate) async fn well() -> Self {
        Self::start(FaultMix::none()).await
    }

    /// Every connection breaks, until it is healed.
    async fn cut_off() -> Self {
        Self::start(FaultMix::none().with(Fault::DropRequest, 1.0)).await
    }

    /// From now on every connection breaks.
    pub(crate) fn goes_down(&self) {
        self.proxy.cut_off();
    }

    pub(crate) fn comes_back(&self) {
        self.proxy.heal();
    }

    /// How many objects are there of a camera.
    pub(crate) async fn count_of(&self, camera: &str) -> usize {
        self.azurite.objects(CONTAINER, &format!("{PREFIX}/{camera}")).await.len()
    }

    pub(crate) fn settings(&self) -> Settings {
        settings(self.proxy.addr())
    }

    pub(crate) fn station(&self) -> RunningStation {
        RunningStation::new(self.settings())
    }

    async fn assert_arrived_once(&self, cameras: &[&Footage]) {
        self.azurite.assert_arrived_once(CONTAINER, PREFIX, cameras).await;
    }
}

fn settings(cloud: SocketAddr) -> Settings {
    Settings {
        bays: 1,
        endpoint: format!("http://{cloud}/{}", azurite::ACCOUNT),
        container: CONTAINER,
        prefix: PREFIX.to_owned(),
        key: KEY.to_owned(),
        data_dir: None,
    }
}

fn address(azurite: &Azurite) -> SocketAddr {
    let host = azurite.endpoint.host_str().unwrap().parse().unwrap();
    SocketAddr::new(host, azurite.endpoint.port().unwrap())
}

fn footage() -> Footage {
    Footage::random("BWC-1", 3, 150_000, 7)
}

/// So many requests enrol a container at the first contact.
const ENROLMENT: u64 = 1;

const LONG: usize = 80;

/// So much of it that something can happen before all of it is copied.
fn long_footage() -> Footage {
    Footage::random("BWC-1", LONG, 600_000, 8)
}

pub(crate) async fn finishes(station: &mut RunningStation, cloud: &Cloud, cameras: &[&Footage]) {
    station.until_all_done().await;
    station.stop().await;
    station.assert_ledger_sound().await;
    cloud.assert_arrived_once(cameras).await;
}

#[tokio::test]
async fn what_appears_on_a_camera_while_nothing_can_be_sent_is_copied_all_the_same() {
    let cloud = Cloud::cut_off().await;
    let mut station = cloud.station();
    station.start();
    let footage = footage();
    station.dock(1, &footage);
    station.until("all of it waits", |status| status.queue.segments == 3).await;
    std::fs::write(station.camera(1, &footage).join("LATE.MP4"), b"the last of the shift").unwrap();
    let status = station.until("the late one waits, too", |status| status.queue.segments == 4).await;
    assert_eq!(bay(&status, 1).segments_total, 4);
    assert_eq!(bay(&status, 1).state, BayState::Uploading, "{}", bay(&status, 1).message);
    cloud.proxy.heal();
    station.until_all_done().await;
    station.stop().await;
}

#[tokio::test]
async fn without_a_network_it_offloads_and_queues_and_goes_on_by_itself() {
    let cloud = Cloud::well().await;
    let nobody = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
    let mut station = RunningStation::new(settings(nobody));
    let footage = footage();
    station.dock(1, &footage);
    station.start();

    let waits = station.until("it waits for the network", |status| {
        status.queue.segments == 3 && status.destinations[0].state == DestinationState::Waiting
    });
    let message = waits.await.destinations[0].message.clone();
    assert!(message.starts_with("Waiting for network: "), "{message}");
    assert!(message.ends_with("Uploads go on by themselves."), "{message}");
    let status = station.camdock(&["status"]).await;
    assert_eq!(status.status.code(), Some(0), "nobody is needed: {}", printed(&status));

    let listener = TcpListener::bind(nobody).await.unwrap();
    let upstream = address(&cloud.azurite);
    tokio::spawn(async move {
        while let Ok((mut one, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut other = TcpStream::connect(upstream).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut one, &mut other).await;
            });
        }
    });
    finishes(&mut station, &cloud, &[&footage]).await;
}

#[tokio::test]
async fn a_wrong_credential_is_named_and_not_tried_again_and_again() {
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    let footage = footage();
    station.dock(1, &footage);
    station.give_key("bm90IHRoZSBrZXk=");
    station.start();

    let refused = station.until("the credential is refused", |status| {
        status.queue.segments == 3 && status.destinations[0].state == DestinationState::Refused
    });
    let message = refused.await.destinations[0].message.clone();
    assert!(message.starts_with("Refused by primary (403 "), "{message}");
    assert!(message.contains("): check credential /") && message.ends_with("/primary.key."), "{message}");
    let status = station.camdock(&["status"]).await;
    assert_eq!(status.status.code(), NEEDS_PERSON, "{}", printed(&status));
    sleep(Duration::from_secs(5)).await;
    let requests = cloud.proxy.counts().requests;
    assert!(requests <= 4, "{requests} requests: no more than were under way at once");

    station.stop().await;
    station.give_key(KEY);
    station.start();
    finishes(&mut station, &cloud, &[&footage]).await;
}

#[tokio::test]
async fn with_a_read_only_spool_nothing_is_wiped_and_the_bay_says_so() {
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    let spool = station.data_dir().join("spool");
    std::fs::create_dir_all(&spool).unwrap();
    std::fs::set_permissions(station.data_dir(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let disk = Mount::new(&spool, 16);
    station.start();
    station.until("it runs", |_| true).await;

    disk.make_read_only();
    let footage = footage();
    station.dock(1, &footage);
    let status = station.until("the bay asks for a person", |status| bay(status, 1).state == BayState::Attention).await;
    let message = &bay(&status, 1).message;
    assert!(message.starts_with("Nothing is copied: ") && message.contains("Read-only file system"), "{message}");
    assert!(message.ends_with("Nothing is wiped; the camera keeps everything."), "{message}");
    assert_eq!(station.camdock(&["status"]).await.status.code(), NEEDS_PERSON);
    assert_eq!(files_below(&station.camera(1, &footage)), 3);

    disk.make_writable();
    finishes(&mut station, &cloud, &[&footage]).await;
}

#[tokio::test]
async fn on_a_read_only_disk_it_does_not_start_and_says_why() {
    let cloud = Cloud::well().await;
    let folder = TempDir::new().unwrap();
    let disk = Mount::new(folder.path(), 8);
    let mut station = RunningStation::new(Settings { data_dir: Some(folder.path().to_owned()), ..cloud.settings() });
    station.start();
    station.until("it runs", |_| true).await;
    station.stop().await;

    disk.make_read_only();
    let footage = footage();
    station.dock(1, &footage);
    let run = station.camdock(&["run"]).await;
    assert_eq!(run.status.code(), Some(1));
    assert!(printed(&run).contains("Read-only file system"), "{}", printed(&run));
    assert_eq!(files_below(&station.camera(1, &footage)), 3);

    disk.make_writable();
    station.start();
    finishes(&mut station, &cloud, &[&footage]).await;
}

#[tokio::test]
async fn a_full_spool_pauses_offloading_and_uploads_make_room() {
    let cloud = Cloud::cut_off().await;
    let folder = TempDir::new().unwrap();
    let _disk = Mount::new(folder.path(), 8);
    let mut station = RunningStation::new(Settings { data_dir: Some(folder.path().to_owned()), ..cloud.settings() });
    let footage = Footage::random("BWC-1", 16, 1 << 20, 9);
    station.dock(1, &footage);
    station.start();

    let full =
        |message: &str| message.starts_with("The spool is full") && message.ends_with("once uploads have made room.");
    let status = station.until("the spool is full", |status| full(&bay(status, 1).message)).await;
    assert!((1..16).contains(&status.queue.segments), "{status:?}");
    assert_eq!(station.camdock(&["status"]).await.status.code(), Some(0), "nobody is needed");
    assert_eq!(files_below(&station.camera(1, &footage)), 16);

    cloud.proxy.heal();
    finishes(&mut station, &cloud, &[&footage]).await;
}

/// Another program fills the disk. Only camdock can free what is proven and wiped, so it must start.
#[tokio::test]
async fn on_a_full_disk_it_starts_and_says_so_and_frees_what_it_may() {
    let cloud = Cloud::well().await;
    let folder = TempDir::new().unwrap();
    let _disk = Mount::new(folder.path(), 16);
    let mut station = RunningStation::new(Settings { data_dir: Some(folder.path().to_owned()), ..cloud.settings() });
    let keep = station.beside("camdock.toml.d/keep.toml");
    std::fs::write(&keep, "[spool]\nkeep_after_wipe = \"1h\"\n").unwrap();
    // Less than the ledger's reserve: with these copies gone, the disk is still full.
    let first = Footage::random("BWC-1", 3, 40_000, 10);
    station.dock(1, &first);
    station.start();
    finishes(&mut station, &cloud, &[&first]).await;
    assert!(folder.path().join("ledger.ballast").exists(), "room is kept");
    assert_eq!(station.spool_copies(), 3, "and so are copies of what is wiped");
    std::fs::write(&keep, "").unwrap();

    let others = folder.path().join("others");
    let mut file = File::create(&others).unwrap();
    for _ in 0..3 {
        while std::io::Write::write_all(&mut file, &[7; 4096]).is_ok() {}
        // A file system may find some more room once it has written what it had in memory.
        let _ = file.sync_all();
    }
    let silent = station.camdock(&["status"]).await;
    assert!(printed(&silent).contains("Make room on that disk"), "{}", printed(&silent));

    station.start();
    station.until("it says that the disk is full", |status| status.disk == DiskState::Full).await;
    let told = station.camdock(&["status"]).await;
    assert_eq!(told.status.code(), NEEDS_PERSON);
    assert!(printed(&told).contains("The disk that holds the station's data is full"), "{}", printed(&told));
    timeout(Duration::from_mins(1), async {
        while station.spool_copies() > 0 {
            sleep(Duration::from_millis(50)).await;
        }
    })
    .await
    .expect("what is proven and wiped goes, although nothing else can be written");

    drop(file);
    std::fs::write(&others, []).unwrap();
    station.take(1, &first);
    let second = Footage::random("BWC-2", 3, 150_000, 12);
    station.dock(1, &second);
    let camera =
        |status: &StatusDocument| bay(status, 1).camera.as_ref().is_some_and(|camera| camera.as_str() == "BWC-2");
    station.until("the second one is served", camera).await;
    finishes(&mut station, &cloud, &[&first, &second]).await;
}

#[tokio::test]
async fn a_file_that_no_spool_can_take_keeps_no_other_waiting() {
    let cloud = Cloud::well().await;
    let folder = TempDir::new().unwrap();
    let _disk = Mount::new(folder.path(), 8);
    let mut station = RunningStation::new(Settings { data_dir: Some(folder.path().to_owned()), ..cloud.settings() });
    let footage = Footage::random("BWC-1", 3, 1 << 20, 9);
    station.dock(1, &footage);
    std::fs::write(station.camera(1, &footage).join("ALL-NIGHT.MP4"), vec![7; 16 << 20]).unwrap();
    station.start();
    station.until("the others are wiped", |status| bay(status, 1).segments_wiped == 3 && status.problems == 1).await;
    assert_eq!(files_below(&station.camera(1, &footage)), 1);
    let problems = station.camdock(&["problems"]).await;
    assert!(printed(&problems).contains("more than the spool can ever hold"), "{}", printed(&problems));
}

#[tokio::test]
async fn a_ledger_from_a_newer_version_is_refused_and_left_alone() {
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    station.start();
    station.until("it runs", |_| true).await;
    station.stop().await;
    let ledger = rusqlite::Connection::open(station.ledger()).unwrap();
    ledger.execute_batch("UPDATE written_by SET version = '9.8.7'; PRAGMA user_version = 99;").unwrap();
    drop(ledger);
    let before = std::fs::read(station.ledger()).unwrap();

    let run = station.camdock(&["run"]).await;
    assert_eq!(run.status.code(), Some(1), "{}", printed(&run));
    assert!(printed(&run).contains("the ledger was written by camdock 9.8.7, which is newer"), "{}", printed(&run));
    assert!(std::fs::read(station.ledger()).unwrap() == before, "nothing was changed");
}

/// Overwrites part of a ledger, given in hundredths.
fn damage(path: &Path, from: u64, to: u64) {
    // The last to close it brings everything into the one file.
    rusqlite::Connection::open(path).unwrap().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let file = File::options().write(true).open(path).unwrap();
    let length = file.metadata().unwrap().len();
    let (from, to) = (length * from / 100, length * to / 100);
    file.write_all_at(&vec![0xA5; usize::try_from(to - from).unwrap()], from).unwrap();
}

#[tokio::test]
async fn a_damaged_ledger_is_set_aside_and_rebuilt_and_nothing_is_lost() {
    for (from, to) in [(0, 5), (30, 70), (60, 100)] {
        let cloud = Cloud::cut_off().await;
        let mut station = cloud.station();
        let footage = Footage::random("BWC-1", 12, 150_000, 10);
        station.dock(1, &footage);
        station.start();
        station.until("everything is spooled", |status| status.queue.segments == 12).await;
        station.stop().await;

        damage(&station.ledger(), from, to);
        cloud.proxy.heal();
        station.start();
        station.until("a person is asked to look", |status| status.problems > 0).await;
        let problems = station.camdock(&["problems"]).await;
        let told = printed(&problems);
        assert!(problems.status.code() == Some(3) && told.contains("was made anew"), "{told}");
        let (number, _) = told.split_once("  the station  ledger.damaged-").expect(&told);
        let seen = station.camdock(&["retry", number.lines().last().unwrap()]).await;
        assert!(printed(&seen).contains("noted that you have seen it"), "{}", printed(&seen));
        finishes(&mut station, &cloud, &[&footage]).await;

        let log = station.logged();
        let set_aside = log.find("was damaged or missing, and was made anew").expect("it says so");
        assert!(
            set_aside < log.find("Uploaded, proven and wiped:").expect("it wiped"),
            "wiped before the ledger was mended:\n{log}"
        );
        let files = std::fs::read_dir(station.data_dir()).unwrap().map(|entry| entry.unwrap().file_name());
        let kept = files.filter(|name| name.to_string_lossy().starts_with("ledger.damaged-")).count();
        assert!(kept >= 1, "the damaged ledger is kept");
    }
}

#[tokio::test]
async fn sigterm_in_mid_offload_loses_nothing() {
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    let footage = long_footage();
    station.dock(1, &footage);
    station.start();
    station.until("it copies", |status| status.queue.segments > 3).await;
    station.stop().await;
    assert!(station.spool_copies() < LONG, "that was too late to be in mid-offload");

    station.start();
    finishes(&mut station, &cloud, &[&footage]).await;
}

#[tokio::test]
async fn a_second_daemon_on_the_same_folder_is_refused() {
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    station.start();
    station.until("it runs", |_| true).await;
    let second = station.camdock(&["run"]).await;
    assert_eq!(second.status.code(), Some(1));
    assert!(printed(&second).contains("another camdock already runs on"), "{}", printed(&second));
    station.until("the first still answers", |_| true).await;
}

#[tokio::test]
async fn a_camera_taken_in_mid_offload_goes_on_at_its_next_docking_where_it_was() {
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    let footage = long_footage();
    station.dock(1, &footage);
    station.start();
    station.until("it copies", |status| status.queue.segments > 3).await;
    let camera = station.take(1, &footage);
    let taken = station.until("the bay is empty and what was copied is proven", |status| {
        bay(status, 1).state == BayState::Empty && status.queue.segments == 0
    });
    taken.await;
    let uploaded = cloud.azurite.objects(CONTAINER, PREFIX).await.len();
    assert!((1..LONG).contains(&uploaded), "{uploaded} segments arrived while the camera was away");
    assert_eq!(files_below(&camera), LONG, "nothing was wiped");

    station.put_back(1, &camera);
    finishes(&mut station, &cloud, &[&footage]).await;
    assert_eq!(cloud.proxy.counts().puts, ENROLMENT + footage.puts(CHUNK), "every chunk was sent once");
}

#[tokio::test]
async fn what_another_station_uploaded_is_proven_and_not_sent_again() {
    let cloud = Cloud::well().await;
    let (mut first, mut second) = (cloud.station(), cloud.station());
    let footage = footage();
    first.dock(1, &footage);
    first.start_to_crash_at("PermitIssued", 1);
    first.crashed().await.unwrap();
    let sent = cloud.proxy.counts().puts;
    assert_eq!(sent, ENROLMENT + footage.puts(CHUNK));

    second.put_back(1, &first.camera(1, &footage));
    second.start();
    finishes(&mut second, &cloud, &[&footage]).await;
    assert_eq!(cloud.proxy.counts().puts, sent, "nothing was sent again");
    assert_eq!(files_below(&second.camera(1, &footage)), 0);
}

#[tokio::test]
async fn of_two_cameras_with_one_serial_both_arrive_completely_one_after_the_other() {
    let cloud = Cloud::well().await;
    let mut station = RunningStation::new(Settings { bays: 2, ..cloud.settings() });
    let twins = [footage(), Footage::random("BWC-1", 3, 150_000, 11)];
    for (bay, twin) in (1..).zip(&twins) {
        station.dock(bay, twin);
        // Same names, same lengths, same times: only the content tells them apart.
        for (path, _) in &twin.files {
            let file = File::options().write(true).open(station.camera(bay, twin).join(path)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)).unwrap();
        }
    }
    station.start();
    let status =
        station.until("one is ready", |status| status.bays.iter().any(|bay| bay.state == BayState::Ready)).await;
    let (first, second) = if bay(&status, 1).state == BayState::Ready { (1, 2) } else { (2, 1) };
    assert_eq!(bay(&status, second).state, BayState::Attention);
    let message = &bay(&status, second).message;
    assert!(message.starts_with(&format!("Bay {first} holds a camera with the same serial, BWC-1.")), "{message}");

    assert_eq!(files_below(&station.take(first, &twins[first - 1])), 0);
    let [one, other] = &twins;
    finishes(&mut station, &cloud, &[one, other]).await;
    assert_eq!(files_below(&station.camera(second, &twins[second - 1])), 0);
}

#[tokio::test]
async fn a_foreign_object_in_the_way_is_held_until_a_person_has_looked() {
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    let footage = Footage::random("BWC-1", 1, 150_000, 12);
    station.dock(1, &footage);
    let (path, content) = &footage.files[0];
    let modified = std::fs::metadata(station.camera(1, &footage).join(path)).unwrap().modified().unwrap();
    let modified = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    let object = ObjectName::of_segment(
        &CameraSerial::new("BWC-1").unwrap(),
        &SourcePath::new(path.clone().into_bytes()),
        Moment::from_millis(i64::try_from(modified).unwrap()),
        &Sha256::of(content),
    );
    let in_the_way = format!("{CONTAINER}/{PREFIX}/{object}");
    let foreign = vec![0; content.len()];
    assert_eq!(cloud.azurite.request(Method::PUT, &in_the_way, foreign.clone()).await.unwrap().status(), 201);

    station.start();
    station.until("the bay asks for a person", |status| bay(status, 1).state == BayState::Attention).await;
    assert_eq!(station.camdock(&["status"]).await.status.code(), NEEDS_PERSON);
    let list = station.camdock(&["problems"]).await;
    assert_eq!(list.status.code(), NEEDS_PERSON);
    assert!(printed(&list).contains("already has an object of this name with other content"), "{}", printed(&list));
    let explained = station.camdock(&["explain", "BWC-1"]).await;
    assert_eq!(explained.status.code(), NEEDS_PERSON);
    assert!(
        printed(&explained).contains("[unmet] primary has proven its copy: no, a person must look at it"),
        "{}",
        printed(&explained)
    );
    assert_eq!(
        cloud.azurite.request(Method::GET, &in_the_way, "").await.unwrap().bytes().await.unwrap(),
        foreign,
        "left alone"
    );
    assert_eq!(files_below(&station.camera(1, &footage)), 1, "kept on the camera");

    assert_eq!(cloud.azurite.request(Method::DELETE, &in_the_way, "").await.unwrap().status(), 202);
    let id = printed(&list).split_whitespace().next().unwrap().to_owned();
    assert_eq!(station.camdock(&["retry", &id]).await.status.code(), Some(0));
    station.until_all_done().await;
    assert_eq!(station.camdock(&["status"]).await.status.code(), Some(0));
    assert_eq!(station.camdock(&["problems"]).await.status.code(), Some(0));
    finishes(&mut station, &cloud, &[&footage]).await;
}

#[tokio::test]
async fn without_a_daemon_status_says_how_to_start_it() {
    let nobody = SocketAddr::from(([127, 0, 0, 1], 9));
    let station = RunningStation::new(settings(nobody));
    let status = station.camdock(&["status"]).await;
    assert_eq!(status.status.code(), Some(1));
    assert!(printed(&status).contains("camdock does not run here"), "{}", printed(&status));
    assert!(printed(&status).contains("Start it: systemctl start camdock"), "{}", printed(&status));
}
