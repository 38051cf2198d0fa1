//! A Google Cloud Storage of our own, for as long as a test runs, since no emulator there is does what uploads hang on: it keeps
//! pieces of 256 KiB of what arrives, answers for sessions, holds generations and checksums against what was asked, and refuses to
//! delete what is locked. What it does is what "Resumable uploads", "Perform resumable uploads" and the reference of the JSON
//! interface say, and what others saw of the real one.
//!
//! Promises: whatever a test wants to go wrong goes wrong once, at the next request that it fits, in the order of the wishes.

mod retention;
mod tokens;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::anyhow;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use crc_fast::{CrcAlgorithm, checksum};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

pub use retention::Retains;

/// Of an upload that is not complete, so much is kept at once.
pub const PIECE: usize = 256 << 10;

/// The bucket that is there from the start.
pub const BUCKET: &str = "evidence";

/// What is to go wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// After so many bytes of a chunk the connection breaks.
    CutAfter(usize),
    /// What is asked of a session is done, and the connection breaks before the answer.
    LoseReply,
    /// An answer with this status, and how many seconds to wait.
    Answer(u16, Option<u64>),
    /// The session ends before what is asked of it is looked at.
    EndSession,
    /// One byte of the object is stored as another, and the checksum is that of what is stored.
    StoreOtherwise,
    /// One byte of the object is stored as another, and the checksum is that of what was sent.
    StoreOtherwiseAndLie,
}

/// Why an object is not deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// The bucket's retention policy.
    Retention,
    /// A hold.
    Hold,
    /// Who asks lacks the permission.
    Permission,
}

/// A request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its method.
    pub method: String,
    /// Its path, as it was sent, and its query.
    pub path: String,
    /// Which bytes it said to carry.
    pub range: String,
    /// How many bytes of its body arrived.
    pub received: usize,
}

/// A running service. Dropped, it ends.
#[derive(Debug)]
pub struct Gcs {
    /// Its address.
    pub endpoint: Url,
    state: Arc<Mutex<State>>,
    serving: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    buckets: BTreeMap<String, Retains>,
    /// By bucket and name.
    objects: BTreeMap<(String, String), Object>,
    sessions: HashMap<String, Session>,
    numbers: u64,
    tokens: BTreeSet<String>,
    issued: u64,
    faults: VecDeque<Fault>,
    lock: Option<Lock>,
    missing: Option<&'static str>,
    asked: Vec<Asked>,
    statements: Vec<Value>,
    /// By how many seconds its clock is ahead.
    ahead: i64,
}

#[derive(Debug, Clone)]
struct Object {
    bucket: String,
    generation: u64,
    content: Vec<u8>,
    crc32c: u32,
    wanted: Value,
}

#[derive(Debug)]
struct Session {
    bucket: String,
    wanted: Value,
    only_if_absent: bool,
    content: Vec<u8>,
    made: Option<Value>,
}

type Answer = Response<Full<Bytes>>;

impl Gcs {
    /// Starts one with an empty bucket.
    ///
    /// # Errors
    /// If there is no port.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let endpoint = format!("http://{}", listener.local_addr()?).parse()?;
        let buckets = BTreeMap::from([(BUCKET.to_owned(), Retains::EachAsAsked)]);
        let state = Arc::new(Mutex::new(State { buckets, ..State::default() }));
        let serving = tokio::spawn(serve(listener, Arc::clone(&state)));
        Ok(Self { endpoint, state, serving })
    }

    /// Has something go wrong.
    pub fn fail(&self, fault: Fault) {
        self.state().faults.push_back(fault);
    }

    /// Whether all that should go wrong went wrong.
    pub fn all_went_wrong(&self) -> bool {
        self.state().faults.is_empty()
    }

    /// Locks every object.
    pub fn lock(&self, lock: Lock) {
        self.state().lock = Some(lock);
    }

    /// Makes another bucket, which keeps objects from deletion so.
    pub fn create_bucket(&self, name: &str, retains: Retains) {
        self.state().buckets.insert(name.to_owned(), retains);
    }

    /// From now on the bucket keeps objects from deletion so.
    pub fn retain(&self, retains: Retains) {
        self.create_bucket(BUCKET, retains);
    }

    /// Takes a permission away, such as `storage.objects.create`.
    pub fn take_away(&self, permission: &'static str) {
        self.state().missing = Some(permission);
    }

    /// Accepts no token that was issued so far.
    pub fn revoke_tokens(&self) {
        self.state().tokens.clear();
    }

    /// How many tokens it has issued.
    pub fn tokens_issued(&self) -> u64 {
        self.state().issued
    }

    /// Sets its clock ahead, in seconds.
    pub fn set_clock_ahead(&self, seconds: i64) {
        self.state().ahead = seconds;
    }

    /// What service accounts stated when they asked for a token.
    pub fn statements(&self) -> Vec<Value> {
        self.state().statements.clone()
    }

    /// Forgets all uploads that are under way, as after a week.
    pub fn end_sessions(&self) {
        self.state().sessions.clear();
    }

    /// An object as somebody else puts it there.
    pub fn put(&self, name: &str, content: &[u8]) {
        let wanted = json!({"name": name, "contentType": "application/octet-stream"});
        self.state().make(BUCKET, &wanted, content.to_vec());
    }

    /// An object is gone.
    pub fn remove(&self, name: &str) {
        self.state().objects.remove(&key(BUCKET, name));
    }

    /// The content of an object.
    pub fn content(&self, name: &str) -> Option<Vec<u8>> {
        self.state().objects.get(&key(BUCKET, name)).map(|object| object.content.clone())
    }

    /// The names of all objects.
    pub fn names(&self) -> Vec<String> {
        let state = self.state();
        state.objects.keys().filter(|(bucket, _)| bucket == BUCKET).map(|(_, name)| name.clone()).collect()
    }

    /// What is written about an object.
    pub fn about(&self, name: &str) -> Option<Value> {
        self.state().objects.get(&key(BUCKET, name)).map(Object::resource)
    }

    /// All requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.state().asked.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

