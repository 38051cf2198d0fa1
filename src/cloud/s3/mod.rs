//! S3: AWS, its GovCloud, and servers on premises that speak the same protocol, over camdock's own HTTP client.
//!
//! Promises, beyond those of the port:
//! - Every part and the whole object are sent with the CRC-64 that was taken at the camera, and S3 is asked for its own
//!   afterwards. A server that was seen to take a wrong one is believed nothing: its copies are read back.
//! - An upload goes on after a restart with the parts that S3 lists, each known by its checksum, or, where a server lists none,
//!   by the `ETag` that was noted when it was acknowledged.
//! - An object is only created if there is none of that name, where the server can tell.
//! - What keeps an object is asked for when its upload begins, and told by the object itself afterwards ([`lock`]).
//! - What opens the bucket is renewed in time, and an upload loses nothing by it ([`credential`]).
//! - Every answer is looked at before it is believed, also one that says 200 ([`answer`]).

mod answer;
mod credential;
mod keys;
mod lock;
mod multipart;
mod sign;
mod wire;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use reqwest::Method;
use tokio::sync::OnceCell;
use url::Url;

use self::answer::Failure;
use self::credential::Keys;
use self::multipart::Multipart;
use self::sign::Scope;
use self::wire::{Answer, Body, Request, Wire, incomplete};
use super::http::{Connection, HttpClient, HttpError};
use super::notes::UploadNotes;
use super::{
    Attestation, ByteStream, ChunkBody, CommitOutcome, DeleteOutcome, Destination, DestinationError, Enrolment,
    Evidence, ObjectState, Remark, Seen, Upload, Version, content_type, fit, read_place, write_place,
};
use crate::domain::{ByteCount, Checksum, ChunkRules, Clock, Crc64, DestinationName, ObjectName, PlaceId, Protection};

pub use self::credential::{ContainerService, Program, S3Credential, Unsafe, WebIdentity};
pub use self::keys::AccessKey;

/// Every part but the last has 5 MiB at least, and 10,000 make an object ("Amazon S3 multipart upload limits").
pub const CHUNK_RULES: ChunkRules = ChunkRules { smallest: ByteCount::new(5 << 20), most: 10_000, ..ChunkRules::ANY };

/// The name of the enrolment. It is the bucket's, so no destination's prefix goes before it.
const PLACE: &str = ".camdock/place";

/// What a server is tried with whether it checks checksums. One that does never keeps it.
const PROBE: &str = ".camdock/probe";

/// The longest value of metadata, in characters. S3 takes 2 KiB for all names and values together.
const LONGEST: usize = 1_000;

/// Where a bucket is and how to get in.
#[derive(Debug, Clone)]
pub struct S3Settings {
    /// The destination's name in the configuration.
    pub name: DestinationName,
    /// Address of the bucket itself, without query: `https://BUCKET.s3.us-gov-west-1.amazonaws.com`, or in path style
    /// `https://HOST/BUCKET`.
    pub bucket_url: Url,
    /// What people know it by.
    pub bucket: String,
    /// The region that requests are signed for.
    pub region: String,
    /// What opens it.
    pub credential: S3Credential,
    /// What people know that by, such as its file's name; it appears in errors.
    pub credential_name: String,
    /// The account that the bucket is to be of, by its twelve digits, if that is to be seen to.
    pub bucket_owner: Option<String>,
    /// How it is reached.
    pub connection: Connection,
    /// What must be known of uploads after a restart.
    pub notes: UploadNotes,
}

/// A bucket.
pub struct S3Destination {
    name: DestinationName,
    bucket: String,
    credential_name: String,
    wire: Wire,
    notes: UploadNotes,
    /// Uploads in parts that are under way, by object.
    multiparts: Mutex<HashMap<ObjectName, Arc<Multipart>>>,
    /// The only chunk of an object that has no more: it goes with the commit, in one request.
    singles: Mutex<HashMap<ObjectName, ChunkBody>>,
    checks: OnceCell<Checks>,
}

/// What a server does about checksums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Checks {
    /// It refuses what does not match.
    Refuses,
    /// It took what did not match, or knows no such checksums. Nothing that it says of them counts.
    Nothing,
}

