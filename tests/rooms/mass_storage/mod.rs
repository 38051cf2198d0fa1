//! A USB drive, from its plugging-in to its wipe, with real D-Bus and real mounts in between.

mod drive;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use camdock::camera::{AskUnsettled, Camera, CameraError, Condition, MassStorageCamera, Piece, Reading};
use camdock::custody::WipePermit;
use camdock::domain::{
    DockingId, MediumId, OddityKind, Pattern, Profile, SerialSource, SourceFile, SourceKind, SourcePath, Transport,
    UsbMatch,
};
use futures::FutureExt as _;

use crate::memory_destination::clear;
use crate::sick_medium::{Entry, SickMedium};
use drive::{Drive, Holds, Lock};

/// What the first volume of a machine is called.
const MEDIUM: &str = "fat-00000001";

fn profile() -> Profile {
    Profile {
        name: "generic".to_owned(),
        title: "A camera".to_owned(),
        matches: UsbMatch::default(),
        transport: Transport::MassStorage,
        folders: vec![SourcePath::new(b"DCIM".to_vec())],
        leave: Vec::new(),
        serial: SerialSource::Usb,
        label: None,
        quiet_time: std::time::Duration::ZERO,
    }
}

/// The docking that these tests are about.
fn docking() -> DockingId {
    DockingId::parse("019b7628-0000-7000-8000-000000000001").unwrap()
}

async fn open_as(machine: &mut Drive, profile: Profile, unsettled: &[&str]) -> Result<MassStorageCamera, CameraError> {
    let unsettled: BTreeSet<_> = unsettled.iter().map(|medium| MediumId::new(*medium).unwrap()).collect();
    let ask: AskUnsettled = Arc::new(move |_| {
        let unsettled = unsettled.clone();
        async move { Ok(unsettled) }.boxed()
    });
    MassStorageCamera::open(machine.surroundings().await, Drive::device(), vec![Arc::new(profile)], ask, docking())
        .await
}

async fn open(machine: &mut Drive) -> Result<MassStorageCamera, CameraError> {
    open_as(machine, profile(), &[]).await
}

/// The paths of all that it lists.
async fn listed(camera: &dyn Camera) -> Vec<String> {
    camera.list().await.unwrap().files.iter().map(|file| file.path.to_string()).collect()
}

async fn read(camera: &dyn Camera, file: &SourceFile) -> Vec<u8> {
    let mut reader = camera.open(file, Reading::Again).await.unwrap();
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
    WipePermit::issue(docking(), camera.serial().clone(), vec![cleared])
}

#[tokio::test]
async fn a_camera_is_written_to_only_while_it_is_wiped() {
    let mut machine = Drive::new();
    machine.record("A.MP4", b"evidence");
    machine.record("B.MP4", b"more");
    let camera = open(&mut machine).await.unwrap();
    assert_eq!((camera.serial().as_str(), camera.condition()), ("BWC-0001", Condition::Sound));
    let files = camera.list().await.unwrap().files;
    assert_eq!(files.iter().map(|file| file.path.to_string()).collect::<Vec<_>>(), ["DCIM/A.MP4", "DCIM/B.MP4"]);
    assert!(std::fs::write(machine.mounted().unwrap().join("DCIM/C.MP4"), "").is_err(), "it can be written to");
    let permit = permit(&camera, &files[0]).await;
    camera.wipe(permit).await.unwrap();
    assert_eq!(camera.list().await.unwrap().files, files[1..], "the other is the same file after a fresh mount");
    let steps = ["mount to read", "unmount", "mount to write", "unmount", "mount to read"];
    assert_eq!(machine.steps(), steps);
    drop(camera);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(machine.mounted(), None, "it stays mounted");
}

#[tokio::test]
async fn a_camera_that_was_pulled_out_never_looks_empty() {
    let mut machine = Drive::new();
    machine.record("A.MP4", b"evidence");
    let camera = open(&mut machine).await.unwrap();
    let file = camera.list().await.unwrap().files.remove(0);
    let permit = permit(&camera, &file).await;
    machine.pull_out();
    assert!(matches!(camera.list().await, Err(CameraError::Gone)));
    assert!(matches!(camera.open(&file, Reading::First).await.map(|_| ()), Err(CameraError::Gone)));
    assert!(matches!(camera.wipe(permit).await, Err(CameraError::Gone)));
}

