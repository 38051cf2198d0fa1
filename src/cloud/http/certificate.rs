//! What is wrong with a certificate, told with its name.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tokio_rustls::rustls::CertificateError;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{ASN1Time, FromDer as _, X509Certificate};

use crate::cloud::answers::one_line;
use crate::domain::{ConnectionTrouble, Moment, Validity};

/// So many of a certificate's names are told; some have a hundred.
const NAMED: usize = 5;

/// What a flaw that was found in a place's certificate, or in those that vouch for it, is to people.
pub(super) fn trouble(
    flaw: &CertificateError,
    own: &CertificateDer<'_>,
    chain: &[CertificateDer<'_>],
    name: &ServerName<'_>,
    now: UnixTime,
) -> ConnectionTrouble {
    let all: Vec<X509Certificate<'_>> = std::iter::once(own)
        .chain(chain)
        .filter_map(|der| X509Certificate::from_der(der).ok().map(|(_, certificate)| certificate))
        .collect();
    let Some(first) = all.first() else {
        return ConnectionTrouble::CertificateUnusable { certificate: "unreadable".to_owned(), why: words(flaw) };
    };
    let certificate = title(first);
    // One of those that vouch for it may be the one that has ended: which, its time tells.
    let with = |time: &dyn Fn(&X509Certificate<'_>) -> ASN1Time, wanted: Moment| {
        let found = all.iter().find(|certificate| moment(time(certificate)) == wanted);
        found.map_or_else(|| certificate.clone(), title)
    };
    match flaw {
        CertificateError::ExpiredContext { time, not_after } => {
            let until = seconds(*not_after);
            let certificate = with(&|certificate| certificate.validity().not_after, until);
            ConnectionTrouble::CertificateEnded { certificate, until, now: seconds(*time) }
        }
        CertificateError::NotValidYetContext { time, not_before } => {
            let from = seconds(*not_before);
            let certificate = with(&|certificate| certificate.validity().not_before, from);
            ConnectionTrouble::CertificateNotYet { certificate, from, now: seconds(*time) }
        }
        CertificateError::Expired => {
            let until = moment(first.validity().not_after);
            ConnectionTrouble::CertificateEnded { certificate, until, now: seconds(now) }
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            let wanted = one_line(&name.to_str());
            ConnectionTrouble::CertificateOfAnother { certificate, wanted, names: names(first) }
        }
        CertificateError::UnknownIssuer => ConnectionTrouble::UnknownIssuer { certificate, issuer: issuer(&all) },
        other if words(other).contains("CaUsedAsEndEntity") => {
            ConnectionTrouble::CertificateOfAuthority { certificate }
        }
        other => ConnectionTrouble::CertificateUnusable { certificate, why: words(other) },
    }
}

/// From when to when a certificate holds.
pub(super) fn validity(certificate: &CertificateDer<'_>) -> Option<Validity> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let validity = certificate.validity();
    Some(Validity { from: moment(validity.not_before), until: moment(validity.not_after) })
}

/// Whose it is, and its number.
fn title(certificate: &X509Certificate<'_>) -> String {
    let subject = one_line(&certificate.subject().to_string());
    let subject = if subject.is_empty() { names(certificate).first().cloned().unwrap_or_default() } else { subject };
    let serial = one_line(&certificate.raw_serial_as_string());
    format!("{subject}, serial {serial}").trim_start_matches(", ").to_owned()
}

/// The name that nobody known answers to: who issued the certificate, or the last of those that came with it.
fn issuer(all: &[X509Certificate<'_>]) -> String {
    let mut last = &all[0];
    // A chain has no more links than certificates came, whatever they say of each other.
    for _ in all {
        match all.iter().find(|other| other.subject() == last.issuer() && other.subject() != last.subject()) {
            Some(next) => last = next,
            None => break,
        }
    }
    one_line(&last.issuer().to_string())
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let listed = certificate.subject_alternative_name().ok().flatten();
    let listed = listed.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some(one_line(name)),
        GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
        _ => None,
    };
    listed.iter().filter_map(name).take(NAMED).collect()
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(|bytes| IpAddr::V4(Ipv4Addr::from(bytes)));
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(|bytes| IpAddr::V6(Ipv6Addr::from(bytes)))).ok()
}

fn moment(time: ASN1Time) -> Moment {
    Moment::from_millis(time.timestamp().saturating_mul(1_000))
}

fn seconds(time: UnixTime) -> Moment {
    Moment::from_millis(i64::try_from(time.as_secs()).unwrap_or(i64::MAX).saturating_mul(1_000))
}

fn words(flaw: &CertificateError) -> String {
    one_line(&flaw.to_string())
}