impl S3Destination {
    /// Sets the destination up without asking it anything. `clock` dates signed requests.
    ///
    /// # Errors
    /// [`HttpError`] if this machine's network cannot be used.
    pub fn new(settings: S3Settings, clock: Arc<dyn Clock>) -> Result<Self, HttpError> {
        let http = HttpClient::new(&settings.connection, Arc::clone(&clock))?;
        let at_home = HttpClient::without_proxy(settings.connection.stall, clock)?;
        let keys = Keys::new(settings.credential, settings.credential_name.clone(), http.clone(), at_home);
        let scope = Scope { region: settings.region, service: "s3" };
        let wire = Wire { http, bucket: settings.bucket_url, scope, keys, owner: settings.bucket_owner };
        Ok(Self {
            name: settings.name,
            bucket: settings.bucket,
            credential_name: settings.credential_name,
            wire,
            notes: settings.notes,
            multiparts: Mutex::default(),
            singles: Mutex::default(),
            checks: OnceCell::new(),
        })
    }

    /// Reads the credential again with `read_again`, which may block, whenever a key is asked for or refused, so that a renewed one
    /// is used without a restart.
    #[must_use]
    pub fn renewing(self, read_again: impl Fn() -> Option<S3Credential> + Send + Sync + 'static) -> Self {
        self.wire.keys.renew_from(Arc::new(read_again));
        self
    }

    fn explain(&self, failure: Failure) -> DestinationError {
        if failure.is_without_locks() {
            return lock::refused(&self.bucket, &failure);
        }
        let forbidden = failure.is_forbidden();
        match failure.explain(&self.bucket, &self.credential_name) {
            DestinationError::Denied { code, credential } => {
                self.wire.keys.doubt();
                let code = match &self.wire.owner {
                    Some(owner) if forbidden => {
                        format!(
                            "{code}; it may be that bucket {} is not of account {owner} (bucket_owner)",
                            self.bucket
                        )
                    }
                    _ => code,
                };
                DestinationError::Denied { code, credential }
            }
            error => error,
        }
    }

    /// What a refusal to begin or to make an object means. One that was to be kept is refused for that sake by a bucket that keeps
    /// nothing, in whatever words.
    fn explain_creation(&self, upload: &Upload, failure: Failure) -> DestinationError {
        if upload.protection != Protection::NONE && failure.is_about_a_wish() {
            return lock::refused(&self.bucket, &failure);
        }
        self.explain(failure)
    }

    async fn head(&self, object: &ObjectName) -> Result<Option<(ObjectState, Answer)>, DestinationError> {
        let request = Request::new(Method::HEAD, object.as_str()).header("x-amz-checksum-mode", "ENABLED");
        match self.wire.send(request).await {
            Ok(answer) => {
                let length = answer.header("content-length").and_then(|length| length.parse().ok());
                let length = ByteCount::new(length.ok_or_else(|| incomplete("content-length"))?);
                let version = version(&answer).ok_or_else(|| incomplete("etag"))?;
                let protection = lock::read(&answer);
                Ok(Some((ObjectState { length, version, protection }, answer)))
            }
            Err(failure) if failure.is_absent() => Ok(None),
            Err(failure) => Err(self.explain(failure)),
        }
    }

    /// What the server does about checksums. It is tried once: with a few bytes and the checksum of others.
    async fn checks(&self) -> Result<Checks, DestinationError> {
        let tried = self.checks.get_or_try_init(async || {
            let request = Request::new(Method::PUT, PROBE)
                .header("x-amz-checksum-crc64nvme", in_base64(Crc64::of(b"other bytes")))
                .body(Body::Bytes(Bytes::from_static(b"bytes")));
            match self.wire.send(request).await {
                Ok(_) => Ok(Checks::Nothing),
                Err(failure) if failure.is_about_a_checksum() => Ok(Checks::Refuses),
                Err(failure) if failure.is_not_implemented() => Ok(Checks::Nothing),
                Err(failure) => Err(self.explain(failure)),
            }
        });
        tried.await.copied()
    }

    /// The upload in parts of this object, as far as it is known.
    fn multipart(&self, upload: &Upload) -> Arc<Multipart> {
        let mut all = self.multiparts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(upload.object.clone()).or_default())
    }

    fn forget(&self, upload: &Upload) {
        self.multiparts.lock().unwrap_or_else(PoisonError::into_inner).remove(&upload.object);
    }

    /// Creates an object of one chunk or none, unless one of that name exists.
    async fn put_whole(&self, upload: &Upload, body: Body) -> Result<CommitOutcome, DestinationError> {
        let request = described(Request::new(Method::PUT, upload.object.as_str()), upload)
            .header("if-none-match", "*")
            .header("x-amz-checksum-crc64nvme", in_base64(upload.fingerprint.crc64()))
            .body(body);
        match self.wire.send(request).await {
            Ok(answer) if version(&answer).is_some() => Ok(CommitOutcome::Created),
            Ok(_) => Err(incomplete("etag")),
            Err(failure) if failure.is_already_there() => Ok(CommitOutcome::AlreadyThere),
            Err(failure) => Err(self.explain_creation(upload, failure)),
        }
    }
}

