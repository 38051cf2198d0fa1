//! Resumable uploads: a session takes one object from its first byte to its last, over any number of connections and restarts.
//!
//! What Google keeps of a session it says when it is asked: every answer has how far the content goes without a gap. It keeps
//! pieces of 256 KiB, so a connection that breaks may leave part of a chunk there. With the last byte the object is made, and
//! only then, if none of that name is there and its checksum is the one that the session began with.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};

use super::answer::{Failure, not_googles};
use super::object::{Object, Wanted};
use super::wire::{Answer, Piece, Request, Wire};
use crate::cloud::notes::UploadNotes;
use crate::cloud::{ChunkBody, DestinationError, Upload};
use crate::domain::{ObjectName, Sha256};

/// How far an upload is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reached {
    /// The session holds the content up to this byte, in the place of which the next one comes.
    Byte(u64),
    /// It has made the object.
    Whole,
    /// It would have, but an object of that name is there.
    Overtaken,
}

/// What a session said to a request.
enum Said {
    Reached(Reached),
    /// It has ended, or was never there.
    Gone,
}

/// An upload that this process went on with.
#[derive(Debug, Clone)]
struct Session {
    /// Path and query of its address. Whoever has it may write the object, so it is shown to nobody.
    address: String,
    reached: Reached,
}

/// What is noted of a session for after a restart.
#[derive(Serialize, Deserialize)]
struct Note {
    session: String,
}

/// The sessions of one destination.
pub(super) struct Sessions {
    notes: UploadNotes,
    /// How far those are that were heard of last in this process. One that is being spoken to is not among them, so whoever
    /// breaks off in the middle leaves nothing behind that could be wrong.
    known: Mutex<HashMap<(ObjectName, Sha256), Session>>,
}

impl Sessions {
    pub(super) fn new(notes: UploadNotes) -> Self {
        Self { notes, known: Mutex::default() }
    }

    /// How far the upload is, as its session says now; `None` if it has none.
    pub(super) async fn look(&self, wire: &Wire, upload: &Upload) -> Result<Option<Reached>, Failure> {
        let Some(session) = self.find(wire, upload).await? else { return Ok(None) };
        let reached = session.reached.clone();
        self.keep(upload, session);
        Ok(Some(reached))
    }

    /// How the upload ended, if this process saw that and nobody has heard it yet.
    pub(super) fn ending(&self, upload: &Upload) -> Option<Reached> {
        let ended = |session: &&Session| !matches!(session.reached, Reached::Byte(_));
        self.known().get(&key(upload)).filter(ended).map(|session| session.reached.clone())
    }

    /// Forgets an upload that has ended.
    pub(super) async fn forget(&self, upload: &Upload) {
        self.known().remove(&key(upload));
        self.notes.forget(upload).await;
    }

    /// Begins a session for an upload that has none, and says how far it is: not far, unless it is empty.
    pub(super) async fn begin(&self, wire: &Wire, upload: &Upload) -> Result<Reached, Failure> {
        let mut session = self.open(wire, upload).await?;
        if upload.fingerprint.size.get() == 0
            && let Said::Reached(reached) = ask(wire, upload, &session.address).await?
        {
            session.reached = reached;
        }
        let reached = session.reached.clone();
        self.keep(upload, session);
        Ok(reached)
    }

    /// Sends what is missing of a chunk, the bytes from `start` to `end` of the content. What comes before must be there.
    pub(super) async fn send(
        &self,
        wire: &Wire,
        upload: &Upload,
        (start, end): (u64, u64),
        chunk: &ChunkBody,
    ) -> Result<(), Failure> {
        let known = self.known().remove(&key(upload));
        let known = match known {
            Some(session) => Some(session),
            None => self.find(wire, upload).await?,
        };
        let mut session = match known {
            Some(session) => session,
            None => self.open(wire, upload).await?,
        };
        while let Reached::Byte(offset) = session.reached
            && offset < end
        {
            let Some(skip) = offset.checked_sub(start) else {
                return Err(later("what comes before this chunk is not there any more").into());
            };
            let range = format!("bytes {offset}-{}/{}", end - 1, upload.fingerprint.size.get());
            let sent = wire.put(&session.address, &range, Some(Piece { chunk: chunk.clone(), skip })).await;
            session.reached = match self.heard(wire, upload, sent).await? {
                Said::Reached(Reached::Byte(reached)) if reached <= offset => {
                    return Err(later("nothing of what is sent is kept").into());
                }
                Said::Reached(reached) => reached,
                Said::Gone => return Err(later("Google has ended the session of this upload; it begins anew").into()),
            };
        }
        self.keep(upload, session);
        Ok(())
    }

