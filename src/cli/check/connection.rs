//! What `camdock check` can tell about how a cloud is reached, without asking it.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use camdock::config::{ConnectionSettings, DestinationSettings};
use camdock::daemon::connection;
use camdock::domain::{CertificateState, Moment, Validity};

use super::credential::Units;
use super::{Aspect, Finding, Judgement};

/// Looks at the files that a connection needs, and at what a proxy is told.
pub(super) fn check(settings: &DestinationSettings, now: Moment, units: &Units) -> Vec<Finding> {
    let name = settings.name.as_str();
    let ConnectionSettings { ca, identity, proxy } = &settings.connection;
    let mut findings = Vec::new();
    if let Some((proxy, login)) = proxy.as_ref().and_then(|proxy| Some((proxy, proxy.login.as_ref()?))) {
        findings.extend(units.check(&format!("{name}: proxy"), login));
        if proxy.address.scheme() != "https" {
            let note = "its login goes to it unencrypted. Write https:// if the proxy can do that";
            findings.push(Finding::new(format!("{name}: proxy"), Aspect::Privacy, Judgement::Warning, note));
        }
    }
    if ca.is_some() || identity.is_some() {
        findings.extend(files(name, &settings.connection, now, units));
    }
    findings
}

/// That a destination cannot be asked from here, since systemd hands over what the connection needs; `None` if it can.
pub(super) fn out_of_reach(settings: &DestinationSettings, units: &Units) -> Option<Finding> {
    let name = settings.name.as_str();
    let login = settings.connection.proxy.as_ref().and_then(|proxy| proxy.login.as_ref());
    if let Some(finding) = login.and_then(|login| units.out_of_reach(name, login)) {
        return Some(finding);
    }
    let setting = handed_over(&settings.connection, units)?;
    Some(Units::not_asked(name, &setting))
}

fn files(name: &str, settings: &ConnectionSettings, now: Moment, units: &Units) -> Vec<Finding> {
    let subject = format!("{name}: tls");
    if handed_over(settings, units).is_some() {
        let note = "handed over by systemd at its start; only the service can read it";
        return vec![Finding::new(subject, Aspect::Access, Judgement::Ok, note)];
    }
    // The proxy's login is looked at by itself.
    let files = ConnectionSettings { proxy: None, ..settings.clone() };
    let looked = connection(&files, Duration::ZERO).map_err(|error| error.to_string());
    let access = match looked.and_then(|connection| connection.look().map_err(|error| error.to_string())) {
        Ok(None) => Finding::ok(subject.clone(), Aspect::Access),
        Ok(Some(validity)) => own(&subject, validity, now),
        Err(error) => Finding::new(subject.clone(), Aspect::Access, Judgement::Missing, error),
    };
    let open = settings.identity.as_ref().and_then(|identity| {
        let is_open = std::fs::metadata(&identity.key).is_ok_and(|file| file.mode() & 0o007 != 0);
        let path = identity.key.display();
        let note = format!("every user of this machine can read the key {path}. Run: chmod o= {path}");
        is_open.then(|| Finding::new(subject, Aspect::Privacy, Judgement::Warning, note))
    });
    std::iter::once(access).chain(open).collect()
}

/// The certificate that the station shows.
fn own(subject: &str, validity: Validity, now: Moment) -> Finding {
    let certificate = validity.at(now);
    let until = certificate.ends_at;
    let (aspect, judgement, note) = match certificate.state {
        CertificateState::Ok => (Aspect::Access, Judgement::Ok, format!("shows a certificate that ends at {until}")),
        CertificateState::EndsSoon => {
            let note = format!(
                "the certificate that it shows ends at {until}. Renew it; the new one is used without a restart"
            );
            (Aspect::Date, Judgement::Warning, note)
        }
        CertificateState::Ended => {
            let note = format!(
                "the certificate that it shows ended at {until}. Renew it; the new one is used without a restart"
            );
            (Aspect::Date, Judgement::Failed, note)
        }
    };
    Finding::new(subject, aspect, judgement, note)
}

/// The setting by which systemd hands over one of the files, if it does and only the service can read it.
fn handed_over(settings: &ConnectionSettings, units: &Units) -> Option<String> {
    let own = settings.identity.iter().flat_map(|identity| [&identity.certificate, &identity.key]);
    let mut hidden = settings.ca.iter().chain(own).filter(|file| !file.exists());
    hidden.find_map(|file| units.gives(Path::new(file.file_name()?)))
}