#[tokio::test]
async fn nothing_is_deleted_from_a_volume_that_was_in_use() {
    let mut machine = Drive::new();
    machine.record("A.MP4", b"evidence");
    let sound = open(&mut machine).await.unwrap();
    let file = sound.list().await.unwrap().files.remove(0);
    let permit = permit(&sound, &file).await;
    drop(sound);
    machine.mark();
    let camera = open(&mut machine).await.unwrap();
    assert!(matches!(camera.condition(), Condition::Unsound(why) if why.contains("not closed properly")));
    let listing = camera.list().await.unwrap();
    let [image, file] = &listing.files[..] else { panic!("{listing:?}") };
    assert_eq!(
        (image.path.to_string().as_str(), image.kind, file.kind),
        ("/p1.img", SourceKind::Image, SourceKind::File)
    );
    assert_eq!(read(&camera, image).await, machine.image());
    assert_eq!(read(&camera, file).await, b"evidence");
    assert!(camera.wipe(permit).await.is_err());
    assert!(machine.has("A.MP4"));
}

#[tokio::test]
async fn the_mark_of_camdocks_own_wipe_heals_by_itself() {
    let mut machine = Drive::new();
    machine.record("A.MP4", b"evidence");
    machine.mark();
    let camera = open_as(&mut machine, profile(), &[MEDIUM]).await.unwrap();
    assert_eq!(camera.condition(), Condition::MarkedByWipe);
    let files = camera.list().await.unwrap().files;
    assert_eq!(files.len(), 1, "no image");
    camera.wipe(permit(&camera, &files[0]).await).await.unwrap();
    assert_eq!(camera.list().await.unwrap().files, []);
}

#[tokio::test]
async fn a_mount_that_was_left_behind_is_not_used() {
    let mut machine = Drive::new();
    machine.record("A.MP4", b"evidence");
    machine.leave_mounted();
    let camera = open(&mut machine).await.unwrap();
    assert_eq!(machine.steps(), ["unmount", "mount to read"]);
    assert_eq!(camera.list().await.unwrap().files.len(), 1);
}

#[tokio::test]
async fn a_drive_that_is_no_camera_is_refused_and_let_go() {
    let mut machine = Drive::new();
    let refused = open(&mut machine).await.map(|_| ());
    let Err(CameraError::Refused(why)) = refused else { panic!("{refused:?}") };
    assert!(why.contains("no folder DCIM"), "{why}");
    assert_eq!(machine.mounted(), None);
}

#[tokio::test]
async fn a_recording_that_was_never_closed_is_kept_whole() {
    let mut machine = Drive::new();
    machine.record("A.MP4", b"evidence");
    let permit = {
        let sound = open(&mut machine).await.unwrap();
        let file = sound.list().await.unwrap().files.remove(0);
        permit(&sound, &file).await
    };
    machine.break_off();
    let camera = open(&mut machine).await.unwrap();
    assert!(matches!(camera.condition(), Condition::Unsound(why) if why.contains("belongs to no file")));
    assert_eq!(listed(&camera).await, ["/p1.img", "DCIM/A.MP4"]);
    assert!(camera.wipe(permit).await.is_err());
    assert!(machine.has("A.MP4"));
}

#[tokio::test]
async fn what_camdocks_own_wipe_left_behind_heals_by_itself() {
    let mut machine = Drive::new();
    machine.record("A.MP4", b"evidence");
    machine.break_off();
    let camera = open_as(&mut machine, profile(), &[MEDIUM]).await.unwrap();
    assert_eq!((camera.condition(), listed(&camera).await.len()), (Condition::MarkedByWipe, 1));
}

#[tokio::test]
async fn a_wipe_of_one_camera_explains_nothing_about_another_of_its_serial() {
    let mut machine = Drive::new();
    machine.record("A.MP4", b"evidence");
    machine.mark();
    let camera = open_as(&mut machine, profile(), &["fat-0000beef"]).await.unwrap();
    assert!(matches!(camera.condition(), Condition::Unsound(_)));
    assert_eq!(camera.media(), [MediumId::new(MEDIUM).unwrap()]);
}

