//! What is listed, and what is reported instead.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::time::{Duration, UNIX_EPOCH};

use camdock::camera::{Camera, CameraError, FolderCamera, Listing};
use camdock::domain::{ByteCount, Moment, OddityKind};
use rustix::fs::{CWD, FileType, Mode, OFlags, makedev, mknodat};

use super::*;
use crate::sick_medium::{Entry, SickMedium};

#[tokio::test]
async fn files_are_listed_by_the_bytes_of_their_paths() {
    let bench = Bench::new();
    for name in ["b", "a/z", "a.b", "a/y/x", "B"] {
        bench.write(name, name);
    }
    assert_eq!(listed(&bench.camera()).await, ["B", "a.b", "a/y/x", "a/z", "b"]);
    assert_eq!(find(&bench.camera(), "a/y/x").await.size, ByteCount::new(5));
}

#[tokio::test]
async fn an_empty_camera_is_empty() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.on("DCIM/100")).unwrap();
    assert_eq!(bench.camera().list().await.unwrap(), Listing::default());
}

#[tokio::test]
async fn links_are_reported_and_never_followed() {
    let bench = Bench::new();
    bench.write("A.MP4", "footage");
    std::fs::create_dir(bench.beside("elsewhere")).unwrap();
    std::fs::write(bench.beside("elsewhere/secret"), "secret").unwrap();
    symlink("A.MP4", bench.on("inside")).unwrap();
    symlink(bench.beside("elsewhere"), bench.on("outside")).unwrap();
    symlink("loop", bench.on("loop")).unwrap();
    assert_eq!(listed(&bench.camera()).await, ["A.MP4"]);
    let link = OddityKind::SymbolicLink;
    let expected = [("inside".to_owned(), link), ("loop".to_owned(), link), ("outside".to_owned(), link)];
    assert_eq!(oddities(&bench.camera()).await, expected);
}

#[tokio::test]
async fn fifos_sockets_and_devices_are_reported_and_block_nothing() {
    let bench = Bench::new();
    bench.write("A.MP4", "footage");
    mknodat(CWD, bench.on("fifo"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    mknodat(CWD, bench.on("null"), FileType::CharacterDevice, Mode::RWXU, makedev(1, 3))
        .expect("this test makes a device node, so run it as root");
    mknodat(CWD, bench.on("disk"), FileType::BlockDevice, Mode::RWXU, makedev(7, 0)).unwrap();
    let _socket = UnixListener::bind(bench.on("socket")).unwrap();
    assert_eq!(listed(&bench.camera()).await, ["A.MP4"]);
    let expected = [
        ("disk".to_owned(), OddityKind::Device),
        ("fifo".to_owned(), OddityKind::Fifo),
        ("null".to_owned(), OddityKind::Device),
        ("socket".to_owned(), OddityKind::Socket),
    ];
    assert_eq!(oddities(&bench.camera()).await, expected);
}

#[tokio::test]
async fn any_name_that_a_file_system_allows_is_listed_and_read() {
    let bench = Bench::new();
    let long = [b'n'; 255];
    let names: [&[u8]; 9] =
        [b"\n\x1b[2J\x7f", b"\xff\xfe.MP4", b"..MP4", b"...", b". .", b"-rf", b"\\..\\a", b" ", &long];
    for name in names {
        std::fs::write(bench.root().join(OsStr::from_bytes(name)), name).unwrap();
    }
    let camera = bench.camera();
    let files = camera.list().await.unwrap().files;
    assert_eq!(files.len(), names.len());
    for file in files {
        assert_eq!(read(&camera, &file, Reading::First).await.unwrap(), file.path.as_bytes());
    }
}

#[tokio::test]
async fn a_tree_deeper_than_any_path_is_listed_and_read() {
    let bench = Bench::new();
    let folder = dig(&bench.root(), &"d".repeat(100), 150);
    let file = rustix::fs::openat(&folder, "A.MP4", OFlags::CREATE | OFlags::WRONLY, Mode::RUSR).unwrap();
    rustix::io::write(&file, b"deep").unwrap();
    let camera = bench.camera();
    let files = camera.list().await.unwrap().files;
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].path.as_bytes().len(), 101 * 150 + 5);
    assert_eq!(read(&camera, &files[0], Reading::Again).await.unwrap(), b"deep");
}

#[tokio::test]
async fn a_hundred_thousand_tiny_files_are_listed_with_few_descriptors() {
    if !again_under(
        &["prlimit", "--nofile=64"],
        "listing::a_hundred_thousand_tiny_files_are_listed_with_few_descriptors",
    ) {
        return;
    }
    let bench = Bench::new();
    for folder in 0..100 {
        std::fs::create_dir(bench.on(&format!("{folder:03}"))).unwrap();
        for file in 0..1_000 {
            File::create(bench.on(&format!("{folder:03}/{file:03}"))).unwrap();
        }
    }
    assert_eq!(bench.camera().list().await.unwrap().files.len(), 100_000);
}

#[tokio::test]
async fn a_clock_in_1970_or_2038_is_taken_as_it_is() {
    let bench = Bench::new();
    for (name, seconds) in [("1970", 0), ("2038", 2_147_483_648)] {
        bench.write(name, "footage");
        let time = UNIX_EPOCH + Duration::from_secs(seconds);
        File::options().write(true).open(bench.on(name)).unwrap().set_modified(time).unwrap();
    }
    assert_eq!(find(&bench.camera(), "1970").await.modified, Moment::from_millis(0));
    assert_eq!(find(&bench.camera(), "2038").await.modified, Moment::from_millis(2_147_483_648_000));
}