impl Drop for Gcs {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        let service = hyper::service::service_fn(move |request| answer(request, Arc::clone(&state)));
        connections.spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// An error ends the connection without an answer.
async fn answer(request: Request<Incoming>, state: Arc<Mutex<State>>) -> anyhow::Result<Answer> {
    let (head, mut body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let query: BTreeMap<String, String> =
        url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let range = text(&head.headers, "content-range");
    let whole = head.uri.path_and_query().map_or_else(String::new, ToString::to_string);
    let is_session = query.contains_key("upload_id");
    if is_session && locked(&state).next(|fault| *fault == Fault::EndSession).is_some() {
        locked(&state).sessions.remove(&query["upload_id"]);
    }
    let cut = if range.starts_with("bytes */") {
        None
    } else {
        is_session.then(|| locked(&state).next(|fault| matches!(fault, Fault::CutAfter(_)))).flatten()
    };
    let content = receive(&mut body, cut.as_ref()).await;
    let (content, broken) = match content {
        Ok(content) => (content, false),
        Err(content) => (content, true),
    };
    let mut state = locked(&state);
    state.asked.push(Asked {
        method: head.method.to_string(),
        path: whole,
        range: range.clone(),
        received: content.len(),
    });
    if let Some(Fault::Answer(status, wait)) = state.next(|fault| matches!(fault, Fault::Answer(..))) {
        return Ok(busy(status, wait));
    }
    let answer = match (&head.method, path.as_str()) {
        (&Method::PUT, _) if is_session => state.session(&query["upload_id"], &range, &content, broken),
        (&Method::POST, "/token") => state.token_for_statement(&content),
        (&Method::POST, "/sts") => state.token_for_subject(&content),
        (&Method::POST, "/impersonate") => state.token_of_another(&head.headers),
        (&Method::GET, "/computeMetadata/v1/instance/service-accounts/default/token") => {
            state.token_of_the_machine(&head.headers)
        }
        (method, path) => state.storage(method, path, &query, &head.headers, &content),
    };
    if broken || (is_session && state.next(|fault| *fault == Fault::LoseReply).is_some()) {
        return Err(anyhow!("the connection breaks"));
    }
    Ok(answer)
}

/// The body, or as much of it as came before the connection broke.
async fn receive(body: &mut Incoming, cut: Option<&Fault>) -> Result<Vec<u8>, Vec<u8>> {
    let limit = if let Some(Fault::CutAfter(bytes)) = cut { *bytes } else { usize::MAX };
    let mut content = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Err(content) };
        content.extend_from_slice(frame.data_ref().unwrap_or(&Bytes::new()));
        if content.len() >= limit {
            content.truncate(limit);
            return Err(content);
        }
    }
    Ok(content)
}

impl State {
    fn next(&mut self, fits: impl Fn(&Fault) -> bool) -> Option<Fault> {
        self.faults.front().is_some_and(fits).then(|| self.faults.pop_front()).flatten()
    }

    fn number(&mut self) -> u64 {
        self.numbers += 1;
        1_700_000_000_000_000 + self.numbers
    }

