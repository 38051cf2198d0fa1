//! What is deleted, and what never is.

use std::os::unix::fs::symlink;

use camdock::camera::{Camera, CameraError, Kept};
use camdock::custody::WipePermit;
use camdock::domain::{CameraSerial, DockingId};

use super::*;
use crate::memory_destination::clear;
use crate::sick_medium::{Entry, SickMedium};

/// Takes the listed files of these names to a destination, has it prove them, and asks for the permit to delete them.
async fn permit(camera: &FolderCamera, names: &[&str]) -> WipePermit {
    let mut cleared = Vec::new();
    for name in names {
        let file = find(camera, name).await;
        let content = read(camera, &file, Reading::First).await.unwrap();
        let again = read(camera, &file, Reading::Again).await.unwrap();
        cleared.push(clear(camera.serial(), &file, content, &again).await);
    }
    WipePermit::issue(docking(), camera.serial().clone(), cleared)
}

#[tokio::test]
async fn exactly_what_the_permit_lists_is_deleted() {
    let bench = Bench::new();
    for name in ["DCIM/A.MP4", "DCIM/A.GPS", "DCIM/B.MP4", "LOG/C.MP4", "D.MP4"] {
        bench.write(name, name);
    }
    let camera = bench.camera();
    camera.wipe(permit(&camera, &["DCIM/A.MP4", "LOG/C.MP4", "D.MP4"]).await).await.unwrap();
    assert_eq!(listed(&camera).await, ["DCIM/A.GPS", "DCIM/B.MP4"]);
    assert!(bench.on("LOG").is_dir(), "an empty folder was deleted");
}

#[tokio::test]
async fn an_empty_segment_is_deleted_too() {
    let bench = Bench::new();
    bench.write("A.MP4", "");
    let camera = bench.camera();
    camera.wipe(permit(&camera, &["A.MP4"]).await).await.unwrap();
    assert_eq!(listed(&camera).await, [""; 0]);
}

#[tokio::test]
async fn a_file_that_changed_since_the_permit_stays() {
    let bench = Bench::new();
    bench.write("A.MP4", "footage");
    bench.write("B.MP4", "footage");
    let camera = bench.camera();
    let permit = permit(&camera, &["A.MP4", "B.MP4"]).await;
    bench.write("A.MP4", "more footage");
    camera.wipe(permit).await.unwrap();
    assert_eq!(std::fs::read(bench.on("A.MP4")).unwrap(), b"more footage");
    assert_eq!(listed(&camera).await, ["A.MP4"]);
}

#[tokio::test]
async fn a_file_replaced_by_another_of_the_same_length_and_time_stays() {
    let bench = Bench::new();
    bench.write("A.MP4", "footage");
    let camera = bench.camera();
    let permit = permit(&camera, &["A.MP4"]).await;
    let modified = std::fs::metadata(bench.on("A.MP4")).unwrap().modified().unwrap();
    bench.write("new", "replace");
    std::fs::File::options().write(true).open(bench.on("new")).unwrap().set_modified(modified).unwrap();
    std::fs::rename(bench.on("new"), bench.on("A.MP4")).unwrap();
    camera.wipe(permit).await.unwrap();
    assert_eq!(std::fs::read(bench.on("A.MP4")).unwrap(), b"replace");
}

#[tokio::test]
async fn nothing_is_deleted_through_a_link() {
    let bench = Bench::new();
    bench.write("A.MP4", "footage");
    bench.write("DCIM/B.MP4", "footage");
    let camera = bench.camera();
    let permit = permit(&camera, &["A.MP4", "DCIM/B.MP4"]).await;
    for moved in ["A.MP4", "DCIM"] {
        std::fs::rename(bench.on(moved), bench.beside(moved)).unwrap();
        symlink(bench.beside(moved), bench.on(moved)).unwrap();
    }
    camera.wipe(permit).await.unwrap();
    assert!(bench.beside("A.MP4").is_file() && bench.beside("DCIM/B.MP4").is_file(), "a link was followed");
    assert!(bench.on("A.MP4").is_symlink(), "the link was deleted");
}

#[tokio::test]
async fn a_permit_for_another_camera_deletes_nothing() {
    let bench = Bench::new();
    bench.write("A.MP4", "footage");
    let permit = permit(&bench.camera(), &["A.MP4"]).await;
    let other =
        FolderCamera::open(bench.root(), CameraSerial::new("BWC-2").unwrap(), docking(), Duration::ZERO).unwrap();
    assert!(matches!(other.wipe(permit).await, Err(CameraError::WrongPermit(_))));
    assert_eq!(listed(&other).await, ["A.MP4"]);
}

#[tokio::test]
async fn a_permit_of_an_earlier_docking_deletes_nothing() {
    let bench = Bench::new();
    bench.write("A.MP4", "footage");
    let permit = permit(&bench.camera(), &["A.MP4"]).await;
    let later = DockingId::parse("019b7628-0000-7000-8000-000000000002").unwrap();
    let camera = FolderCamera::open(bench.root(), serial(), later, Duration::ZERO).unwrap();
    let error = camera.wipe(permit).await.unwrap_err();
    assert!(matches!(error, CameraError::WrongPermit(_)), "{error}");
    assert_eq!(listed(&camera).await, ["A.MP4"]);
}

