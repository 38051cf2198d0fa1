//! The secret in a credential file, however a person got it there.
//!
//! Promises: what is certain is taken: a mark at the file's beginning, UTF-16, quotes, a line break at the end, `&amp;`, a
//! whole address, a connection string. Whatever else is in the file is named in words, and never shown.

use std::fmt;

use url::Url;

use super::access_key::access_key;
use super::document::{BYTE_ORDER_MARK, made_out};

/// What a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialKind {
    /// A shared access signature: the part of a SAS URL after the `?`.
    Sas {
        /// Address of the container that it should open.
        opens: Box<Url>,
    },
    /// The key of a storage account.
    SharedKey {
        /// Name of the account.
        account: String,
    },
    /// The key of a service account of Google's: the whole JSON file.
    ServiceAccount,
    /// How another identity becomes one of Google's: the whole JSON file.
    ExternalAccount,
    /// An access key, as AWS and its like have them.
    AccessKey {
        /// Which section of a file with several is meant.
        profile: Option<String>,
    },
    /// A user and a password, as a proxy wants to be told them.
    ProxyLogin,
    /// A token with which somebody whom a role of AWS's trusts vouches for this station; it is written there again and again.
    WebIdentityToken,
    /// A secret that an application shares with its directory.
    ClientSecret(Application),
    /// An application's certificate and its key, in PEM form.
    ClientCertificate(Application),
    /// A token that somebody whom an application's directory trusts writes there, again and again.
    FederatedToken(Application),
}

/// An application that is registered with Microsoft Entra.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Where its directory is asked for tokens: `https`, or this very machine.
    pub authority: Url,
    /// The directory, by its id or domain.
    pub tenant: String,
    /// The application's id.
    pub client: String,
}

/// What lies in a credential file in the place of its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It is a folder, a pipe or a device.
    NoFile,
    /// More than any secret has.
    TooMuch,
    /// Nothing but white space.
    Nothing,
    /// Bytes that are no text.
    NoText,
    /// So many lines.
    Lines(usize),
    /// Something with a gap in its middle.
    Gap,
    /// An address, and no signature behind it.
    AddressAlone,
    /// A signature for another place than the destination.
    OtherPlace {
        /// The place that it is for.
        of: String,
        /// The destination.
        here: String,
    },
    /// The key of another account.
    OtherAccount {
        /// The account that it is of.
        of: String,
        /// The configured account.
        here: String,
    },
    /// A signature in which even the separators are encoded.
    Encoded,
    /// An account's key, where a signature belongs.
    Key,
    /// A signature, where an account's key belongs.
    Signature,
    /// Nothing that looks like a signature.
    NoSignature,
    /// Nothing that looks like a key.
    NoKey,
    /// No access key, or not in the section that is meant.
    NoAccessKey(Option<String>),
    /// The id of a client secret, which is shown beside it.
    SecretId,
    /// Nothing in PEM form.
    NoPem,
    /// Nothing that looks like a token.
    NoToken,
    /// No user and password.
    NoLogin,
}

/// A continuation of "the file …", and what to do.
impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::NoFile => "is no regular file. Put the secret there, as a file of one line",
            Self::TooMuch => "has more than 64 KiB, as no secret has. Put the secret there, and nothing else",
            Self::Nothing => "is empty. Put the secret there, and nothing else",
            Self::NoText => {
                "holds bytes that are no text. Put the secret there as it is, or let systemd decrypt it \
                 (LoadCredentialEncrypted=)"
            }
            Self::Lines(count) => {
                return write!(f, "holds {count} lines. Leave nothing but the secret there, in one line");
            }
            Self::Gap => "holds something with a gap in its middle. Copy the secret again, in one piece",
            Self::AddressAlone => "holds an address without a signature. Put the SAS there: what follows the '?'",
            Self::OtherPlace { of, here } => {
                return write!(
                    f,
                    "holds a SAS for {of}, and the destination is {here}. Put the SAS for that one there"
                );
            }
            Self::OtherAccount { of, here } => {
                return write!(
                    f,
                    "holds the key of account \"{of}\", and the configuration says account = \"{here}\". Correct one of them"
                );
            }
            Self::Encoded => {
                "holds a SAS whose \"&\" and \"=\" are percent-encoded. Copy it as the portal shows it, from \"sv=\" on"
            }
            Self::Key => {
                "holds what looks like an account's key. Put a SAS there, or write kind = \"shared-key\" and the account"
            }
            Self::Signature => "holds a SAS. Put the account's key there, or write kind = \"sas\"",
            Self::NoSignature => {
                "holds no shared access signature: there is no \"sig=\" in it. Put the whole query string of a SAS there"
            }
            Self::NoAccessKey(None) => {
                "holds no access key. Put it there as ID:SECRET, or as aws_access_key_id and aws_secret_access_key under [default]"
            }
            Self::NoAccessKey(Some(profile)) => {
                return write!(
                    f,
                    "holds no access key under [{profile}]. Put aws_access_key_id and aws_secret_access_key there"
                );
            }
            Self::SecretId => {
                "holds what looks like the id of a client secret. Put its value there, which the portal shows once, when it is \
                 made"
            }
            Self::NoPem => {
                "holds no certificate in PEM form. Put certificate and private key there, one after the other"
            }
            Self::NoToken => {
                "holds no token. Let whoever issues it write it there as it is: three parts with dots between"
            }
            Self::NoLogin => "holds no login. Put user and password there as USER:PASSWORD, in one line",
            Self::NoKey => "holds no account key, which is base64. Put the key there as the portal shows it",
        };
        f.write_str(text)
    }
}

