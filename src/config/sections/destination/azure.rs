//! `kind = "azure"`: the keys of a container.

use std::path::PathBuf;

use url::Url;

use super::super::Whereabouts;
use super::{Place, credential_file, no_secret_in_endpoint};
use crate::config::document::Value;
use crate::config::reader::{Given, Keys, Reader, Wrong};
use crate::config::secret::is_uuid;
use crate::config::{Application, Credential, CredentialKind, values};

pub(in super::super) const CREDENTIAL_KEYS: Keys = Keys::inline(
    "destination.credential",
    &["kind", "file", "account", "tenant", "client", "authority"],
    "credential = { kind = \"sas\", file = \"primary.sas\" }",
);

/// What opens a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AzureAccess {
    /// What lies in a file: a secret that lets in by itself, or one that proves an application.
    File(Credential),
    /// The identity that Azure gives to this machine, which is one of its own.
    Managed {
        /// The identity's id, where the machine has several.
        client: Option<String>,
    },
    /// The identity that Azure Arc gives to this machine, which is none of Azure's.
    Arc,
}

impl AzureAccess {
    /// The file that it needs, if it needs one.
    pub(super) const fn file(&self) -> Option<&Credential> {
        match self {
            Self::File(credential) => Some(credential),
            Self::Managed { .. } | Self::Arc => None,
        }
    }

    /// What camdock needs to be allowed.
    pub(super) const fn needs(&self) -> &'static str {
        match self.rights() {
            Rights::Signature | Rights::Key => "camdock needs to read, create, write and list (a SAS with sp=rcwl)",
            Rights::Role => {
                "camdock needs a role for data on the container: Storage Blob Data Contributor, or better one of your own \
                 with the data actions blobs/read, blobs/add/action, blobs/write and blobs/tags/write"
            }
        }
    }

    /// How to keep a dock from deleting.
    pub(super) const fn without_deletion(&self) -> &'static str {
        match self.rights() {
            Rights::Signature => "use a SAS without delete permission (sp=rcwl)",
            Rights::Key => "use a SAS without delete permission (sp=rcwl), not the account's key",
            Rights::Role => {
                "use a role of your own without the data action blobs/delete in the place of Storage Blob Data Contributor"
            }
        }
    }

    const fn rights(&self) -> Rights {
        match self {
            Self::File(Credential { kind: CredentialKind::Sas { .. }, .. }) => Rights::Signature,
            Self::File(Credential { kind: CredentialKind::SharedKey { .. }, .. }) => Rights::Key,
            Self::File(_) | Self::Managed { .. } | Self::Arc => Rights::Role,
        }
    }
}

/// What says how much somebody may do.
enum Rights {
    Signature,
    Key,
    Role,
}

pub(super) fn place(table: &mut Reader<'_>, whereabouts: &Whereabouts) -> Option<Place> {
    let endpoint = endpoint(table);
    let container = table.required("container", "\"evidence\"", values::container);
    let (endpoint, opens) = match (endpoint, &container) {
        (Some(endpoint), Some(container)) => account_and_container(table, endpoint, &container.value),
        _ => None,
    }
    .unzip();
    let credential = access(table, opens, whereabouts);
    Some(Place::Azure { endpoint: endpoint?, container: container?.value, credential: Box::new(credential?) })
}

/// The account's address, and that of the container in it. Who writes the endpoint down to the container means the account.
fn account_and_container(table: &mut Reader<'_>, endpoint: Given<Url>, container: &str) -> Option<(Url, Url)> {
    let Given { value: mut endpoint, at } = endpoint;
    let in_host = values::names_an_account(&endpoint);
    let mut path: Vec<String> = endpoint.path().split('/').map(ToOwned::to_owned).collect();
    path.retain(|part| !part.is_empty());
    // Where the account is not in the host, it is the first part of the path.
    let behind_the_account = usize::from(!in_host);
    if path.len() > behind_the_account && path.last().is_some_and(|last| last == container) {
        path.pop();
    }
    if in_host && !path.is_empty() {
        let more = path.join("/");
        let what = format!("destination.endpoint: it leads to \"{more}\", and container = \"{container}\"");
        let remedy = "write the address up to the host only, and where evidence belongs as container";
        table.mistakes.add(&at, what, remedy.to_owned());
        return None;
    }
    endpoint.set_path(&path.join("/"));
    path.push(container.to_owned());
    let mut opens = endpoint.clone();
    opens.set_path(&path.join("/"));
    Some((endpoint, opens))
}

pub(super) fn endpoint(table: &mut Reader<'_>) -> Option<Given<Url>> {
    no_secret_in_endpoint(table)?;
    let example = "\"https://ACCOUNT.blob.core.usgovcloudapi.net\"";
    table.required("endpoint", example, values::endpoint)
}

#[derive(Clone, Copy)]
enum Kind {
    Sas,
    SharedKey,
    Application(fn(Application) -> CredentialKind),
    Managed,
    Arc,
}

const KINDS: [(&str, Kind); 7] = [
    ("sas", Kind::Sas),
    ("shared-key", Kind::SharedKey),
    ("client-secret", Kind::Application(CredentialKind::ClientSecret)),
    ("client-certificate", Kind::Application(CredentialKind::ClientCertificate)),
    ("workload-identity", Kind::Application(CredentialKind::FederatedToken)),
    ("managed-identity", Kind::Managed),
    ("arc", Kind::Arc),
];

