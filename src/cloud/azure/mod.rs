//! Azure Blob storage, through the official client's single-request calls on camdock's own HTTP client.
//!
//! Promises, beyond those of the port:
//! - The id of each block says which chunk of which content it is and which checksum Azure verified for it, so the
//!   committed block list alone attests an object ([`block_id`]).
//! - Every answer is looked at before it is believed: without the service's own headers it is nobody's ([`transport`]).
//! - Blocks are committed in the order of the content, whatever the order in which they arrived, and only if no object
//!   of that name exists.
//! - With what gets in ([`credential`]), tokens are renewed in time ([`token`]), and nothing of an upload is lost by it.
//! - What keeps an object is asked for when it is committed, and told by the object itself afterwards ([`immutability`]).
//! - What only helps to find an object, its tags, never stops it ([`tags`]).

mod answer;
mod block_id;
mod credential;
mod immutability;
mod metadata;
mod tags;
mod token;
mod transport;

use std::collections::BTreeSet;
use std::io;
use std::num::NonZero;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::http::headers::Headers;
use azure_core::http::{
    ClientMethodOptions, ClientOptions, Context, RequestContent, RetryOptions, Transport, UserAgentOptions,
};
use azure_storage_blob::models::{
    BlobClientDownloadOptions, Block, BlockBlobClientCommitBlockListOptions, BlockBlobClientStageBlockOptions,
    BlockBlobClientUploadOptions, BlockListType, BlockLookupList,
};
use azure_storage_blob::{BlobClient, BlobClientOptions};
use futures::{StreamExt as _, TryStreamExt as _};
use url::Url;

use self::answer::{Failure, Subject};
use self::block_id::BlockId;
use self::credential::Authorise;
use self::metadata::metadata;
use self::tags::{Tagging, tags};
use self::token::Tokens;
use self::transport::{Carried, Wire, not_azures};
use super::http::{Connection, HttpClient, HttpError};
use super::{
    Attestation, ByteStream, ChunkBody, CommitOutcome, CommittedChunk, DeleteOutcome, Destination, DestinationError,
    Enrolment, Evidence, ObjectState, Protects, Remark, Seen, Upload, Version, content_type, read_place, write_place,
};
use crate::domain::{ByteCount, ChunkRules, Clock, DestinationName, ObjectName, PlaceId, Protection};

pub use self::credential::{AzureCredential, CredentialError};
pub use self::token::{Application, CertificateError, Identity, NoAddress};

/// The version of the service that is asked for: old enough for sovereign clouds, which lag behind, and for emulators;
/// new enough for CRC64 and blocks of 4,000 MiB.
const API_VERSION: &str = "2023-11-03";

/// More than the largest blob that Azure can hold (190.7 TiB): a download is one request.
const WHOLE: NonZero<usize> = NonZero::new(1 << 48).unwrap();

/// Azure makes a blob of no more blocks than this (Put Block List, "Remarks").
pub const CHUNK_RULES: ChunkRules = ChunkRules { most: 50_000, ..ChunkRules::ANY };

/// The name of the enrolment. It is the container's, so no destination's prefix goes before it.
const PLACE: &str = ".camdock/place";

/// How often an object that changes while it is being looked at is looked at.
const LOOKS: usize = 2;

/// Where a container is and how to get in.
#[derive(Debug, Clone)]
pub struct AzureSettings {
    /// The destination's name in the configuration.
    pub name: DestinationName,
    /// The blob service: `https://ACCOUNT.blob.core.usgovcloudapi.net`, or in path style `http://HOST:PORT/ACCOUNT`.
    pub endpoint: Url,
    /// The container.
    pub container: String,
    /// The credential.
    pub credential: AzureCredential,
    /// What people know the credential by, such as its file's name; it appears in errors.
    pub credential_name: String,
    /// How it is reached.
    pub connection: Connection,
}

/// Why a destination cannot be set up.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AzureSetupError {
    /// The endpoint is no usable URL.
    #[error("endpoint {0} cannot be used; write https:// and the account's blob service, without a query")]
    Endpoint(Url),
    /// The endpoint would send footage and credential in the clear.
    #[error("endpoint {0} is not encrypted; write https:// (http:// is for this machine only)")]
    Unencrypted(Url),
    /// The container's name breaks Azure's rules.
    #[error("{0:?} is no container name; use 3 to 63 lower-case letters, digits and single hyphens")]
    Container(String),
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

/// A container of Azure Blob storage.
pub struct AzureDestination {
    name: DestinationName,
    container_url: Url,
    container: String,
    authorise: Arc<Authorise>,
    tagging: Tagging,
    options: ClientOptions,
}

