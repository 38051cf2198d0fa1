//! A station that owes its evidence to several clouds at once, real servers all of them: a camera is wiped when each has proven
//! its copy, and one that is down delays that, and nothing else.

use std::path::PathBuf;
use std::time::Duration;

use camdock_test_support::footage::{Footage, files_below, sha256};
use camdock_test_support::gcs::Gcs;
use camdock_test_support::proxy::{FaultMix, FaultyProxy};
use camdock_test_support::s3::{KEY_ID, Kind, REGION, S3Server, SECRET};
use reqwest::{Method, StatusCode};

use crate::google::{arrived, write_key};
use crate::station::{RunningStation, bay};
use crate::trouble::{Cloud, finishes};

const BUCKET: &str = "evidence";

const MORE: &str = r#"
[[destination]]
name = "second"
kind = "s3"
region = "REGION"
bucket = "evidence"
endpoint = "ENDPOINT"
prefix = "north"
credential = { kind = "access-key", file = "second.key" }

[[destination]]
name = "third"
kind = "gcs"
bucket = "evidence"
endpoint = "GOOGLE"
prefix = "north"
credential = { kind = "service-account", file = "google.json" }

[[destination]]
name = "nas"
kind = "folder"
path = "NAS"
same_disk = true
"#;

/// The kinds of places, of which there is one each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    AtAzure,
    AtS3,
    AtGoogle,
    OnTheNas,
}

impl Kept {
    const ALL: [Self; 4] = [Self::AtAzure, Self::AtS3, Self::AtGoogle, Self::OnTheNas];
}

struct Clouds {
    azure: Cloud,
    s3: S3Server,
    google: Gcs,
    way_to_google: FaultyProxy,
    nas: PathBuf,
    station: RunningStation,
}

impl Clouds {
    async fn start() -> Self {
        let azure = Cloud::well().await;
        let s3 = S3Server::start(Kind::SeaweedFs).await.unwrap();
        s3.create_bucket(BUCKET, false).await.unwrap();
        let google = Gcs::start().await.unwrap();
        let host = google.endpoint.socket_addrs(|| None).unwrap()[0];
        let way_to_google = FaultyProxy::start(host, 1, FaultMix::none());
        let station = azure.station();
        write_key(&station, &google);
        let nas = station.beside("nas");
        std::fs::create_dir(&nas).unwrap();
        let more = MORE.replace("NAS", nas.to_str().unwrap()).replace("REGION", REGION);
        let more = more.replace("ENDPOINT", s3.endpoint.as_str());
        let more = more.replace("GOOGLE", &format!("http://{}", way_to_google.addr()));
        std::fs::write(station.beside("camdock.toml.d/more.toml"), more).unwrap();
        std::fs::write(station.beside("second.key"), format!("{KEY_ID}:{SECRET}\n")).unwrap();
        assert!(station.camdock(&["enrol", "nas"]).await.status.success());
        Self { azure, s3, google, way_to_google, nas, station }
    }

    /// From now on nobody answers there.
    async fn goes_down(&mut self, place: Kept) {
        match place {
            Kept::AtAzure => self.azure.goes_down(),
            Kept::AtS3 => self.s3.kill().await,
            Kept::AtGoogle => self.way_to_google.cut_off(),
            Kept::OnTheNas => std::fs::rename(&self.nas, self.nas.with_extension("gone")).unwrap(),
        }
    }

    async fn comes_back(&mut self, place: Kept) {
        match place {
            Kept::AtAzure => self.azure.comes_back(),
            Kept::AtS3 => self.s3.restart().await.unwrap(),
            Kept::AtGoogle => self.way_to_google.heal(),
            Kept::OnTheNas => std::fs::rename(self.nas.with_extension("gone"), &self.nas).unwrap(),
        }
    }

    /// How many of the camera's files are there.
    async fn count_at(&self, place: Kept, footage: &Footage) -> usize {
        match place {
            Kept::AtAzure => self.azure.count_of(&footage.serial).await,
            Kept::AtS3 => self.names_at_s3(&footage.serial).await.len(),
            Kept::AtGoogle => arrived(&self.google, footage),
            // Each with its note.
            Kept::OnTheNas => {
                Some(self.nas.join(&footage.serial)).filter(|at| at.exists()).map_or(0, |at| files_below(&at)) / 2
            }
        }
    }

