//! A station whose cloud is to keep footage from deletion, and one whose destination was taken out of its configuration.

use camdock::domain::{DestinationCause, DestinationState};
use camdock_test_support::footage::{Footage, files_below};
use camdock_test_support::s3::{KEY_ID, Kind, REGION, S3Server, SECRET};
use reqwest::Method;

use crate::station::{RunningStation, bay, printed};
use crate::trouble::Cloud;

const MORE: &str = r#"
[[destination]]
name = "locked"
kind = "s3"
region = "REGION"
bucket = "BUCKET"
endpoint = "ENDPOINT"
retention = "31d"
legal_hold = ["path:*/EVENT/*"]
credential = { kind = "access-key", file = "locked.key" }
"#;

struct Scene {
    s3: S3Server,
    station: RunningStation,
    _azure: Cloud,
}

impl Scene {
    /// A station with this bucket as its second destination.
    async fn with(bucket: &str) -> Self {
        let azure = Cloud::well().await;
        let s3 = S3Server::start(Kind::SeaweedFs).await.unwrap();
        s3.create_bucket("kept", true).await.unwrap();
        s3.create_bucket("plain", false).await.unwrap();
        let station = azure.station();
        let more = MORE.replace("REGION", REGION).replace("BUCKET", bucket).replace("ENDPOINT", s3.endpoint.as_str());
        std::fs::write(station.beside("camdock.toml.d/more.toml"), more).unwrap();
        std::fs::write(station.beside("locked.key"), format!("{KEY_ID}:{SECRET}\n")).unwrap();
        Self { s3, station, _azure: azure }
    }

    /// What the objects of the bucket say that keeps them: until when, and whether there is a legal hold.
    async fn kept(&self, bucket: &str) -> Vec<(String, Option<String>, bool)> {
        let list = self.s3.request(Method::GET, &format!("{bucket}?list-type=2&prefix=BWC-1"), &[], "").await.unwrap();
        let list = list.text().await.unwrap();
        let names = list.split("<Key>").skip(1).filter_map(|rest| rest.split_once("</Key>")).map(|(name, _)| name);
        let mut kept = Vec::new();
        for name in names {
            let object = self.s3.request(Method::HEAD, &format!("{bucket}/{name}"), &[], "").await.unwrap();
            let header = |name: &str| object.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
            let held = header("x-amz-object-lock-legal-hold").as_deref() == Some("ON");
            kept.push((name.to_owned(), header("x-amz-object-lock-retain-until-date"), held));
        }
        kept
    }
}

fn footage() -> Footage {
    let mut footage = Footage::random("BWC-1", 2, 30_000, 7);
    let event = Footage::random("BWC-1", 1, 40_000, 8).files.remove(0).1;
    footage.files.push(("DCIM/EVENT/A.MP4".to_owned(), event));
    footage
}