impl AzureDestination {
    /// Sets the destination up without asking it anything. `clock` dates signed requests.
    ///
    /// # Errors
    /// [`AzureSetupError`] says which setting cannot be used.
    pub fn new(settings: AzureSettings, clock: Arc<dyn Clock>) -> Result<Self, AzureSetupError> {
        let container_url = container_url(&settings.endpoint, &settings.container)?;
        if let AzureCredential::Identity(identity) = &settings.credential {
            keeps_secrets(identity)?;
        }
        let http = HttpClient::new(&settings.connection, Arc::clone(&clock))?;
        let tokens = Tokens::new(http.clone(), settings.connection.stall, clock)?;
        let authorise =
            Authorise::new(settings.credential_name.clone(), &settings.credential, Arc::clone(http.clock()), tokens)
                .map_err(|source| AzureSetupError::Credential { name: settings.credential_name, source })?;
        let authorise = Arc::new(authorise);
        let options = ClientOptions {
            per_try_policies: vec![authorise.clone()],
            // The caller paces itself; see the port's promises.
            retry: RetryOptions::none(),
            transport: Some(Transport::with_policy(Arc::new(Wire { http }))),
            user_agent: UserAgentOptions { application_id: Some("camdock".to_owned()) },
            ..ClientOptions::default()
        };
        Ok(Self {
            name: settings.name,
            container_url,
            container: settings.container,
            authorise,
            tagging: Tagging::default(),
            options,
        })
    }

    /// Reads the credential again with `read_again` whenever it is refused, so that a renewed one is used without a
    /// restart. The request that was refused stays refused; the next one uses what was read.
    #[must_use]
    pub fn renewing(self, read_again: impl Fn() -> Option<AzureCredential> + Send + Sync + 'static) -> Self {
        self.authorise.renew_from(Box::new(read_again));
        self
    }

    /// A client for one blob. Building it costs a few microseconds and no request.
    fn blob(&self, name: &str) -> Result<BlobClient, DestinationError> {
        let mut url = self.container_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend(name.split('/'));
        }
        let options = BlobClientOptions { client_options: self.options.clone(), version: API_VERSION.to_owned() };
        BlobClient::new(url, None, Some(options)).map_err(|error| self.explain(error))
    }

    fn explain(&self, failure: impl Into<Failure>) -> DestinationError {
        let failure = failure.into();
        if failure.is_about_immutability() {
            return DestinationError::Unprotected(immutability::refused(&self.container, &failure.denial()));
        }
        let error = failure.explain(&Subject {
            container: &self.container,
            credential: self.authorise.name(),
            expiry: self.authorise.expiry(),
            lacking: self.authorise.lacking(),
        });
        if matches!(error, DestinationError::Denied { .. }) {
            self.authorise.renew();
        }
        error
    }

    /// Why objects get no tags, if they get none.
    fn without_tags(&self) -> Option<String> {
        let may_not = || "the SAS lacks the permission t".to_owned();
        if self.authorise.may_tag() { self.tagging.refused() } else { Some(may_not()) }
    }

    /// Makes the object out of its blocks, with these tags.
    async fn commit_with(&self, upload: &Upload, tags: Option<String>) -> Result<CommitOutcome, Failure> {
        let ids: Result<Vec<_>, _> =
            upload.order().into_iter().map(|index| chunk_id(upload, index).map(BlockId::to_bytes)).collect();
        let blocks = BlockLookupList { uncommitted: Some(ids.map_err(Failure::Failed)?), ..BlockLookupList::default() };
        let options = BlockBlobClientCommitBlockListOptions {
            if_none_match: Some("*".into()),
            blob_content_type: Some(content_type(&upload.object).to_owned()),
            metadata: Some(metadata(upload)),
            blob_tags_string: tags.filter(|tags| !tags.is_empty()),
            ..BlockBlobClientCommitBlockListOptions::default()
        };
        let options = immutability::wanted(upload.protection, options);
        let blocks = RequestContent::try_from(blocks)?;
        let client = self.blob(upload.object.as_str()).map_err(Failure::Failed)?.block_blob_client();
        match client.commit_block_list(blocks, Some(options)).await.map_err(Failure::from) {
            Ok(answer) if version(answer.headers()).is_some() => Ok(CommitOutcome::Created),
            Ok(_) => Err(Failure::Failed(incomplete("etag"))),
            Err(failure) if failure.is_already_there() => Ok(CommitOutcome::AlreadyThere),
            Err(failure) if failure.code() == Some("InvalidBlockList") => Ok(CommitOutcome::ChunksMissing),
            Err(failure) => Err(failure),
        }
    }

    async fn state(&self, blob: &BlobClient) -> Result<Option<ObjectState>, DestinationError> {
        match blob.get_properties(None).await.map_err(Failure::from) {
            Ok(answer) => {
                let length = number(answer.headers(), "content-length").ok_or_else(|| incomplete("content-length"))?;
                let version = version(answer.headers()).ok_or_else(|| incomplete("etag"))?;
                let protection = immutability::read(answer.headers());
                Ok(Some(ObjectState { length: ByteCount::new(length), version, protection }))
            }
            Err(failure) if failure.is_absent() => Ok(None),
            Err(failure) => Err(self.explain(failure)),
        }
    }

    /// The evidence, and the version it is about if the answer tells.
    async fn evidence(
        &self,
        blob: &BlobClient,
        length: ByteCount,
    ) -> Result<Option<(Evidence, Option<Version>)>, DestinationError> {
        match blob.block_blob_client().get_block_list(BlockListType::Committed, None).await.map_err(Failure::from) {
            Ok(answer) => {
                let version = version(answer.headers());
                let list = answer.into_model().map_err(|error| self.explain(error))?;
                let chunks = committed_chunks(&list.committed_blocks.unwrap_or_default(), length);
                Ok(Some((chunks.map_or(Evidence::Unknown, Evidence::Chunks), version)))
            }
            // An append or page blob has no blocks.
            Err(failure) if failure.code() == Some("InvalidBlobType") => Ok(Some((Evidence::Unknown, None))),
            Err(failure) if failure.is_absent() => Ok(None),
            Err(failure) => Err(self.explain(failure)),
        }
    }
}

