//! Google Cloud Storage, through its JSON interface on camdock's own HTTP client.
//!
//! Promises, beyond those of the port:
//! - An object is made only if its content has the CRC-32C that was taken at the camera, where that is known, and only if none of
//!   its name is there. Google checks no single chunk: what it holds of an upload counts for nothing before the whole is checked.
//! - What Google says of an object is of one generation, in one answer: its length, and the checksum that Google took itself.
//! - Every answer is looked at before it is believed: without the service's own header it is nobody's ([`answer`]).
//! - An upload goes on after a restart from the byte that Google names; so at most what was in flight is sent again.

mod answer;
mod credential;
mod exchange;
mod identity;
mod object;
mod session;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use reqwest::Method;
use url::Url;

use self::answer::{Failure, not_googles};
use self::identity::Identity;
use self::object::{FIELDS, Kept, Object};
use self::session::{Reached, Sessions};
use self::wire::{Request, Wire};
use super::http::{Connection, HttpClient, HttpError};
use super::notes::UploadNotes;
use super::token::FreshToken;
use super::{
    Attestation, ByteStream, ChunkBody, CommitOutcome, DeleteOutcome, Destination, DestinationError, Enrolment,
    ObjectState, Protects, Remark, Seen, Upload, Version, read_place, write_place,
};
use crate::domain::{ByteCount, ChunkOrder, ChunkRules, Clock, DestinationName, ObjectName, PlaceId, Protection};

pub use self::credential::{CredentialError, GcsCredential};

/// A session takes an object from its beginning on, in multiples of 256 KiB ("Resumable uploads", "Multiple chunk upload").
pub const CHUNK_RULES: ChunkRules =
    ChunkRules { multiple_of: ByteCount::new(256 << 10), order: ChunkOrder::OneAfterAnother, ..ChunkRules::ANY };

/// The name of the enrolment. It is the bucket's, so no destination's prefix goes before it.
const PLACE: &str = ".camdock/place";

/// Where a bucket is and how to get in.
#[derive(Debug, Clone)]
pub struct GcsSettings {
    /// The destination's name in the configuration.
    pub name: DestinationName,
    /// The service, without path and query: `https://storage.googleapis.com`, or an address in a network of one's own that leads
    /// to it.
    pub endpoint: Url,
    /// The bucket.
    pub bucket: String,
    /// The credential.
    pub credential: GcsCredential,
    /// What people know the credential by, such as its file's name; it appears in errors.
    pub credential_name: String,
    /// How it is reached.
    pub connection: Connection,
    /// Where sessions are noted.
    pub notes: UploadNotes,
}

/// Why a destination cannot be set up.
#[derive(Debug, Clone, thiserror::Error)]
pub enum GcsSetupError {
    /// The credential cannot be used.
    #[error("credential {name} cannot be used: {source}")]
    Credential {
        /// What people know it by.
        name: String,
        /// What is wrong with it.
        source: CredentialError,
    },
    /// The HTTP client cannot be set up.
    #[error("the network cannot be used: {0}. Check this machine's TLS certificates and proxy settings")]
    Http(#[from] HttpError),
}

/// A bucket of Google Cloud Storage.
pub struct GcsDestination {
    name: DestinationName,
    credential_name: String,
    wire: Wire,
    sessions: Sessions,
}

impl GcsDestination {
    /// Sets the destination up without asking it anything. `clock` dates the statements that a service account's key signs.
    ///
    /// # Errors
    /// [`GcsSetupError`] says which setting cannot be used.
    pub fn new(settings: GcsSettings, clock: Arc<dyn Clock>) -> Result<Self, GcsSetupError> {
        let GcsSettings { name, endpoint, bucket, credential, credential_name, connection, notes } = settings;
        let http = HttpClient::new(&connection, Arc::clone(&clock))?;
        let both = (http.clone(), HttpClient::without_proxy(connection.stall, clock)?);
        let identity = Identity::new(credential, credential_name.clone(), both)
            .map_err(|source| GcsSetupError::Credential { name: credential_name.clone(), source })?;
        let identity = Arc::new(identity);
        let token = FreshToken::new({
            let identity = Arc::clone(&identity);
            move || {
                let identity = Arc::clone(&identity);
                async move { identity.token().await }.boxed()
            }
        });
        let wire = Wire { http, endpoint, bucket, identity, token };
        Ok(Self { name, credential_name, wire, sessions: Sessions::new(notes) })
    }

    /// Reads the credential again with `read_again` whenever a token is asked for or we are refused, so that a renewed one is used
    /// without a restart.
    #[must_use]
    pub fn renewing(self, read_again: impl Fn() -> Option<GcsCredential> + Send + Sync + 'static) -> Self {
        self.wire.identity.renew_from(Box::new(read_again));
        self
    }

