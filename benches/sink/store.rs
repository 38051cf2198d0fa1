//! What the sink remembers: everything about objects but their content, unless it is tiny.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::HeaderValue;

/// One date for all objects: nothing here depends on time.
pub(crate) const LAST_MODIFIED: &str = "Thu, 01 Jan 2026 00:00:00 GMT";

#[derive(Default)]
pub(crate) struct Store(Mutex<HashMap<String, Object>>);

#[derive(Default)]
struct Object {
    staged: HashMap<String, u64>,
    committed: Option<Committed>,
}

struct Committed {
    blocks: Vec<(String, u64)>,
    length: u64,
    /// Kept if it is tiny.
    content: Option<Bytes>,
    etag: String,
    properties: Vec<(String, HeaderValue)>,
}

/// What became of an attempt to create an object.
pub(crate) enum Commit {
    Created { etag: String },
    Exists,
    UnknownBlock,
}

impl Store {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Object>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a block of this length, not yet part of the object.
    pub(crate) fn stage(&self, object: &str, block: String, length: u64) {
        self.lock().entry(object.to_owned()).or_default().staged.insert(block, length);
    }

    /// Makes the object out of these blocks, staged ones before committed ones.
    pub(crate) fn commit(&self, object: &str, ids: &[String], headers: &HeaderMap) -> Commit {
        let mut objects = self.lock();
        let object = objects.entry(object.to_owned()).or_default();
        let committed = object.committed.iter().flat_map(|committed| &committed.blocks);
        let mut known: HashMap<&str, u64> = committed.map(|(id, length)| (id.as_str(), *length)).collect();
        known.extend(object.staged.iter().map(|(id, length)| (id.as_str(), *length)));
        let blocks = ids.iter().map(|id| Some((id.clone(), *known.get(id.as_str())?))).collect::<Option<Vec<_>>>();
        let Some(blocks) = blocks else { return Commit::UnknownBlock };
        let length = blocks.iter().map(|(_, length)| length).sum();
        object.create(blocks, length, None, headers)
    }

    /// Makes an object of this length, without blocks.
    pub(crate) fn put(&self, object: &str, length: u64, content: Option<Bytes>, headers: &HeaderMap) -> Commit {
        self.lock().entry(object.to_owned()).or_default().create(Vec::new(), length, content, headers)
    }

    /// The content of a tiny object.
    pub(crate) fn content(&self, object: &str) -> Option<Bytes> {
        self.lock().get(object)?.committed.as_ref()?.content.clone()
    }

    /// The headers that describe the committed object.
    pub(crate) fn properties(&self, object: &str) -> Option<Vec<(String, HeaderValue)>> {
        let objects = self.lock();
        let committed = objects.get(object)?.committed.as_ref()?;
        let mut properties = committed.properties.clone();
        properties.push(("content-length".to_owned(), HeaderValue::from(committed.length)));
        properties.push(("last-modified".to_owned(), HeaderValue::from_static(LAST_MODIFIED)));
        properties.push(("x-ms-blob-type".to_owned(), HeaderValue::from_static("BlockBlob")));
        properties.push(("etag".to_owned(), HeaderValue::from_str(&committed.etag).ok()?));
        Some(properties)
    }

    /// The block list of an object that has staged or committed blocks, as Azure words it.
    pub(crate) fn block_list(&self, object: &str, kind: &str) -> Option<String> {
        let objects = self.lock();
        let object = objects.get(object)?;
        let mut text = "<BlockList>".to_owned();
        if kind != "uncommitted" {
            let blocks = object.committed.iter().flat_map(|committed| &committed.blocks);
            list(&mut text, "CommittedBlocks", blocks.map(|(id, length)| (id, *length)));
        }
        if kind == "uncommitted" || kind == "all" {
            list(&mut text, "UncommittedBlocks", object.staged.iter().map(|(id, length)| (id, *length)));
        }
        text.push_str("</BlockList>");
        Some(text)
    }

    /// The bytes of all committed objects.
    pub(crate) fn tally(&self) -> u64 {
        self.lock().values().filter_map(|object| Some(object.committed.as_ref()?.length)).sum()
    }

    /// Forgets the object.
    pub(crate) fn remove(&self, object: &str) {
        self.lock().remove(object);
    }
}

impl Object {
    fn create(
        &mut self,
        blocks: Vec<(String, u64)>,
        length: u64,
        content: Option<Bytes>,
        headers: &HeaderMap,
    ) -> Commit {
        if self.committed.is_some() && headers.get("if-none-match").is_some_and(|value| value == "*") {
            return Commit::Exists;
        }
        let etag = format!("\"{}\"", uuid::Uuid::now_v7().simple());
        self.staged.clear();
        let properties = headers.iter().filter_map(|(key, value)| Some((property(key.as_str())?, value.clone())));
        self.committed =
            Some(Committed { blocks, length, content, etag: etag.clone(), properties: properties.collect() });
        Commit::Created { etag }
    }
}

/// The name under which a header of the request describes the object later.
fn property(header: &str) -> Option<String> {
    match header {
        "x-ms-blob-content-md5" | "x-ms-blob-content-type" => Some(header.replacen("x-ms-blob-", "", 1)),
        _ => header.starts_with("x-ms-meta-").then(|| header.to_owned()),
    }
}

fn list<'a>(text: &mut String, kind: &str, blocks: impl Iterator<Item = (&'a String, u64)>) {
    let _ = write!(text, "<{kind}>");
    for (id, length) in blocks {
        let _ = write!(text, "<Block><Name>{id}</Name><Size>{length}</Size></Block>");
    }
    let _ = write!(text, "</{kind}>");
}
