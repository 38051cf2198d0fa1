//! What an administrator may rely on when camdock is installed, upgraded, removed and purged: no question, no evidence lost,
//! nothing left behind that should go.

mod machine;

use std::fs::File;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;

use camdock::config::{Config, EXAMPLE};
use camdock::ledger::LEDGER_FILE;
use machine::Configuration::{Conffile, Example};
use machine::{Installation, Proven, spool};

const CONFIG: &str = "etc/camdock/camdock.toml";
const ANOTHER_FILE: &str = "00112233445566778899aabbccddeeff";

/// A machine on which camdock was installed and configured.
fn station() -> Installation {
    let machine = Installation::new();
    machine.install("1", Example).unwrap();
    machine.configure(&machine.data());
    machine
}

fn remove(machine: &Installation) -> String {
    machine.dpkg(&["--remove", "camdock"]).unwrap()
}

/// What a purge says that refuses and leaves everything as it is.
fn refused(machine: &Installation) -> String {
    let before = std::fs::read_to_string(machine.path(CONFIG)).ok();
    let said = machine.dpkg(&["--purge", "camdock"]).expect_err("refuses");
    assert!(said.contains("not purged") && said.contains("apt install camdock"), "{said}");
    assert_eq!(std::fs::read_to_string(machine.path(CONFIG)).ok(), before, "the configuration is left alone");
    said
}

