//! Segments of any size that any player plays.
//!
//! Promises: a segment is a short real film, followed by one top-level `free` box of incompressible data. Players skip
//! such a box, so the segment plays, and no two segments have the same content.

use std::io::{self, Write};

use camdock::domain::ByteCount;
use fastrand::Rng;

/// Three seconds of a test picture and a tone, made with
///
/// ```text
/// ffmpeg -f lavfi -i testsrc2=size=320x180:rate=15:duration=3 -f lavfi -i sine=frequency=440:duration=3 \
///   -c:v libx264 -profile:v baseline -preset veryslow -crf 26 -pix_fmt yuv420p -c:a aac -b:a 32k -ac 1 \
///   -movflags +faststart -map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact clip.mp4
/// ```
const CLIP: &[u8] = include_bytes!("clip.mp4");

/// Not a `uuid` box: ffmpeg refuses those of 2 GiB and more.
const KIND: &[u8; 4] = b"free";

const PIECE: usize = 256 << 10;

/// Writes a segment of `size`, or as short as it gets if that is less. Equal seeds give equal content.
pub(super) fn write(out: &mut impl Write, size: ByteCount, seed: u64) -> io::Result<()> {
    out.write_all(CLIP)?;
    let header = box_header(size.saturating_sub(ByteCount::new(CLIP.len() as u64)));
    out.write_all(&header)?;
    let mut left = size.get().saturating_sub((CLIP.len() + header.len()) as u64);
    let mut rng = Rng::with_seed(seed);
    let mut piece = vec![0; PIECE];
    while left > 0 {
        let length = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
        rng.fill(&mut piece[..length]);
        out.write_all(&piece[..length])?;
        left -= length as u64;
    }
    Ok(())
}

/// The header of a box that is `size` long as a whole, or empty if that is less than a header.
fn box_header(size: ByteCount) -> Vec<u8> {
    let size = size.get().max(8);
    match u32::try_from(size) {
        Ok(size) => [&size.to_be_bytes()[..], KIND].concat(),
        // A size of one says that the real one follows, with 64 bits.
        Err(_) => [&1_u32.to_be_bytes()[..], KIND, &size.to_be_bytes()].concat(),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn segment(size: u64, seed: u64) -> Vec<u8> {
        let mut content = Vec::new();
        write(&mut content, ByteCount::new(size), seed).unwrap();
        content
    }

    #[test]
    fn a_segment_is_as_long_as_asked_and_unlike_any_other() {
        let (one, other) = (segment(300_000, 1), segment(300_000, 2));
        assert_eq!(one.len(), 300_000);
        assert_eq!(one, segment(300_000, 1));
        assert_ne!(one, other);
        assert_eq!(segment(0, 1).len(), CLIP.len() + 8, "as short as it gets");
    }

    #[test]
    fn a_long_box_has_a_long_size() {
        let header = box_header(ByteCount::new(5 << 30));
        assert_eq!(header, *b"\0\0\0\x01free\0\0\0\x01\x40\0\0\0");
        assert_eq!(box_header(ByteCount::new(u64::from(u32::MAX))), *b"\xff\xff\xff\xfffree");
    }

    #[test]
    fn a_segment_plays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("CLIP0001.MP4");
        std::fs::write(&file, segment(2_000_000, 7)).unwrap();
        let run = |program: &str, arguments: &[&str]| {
            let output =
                Command::new(program).args(arguments).arg(&file).output().expect("`make setup` installs ffmpeg");
            assert!(output.status.success(), "{program}: {output:?}");
            assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{program} complains");
            String::from_utf8(output.stdout).unwrap()
        };
        let seen = run(
            "ffprobe",
            &["-v", "error", "-count_frames", "-show_entries", "stream=codec_name,nb_read_frames", "-of", "csv=p=0"],
        );
        let mut streams = seen.lines().map(|line| line.split(',').collect::<Vec<_>>());
        assert_eq!(streams.next().unwrap(), ["h264", "45"], "every frame is decoded");
        let sound = streams.next().unwrap();
        assert!(sound[0] == "aac" && sound[1].parse::<u32>().unwrap() > 120, "{sound:?}");
    }

    #[test]
    fn a_segment_of_more_than_four_gibibytes_plays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("CLIP0002.MP4");
        let (clip, whole) = (CLIP.len() as u64, 5_u64 << 30);
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(CLIP).unwrap();
        file.write_all(&box_header(ByteCount::new(whole - clip))).unwrap();
        file.set_len(whole).unwrap();
        let probe = ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0"];
        let output = Command::new("ffprobe").args(probe).arg(&path).output().expect("`make setup` installs ffmpeg");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "ffprobe complains");
        assert!(String::from_utf8(output.stdout).unwrap().starts_with("3."));
    }
}
