//! How the identities are written that open a container.

use camdock::config::CredentialKind;

use super::{GOOD, Mistake, load, shown, station};

const MISTAKES: &[Mistake] = &[
    (
        "\"sas\"",
        "\"client-secret\"",
        "22:14",
        &["credential.tenant is missing", "credential.client is missing", "credential.authority is missing"],
    ),
    (
        "\"sas\", file = \"primary.sas\"",
        "\"arc\", file = \"x\"",
        "22:30",
        &["destination.credential.file means nothing with kind = \"arc\"", "remove it"],
    ),
    (
        "\"sas\", file = \"primary.sas\"",
        "\"managed-identity\", client = \"camdock\"",
        "22:52",
        &["destination.credential.client = \"camdock\": it is no id", "as the portal shows it"],
    ),
    (
        "\"sas\"",
        "\"client-secret\", tenant = \"common\"",
        "22:49",
        &["destination.credential.tenant = \"common\": it names no single directory", "id or domain"],
    ),
];

#[test]
fn mistakes_in_an_identity_are_shown_with_a_remedy() {
    shown(MISTAKES);
}

#[test]
fn the_directory_of_an_application_follows_from_the_cloud_unless_it_is_said() {
    let client = "11111111-2222-3333-4444-555555555555";
    for (account, said, asked) in [
        ("acc.blob.core.windows.net", "", "https://login.microsoftonline.com/"),
        ("acc.blob.core.usgovcloudapi.net", "", "https://login.microsoftonline.us/"),
        ("acc.blob.core.chinacloudapi.cn", "", "https://login.chinacloudapi.cn/"),
        ("acc.blob.hub.example", "authority = \"https://login.hub.example/adfs\",", "https://login.hub.example/adfs"),
    ] {
        let credential =
            format!("kind = \"client-secret\", tenant = \"agency.example\", client = \"{client}\", {said}");
        let good = GOOD.replace("account.blob.example.org", account).replace("kind = \"sas\",", &credential);
        let config = load(&station(&good));
        let CredentialKind::ClientSecret(of) = &config.destinations[0].place.credential().unwrap().kind else {
            panic!("{config:?}")
        };
        assert_eq!((of.authority.as_str(), of.tenant.as_str(), of.client.as_str()), (asked, "agency.example", client));
    }
}