#[test]
fn a_new_station_has_a_configuration_to_edit_and_no_bay_yet() {
    let machine = Installation::new();
    let said = machine.install("1", Example).unwrap();
    assert_eq!(machine.read(CONFIG), EXAMPLE);
    assert_eq!(std::fs::metadata(machine.path(CONFIG)).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(Config::load(&machine.path(CONFIG)).unwrap().bays.is_empty(), "nothing that is plugged in is thrown out");
    assert!(said.contains("waits for its configuration") && machine.starts() == 0, "{said}");
}

#[test]
fn an_upgrade_asks_nothing_and_keeps_the_configuration() {
    let machine = station();
    let before = machine.read(CONFIG);
    machine.install("2", Example).unwrap();
    assert_eq!(machine.read(CONFIG), before);
}

#[tokio::test]
async fn a_configuration_that_was_a_conffile_is_kept_without_a_question_and_outlives_a_purge_that_is_refused() {
    for refused_before in [false, true] {
        let machine = Installation::new();
        machine.install("0.1.0", Conffile).unwrap();
        machine.configure(&machine.data());
        let before = machine.read(CONFIG);
        if refused_before {
            remove(&machine);
        }
        machine.install("0.2.0", Example).unwrap();
        assert_eq!(machine.read(CONFIG), before);
        let copy = machine.works(&machine.data(), Proven::No).await;
        remove(&machine);
        refused(&machine);
        assert!(copy.exists());
    }
}

#[test]
fn an_installation_that_comes_to_nothing_leaves_the_configuration_where_it_was() {
    let machine = Installation::new();
    machine.install("0.1.0", Conffile).unwrap();
    machine.configure(&machine.data());
    let before = machine.read(CONFIG);
    let package = machine.package("0.2.0", Example);
    let whole = File::options().write(true).open(&package).unwrap();
    whole.set_len(whole.metadata().unwrap().len() - 4096).unwrap();
    let said = machine.dpkg(&["--install", package.to_str().unwrap()]).unwrap_err();
    assert!(said.contains("unexpected end of file"), "{said}");
    assert_eq!(machine.read(CONFIG), before);
}

#[tokio::test]
async fn a_station_that_was_removed_starts_again_when_it_is_installed() {
    let machine = station();
    machine.works(&machine.data(), Proven::No).await;
    let before = machine.read(CONFIG);
    let said = remove(&machine);
    assert!(said.contains("evidence and ledger stay in "), "{said}");
    refused(&machine);
    machine.install("1", Example).unwrap();
    assert_eq!((machine.read(CONFIG), machine.starts()), (before, 1));
    machine.install("2", Example).unwrap();
    assert_eq!(machine.starts(), 1, "an upgrade starts nothing that was stopped");
}

#[tokio::test]
async fn a_purge_takes_the_proven_spool_and_the_credentials_and_leaves_the_custody_log() {
    let machine = station();
    let copy = machine.works(&machine.data(), Proven::Yes).await;
    machine.write("etc/camdock/primary.sas", "secret");
    remove(&machine);
    assert!(copy.exists() && machine.path(CONFIG).exists(), "removing keeps everything");
    let said = machine.dpkg(&["--purge", "camdock"]).unwrap();
    assert!(said.contains("the ledger stays"), "{said}");
    assert!(!machine.data().join("spool").exists() && !machine.path("etc/camdock").exists());
    assert!(machine.data().join(LEDGER_FILE).exists());
    assert!(!machine.path("var/lib/misc/camdock.removed").exists());
}

#[tokio::test]
async fn a_purge_refuses_while_the_spool_holds_unproven_evidence() {
    let machine = station();
    let copy = machine.works(&machine.data(), Proven::No).await;
    let said = refused(&machine);
    assert!(said.contains(&format!("mv {} /SOME/SAFE/PLACE", machine.data().join("spool").display())), "{said}");
    assert!(copy.exists());
    std::fs::rename(machine.data().join("spool"), machine.path("safe")).unwrap();
    machine.dpkg(&["--purge", "camdock"]).unwrap();
}

#[tokio::test]
async fn a_purge_refuses_while_a_data_folder_elsewhere_holds_unproven_evidence_and_names_it() {
    let machine = station();
    let elsewhere = machine.path("srv/camdock data");
    machine.configure(&elsewhere);
    let copy = machine.works(&elsewhere, Proven::No).await;
    let said = refused(&machine);
    assert!(said.contains(&elsewhere.join("spool").display().to_string()), "{said}");
    // Secured elsewhere.
    std::fs::rename(elsewhere.join("spool"), machine.path("safe")).unwrap();
    let said = machine.dpkg(&["--purge", "camdock"]).unwrap();
    assert!(said.contains(&format!("{} was not deleted", elsewhere.display())), "{said}");
    assert!(!copy.exists() && elsewhere.join(LEDGER_FILE).exists());
}

#[tokio::test]
async fn a_purge_leaves_a_data_folder_elsewhere_and_says_so() {
    let machine = station();
    let elsewhere = machine.path("srv/camdock");
    machine.configure(&elsewhere);
    let copy = machine.works(&elsewhere, Proven::Yes).await;
    let said = machine.dpkg(&["--purge", "camdock"]).unwrap();
    assert!(said.contains(&format!("{} was not deleted", elsewhere.display())), "{said}");
    assert!(copy.exists());
}

#[tokio::test]
async fn a_purge_refuses_when_nobody_could_ask_the_ledger() {
    let machine = station();
    let copy = machine.works(&machine.data(), Proven::Yes).await;
    for file in [LEDGER_FILE.to_owned(), format!("{LEDGER_FILE}-wal")] {
        std::fs::write(machine.data().join(file), "no database any more").unwrap();
    }
    refused(&machine);
    assert!(copy.exists());
}

#[tokio::test]
async fn a_purge_refuses_when_evidence_came_after_the_answer() {
    let machine = station();
    machine.works(&machine.data(), Proven::Yes).await;
    // The kernel's clock for files ticks slowly.
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    remove(&machine);
    let late = spool(&machine.data().join("spool"), ANOTHER_FILE);
    refused(&machine);
    assert!(late.exists());
}

#[tokio::test]
async fn a_purge_refuses_when_the_spool_was_not_there_to_be_asked_about() {
    let machine = station();
    machine.works(&machine.data(), Proven::No).await;
    // A disk that was not mounted at that time.
    std::fs::rename(machine.data().join("spool"), machine.path("disk")).unwrap();
    remove(&machine);
    std::fs::rename(machine.path("disk"), machine.data().join("spool")).unwrap();
    refused(&machine);
}

#[tokio::test]
async fn root_writes_nothing_into_a_folder_of_camdocks_and_believes_nothing_that_lies_there() {
    let machine = station();
    machine.works(&machine.data(), Proven::No).await;
    let listing = || {
        let names = std::fs::read_dir(machine.data()).unwrap().map(|entry| entry.unwrap().file_name());
        // Whoever asks the ledger, which is camdock's own user, may tidy up after it.
        let mut names: Vec<_> = names.filter(|name| !name.to_string_lossy().starts_with(LEDGER_FILE)).collect();
        names.sort();
        names
    };
    let before = listing();
    remove(&machine);
    assert_eq!(listing(), before);
    for name in ["proven-at-removal", "camdock.removed"] {
        std::fs::write(machine.data().join(name), format!("proven {}\n", machine.data().display())).unwrap();
    }
    refused(&machine);
}

#[tokio::test]
async fn a_purge_deletes_through_no_link() {
    let machine = station();
    machine.works(&machine.data(), Proven::Yes).await;
    std::fs::rename(machine.data().join("spool"), machine.path("elsewhere")).unwrap();
    symlink(machine.path("elsewhere"), machine.data().join("spool")).unwrap();
    let said = machine.dpkg(&["--purge", "camdock"]).unwrap();
    assert!(said.contains("is a link, so what it leads to was not deleted"), "{said}");
    assert!(machine.path("elsewhere/segments").exists());

    let machine = station();
    machine.works(&machine.data(), Proven::Yes).await;
    machine.write("elsewhere/file", "somebody's");
    symlink(machine.path("elsewhere"), machine.data().join("spool/incoming")).unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    machine.dpkg(&["--purge", "camdock"]).unwrap();
    assert!(machine.path("elsewhere/file").exists() && !machine.data().join("spool").exists());
}

#[test]
fn a_station_that_never_worked_leaves_nothing_behind() {
    let machine = Installation::new();
    machine.install("1", Example).unwrap();
    machine.dpkg(&["--purge", "camdock"]).unwrap();
    for left in ["etc/camdock", "var/lib/camdock", "var/lib/misc/camdock.removed", "usr/share/camdock"] {
        assert!(!machine.path(left).exists(), "{left}");
    }
}

#[test]
fn a_removal_undoes_what_the_gate_did_and_nothing_else() {
    let machine = station();
    let sysfs = "sys/bus/usb/devices";
    for (device, known, attribute) in [
        ("usb1", "CAMDOCK_GATE=guard\nCAMDOCK_DEFAULT=1\n", "authorized_default"),
        ("usb2", "CAMDOCK_GATE=none\n", "authorized_default"),
        ("1-1", "CAMDOCK_GATE=closed\nCAMDOCK_BAY=1\n", "authorized"),
        ("1-2", "CAMDOCK_GATE=elsewhere\n", "authorized"),
    ] {
        machine.write(&format!("known/{device}"), known);
        machine.write(&format!("{sysfs}/{device}/{attribute}"), "0\n");
    }
    machine.install("2", Example).unwrap();
    assert_eq!(machine.read(&format!("{sysfs}/usb1/authorized_default")), "0\n", "an upgrade opens nothing");
    remove(&machine);
    for (attribute, now) in [
        ("usb1/authorized_default", "1\n"),
        ("usb2/authorized_default", "0\n"),
        ("1-1/authorized", "1\n"),
        ("1-2/authorized", "0\n"),
    ] {
        assert_eq!(machine.read(&format!("{sysfs}/{attribute}")), now, "{attribute}");
    }
}

#[tokio::test]
async fn unproven_names_what_would_be_lost_with_the_machine() {
    let machine = station();
    machine.works(&machine.data(), Proven::No).await;
    spool(&machine.data().join("spool"), ANOTHER_FILE);
    machine.write(CONFIG, &format!("{}\nbroken\n", machine.read(CONFIG)));
    let mut command = Command::new(env!("CARGO_BIN_EXE_camdock"));
    let asked = command.arg("--config").arg(machine.path(CONFIG)).arg("unproven").output().unwrap();
    assert_eq!(asked.status.code(), Some(3));
    let said = String::from_utf8(asked.stdout).unwrap();
    assert!(said.contains("camera BWC-1: 1 segment (7 B) not proven"), "{said}");
    assert!(said.contains("00112233445566778899aabbccddeeff: the ledger does not know this file"), "{said}");
}
