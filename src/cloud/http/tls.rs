//! TLS as every connection to a cloud has it: 1.2 or 1.3, a place whose certificate is looked at, and the station's own
//! certificate where the place wants to see one.
//!
//! Promises: what is wrong with a place's certificate is told with the certificate's name. Whoever is trusted, and what the
//! station shows of itself, is read again when it matters, so a renewed file is used without a restart.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_rustls::rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use tokio_rustls::rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
};

use super::HttpError;
use super::certificate;
use crate::files;

/// No file with certificates or a key is longer, in bytes: those of all public authorities together have a quarter of it.
const LONGEST: u64 = 1 << 20;

/// Who may vouch for a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// Whom this machine trusts.
    Machine,
    /// The authorities in this file, in PEM form, and nobody else.
    Only(PathBuf),
}

/// What the station proves itself with: the files of a certificate, with those that vouch for it behind it, and of its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityFiles {
    /// The certificate's, in PEM form.
    pub certificate: PathBuf,
    /// The key's, in PEM form.
    pub key: PathBuf,
}

/// What all cryptography of connections is done by.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// How connections are secured.
pub(super) fn config(trust: &Trust, identity: Option<&IdentityFiles>) -> Result<ClientConfig, HttpError> {
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let verifier = Arc::new(Verifier::new(trust.clone())?);
    let builder = builder.map_err(|error| setup(&error))?.dangerous().with_custom_certificate_verifier(verifier);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(files) => builder.with_client_cert_resolver(Arc::new(OwnCertificate::read(files.clone())?)),
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn setup(error: &impl ToString) -> HttpError {
    HttpError::Setup(error.to_string())
}

/// Looks at a place's certificate, and says which one it is about if something is wrong.
#[derive(Debug)]
struct Verifier {
    trust: Trust,
    trusting: Mutex<Arc<WebPkiServerVerifier>>,
}

impl Verifier {
    fn new(trust: Trust) -> Result<Self, HttpError> {
        let trusting = Mutex::new(trusting(&trust)?);
        Ok(Self { trust, trusting })
    }

    fn known(&self) -> Arc<WebPkiServerVerifier> {
        Arc::clone(&locked(&self.trusting))
    }

    /// Reads again who is trusted.
    fn renewed(&self) -> Option<Arc<WebPkiServerVerifier>> {
        let renewed = trusting(&self.trust).ok()?;
        *locked(&self.trusting) = Arc::clone(&renewed);
        Some(renewed)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let look = |trusting: &WebPkiServerVerifier| trusting.verify_server_cert(own, chain, name, ocsp, now);
        let verdict = match look(&self.known()) {
            // A new authority may have come into the file since.
            Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
                self.renewed().map_or(Err(CertificateError::UnknownIssuer.into()), |renewed| look(&renewed))
            }
            verdict => verdict,
        };
        verdict.map_err(|error| match error {
            Error::InvalidCertificate(flaw) => {
                let trouble = certificate::trouble(&flaw, own, chain, name, now);
                CertificateError::Other(OtherError(Arc::new(trouble))).into()
            }
            other => other,
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.known().verify_tls12_signature(message, own, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        own: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.known().verify_tls13_signature(message, own, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.known().supported_verify_schemes()
    }
}

fn trusting(trust: &Trust) -> Result<Arc<WebPkiServerVerifier>, HttpError> {
    let mut roots = RootCertStore::empty();
    match trust {
        Trust::Machine => {
            let found = rustls_native_certs::load_native_certs();
            roots.add_parsable_certificates(found.certs);
            if roots.is_empty() {
                let why = found.errors.first().map_or_else(|| "there are none".to_owned(), ToString::to_string);
                return Err(HttpError::Setup(format!("nobody is trusted by this machine ({why})")));
            }
        }
        Trust::Only(file) => {
            for authority in certificates(file)? {
                roots.add(authority).map_err(|error| unusable(file, &error))?;
            }
        }
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build().map_err(|error| setup(&error))
}

/// What the station shows of itself. Its files are read again for each connection; those that cannot be used just now are not.
#[derive(Debug)]
struct OwnCertificate {
    files: IdentityFiles,
    latest: Mutex<Arc<CertifiedKey>>,
}

impl OwnCertificate {
    fn read(files: IdentityFiles) -> Result<Self, HttpError> {
        let latest = Mutex::new(Arc::new(own(&files)?));
        Ok(Self { files, latest })
    }
}

impl ResolvesClientCert for OwnCertificate {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let read = own(&self.files);
        let mut latest = locked(&self.latest);
        if let Ok(read) = read {
            *latest = Arc::new(read);
        }
        Some(Arc::clone(&latest))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

fn own(files: &IdentityFiles) -> Result<CertifiedKey, HttpError> {
    let chain = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_slice(&whole(&files.key)?);
    let key =
        key.map_err(|error| unusable(&files.key, &format!("there is no private key in PEM form in it: {error}")))?;
    CertifiedKey::from_der(chain, key, &provider()).map_err(|error| {
        unusable(&files.key, &format!("it cannot be used with {}: {error}", files.certificate.display()))
    })
}

/// The certificates in a file; at least one.
pub(super) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, HttpError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&whole(file)?).collect();
    let read = read.map_err(|error| unusable(file, &error))?;
    if read.is_empty() { Err(unusable(file, &"there is no certificate in PEM form in it")) } else { Ok(read) }
}

fn whole(file: &Path) -> Result<Vec<u8>, HttpError> {
    files::whole(file, LONGEST).map_err(|error| unusable(file, &error))
}

fn unusable(file: &Path, why: &impl ToString) -> HttpError {
    HttpError::File { file: file.to_owned(), why: why.to_string() }
}

fn locked<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}