    fn explain(&self, failure: Failure) -> DestinationError {
        if failure.is_about_keeping() {
            return DestinationError::Unprotected(without_retention(&self.wire.bucket, &failure));
        }
        failure.explain(&self.wire.bucket, &self.credential_name)
    }

    /// Whatever Google says of an object that is to be made. A bucket is all that can be missing then.
    fn explain_upload(&self, failure: Failure) -> DestinationError {
        if failure.is_absent() {
            return DestinationError::NoContainer(format!("bucket {}", self.wire.bucket));
        }
        self.explain(failure)
    }

    /// What Google says of an object, if it is there.
    async fn look(&self, name: &str, generation: Option<&str>) -> Result<Option<Object>, DestinationError> {
        let mut request = Request::new(Method::GET, self.wire.object(name)).query("fields", FIELDS);
        if let Some(generation) = generation {
            request = request.query("generation", generation);
        }
        match self.wire.ask(request).await {
            Ok(answer) => {
                let status = answer.status;
                let object: Object = answer.json().await?;
                if object.is(&self.wire.bucket, name) {
                    return Ok(Some(object));
                }
                Err(DestinationError::Unreachable(not_googles(status, "another object")))
            }
            Err(failure) if failure.is_absent() => Ok(None),
            Err(failure) => Err(self.explain(failure)),
        }
    }

    /// An object, or its state, seen together with the place.
    async fn seen<T>(
        &self,
        object: &ObjectName,
        what: impl FnOnce(&Object, ObjectState) -> T,
    ) -> Result<Seen<T>, DestinationError> {
        let place = self.place().await?;
        let Some(found) = self.look(object.as_str(), None).await? else { return Ok(Seen::new(place, None)) };
        let state = found.state().ok_or_else(|| incomplete("length and generation"))?;
        Ok(Seen::new(place, Some(what(&found, state))))
    }

    /// The object that is there now, for who has just seen it: asking again tells what became of it.
    async fn found(&self, object: &ObjectName) -> Result<Object, DestinationError> {
        let found = self.look(object.as_str(), None).await?;
        found.ok_or_else(|| DestinationError::Unreachable(format!("{object} has vanished")))
    }
}

#[async_trait]
impl Destination for GcsDestination {
    fn name(&self) -> &DestinationName {
        &self.name
    }

    fn enrolment(&self) -> Enrolment {
        Enrolment::AtFirstContact
    }

    fn chunk_rules(&self) -> ChunkRules {
        CHUNK_RULES
    }

    fn protects(&self) -> Protects {
        Protects::AsAsked
    }

    fn remarks(&self) -> Vec<Remark> {
        self.wire.http.clock().gap().map(|gap| Remark::Clock { gap }).into_iter().collect()
    }

    async fn place(&self) -> Result<Option<PlaceId>, DestinationError> {
        let request = Request::new(Method::GET, self.wire.object(PLACE)).query("alt", "media");
        match self.wire.ask(request).await {
            Ok(answer) => Ok(Some(read_place(&answer.text().await?, PLACE)?)),
            Err(failure) if failure.is_absent() => Ok(None),
            Err(failure) => Err(self.explain(failure)),
        }
    }

    async fn enrol(&self, id: PlaceId) -> Result<PlaceId, DestinationError> {
        let request = Request::new(Method::POST, self.wire.uploads())
            .query("uploadType", "media")
            .query("name", PLACE)
            .query("ifGenerationMatch", "0")
            .body("text/plain", write_place(id).into_bytes());
        match self.wire.ask(request).await {
            Ok(_) => {}
            Err(failure) if failure.is_already_there() => {}
            Err(failure) => return Err(self.explain_upload(failure)),
        }
        // Whoever was first has enrolled it; and that it was stored is for the bucket to say.
        let place = self.place().await?;
        place.ok_or_else(|| DestinationError::Unreachable(format!("{PLACE} does not come into being")))
    }

    async fn stat(&self, object: &ObjectName) -> Result<Seen<ObjectState>, DestinationError> {
        self.seen(object, |_, state| state).await
    }

    async fn attest(&self, object: &ObjectName) -> Result<Seen<Attestation>, DestinationError> {
        self.seen(object, |found, state| Attestation { state, evidence: found.evidence() }).await
    }

