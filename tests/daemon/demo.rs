//! `make demo` as a new user runs it: the built program, from its first line to its last.

#![allow(clippy::disallowed_methods, reason = "the tests wait for another process, in real time")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime};

use camdock_test_support::azurite::Azurite;
use tempfile::TempDir;

/// Longer than a demo of a few small segments takes, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_mins(2);

/// Cargo names no example's path to a test, and builds it for none. `make test` does, and it lies beside the program.
fn demo(arguments: &[&str]) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_camdock")).with_file_name("examples/demo");
    assert!(program.is_file(), "`make test` builds it: cargo build --all-features --profile test --example demo");
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    demo(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text)).concat()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Every regular file below a folder, by its name below it.
fn files(folder: &Path) -> BTreeMap<PathBuf, PathBuf> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = PathBuf::from(path.file_name().unwrap());
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|(below, path)| (name.join(below), path)));
        } else {
            found.insert(name, path);
        }
    }
    found
}

fn sha256(path: &Path) -> String {
    let output = Command::new("sha256sum").arg("-b").arg(path).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()[..64].to_owned()
}

/// Real recordings, each of another length, some in a folder of their own.
fn footage() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("night")).unwrap();
    for (index, name) in ["a.mp4", "b.mp4", "c.mp4", "d.mp4", "night/e.mp4", "night/a.mp4"].iter().enumerate() {
        let picture = format!("testsrc=size=160x120:rate=10:duration={}", index + 1);
        let made = Command::new("ffmpeg")
            .args(["-v", "error", "-f", "lavfi", "-i", &picture, "-c:v", "libx264", "-pix_fmt", "yuv420p"])
            .arg(folder.path().join(name))
            .stdin(Stdio::null())
            .status()
            .expect("`make setup` installs ffmpeg");
        assert!(made.success());
    }
    let recorded_at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    std::fs::File::options().write(true).open(folder.path().join("a.mp4")).unwrap().set_modified(recorded_at).unwrap();
    folder
}

/// What a footage folder holds: names, dates and content.
fn inventory(folder: &Path) -> Vec<(PathBuf, SystemTime, String)> {
    let entry = |(name, path): (PathBuf, PathBuf)| (name, path.metadata().unwrap().modified().unwrap(), sha256(&path));
    files(folder).into_iter().map(entry).collect()
}

/// Every file of `originals` is in the Azurite that the demo left its data in, once, and the cameras are empty.
async fn assert_everything_arrived(dir: &Path, originals: &Path) {
    assert!(files(&dir.join("bays")).is_empty(), "the cameras are empty");
    assert!(files(&dir.join("shelf")).is_empty(), "every camera was docked");
    let azurite = Azurite::start_in(&dir.join("azurite")).await.unwrap();
    let list = azurite.request(reqwest::Method::GET, "evidence?restype=container&comp=list", "").await.unwrap();
    let list = list.text().await.unwrap();
    let names: Vec<&str> = list.split("<Name>").skip(1).map(|rest| rest.split_once("</Name>").unwrap().0).collect();
    let (evidence, enrolment): (Vec<&str>, Vec<&str>) = names.into_iter().partition(|name| *name != ".camdock/place");
    assert_eq!(enrolment.len(), 1, "the container is enrolled: {list}");
    let mut arrived = Vec::new();
    for name in evidence {
        let answer = azurite.request(reqwest::Method::GET, &format!("evidence/{name}"), "").await.unwrap();
        assert_eq!(answer.status(), 200, "{name}");
        arrived.push(camdock::domain::Sha256::of(&answer.bytes().await.unwrap()).to_string());
    }
    azurite.stop().await.unwrap();
    let mut expected: Vec<String> = files(originals).values().map(|path| sha256(path)).collect();
    arrived.sort();
    expected.sort();
    assert_eq!(arrived, expected, "{list}");
}

#[test]
fn the_demo_ends_well_and_leaves_nothing_behind() {
    let parent = tempfile::tempdir().unwrap();
    let output = demo(&["--size", "small"]).env("TMPDIR", parent.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("8 segments, 1.5 MiB: each, read again just now"), "{}", said(&output));
    assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0, "the temporary folder is gone");
}