/// Takes the secret out of a file's content.
pub(super) fn secret(kind: &CredentialKind, content: &[u8]) -> Result<String, Found> {
    let text = text(content).ok_or(Found::NoText)?;
    let text = unquoted(text.trim());
    if text.is_empty() {
        return Err(Found::Nothing);
    }
    let secret = match kind {
        // A document; whoever uses it reads it as what it is.
        CredentialKind::ServiceAccount | CredentialKind::ExternalAccount => return Ok(text.to_owned()),
        CredentialKind::ClientCertificate(_) => {
            return if text.contains("-----BEGIN ") { Ok(text.to_owned()) } else { Err(Found::NoPem) };
        }
        CredentialKind::AccessKey { profile } => {
            return access_key(text, profile.as_deref()).ok_or_else(|| Found::NoAccessKey(profile.clone()));
        }
        // A password may have a gap in its middle.
        CredentialKind::ProxyLogin => return login(one_line(text)?),
        CredentialKind::Sas { opens } => signature(one_line(text)?, opens)?,
        CredentialKind::SharedKey { account } => key(one_line(text)?, account)?,
        CredentialKind::ClientSecret(_) if is_uuid(text) => return Err(Found::SecretId),
        CredentialKind::ClientSecret(_) => one_line(text)?.to_owned(),
        CredentialKind::FederatedToken(_) | CredentialKind::WebIdentityToken => token(one_line(text)?)?,
    };
    if secret.contains(char::is_whitespace) { Err(Found::Gap) } else { Ok(secret) }
}

fn one_line(text: &str) -> Result<&str, Found> {
    match text.lines().count() {
        1 => Ok(text),
        lines => Err(Found::Lines(lines)),
    }
}

/// The content as text, in whatever encoding an editor or a shell has saved it.
fn text(content: &[u8]) -> Option<String> {
    let text = match std::str::from_utf8(content) {
        Ok(text) if !text.contains('\0') => text.to_owned(),
        _ => made_out(content),
    };
    let readable = |c: char| !matches!(c, '\0' | char::REPLACEMENT_CHARACTER);
    text.chars().all(readable).then(|| text.trim_start_matches(BYTE_ORDER_MARK).to_owned())
}

/// No secret begins or ends with a quote, so a pair of them is not part of it.
fn unquoted(text: &str) -> &str {
    const QUOTES: [(char, char); 5] =
        [('"', '"'), ('\'', '\''), ('`', '`'), ('\u{201c}', '\u{201d}'), ('\u{2018}', '\u{2019}')];
    let inner = |(open, close): &(char, char)| text.strip_prefix(*open)?.strip_suffix(*close);
    QUOTES.iter().find_map(inner).map_or(text, str::trim)
}