#[async_trait]
impl Destination for AzureDestination {
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
        let token = self.authorise.token_in_use().map(|(of, good_for)| Remark::Token { of, good_for });
        let tags = self.without_tags().map(|why| Remark::Unsearchable { why });
        let clock = self.authorise.clock_gap().map(|gap| Remark::Clock { gap });
        token.into_iter().chain(tags).chain(clock).collect()
    }

    fn protects(&self) -> Protects {
        Protects::AsAsked
    }

    async fn place(&self) -> Result<Option<PlaceId>, DestinationError> {
        let text = match self.blob(PLACE)?.download(Some(as_one_request())).await.map_err(Failure::from) {
            Ok(answer) if version(&answer.headers).is_some() => answer.body.collect().await,
            Ok(_) => return Err(incomplete("etag")),
            Err(failure) if failure.is_absent() => return Ok(None),
            Err(failure) => return Err(self.explain(failure)),
        };
        let text = text.map_err(|error| DestinationError::Unreachable(error.to_string()))?;
        Ok(Some(read_place(&text, PLACE)?))
    }

    async fn enrol(&self, id: PlaceId) -> Result<PlaceId, DestinationError> {
        let options = BlockBlobClientUploadOptions {
            if_none_match: Some("*".into()),
            blob_content_type: Some("text/plain".to_owned()),
            ..BlockBlobClientUploadOptions::default()
        };
        let text = RequestContent::from(write_place(id).into_bytes());
        match self.blob(PLACE)?.block_blob_client().upload(text, Some(options)).await.map_err(Failure::from) {
            Ok(_) => {}
            Err(failure) if failure.is_already_there() => {}
            Err(failure) => return Err(self.explain(failure)),
        }
        // Whoever was first has enrolled it; and that it was stored is for the container to say.
        let place = self.place().await?;
        place.ok_or_else(|| DestinationError::Unreachable(format!("{PLACE} does not come into being")))
    }

    async fn stat(&self, object: &ObjectName) -> Result<Seen<ObjectState>, DestinationError> {
        let place = self.place().await?;
        Ok(Seen::new(place, self.state(&self.blob(object.as_str())?).await?))
    }

    async fn attest(&self, object: &ObjectName) -> Result<Seen<Attestation>, DestinationError> {
        let place = self.place().await?;
        let blob = self.blob(object.as_str())?;
        for _ in 0..LOOKS {
            let absent = Seen::new(place, None);
            let Some(state) = self.state(&blob).await? else { return Ok(absent) };
            let Some((evidence, version)) = self.evidence(&blob, state.length).await? else { return Ok(absent) };
            let after = match version {
                Some(version) => Some(version),
                // Azure tells the version with the list only if there are blocks.
                None => self.state(&blob).await?.map(|state| state.version),
            };
            if after.as_ref() == Some(&state.version) {
                return Ok(Seen::new(place, Some(Attestation { state, evidence })));
            }
        }
        Err(DestinationError::Unreachable(format!("{object} is changing while it is being looked at")))
    }

    async fn staged(&self, upload: &Upload) -> Result<Vec<u32>, DestinationError> {
        let client = self.blob(upload.object.as_str())?.block_blob_client();
        let list = match client.get_block_list(BlockListType::Uncommitted, None).await.map_err(Failure::from) {
            Ok(answer) => answer.into_model().map_err(|error| self.explain(error))?,
            Err(failure) if failure.is_absent() => return Ok(Vec::new()),
            Err(failure) => return Err(self.explain(failure)),
        };
        let staged = list.uncommitted_blocks.unwrap_or_default();
        let indices: BTreeSet<u32> = staged.iter().filter_map(|block| staged_chunk(upload, block)).collect();
        Ok(indices.into_iter().collect())
    }

    async fn put_chunk(&self, upload: &Upload, index: u32, body: ChunkBody) -> Result<(), DestinationError> {
        let id = chunk_id(upload, index)?;
        if body.crc64 != id.crc64 {
            return Err(DestinationError::SpoolDamaged(format!("chunk {index} is not the one read from the camera")));
        }
        let length = body.length.get();
        let options = BlockBlobClientStageBlockOptions {
            transactional_content_crc64: Some(body.crc64.to_le_bytes().to_vec()),
            method_options: ClientMethodOptions { context: Context::new().with_value(Carried(body)) },
            ..BlockBlobClientStageBlockOptions::default()
        };
        let client = self.blob(upload.object.as_str())?.block_blob_client();
        // The transport sends the chunk from the context in place of this empty body.
        let empty = RequestContent::from_static(&[]);
        let answer = client
            .stage_block(&id.to_bytes(), length, empty, Some(options))
            .await
            .map_err(|error| self.explain(error))?;
        match header(answer.headers(), "x-ms-content-crc64") {
            Some(echo) if echo == base64_of(id) => Ok(()),
            Some(_) => Err(DestinationError::ChunkDamaged(format!("Azure has another checksum for chunk {index}"))),
            None => Err(incomplete("x-ms-content-crc64")),
        }
    }

    async fn commit(&self, upload: &Upload) -> Result<CommitOutcome, DestinationError> {
        if self.without_tags().is_some() {
            return self.commit_with(upload, None).await.map_err(|failure| self.explain(failure));
        }
        match self.commit_with(upload, Some(tags(upload))).await {
            Err(failure) if failure.may_be_about_tags() => {
                let outcome = self.commit_with(upload, None).await.map_err(|failure| self.explain(failure))?;
                if outcome == CommitOutcome::Created {
                    self.tagging.refuse(failure.denial());
                }
                Ok(outcome)
            }
            outcome => outcome.map_err(|failure| self.explain(failure)),
        }
    }

    async fn read(&self, object: &ObjectName) -> Result<ByteStream, DestinationError> {
        match self.blob(object.as_str())?.download(Some(as_one_request())).await.map_err(Failure::from) {
            Ok(answer) if version(&answer.headers).is_some() => Ok(answer.body.map_err(io::Error::other).boxed()),
            Ok(_) => Err(incomplete("etag")),
            // Whoever reads has just seen the object; asking again tells what became of it.
            Err(failure) if failure.is_absent() => Err(DestinationError::Unreachable(format!("{object} has vanished"))),
            Err(failure) => Err(self.explain(failure)),
        }
    }

    async fn protect(&self, object: &ObjectName, _: &Version, protection: Protection) -> Result<(), DestinationError> {
        let blob = self.blob(object.as_str())?;
        // An unlocked policy could be made shorter by setting it, which nobody wants here.
        let before = self.state(&blob).await?.map_or(Protection::NONE, |state| state.protection);
        immutability::set(&blob, protection.and(&before)).await.map_err(|failure| self.explain(failure))
    }

    async fn try_delete(&self, object: &ObjectName) -> Result<DeleteOutcome, DestinationError> {
        match self.blob(object.as_str())?.delete(None).await.map_err(Failure::from) {
            Ok(_) => Ok(DeleteOutcome::Deleted),
            Err(failure) if failure.is_deletion_refused() => Ok(DeleteOutcome::Refused),
            Err(failure) => Err(self.explain(failure)),
        }
    }
}

