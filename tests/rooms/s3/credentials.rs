//! The ways in which a station comes by an access key that somebody issues for a while.

use std::collections::HashMap;

use camdock::cloud::s3::{ContainerService, S3Credential, WebIdentity};
use time::format_description::well_known::Rfc3339;
use url::Url;

use super::*;

/// What somebody who issues keys was asked: method, path, and the headers and the body that may matter.
type Questions = Arc<Mutex<Vec<Asked>>>;

/// Somebody who issues keys, and what they were asked.
async fn issuer(answer: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static) -> (Url, Questions) {
    let (asked, answer) = (Questions::default(), Arc::new(answer));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let seen = Arc::clone(&asked);
    let routes = Router::new().fallback(move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
        let question = Asked { method, path: uri.to_string(), headers, body };
        let (status, body) = answer(&question);
        seen.lock().unwrap().push(question);
        async move { (StatusCode::from_u16(status).unwrap(), body) }
    });
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (address, asked)
}

fn in_an_hour() -> String {
    (OffsetDateTime::now_utc() + time::Duration::HOUR).format(&Rfc3339).unwrap()
}

fn key_as_json(id: &str) -> String {
    format!(
        r#"{{"Code": "Success", "AccessKeyId": "{id}", "SecretAccessKey": "s", "Token": "t", "Expiration": "{}"}}"#,
        in_an_hour()
    )
}

/// With which key a bucket is opened, and which token goes with it; or why not.
async fn opens(credential: S3Credential) -> Result<String, DestinationError> {
    let shown = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&shown);
    let s3 = Pretender::opened_by(credential, None, move |asked| {
        let text = |name: &str| asked.headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        let key = text("authorization").split_once("Credential=").unwrap().1.split('/').next().unwrap().to_owned();
        *seen.lock().unwrap() = format!("{key} {}", text("x-amz-security-token"));
        (404, Vec::new(), error("NoSuchKey"))
    });
    s3.await.s3.stat(&ObjectName::new("A.MP4").unwrap()).await?;
    let shown = shown.lock().unwrap().clone();
    Ok(shown)
}

fn metadata_service(asked: &Asked) -> (u16, String) {
    let shown = |name: &str| asked.headers.get(name).map(|value| value.to_str().unwrap());
    match (asked.method.as_str(), asked.path.as_str()) {
        ("PUT", "/latest/api/token") if shown("x-aws-ec2-metadata-token-ttl-seconds").is_some() => {
            (200, "AQ==".to_owned())
        }
        _ if shown("x-aws-ec2-metadata-token") != Some("AQ==") => (401, String::new()),
        ("GET", "/latest/meta-data/iam/security-credentials/") => (200, "dock\n".to_owned()),
        ("GET", "/latest/meta-data/iam/security-credentials/dock") => (200, key_as_json("INSTANCE")),
        _ => (404, String::new()),
    }
}

#[tokio::test]
async fn an_instance_of_ec2_has_the_key_of_its_role() {
    let (service, asked) = issuer(metadata_service).await;
    assert_eq!(opens(S3Credential::Instance(service)).await.unwrap(), "INSTANCE t");
    assert_eq!(asked.lock().unwrap().len(), 3, "one key serves all requests");
}

#[tokio::test]
async fn the_first_version_of_the_metadata_service_is_not_spoken_whoever_offers_it() {
    let (service, asked) = issuer(|asked| match asked.method.as_str() {
        "PUT" => (405, String::new()),
        _ => (200, key_as_json("INSTANCE")),
    })
    .await;
    let error = opens(S3Credential::Instance(service)).await.unwrap_err();
    assert!(matches!(&error, DestinationError::Denied { code, .. } if code.contains("IMDSv1")), "{error}");
    assert!(asked.lock().unwrap().iter().all(|asked| asked.method == "PUT"));
}

#[tokio::test]
async fn a_container_too_far_from_its_instance_is_told_about_the_hop_limit() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let service: Url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    // Nothing comes back: the answer has ended on its way.
    tokio::spawn(async move {
        let mut unanswered = Vec::new();
        while let Ok(connection) = listener.accept().await {
            unanswered.push(connection);
        }
    });
    let error = opens(S3Credential::Instance(service)).await.unwrap_err();
    assert!(matches!(&error, DestinationError::Unreachable(why) if why.contains("hop limit must be 2")), "{error}");
}

