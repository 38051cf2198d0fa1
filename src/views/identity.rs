//! What a door proves itself with to those who come over the network: a certificate and its key.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{ASN1Time, FromDer as _, X509Certificate};

use crate::domain::{Moment, Validity};

/// A certificate with its key, ready to be shown.
#[derive(Clone)]
pub struct Identity {
    /// Under which names and addresses it may be asked for.
    names: Vec<String>,
    /// From when to when it holds.
    validity: Validity,
    pub(super) tls: Arc<ServerConfig>,
}

/// Why a certificate and a key are no identity.
#[derive(Debug, thiserror::Error)]
pub enum NoIdentity {
    /// There is no certificate in the file.
    #[error("there is no certificate in PEM form in the certificate's file")]
    NoCertificate,
    /// What is there is none.
    #[error("the certificate cannot be read: {0}")]
    Certificate(String),
    /// There is no usable key in the file.
    #[error("there is no private key in PEM form in the key's file: {0}")]
    NoKey(pem::Error),
    /// They do not belong together, or are of a kind that nobody uses.
    #[error("certificate and key cannot be used together: {0}")]
    Unusable(#[from] rustls::Error),
    /// Nobody can ask for it.
    #[error("the certificate has no name: browsers look for it among the \"subject alternative names\"")]
    Nameless,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("names", &self.names).field("validity", &self.validity).finish_non_exhaustive()
    }
}

impl Identity {
    /// No certificate with all who vouch for it is longer, in bytes, nor is a key.
    pub const LONGEST: u64 = 1 << 20;

    /// Takes the contents of both files, in PEM form; the certificate's may have those that vouch for it behind it.
    ///
    /// # Errors
    /// [`NoIdentity`]
    pub fn new(certificate: &[u8], key: &[u8]) -> Result<Self, NoIdentity> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(certificate)
            .collect::<Result<_, _>>()
            .map_err(|error| NoIdentity::Certificate(error.to_string()))?;
        let own = chain.first().ok_or(NoIdentity::NoCertificate)?.clone();
        let key = PrivateKeyDer::from_pem_slice(key).map_err(NoIdentity::NoKey)?;
        let mut tls = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let (_, own) = X509Certificate::from_der(&own).map_err(|error| NoIdentity::Certificate(error.to_string()))?;
        let names = names(&own);
        if names.is_empty() {
            return Err(NoIdentity::Nameless);
        }
        let moment = |time: ASN1Time| Moment::from_millis(time.timestamp().saturating_mul(1_000));
        let validity = Validity { from: moment(own.validity().not_before), until: moment(own.validity().not_after) };
        Ok(Self { names, validity, tls: Arc::new(tls) })
    }

    /// The first of its names.
    #[must_use]
    pub fn name(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }

    /// From when to when it holds.
    #[must_use]
    pub const fn validity(&self) -> Validity {
        self.validity
    }

    /// Whether somebody who asks for this name asks for it.
    pub(super) fn is(&self, name: &str) -> bool {
        self.names.iter().any(|own| match own.strip_prefix("*.") {
            // One label and no more, as browsers have it (RFC 9525 §6.3).
            Some(domain) => {
                name.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest.eq_ignore_ascii_case(domain))
            }
            None => own.eq_ignore_ascii_case(name),
        })
    }
}

/// As they stand in an address.
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let listed = certificate.subject_alternative_name().ok().flatten();
    let listed = listed.map(|extension| extension.value.general_names.as_slice()).unwrap_or_default();
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match address(bytes)? {
            IpAddr::V4(address) => Some(address.to_string()),
            IpAddr::V6(address) => Some(format!("[{address}]")),
        },
        _ => None,
    };
    listed.iter().filter_map(name).collect()
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(|bytes| Ipv4Addr::from(bytes).into());
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(|bytes| Ipv6Addr::from(bytes).into())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = ["dock-hq.example", "*.docks.example", "10.1.2.3", "fd00::1"];

    /// A certificate for these names, and its key.
    fn made(names: &[&str]) -> (String, String) {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    #[test]
    fn it_is_known_by_each_of_its_names_and_by_no_other() {
        let (certificate, key) = made(&NAMES);
        let identity = Identity::new(certificate.as_bytes(), key.as_bytes()).unwrap();
        assert_eq!(identity.name(), "dock-hq.example");
        for own in ["dock-hq.example", "DOCK-HQ.example", "north.docks.example", "10.1.2.3", "[fd00::1]"] {
            assert!(identity.is(own), "{own}");
        }
        for other in [
            "",
            "dock-hq.example.evil",
            "docks.example",
            "a.b.docks.example",
            ".docks.example",
            "10.1.2.4",
            "*.docks.example:1",
        ] {
            assert!(!identity.is(other), "{other}");
        }
        assert!(identity.validity().until > Moment::from_millis(4_000_000_000_000));
    }

    #[test]
    fn what_is_no_identity_says_why() {
        let ((certificate, key), (nameless, its_key)) = (made(&NAMES), made(&[]));
        let why = |certificate: &str, key: &str| Identity::new(certificate.as_bytes(), key.as_bytes()).unwrap_err();
        let cut = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(why("", &key), NoIdentity::NoCertificate));
        assert!(matches!(why(&key, &key), NoIdentity::NoCertificate));
        assert!(matches!(why(cut, &key), NoIdentity::Unusable(_)));
        assert!(matches!(why(&certificate, ""), NoIdentity::NoKey(_)));
        assert!(matches!(why(&certificate, &its_key), NoIdentity::Unusable(_)));
        assert!(matches!(why(&nameless, &its_key), NoIdentity::Nameless));
    }
}
