//! What the commands say when nobody answers them, and how they end.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use camdock::domain::DiskState;
use rustix::process::{Pid, Signal, kill_process};

use crate::mount::Mount;
use crate::station::{RunningStation, Settings, printed};

fn station(data_dir: Option<&Path>) -> RunningStation {
    RunningStation::new(Settings {
        bays: 1,
        endpoint: "http://127.0.0.1:9/devstoreaccount1".to_owned(),
        container: "evidence",
        prefix: "north".to_owned(),
        key: "bm90IHRoZSBrZXk=".to_owned(),
        data_dir: data_dir.map(Path::to_owned),
    })
}

/// What the command printed; it failed.
async fn fails(station: &RunningStation, arguments: &[&str]) -> String {
    let output = station.camdock(arguments).await;
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", printed(&output));
    printed(&output)
}

async fn ran_once(station: &mut RunningStation) {
    station.start();
    station.until("it runs", |_| true).await;
    station.stop().await;
}

#[tokio::test]
async fn with_a_full_disk_status_and_check_say_so_and_not_to_start_it() {
    let folder = tempfile::tempdir().unwrap();
    let disk = Mount::new(folder.path(), 8);
    let mut station = station(Some(folder.path()));
    ran_once(&mut station).await;
    disk.fill();
    for command in [&["status"][..], &["check", "--offline"], &["explain", "BWC-1"]] {
        let said = fails(&station, command).await;
        let told =
            said.contains("Make room on that disk") || command[0] == "explain" && said.contains("never seen camera");
        assert!(told && !said.contains("Let camdock's user write there"), "{command:?}: {said}");
    }
    let said = fails(&station, &["status"]).await;
    assert!(said.contains("cannot be written to: ") && said.contains("It starts all the same"), "{said}");
    station.start();
    station.until("it starts all the same", |status| status.disk == DiskState::Full).await;
    station.stop().await;
    // What was kept is used up, so now it cannot.
    #[expect(clippy::disallowed_methods, reason = "what is removed is this test's own")]
    std::fs::remove_file(folder.path().join("ledger.ballast")).unwrap();
    disk.fill();
    let said = fails(&station, &["status"]).await;
    assert!(said.contains("does not run here, and cannot: ") && said.contains("cannot be written to: "), "{said}");
}

#[tokio::test]
async fn with_an_unreadable_ledger_every_command_names_it() {
    let mut station = station(None);
    let said = fails(&station, &["explain", "BWC-1"]).await;
    assert!(said.contains("there is no ledger in ") && said.contains("has not run here yet"), "{said}");
    ran_once(&mut station).await;
    let (ledger, aside) = (station.ledger(), station.beside("aside"));
    std::fs::rename(&ledger, &aside).unwrap();
    std::fs::rename(ledger.with_extension("db-wal"), station.beside("aside-wal")).unwrap();
    // A folder in its place can be read by nobody, not even by root.
    std::fs::create_dir(&ledger).unwrap();
    for command in [&["status"][..], &["explain", "BWC-1"], &["problems"], &["check", "--offline"]] {
        let said = fails(&station, command).await;
        assert!(said.contains("the ledger cannot be used: "), "{command:?}: {said}");
    }
    let said = fails(&station, &["status"]).await;
    assert!(said.contains("does not run here, and cannot: "), "{said}");

    std::fs::rename(&ledger, station.beside("folder")).unwrap();
    std::fs::write(&ledger, "no database, and long enough to see that it is none; ".repeat(20)).unwrap();
    let said = fails(&station, &["status"]).await;
    assert!(said.contains("file is not a database") && said.contains("The next start sets that aside"), "{said}");
    ran_once(&mut station).await;
    assert!(fails(&station, &["status"]).await.contains("Start it: systemctl start camdock"));
}

#[tokio::test]
async fn a_daemon_that_hangs_is_said_to_run_and_not_waited_for_for_ever() {
    let mut station = station(None);
    station.start();
    station.until("it runs", |_| true).await;
    let daemon = Pid::from_raw(station.process_id().cast_signed()).unwrap();
    kill_process(daemon, Signal::STOP).unwrap();
    let said = fails(&station, &["status"]).await;
    kill_process(daemon, Signal::CONT).unwrap();
    assert!(said.contains("camdock runs here, but has not answered for 10 seconds"), "{said}");
    station.stop().await;
}

#[tokio::test]
async fn who_may_not_ask_is_told_so_and_not_to_start_it() {
    let mut station = station(None);
    station.start();
    station.until("it runs", |_| true).await;
    std::fs::set_permissions(station.data_dir(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let said = station.camdock_as_nobody(&["status"]).await;
    assert_eq!(said.status.code(), Some(1));
    let said = printed(&said);
    assert!(
        said.contains("you may not ask camdock here") && said.contains("Ask as root, or as one of group"),
        "{said}"
    );
    station.stop().await;
}

#[tokio::test]
async fn every_command_ends_as_the_readme_says() {
    let mut station = station(None);
    ran_once(&mut station).await;
    std::fs::rename(station.beside("primary.key"), station.beside("elsewhere")).unwrap();
    station.start();
    station.until("it says what is missing", |status| !status.setup.is_empty()).await;
    for (arguments, code) in [
        (&["problems"][..], 0),
        (&["unproven"], 0),
        (&["retry", "7"], 1),
        (&["explain", "BWC-1"], 1),
        (&["check", "--offline"], 1),
        (&["explain", "no serial"], 2),
        (&["retry", "one"], 2),
        (&["status", "--colour"], 2),
        (&["status"], 3),
        (&["status", "--json"], 3),
    ] {
        let output = station.camdock(arguments).await;
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", printed(&output));
    }
    std::fs::write(station.beside("camdock.toml.d/a.toml"), "[station]\nid = 7\n").unwrap();
    for command in ["run", "status", "check", "problems"] {
        let output = station.camdock(&[command]).await;
        assert_eq!(output.status.code(), Some(2), "{command}: {}", printed(&output));
        assert!(printed(&output).contains("a.toml:2:6"), "{}", printed(&output));
    }
    station.stop().await;
}
