//! An upload in parts: begun once, gone on with after a restart, and completed or given up.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bytes::Bytes;
use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::answer::{Failure, read, root};
use super::wire::{Body, Request, Wire, incomplete};
use super::{described, from_base64, in_base64};
use crate::cloud::notes::UploadNotes;
use crate::cloud::{ChunkBody, CommitOutcome, DestinationError, Upload};

/// What is noted of an upload.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "it")]
enum Note {
    /// It was begun, under this id.
    Begun { id: String },
    /// A part was acknowledged.
    Part { index: u32, etag: String },
}

/// An upload in parts.
#[derive(Debug, Default)]
pub(super) struct Multipart(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    id: Option<String>,
    /// The `ETag` of each part that S3 has, by the chunk that it is.
    parts: BTreeMap<u32, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Begun {
    upload_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parts {
    #[serde(default)]
    is_truncated: bool,
    next_part_number_marker: Option<u32>,
    #[serde(default)]
    part: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    #[serde(rename = "PartNumber")]
    number: u32,
    #[serde(rename = "ETag")]
    etag: String,
    #[serde(rename = "Size")]
    size: u64,
    #[serde(rename = "ChecksumCRC64NVME")]
    crc64: Option<String>,
}

impl Multipart {
    /// Looks up which of its chunks S3 has, if it was begun before.
    pub(super) async fn resume(&self, wire: &Wire, notes: &UploadNotes, upload: &Upload) -> Result<Vec<u32>, Failure> {
        let mut state = self.0.lock().await;
        *state = State::default();
        let mut marks = BTreeMap::new();
        let mut begun = None;
        for note in notes.read(upload).await {
            match note {
                Note::Begun { id } => {
                    begun = Some(id);
                    marks.clear();
                }
                Note::Part { index, etag } => {
                    marks.insert(index, etag);
                }
            }
        }
        let Some(id) = begun else { return Ok(Vec::new()) };
        match list(wire, upload, &id, &marks).await {
            Ok(parts) => {
                *state = State { id: Some(id), parts };
                Ok(state.parts.keys().copied().collect())
            }
            Err(failure) if failure.is_without_upload() => {
                notes.forget(upload).await;
                Ok(Vec::new())
            }
            Err(failure) => Err(failure),
        }
    }

    /// Sends one chunk, for S3 to check.
    pub(super) async fn put(
        &self,
        wire: &Wire,
        notes: &UploadNotes,
        upload: &Upload,
        index: u32,
        body: ChunkBody,
    ) -> Result<(), Failure> {
        let id = self.begin(wire, notes, upload).await?;
        let expected = body.crc64;
        let request = Request::new(Method::PUT, upload.object.as_str())
            .query("partNumber", (u64::from(index) + 1).to_string())
            .query("uploadId", &*id)
            .header("x-amz-checksum-crc64nvme", in_base64(expected))
            .body(Body::Chunk(body));
        let answer = match wire.send(request).await {
            Ok(answer) => answer,
            Err(failure) => {
                if failure.is_without_upload() {
                    self.give_up(notes, upload, &id).await;
                }
                return Err(failure);
            }
        };
        if answer.header("x-amz-checksum-crc64nvme").and_then(from_base64).is_some_and(|echo| echo != expected) {
            let words = format!("S3 has another checksum for chunk {index}");
            return Err(Failure::Failed(DestinationError::ChunkDamaged(words)));
        }
        let etag = answer.header("etag").ok_or_else(|| Failure::Failed(incomplete("etag")))?.to_owned();
        notes.add(upload, &Note::Part { index, etag: etag.clone() }).await;
        let mut state = self.0.lock().await;
        if state.id.as_ref() == Some(&id) {
            state.parts.insert(index, etag);
        }
        Ok(())
    }

    /// Makes the object out of its parts, in order, unless one of that name exists.
    pub(super) async fn complete(
        &self,
        wire: &Wire,
        notes: &UploadNotes,
        upload: &Upload,
    ) -> Result<CommitOutcome, Failure> {
        let (id, parts) = {
            let state = self.0.lock().await;
            (state.id.clone(), state.parts.clone())
        };
        let Some(id) = id.filter(|_| parts.len() == upload.fingerprint.chunks.len()) else {
            return Ok(CommitOutcome::ChunksMissing);
        };
        let request = Request::new(Method::POST, upload.object.as_str())
            .query("uploadId", &*id)
            .header("content-type", "application/xml")
            .header("if-none-match", "*")
            .header("x-amz-checksum-crc64nvme", in_base64(upload.fingerprint.crc64()))
            .header("x-amz-checksum-type", "FULL_OBJECT")
            .header("x-amz-mp-object-size", upload.fingerprint.size.get().to_string())
            .body(Body::Bytes(list_of(upload, &parts)));
        match ended(wire, request).await {
            Ok(()) => {
                notes.forget(upload).await;
                Ok(CommitOutcome::Created)
            }
            Err(failure) if failure.is_already_there() => {
                abort(wire, upload, &id).await;
                notes.forget(upload).await;
                Ok(CommitOutcome::AlreadyThere)
            }
            Err(failure) if failure.is_without_upload() => {
                self.give_up(notes, upload, &id).await;
                Ok(CommitOutcome::ChunksMissing)
            }
            Err(failure) if failure.is_about_the_parts() => {
                abort(wire, upload, &id).await;
                self.give_up(notes, upload, &id).await;
                Ok(CommitOutcome::ChunksMissing)
            }
            Err(failure) => Err(failure),
        }
    }

    /// The upload's id. It is begun by whoever needs it first.
    async fn begin(&self, wire: &Wire, notes: &UploadNotes, upload: &Upload) -> Result<String, Failure> {
        let mut state = self.0.lock().await;
        if let Some(id) = &state.id {
            return Ok(id.clone());
        }
        let request = described(Request::new(Method::POST, upload.object.as_str()), upload)
            .query("uploads", "")
            .header("x-amz-checksum-algorithm", "CRC64NVME")
            .header("x-amz-checksum-type", "FULL_OBJECT");
        let Begun { upload_id } = read(&wire.send(request).await?.text().await?)?;
        notes.add(upload, &Note::Begun { id: upload_id.clone() }).await;
        *state = State { id: Some(upload_id.clone()), parts: BTreeMap::new() };
        Ok(upload_id)
    }

    /// It is not under way any more: the next chunk begins another one.
    async fn give_up(&self, notes: &UploadNotes, upload: &Upload, id: &str) {
        let mut state = self.0.lock().await;
        if state.id.as_deref() == Some(id) {
            *state = State::default();
            notes.forget(upload).await;
        }
    }
}

/// The parts that S3 has and that are the chunks they should be: by their checksum, or, where a server lists none, because it
/// said of this very `ETag` that the checksum had matched.
async fn list(
    wire: &Wire,
    upload: &Upload,
    id: &str,
    noted: &BTreeMap<u32, String>,
) -> Result<BTreeMap<u32, String>, Failure> {
    let mut parts = BTreeMap::new();
    let mut after = 0;
    loop {
        let request = Request::new(Method::GET, upload.object.as_str()).query("uploadId", id);
        let request = match after {
            0 => request,
            marker => request.query("part-number-marker", marker.to_string()),
        };
        let listed: Parts = read(&wire.send(request).await?.text().await?)?;
        for part in listed.part {
            let Some(index) = part.number.checked_sub(1) else { continue };
            let Some(expected) = upload.fingerprint.chunks.get(index as usize) else { continue };
            let checked = match part.crc64.as_deref().and_then(from_base64) {
                Some(crc64) => crc64 == *expected,
                None => noted.get(&index) == Some(&part.etag),
            };
            if checked && part.size == upload.fingerprint.chunk_range(index).1 {
                parts.insert(index, part.etag);
            }
        }
        // A list that does not get ahead never ends.
        match listed.next_part_number_marker.filter(|next| listed.is_truncated && *next > after) {
            Some(next) => after = next,
            None => return Ok(parts),
        }
    }
}

/// The parts as S3 wants to be told of them.
fn list_of(upload: &Upload, parts: &BTreeMap<u32, String>) -> Bytes {
    let mut list = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">".to_owned();
    for index in upload.order() {
        let etag = parts.get(&index).map(String::as_str).unwrap_or_default();
        let etag = quick_xml::escape::escape(etag);
        let crc64 = upload.fingerprint.chunks.get(index as usize).copied().map(in_base64).unwrap_or_default();
        let number = u64::from(index) + 1;
        // Writing to a text does not fail.
        let _ = write!(
            list,
            "<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag><ChecksumCRC64NVME>{crc64}</ChecksumCRC64NVME></Part>"
        );
    }
    list.push_str("</CompleteMultipartUpload>");
    list.into()
}

/// Sends what completes an upload. The status 200 may come before S3 has found out that it cannot.
async fn ended(wire: &Wire, request: Request<'_>) -> Result<(), Failure> {
    let answer = wire.send(request).await?;
    let headers = answer.headers.clone();
    let text = answer.text().await?;
    match root(&text).as_deref() {
        Some("CompleteMultipartUploadResult") => Ok(()),
        _ => Err(Failure::of(StatusCode::OK, &headers, &text)),
    }
}

/// Removes the parts of this station's own upload. One that stays costs money and nothing else; a rule of the bucket's ends it.
async fn abort(wire: &Wire, upload: &Upload, id: &str) {
    let _ = wire.send(Request::new(Method::DELETE, upload.object.as_str()).query("uploadId", id)).await;
}