#[tokio::test]
async fn what_is_to_be_kept_is_kept_and_kept_longer_when_somebody_asks() {
    let mut scene = Scene::with("kept").await;
    scene.station.start();
    scene.station.dock(1, &footage());
    scene.station.until("it is wiped", |status| bay(status, 1).segments_wiped == 3).await;
    let kept = scene.kept("kept").await;
    assert_eq!(kept.len(), 3);
    assert!(kept.iter().all(|(_, until, _)| until.is_some()), "{kept:?}");
    assert_eq!(kept.iter().filter(|(_, _, held)| *held).count(), 1, "only the event: {kept:?}");
    let explained = printed(&scene.station.camdock(&["explain", "BWC-1"]).await);
    assert!(explained.contains("keeps it until") && explained.contains("under a legal hold"), "{explained}");

    let until = "2090-01-31";
    let asked = scene.station.camdock(&["retain", "BWC-1", "--until", until, "--path", "DCIM/EVENT/*"]).await;
    assert!(asked.status.success() && printed(&asked).contains("1 segment to be kept longer, at locked"), "{asked:?}");
    let longer = |kept: &[(String, Option<String>, bool)]| {
        kept.iter()
            .filter(|(_, until, _)| until.as_deref().is_some_and(|until| until.starts_with("2090-02-01")))
            .count()
    };
    let mut looks = 0;
    while longer(&scene.kept("kept").await) != 1 {
        looks += 1;
        assert!(looks < 200, "{:?}", scene.kept("kept").await);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let steps = scene.station.written_down(&["action-taken", "protection-asked"]);
    assert_eq!(steps[0]["action"]["what"], "retain", "{steps:?}");
    let past = scene.station.camdock(&["retain", "BWC-1", "--until", "2020-01-31"]).await;
    assert!(!past.status.success() && format!("{past:?}").contains("that time is over already"), "{past:?}");
}

#[tokio::test]
async fn at_a_bucket_that_keeps_nothing_nothing_is_proven_and_everybody_is_told() {
    let mut scene = Scene::with("plain").await;
    scene.station.start();
    let footage = footage();
    scene.station.dock(1, &footage);
    let status = scene
        .station
        .until("the bucket is refused", |status| {
            status.destinations.iter().any(|place| place.cause == Some(DestinationCause::Unprotected))
        })
        .await;
    let place = status.destinations.iter().find(|place| place.name.as_str() == "locked").unwrap();
    assert_eq!(place.state, DestinationState::Refused);
    assert!(place.message.contains("Object Lock") && place.segments > 0, "{place:?}");
    assert_eq!(files_below(&scene.station.camera(1, &footage)), 3, "nothing has left the camera");
    let checked = scene.station.camdock(&["check"]).await;
    assert!(printed(&checked).contains("switch on Object Lock"), "{checked:?}");
}

#[tokio::test]
async fn a_destination_that_is_taken_out_of_the_configuration_goes_on_being_required_until_it_is_given_up() {
    let mut scene = Scene::with("plain").await;
    let footage = footage();
    scene.station.start();
    scene.station.dock(1, &footage);
    scene.station.until("something waits for it", |status| status.queue.segments > 0).await;
    scene.station.stop().await;

    let more = scene.station.beside("camdock.toml.d/more.toml");
    std::fs::write(&more, "").unwrap();
    scene.station.start();
    let status = scene
        .station
        .until("it is told what is missing", |status| {
            status.destinations.iter().any(|place| place.state == DestinationState::Attention)
        })
        .await;
    let place = status.destinations.iter().find(|place| place.name.as_str() == "locked").unwrap();
    assert!(place.message.contains("given_up = [\"locked\"]"), "{}", place.message);
    assert_eq!(files_below(&scene.station.camera(1, &footage)), 3, "nothing has left the camera");
    scene.station.stop().await;

    std::fs::write(&more, "[upload]\ngiven_up = [\"locked\"]\n").unwrap();
    scene.station.start();
    let status = scene.station.until("it is wiped", |status| bay(status, 1).segments_wiped == 3).await;
    assert!(status.destinations.iter().all(|place| place.name.as_str() != "locked"));
}

#[tokio::test]
async fn a_destination_that_is_added_later_gets_what_only_another_has() {
    let mut scene = Scene::with("plain").await;
    let more = scene.station.beside("camdock.toml.d/more.toml");
    let second = std::fs::read_to_string(&more).unwrap().replace("retention = \"31d\"\n", "backfill = true\n");
    let second = second.replace("legal_hold = [\"path:*/EVENT/*\"]\n", "");
    std::fs::write(&more, "").unwrap();
    scene.station.start();
    let footage = footage();
    scene.station.dock(1, &footage);
    scene.station.until_all_done().await;
    let mut looks = 0;
    while scene.station.spool_copies() > 0 {
        looks += 1;
        assert!(looks < 600, "the copies are released");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    scene.station.stop().await;

    std::fs::write(&more, second).unwrap();
    scene.station.start();
    scene.station.until("it is asked", |status| status.destinations.len() == 2).await;
    let mut looks = 0;
    while scene.kept("plain").await.len() < 3 {
        looks += 1;
        assert!(looks < 300, "{:?}", scene.kept("plain").await);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let steps = scene.station.written_down(&["copy-restored"]);
    assert!(steps.len() == 3 && steps.iter().all(|step| step["from"] == "primary"), "{steps:?}");
    scene.station.until("nothing waits any more", |status| status.queue.segments == 0).await;
    assert_eq!(files_below(&scene.station.camera(1, &footage)), 0, "the camera is as it was");
}