#[async_trait]
impl Destination for S3Destination {
    fn name(&self) -> &DestinationName {
        &self.name
    }

    fn enrolment(&self) -> Enrolment {
        Enrolment::AtFirstContact
    }

    fn chunk_rules(&self) -> ChunkRules {
        CHUNK_RULES
    }

    fn remarks(&self) -> Vec<Remark> {
        self.wire.http.clock().gap().map(|gap| Remark::Clock { gap }).into_iter().collect()
    }

    async fn place(&self) -> Result<Option<PlaceId>, DestinationError> {
        let text = match self.wire.send(Request::new(Method::GET, PLACE)).await {
            Ok(answer) if version(&answer).is_some() => answer.text().await.map_err(|failure| self.explain(failure))?,
            Ok(_) => return Err(incomplete("etag")),
            Err(failure) if failure.is_absent() => return Ok(None),
            Err(failure) => return Err(self.explain(failure)),
        };
        Ok(Some(read_place(text.as_bytes(), PLACE)?))
    }

    async fn enrol(&self, id: PlaceId) -> Result<PlaceId, DestinationError> {
        let text = write_place(id).into_bytes();
        let request = Request::new(Method::PUT, PLACE)
            .header("if-none-match", "*")
            .header("content-type", "text/plain")
            .header("x-amz-checksum-crc64nvme", in_base64(Crc64::of(&text)))
            .body(Body::Bytes(text.into()));
        match self.wire.send(request).await {
            Ok(_) => {}
            Err(failure) if failure.is_already_there() => {}
            Err(failure) => return Err(self.explain(failure)),
        }
        // Whoever was first has enrolled it; and that it was stored is for the bucket to say.
        let place = self.place().await?;
        place.ok_or_else(|| DestinationError::Unreachable(format!("{PLACE} does not come into being")))
    }

    async fn stat(&self, object: &ObjectName) -> Result<Seen<ObjectState>, DestinationError> {
        let place = self.place().await?;
        Ok(Seen::new(place, self.head(object).await?.map(|(state, _)| state)))
    }

    async fn attest(&self, object: &ObjectName) -> Result<Seen<Attestation>, DestinationError> {
        let place = self.place().await?;
        let Some((state, answer)) = self.head(object).await? else { return Ok(Seen::new(place, None)) };
        let evidence = match (checksum(&answer), self.checks().await?) {
            (Some(crc64), Checks::Refuses) => Evidence::Whole(Checksum::Crc64(crc64)),
            (None, _) | (_, Checks::Nothing) => Evidence::Unknown,
        };
        Ok(Seen::new(place, Some(Attestation { state, evidence })))
    }

