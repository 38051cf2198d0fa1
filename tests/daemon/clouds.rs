//! A station that owes its evidence to several clouds at once, real servers all of them: a camera is wiped when each has proven
//! its copy, and one that is down delays that, and nothing else.

use std::path::PathBuf;

use camdock_test_support::footage::{Footage, files_below, sha256};
use camdock_test_support::s3::{KEY_ID, Kind, REGION, S3Server, SECRET};
use reqwest::{Method, StatusCode};

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
name = "nas"
kind = "folder"
path = "NAS"
same_disk = true
"#;

struct Clouds {
    azure: Cloud,
    s3: S3Server,
    nas: PathBuf,
    station: RunningStation,
}

impl Clouds {
    async fn start() -> Self {
        let azure = Cloud::well().await;
        let s3 = S3Server::start(Kind::SeaweedFs).await.unwrap();
        s3.create_bucket(BUCKET, false).await.unwrap();
        let station = azure.station();
        let nas = station.beside("nas");
        std::fs::create_dir(&nas).unwrap();
        let more = MORE.replace("NAS", nas.to_str().unwrap()).replace("REGION", REGION);
        let more = more.replace("ENDPOINT", s3.endpoint.as_str());
        std::fs::write(station.beside("camdock.toml.d/more.toml"), more).unwrap();
        std::fs::write(station.beside("second.key"), format!("{KEY_ID}:{SECRET}\n")).unwrap();
        assert!(station.camdock(&["enrol", "nas"]).await.status.success());
        Self { azure, s3, nas, station }
    }

    /// Each file is at S3, once, bit for bit.
    async fn assert_arrived_at_s3(&self, footage: &Footage) {
        let list = self.s3.request(Method::GET, &format!("{BUCKET}?list-type=2&prefix=north"), &[], "").await.unwrap();
        let list = list.text().await.unwrap();
        let names: Vec<&str> =
            list.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>")).map(|(name, _)| name).collect();
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

#[tokio::test]
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

#[tokio::test]
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