#[tokio::test]
async fn a_camera_that_was_exchanged_keeps_its_files() {
    let bench = Bench::new();
    bench.write("A.MP4", "footage");
    let camera = bench.camera();
    let permit = permit(&camera, &["A.MP4"]).await;
    std::fs::rename(bench.root(), bench.beside("taken")).unwrap();
    bench.write("A.MP4", "footage");
    assert!(matches!(camera.wipe(permit).await, Err(CameraError::Gone)));
    assert!(bench.beside("taken/A.MP4").is_file() && bench.on("A.MP4").is_file());
}

#[tokio::test]
async fn a_file_that_cannot_be_deleted_keeps_no_other_from_being_deleted() {
    let medium = SickMedium::mount(vec![("A.MP4", Entry::Kept(footage(100))), ("B.MP4", Entry::File(footage(100)))]);
    let camera = camera_at(&medium.path());
    let refused = camera.wipe(permit(&camera, &["A.MP4", "B.MP4"]).await).await.unwrap();
    assert_eq!(refused.into_iter().map(|file| file.path).collect::<Vec<_>>(), [super::path("A.MP4")]);
    assert_eq!(listed(&camera).await, ["A.MP4"]);
}

#[tokio::test]
async fn a_second_name_of_a_deleted_file_is_looked_at_again_first() {
    let bench = Bench::new();
    bench.write("A.MP4", "footage");
    std::fs::hard_link(bench.on("A.MP4"), bench.on("B.MP4")).unwrap();
    let camera = bench.camera();
    camera.wipe(permit(&camera, &["A.MP4", "B.MP4"]).await).await.unwrap();
    assert_eq!(listed(&camera).await, ["B.MP4"]);
    camera.wipe(permit(&camera, &["B.MP4"]).await).await.unwrap();
    assert_eq!(listed(&camera).await, [""; 0]);
}

#[tokio::test]
async fn a_file_in_a_tree_deeper_than_any_path_is_deleted() {
    let bench = Bench::new();
    let folder = dig(&bench.root(), &"d".repeat(100), 100);
    rustix::fs::openat(&folder, "A.MP4", rustix::fs::OFlags::CREATE, Mode::RUSR).unwrap();
    let camera = bench.camera();
    let name = listed(&camera).await.remove(0);
    camera.wipe(permit(&camera, &[&name]).await).await.unwrap();
    assert_eq!(listed(&camera).await, [""; 0]);
}

#[tokio::test]
async fn a_file_that_somebody_has_open_stays_until_it_is_closed() {
    let bench = Bench::new();
    bench.write("A.MP4", "footage");
    bench.write("B.MP4", "footage");
    let camera = bench.camera();
    let both = permit(&camera, &["A.MP4", "B.MP4"]).await;
    let writer = File::options().append(true).open(bench.on("A.MP4")).unwrap();
    let kept = camera.wipe(both).await.unwrap();
    assert!(
        matches!(kept.as_slice(), [kept] if kept.path == path("A.MP4") && matches!(kept.why, Kept::InUse)),
        "{kept:?}"
    );
    assert_eq!(listed(&camera).await, ["A.MP4"]);
    drop(writer);
    assert!(camera.wipe(permit(&camera, &["A.MP4"]).await).await.unwrap().is_empty());
    assert_eq!(listed(&camera).await, [""; 0]);
}

#[tokio::test]
async fn what_a_deletion_that_was_cut_short_left_aside_has_its_place_back() {
    let bench = Bench::new();
    bench.write("DCIM/.camdock-deleting/A.MP4", "footage");
    bench.write("DCIM/.camdock-deleting/B.MP4", "footage");
    bench.write("DCIM/B.MP4", "another");
    let camera = bench.camera();
    assert_eq!(listed(&camera).await, ["DCIM/.camdock-deleting/B.MP4", "DCIM/A.MP4", "DCIM/B.MP4"]);
    assert_eq!(std::fs::read(bench.on("DCIM/B.MP4")).unwrap(), b"another");
    let all = ["DCIM/.camdock-deleting/B.MP4", "DCIM/A.MP4", "DCIM/B.MP4"];
    assert!(camera.wipe(permit(&camera, &all).await).await.unwrap().is_empty());
    assert_eq!(listed(&camera).await, [""; 0]);
}

#[tokio::test]
async fn a_camera_with_no_room_for_another_entry_is_wiped_all_the_same() {
    let namespace = ["unshare", "--mount", "--propagation", "private", "--"];
    let test = "wiping::a_camera_with_no_room_for_another_entry_is_wiped_all_the_same";
    if !again_under(&namespace, test) {
        return;
    }
    let bench = Bench::new();
    mount(&["-t", "tmpfs", "-o", "nr_inodes=3", "camera"], &bench.root());
    bench.write("A.MP4", "footage");
    bench.write("B.MP4", "footage");
    assert!(std::fs::create_dir(bench.on("C")).is_err(), "there is no room");
    let camera = bench.camera();
    assert!(camera.wipe(permit(&camera, &["A.MP4", "B.MP4"]).await).await.unwrap().is_empty());
    assert_eq!(listed(&camera).await, [""; 0]);
}
