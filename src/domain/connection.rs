//! Why no secure connection to a place comes about, as facts.

use serde::Serialize;
use strum::{IntoStaticStr, VariantNames};

use super::Moment;

/// What stands between this station and a place: the place's certificate, the station's own, or the proxy on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, IntoStaticStr, VariantNames, thiserror::Error)]
#[serde(tag = "id", rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum ConnectionTrouble {
    /// The place's certificate has ended, or the station's clock is wrong.
    #[error("its certificate ({certificate}) ended at {until}, and this station's clock says {now}")]
    CertificateEnded {
        /// Whose certificate, and its number.
        certificate: String,
        /// When it ended.
        until: Moment,
        /// What this station takes the time for.
        now: Moment,
    },
    /// The place's certificate has not begun, or the station's clock is wrong.
    #[error("its certificate ({certificate}) begins at {from}, and this station's clock says {now}")]
    CertificateNotYet {
        /// Whose certificate, and its number.
        certificate: String,
        /// When it begins.
        from: Moment,
        /// What this station takes the time for.
        now: Moment,
    },
    /// The place's certificate is for other names than the one that was asked.
    #[error("its certificate ({certificate}) is not for {wanted}, but for {}", names.join(", "))]
    CertificateOfAnother {
        /// Whose certificate, and its number.
        certificate: String,
        /// Which name was asked.
        wanted: String,
        /// Which names it has.
        names: Vec<String>,
    },
    /// Nobody whom this station trusts vouches for the place's certificate.
    #[error("its certificate ({certificate}) was issued by {issuer}, whom this station does not trust")]
    UnknownIssuer {
        /// Whose certificate, and its number.
        certificate: String,
        /// Who issued it, or the last of those who vouch for it.
        issuer: String,
    },
    /// The place shows the certificate of an authority in the place of one of its own.
    #[error("its certificate ({certificate}) is that of an authority, and none of a server")]
    CertificateOfAuthority {
        /// Whose certificate, and its number.
        certificate: String,
    },
    /// The place's certificate is wrong in another way.
    #[error("its certificate ({certificate}) cannot be used: {why}")]
    CertificateUnusable {
        /// Whose certificate, and its number.
        certificate: String,
        /// In the words of who looked at it.
        why: String,
    },
    /// The place wants the station to show a certificate, and it has none to show.
    #[error("it wants this station to show a certificate, and none is configured")]
    CertificateWanted,
    /// The place does not take the certificate that the station shows.
    #[error("it does not take the certificate that this station shows ({why})")]
    CertificateRefused {
        /// The place's word for it.
        why: String,
    },
    /// The place speaks no version of TLS that is still safe.
    #[error("it offers neither TLS 1.2 nor TLS 1.3")]
    TooOld,
    /// The proxy on the way wants a user and a password, and there are none, or others than those that it was told.
    #[error("the proxy {proxy} wants another user and password than it gets from this station")]
    ProxyLogin {
        /// Which proxy.
        proxy: String,
    },
    /// The proxy on the way does not let the station through.
    #[error("the proxy {proxy} does not let this station through to {host}")]
    ProxyRefuses {
        /// Which proxy.
        proxy: String,
        /// To where.
        host: String,
    },
}
