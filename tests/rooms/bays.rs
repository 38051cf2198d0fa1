//! A dock whose bays are folders, on a real file system.

use std::path::{Path, PathBuf};
use std::time::Duration;

use camdock::beat::Beat;
use camdock::dock::{BayEvent, DockError, FolderBay, Location, watch_folders};
use camdock::domain::{BayName, CameraSerial};
use tempfile::TempDir;
use tokio::sync::mpsc::Receiver;

/// Far longer than the slowest rescan.
const PATIENCE: Duration = Duration::from_secs(20);

/// Long enough for a change to be noticed and found to be none.
const QUIET: Duration = Duration::from_millis(3_500);

fn bay() -> BayName {
    BayName::new("1").unwrap()
}

/// A beat that is slower than anybody here waits.
fn beat() -> Beat {
    Beat::every(Duration::from_hours(1))
}

fn watched(name: BayName, folder: &Path) -> FolderBay {
    FolderBay { name, folder: folder.to_owned(), quiet: Duration::ZERO }
}

fn watch(folder: &Path) -> Receiver<BayEvent> {
    watch_folders(vec![watched(bay(), folder)], &beat()).unwrap()
}

fn location(folder: &Path, serial: &str) -> Location {
    Location::Folder { path: folder.join(serial), serial: CameraSerial::new(serial).unwrap(), quiet: Duration::ZERO }
}

fn docked(folder: &Path, serial: &str) -> BayEvent {
    BayEvent::Docked { bay: bay(), location: location(folder, serial) }
}

fn removed(folder: &Path, serial: &str) -> BayEvent {
    BayEvent::Removed { bay: bay(), location: location(folder, serial) }
}

fn refused(reasons: &[&str]) -> BayEvent {
    BayEvent::Refused { bay: bay(), reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect() }
}

async fn next(events: &mut Receiver<BayEvent>) -> BayEvent {
    tokio::time::timeout(PATIENCE, events.recv()).await.expect("nothing was told in time").expect("the watch ended")
}

/// The next event, if it comes sooner after the one before than a rescan could bring it.
async fn at_once(events: &mut Receiver<BayEvent>) -> BayEvent {
    let sooner = Duration::from_secs(2);
    tokio::time::timeout(sooner, events.recv()).await.expect("no notification came").expect("the watch ended")
}

async fn nothing(events: &mut Receiver<BayEvent>) {
    if let Ok(event) = tokio::time::timeout(QUIET, events.recv()).await {
        panic!("told without reason: {event:?}");
    }
}

fn mkdir(path: PathBuf) {
    std::fs::create_dir_all(path).unwrap();
}

/// Takes a camera out of its bay, as a person does: into another place.
fn take_out(path: PathBuf) -> TempDir {
    let elsewhere = TempDir::new().unwrap();
    std::fs::rename(path, elsewhere.path().join("taken")).unwrap();
    elsewhere
}

#[tokio::test]
async fn a_camera_that_was_there_before_the_start_is_docked() {
    let folder = TempDir::new().unwrap();
    mkdir(folder.path().join("BWC-1"));
    let mut events = watch(folder.path());
    assert_eq!(next(&mut events).await, docked(folder.path(), "BWC-1"));
    nothing(&mut events).await;
}

#[tokio::test]
async fn changes_are_noticed_at_once() {
    let folder = TempDir::new().unwrap();
    mkdir(folder.path().join("BWC-1"));
    let mut events = watch(folder.path());
    assert_eq!(next(&mut events).await, docked(folder.path(), "BWC-1"));
    let _taken = take_out(folder.path().join("BWC-1"));
    assert_eq!(at_once(&mut events).await, removed(folder.path(), "BWC-1"));
    mkdir(folder.path().join("BWC-2"));
    assert_eq!(at_once(&mut events).await, docked(folder.path(), "BWC-2"));
}

