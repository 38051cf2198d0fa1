//! A station whose clock is wrong signs with the time of the place that it asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use camdock::cloud::azure::{AzureCredential, AzureDestination, AzureSettings};
use camdock::cloud::http::Connection;
use camdock::cloud::{Destination as _, Remark};
use camdock::domain::{Clock, DestinationName, Moment, Secret};
use camdock_test_support::azurite::{ACCOUNT, KEY};
use reqwest::Url;
use time::format_description::StaticFormatDescription;
use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use super::STALL;
use super::servers::head;

const DATE: StaticFormatDescription =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// A clock that is wrong by so many seconds.
struct Wrong(i64);

impl Clock for Wrong {
    fn now(&self) -> Moment {
        Moment::from_millis((OffsetDateTime::now_utc().unix_timestamp() + self.0) * 1_000)
    }
}

/// An account that takes no request dated a quarter of an hour before or after its own time, as Azure does, and counts those it refused.
/// It has no blobs.
async fn account() -> (Url, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/{ACCOUNT}", listener.local_addr().unwrap());
    let refused = Arc::<AtomicU32>::default();
    let count = Arc::clone(&refused);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let Some(head) = head(&mut stream).await else { continue };
            let now = OffsetDateTime::now_utc();
            let dated = head.lines().find_map(|line| line.strip_prefix("x-ms-date: ")).unwrap_or_default();
            let dated = PrimitiveDateTime::parse(dated, DATE).unwrap().assume_utc();
            let code =
                if (dated - now).abs() > Duration::minutes(15) { "AuthenticationFailed" } else { "BlobNotFound" };
            count.fetch_add(u32::from(code == "AuthenticationFailed"), Ordering::Relaxed);
            let status = if code == "BlobNotFound" { 404 } else { 403 };
            let date = now.format(DATE).unwrap();
            let answer = format!(
                "HTTP/1.1 {status} No\r\ndate: {date}\r\nx-ms-request-id: 1\r\nx-ms-version: 2023-11-03\r\nx-ms-error-code: {code}\r\n\
                 content-length: 0\r\nconnection: close\r\n\r\n"
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url.parse().unwrap(), refused)
}

#[tokio::test]
async fn a_key_signs_with_the_time_of_azure_and_how_far_the_station_is_off_is_told() {
    for (seconds, said) in [(-20 * 60, Some("20 min behind")), (10 * 3_600, Some("10 h 0 min ahead of")), (0, None)] {
        let (endpoint, refused) = account().await;
        let settings = AzureSettings {
            name: DestinationName::new("primary").unwrap(),
            endpoint,
            container: "evidence".to_owned(),
            credential: AzureCredential::SharedKey { account: ACCOUNT.to_owned(), key: Secret::new(KEY) },
            credential_name: "primary.key".to_owned(),
            connection: Connection::usual(STALL),
        };
        let azure = AzureDestination::new(settings, Arc::new(Wrong(seconds))).unwrap();
        for _ in 0..2 {
            assert_eq!(azure.place().await.unwrap(), None, "{seconds}: the request was taken");
        }
        assert_eq!(refused.load(Ordering::Relaxed), u32::from(seconds != 0), "one refusal is enough to know");
        let told: Vec<_> = azure
            .remarks()
            .into_iter()
            .filter_map(|told| match told {
                Remark::Clock { gap } => Some(gap.to_string()),
                Remark::Token { .. } | Remark::Unsearchable { .. } => None,
            })
            .collect();
        // The clocks tick while the test runs, and minutes are rounded up.
        let near = |told: &str| said.is_some_and(|said| told.split(' ').next_back() == said.split(' ').next_back());
        assert!(told.len() == usize::from(said.is_some()) && told.iter().all(|told| near(told)), "{told:?} {said:?}");
    }
}
