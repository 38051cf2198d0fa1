//! Tokens from a directory of Microsoft Entra ("OAuth 2.0 client credentials flow").

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use tokio::time::Instant;
use url::Url;
use url::form_urlencoded::Serializer;

use super::answer::{Token, TokenError, Trouble, token};
use super::assertion::Signer;
use super::identity::{Application, RESOURCE};
use crate::cloud::http::{HttpClient, Outgoing};
use crate::domain::{Moment, Secret};

/// What both kinds of signed statements are called: the application's own, and somebody else's.
const JWT: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What an application shows of itself.
pub(super) enum Proof<'p> {
    /// A secret.
    Secret(&'p Secret),
    /// Certificate and key, in PEM form, and the time at which a statement is signed.
    Certificate(&'p Secret, Moment),
    /// Somebody else's token.
    Token(&'p Secret),
}

pub(super) async fn ask(http: &HttpClient, of: &Application, proof: Proof<'_>) -> Result<Token, TokenError> {
    let url = token_url(of)?;
    let form = form(of, &proof, url.as_str())?;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    let asked = Instant::now();
    let answer = http.send(Method::POST, url, headers, Outgoing::Bytes(form.into())).await?;
    token(answer, asked, "Microsoft Entra").await
}

fn form(of: &Application, proof: &Proof<'_>, audience: &str) -> Result<String, TokenError> {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "client_credentials");
    form.append_pair("client_id", &of.client);
    form.append_pair("scope", &format!("{RESOURCE}.default"));
    let assertion = match proof {
        Proof::Secret(secret) => return Ok(form.append_pair("client_secret", secret.expose()).finish()),
        Proof::Certificate(pem, now) => statement(of, pem, audience, *now)?,
        Proof::Token(token) => token.expose().to_owned(),
    };
    form.append_pair("client_assertion_type", JWT).append_pair("client_assertion", &assertion);
    Ok(form.finish())
}

fn statement(of: &Application, pem: &Secret, audience: &str, now: Moment) -> Result<String, TokenError> {
    let refused = |why: String| TokenError::Refused { code: "certificate".to_owned(), trouble: Trouble::Other(why) };
    let signer = Signer::new(pem).map_err(|error| refused(error.to_string()))?;
    signer.state(&of.client, audience, now).ok_or_else(|| refused("its key cannot sign".to_owned()))
}

fn token_url(of: &Application) -> Result<Url, TokenError> {
    let mut url = of.authority.clone();
    match url.path_segments_mut() {
        Ok(mut path) => path.pop_if_empty().extend([&*of.tenant, "oauth2", "v2.0", "token"]),
        Err(()) => return Err(TokenError::Unreachable(format!("authority {} cannot be used", of.authority))),
    };
    Ok(url)
}