fn signature(text: &str, opens: &Url) -> Result<String, Found> {
    let query = if let Some(address) = address(text) {
        let query = address.query().filter(|query| !query.is_empty()).ok_or(Found::AddressAlone)?;
        if !leads_to(&address, opens) {
            let of = format!("{}{}", address.host_str().unwrap_or_default(), address.path());
            return Err(Found::OtherPlace {
                of,
                here: format!("{}{}", opens.host_str().unwrap_or_default(), opens.path()),
            });
        }
        query.to_owned()
    } else {
        // The portal shows a SAS with the question mark of its URL.
        let alone = in_connection_string(text, "SharedAccessSignature").unwrap_or(text);
        alone.strip_prefix('?').unwrap_or(alone).to_owned()
    };
    let query = query.replace("&amp;", "&");
    if query.split('&').any(|pair| pair.strip_prefix("sig=").is_some_and(|value| !value.is_empty())) {
        Ok(query)
    } else if query.to_ascii_lowercase().contains("sig%3d") {
        Err(Found::Encoded)
    } else if is_key(&query) {
        Err(Found::Key)
    } else {
        Err(Found::NoSignature)
    }
}

fn key(text: &str, account: &str) -> Result<String, Found> {
    let key = in_connection_string(text, "AccountKey");
    if let (Some(_), Some(of)) = (key, in_connection_string(text, "AccountName"))
        && of != account
    {
        return Err(Found::OtherAccount { of: of.to_owned(), here: account.to_owned() });
    }
    let key = key.unwrap_or(text);
    if is_key(key) {
        Ok(key.to_owned())
    } else if key.contains("sig=") {
        Err(Found::Signature)
    } else if key.contains(char::is_whitespace) {
        Err(Found::Gap)
    } else {
        Err(Found::NoKey)
    }
}

fn login(text: &str) -> Result<String, Found> {
    let is_login = text.split_once(':').is_some_and(|(user, password)| !user.is_empty() && !password.is_empty());
    if is_login { Ok(text.to_owned()) } else { Err(Found::NoLogin) }
}

fn token(text: &str) -> Result<String, Found> {
    let part = |part: &str| part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '='));
    let is_token = text.split('.').count() == 3 && text.split('.').all(part);
    if is_token { Ok(text.to_owned()) } else { Err(Found::NoToken) }
}

