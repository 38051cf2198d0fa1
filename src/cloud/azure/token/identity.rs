//! Who asks for tokens, and where.

use std::fmt;
use std::path::PathBuf;

use url::Url;

use crate::domain::Secret;

/// The resource that tokens are for. It is the same for all accounts and in all of Azure's clouds.
pub(super) const RESOURCE: &str = "https://storage.azure.com/";

/// Where a machine in Azure asks who it is (Instance Metadata Service); it is the same on each of them.
const IMDS: &str = "http://169.254.169.254/metadata/identity/oauth2/token";

/// Where a machine of one's own asks that is connected by Azure Arc, unless its agent says otherwise in
/// `IDENTITY_ENDPOINT`.
const ARC: &str = "http://localhost:40342/metadata/identity/oauth2/token";

/// Where the agent of Azure Arc puts the keys by which a program proves that it runs on this machine.
const ARC_KEYS: &str = "/var/opt/azcmagent/tokens";

/// An application that is registered in a directory of Microsoft Entra.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Where the directory is asked, such as `https://login.microsoftonline.us`.
    pub authority: Url,
    /// The directory, by its id or domain.
    pub tenant: String,
    /// The application's id.
    pub client: String,
}

/// Who we are, and what proves it where tokens are given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// An application, by a secret that it shares with its directory.
    ClientSecret(Application, Secret),
    /// An application, by the key of a certificate that is registered for it: both in PEM form.
    ClientCertificate(Application, Secret),
    /// An application, by a token of somebody whom its directory trusts, such as a cluster.
    Federated(Application, Secret),
    /// A machine in Azure.
    Managed {
        /// Whom it asks.
        service: Url,
        /// The id of the identity, where the machine has several.
        client: Option<String>,
    },
    /// A machine of one's own, connected by Azure Arc.
    Arc {
        /// Whom it asks; only this machine itself.
        service: Url,
        /// The folder in which the agent's keys lie; no other file is shown to it.
        keys: PathBuf,
    },
}

/// What should lead to whoever knows this machine's identity, and is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("IDENTITY_ENDPOINT is {0:?}, which is no address; correct it, or remove it")]
pub struct NoAddress(String);

impl Identity {
    /// This machine in Azure.
    ///
    /// # Errors
    /// None that a person could make.
    pub fn managed(client: Option<String>) -> Result<Self, NoAddress> {
        Ok(Self::Managed { service: address(IMDS)?, client })
    }

    /// This machine by Azure Arc; `service` is where its agent says that it answers, if it does.
    ///
    /// # Errors
    /// [`NoAddress`]
    pub fn arc(service: Option<&str>) -> Result<Self, NoAddress> {
        Ok(Self::Arc { service: address(service.unwrap_or(ARC))?, keys: ARC_KEYS.into() })
    }
}

fn address(text: &str) -> Result<Url, NoAddress> {
    Url::parse(text).map_err(|_| NoAddress(text.to_owned()))
}

/// As what people know it.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClientSecret(application, _) => write!(f, "application {} with its secret", application.client),
            Self::ClientCertificate(application, _) => {
                write!(f, "application {} with its certificate", application.client)
            }
            Self::Federated(application, _) => {
                write!(f, "application {} with a federated token", application.client)
            }
            Self::Managed { client: None, .. } => f.write_str("this machine's identity in Azure"),
            Self::Managed { client: Some(client), .. } => write!(f, "this machine's identity {client} in Azure"),
            Self::Arc { .. } => f.write_str("this machine's identity by Azure Arc"),
        }
    }
}
