//! A statement, signed with a certificate's key, by which an application proves who it is.
//!
//! Source: "Microsoft identity platform application authentication certificate credentials": a JSON web token (RFC 7519)
//! with PS256, the certificate named by its SHA-256. The key is used by aws-lc, as it is for TLS.

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use aws_lc_rs::signature::{KeyPair as _, RSA_PSS_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::domain::{Moment, Secret};

/// For how long a statement holds, in seconds. Entra advises no more than ten minutes.
const LIFE: i64 = 600;

/// Why a file is no certificate with its key. It never quotes the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// No key that can be read.
    #[error("there is no private key in PEM form that is not encrypted; put key and certificate into one file")]
    NoKey,
    /// No certificate that can be read.
    #[error("there is no certificate in PEM form; put key and certificate into one file")]
    NoCertificate,
    /// A key of a kind that Entra does not take.
    #[error("its key is not an RSA key of 2,048 to 8,192 bits, and Microsoft Entra takes no other")]
    NotRsa,
    /// The key is another certificate's.
    #[error("its key does not belong to its first certificate; put the right key into the file")]
    Apart,
}

/// A certificate's key, and what names the certificate.
pub(in super::super) struct Signer {
    key: RsaKeyPair,
    thumbprint: String,
}

impl Signer {
    /// Reads key and certificate, in any order; of several certificates the first is the key's.
    pub(in super::super) fn new(pem: &Secret) -> Result<Self, CertificateError> {
        let pem = pem.expose().as_bytes();
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| CertificateError::NoKey)?;
        let certificate = CertificateDer::from_pem_slice(pem).map_err(|_| CertificateError::NoCertificate)?;
        let key = match &key {
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            _ => return Err(CertificateError::NotRsa),
        };
        let key = key.map_err(|_| CertificateError::NotRsa)?;
        let (_, parsed) = X509Certificate::from_der(&certificate).map_err(|_| CertificateError::NoCertificate)?;
        if *parsed.public_key().subject_public_key.data != *key.public_key().as_ref() {
            return Err(CertificateError::Apart);
        }
        Ok(Self { key, thumbprint: BASE64.encode(Sha256::digest(&certificate)) })
    }

    /// States that we are `client`, to whoever answers at `audience`; `None` if the machine has no randomness.
    pub(super) fn state(&self, client: &str, audience: &str, now: Moment) -> Option<String> {
        let random = SystemRandom::new();
        let mut id = [0; 16];
        random.fill(&mut id).ok()?;
        let now = now.millis().div_euclid(1_000);
        let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint });
        let claims = json!({
            "aud": audience, "iss": client, "sub": client, "jti": BASE64.encode(id),
            "nbf": now, "iat": now, "exp": now + LIFE,
        });
        let encoded = |part: &Value| BASE64.encode(part.to_string());
        let statement = format!("{}.{}", encoded(&header), encoded(&claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PSS_SHA256, &random, statement.as_bytes(), &mut signature).ok()?;
        Some(format!("{statement}.{}", BASE64.encode(signature)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
    use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256};

    fn certificate(key: &KeyPair) -> String {
        CertificateParams::new(Vec::new()).unwrap().self_signed(key).unwrap().pem()
    }

    fn rsa() -> KeyPair {
        KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap()
    }

    fn refusal(pem: &str) -> CertificateError {
        Signer::new(&Secret::new(pem)).err().unwrap()
    }

    #[test]
    fn a_statement_can_be_verified_with_the_certificate_alone() {
        let key = rsa();
        let certificate = certificate(&key);
        let by = Signer::new(&Secret::new(&format!("{certificate}{}", key.serialize_pem()))).unwrap();
        let (client, audience) = ("the-client", "https://login.example/tenant/oauth2/v2.0/token");
        let statement = by.state(client, audience, Moment::from_millis(1_000_999)).unwrap();

        let (content, signature) = statement.rsplit_once('.').unwrap();
        let der = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
        let (_, parsed) = X509Certificate::from_der(&der).unwrap();
        UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, &parsed.public_key().subject_public_key.data)
            .verify(content.as_bytes(), &BASE64.decode(signature).unwrap())
            .unwrap();
        let part = |text: &str| serde_json::from_slice::<Value>(&BASE64.decode(text).unwrap()).unwrap();
        let (header, claims) = content.split_once('.').unwrap();
        let thumbprint = BASE64.encode(Sha256::digest(&der));
        assert_eq!(part(header), json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint }));
        let claims = part(claims);
        assert_eq!(
            (&claims["aud"], &claims["iss"], &claims["sub"]),
            (&json!(audience), &json!(client), &json!(client))
        );
        assert_eq!((&claims["nbf"], &claims["exp"]), (&json!(1_000), &json!(1_600)));
        let again = by.state(client, audience, Moment::from_millis(1_000_999)).unwrap();
        assert_ne!(again, statement, "no statement is made twice");
    }

    #[test]
    fn what_is_no_certificate_with_its_key_is_told_apart() {
        let (key, other) = (rsa(), rsa());
        let elliptic = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        assert_eq!(refusal(&certificate(&key)), CertificateError::NoKey);
        assert_eq!(refusal(&(certificate(&key) + encrypted)), CertificateError::NoKey);
        assert_eq!(refusal(&key.serialize_pem()), CertificateError::NoCertificate);
        assert_eq!(refusal(&(certificate(&key) + &other.serialize_pem())), CertificateError::Apart);
        assert_eq!(refusal(&(certificate(&elliptic) + &elliptic.serialize_pem())), CertificateError::NotRsa);
    }
}
