//! What a person sees who makes a mistake in the configuration, and what `camdock gen` and `camdock check` print.

mod at_rest;
mod buckets;
mod connections;
mod identities;
mod pacing;
mod protection;

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use camdock::cloud::write_place;
use camdock::config::{Config, EXAMPLE, Place};
use camdock::domain::{ByteCount, PlaceId, ProofPolicy};
use tempfile::TempDir;

const GOOD: &str = r#"[station]
id = "hq-01"
data_dir = "/var/lib/camdock"

[spool]
reserve = "1 GiB"
keep_after_wipe = "24h"

[[bay]]
name = "1"
folder = "/srv/bays/1"

[[bay]]
name = "2"
folder = "/srv/bays/2"

[[destination]]
name = "primary"
kind = "azure"
endpoint = "https://account.blob.example.org"
container = "evidence"
credential = { kind = "sas", file = "primary.sas" }
required = true
proof = "attested"

[[destination]]
name = "nas"
kind = "folder"
path = "/mnt/evidence"
required = false

[upload]
chunk_size = "8 MiB"
concurrency = 8
stall_timeout = "60s"

[web]
listen = "127.0.0.1:8470"
"#;

/// What is replaced in [`GOOD`], by what, the line and column that the message must name, and what it must say.
type Mistake = (&'static str, &'static str, &'static str, &'static [&'static str]);

const MISTAKES: &[Mistake] = &[
    // Names
    ("\"hq-01\"", "\"hq 01\"", "2:6", &["station.id = \"hq 01\": ' ' cannot stand there", "of letters, digits"]),
    ("\"hq-01\"", "\"\"", "2:6", &["station.id = \"\": it is empty", "such as \"hq-01\""]),
    ("\"hq-01\"", "1", "2:6", &["station.id = 1: it is a number, not a text in quotes", "such as \"hq-01\""]),
    ("name = \"2\"", "name = \"1\"", "14:8", &["bay.name = \"1\" is used twice", "each [[bay]] a name of its own"]),
    ("name = \"nas\"", "name = \"primary\"", "27:8", &["destination.name = \"primary\" is used twice"]),
    // Keys
    ("data_dir =", "data_dri =", "3:1", &["station.data_dri is no key", "did you mean \"data_dir\"?"]),
    ("id = \"hq-01\"\n", "", "1:1", &["station.id is missing", "add, for instance, id = \"hq-01\""]),
    ("[web]", "[wep]", "37:2", &["wep is no key", "did you mean \"web\"?"]),
    ("[web]", "colour = 1\n[web]", "37:1", &["upload.colour is no key", "known here are chunk_size, concurrency"]),
    ("[[bay]]", "[bay]", "9:1", &["bay is a table, but must be a list", "below a heading [[bay]], in double brackets"]),
    ("path =", "endpoint = \"x\"\npath =", "29:1", &["destination.endpoint means nothing with kind = \"folder\""]),
    ("[spool]", "[[spool]]", "5:1", &["spool is a list, but must be a table", "below a heading [spool]"]),
    // Quantities
    ("\"8 MiB\"", "\"8\"", "33:14", &["upload.chunk_size = \"8\": it is not a size", "such as \"8 MiB\""]),
    ("\"8 MiB\"", "8388608", "33:14", &["upload.chunk_size = 8388608: it is a number", "such as \"8 MiB\""]),
    ("\"8 MiB\"", "\"4 KiB\"", "33:14", &["\"4 KiB\": it is too small", "at least \"64 KiB\""]),
    (
        "\"8 MiB\"",
        "\"1 GiB\"",
        "33:14",
        &["\"1 GiB\": it is too large", "sent again after a broken", "at most \"100 MiB\""],
    ),
    ("\"1 GiB\"", "\"1 GB\"", "6:11", &["spool.reserve = \"1 GB\": it is not a size", "GiB"]),
    ("\"24h\"", "\"1 day\"", "7:19", &["keep_after_wipe = \"1 day\": it is not a duration", "such as \"24h\""]),
    ("\"60s\"", "\"0s\"", "35:17", &["upload.stall_timeout = \"0s\": it is out of range", "such as \"60s\""]),
    ("concurrency = 8", "concurrency = 0", "34:15", &["upload.concurrency = 0", "whole number from 1 to 256"]),
    ("concurrency = 8", "concurrency = 1.5", "34:15", &["it is a number with a fraction", "from 1 to 256"]),
    (
        "required = true",
        "required = \"yes\"",
        "23:12",
        &["destination.required = \"yes\": it is a text", "true or false"],
    ),
    // Folders
    (
        "\"/srv/bays/1\"",
        "\"bays/1\"",
        "11:10",
        &["bay.folder = \"bays/1\": it is not an absolute path", "such as \"/srv"],
    ),
    ("\"/srv/bays/1\"", "\"/srv/../bays\"", "11:10", &["it goes through \"..\""]),
    ("\"/srv/bays/2\"", "\"/srv/bays/1/\"", "15:10", &["bay \"2\" and the folder of bay \"1\" are the same folder"]),
    ("\"/srv/bays/2\"", "\"/srv/bays/1/x\"", "15:10", &["overlap: it lies inside /srv/bays/1", "a folder of its own"]),
    ("\"/srv/bays/2\"", "\"/var/lib/camdock/bays\"", "15:10", &["the folder of bay \"2\" and the data_dir overlap"]),
    ("\"/srv/bays/2\"", "\"/var/lib\"", "15:10", &["the data_dir overlap: /var/lib/camdock lies inside it"]),
    ("\"/mnt/evidence\"", "\"/srv/bays/1/out\"", "29:8", &["destination \"nas\" and the folder of bay \"1\" overlap"]),
    (
        "\"/mnt/evidence\"",
        "\"/var/lib/camdock\"",
        "29:8",
        &["destination \"nas\" and the data_dir are the same folder"],
    ),
    // Ports
    ("folder = \"/srv/bays/2\"", "port = \"USB 3\"", "15:8", &["it is no USB port path", "that `camdock bays` shows"]),
    ("\"/srv/bays/2\"", "\"/srv/bays/2\"\nport = \"1-1.4\"", "15:10", &["USB port already", "its own [[bay]]"]),
    (
        "folder = \"/srv/bays/2\"",
        "port = \"1-1.4\"\nquiet_time = \"5s\"",
        "16:14",
        &["bay.quiet_time: this bay is a USB port", "into the profile of the cameras"],
    ),
    (
        "folder = \"/srv/bays/2\"\n",
        "port = \"1-1.4\"\n[[bay]]\nname = \"3\"\nport = \"1-1.4\"\n",
        "18:8",
        &["another bay has this port already"],
    ),
    // Destinations
    (
        "required = true",
        "required = false",
        "23:12",
        &["no destination is required", "nothing could ever be wiped", "required = true"],
    ),
    ("\"azure\"", "\"azuer\"", "19:8", &["destination.kind = \"azuer\"", "did you mean \"azure\"?"]),
    ("\"attested\"", "\"readback\"", "24:9", &["destination.proof = \"readback\"", "did you mean \"read-back\"?"]),
    (
        "https://",
        "http://",
        "20:12",
        &["\"http://account.blob.example.org\": evidence and credential would", "https://"],
    ),
    ("https://", "", "20:12", &["\"account.blob.example.org\": it is no address", "such as \"https://ACCOUNT"]),
    (
        "blob.example.org",
        "blob.example.org/photos",
        "20:12",
        &["endpoint: it leads to \"photos\", and container = \"evidence\"", "up to the host only"],
    ),
    (
        "account.blob.example.org",
        "account.dfs.example.org",
        "20:12",
        &["account's address for data lakes", "write \"https://account.blob.example.org\""],
    ),
    ("\"evidence\"", "\"Evidence\"", "21:13", &["destination.container = \"Evidence\"", "lower-case letters"]),
    ("\"sas\"", "\"shared-key\"", "22:14", &["destination.credential.account is missing", "account ="]),
    (
        "\"primary.sas\"",
        "\"keys/primary.sas\"",
        "22:37",
        &["neither a bare name nor an absolute path", "beside the configuration"],
    ),
    ("\"127.0.0.1:8470\"", "\"localhost\"", "38:10", &["web.listen = \"localhost\"", "such as \"127.0.0.1:8470\""]),
    (
        "\"127.0.0.1:8470\"",
        "\"0.0.0.0:8470\"",
        "38:10",
        &["others than this machine could see the page", "\"127.0.0.1:8470\""],
    ),
    // Lamps
    (
        "folder = \"/srv/bays/2\"",
        "folder = \"/srv/bays/2\"\nlamp = \"../../../etc\"",
        "16:8",
        &["bay.lamp = \"../../../etc\": a LED's name does not begin with a dot", "as `ls /sys/class/leds` shows it"],
    ),
    ("id = \"hq-01\"", "id = \"hq-01\"\nlamp = \"a/b\"", "3:8", &["station.lamp = \"a/b\": '/' is in no LED's name"]),
    ("id = \"hq-01\"", "id = \"hq-01\"\nlamp = 1", "3:8", &["station.lamp = 1: it is a number, not a text in quotes"]),
    (
        "id = \"hq-01\"",
        "id = \"hq-01\"\nlamp = { green = \"a\" }",
        "3:8",
        &["lamp.red is missing", "add, for instance, red = \"bay1:green\""],
    ),
    (
        "id = \"hq-01\"",
        "id = \"hq-01\"\nlamp = { rgb = \"a\", red = \"b\" }",
        "3:21",
        &["lamp.red means nothing beside rgb"],
    ),
    (
        "id = \"hq-01\"",
        "id = \"hq-01\"\nlamp = { green = \"a\", red = \"a\" }",
        "3:29",
        &["LED a is part of a lamp already", "LEDs of its own"],
    ),
    (
        "folder = \"/srv/bays/2\"",
        "folder = \"/srv/bays/2\"\nlamp = { gpio = \"gpiochip0\", green = 17, red = 17 }",
        "16:48",
        &["line 17 of gpiochip0 is part of a lamp already"],
    ),
    (
        "folder = \"/srv/bays/2\"",
        "folder = \"/srv/bays/2\"\nlamp = { gpio = \"gpiochip0\", green = -1, red = 17 }",
        "16:38",
        &["lamp.green = -1: it is out of range", "from 0 to 1023"],
    ),
    (
        "[web]",
        "[lamps]\nworking = \"slow\"\n[web]",
        "38:11",
        &["lamps.working = \"slow\": it is no rhythm", "[1000, 1000]"],
    ),
    ("[web]", "[lamps]\nworking = [1, 1]\n[web]", "38:11", &["nobody could make it out", "each from 100 to 5000"]),
    ("[web]", "[lamps]\ncall = \"off\"\n[web]", "38:8", &["lamps.call: nobody sees what is dark"]),
    (
        "[web]",
        "[lamps]\ncall = [1000, 1000]\n[web]",
        "38:8",
        &["lamps.call: it looks like lamps.working", "eyes that see no colours"],
    ),
    ("[web]", "[lamps]\ntakeout = \"on\"\n[web]", "38:1", &["lamps.takeout is no key", "did you mean \"take_out\"?"]),
    // What is no TOML at all
    ("\"hq-01\"", "hq-01", "2:6", &["this is no TOML", "with quotes around texts"]),
    ("[spool]", "[spool", "5:7", &["this is no TOML"]),
];

/// A folder with a configuration in it.
fn station(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("camdock.toml"), text).unwrap();
    folder
}

fn drop_in(folder: &TempDir, name: &str, text: &str) {
    let drop_ins = folder.path().join("camdock.toml.d");
    std::fs::create_dir_all(&drop_ins).unwrap();
    std::fs::write(drop_ins.join(name), text).unwrap();
}

fn camdock(folder: &Path, arguments: &[&str]) -> Output {
    Command::cargo_bin("camdock")
        .unwrap()
        .current_dir(folder)
        .env_clear()
        .envs([("LC_ALL", "C.UTF-8"), ("NO_COLOR", "1")])
        .args(["--config", "camdock.toml"])
        .args(arguments)
        .output()
        .unwrap()
}

fn check(folder: &TempDir) -> Output {
    camdock(folder.path(), &["check"])
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn load(folder: &TempDir) -> Config {
    Config::load(&folder.path().join("camdock.toml")).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn every_mistake_is_shown_with_its_place_its_value_and_a_remedy() {
    shown(MISTAKES);
}

fn shown(mistakes: &[Mistake]) {
    for (good, bad, place, says) in mistakes {
        assert!(GOOD.contains(good), "{good}");
        let output = check(&station(&GOOD.replacen(good, bad, 1)));
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{bad}: {message}");
        let place = format!("[camdock.toml:{place}]");
        for part in [place.as_str(), "help: "].iter().chain(*says) {
            assert!(message.contains(part), "{good} → {bad}\nexpected: {part}\n{message}");
        }
    }
}

#[test]
fn a_mistake_looks_like_this() {
    let output = check(&station(&GOOD.replace("data_dir", "data_dri")));
    let expected = r#"  × station.data_dri is no key that camdock knows
   ╭─[camdock.toml:3:1]
 2 │ id = "hq-01"
 3 │ data_dri = "/var/lib/camdock"
   · ────┬───
   ·     ╰── here
 4 │ 
   ╰────
  help: did you mean "data_dir"?

camdock: 1 mistake in the configuration; nothing was started or changed
"#;
    assert_eq!(text(&output.stderr), expected);
}

#[test]
fn all_mistakes_in_all_files_are_shown_at_once() {
    let folder = station(&GOOD.replace("\"hq-01\"", "hq-01").replace("\"1 GiB\"", "\"1\""));
    drop_in(&folder, "10-site.toml", "[web]\nlisten = 8470\n");
    drop_in(&folder, "20-site.toml", "[upload]\nchunks = 3\n");
    let output = check(&folder);
    let message = text(&output.stderr);
    let places = ["camdock.toml:2:6]", "camdock.toml:6:11]", "camdock.toml.d/10-site.toml:2:10]", "20-site.toml:2:1]"];
    for place in places {
        assert!(message.contains(place), "{place}: {message}");
    }
    assert!(message.contains("4 mistakes in the configuration"), "{message}");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn an_unencrypted_connection_may_not_leave_this_machine() {
    let here = ["127.0.0.1:10000", "localhost", "[::1]"].map(|host| (host, true));
    let elsewhere = ["10.0.0.1", "localhost.lan", "[fe80::1]"].map(|host| (host, false));
    for (host, accepted) in here.into_iter().chain(elsewhere) {
        let folder = station(&GOOD.replace("https://account.blob.example.org", &format!("http://{host}/account")));
        assert_eq!(Config::load(&folder.path().join("camdock.toml")).is_ok(), accepted, "{host}");
    }
}

#[test]
fn an_endpoint_that_goes_on_to_the_container_means_the_account() {
    for (written, meant) in [
        ("https://account.blob.example.org/evidence", "https://account.blob.example.org/"),
        ("https://account.blob.example.org/evidence/", "https://account.blob.example.org/"),
        ("https://storage.example.org/account/evidence", "https://storage.example.org/account"),
        // An account may be called as its container.
        ("https://storage.example.org/evidence", "https://storage.example.org/evidence"),
    ] {
        let config = load(&station(&GOOD.replace("https://account.blob.example.org", written)));
        let Place::Azure { endpoint, .. } = &config.destinations[0].place else { panic!("{config:?}") };
        assert_eq!(endpoint.as_str(), meant, "{written}");
    }
}

#[test]
fn a_credential_in_the_configuration_is_refused_and_not_shown() {
    let sas = "credential = { kind = \"sas\", file = \"primary.sas\" }";
    let address = "https://account.blob.example.org";
    for (good, bad) in [
        (sas, "credential = \"sig=TOPSECRET\""),
        (sas, "credential = { kind = \"sas\", token = \"sig=TOPSECRET\" }"),
        (address, "https://account.blob.example.org/?sig=TOPSECRET"),
        (address, "https://user:TOPSECRET@account.blob.example.org"),
    ] {
        let output = check(&station(&GOOD.replace(good, bad)));
        assert_eq!(output.status.code(), Some(2), "{bad}");
        assert!(!text(&output.stderr).contains("TOPSECRET"), "{}", text(&output.stderr));
    }
}

#[test]
fn two_destinations_in_one_place_do_not_count_as_two_copies() {
    let primary = &GOOD[GOOD.find("[[destination]]").unwrap()..GOOD.find("\n[[destination]]\nname = \"nas\"").unwrap()];
    let output = check(&station(&format!("{GOOD}\n{}", primary.replace("\"primary\"", "\"second\""))));
    let message = text(&output.stderr);
    assert!(message.contains("\"second\" is the same place as \"primary\": one copy would count as two"), "{message}");
}

#[test]
fn drop_ins_override_single_keys_and_add_entries() {
    let folder = station(GOOD);
    drop_in(&folder, "20.toml", "[upload]\nchunk_size = \"4 MiB\"\n");
    let more = "[upload]\nchunk_size = \"2 MiB\"\n[[destination]]\nname = \"primary\"\nproof = \"read-back\"\n\
                credential = { file = \"/run/other.sas\" }\n[[bay]]\nname = \"3\"\nfolder = \"/srv/bays/3\"\n";
    drop_in(&folder, "10.toml", more);
    drop_in(&folder, ".hidden.toml", "nonsense");
    drop_in(&folder, "30.toml.bak", "nonsense");
    let config = load(&folder);
    assert_eq!(config.upload.chunk_size, ByteCount::new(4 << 20), "the later name wins");
    assert_eq!(config.upload.concurrency.get(), 8, "what a drop-in does not mention stays");
    assert_eq!(config.bays.iter().map(|bay| bay.name.as_str()).collect::<Vec<_>>(), ["1", "2", "3"]);
    assert_eq!(config.destinations.len(), 2);
    let primary = &config.destinations[0];
    assert_eq!(primary.proof, ProofPolicy::ReadBack);
    let Place::Azure { container, .. } = &primary.place else { panic!("{primary:?}") };
    let credential = primary.place.credential().unwrap();
    assert_eq!((credential.file.as_path(), container.as_str()), (Path::new("/run/other.sas"), "evidence"));
}

#[test]
fn what_is_not_written_has_the_default_that_the_example_shows() {
    let start = GOOD.find("[spool]").unwrap()..GOOD.find("[[bay]]").unwrap();
    let mut short = GOOD.to_owned();
    short.truncate(GOOD.find("[upload]").unwrap());
    short.replace_range(start, "");
    let [short, example] = [short.as_str(), EXAMPLE].map(|text| load(&station(text)));
    assert_eq!(format!("{:?}", short.spool), format!("{:?}", example.spool));
    assert_eq!(format!("{:?}", short.upload), format!("{:?}", example.upload));
    assert_eq!(format!("{:?}", short.web), format!("{:?}", example.web));
    assert_eq!(short.required().len(), 1);
}

#[test]
fn a_file_in_another_encoding_is_named_with_the_line_to_mend() {
    let latin_1 = [GOOD.as_bytes(), b"# Stra\xdfe\n"].concat();
    let utf_16: Vec<u8> = GOOD.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, place) in [(latin_1, "camdock.toml:39:7]"), (utf_16, "camdock.toml:1:1]")] {
        let folder = station(GOOD);
        std::fs::write(folder.path().join("camdock.toml"), bytes).unwrap();
        let output = check(&folder);
        let message = text(&output.stderr);
        for part in [place, "another encoding than UTF-8", "save it as UTF-8", "1 mistake in the configuration"] {
            assert!(message.contains(part), "{part}: {message}");
        }
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let output = check(&folder);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(message.contains("camdock.toml cannot be read: No such file"), "{message}");
    assert!(message.contains("1 mistake in the configuration"), "{message}");
}

#[test]
fn gen_prints_the_example_and_what_shells_and_man_need() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(text(&camdock(folder.path(), &["gen", "config"]).stdout), EXAMPLE);
    assert!(text(&camdock(folder.path(), &["gen", "completions", "bash"]).stdout).contains("_camdock"));
    assert!(text(&camdock(folder.path(), &["gen", "man"]).stdout).contains(".TH camdock 1"));
    assert!(camdock(folder.path(), &["gen", "man", "."]).status.success());
    assert!(folder.path().join("camdock-check.1").exists());
    assert_eq!(camdock(folder.path(), &["gen", "nonsense"]).status.code(), Some(2));
}

/// A station whose folders are all below one of its own.
fn complete_station() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_str().unwrap().to_owned();
    for name in ["var", "bays/1", "bays/2", "mnt"] {
        std::fs::create_dir_all(folder.path().join(name)).unwrap();
    }
    set_mode(&folder.path().join("var"), 0o700);
    let text = GOOD.replace("/var/lib/camdock", &format!("{root}/var")).replace("\"1 GiB\"", "\"1 MiB\"");
    let here = format!("{root}/mnt\"\nsame_disk = true");
    let text = text.replace("/srv", &root).replace("/mnt/evidence\"", &here);
    std::fs::create_dir(folder.path().join("mnt/.camdock")).unwrap();
    std::fs::write(folder.path().join("mnt/.camdock/place"), write_place(PlaceId::random())).unwrap();
    // Nobody listens there: these tests are about this machine.
    let text = text.replace("https://account.blob.example.org", "http://127.0.0.1:1/account");
    std::fs::write(folder.path().join("camdock.toml"), text).unwrap();
    std::fs::write(folder.path().join("primary.sas"), "sv=1&sig=TOPSECRET\n").unwrap();
    set_mode(&folder.path().join("primary.sas"), 0o600);
    folder
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn check_finds_nothing_wrong_with_a_good_machine() {
    let output = check(&complete_station());
    let lines = text(&output.stdout);
    for line in ["clock: date ok", "data_dir: write ok", "data_dir: privacy ok", "bay 1: access ok", "nas: access ok"] {
        assert!(lines.contains(line), "{line}: {lines}");
    }
    let elsewhere = ["nas: ", "primary: ", "data_dir: encryption "];
    let local = lines.lines().filter(|line| !elsewhere.iter().any(|other| line.starts_with(other)));
    assert!(local.clone().count() >= 6 && local.clone().all(|line| line.contains(" ok")), "{lines}");
    assert!(!lines.contains("TOPSECRET"), "{lines}");
}

#[test]
fn check_tells_what_others_on_the_machine_could_read() {
    let folder = complete_station();
    set_mode(&folder.path().join("primary.sas"), 0o644);
    set_mode(&folder.path().join("var"), 0o755);
    let output = check(&folder);
    let lines = text(&output.stdout);
    assert!(lines.contains("primary: credential: privacy warning: every user of this machine can read"), "{lines}");
    assert!(lines.contains("data_dir: privacy warning: every user"), "{lines}");
}

#[test]
fn check_tells_what_is_missing_and_how_to_mend_it() {
    let folder = complete_station();
    for name in ["bays/2", "mnt", "primary.sas"] {
        std::fs::rename(folder.path().join(name), folder.path().join(name).with_extension("gone")).unwrap();
    }
    let output = check(&folder);
    let lines = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{lines}");
    assert!(lines.contains("bay 2: access missing: ") && lines.contains("No such file"), "{lines}");
    assert!(lines.contains("nas: access missing: ") && lines.contains("Mount the share"), "{lines}");
    assert!(
        lines.contains("primary: credential: access missing: ") && lines.contains("Put the secret there"),
        "{lines}"
    );
}

#[test]
fn check_names_what_is_in_a_credential_file_and_does_not_show_it() {
    let folder = complete_station();
    for (content, said) in [
        ("https://account.blob.example.org/?sig=TOPSECRET", "holds a SAS for account.blob.example.org/, and the"),
        ("VE9QU0VDUkVU", "holds what looks like an account's key. Put a SAS there, or write kind = \"shared-key\""),
        ("sv=1\nsig=TOPSECRET", "holds 2 lines. Leave nothing but the secret there"),
    ] {
        std::fs::write(folder.path().join("primary.sas"), content).unwrap();
        let output = camdock(folder.path(), &["check", "--offline"]);
        let lines = text(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{lines}");
        assert!(lines.contains(&format!("primary.sas {said}")), "{said}: {lines}");
        assert!(!lines.contains("TOPSECRET") && !lines.contains("VE9Q"), "{lines}");
    }
}

#[test]
fn a_broken_profile_is_checked_with_all_the_rest() {
    let folder = complete_station();
    std::fs::create_dir(folder.path().join("profiles.d")).unwrap();
    std::fs::write(folder.path().join("profiles.d/own.toml"), "name = \"own\"\n").unwrap();
    let output = camdock(folder.path(), &["check", "--offline"]);
    let lines = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{lines}");
    assert!(
        lines.contains("own.toml: access failed: ") && lines.contains("own.toml:1: profile.transport is missing"),
        "{lines}"
    );
    assert!(lines.contains("bay 1: access ok"), "{lines}");
}

#[test]
fn check_sees_through_links_that_bring_folders_together() {
    let folder = complete_station();
    let bay = folder.path().join("bays/2");
    std::fs::rename(&bay, folder.path().join("bays/old")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("var"), &bay).unwrap();
    let output = check(&folder);
    let lines = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{lines}");
    assert!(lines.contains("bay 2: access failed: it is really ") && lines.contains("Keep them apart"), "{lines}");
}

#[test]
fn check_knows_what_systemd_hands_over_to_the_service_alone() {
    let folder = complete_station();
    std::fs::rename(folder.path().join("primary.sas"), folder.path().join("elsewhere")).unwrap();
    let drop_ins = folder.path().join("camdock.service.d");
    std::fs::create_dir(&drop_ins).unwrap();
    let checked = |text: &str, arguments: &[&str]| {
        std::fs::write(drop_ins.join("credentials.conf"), text).unwrap();
        let output = camdock(folder.path(), &[&["check", "--units=.", "--sysfs=."], arguments].concat());
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    for setting in
        ["LoadCredential=primary.sas:/root/primary.sas", "LoadCredentialEncrypted=primary.sas:/root/sas.cred"]
    {
        let (code, lines) = checked(&format!("[Service]\n{setting}\n"), &["--offline"]);
        assert_eq!(code, Some(0), "{lines}");
        assert!(lines.contains("primary: credential: access ok: handed over by systemd at its start"), "{lines}");
        let (code, lines) = checked(&format!("[Service]\n{setting}\n"), &[]);
        assert_eq!(code, Some(3), "{lines}");
        let how = format!(
            "primary: access warning: not asked, since only the service can read the credential. To ask all the \
                           same, as root: systemd-run --quiet --pipe --wait --property=User=camdock --property={setting} "
        );
        assert!(lines.contains(&how), "{lines}");
    }
    for other in [
        "LoadCredential=other.sas:/root/primary.sas",
        "#LoadCredential=primary.sas:/root/primary.sas",
        "LoadCredential=primary.sas:/root/primary.sas\nLoadCredential=",
    ] {
        let (code, lines) = checked(other, &["--offline"]);
        assert!(code == Some(1) && lines.contains("primary: credential: access missing"), "{other}: {lines}");
    }
}

#[test]
fn a_credential_that_is_given_as_a_path_is_nobodys_to_hand_over() {
    let folder = complete_station();
    let path = folder.path().join("camdock.toml");
    let sas = folder.path().join("away/primary.sas");
    let text = std::fs::read_to_string(&path).unwrap().replace("\"primary.sas\"", &format!("{sas:?}"));
    std::fs::write(&path, text).unwrap();
    std::fs::create_dir(folder.path().join("camdock.service.d")).unwrap();
    let drop_in = "[Service]\nLoadCredential=primary.sas:/root/primary.sas\n";
    std::fs::write(folder.path().join("camdock.service.d/credentials.conf"), drop_in).unwrap();
    let output = camdock(folder.path(), &["check", "--offline", "--units", "."]);
    assert_eq!(output.status.code(), Some(1));
}