/// Whether this is an UUID as the portal shows the ids of everything: no client secret is one.
pub(super) fn is_uuid(text: &str) -> bool {
    let lengths = [8, 4, 4, 4, 12];
    text.split('-').map(str::len).eq(lengths) && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

fn address(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// Whether the address is that of the container, or of the account that it lies in.
fn leads_to(address: &Url, container: &Url) -> bool {
    let (there, here) = (address.path().trim_end_matches('/'), container.path().trim_end_matches('/'));
    let account = here.rsplit_once('/').map_or("", |(account, _)| account);
    address.host_str() == container.host_str() && (there == here || there == account)
}

/// A value in what the portal calls a connection string.
fn in_connection_string<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.split(';').find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

fn is_key(text: &str) -> bool {
    let base64 = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
    !text.is_empty() && text.len().is_multiple_of(4) && text.trim_end_matches('=').chars().all(base64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAS: &str = "sv=2022-11-02&sr=c&sp=rcwl&sig=TOP%2BSECRET%3D";
    const KEY: &str = "VE9QU0VDUkVU";

    fn sas() -> CredentialKind {
        CredentialKind::Sas { opens: Box::new("https://acc.blob.core.windows.net/evidence".parse().unwrap()) }
    }

    fn shared_key() -> CredentialKind {
        CredentialKind::SharedKey { account: "acc".to_owned() }
    }

    fn application() -> Application {
        let authority = "https://login.microsoftonline.us".parse().unwrap();
        Application { authority, tenant: "agency.example".to_owned(), client: "camdock".to_owned() }
    }

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn a_secret_is_taken_however_it_was_saved() {
        let marked = format!("\u{feff}{SAS}\r\n");
        for content in [
            SAS.as_bytes().to_vec(),
            format!("{SAS}\n").into_bytes(),
            format!("  {SAS}\r\n\r\n").into_bytes(),
            marked.clone().into_bytes(),
            utf16(&marked, u16::to_le_bytes),
            utf16(&marked, u16::to_be_bytes),
            utf16(&format!("{SAS}\n"), u16::to_le_bytes),
        ] {
            assert_eq!(secret(&sas(), &content).as_deref(), Ok(SAS), "{}", String::from_utf8_lossy(&content));
        }
    }

    #[test]
    fn a_secret_is_taken_out_of_whatever_was_copied_with_it() {
        let escaped = SAS.replace('&', "&amp;");
        for text in [
            format!("?{SAS}"),
            format!("\"{SAS}\""),
            format!("'?{SAS}'"),
            format!("\u{201c}{SAS}\u{201d}"),
            escaped.clone(),
            format!("https://acc.blob.core.windows.net/evidence?{SAS}"),
            format!("\"https://ACC.blob.core.windows.net/?{escaped}\"\n"),
            format!("BlobEndpoint=https://acc.blob.core.windows.net/;SharedAccessSignature={SAS}"),
        ] {
            assert_eq!(secret(&sas(), text.as_bytes()).as_deref(), Ok(SAS), "{text}");
        }
        for text in [
            KEY.to_owned(),
            format!("\"{KEY}\"\r\n"),
            format!("DefaultEndpointsProtocol=https;AccountName=acc;AccountKey={KEY};EndpointSuffix=core.windows.net"),
        ] {
            assert_eq!(secret(&shared_key(), text.as_bytes()).as_deref(), Ok(KEY), "{text}");
        }
    }

    #[test]
    fn what_an_application_proves_itself_with_is_taken_as_it_is() {
        let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\nAAAA";
        for (kind, text) in [
            (CredentialKind::ClientSecret(application()), "a8Q~B.c-D_e~F"),
            (CredentialKind::ClientCertificate(application()), pem),
            (CredentialKind::FederatedToken(application()), "eyJh.eyJp.c2ln"),
            (CredentialKind::WebIdentityToken, "eyJh.eyJp.c2ln"),
        ] {
            assert_eq!(secret(&kind, format!("\u{feff}{text}\r\n").as_bytes()).as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_is_no_secret_is_named_and_not_shown() {
        let elsewhere =
            |of: &str| Found::OtherPlace { of: of.to_owned(), here: "acc.blob.core.windows.net/evidence".to_owned() };
        let other_account = Found::OtherAccount { of: "other".to_owned(), here: "acc".to_owned() };
        for (kind, text, found) in [
            (sas(), "\u{feff} \r\n".to_owned(), Found::Nothing),
            (sas(), "\"\"".to_owned(), Found::Nothing),
            (sas(), format!("# the SAS\n{SAS}\n"), Found::Lines(2)),
            (sas(), SAS.replace("&sp", "& sp"), Found::Gap),
            (sas(), "https://acc.blob.core.windows.net/evidence".to_owned(), Found::AddressAlone),
            (
                sas(),
                format!("https://other.blob.core.windows.net/evidence?{SAS}"),
                elsewhere("other.blob.core.windows.net/evidence"),
            ),
            (
                sas(),
                format!("https://acc.blob.core.windows.net/photos?{SAS}"),
                elsewhere("acc.blob.core.windows.net/photos"),
            ),
            (sas(), SAS.replace('&', "%26").replace('=', "%3D"), Found::Encoded),
            (sas(), KEY.to_owned(), Found::Key),
            (sas(), "sv=2022-11-02&sig=".to_owned(), Found::NoSignature),
            (sas(), "TOPSECRET!".to_owned(), Found::NoSignature),
            (
                CredentialKind::ClientSecret(application()),
                "11111111-2222-3333-4444-555555555555".to_owned(),
                Found::SecretId,
            ),
            (CredentialKind::ClientSecret(application()), "TOP SECRET".to_owned(), Found::Gap),
            (CredentialKind::ClientCertificate(application()), "TOPSECRET".to_owned(), Found::NoPem),
            (CredentialKind::FederatedToken(application()), "TOPSECRET".to_owned(), Found::NoToken),
            (CredentialKind::ProxyLogin, "TOPSECRET".to_owned(), Found::NoLogin),
            (CredentialKind::ProxyLogin, ":TOPSECRET".to_owned(), Found::NoLogin),
            (shared_key(), SAS.to_owned(), Found::Signature),
            (shared_key(), "TOPSECRET!".to_owned(), Found::NoKey),
            (shared_key(), "TOP SECR ET==".to_owned(), Found::Gap),
            (shared_key(), format!("AccountName=other;AccountKey={KEY}"), other_account),
        ] {
            assert_eq!(secret(&kind, text.as_bytes()), Err(found.clone()), "{text}");
            let said = found.to_string();
            assert!(!said.contains("SECRET") && !said.contains(KEY), "{said}");
        }
        assert_eq!(secret(&sas(), b"\x00\x01\xd8\x00\xff\xfe\x93"), Err(Found::NoText), "encrypted, say");
        assert_eq!(secret(&sas(), b"sv=1&sig=\xff\xff"), Err(Found::NoText));
    }
}
