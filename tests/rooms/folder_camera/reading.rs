//! What is read, and when reading says that the file is another one.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{FileExt as _, symlink};
use std::time::Duration;

use camdock::camera::{Camera, CameraError, Piece};
use camdock::domain::ByteCount;
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::*;
use crate::sick_medium::{Entry, SickMedium};

const BOTH: [Reading; 2] = [Reading::First, Reading::Again];

fn append(bench: &Bench, path: &str) {
    OpenOptions::new().append(true).open(bench.on(path)).unwrap().write_all(b"more").unwrap();
}

/// Opens a file of which the camera has listed another state.
async fn opening_fails_as_changed(camera: &FolderCamera, file: &SourceFile) {
    for reading in BOTH {
        let opened =
            tokio::time::timeout(Duration::from_secs(5), camera.open(file, reading)).await.expect("it blocked");
        assert!(matches!(opened.map(|_| ()), Err(CameraError::Changed(_))));
    }
}

#[tokio::test]
async fn files_of_any_length_are_read_as_they_are() {
    const STEP: usize = 4 << 10;
    const PIECE: usize = 256 << 10;
    const BLOCK: usize = 1 << 20;
    let bench = Bench::new();
    let camera = bench.camera();
    let around = |length: usize| [length - 1, length, length + 1];
    for length in
        [0, 1].into_iter().chain([STEP, PIECE, 2 * PIECE, BLOCK, 2 * BLOCK + 123].into_iter().flat_map(around))
    {
        bench.write("A.MP4", footage(length));
        let file = find(&camera, "A.MP4").await;
        for reading in BOTH {
            let same = read(&camera, &file, reading).await.unwrap() == footage(length);
            assert!(same, "{length} bytes, {reading:?}");
        }
    }
}

#[tokio::test]
async fn pieces_are_no_longer_than_a_quarter_mebibyte() {
    let bench = Bench::new();
    bench.write("A.MP4", footage(3_000_000));
    let camera = bench.camera();
    for reading in BOTH {
        let mut reader = camera.open(&find(&camera, "A.MP4").await, reading).await.unwrap();
        while let Some(piece) = reader.next().await.unwrap() {
            assert!(matches!(piece, Piece::Data(data) if data.len() <= 256 << 10));
        }
    }
}

#[tokio::test]
async fn a_sparse_file_of_more_than_four_gibibytes_is_read_to_its_end() {
    const SIZE: u64 = (4 << 30) + 5;
    let bench = Bench::new();
    let file = File::create(bench.on("A.MP4")).unwrap();
    file.write_all_at(b"last!", SIZE - 5).unwrap();
    let camera = bench.camera();
    let file = find(&camera, "A.MP4").await;
    assert_eq!(file.size, ByteCount::new(SIZE));
    let mut reader = camera.open(&file, Reading::Again).await.unwrap();
    let (mut length, mut end) = (0, Vec::new());
    while let Some(piece) = reader.next().await.unwrap() {
        let Piece::Data(data) = piece else { panic!("a hole is not unreadable") };
        length += data.len() as u64;
        end = data.to_vec();
    }
    reader.finish().await.unwrap();
    assert_eq!(length, SIZE);
    assert!(end.ends_with(b"last!"));
}

#[tokio::test]
async fn a_file_that_grew_since_it_was_listed_is_not_opened() {
    let bench = Bench::new();
    bench.write("A.MP4", "footage");
    let camera = bench.camera();
    let file = find(&camera, "A.MP4").await;
    append(&bench, "A.MP4");
    opening_fails_as_changed(&camera, &file).await;
}

#[tokio::test]
async fn a_file_that_grows_while_it_is_read_has_changed() {
    let bench = Bench::new();
    bench.write("A.MP4", footage(5 << 20));
    let camera = bench.camera();
    for reading in BOTH {
        let mut reader = camera.open(&find(&camera, "A.MP4").await, reading).await.unwrap();
        reader.next().await.unwrap();
        append(&bench, "A.MP4");
        assert!(matches!(pieces(reader.as_mut()).await, Err(CameraError::Changed(_))));
    }
}

