//! A station with exactly the rights that `camdock gen policy s3` prints, at a server that judges them.

use camdock_test_support::footage::{Footage, files_below};
use camdock_test_support::s3::{DOCK_KEY, REGION, S3Server};
use tokio::process::Command;

use crate::station::{RunningStation, bay, printed};

async fn policy(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_camdock"));
    let output = command.args(["gen", "policy", "s3", "--region", REGION]).args(arguments).output().await.unwrap();
    assert!(output.status.success(), "{}", printed(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn station(s3: &S3Server, more: &str) -> RunningStation {
    let station = RunningStation::sending_to(&format!(
        r#"
        [[destination]]
        name = "s3"
        kind = "s3"
        region = "{REGION}"
        bucket = "evidence"
        endpoint = "{}"
        credential = {{ kind = "access-key", file = "dock.key" }}
        {more}
        "#,
        s3.endpoint
    ));
    std::fs::write(station.beside("dock.key"), format!("{}:{}\n", DOCK_KEY.0, DOCK_KEY.1)).unwrap();
    station
}

/// Files of one part, and of several.
fn footage() -> Footage {
    let mut footage = Footage::random("BWC-1", 2, 300_000, 7);
    let long = Footage::random("BWC-1", 1, 13 << 20, 8).files.remove(0).1;
    footage.files.push(("DCIM/LONG.MP4".to_owned(), long));
    footage
}

#[tokio::test]
async fn the_rights_that_are_printed_are_enough_for_everything_but_to_delete() {
    let s3 = S3Server::start_with_policy(&policy(&["--at", "evidence", "--prefix", "north"]).await).await.unwrap();
    s3.create_bucket("evidence", false).await.unwrap();
    let mut station = station(&s3, "prefix = \"north\"");
    let said = printed(&station.camdock(&["check"]).await);
    assert!(said.contains("s3") && !said.contains("delete is ALLOWED"), "{said}");
    let footage = footage();
    station.start();
    station.dock(1, &footage);
    station.until("it is wiped", |status| bay(status, 1).segments_wiped == 3).await;
    assert_eq!(files_below(&station.camera(1, &footage)), 0);
}

#[tokio::test]
async fn they_are_for_one_place_alone() {
    let s3 = S3Server::start_with_policy(&policy(&["--at", "evidence", "--prefix", "north"]).await).await.unwrap();
    s3.create_bucket("evidence", false).await.unwrap();
    let station = station(&s3, "prefix = \"south\"");
    let said = printed(&station.camdock(&["check"]).await);
    assert!(said.contains("403 AccessDenied") && said.contains("camdock needs s3:PutObject"), "{said}");
}
