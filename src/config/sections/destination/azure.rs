//! `kind = "azure"`: the keys of a container.

use url::Url;

use super::super::Whereabouts;
use super::{Place, credential_file, no_secret_in_endpoint};
use crate::config::document::Value;
use crate::config::reader::{Given, Keys, Reader};
use crate::config::{Credential, CredentialKind, values};

pub(in super::super) const CREDENTIAL_KEYS: Keys = Keys::inline(
    "destination.credential",
    &["kind", "file", "account"],
    "credential = { kind = \"sas\", file = \"primary.sas\" }",
);

pub(super) fn place(table: &mut Reader<'_>, whereabouts: &Whereabouts) -> Option<Place> {
    let endpoint = endpoint(table);
    let container = table.required("container", "\"evidence\"", values::container);
    let (endpoint, opens) = match (endpoint, &container) {
        (Some(endpoint), Some(container)) => account_and_container(table, endpoint, &container.value),
        _ => None,
    }
    .unzip();
    let credential = credential(table, opens, whereabouts);
    Some(Place::Azure { endpoint: endpoint?, container: container?.value, credential: credential? })
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

fn credential(table: &mut Reader<'_>, opens: Option<Url>, whereabouts: &Whereabouts) -> Option<Credential> {
    let Some(node) = table.take("credential") else {
        table.missing("credential", "{ kind = \"sas\", file = \"primary.sas\" }");
        return None;
    };
    if !matches!(node.value, Value::Table(_)) {
        table.mistakes.hide(&node.at);
    }
    let mut table = Reader::new(CREDENTIAL_KEYS, node, table.mistakes)?;
    let file = table.required("file", "\"primary.sas\"", credential_file);
    let kinds = [("sas", false), ("shared-key", true)];
    let with_account = table.required("kind", "\"sas\"", |value| values::one_of(value, &kinds))?.value;
    let kind = if with_account {
        let account = table.required("account", "\"evidence01\"", values::text);
        table.close("here");
        CredentialKind::SharedKey { account: account?.value }
    } else {
        table.close("with kind = \"sas\"");
        CredentialKind::Sas { opens: Box::new(opens?) }
    };
    let name = file?.value;
    let file = Credential::find(&name, &whereabouts.folder, whereabouts.credentials.as_deref());
    Some(Credential { kind, name, file })
}