#[tokio::test]
async fn a_file_that_shrinks_while_it_is_read_has_changed() {
    let bench = Bench::new();
    let camera = bench.camera();
    for reading in BOTH {
        bench.write("A.MP4", footage(8 << 20));
        let mut reader = camera.open(&find(&camera, "A.MP4").await, reading).await.unwrap();
        reader.next().await.unwrap();
        OpenOptions::new().write(true).open(bench.on("A.MP4")).unwrap().set_len(5 << 20).unwrap();
        assert!(matches!(pieces(reader.as_mut()).await, Err(CameraError::Changed(_))));
    }
}

#[tokio::test]
async fn a_file_rewritten_in_place_while_it_is_read_has_changed() {
    let bench = Bench::new();
    bench.write("A.MP4", footage(1000));
    let camera = bench.camera();
    let mut reader = camera.open(&find(&camera, "A.MP4").await, Reading::First).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    OpenOptions::new().write(true).open(bench.on("A.MP4")).unwrap().write_all_at(b"!", 500).unwrap();
    assert!(matches!(drain(reader.as_mut()).await, Err(CameraError::Changed(_))));
}

#[tokio::test]
async fn a_file_that_vanishes_while_it_is_read_has_changed() {
    let bench = Bench::new();
    bench.write("A.MP4", footage(5 << 20));
    let camera = bench.camera();
    let mut reader = camera.open(&find(&camera, "A.MP4").await, Reading::First).await.unwrap();
    std::fs::rename(bench.on("A.MP4"), bench.beside("A.MP4")).unwrap();
    assert!(matches!(drain(reader.as_mut()).await, Err(CameraError::Changed(_))));
}

#[tokio::test]
async fn a_camera_taken_out_while_a_file_is_read_is_gone() {
    let bench = Bench::new();
    bench.write("A.MP4", footage(5 << 20));
    let camera = bench.camera();
    let file = find(&camera, "A.MP4").await;
    let mut reader = camera.open(&file, Reading::First).await.unwrap();
    std::fs::rename(bench.root(), bench.beside("taken")).unwrap();
    assert!(matches!(drain(reader.as_mut()).await, Err(CameraError::Gone)));
    assert!(matches!(camera.open(&file, Reading::First).await.map(|_| ()), Err(CameraError::Gone)));
}

#[tokio::test]
async fn a_file_exchanged_for_a_link_is_not_opened() {
    let bench = Bench::new();
    bench.write("A.MP4", "footage");
    let camera = bench.camera();
    let file = find(&camera, "A.MP4").await;
    // Even though the link leads to the very file that was listed.
    std::fs::rename(bench.on("A.MP4"), bench.beside("A.MP4")).unwrap();
    symlink(bench.beside("A.MP4"), bench.on("A.MP4")).unwrap();
    opening_fails_as_changed(&camera, &file).await;
}

#[tokio::test]
async fn a_folder_exchanged_for_a_link_is_not_entered() {
    let bench = Bench::new();
    bench.write("DCIM/100/A.MP4", "footage");
    let camera = bench.camera();
    let file = find(&camera, "DCIM/100/A.MP4").await;
    // The link leads to the very folder that was listed, within the camera and then outside.
    std::fs::rename(bench.on("DCIM"), bench.on("moved")).unwrap();
    symlink("moved", bench.on("DCIM")).unwrap();
    opening_fails_as_changed(&camera, &file).await;
    std::fs::rename(bench.on("moved"), bench.beside("moved")).unwrap();
    std::fs::rename(bench.on("DCIM"), bench.beside("old link")).unwrap();
    symlink(bench.beside("moved"), bench.on("DCIM")).unwrap();
    opening_fails_as_changed(&camera, &file).await;
}