fn as_one_request() -> BlobClientDownloadOptions<'static> {
    BlobClientDownloadOptions {
        parallel: Some(NonZero::<usize>::MIN),
        partition_size: Some(WHOLE),
        ..BlobClientDownloadOptions::default()
    }
}

fn container_url(endpoint: &Url, container: &str) -> Result<Url, AzureSetupError> {
    let plain = endpoint.query().is_none() && endpoint.fragment().is_none() && endpoint.username().is_empty();
    match endpoint.scheme() {
        "https" | "http" if !plain => return Err(AzureSetupError::Endpoint(without_secrets(endpoint))),
        "https" => {}
        "http" if is_this_machine(endpoint) => {}
        "http" => return Err(AzureSetupError::Unencrypted(endpoint.clone())),
        _ => return Err(AzureSetupError::Endpoint(without_secrets(endpoint))),
    }
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let parts_are_good = container.split('-').all(|part| !part.is_empty() && part.bytes().all(lower));
    if !(3..=63).contains(&container.len()) || !parts_are_good {
        return Err(AzureSetupError::Container(container.to_owned()));
    }
    let mut url = endpoint.clone();
    url.path_segments_mut().map_err(|()| AzureSetupError::Endpoint(endpoint.clone()))?.pop_if_empty().push(container);
    Ok(url)
}

