//! The package and the service as an administrator meets them.

use super::camera::{Camera, FileSystem, films};
use super::machine::Medium;
use super::prepared::NEXT_VERSION;
use super::station::InstalledStation;
use super::status::BayState;

const MIB: usize = 1 << 20;

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn with_the_shipped_profiles_alone_a_camera_is_served_and_the_story_told_in_plain_words() {
    let mut station = InstalledStation::running("story").await;
    station.machine().run("rm -r /etc/camdock/profiles.d && systemctl restart camdock").await;
    let camera = Camera::new("BWC-15", FileSystem::Fat32, films("BWC-15", "100BWC", 2, MIB / 2, 80)).await;
    station.dock(1, &camera).await;
    station.finishes(&[&camera]).await;
    let told =
        "until systemctl status camdock | grep 'Status: \"1 camera: bay 1 ready; nothing queued\"'; do sleep 0.5; done";
    station.machine().run(told).await;
    let journal = station.machine().run("journalctl --unit=camdock --output=cat --no-pager").await;
    let words = "bay 1, camera BWC-15: Uploaded, proven and wiped: 2 segments, 1 MiB.";
    assert!(journal.contains(words), "{words:?} is not in the journal:\n{journal}");
    let trouble = station.machine().run("journalctl --unit=camdock --priority=warning --quiet --no-pager").await;
    assert!(trouble.is_empty(), "nothing went wrong:\n{trouble}");
    let document = station.machine().run("camdock status --json").await;
    assert!(document.contains(r#""state": "ready""#), "{document}");
    let ask = r"exec 3<>/dev/tcp/127.0.0.1/8470; printf 'GET / HTTP/1.0\r\nHost: 127.0.0.1:8470\r\n\r\n' >&3; cat <&3";
    let page = station.machine().run(&format!("bash -c \"{ask}\"")).await;
    assert!(page.contains("BWC-15") && page.contains("Take this one"), "{page}");
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn the_service_runs_as_its_own_user_without_any_privilege() {
    let mut station = InstalledStation::running("privilege").await;
    let process = station.machine().run("cat /proc/$(systemctl show --property MainPID --value camdock)/status").await;
    let field = |name: &str| process.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"] {
        assert_eq!(field(set).trim_matches('0'), "", "{set} in {process}");
    }
    let user = station.machine().run("id -u camdock").await;
    assert!(field("Uid:").split_whitespace().all(|uid| uid == user.trim()), "{process}");
    let said = station.machine().run("systemd-analyze security --no-pager camdock").await;
    let verdict = said.lines().last().unwrap();
    let exposure = verdict.split_whitespace().find_map(|word| word.parse::<f32>().ok());
    assert!(exposure.is_some_and(|exposure| exposure <= 1.5), "{verdict}");
}

/// A camera with something on it that a person must look at.
async fn with_a_problem(station: &mut InstalledStation) -> String {
    let films = films("BWC-21", "100BWC", 1, MIB, 90);
    let path = films.files[0].0.clone();
    let camera = Camera::new("BWC-21", FileSystem::Fat32, films).await;
    station.dock_medium(1, &camera, camera.with_bad_sector_in(&path)).await;
    station.until("it has a problem", |status| status.problems == 1).await;
    let problems = station.machine().run("camdock problems || [ $? = 3 ]").await;
    problems.split_whitespace().next().expect("its number").to_owned()
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn whoever_is_in_its_group_may_ask_and_only_operators_act() {
    let mut station = InstalledStation::running("access").await;
    let problem = with_a_problem(&mut station).await;
    let guest = station.machine();
    guest.run("useradd --groups camdock reader && useradd --groups camdock,adm it-desk && useradd stranger").await;
    let as_user = |user: &str, command: &str| format!("runuser -u {user} -- camdock {command} 2>&1");

    assert_eq!(guest.try_run(&as_user("reader", "status"), b"").await.code, 3, "a reader may ask");
    assert_ne!(guest.try_run(&as_user("stranger", "status"), b"").await.code, 3, "and a stranger not even that");
    let retry = format!("retry {problem}");
    for user in ["reader", "it-desk"] {
        let refused = guest.try_run(&as_user(user, &retry), b"").await;
        assert!(refused.code == 1 && refused.out.contains("station.operators"), "{user}: {}", refused.out);
    }
    let look = "runuser -u reader -- sh -c 'ls /var/lib/camdock; cat /var/lib/camdock/ledger.db; true' 2>&1";
    let evidence = guest.run(look).await;
    assert!(
        !evidence.contains("spool") && !evidence.contains("SQLite"),
        "the way to the socket leads nowhere else: {evidence}"
    );

    guest.run(r#"mkdir -p /etc/camdock/camdock.toml.d && printf '[station]\noperators = "adm"\n' >/etc/camdock/camdock.toml.d/operators.toml"#).await;
    guest.run("systemctl restart camdock && until camdock status >/dev/null || [ $? = 3 ]; do sleep 0.5; done").await;
    assert_eq!(guest.try_run(&as_user("reader", &retry), b"").await.code, 1);
    let tried = guest.run(&as_user("it-desk", &retry)).await;
    assert!(tried.contains("camdock tries again"), "{tried}");
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn the_page_opens_to_the_network_with_a_certificate_and_a_list_of_users() {
    let mut station = InstalledStation::running("network-page").await;
    let made = rcgen::generate_simple_self_signed(["dock.example".to_owned()]).unwrap();
    let guest = station.machine();
    guest.run_with("install -m 0640 -g camdock /dev/stdin /etc/camdock/web.crt", made.cert.pem().as_bytes()).await;
    guest
        .run_with(
            "install -m 0640 -g camdock /dev/stdin /etc/camdock/web.key",
            made.signing_key.serialize_pem().as_bytes(),
        )
        .await;
    let settings = b"[web]\nlisten = \"0.0.0.0:8470\"\ntls = { certificate = \"web.crt\", key = \"web.key\" }\nusers = \"users\"\n";
    guest.run_with("mkdir -p /etc/camdock/camdock.toml.d && cat >/etc/camdock/camdock.toml.d/web.toml", settings).await;
    let added = guest.run_with("camdock user add sam --role it", b"four words are enough\n").await;
    assert_eq!(added, "user sam may log in now, as it\n");
    assert_eq!(guest.run("stat --format '%a %U %G' /etc/camdock/users").await, "640 root camdock\n");
    let checked = guest.run("runuser -u camdock -- camdock check --offline || [ $? = 3 ]").await;
    assert!(
        checked.contains("certificate: access ok: for dock.example, until") && checked.contains("users: access ok"),
        "{checked}"
    );
    guest.run("systemctl restart camdock").await;
    guest.run("until journalctl --unit=camdock --output=cat | grep -q 'The page is at https://dock.example:8470/'; do sleep 0.5; done").await;
    guest.run("bash -c 'exec 3<>/dev/tcp/127.0.0.1/8470'").await;
    let trouble = guest.run("camdock status").await;
    assert!(!trouble.contains("not set up"), "{trouble}");
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn an_upgrade_in_mid_offload_and_with_a_full_queue_is_taken_up_where_it_was() {
    let mut station = InstalledStation::running("upgrade").await;
    let spooled = Camera::new("BWC-18", FileSystem::ExFat, films("BWC-18", "100BWC", 3, MIB, 83)).await;
    let camera = Camera::new("BWC-6", FileSystem::Fat32, films("BWC-6", "100BWC", 8, MIB, 53)).await;
    station.machine().set_network(false).await;
    station.dock(3, &spooled).await;
    station.until("it is spooled", |status| status.queue.segments == 3).await;
    station.dock_medium(4, &camera, Medium { bytes_per_second: Some(2_000_000), ..Medium::default() }).await;
    station.machine().until_traffic(4, "half of it is read", |traffic| traffic.read > 4 << 20).await;
    let before = station.machine().run("systemctl show --property MainPID camdock").await;
    station.machine().run(&format!("DEBIAN_FRONTEND=noninteractive dpkg --install {NEXT_VERSION}")).await;
    let after = station.machine().run("systemctl show --property MainPID camdock").await;
    assert_ne!(before, after, "the new version runs");
    station.machine().set_network(true).await;
    station.finishes(&[&spooled, &camera]).await;
}

#[tokio::test]
#[ignore = "run by make test-guest"]
async fn a_removed_package_opens_the_gate_and_leaves_the_evidence_and_a_purge_refuses_until_it_is_proven() {
    let mut station = InstalledStation::running("remove").await;
    let camera = Camera::new("BWC-16", FileSystem::Fat32, films("BWC-16", "100BWC", 2, MIB, 81)).await;
    station.machine().set_network(false).await;
    station.dock(1, &camera).await;
    station.machine().plug_device(3, "usb-kbd").await;
    station.until("all of it is spooled", |status| status.queue.segments == 2).await;
    station.until_bay(3, BayState::Refused).await;
    station.yank(1).await;
    let kept_out = "cd /sys/bus/usb/devices && grep -lx 0 */authorized usb*/authorized_default; true";
    let before = station.machine().run(kept_out).await;
    assert_eq!(before.lines().count(), 3, "the keyboard, and both buses: {before}");

    let removed = station.machine().run("dpkg --remove camdock 2>&1").await;
    assert!(removed.contains("evidence and ledger stay in /var/lib/camdock"), "{removed}");
    assert_eq!(station.machine().run(kept_out).await, "", "what the gate kept out is let in");
    station.yank(3).await;
    let purged = station.machine().try_run("dpkg --purge camdock 2>&1", b"").await;
    assert!(purged.code != 0 && purged.out.contains("not purged"), "{}", purged.out);

    station.machine().set_network(true).await;
    station.machine().run(&format!("DEBIAN_FRONTEND=noninteractive dpkg --install {NEXT_VERSION}")).await;
    station.until("what was spooled has arrived", |status| status.queue.segments == 0).await;
    station.dock(1, &camera).await;
    station.finishes(&[&camera]).await;

    station.machine().run("dpkg --purge camdock").await;
    let left = station.machine().run("ls -d /etc/camdock /var/lib/camdock/spool 2>/dev/null; true").await;
    assert_eq!(left, "", "neither credentials nor footage are left behind");
}
