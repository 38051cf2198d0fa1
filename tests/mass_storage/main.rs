//! A USB drive, from its plugging-in to its wipe, with real D-Bus and real mounts in between.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod machine;
#[path = "../support/memory_destination.rs"]
mod memory_destination;

use std::sync::Arc;
use std::time::Duration;

use camdock::camera::{AskLastWipe, Cache, Camera, CameraError, Condition, MassStorageCamera, Piece};
use camdock::custody::WipePermit;
use camdock::domain::{
    DockingId, LastWipe, Moment, Profile, SerialSource, SourceFile, SourceKind, SourcePath, Transport, UsbMatch,
};
use futures::FutureExt as _;

use crate::machine::Machine;
use crate::memory_destination::clear;

fn profile() -> Arc<Profile> {
    Arc::new(Profile {
        name: "generic".to_owned(),
        title: "A camera".to_owned(),
        matches: UsbMatch::default(),
        transport: Transport::MassStorage,
        folders: vec![SourcePath::new(b"DCIM".to_vec())],
        leave: Vec::new(),
        serial: SerialSource::Usb,
        label: None,
    })
}

async fn open(machine: &mut Machine, last_wipe: LastWipe) -> Result<MassStorageCamera, CameraError> {
    let ask: AskLastWipe = Arc::new(move |_| async move { Ok(last_wipe) }.boxed());
    MassStorageCamera::open(machine.surroundings().await, Machine::device(), vec![profile()], ask).await
}

async fn read(camera: &dyn Camera, file: &SourceFile) -> Vec<u8> {
    let mut reader = camera.open(file, Cache::Bypassed).await.unwrap();
    let mut content = Vec::new();
    while let Some(piece) = reader.next().await.unwrap() {
        let Piece::Data(bytes) = piece else { panic!("unreadable") };
        content.extend_from_slice(&bytes);
    }
    reader.finish().await.unwrap();
    content
}

/// The permit to delete a file whose copy is proven.
async fn permit(camera: &dyn Camera, file: &SourceFile) -> WipePermit {
    let cleared = clear(camera.serial(), file, read(camera, file).await, &read(camera, file).await).await;
    WipePermit::issue(DockingId::new(Moment::from_millis(0)), camera.serial().clone(), vec![cleared])
}

#[tokio::test]
async fn a_camera_is_written_to_only_while_it_is_wiped() {
    let mut machine = Machine::new();
    machine.record("A.MP4", b"evidence");
    machine.record("B.MP4", b"more");
    let camera = open(&mut machine, LastWipe::Settled).await.unwrap();
    assert_eq!((camera.serial().as_str(), camera.condition()), ("BWC-0001", Condition::Sound));
    let files = camera.list().await.unwrap().files;
    assert_eq!(files.iter().map(|file| file.path.to_string()).collect::<Vec<_>>(), ["DCIM/A.MP4", "DCIM/B.MP4"]);
    assert!(std::fs::write(machine.mounted().unwrap().join("DCIM/C.MP4"), "").is_err(), "it can be written to");
    let permit = permit(&camera, &files[0]).await;
    camera.wipe(&permit).await.unwrap();
    assert_eq!(camera.list().await.unwrap().files, files[1..], "the other is the same file after a fresh mount");
    let steps = ["mount to read", "unmount", "mount to write", "unmount", "mount to read"];
    assert_eq!(machine.steps(), steps);
    drop(camera);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(machine.mounted(), None, "it stays mounted");
}

#[tokio::test]
async fn a_camera_that_was_pulled_out_never_looks_empty() {
    let mut machine = Machine::new();
    machine.record("A.MP4", b"evidence");
    let camera = open(&mut machine, LastWipe::Settled).await.unwrap();
    let file = camera.list().await.unwrap().files.remove(0);
    let permit = permit(&camera, &file).await;
    machine.pull_out();
    assert!(matches!(camera.list().await, Err(CameraError::Gone)));
    assert!(matches!(camera.open(&file, Cache::Allowed).await.map(|_| ()), Err(CameraError::Gone)));
    assert!(matches!(camera.wipe(&permit).await, Err(CameraError::Gone)));
}

#[tokio::test]
async fn nothing_is_deleted_from_a_volume_that_was_in_use() {
    let mut machine = Machine::new();
    machine.record("A.MP4", b"evidence");
    let sound = open(&mut machine, LastWipe::Settled).await.unwrap();
    let file = sound.list().await.unwrap().files.remove(0);
    let permit = permit(&sound, &file).await;
    drop(sound);
    machine.mark();
    let camera = open(&mut machine, LastWipe::Settled).await.unwrap();
    assert!(matches!(camera.condition(), Condition::Unsound(why) if why.contains("not closed properly")));
    let listing = camera.list().await.unwrap();
    let [image, file] = &listing.files[..] else { panic!("{listing:?}") };
    assert_eq!(
        (image.path.to_string().as_str(), image.kind, file.kind),
        ("/p1.img", SourceKind::Image, SourceKind::File)
    );
    assert_eq!(read(&camera, image).await, std::fs::read(machine.at("image")).unwrap());
    assert_eq!(read(&camera, file).await, b"evidence");
    assert!(camera.wipe(&permit).await.is_err());
    assert!(machine.at("files/DCIM/A.MP4").exists());
}

#[tokio::test]
async fn the_mark_of_camdocks_own_wipe_heals_by_itself() {
    let mut machine = Machine::new();
    machine.record("A.MP4", b"evidence");
    machine.mark();
    let camera = open(&mut machine, LastWipe::Unsettled).await.unwrap();
    assert_eq!(camera.condition(), Condition::MarkedByWipe);
    let files = camera.list().await.unwrap().files;
    assert_eq!(files.len(), 1, "no image");
    camera.wipe(&permit(&camera, &files[0]).await).await.unwrap();
    assert_eq!(camera.list().await.unwrap().files, []);
}

#[tokio::test]
async fn a_mount_that_was_left_behind_is_not_used() {
    let mut machine = Machine::new();
    machine.record("A.MP4", b"evidence");
    machine.leave_mounted();
    let camera = open(&mut machine, LastWipe::Settled).await.unwrap();
    assert_eq!(machine.steps(), ["unmount", "mount to read"]);
    assert_eq!(camera.list().await.unwrap().files.len(), 1);
}

#[tokio::test]
async fn a_drive_that_is_no_camera_is_refused_and_let_go() {
    let mut machine = Machine::new();
    let refused = open(&mut machine, LastWipe::Settled).await.map(|_| ());
    let Err(CameraError::Refused(why)) = refused else { panic!("{refused:?}") };
    assert!(why.contains("no folder DCIM"), "{why}");
    assert_eq!(machine.mounted(), None);
}