/// Whether whoever gives out tokens can be told a secret: over an encrypted connection, or within this machine. Azure's
/// metadata service is told none.
fn keeps_secrets(identity: &Identity) -> Result<(), AzureSetupError> {
    let (url, is_safe) = match identity {
        Identity::ClientSecret(of, _) | Identity::ClientCertificate(of, _) | Identity::Federated(of, _) => {
            (&of.authority, of.authority.scheme() == "https" || is_this_machine(&of.authority))
        }
        Identity::Arc { service, .. } => (service, is_this_machine(service)),
        Identity::Managed { .. } => return Ok(()),
    };
    if is_safe { Ok(()) } else { Err(AzureSetupError::Unencrypted(without_secrets(url))) }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// People paste signed URLs; the error must not repeat the signature.
fn without_secrets(endpoint: &Url) -> Url {
    let mut url = endpoint.clone();
    url.set_query(None);
    url.set_fragment(None);
    // URLs that cannot carry a user refuse this, and carry none.
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    url
}

fn chunk_id(upload: &Upload, index: u32) -> Result<BlockId, DestinationError> {
    BlockId::of(upload, index)
        .ok_or_else(|| DestinationError::Permanent(format!("{} has no chunk {index}", upload.object)))
}

/// Which chunk of this very content in this very chunking a staged block is, if it is one and has the right length.
fn staged_chunk(upload: &Upload, block: &Block) -> Option<u32> {
    let id = BlockId::parse(block.name.as_deref()?)?;
    let length = u64::try_from(block.size?).ok()?;
    let ours = BlockId::of(upload, id.index) == Some(id) && upload.fingerprint.chunk_range(id.index).1 == length;
    ours.then_some(id.index)
}

/// What the committed blocks say about the object; `None` unless all of them are ours, of one content and chunking, and
/// make up its whole length.
fn committed_chunks(blocks: &[Block], length: ByteCount) -> Option<Vec<CommittedChunk>> {
    let mut origin = None;
    let chunks: Vec<CommittedChunk> = blocks
        .iter()
        .map(|block| {
            let id = BlockId::parse(block.name.as_deref()?)?;
            let length = ByteCount::new(u64::try_from(block.size?).ok()?);
            let same_origin = *origin.get_or_insert(id.origin) == id.origin;
            same_origin.then_some(CommittedChunk { index: id.index, length, crc64: id.crc64 })
        })
        .collect::<Option<_>>()?;
    (chunks.iter().map(|chunk| chunk.length).sum::<ByteCount>() == length).then_some(chunks)
}

fn base64_of(id: BlockId) -> String {
    azure_core::base64::encode(id.crc64.to_le_bytes())
}

fn header(headers: &Headers, name: &'static str) -> Option<String> {
    headers.get_optional_string(&name.into())
}

fn number(headers: &Headers, name: &'static str) -> Option<u64> {
    header(headers, name)?.parse().ok()
}

/// The `ETag`, less the quotation marks, which not every answer has.
fn version(headers: &Headers) -> Option<Version> {
    let etag = header(headers, "etag")?;
    let etag = etag.trim_matches('"');
    (!etag.is_empty()).then(|| Version(etag.to_owned()))
}

fn incomplete(missing: &str) -> DestinationError {
    DestinationError::Unreachable(not_azures(reqwest::StatusCode::OK, &format!("no {missing}")))
}