    async fn staged(&self, upload: &Upload) -> Result<Vec<u32>, DestinationError> {
        let end = match self.sessions.look(&self.wire, upload).await.map_err(|failure| self.explain(failure))? {
            None => 0,
            Some(Reached::Byte(offset)) => offset,
            Some(Reached::Whole | Reached::Overtaken) => u64::MAX,
        };
        let chunks = 0..upload.fingerprint.chunk_count();
        Ok(chunks.take_while(|index| chunk_end(upload, *index) <= end).collect())
    }

    async fn put_chunk(&self, upload: &Upload, index: u32, body: ChunkBody) -> Result<(), DestinationError> {
        let known = usize::try_from(index).ok().and_then(|index| upload.fingerprint.chunks.get(index));
        let Some(known) = known else {
            return Err(DestinationError::Permanent(format!("{} has no chunk {index}", upload.object)));
        };
        if body.crc64 != *known {
            return Err(DestinationError::SpoolDamaged(format!("chunk {index} is not the one read from the camera")));
        }
        let range = (upload.fingerprint.chunk_range(index).0, chunk_end(upload, index));
        let sent = self.sessions.send(&self.wire, upload, range, &body).await;
        sent.map_err(|failure| self.explain_upload(failure))
    }

    /// The last chunk has made the object, or found that it is there; here is told which. Only an empty object is made here.
    async fn commit(&self, upload: &Upload) -> Result<CommitOutcome, DestinationError> {
        let reached = async {
            let known = match self.sessions.ending(upload) {
                Some(ending) => Some(ending),
                None => self.sessions.look(&self.wire, upload).await?,
            };
            match known {
                None if upload.fingerprint.size.get() == 0 => self.sessions.begin(&self.wire, upload).await.map(Some),
                known => Ok::<_, Failure>(known),
            }
        };
        let outcome = match reached.await.map_err(|failure| self.explain_upload(failure))? {
            None | Some(Reached::Byte(_)) => return Ok(CommitOutcome::ChunksMissing),
            Some(Reached::Whole) => CommitOutcome::Created,
            Some(Reached::Overtaken) => CommitOutcome::AlreadyThere,
        };
        self.sessions.forget(upload).await;
        Ok(outcome)
    }

    async fn read(&self, object: &ObjectName) -> Result<ByteStream, DestinationError> {
        let Object { generation, .. } = self.found(object).await?;
        let request = Request::new(Method::GET, self.wire.object(object.as_str()))
            .query("alt", "media")
            .query("generation", &generation);
        match self.wire.ask(request).await {
            Ok(answer) => Ok(answer.body.map_err(std::io::Error::other).boxed()),
            Err(failure) if failure.is_absent() => Err(DestinationError::Unreachable(format!("{object} has vanished"))),
            Err(failure) => Err(self.explain(failure)),
        }
    }

    /// By its generation, in one request.
    async fn protect(
        &self,
        object: &ObjectName,
        version: &Version,
        protection: Protection,
    ) -> Result<(), DestinationError> {
        let json = serde_json::to_vec(&Kept::of(protection));
        let json = json.map_err(|error| DestinationError::Permanent(error.to_string()))?;
        let request = Request::new(Method::PATCH, self.wire.object(object.as_str()))
            .query("generation", &version.0)
            .body("application/json; charset=utf-8", json);
        match self.wire.ask(request).await {
            Ok(_) => Ok(()),
            Err(failure) => Err(self.explain(failure)),
        }
    }

    /// By its generation: in a bucket that keeps old versions, a deletion without one only hides the object.
    async fn try_delete(&self, object: &ObjectName) -> Result<DeleteOutcome, DestinationError> {
        let Object { generation, .. } = self.found(object).await?;
        let request = Request::new(Method::DELETE, self.wire.object(object.as_str())).query("generation", &generation);
        match self.wire.ask(request).await {
            Ok(_) => {}
            Err(failure) if failure.is_deletion_refused() => return Ok(DeleteOutcome::Refused),
            Err(failure) => return Err(self.explain(failure)),
        }
        let there = self.look(object.as_str(), Some(&generation)).await?;
        Ok(if there.is_some() { DeleteOutcome::Refused } else { DeleteOutcome::Deleted })
    }
}

/// What to do about a bucket that keeps nothing.
fn without_retention(bucket: &str, failure: &Failure) -> String {
    let words = failure.words();
    format!(
        "bucket {bucket} refused ({words}): make it with object retention enabled, and let the identity have \
         storage.objects.setRetention and storage.objects.update"
    )
}

fn chunk_end(upload: &Upload, index: u32) -> u64 {
    let (start, length) = upload.fingerprint.chunk_range(index);
    start + length
}

fn incomplete(missing: &str) -> DestinationError {
    DestinationError::Unreachable(not_googles(reqwest::StatusCode::OK, &format!("no {missing}")))
}
