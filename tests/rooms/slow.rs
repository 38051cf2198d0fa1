//! A cap and a real service: slow is not dead.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use camdock::cloud::azure::{AzureCredential, AzureDestination, AzureSettings};
use camdock::cloud::http::Connection;
use camdock::cloud::{ChunkBody, CommitOutcome, Destination, Upload};
use camdock::domain::{
    BitRate, ByteCount, Clock, DestinationName, Fingerprint, Moment, ObjectName, Pacing, PacingRules, Protection,
    Secret,
};
use camdock::transfer::{Cap, Caps};
use camdock_test_support::azurite::{ACCOUNT, Azurite, KEY};
use futures::{StreamExt as _, future, stream};
use jiff::tz::TimeZone;
use time::OffsetDateTime;
use tokio::time::Instant;

const CHUNK: ByteCount = ByteCount::new(3_000);
const CHUNKS: u32 = 16;
/// The shortest that can be configured.
const STALL: Duration = Duration::from_secs(1);

struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Moment {
        Moment::from_millis(i64::try_from(OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000).unwrap())
    }
}

fn body(upload: &Upload, caps: &Caps, content: &Bytes, index: u32) -> ChunkBody {
    let (offset, length) = upload.fingerprint.chunk_range(index);
    let from = usize::try_from(offset).unwrap();
    let bytes = content.slice(from..from + usize::try_from(length).unwrap());
    let caps = caps.clone();
    ChunkBody::new(ByteCount::new(length), upload.fingerprint.chunks[index as usize], move || {
        caps.slow(stream::iter([Ok(bytes.clone())]).boxed())
    })
}

#[tokio::test]
async fn chunks_that_wait_for_the_slowest_cap_are_not_taken_for_a_dead_line() {
    let azurite = Azurite::start().await.unwrap();
    azurite.create_container("evidence").await.unwrap();
    let settings = AzureSettings {
        name: DestinationName::new("primary").unwrap(),
        endpoint: azurite.endpoint.clone(),
        container: "evidence".to_owned(),
        credential: AzureCredential::SharedKey { account: ACCOUNT.to_owned(), key: Secret::new(KEY) },
        credential_name: "primary.key".to_owned(),
        connection: Connection::usual(STALL),
    };
    let azure = AzureDestination::new(settings, Arc::new(WallClock)).unwrap();
    let content: Bytes = (0..CHUNKS * 3_000).map(|at| at.to_le_bytes()[1]).collect();
    let upload = Upload {
        object: ObjectName::new("slow.mp4").unwrap(),
        fingerprint: Fingerprint::of(&content, CHUNK),
        metadata: Vec::new(),
        protection: Protection::NONE,
    };
    let rate = BitRate::SLOWEST;
    let rules = PacingRules { otherwise: Some(rate), periods: Vec::new() };
    let caps = Caps::of([Arc::new(Cap::new(Pacing::new(rules, TimeZone::UTC), Arc::new(WallClock)))]);
    let began = Instant::now();
    let sends = (0..CHUNKS).map(|index| azure.put_chunk(&upload, index, body(&upload, &caps, &content, index)));
    for sent in future::join_all(sends).await {
        sent.unwrap();
    }
    let least = rate.time_for(ByteCount::new(content.len() as u64)).mul_f64(0.97);
    assert!(
        least > STALL * 5 && began.elapsed() >= least,
        "{:?}: each chunk waited longer than the stall time",
        began.elapsed()
    );
    assert_eq!(azure.commit(&upload).await.unwrap(), CommitOutcome::Created);
}