    fn storage(
        &mut self,
        method: &Method,
        path: &str,
        query: &BTreeMap<String, String>,
        headers: &HeaderMap,
        content: &[u8],
    ) -> Answer {
        let token = text(headers, "authorization");
        if !token.strip_prefix("Bearer ").is_some_and(|token| self.tokens.contains(token)) {
            return refusal(401, "authError", "Invalid Credentials");
        }
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let (bucket, name) = match parts[..] {
            ["upload", "storage", "v1", "b", bucket, "o"] => (bucket, None),
            ["storage", "v1", "b", bucket, "o", name] => (bucket, Some(decoded(name))),
            _ => return refusal(404, "notFound", "Not Found"),
        };
        if !self.buckets.contains_key(bucket) {
            return refusal(404, "notFound", "The specified bucket does not exist.");
        }
        let needed = match (method, &name) {
            (_, None) => "storage.objects.create",
            (&Method::DELETE, _) => "storage.objects.delete",
            (&Method::PATCH, _) => "storage.objects.update",
            _ => "storage.objects.get",
        };
        if self.missing == Some(needed) || (needed.ends_with("delete") && self.lock == Some(Lock::Permission)) {
            let message = format!(
                "ev@x.iam.gserviceaccount.com does not have {needed} access to the bucket. Permission '{needed}' denied"
            );
            return refusal(403, "forbidden", &message);
        }
        match (method, name) {
            (&Method::POST, None) => self.begin(bucket, query, content),
            (&Method::GET, Some(name)) => self.look(&key(bucket, &name), query),
            (&Method::DELETE, Some(name)) => self.delete(&key(bucket, &name), query),
            (&Method::PATCH, Some(name)) => self.keep(&key(bucket, &name), query, content),
            _ => refusal(405, "methodNotAllowed", "Method Not Allowed"),
        }
    }

    fn begin(&mut self, bucket: &str, query: &BTreeMap<String, String>, content: &[u8]) -> Answer {
        let only_if_absent = query.get("ifGenerationMatch").is_some_and(|generation| generation == "0");
        if query["uploadType"] == "media" {
            if only_if_absent && self.objects.contains_key(&key(bucket, &query["name"])) {
                return not_met();
            }
            let wanted = json!({"name": query["name"]});
            return told(&self.make(bucket, &wanted, content.to_vec()));
        }
        let Ok(wanted) = serde_json::from_slice::<Value>(content) else {
            return refusal(400, "parseError", "Parse Error");
        };
        if let Some(refusal) = self.buckets[bucket].refusal(&wanted) {
            return refusal;
        }
        let id = format!("session-{}", self.number());
        // As with the real one, nothing is held against the object yet.
        let bucket = bucket.to_owned();
        let session = Session { bucket: bucket.clone(), wanted, only_if_absent, content: Vec::new(), made: None };
        self.sessions.insert(id.clone(), session);
        let mut answer = googles(StatusCode::OK, Vec::new());
        let address = format!(
            "https://storage.googleapis.com/upload/storage/v1/b/{bucket}/o?uploadType=resumable&ifGenerationMatch=0&upload_id={id}"
        );
        answer.headers_mut().insert("location", address.parse().unwrap());
        answer
    }

    fn session(&mut self, id: &str, range: &str, content: &[u8], broken: bool) -> Answer {
        let Some(session) = self.sessions.get_mut(id) else { return plain(404, "Not Found") };
        if let Some(made) = &session.made {
            return told(made);
        }
        let Some((start, total)) = parsed(range) else { return plain(400, "Failed to parse Content-Range header.") };
        if let Some(start) = start {
            let Some(known) = session.content.len().checked_sub(start) else {
                return plain(503, "Service Unavailable");
            };
            // What is there already is not looked at again.
            session.content.extend_from_slice(content.get(known..).unwrap_or_default());
        }
        if broken || session.content.len() < total {
            session.content.truncate(session.content.len() / PIECE * PIECE);
            let mut answer = googles(StatusCode::PERMANENT_REDIRECT, Vec::new());
            if let Some(last) = session.content.len().checked_sub(1) {
                answer.headers_mut().insert("range", format!("bytes=0-{last}").parse().unwrap());
            }
            return answer;
        }
        self.finish(id)
    }

    fn finish(&mut self, id: &str) -> Answer {
        let Session { bucket, wanted, only_if_absent, content, .. } = self.sessions.remove(id).unwrap();
        let sum = crc32c(&content);
        if let Some(given) = wanted["crc32c"].as_str().filter(|given| *given != written(sum)) {
            let message = format!("Provided CRC32C \"{given}\" doesn't match calculated CRC32C \"{}\".", written(sum));
            return refusal(400, "invalid", &message);
        }
        if only_if_absent && self.objects.contains_key(&key(&bucket, wanted["name"].as_str().unwrap())) {
            return not_met();
        }
        let made = self.make(&bucket, &wanted, content);
        let session = Session { bucket, wanted, only_if_absent, content: Vec::new(), made: Some(made.clone()) };
        self.sessions.insert(id.to_owned(), session);
        told(&made)
    }

