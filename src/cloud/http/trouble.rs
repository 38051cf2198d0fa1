//! Why there is no answer, made out from what the libraries below say.

use std::error::Error;
use std::io;

use tokio_rustls::rustls::{self, AlertDescription, CertificateError, PeerIncompatible};

use super::proxy::Way;
use super::{HttpError, Shown};
use crate::domain::ConnectionTrouble;

/// What the library that opens tunnels through proxies says if one wants a login, and if one does not want to. It has these words
/// and no types for others.
const PROXY_WANTS_LOGIN: &str = "tunnel error: proxy authorization required";
const PROXY_REFUSES: &str = "tunnel error: unsuccessful";

/// Why a request to `host` was not answered.
pub(super) fn unanswered(error: reqwest::Error, shown: Shown, way: &Way, host: &str) -> HttpError {
    if let Some(trouble) = of_tls(&error, shown) {
        return trouble.into();
    }
    let says = |words: &str| causes(&error).any(|cause| cause.to_string() == words);
    if says(PROXY_WANTS_LOGIN) {
        way.refused();
        return ConnectionTrouble::ProxyLogin { proxy: way.name() }.into();
    }
    if says(PROXY_REFUSES) {
        return ConnectionTrouble::ProxyRefuses { proxy: way.name(), host: host.to_owned() }.into();
    }
    HttpError::Connection(in_full(error))
}

fn of_tls(error: &reqwest::Error, shown: Shown) -> Option<ConnectionTrouble> {
    match causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>())? {
        rustls::Error::InvalidCertificate(CertificateError::Other(told)) => {
            told.0.downcast_ref::<ConnectionTrouble>().cloned()
        }
        rustls::Error::PeerIncompatible(
            PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig | PeerIncompatible::ServerDoesNotSupportTls12Or13,
        )
        | rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => Some(ConnectionTrouble::TooOld),
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            Some(ConnectionTrouble::CertificateWanted)
        }
        rustls::Error::AlertReceived(
            alert @ (AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied),
        ) => Some(match shown {
            Shown::Certificate => ConnectionTrouble::CertificateRefused { why: format!("{alert:?}") },
            Shown::Nothing => ConnectionTrouble::CertificateWanted,
        }),
        _ => None,
    }
}

/// An error and all that it came from.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| cause(*error))
}

/// What the system's errors carry is not among their causes, and is looked for in them.
fn cause<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(carried) => Some(carried),
        None => error.source(),
    }
}

/// The error with its causes: reqwest's own text stops short of saying what happened.
pub(super) fn in_full(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    for cause in causes(&error).skip(1) {
        let words = cause.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
    }
    text
}