fn access(table: &mut Reader<'_>, opens: Option<Url>, whereabouts: &Whereabouts) -> Option<AzureAccess> {
    let Some(node) = table.take("credential") else {
        table.missing("credential", "{ kind = \"sas\", file = \"primary.sas\" }");
        return None;
    };
    if !matches!(node.value, Value::Table(_)) {
        table.mistakes.hide(&node.at);
    }
    let mut table = Reader::new(CREDENTIAL_KEYS, node, table.mistakes)?;
    let kind = table.required("kind", "\"sas\"", |value| values::one_of(value, &KINDS));
    let Some(kind) = kind.map(|kind| kind.value) else {
        // Which keys belong there, nobody knows.
        return None;
    };
    match kind {
        Kind::Sas => {
            let file = file(&mut table, "primary.sas", whereabouts);
            table.close("with kind = \"sas\"");
            Some(AzureAccess::File(file?.of(CredentialKind::Sas { opens: Box::new(opens?) })))
        }
        Kind::SharedKey => {
            let file = file(&mut table, "primary.key", whereabouts);
            let account = table.required("account", "\"evidence01\"", values::text);
            table.close("with kind = \"shared-key\"");
            Some(AzureAccess::File(file?.of(CredentialKind::SharedKey { account: account?.value })))
        }
        Kind::Application(kind) => {
            let file = file(&mut table, "primary.secret", whereabouts);
            let application = application(&mut table, opens.as_ref());
            table.close("with this kind");
            Some(AzureAccess::File(file?.of(kind(application?))))
        }
        Kind::Managed => {
            let client = table.or("client", None, |value| entra_id(value).map(Some));
            table.close("with kind = \"managed-identity\"");
            Some(AzureAccess::Managed { client: client? })
        }
        Kind::Arc => {
            table.close("with kind = \"arc\"");
            Some(AzureAccess::Arc)
        }
    }
}

fn application(table: &mut Reader<'_>, opens: Option<&Url>) -> Option<Application> {
    let tenant = table.required("tenant", "\"agency.onmicrosoft.us\"", tenant);
    let client = table.required("client", "\"11111111-2222-3333-4444-555555555555\"", entra_id);
    let written = table.or("authority", None, |value| authority(value).map(Some));
    let authority = written?.or_else(|| usual_authority(opens?));
    if authority.is_none() && opens.is_some() {
        table.missing("authority", "\"https://login.microsoftonline.us\"");
    }
    Some(Application { authority: authority?, tenant: tenant?.value, client: client?.value })
}

/// A credential's file, of which it is not yet said what is in it.
struct File {
    name: PathBuf,
    file: PathBuf,
}

impl File {
    fn of(self, kind: CredentialKind) -> Credential {
        Credential { kind, name: self.name, file: self.file }
    }
}

fn file(table: &mut Reader<'_>, example: &str, whereabouts: &Whereabouts) -> Option<File> {
    let name = table.required("file", &format!("\"{example}\""), credential_file)?.value;
    let file = Credential::find(&name, &whereabouts.folder, whereabouts.credentials.as_deref());
    Some(File { name, file })
}

/// Which directory knows the identities of the cloud that an account lies in ("National clouds").
fn usual_authority(account: &Url) -> Option<Url> {
    const KNOWN: [(&str, &str); 4] = [
        (".core.windows.net", "https://login.microsoftonline.com"),
        // Accounts in DNS zones of their own.
        (".storage.azure.net", "https://login.microsoftonline.com"),
        (".core.usgovcloudapi.net", "https://login.microsoftonline.us"),
        (".core.chinacloudapi.cn", "https://login.chinacloudapi.cn"),
    ];
    let host = account.domain()?;
    let (_, authority) = KNOWN.iter().find(|(suffix, _)| host.ends_with(suffix))?;
    Url::parse(authority).ok()
}

fn authority(value: &Value) -> Result<Url, Wrong> {
    let remedy = "write where the directory is asked, such as \"https://login.microsoftonline.us\", without a tenant";
    let url = values::endpoint(value).map_err(|wrong| Wrong::new(wrong.why, remedy))?;
    let plain =
        url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    if plain { Ok(url) } else { Err(Wrong::new("it carries more than an address", remedy)) }
}

fn tenant(value: &Value) -> Result<String, Wrong> {
    let remedy = "write the directory's id or domain, such as \"agency.onmicrosoft.us\"";
    let text = values::text(value)?;
    if ["common", "organizations", "consumers"].contains(&text.as_str()) {
        return Err(Wrong::new("it names no single directory", remedy));
    }
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    if text.chars().all(letter) { Ok(text) } else { Err(Wrong::new("it is no directory", remedy)) }
}

/// The id of an application or an identity: an UUID.
fn entra_id(value: &Value) -> Result<String, Wrong> {
    let text = values::text(value)?;
    if is_uuid(&text) {
        return Ok(text);
    }
    let remedy =
        "write the application (client) id as the portal shows it, such as \"11111111-2222-3333-4444-555555555555\"";
    Err(Wrong::new("it is no id", remedy))
}