#[tokio::test]
async fn a_file_rewritten_with_the_same_length_and_time_has_another_stamp() {
    let bench = Bench::new();
    bench.write("A.MP4", "one");
    let before = find(&bench.camera(), "A.MP4").await;
    let modified = std::fs::metadata(bench.on("A.MP4")).unwrap().modified().unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    bench.write("A.MP4", "two");
    File::options().write(true).open(bench.on("A.MP4")).unwrap().set_modified(modified).unwrap();
    let after = find(&bench.camera(), "A.MP4").await;
    assert_eq!((before.size, before.modified), (after.size, after.modified));
    assert_ne!(before.stamp, after.stamp);
}

#[tokio::test]
async fn a_camera_that_was_taken_out_is_gone_and_not_empty() {
    let bench = Bench::new();
    bench.write("A.MP4", "footage");
    let camera = bench.camera();
    std::fs::rename(bench.root(), bench.beside("taken")).unwrap();
    assert!(matches!(camera.list().await, Err(CameraError::Gone)));
}

#[tokio::test]
async fn another_folder_in_the_same_place_is_not_the_camera() {
    let bench = Bench::new();
    bench.write("A.MP4", "footage");
    let camera = bench.camera();
    std::fs::rename(bench.root(), bench.beside("taken")).unwrap();
    std::fs::create_dir(bench.root()).unwrap();
    assert!(matches!(camera.list().await, Err(CameraError::Gone)));
}

#[tokio::test]
async fn a_camera_taken_out_while_it_is_listed_is_gone() {
    let medium = SickMedium::mount_and_tell(vec![], |beside| {
        let _ = std::fs::rename(beside.join("docked"), beside.join("taken"));
    });
    let (docked, root) = (medium.path().parent().unwrap().to_owned(), medium.path());
    let listing = camera_at(&root).list().await;
    std::fs::rename(docked.with_file_name("taken"), docked).expect("it was not taken out while it was listed");
    assert!(matches!(listing, Err(CameraError::Gone)));
}

#[tokio::test]
async fn a_camera_whose_file_system_stops_answering_is_gone() {
    let medium = SickMedium::mount(vec![("A.MP4", Entry::File(footage(100)))]);
    let camera = camera_at(&medium.path());
    assert_eq!(listed(&camera).await, ["A.MP4"]);
    medium.stop_answering();
    assert!(matches!(camera.list().await, Err(CameraError::Gone)));
}

#[test]
fn a_link_to_a_folder_is_no_camera() {
    let bench = Bench::new();
    symlink(bench.root(), bench.beside("link")).unwrap();
    for absent in ["link", "nothing"] {
        let opened = FolderCamera::open(bench.beside(absent), serial(), docking(), Duration::ZERO);
        assert!(matches!(opened, Err(CameraError::Gone)), "{absent}");
    }
}

#[tokio::test]
async fn a_folder_that_may_not_be_opened_blocks_nothing_else() {
    let medium = SickMedium::mount(vec![("locked", Entry::ForbiddenFolder), ("A.MP4", Entry::File(footage(100)))]);
    let camera = camera_at(&medium.path());
    assert_eq!(listed(&camera).await, ["A.MP4"]);
    assert_eq!(oddities(&camera).await, [("locked".to_owned(), OddityKind::Unreadable)]);
}

#[tokio::test]
async fn what_is_mounted_inside_a_camera_is_not_the_cameras() {
    // Whatever is mounted goes with the namespace.
    let namespace = ["unshare", "--mount", "--propagation", "private", "--"];
    if !again_under(&namespace, "listing::what_is_mounted_inside_a_camera_is_not_the_cameras") {
        return;
    }
    let bench = Bench::new();
    bench.write("A.MP4", "footage");
    for folder in ["loop", "memory", "same"] {
        std::fs::create_dir(bench.on(folder)).unwrap();
    }
    bench.write("covered", "hidden by the mount");
    std::fs::create_dir(bench.beside("elsewhere")).unwrap();
    std::fs::write(bench.beside("elsewhere/secret"), "secret").unwrap();
    let file = find(&bench.camera(), "covered").await;
    mount(&["--bind", bench.root().to_str().unwrap()], &bench.on("loop"));
    mount(&["--bind", bench.beside("elsewhere").to_str().unwrap()], &bench.on("same"));
    mount(&["--bind", bench.beside("elsewhere/secret").to_str().unwrap()], &bench.on("covered"));
    mount(&["-t", "tmpfs", "none"], &bench.on("memory"));

    let camera = bench.camera();
    assert_eq!(listed(&camera).await, ["A.MP4"]);
    let expected = ["covered", "loop", "memory", "same"].map(|name| (name.to_owned(), OddityKind::MountPoint));
    assert_eq!(oddities(&camera).await, expected);
    assert!(matches!(camera.open(&file, Reading::First).await.map(|_| ()), Err(CameraError::Changed(_))));
}

#[tokio::test]
async fn listing_and_reading_leave_no_trace() {
    let bench = Bench::new();
    bench.write("DCIM/A.MP4", "footage");
    let old = UNIX_EPOCH + Duration::from_secs(1_000_000);
    let times = std::fs::FileTimes::new().set_accessed(old);
    File::options().write(true).open(bench.on("DCIM/A.MP4")).unwrap().set_times(times).unwrap();
    File::open(bench.on("DCIM")).unwrap().set_times(times).unwrap();
    let camera = bench.camera();
    read(&camera, &find(&camera, "DCIM/A.MP4").await, Reading::First).await.unwrap();
    for path in ["DCIM", "DCIM/A.MP4"] {
        assert_eq!(std::fs::metadata(bench.on(path)).unwrap().atime(), 1_000_000, "{path}");
    }
}