    async fn staged(&self, upload: &Upload) -> Result<Vec<u32>, DestinationError> {
        match upload.fingerprint.chunk_count() {
            0 => return Ok(Vec::new()),
            1 => {
                let here = self.singles.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&upload.object);
                return Ok(here.then_some(0).into_iter().collect());
            }
            _ => {}
        }
        self.forget(upload);
        self.multipart(upload).resume(&self.wire, &self.notes, upload).await.map_err(|failure| self.explain(failure))
    }

    async fn put_chunk(&self, upload: &Upload, index: u32, body: ChunkBody) -> Result<(), DestinationError> {
        if upload.fingerprint.chunks.get(index as usize) != Some(&body.crc64) {
            return Err(DestinationError::SpoolDamaged(format!("chunk {index} is not the one read from the camera")));
        }
        if upload.fingerprint.chunk_count() == 1 {
            self.singles.lock().unwrap_or_else(PoisonError::into_inner).insert(upload.object.clone(), body);
            return Ok(());
        }
        let sent = self.multipart(upload).put(&self.wire, &self.notes, upload, index, body).await;
        sent.map_err(|failure| self.explain_creation(upload, failure))
    }

    async fn commit(&self, upload: &Upload) -> Result<CommitOutcome, DestinationError> {
        match upload.fingerprint.chunk_count() {
            0 => self.put_whole(upload, Body::Bytes(Bytes::new())).await,
            1 => {
                let body = self.singles.lock().unwrap_or_else(PoisonError::into_inner).remove(&upload.object);
                match body {
                    Some(body) => self.put_whole(upload, Body::Chunk(body)).await,
                    None => Ok(CommitOutcome::ChunksMissing),
                }
            }
            _ => {
                let ended = self.multipart(upload).complete(&self.wire, &self.notes, upload).await;
                let outcome = ended.map_err(|failure| self.explain(failure))?;
                if outcome != CommitOutcome::ChunksMissing {
                    self.forget(upload);
                    return Ok(outcome);
                }
                // The answer to an earlier attempt may have been lost, and its upload be over for that.
                let made = self.head(&upload.object).await?.is_some();
                Ok(if made { CommitOutcome::AlreadyThere } else { outcome })
            }
        }
    }

    async fn read(&self, object: &ObjectName) -> Result<ByteStream, DestinationError> {
        match self.wire.send(Request::new(Method::GET, object.as_str())).await {
            Ok(answer) if version(&answer).is_some() => Ok(answer.body),
            Ok(_) => Err(incomplete("etag")),
            // Whoever reads has just seen the object; asking again tells what became of it.
            Err(failure) if failure.is_absent() => Err(DestinationError::Unreachable(format!("{object} has vanished"))),
            Err(failure) => Err(self.explain(failure)),
        }
    }

    /// By its version: another content of that name is none of its business.
    async fn protect(
        &self,
        object: &ObjectName,
        version: &Version,
        protection: Protection,
    ) -> Result<(), DestinationError> {
        let (_, version) = version.0.split_once(' ').unwrap_or_default();
        for request in lock::requests(object, version, protection) {
            match self.wire.send(request).await {
                Ok(_) => {}
                Err(failure) if failure.is_about_locks() => return Err(lock::refused(&self.bucket, &failure)),
                Err(failure) => return Err(self.explain(failure)),
            }
        }
        Ok(())
    }

    /// Deletion is judged by version: without one, a bucket that keeps versions only writes a marker, and says yes.
    async fn try_delete(&self, object: &ObjectName) -> Result<DeleteOutcome, DestinationError> {
        let Some((_, found)) = self.head(object).await? else {
            return Err(DestinationError::Unreachable(format!("{object} has vanished")));
        };
        let request = Request::new(Method::DELETE, object.as_str());
        let request = match found.header("x-amz-version-id") {
            Some(version) => request.query("versionId", version),
            None => request,
        };
        match self.wire.send(request).await {
            Ok(_) => Ok(DeleteOutcome::Deleted),
            Err(failure) if failure.is_forbidden() => Ok(DeleteOutcome::Refused),
            Err(failure) => Err(self.explain(failure)),
        }
    }
}

/// Adds what travels with the object, and what keeps it.
fn described<'a>(request: Request<'a>, upload: &Upload) -> Request<'a> {
    let request = request.header("content-type", content_type(&upload.object));
    let request = lock::headers(upload.protection)
        .into_iter()
        .fold(request, |request, (name, value)| request.header(name, value));
    upload
        .metadata
        .iter()
        .fold(request, |request, (name, value)| request.header(format!("x-amz-meta-{name}"), fit(value, LONGEST)))
}

/// The version and the `ETag`: a bucket that keeps no versions has only the latter.
fn version(answer: &Answer) -> Option<Version> {
    let etag = answer.header("etag")?.trim_matches('"');
    let version = answer.header("x-amz-version-id").filter(|version| *version != "null");
    match version {
        _ if etag.is_empty() => None,
        Some(version) => Some(Version(format!("{etag} {version}"))),
        None => Some(Version(etag.to_owned())),
    }
}

/// The checksum of the whole object. One that was made of the parts' checksums says nothing of the whole.
fn checksum(answer: &Answer) -> Option<Crc64> {
    match answer.header("x-amz-checksum-type") {
        None | Some("FULL_OBJECT") => from_base64(answer.header("x-amz-checksum-crc64nvme")?),
        Some(_) => None,
    }
}

fn in_base64(crc64: Crc64) -> String {
    BASE64.encode(crc64.to_be_bytes())
}

fn from_base64(text: &str) -> Option<Crc64> {
    let bytes: [u8; 8] = BASE64.decode(text).ok()?.try_into().ok()?;
    Some(Crc64(u64::from_be_bytes(bytes)))
}