#[tokio::test]
async fn a_file_exchanged_for_a_fifo_does_not_block() {
    let bench = Bench::new();
    bench.write("A.MP4", "");
    let camera = bench.camera();
    let file = find(&camera, "A.MP4").await;
    std::fs::rename(bench.on("A.MP4"), bench.beside("A.MP4")).unwrap();
    mknodat(CWD, bench.on("A.MP4"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    opening_fails_as_changed(&camera, &file).await;
}

#[tokio::test]
async fn a_path_that_leads_out_of_the_camera_is_not_opened() {
    let bench = Bench::new();
    bench.write("A.MP4", "footage");
    std::fs::write(bench.beside("secret"), "footage").unwrap();
    let camera = bench.camera();
    for bad in ["../secret", "/etc/passwd", "DCIM/../../secret", "A.MP4\0"] {
        let file = SourceFile { path: path(bad), ..find(&camera, "A.MP4").await };
        let opened = camera.open(&file, Reading::First).await.map(|_| ());
        assert!(matches!(opened, Err(CameraError::File { .. })), "{bad:?}: {opened:?}");
    }
}

#[tokio::test]
async fn a_file_that_may_not_be_opened_says_so_and_blocks_no_other() {
    let medium = SickMedium::mount(vec![("A.MP4", Entry::Forbidden), ("B.MP4", Entry::File(footage(100)))]);
    let camera = camera_at(&medium.path());
    let refused = camera.open(&find(&camera, "A.MP4").await, Reading::First).await.map(|_| ());
    let Err(CameraError::File { source, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(source.kind(), std::io::ErrorKind::PermissionDenied);
    assert_eq!(read(&camera, &find(&camera, "B.MP4").await, Reading::First).await.unwrap(), footage(100));
}

#[tokio::test]
async fn only_the_unreadable_blocks_of_a_file_are_missing() {
    const BLOCK: usize = 4 << 10;
    let content = footage(700_000);
    // One block near the beginning, three on both sides of a piece's end, and the incomplete last one.
    let gaps = [2 * BLOCK..3 * BLOCK, 62 * BLOCK..65 * BLOCK, 170 * BLOCK..content.len()];
    let damaged = gaps.iter().map(|gap| gap.start as u64..gap.end as u64).collect();
    let medium = SickMedium::mount(vec![("A.MP4", Entry::Damaged(content.clone(), damaged))]);
    let camera = camera_at(&medium.path());
    let expected = [
        Ok(content[..2 * BLOCK].to_vec()),
        Err(BLOCK as u64),
        Ok(content[3 * BLOCK..62 * BLOCK].to_vec()),
        Err(3 * BLOCK as u64),
        Ok(content[65 * BLOCK..170 * BLOCK].to_vec()),
        Err((content.len() - 170 * BLOCK) as u64),
    ];
    for reading in BOTH {
        let mut reader = camera.open(&find(&camera, "A.MP4").await, reading).await.unwrap();
        assert!(drain(reader.as_mut()).await.unwrap() == expected, "{reading:?}");
    }
}

#[tokio::test]
async fn a_file_that_gives_nothing_at_all_ends() {
    const SIZE: u64 = (64 << 20) + 5;
    let medium = SickMedium::mount(vec![("A.MP4", Entry::Dead(SIZE))]);
    let camera = camera_at(&medium.path());
    for reading in BOTH {
        let before = medium.failed_reads();
        let mut reader = camera.open(&find(&camera, "A.MP4").await, reading).await.unwrap();
        assert_eq!(drain(reader.as_mut()).await.unwrap(), [Err(SIZE)]);
        // Step by step it would have been 16,384.
        assert!(medium.failed_reads() - before < 1_000, "{} reads", medium.failed_reads() - before);
    }
}

#[tokio::test]
async fn what_follows_a_dead_stretch_is_read() {
    const DEAD: usize = 2 << 20;
    let content = footage(3 << 20);
    let damaged = std::iter::once(0..DEAD as u64).collect();
    let medium = SickMedium::mount(vec![("A.MP4", Entry::Damaged(content.clone(), damaged))]);
    let camera = camera_at(&medium.path());
    for reading in BOTH {
        let mut reader = camera.open(&find(&camera, "A.MP4").await, reading).await.unwrap();
        let expected = [Err(DEAD as u64), Ok(content[DEAD..].to_vec())];
        assert!(drain(reader.as_mut()).await.unwrap() == expected, "{reading:?}");
    }
}
