//! What `camdock check` can tell about who gets in: at the pages, and by command.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use camdock::access::{Accounts, Users};
use camdock::config::{Config, TlsSettings};
use camdock::domain::{Certificate, CertificateState, Moment};
use camdock::files;
use camdock::views::Identity;

use super::credential::Units;
use super::{Aspect, Finding, Judgement};

/// Looks at the certificate, the list of users and the group of operators, as far as they are configured.
pub(super) fn check(config: &Config, now: Moment, units: &Units) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(tls) = &config.web.tls {
        findings.extend(certificate(tls, now, units));
    }
    if let Some(path) = &config.web.users {
        findings.push(users(path));
    }
    if let Some(group) = &config.station.operators {
        findings.push(match Accounts::new(Some(group.clone())).check() {
            Ok(()) => Finding::ok("operators", Aspect::Access),
            Err(error) => Finding::new("operators", Aspect::Access, Judgement::Missing, error.to_string()),
        });
    }
    findings
}

fn certificate(tls: &TlsSettings, now: Moment, units: &Units) -> Vec<Finding> {
    let subject = "certificate";
    let given =
        |file: &Path| !file.exists() && file.file_name().is_some_and(|name| units.gives(Path::new(name)).is_some());
    if given(&tls.certificate) || given(&tls.key) {
        let note = "handed over by systemd at its start; only the service can read it";
        return vec![Finding::new(subject, Aspect::Access, Judgement::Ok, note)];
    }
    let read =
        |file: &Path| files::whole(file, Identity::LONGEST).map_err(|error| format!("{}: {error}", file.display()));
    let both = read(&tls.certificate).and_then(|certificate| Ok((certificate, read(&tls.key)?)));
    let (certificate, key) = match both {
        Ok(both) => both,
        Err(error) => return vec![Finding::new(subject, Aspect::Access, Judgement::Missing, error)],
    };
    let identity = match Identity::new(&certificate, &key) {
        Ok(identity) => identity,
        Err(error) => return vec![Finding::new(subject, Aspect::Access, Judgement::Failed, error.to_string())],
    };
    let (name, Certificate { ends_at: until, state }) = (identity.name(), identity.validity().at(now));
    let access = Finding::new(subject, Aspect::Access, Judgement::Ok, format!("for {name}, until {until}"));
    let ends = match state {
        CertificateState::Ok => None,
        CertificateState::EndsSoon => Some("ends"),
        CertificateState::Ended => Some("ended"),
    };
    let ends = ends.map(|ends| {
        let note = format!("it {ends} at {until}. Renew it; the new one is used without a restart");
        Finding::new(subject, Aspect::Date, Judgement::Warning, note)
    });
    let open = std::fs::metadata(&tls.key).is_ok_and(|file| file.mode() & 0o007 != 0).then(|| {
        let path = tls.key.display();
        let note = format!("every user of this machine can read its key {path}. Run: chmod o= {path}");
        Finding::new(subject, Aspect::Privacy, Judgement::Warning, note)
    });
    [Some(access), ends, open].into_iter().flatten().collect()
}

fn users(path: &Path) -> Finding {
    match Users::read(path) {
        Ok(users) if users.iter().next().is_none() => {
            let note = "nobody is on the list, so nobody can log in. See: camdock user add --help";
            Finding::new("users", Aspect::Access, Judgement::Warning, note)
        }
        Ok(_) => Finding::ok("users", Aspect::Access),
        Err(error) => Finding::new("users", Aspect::Access, Judgement::Missing, error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(tls: &TlsSettings, now: i64, units: &Units) -> Vec<String> {
        certificate(tls, Moment::from_millis(now), units).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_certificate_is_looked_at_before_a_browser_does() {
        let folder = tempfile::tempdir().unwrap();
        let tls = TlsSettings { certificate: folder.path().join("web.crt"), key: folder.path().join("web.key") };
        let units = Units::read(folder.path());
        assert!(judged(&tls, 0, &units)[0].contains("No such file"), "{:?}", judged(&tls, 0, &units));

        let made = rcgen::generate_simple_self_signed(["dock-hq.example".to_owned()]).unwrap();
        std::fs::write(&tls.certificate, made.cert.pem()).unwrap();
        std::fs::write(&tls.key, "nonsense").unwrap();
        assert!(judged(&tls, 0, &units)[0].contains("no private key"), "{:?}", judged(&tls, 0, &units));

        std::fs::write(&tls.key, made.signing_key.serialize_pem()).unwrap();
        std::fs::set_permissions(&tls.key, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
        let well = judged(&tls, 0, &units);
        assert!(well.len() == 1 && well[0].contains("for dock-hq.example, until"), "{well:?}");
        std::fs::set_permissions(&tls.key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        let late = judged(&tls, i64::MAX, &units);
        assert!(late.len() == 3 && late[1].contains("Renew it") && late[2].contains("chmod o="), "{late:?}");
    }

    #[test]
    fn what_systemd_hands_over_is_not_missed() {
        let folder = tempfile::tempdir().unwrap();
        let drop_ins = folder.path().join("camdock.service.d");
        std::fs::create_dir(&drop_ins).unwrap();
        let settings = "[Service]\nLoadCredential=web.crt:/root/web.crt\nLoadCredential=web.key:/root/web.key\n";
        std::fs::write(drop_ins.join("web.conf"), settings).unwrap();
        let tls = TlsSettings { certificate: folder.path().join("web.crt"), key: folder.path().join("web.key") };
        let found = judged(&tls, 0, &Units::read(folder.path()));
        assert!(found.len() == 1 && found[0].contains("handed over by systemd"), "{found:?}");
    }
}