    async fn until_all_is(&self, place: Kept, footage: &Footage) {
        for _ in 0..900 {
            if self.count_at(place, footage).await == footage.files.len() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let status = self.station.status().await;
        panic!("{} does not arrive {place:?}: {status:?}", footage.serial);
    }

    async fn names_at_s3(&self, camera: &str) -> Vec<String> {
        let list = format!("{BUCKET}?list-type=2&prefix=north%2F{camera}");
        let list = self.s3.request(Method::GET, &list, &[], "").await.unwrap().text().await.unwrap();
        let names = list.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>"));
        names.map(|(name, _)| name.to_owned()).collect()
    }

    /// Each file is at S3, once, bit for bit.
    async fn assert_arrived_at_s3(&self, footage: &Footage) {
        let names = self.names_at_s3(&footage.serial).await;
        assert_eq!(names.len(), footage.files.len(), "{names:?}");
        let mut hashes = Vec::new();
        for name in names {
            let object = self.s3.request(Method::GET, &format!("{BUCKET}/{name}"), &[], "").await.unwrap();
            assert_eq!(object.status(), StatusCode::OK, "{name}");
            hashes.push(sha256(&object.bytes().await.unwrap()));
        }
        hashes.sort();
        let mut expected: Vec<_> = footage.files.iter().map(|(_, content)| sha256(content)).collect();
        expected.sort();
        assert_eq!(hashes, expected);
    }
}

/// Files of one part, of none, and of several.
fn footage() -> Footage {
    let mut footage = Footage::random("BWC-1", 3, 300_000, 7);
    footage.files.push(("DCIM/100BWC/EMPTY.MP4".to_owned(), Vec::new()));
    footage.files.extend(
        Footage::random("BWC-1", 1, 13 << 20, 8)
            .files
            .into_iter()
            .map(|(_, content)| ("DCIM/LONG.MP4".to_owned(), content)),
    );
    footage
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_is_wiped_when_every_cloud_has_proven_its_copy_and_not_before() {
    let mut clouds = Clouds::start().await;
    let footage = footage();
    clouds.s3.kill().await;
    clouds.station.start();
    clouds.station.dock(1, &footage);
    let nas = clouds.nas.clone();
    clouds
        .station
        .until("the nearest has everything, and one of the clouds is missing", |status| {
            status.queue.segments == 5 && nas.join("BWC-1").exists() && files_below(&nas.join("BWC-1")) == 10
        })
        .await;
    assert_eq!(files_below(&clouds.station.camera(1, &footage)), 5, "nothing has left the camera");
    clouds.s3.restart().await.unwrap();
    let status = clouds.station.until("it is wiped", |status| bay(status, 1).segments_wiped == 5).await;
    assert_eq!(bay(&status, 1).segments_wiped, 5);
    assert_eq!(files_below(&clouds.station.camera(1, &footage)), 0);
    clouds.assert_arrived_at_s3(&footage).await;
    assert_eq!(files_below(&clouds.nas.join("BWC-1")), 10, "each with its note");
    let checked = clouds.station.camdock(&["check"]).await;
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(said.contains("second") && said.contains("delete is ALLOWED"), "{said}");
    finishes(&mut clouds.station, &clouds.azure, &[&footage]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whichever_place_is_down_the_others_go_on_and_the_camera_waits_for_it() {
    let mut clouds = Clouds::start().await;
    clouds.station.start();
    let mut cameras = Vec::new();
    for (number, down) in Kept::ALL.into_iter().enumerate() {
        let footage = Footage::random(&format!("BWC-{}", number + 1), 3, 300_000, number as u64);
        clouds.goes_down(down).await;
        clouds.station.dock(1, &footage);
        for place in Kept::ALL.into_iter().filter(|place| *place != down) {
            clouds.until_all_is(place, &footage).await;
        }
        assert_eq!(files_below(&clouds.station.camera(1, &footage)), 3, "{down:?}: nothing has left the camera");
        clouds.comes_back(down).await;
        if down == Kept::OnTheNas {
            // A folder that is not there is looked for every few minutes, and at a start.
            clouds.station.stop().await;
            clouds.station.start();
        }
        let serial = footage.serial.clone();
        let wiped = move |status: &camdock::views::StatusDocument| {
            let bay = bay(status, 1);
            bay.camera.as_ref().is_some_and(|camera| camera.to_string() == serial) && bay.segments_wiped == 3
        };
        clouds.station.until("it is wiped", wiped).await;
        assert_eq!(files_below(&clouds.station.camera(1, &footage)), 0);
        if number + 1 < Kept::ALL.len() {
            clouds.station.take(1, &footage);
        }
        cameras.push(footage);
    }
    for footage in &cameras {
        for place in Kept::ALL {
            assert_eq!(clouds.count_at(place, footage).await, 3, "{} {place:?}", footage.serial);
        }
        clouds.assert_arrived_at_s3(footage).await;
    }
    finishes(&mut clouds.station, &clouds.azure, &cameras.iter().collect::<Vec<_>>()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_that_is_killed_in_the_middle_goes_on_at_s3_where_it_was() {
    let mut clouds = Clouds::start().await;
    let footage = footage();
    clouds.station.dock(1, &footage);
    for point in ["ChunkStaged", "BeforeCommit", "AfterCommit", "Proven"] {
        clouds.station.start_to_crash_at(point, 2);
        clouds.station.crashed().await.unwrap();
    }
    clouds.station.start();
    clouds.station.until_all_done().await;
    assert_eq!(files_below(&clouds.station.camera(1, &footage)), 0);
    clouds.assert_arrived_at_s3(&footage).await;
    finishes(&mut clouds.station, &clouds.azure, &[&footage]).await;
}
