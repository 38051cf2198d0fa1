//! What a camera says of itself and its files, in every place where it is shown: text, and nothing else.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::time::Duration;

use camdock_test_support::footage::Footage;
use serde_json::Value;
use tokio::time::timeout;

use crate::station::{RunningStation, printed};
use crate::trouble::Cloud;

/// Names that a file system takes. One is as long as it may be, and no text.
const NAMES: [&[u8]; 14] = [
    b"\x1b]0;title\x07",
    b"\x1b[2J\x1b[31mred",
    b"\xc2\x9b31m",
    b"line\nforged: all is well",
    b"\r\nMESSAGE_ID=0",
    b"back\x08\x08\x7f",
    b"tab\tbed",
    "\u{202e}4PM.exe".as_bytes(),
    "\u{2066}\u{200f}\u{feff}".as_bytes(),
    b"<script>alert(1)<!--",
    b"\"'&amp;<b id=x onclick=y>",
    b"%s%n{ $bay } {$error} @CAMDOCK_BAY@",
    b"# HELP camdock_forged 1\ncamdock_forged 1",
    &[0xff; 255],
];

/// A station to whose bay a camera has come with such files, beside folders that are none and are called so.
async fn troubled(cloud: &Cloud) -> RunningStation {
    let mut station = cloud.station();
    let footage = Footage::random("BWC-1", 1, 1_000, 77);
    station.dock(1, &footage);
    let files = station.camera(1, &footage).join("files");
    std::fs::create_dir(&files).unwrap();
    for name in NAMES {
        let name = OsStr::from_bytes(name);
        std::fs::write(files.join(name), name.as_bytes()).unwrap();
        symlink("nowhere", station.camera(1, &footage).join(name)).unwrap();
        std::fs::create_dir(station.bay(1).join(name)).unwrap();
    }
    station.start();
    station.until("it says what is wrong", |status| status.problems > 0 && !status.bays[0].also.is_empty()).await;
    station
}

/// The docking of that camera, once all its files are known.
async fn docking(station: &RunningStation) -> String {
    let asked = async {
        loop {
            let list: Value = serde_json::from_str(&station.answer("/api/v1/dockings").await.unwrap()).unwrap();
            let docking = list["dockings"].as_array().unwrap().iter().find(|docking| docking["camera"] == "BWC-1");
            if let Some(docking) = docking.filter(|docking| docking["segments"].as_u64() > Some(NAMES.len() as u64)) {
                return docking["id"].as_str().unwrap().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_mins(1), asked).await.expect("its files are copied")
}

/// Every text in a document.
fn texts(document: &Value, all: &mut Vec<String>) {
    match document {
        Value::String(text) => all.push(text.clone()),
        Value::Array(each) => each.iter().for_each(|one| texts(one, all)),
        Value::Object(fields) => fields.values().for_each(|field| texts(field, all)),
        _ => {}
    }
}

/// What steers a terminal, ends a line or turns the reading direction.
fn steers(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[tokio::test]
async fn no_name_is_more_than_text_on_the_page_in_the_journal_on_a_terminal_in_metrics_and_in_documents() {
    let cloud = Cloud::well().await;
    let mut station = troubled(&cloud).await;
    let docking = docking(&station).await;
    for arguments in [&["status"][..], &["problems"], &["explain", "BWC-1"], &["unproven"]] {
        let shown = printed(&station.camdock(arguments).await);
        assert!(!shown.contains(|letter| steers(letter) && letter != '\n'), "{arguments:?}: {shown:?}");
        assert!(!shown.lines().any(|line| line.starts_with("forged")), "{arguments:?}: {shown}");
    }
    let at = station.page().await;
    for path in ["", "station", "station/dockings", &format!("station/dockings/{docking}")] {
        let page = reqwest::get(format!("{at}{path}")).await.unwrap().text().await.unwrap();
        let names_files = path.is_empty() || path.ends_with(&docking);
        assert_eq!(page.contains("&lt;script&gt;alert(1)"), names_files, "{path}: {page}");
        assert!(!page.contains("<script>alert") && !page.contains("<b id=x"), "{page}");
        assert!(!page.contains(|letter| steers(letter) && letter != '\n'), "{page:?}");
    }

    for route in [format!("/api/v1/dockings/{docking}"), "/api/v1/problems".to_owned()] {
        let text = station.answer(&route).await.unwrap();
        let mut told = Vec::new();
        texts(&serde_json::from_str(&text).unwrap(), &mut told);
        assert!(told.iter().any(|text| text.contains("BWC-1")), "{told:?}");
        assert!(told.iter().all(|text| !text.contains(steers)), "{told:?}");
    }

    let document: Value = serde_json::from_str(&station.answer("/api/v1/status").await.unwrap()).unwrap();
    let told = document["bays"][0]["also"].as_array().unwrap();
    assert!(told.iter().all(|text| !text.as_str().unwrap().contains(steers)), "{told:?}");
    let metrics = station.answer("/metrics").await.unwrap();
    assert!(!metrics.contains("forged") && !metrics.contains("alert"), "no name is a label: {metrics}");

    station.stop().await;
    let log = station.logged();
    assert!(!log.contains(|letter| steers(letter) && letter != '\n'), "{log:?}");
    let is_ours = |line: &str| line.get(..4).is_some_and(|year| year.parse::<u32>().is_ok());
    assert!(log.lines().all(is_ours), "each line begins with its time: {log}");
    assert!(log.contains("script"), "the names are told, as what they are: {log}");
}