#[test]
fn what_the_demo_suggests_to_look_at_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(&["--size", "small", "--dir", text(dir.path())]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let config = dir.path().join("camdock.toml");
    let camdock = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_camdock")).arg("--config").arg(&config).args(arguments).output().unwrap()
    };
    let explained = camdock(&["explain", "BWC-0001"]);
    assert_eq!(explained.status.code(), Some(0), "{}", said(&explained));
    assert!(said(&explained).contains("2 segments, 0 still on the camera"), "{}", said(&explained));
    let log = std::fs::read_to_string(dir.path().join("camdock.log")).unwrap();
    for step in [
        "destination evidence: Proven (by SHA-256).",
        "Deleting 2 files that are proven.",
        "Uploaded, proven and wiped: 2",
    ] {
        assert!(log.contains(step), "{step}: {log}");
    }
    let evidence = files(&dir.path().join("evidence"));
    let plays = evidence.values().find(|path| path.extension().is_some_and(|end| end == "MP4")).unwrap();
    let probed = Command::new("ffprobe").args(["-v", "error"]).arg(plays).output().unwrap();
    assert!(probed.status.success() && said(&probed).is_empty(), "{}", said(&probed));
}

#[test]
fn evidence_that_was_tampered_with_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let arguments = ["--size", "small", "--dir", text(dir.path())];
    assert_eq!(run(&arguments).status.code(), Some(0));
    let evidence = files(&dir.path().join("evidence"));
    let copy = evidence.values().find(|path| path.extension().is_some_and(|end| end == "MP4")).unwrap();
    std::fs::write(copy, "tampered").unwrap();
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("the destination holds something else"), "{}", said(&output));
}

#[test]
fn a_folder_with_other_things_in_it_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("thesis.odt"), "x").unwrap();
    let output = run(&["--size", "small", "--dir", text(dir.path())]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn interrupted_it_cleans_up_and_says_so() {
    let parent = tempfile::tempdir().unwrap();
    let mut command = demo(&["--size", "small"]);
    let child = command.env("TMPDIR", parent.path()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let dir = wait_for("the demo's folder", || Some(std::fs::read_dir(parent.path()).ok()?.next()?.ok()?.path()));
    wait_for("a docked camera", || occupied(&dir, 1).then_some(()));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("demo: it was stopped"), "{}", said(&output));
    assert_eq!(std::fs::read_dir(parent.path()).unwrap().count(), 0, "the temporary folder is gone");
}

#[tokio::test]
async fn it_stays_to_be_looked_at_until_it_is_told_to_end() {
    let parent = tempfile::tempdir().unwrap();
    let (told, written) = (parent.path().join("told"), tempfile::tempdir_in(parent.path()).unwrap());
    let mut command = demo(&["--size", "small", "--stay"]);
    let out = std::fs::File::create(&told).unwrap();
    let mut child = command.env("TMPDIR", written.path()).stdout(out).stderr(Stdio::null()).spawn().unwrap();
    let said = || std::fs::read_to_string(&told).unwrap();
    let url = wait_for("the station to stay", || {
        let said = said();
        let (_, after) = said.split_once("The station stays; its bays can be watched at ")?;
        Some(after.split_once(". Ctrl-C")?.0.to_owned())
    });
    assert!(said().contains("has the SHA-256 it had before its camera was docked"), "{}", said());
    let page = reqwest::get(&url).await.unwrap().text().await.unwrap();
    assert!(page.contains("Take this one first"), "{page}");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{}", said());
    assert_eq!(std::fs::read_dir(written.path()).unwrap().count(), 0, "the temporary folder is gone");
}

#[tokio::test]
async fn own_footage_reaches_azure_and_stays_untouched() {
    let (dir, originals) = (tempfile::tempdir().unwrap(), footage());
    let before = inventory(originals.path());
    let output = run(&["--azure", "--footage", text(originals.path()), "--dir", text(dir.path())]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("/2023/11/14/a-"), "copies keep their dates: {}", said(&output));
    assert_everything_arrived(dir.path(), originals.path()).await;
    assert_eq!(inventory(originals.path()), before);
}

/// Each kill comes a little later in the story: while cameras are prepared, and after each camera's arrival.
#[tokio::test]
async fn killed_five_times_on_the_way_it_ends_the_same() {
    let (dir, originals) = (tempfile::tempdir().unwrap(), footage());
    let arguments = ["--azure", "--footage", text(originals.path()), "--dir", text(dir.path())];
    for kill in 0..5 {
        let child = demo(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_for("the next step of the demo", || match kill {
            0 => dir.path().join("demo.json").exists().then_some(()),
            bay => occupied(dir.path(), bay).then_some(()),
        });
        // Somewhere between the copy from the camera and the wipe.
        std::thread::sleep(Duration::from_millis(50 * kill));
        assert_killed(child);
    }
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_everything_arrived(dir.path(), originals.path()).await;
}

fn occupied(dir: &Path, bay: u64) -> bool {
    std::fs::read_dir(dir.join(format!("bays/{bay}"))).is_ok_and(|mut bay| bay.next().is_some())
}

/// Kills with signal 9; that the demo was still at work is part of the test.
fn assert_killed(mut child: Child) {
    assert_eq!(child.try_wait().unwrap(), None, "the demo was still running");
    child.kill().unwrap();
    child.wait().unwrap();
}

fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "waited for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