#[tokio::test]
async fn a_directory_that_is_moved_in_is_docked_and_moved_out_is_removed() {
    let (folder, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let mut events = watch(folder.path());
    mkdir(elsewhere.path().join("prepared/DCIM"));
    std::fs::rename(elsewhere.path().join("prepared"), folder.path().join("BWC-1")).unwrap();
    assert_eq!(next(&mut events).await, docked(folder.path(), "BWC-1"));
    let _taken = take_out(folder.path().join("BWC-1"));
    assert_eq!(next(&mut events).await, removed(folder.path(), "BWC-1"));
}

#[tokio::test]
async fn a_second_camera_is_told_though_the_first_is_still_there() {
    let folder = TempDir::new().unwrap();
    mkdir(folder.path().join("BWC-1"));
    let mut events = watch(folder.path());
    assert_eq!(next(&mut events).await, docked(folder.path(), "BWC-1"));
    mkdir(folder.path().join("BWC-0"));
    assert_eq!(next(&mut events).await, docked(folder.path(), "BWC-0"));
    let _taken = take_out(folder.path().join("BWC-1"));
    assert_eq!(next(&mut events).await, removed(folder.path(), "BWC-1"));
    nothing(&mut events).await;
}

#[tokio::test]
async fn a_camera_exchanged_for_another_of_the_same_name_was_removed_first() {
    let folder = TempDir::new().unwrap();
    mkdir(folder.path().join("BWC-1"));
    mkdir(folder.path().join(".next"));
    let mut events = watch(folder.path());
    assert_eq!(next(&mut events).await, docked(folder.path(), "BWC-1"));
    let _taken = take_out(folder.path().join("BWC-1"));
    std::fs::rename(folder.path().join(".next"), folder.path().join("BWC-1")).unwrap();
    assert_eq!(next(&mut events).await, removed(folder.path(), "BWC-1"));
    assert_eq!(next(&mut events).await, docked(folder.path(), "BWC-1"));
}

#[tokio::test]
async fn links_and_files_are_no_cameras() {
    let (folder, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("BWC-1")).unwrap();
    std::fs::write(folder.path().join("notes.txt"), "").unwrap();
    let mut events = watch(folder.path());
    let link = "bay 1: BWC-1 is a symbolic link, which is never followed; put the camera's folder itself there";
    let file = "bay 1: notes.txt is not a folder, so it is no camera; take it out";
    assert_eq!(next(&mut events).await, refused(&[link, file]));
    nothing(&mut events).await;
}

#[tokio::test]
async fn a_bay_whose_folder_comes_later_works_then() {
    let parent = TempDir::new().unwrap();
    let folder = parent.path().join("bay");
    let mut events = watch(&folder);
    nothing(&mut events).await;
    mkdir(folder.join("BWC-1"));
    assert_eq!(next(&mut events).await, docked(&folder, "BWC-1"));
}

#[tokio::test]
async fn a_bay_whose_folder_is_replaced_goes_on_working() {
    let parent = TempDir::new().unwrap();
    let folder = parent.path().join("bay");
    mkdir(folder.join("BWC-1"));
    let mut events = watch(&folder);
    assert_eq!(next(&mut events).await, docked(&folder, "BWC-1"));
    let _taken = take_out(folder.clone());
    mkdir(folder.clone());
    assert_eq!(next(&mut events).await, removed(&folder, "BWC-1"));
    mkdir(folder.join("BWC-2"));
    assert_eq!(at_once(&mut events).await, docked(&folder, "BWC-2"));
}

#[tokio::test]
async fn bays_whose_folders_are_not_apart_are_refused() {
    let folder = TempDir::new().unwrap();
    let other = BayName::new("2").unwrap();
    for second in [folder.path().join("."), folder.path().join("bay-2"), folder.path().parent().unwrap().to_owned()] {
        let bays = vec![watched(bay(), folder.path()), watched(other.clone(), &second)];
        let expected = DockError::Overlap { first: bay(), second: other.clone(), folder: second };
        assert_eq!(watch_folders(bays, &beat()).map(|_| ()), Err(expected));
    }
}
