//! How it is written by what a cloud is reached, and what `check` tells of that.

use std::path::Path;

use super::{GOOD, Mistake, camdock, complete_station, load, set_mode, shown, station, text};

const MISTAKES: &[Mistake] = &[
    (
        "proof = \"attested\"",
        "tls = { certificate = \"dock.crt\" }",
        "24:7",
        &["destination.tls.key is missing", "key = \"dock.key\""],
    ),
    ("proof = \"attested\"", "tls = { key = \"dock.key\" }", "24:7", &["destination.tls.certificate is missing"]),
    ("proof = \"attested\"", "tls = {}", "24:7", &["destination.tls.ca is missing", "ca = \"agency-ca.crt\""]),
    ("proof = \"attested\"", "tls = { insecure = true }", "24:9", &["insecure is no key that camdock knows"]),
    ("proof = \"attested\"", "tls = false", "24:7", &["must be a table", "write tls = { ca = "]),
    ("proof = \"attested\"", "proxy = { login = \"proxy.login\" }", "24:9", &["destination.proxy.address is missing"]),
    (
        "proof = \"attested\"",
        "proxy = { address = \"socks5://proxy.example:1080\" }",
        "24:21",
        &["no http:// or https:// address", "such as \"http://proxy.example.org:3128\""],
    ),
    (
        "proof = \"attested\"",
        "proxy = { address = \"http://proxy.example:3128/pac\" }",
        "24:21",
        &["it leads to more than a host and a port"],
    ),
    (
        "kind = \"folder\"",
        "kind = \"folder\"\ntls = { ca = \"agency-ca.crt\" }",
        "29:1",
        &["destination.tls means nothing with kind = \"folder\""],
    ),
];

#[test]
fn mistakes_in_a_connection_are_shown_with_a_remedy() {
    shown(MISTAKES);
}

#[test]
fn a_login_in_a_proxys_address_is_refused_and_not_shown() {
    let proxy = "proxy = { address = \"http://dock:TOPSECRET@proxy.example:3128\" }";
    let output = camdock(station(&GOOD.replacen("proof = \"attested\"", proxy, 1)).path(), &["check"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("into a file of its own, as login") && !said.contains("TOPSECRET"), "{said}");
}

#[test]
fn files_of_a_connection_lie_where_credentials_lie() {
    let written = "tls = { ca = \"agency-ca.crt\", certificate = \"dock.crt\", key = \"/run/dock.key\" }\n\
                   proxy = { address = \"https://proxy.example\", login = \"proxy.login\" }";
    let folder = station(&GOOD.replacen("proof = \"attested\"", written, 1));
    let config = load(&folder);
    let connection = &config.destinations[0].connection;
    let identity = connection.identity.as_ref().unwrap();
    assert_eq!(connection.ca.as_deref(), Some(folder.path().join("agency-ca.crt").as_path()));
    assert_eq!(identity.certificate, folder.path().join("dock.crt"));
    assert_eq!(identity.key, Path::new("/run/dock.key"));
    let proxy = connection.proxy.as_ref().unwrap();
    assert_eq!(proxy.address.as_str(), "https://proxy.example/");
    assert_eq!(proxy.login.as_ref().unwrap().file, folder.path().join("proxy.login"));
}

#[test]
fn check_tells_what_is_wrong_with_the_files_of_a_connection() {
    let folder = complete_station();
    let file = folder.path().join("camdock.toml");
    let written = "tls = { ca = \"agency-ca.crt\", certificate = \"dock.crt\", key = \"dock.key\" }\n\
                   proxy = { address = \"http://proxy.example:3128\", login = \"proxy.login\" }";
    let config = std::fs::read_to_string(&file).unwrap().replacen("proof = \"attested\"", written, 1);
    std::fs::write(&file, config).unwrap();
    std::fs::write(folder.path().join("proxy.login"), "TOPSECRET").unwrap();
    let lines = |code: i32| {
        let output = camdock(folder.path(), &["check", "--offline"]);
        let lines = text(&output.stdout).to_owned();
        assert_eq!(output.status.code(), Some(code), "{lines}");
        assert!(!lines.contains("TOPSECRET"), "{lines}");
        lines
    };
    let said = lines(1);
    assert!(said.contains("primary: tls: access missing: ") && said.contains("agency-ca.crt cannot be used"), "{said}");
    assert!(said.contains("primary: proxy: credential: access missing: ") && said.contains("USER:PASSWORD"), "{said}");

    let mut wanted = rcgen::CertificateParams::new(["hq-01".to_owned()]).unwrap();
    wanted.not_after = rcgen::date_time_ymd(2090, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    let write = |wanted: &rcgen::CertificateParams| {
        let pem = wanted.self_signed(&key).unwrap().pem();
        for name in ["agency-ca.crt", "dock.crt"] {
            std::fs::write(folder.path().join(name), &pem).unwrap();
        }
    };
    write(&wanted);
    std::fs::write(folder.path().join("dock.key"), key.serialize_pem()).unwrap();
    std::fs::write(folder.path().join("proxy.login"), "dock:TOPSECRET").unwrap();
    set_mode(&folder.path().join("dock.key"), 0o644);
    let said = lines(3);
    assert!(said.contains("primary: tls: access ok: shows a certificate that ends at 2090-01-01T00:00:00Z"), "{said}");
    assert!(said.contains("primary: tls: privacy warning: every user of this machine can read the key"), "{said}");
    assert!(said.contains("primary: proxy: privacy warning: its login goes to it unencrypted"), "{said}");
    wanted.not_after = rcgen::date_time_ymd(2025, 2, 3);
    wanted.not_before = rcgen::date_time_ymd(2024, 2, 3);
    write(&wanted);
    assert!(lines(1).contains("primary: tls: date failed: the certificate that it shows ended at 2025-02-03"));
}