#[tokio::test]
async fn a_second_volume_that_cannot_be_looked_into_is_taken_whole_and_nothing_is_wiped() {
    for (holds, said) in [(Holds::FatThatCannotBeMounted, "cannot be mounted"), (Holds::Ntfs, "holds ntfs")] {
        let mut machine = Drive::new();
        machine.record("A.MP4", b"evidence");
        machine.add_partition(holds);
        let camera = open(&mut machine).await.unwrap();
        let Condition::Unsound(why) = camera.condition() else { panic!("{:?}", camera.condition()) };
        assert!(why.contains("p2") && why.contains(said), "{why}");
        assert_eq!(listed(&camera).await, ["/p2.img", "p1/DCIM/A.MP4"]);
    }
}

#[tokio::test]
async fn a_volume_that_the_profile_leaves_alone_holds_up_nothing() {
    let mut machine = Drive::new();
    machine.record("A.MP4", b"evidence");
    machine.add_partition(Holds::Ntfs);
    let profile = Profile { leave: vec![Pattern::new("/p2.img")], ..profile() };
    let camera = open_as(&mut machine, profile, &[]).await.unwrap();
    assert_eq!((camera.condition(), listed(&camera).await), (Condition::Sound, vec!["p1/DCIM/A.MP4".to_owned()]));
}

#[tokio::test]
async fn a_folder_that_cannot_be_read_makes_its_volume_a_damaged_one() {
    let everything = || Profile { folders: Vec::new(), ..profile() };
    for entry in [Entry::DeadFolder, Entry::Ghost] {
        let medium = SickMedium::mount(vec![("A.MP4", Entry::File(b"evidence".to_vec())), ("B", entry)]);
        let mut machine = Drive::with_files_in(&medium.path());
        let camera = open_as(&mut machine, everything(), &[]).await.unwrap();
        assert!(matches!(camera.condition(), Condition::Unsound(why) if why.contains("damaged")));
        let listing = camera.list().await.unwrap();
        let files: Vec<_> = listing.files.iter().map(|file| file.path.to_string()).collect();
        assert_eq!(files, ["/p1.img", "A.MP4"]);
        let [oddity] = &listing.oddities[..] else { panic!("{listing:?}") };
        assert_eq!((oddity.path.to_string().as_str(), oddity.kind), ("B", OddityKind::Unreadable));
    }
}

#[tokio::test]
async fn nothing_is_deleted_from_another_medium_in_the_same_place() {
    let mut machine = Drive::new();
    machine.record("A.MP4", b"evidence");
    let camera = open(&mut machine).await.unwrap();
    let file = camera.list().await.unwrap().files.remove(0);
    let permit = permit(&camera, &file).await;
    machine.exchange_medium();
    assert!(matches!(camera.wipe(permit).await, Err(CameraError::Exchanged)));
    assert!(machine.has("A.MP4"));
}

#[tokio::test]
async fn a_card_that_is_put_in_later_is_noticed() {
    let mut machine = Drive::new();
    machine.record("A.MP4", b"evidence");
    let camera = open(&mut machine).await.unwrap();
    assert_eq!(listed(&camera).await.len(), 1);
    machine.put_in_a_second_card();
    assert!(matches!(camera.list().await, Err(CameraError::Exchanged)));
}

#[tokio::test]
async fn a_card_with_its_lock_switched_on_is_copied_and_not_written_to() {
    let mut machine = Drive::new();
    machine.record("A.MP4", b"evidence");
    machine.switch_lock(Lock::On);
    let camera = open(&mut machine).await.unwrap();
    assert_eq!(camera.condition(), Condition::WriteProtected);
    let file = camera.list().await.unwrap().files.remove(0);
    assert!(camera.wipe(permit(&camera, &file).await).await.is_err());
    assert_eq!(machine.steps(), ["mount to read"]);

    machine.switch_lock(Lock::Off);
    camera.list().await.unwrap();
    assert_eq!(camera.condition(), Condition::Sound);
    assert!(camera.wipe(permit(&camera, &file).await).await.unwrap().is_empty());
    assert!(!machine.has("A.MP4"), "it goes on by itself once the lock is off");
    machine.switch_lock(Lock::On);
    camera.list().await.unwrap();
    assert_eq!(camera.condition(), Condition::WriteProtected);
}
