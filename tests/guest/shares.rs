//! A destination that is a share: mounted after the service has started, unmounted under it, and mounted again.

use super::camera::{Camera, FileSystem, films};
use super::station::InstalledStation;
use super::status::{BayState, DestinationState, Status};

const MIB: usize = 1 << 20;

/// A second destination, and what lets the sandboxed service write there. Nothing is mounted yet.
const CONFIGURED: &str = r#"
mkdir /mnt/evidence
cat >>/etc/camdock/camdock.toml <<'END'

[[destination]]
name = "nas"
kind = "folder"
path = "/mnt/evidence"
END
mkdir -p /etc/systemd/system/camdock.service.d
printf '[Service]\nReadWritePaths=/mnt/evidence\n' >/etc/systemd/system/camdock.service.d/nas.conf
systemctl daemon-reload
systemctl restart camdock
truncate -s 64M /root/share.img
mkfs.ext4 -q -E root_owner=$(id -u camdock):$(id -g camdock) /root/share.img
"#;
const MOUNT: &str = "mount -o loop /root/share.img /mnt/evidence";
const UNMOUNT: &str = "umount /mnt/evidence";

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn a_share_counts_while_it_is_mounted_whenever_that_is() {
    let mut station = InstalledStation::running("share").await;
    station.machine().run(CONFIGURED).await;
    station.machine().run(MOUNT).await;
    let enrolled = station.machine().run("runuser -u camdock -- camdock enrol nas").await;
    assert!(enrolled.contains("/mnt/evidence is on ext4 /dev/loop"), "{enrolled}");
    let first = Camera::new("BWC-1", FileSystem::Fat32, films("BWC-1", "100BWC", 2, MIB, 61)).await;
    station.dock(1, &first).await;
    station.finishes(&[&first]).await;
    assert_eq!(station.machine().run("find /mnt/evidence -name '*.MP4' | wc -l").await.trim(), "2");
    station.yank(1).await;

    station.machine().run(UNMOUNT).await;
    let second = Camera::new("BWC-2", FileSystem::ExFat, films("BWC-2", "100BWC", 2, MIB, 62)).await;
    station.dock(2, &second).await;
    let refused = |status: &Status| {
        let states: Vec<_> = status.destinations.iter().map(|destination| destination.state).collect();
        states == [DestinationState::Ok, DestinationState::Refused]
    };
    let status = station.until("the share's folder is no share", refused).await;
    assert_eq!(status.bay(2).state, BayState::Attention);
    assert!(status.bay(2).message.contains("Waiting for nas"), "{}", status.bay(2).message);
    let said = station
        .machine()
        .try_run("camdock status; echo \"exit $?\"; camdock unproven; echo \"exit $?\"", b"")
        .await
        .out;
    assert!(said.contains("the place that was enrolled") && said.matches("exit 3").count() == 2, "{said}");
    assert_eq!(station.machine().run("find /mnt/evidence -type f | wc -l").await.trim(), "0");
    assert_eq!(second.files().await.len(), 2, "nothing was wiped");

    station.machine().run(MOUNT).await;
    station.finishes(&[&first, &second]).await;
    assert_eq!(station.machine().run("find /mnt/evidence -name '*.MP4' | wc -l").await.trim(), "4");
}