#[tokio::test]
async fn an_instance_without_a_role_says_so() {
    let (service, _) = issuer(|asked| match metadata_service(asked) {
        (200, text) if text.starts_with("dock") => (404, String::new()),
        said => said,
    })
    .await;
    let error = opens(S3Credential::Instance(service)).await.unwrap_err();
    assert!(matches!(&error, DestinationError::Denied { code, .. } if code.contains("attach an instance profile")));
}

#[tokio::test]
async fn a_container_shows_what_it_was_given_and_has_the_key_of_its_role() {
    let (service, _) = issuer(|asked| match asked.headers.get("authorization") {
        Some(shown) if shown == "pod" => (200, key_as_json("CONTAINER")),
        _ => (400, r#"{"code": "InvalidParameterException", "message": "No token."}"#.to_owned()),
    })
    .await;
    let beside = |shown: Option<&str>| {
        let service = ContainerService::new(service.join("v1/credentials").unwrap(), shown.map(Secret::new)).unwrap();
        opens(S3Credential::Container(service))
    };
    assert_eq!(beside(Some("pod")).await.unwrap(), "CONTAINER t");
    let error = beside(None).await.unwrap_err();
    assert!(matches!(&error, DestinationError::Denied { code, .. } if code.contains("No token.")), "{error}");
}

const ROLE: &str = "arn:aws-us-gov:iam::123456789012:role/dock";

fn vouched(service: Url) -> S3Credential {
    let (role, session) = (ROLE.to_owned(), "camdock-hq-01".to_owned());
    S3Credential::WebIdentity(WebIdentity { service, role, session, token: Secret::new("eyJh.eyJp.c2ln") })
}

#[tokio::test]
async fn who_is_vouched_for_takes_on_a_role() {
    let (service, asked) = issuer(|_| {
        let end = in_an_hour();
        (
            200,
            format!(
                "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
             <AssumeRoleWithWebIdentityResult><SubjectFromWebIdentityToken>x</SubjectFromWebIdentityToken><Credentials>\
             <SessionToken>t</SessionToken><SecretAccessKey>s</SecretAccessKey><Expiration>{end}</Expiration>\
             <AccessKeyId>ROLE</AccessKeyId></Credentials></AssumeRoleWithWebIdentityResult>\
             <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></AssumeRoleWithWebIdentityResponse>"
            ),
        )
    })
    .await;
    assert_eq!(opens(vouched(service)).await.unwrap(), "ROLE t");
    let asked = asked.lock().unwrap();
    let form: HashMap<_, _> = url::form_urlencoded::parse(&asked[0].body).into_owned().collect();
    assert_eq!((form["RoleArn"].as_str(), form["WebIdentityToken"].as_str()), (ROLE, "eyJh.eyJp.c2ln"));
    assert!(asked[0].headers.get("authorization").is_none());
}

#[tokio::test]
async fn a_role_that_is_refused_says_what_to_do_and_a_stranger_is_not_believed() {
    for (status, code, what) in [
        (400, "ExpiredTokenException", "see that the token in the file is renewed"),
        (403, "AccessDenied", "trust policy"),
    ] {
        let body = format!("<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code></Error></ErrorResponse>");
        let (service, _) = issuer(move |_| (status, body.clone())).await;
        let error = opens(vouched(service)).await.unwrap_err();
        assert!(matches!(&error, DestinationError::Denied { code, .. } if code.contains(what)), "{error}");
    }
    let (portal, _) = issuer(|_| (200, "<html>Accept the terms of use.</html>".to_owned())).await;
    assert!(matches!(opens(vouched(portal)).await, Err(DestinationError::Unreachable(_))));
    let (busy, _) = issuer(|_| (503, String::new())).await;
    assert!(matches!(opens(vouched(busy)).await, Err(DestinationError::Busy { .. })));
}

#[tokio::test]
async fn a_bucket_of_another_account_is_refused_and_the_account_is_named() {
    let credential = S3Credential::AccessKey(key("A"));
    let s3 = Pretender::opened_by(credential, Some("123456789012"), |asked| {
        assert_eq!(asked.headers["x-amz-expected-bucket-owner"], "123456789012");
        assert!(asked.headers["authorization"].to_str().unwrap().contains("x-amz-expected-bucket-owner"));
        (403, Vec::new(), error("AccessDenied"))
    })
    .await;
    let refused = s3.s3.read(&ObjectName::new("A.MP4").unwrap()).await.err().unwrap();
    let told = "it may be that bucket evidence is not of account 123456789012 (bucket_owner)";
    assert!(matches!(&refused, DestinationError::Denied { code, .. } if code.contains(told)), "{refused}");
}