    fn make(&mut self, bucket: &str, wanted: &Value, mut content: Vec<u8>) -> Value {
        let mut sum = crc32c(&content);
        let fault = self.next(|fault| matches!(fault, Fault::StoreOtherwise | Fault::StoreOtherwiseAndLie));
        if let (Some(fault), Some(byte)) = (fault, content.last_mut()) {
            *byte ^= 1;
            sum = if fault == Fault::StoreOtherwise { crc32c(&content) } else { sum };
        }
        let wanted = self.buckets[bucket].applied_to(wanted);
        let generation = self.number();
        let name = key(bucket, wanted["name"].as_str().unwrap());
        let object = Object { bucket: bucket.to_owned(), generation, content, crc32c: sum, wanted };
        let resource = object.resource();
        self.objects.insert(name, object);
        resource
    }

    fn look(&self, name: &(String, String), query: &BTreeMap<String, String>) -> Answer {
        let wanted = query.get("generation").and_then(|generation| generation.parse().ok());
        let found =
            self.objects.get(name).filter(|object| wanted.is_none_or(|wanted: u64| wanted == object.generation));
        match found {
            None => refusal(404, "notFound", &format!("No such object: {}/{}", name.0, name.1)),
            Some(object) if query.get("alt").is_some_and(|alt| alt == "media") => {
                googles(StatusCode::OK, object.content.clone())
            }
            Some(object) => told(&object.resource()),
        }
    }

    fn delete(&mut self, name: &(String, String), query: &BTreeMap<String, String>) -> Answer {
        match self.lock {
            Some(Lock::Retention) => {
                refusal(403, "retentionPolicyNotMet", "Object is subject to bucket's retention policy.")
            }
            Some(Lock::Hold) => refusal(403, "objectUnderActiveHold", "Object is under active Temporary hold."),
            _ => {
                if let Some(refusal) = self.kept(name) {
                    return refusal;
                }
                let asked = query.get("generation").and_then(|generation| generation.parse::<u64>().ok());
                // Without a generation, it would only be hidden.
                if self.objects.get(name).map(|object| object.generation) == asked {
                    self.objects.remove(name);
                }
                googles(StatusCode::NO_CONTENT, Vec::new())
            }
        }
    }
}

impl Object {
    fn resource(&self) -> Value {
        let mut resource = self.wanted.clone();
        resource["bucket"] = self.bucket.as_str().into();
        resource["generation"] = self.generation.to_string().into();
        resource["metageneration"] = "1".into();
        resource["size"] = self.content.len().to_string().into();
        resource["crc32c"] = written(self.crc32c).into();
        resource
    }
}

/// Where the bytes begin, if there are any, and how many all are; of an unknown number, more than there can be.
fn parsed(range: &str) -> Option<(Option<usize>, usize)> {
    let (bytes, total) = range.strip_prefix("bytes ")?.split_once('/')?;
    let start = if bytes == "*" { None } else { Some(bytes.split_once('-')?.0.parse().ok()?) };
    Some((start, if total == "*" { usize::MAX } else { total.parse().ok()? }))
}

fn key(bucket: &str, name: &str) -> (String, String) {
    (bucket.to_owned(), name.to_owned())
}

fn crc32c(content: &[u8]) -> u32 {
    u32::try_from(checksum(CrcAlgorithm::Crc32Iscsi, content)).unwrap()
}

fn written(sum: u32) -> String {
    BASE64.encode(sum.to_be_bytes())
}

fn decoded(name: &str) -> String {
    let form = name.replace('+', "%2B");
    url::form_urlencoded::parse(form.as_bytes()).map(|(name, _)| name.into_owned()).collect()
}

fn text(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

fn googles(status: StatusCode, body: Vec<u8>) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    answer.headers_mut().insert("x-guploader-uploadid", HeaderValue::from_static("1"));
    answer
}

fn told(resource: &Value) -> Answer {
    googles(StatusCode::OK, resource.to_string().into_bytes())
}

fn refusal(status: u16, reason: &str, message: &str) -> Answer {
    let body =
        json!({"error": {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}});
    googles(StatusCode::from_u16(status).unwrap(), body.to_string().into_bytes())
}

fn not_met() -> Answer {
    refusal(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.")
}

fn plain(status: u16, words: &str) -> Answer {
    googles(StatusCode::from_u16(status).unwrap(), words.as_bytes().to_vec())
}

fn busy(status: u16, wait: Option<u64>) -> Answer {
    let mut answer = refusal(status, "rateLimitExceeded", "Later, please.");
    if let Some(wait) = wait {
        answer.headers_mut().insert("retry-after", wait.into());
    }
    answer
}