    /// The session that was noted, or is known here if it could not be, and how far it is by its own word.
    async fn find(&self, wire: &Wire, upload: &Upload) -> Result<Option<Session>, Failure> {
        let noted = self.notes.read(upload).await.pop().map(|Note { session }| session);
        let known = || self.known().get(&key(upload)).map(|session| session.address.clone());
        let Some(address) = noted.or_else(known).filter(|address| !address.is_empty()) else { return Ok(None) };
        let asked = wire.put(&address, &question(upload), None).await;
        Ok(match self.heard(wire, upload, asked).await? {
            Said::Reached(reached) => Some(Session { address, reached }),
            Said::Gone => None,
        })
    }

    async fn open(&self, wire: &Wire, upload: &Upload) -> Result<Session, Failure> {
        let answer = match begin(wire, upload, Wanted::of(upload)).await {
            // A bucket whose own policy keeps everything need not keep objects one by one. What it does is seen afterwards.
            Err(failure) if failure.is_about_keeping() => begin(wire, upload, Wanted::unkept(upload)).await,
            answer => answer,
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(failure) if failure.is_already_there() => {
                return Ok(Session { address: String::new(), reached: Reached::Overtaken });
            }
            Err(failure) => return Err(failure),
        };
        // The service is the one that is configured; only what comes after the host is taken from the answer.
        let address =
            answer.header("location").and_then(|location| wire.endpoint.join(location).ok()).and_then(|url| {
                let query = url.query().filter(|query| query.contains("upload_id="))?;
                Some(format!("{}?{query}", url.path()))
            });
        let Some(address) = address else {
            return Err(DestinationError::Unreachable(not_googles(answer.status, "no session")).into());
        };
        self.notes.add(upload, &Note { session: address.clone() }).await;
        Ok(Session { address, reached: Reached::Byte(0) })
    }

    /// What an answer says. A session that will not come to a good end is forgotten, so that the next attempt begins anew.
    async fn heard(&self, wire: &Wire, upload: &Upload, answer: Result<Answer, Failure>) -> Result<Said, Failure> {
        match understand(wire, upload, answer).await {
            Ok(Said::Gone) => {
                self.forget(upload).await;
                Ok(Said::Gone)
            }
            Err(failure) if failure.spoils_the_session() => {
                self.forget(upload).await;
                Err(failure)
            }
            said => said,
        }
    }

    fn keep(&self, upload: &Upload, session: Session) {
        self.known().insert(key(upload), session);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<(ObjectName, Sha256), Session>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks for a session.
async fn begin(wire: &Wire, upload: &Upload, wanted: Wanted<'_>) -> Result<Answer, Failure> {
    let length = upload.fingerprint.size.get().into();
    let json = serde_json::to_vec(&wanted).map_err(|error| DestinationError::Permanent(error.to_string()))?;
    let request = Request::new(Method::POST, wire.uploads())
        .query("uploadType", "resumable")
        .query("ifGenerationMatch", "0")
        .header("x-upload-content-length", length)
        .header("x-upload-content-type", wanted.content_type().parse().map_err(|_| later("no content type"))?)
        .body("application/json; charset=utf-8", json);
    wire.ask(request).await
}

async fn ask(wire: &Wire, upload: &Upload, address: &str) -> Result<Said, Failure> {
    let answer = wire.put(address, &question(upload), None).await;
    understand(wire, upload, answer).await
}

async fn understand(wire: &Wire, upload: &Upload, answer: Result<Answer, Failure>) -> Result<Said, Failure> {
    match answer {
        Ok(answer) if answer.status == StatusCode::PERMANENT_REDIRECT => {
            Ok(Said::Reached(Reached::Byte(kept(&answer)?)))
        }
        Ok(answer) => {
            let status = answer.status;
            let object: Object = answer.json().await?;
            if object.is(&wire.bucket, upload.object.as_str()) {
                Ok(Said::Reached(Reached::Whole))
            } else {
                Err(DestinationError::Unreachable(not_googles(status, "another object")).into())
            }
        }
        Err(failure) if failure.is_already_there() => Ok(Said::Reached(Reached::Overtaken)),
        Err(failure) if failure.is_gone() => Ok(Said::Gone),
        Err(failure) => Err(failure),
    }
}

/// How much is kept, from the beginning on. Google writes the last byte that it has, and nothing if it has none.
fn kept(answer: &Answer) -> Result<u64, DestinationError> {
    let Some(range) = answer.header("range") else { return Ok(0) };
    let last = range.strip_prefix("bytes=0-").and_then(|last| last.trim().parse::<u64>().ok());
    let next = last.and_then(|last| last.checked_add(1));
    next.ok_or_else(|| DestinationError::Unreachable(not_googles(answer.status, "not the range of this request")))
}

/// The question how far an upload is. To one that is complete, and to an empty one, it is the request to make the object.
fn question(upload: &Upload) -> String {
    format!("bytes */{}", upload.fingerprint.size.get())
}

fn key(upload: &Upload) -> (ObjectName, Sha256) {
    (upload.object.clone(), upload.fingerprint.sha256)
}

fn later(why: &str) -> DestinationError {
    DestinationError::Busy { message: why.to_owned(), retry_after: None }
}
