//! The routes that tell programs how the station is and what it remembers, whatever they are served on. Nothing is changed by them.
//!
//! Promises: what a list costs does not grow with the station's history, since it comes a page at a time; what is asked for wrongly is
//! answered with 400 and a sentence, what there is not with 404, and what cannot be told just now with 503, soon.

use std::str::FromStr;
use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::StatusDocument;
use super::events;
use super::records::{NoRecords, Records};
use super::remembered::{DockingsDocument, ProblemView, SegmentDocument, WholeDocking};
use crate::domain::{DockingId, ExplainedDocking, ProblemId, SegmentId, Snapshot};
use crate::words::Words;

/// So many problems are told at once at most, and if nobody says how many.
pub const PROBLEMS_AT_ONCE: u32 = 1_000;
/// So many dockings are told at once at most.
const DOCKINGS_AT_ONCE: u32 = 500;
/// So many if nobody says how many.
const DOCKINGS: u32 = 50;
/// So many segments of a docking are told at once at most, and if nobody says how many.
const SEGMENTS_AT_ONCE: u32 = 500;

/// What the routes answer from.
pub(super) struct Answers {
    snapshot: watch::Receiver<Snapshot>,
    records: Arc<dyn Records>,
}

/// `/api/v1/status`, `/api/v1/events`, `/api/v1/problems`, `/api/v1/dockings`, `/api/v1/dockings/{id}`.
pub fn reading(snapshot: watch::Receiver<Snapshot>, records: Arc<dyn Records>) -> Router {
    let answers = Arc::new(Answers { snapshot: snapshot.clone(), records });
    Router::from(described().with_state(answers)).merge(events::routes(snapshot))
}

/// The routes, as they are described to programs.
pub(super) fn described() -> OpenApiRouter<Arc<Answers>> {
    OpenApiRouter::new()
        .routes(routes!(status))
        .routes(routes!(problems))
        .routes(routes!(dockings))
        .routes(routes!(docking))
}

/// Which excerpt of a list.
#[derive(Deserialize)]
struct Excerpt {
    before: Option<String>,
    after: Option<String>,
    limit: Option<String>,
}

/// Why something is not told.
pub(super) enum NotTold {
    /// It was asked for wrongly.
    Wrong(String),
    /// There is no such thing.
    Unknown(String),
    /// It cannot be told just now.
    NotNow(NoRecords),
}

impl From<NoRecords> for NotTold {
    fn from(why: NoRecords) -> Self {
        Self::NotNow(why)
    }
}

impl IntoResponse for NotTold {
    fn into_response(self) -> Response {
        let (status, why) = match self {
            Self::Wrong(why) => (StatusCode::BAD_REQUEST, why),
            Self::Unknown(why) => (StatusCode::NOT_FOUND, why),
            Self::NotNow(why) => (StatusCode::SERVICE_UNAVAILABLE, why.to_string()),
        };
        (status, format!("{why}\n")).into_response()
    }
}

/// An answer, which nobody is to keep.
fn told(document: impl Serialize) -> Response {
    ([(CACHE_CONTROL, "no-store")], Json(document)).into_response()
}

/// The id of a docking, as somebody wrote it.
pub(super) fn docking_id(text: &str) -> Result<DockingId, NotTold> {
    let no_id = "that is no id of a docking; one looks like 019b7628-0000-7000-8000-000000000001";
    DockingId::parse(text).map_err(|_| NotTold::Wrong(no_id.to_owned()))
}

/// The id of a segment, as somebody wrote it.
pub(super) fn segment_id(text: &str) -> Result<SegmentId, NotTold> {
    let no_id = "that is no id of a segment; one has 32 hexadecimal digits";
    SegmentId::parse(text).map_err(|_| NotTold::Wrong(no_id.to_owned()))
}

pub(super) fn no_docking(id: DockingId) -> NotTold {
    NotTold::Unknown(format!("there is no docking {id} here, or no such segment in the ledger"))
}

impl Excerpt {
    /// How many, at most `most`.
    fn limit(&self, usual: u32, most: u32) -> Result<u32, NotTold> {
        let Some(text) = &self.limit else { return Ok(usual) };
        let limit = u32::from_str(text).ok().filter(|limit| (1..=most).contains(limit));
        limit.ok_or_else(|| NotTold::Wrong(format!("limit is a whole number from 1 to {most}")))
    }
}

/// Takes away what is beyond a page. Returns the last one on it if there was something.
pub(super) fn page<T: Clone>(all: &mut Vec<T>, limit: u32) -> Option<T> {
    let is_more = all.len() > limit as usize;
    all.truncate(limit as usize);
    all.last().filter(|_| is_more).cloned()
}

/// How the station is, at this moment.
#[utoipa::path(get, path = "/api/v1/status", tag = "reading", responses((status = 200, body = StatusDocument)))]
async fn status(State(answers): State<Arc<Answers>>) -> Response {
    told(StatusDocument::new(&answers.snapshot.borrow(), Words::english()))
}

/// What waits for a person, in the order in which it was found.
#[utoipa::path(
    get,
    path = "/api/v1/problems",
    tag = "reading",
    params(
        ("after" = Option<i64>, Query, description = "the number of the last one that is known; those after it are told"),
        ("limit" = Option<u32>, Query, description = "how many at most", minimum = 1, maximum = 1000),
    ),
    responses(
        (status = 200, body = [ProblemView]),
        (status = 400, description = "What is wrong with the question", body = String, content_type = "text/plain"),
        (status = 503, description = "The ledger does not answer just now", body = String, content_type = "text/plain"),
    )
)]
async fn problems(State(answers): State<Arc<Answers>>, Query(excerpt): Query<Excerpt>) -> Result<Response, NotTold> {
    let limit = excerpt.limit(PROBLEMS_AT_ONCE, PROBLEMS_AT_ONCE)?;
    let after = excerpt.after.as_deref().map_or(Ok(0), str::parse);
    let after = after.map_err(|_| NotTold::Wrong("after is the number of a problem".to_owned()))?;
    let problems = answers.records.problems(ProblemId(after), limit).await?;
    let view = |problem| ProblemView::new(problem, Words::english());
    Ok(told(problems.into_iter().map(view).collect::<Vec<_>>()))
}

/// The dockings, the latest first.
#[utoipa::path(
    get,
    path = "/api/v1/dockings",
    tag = "reading",
    params(
        ("before" = Option<String>, Query, pattern = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", description = "the last one that is known; those before it are told"),
        ("limit" = Option<u32>, Query, description = "how many at most", minimum = 1, maximum = 500),
    ),
    responses(
        (status = 200, body = DockingsDocument),
        (status = 400, description = "What is wrong with the question", body = String, content_type = "text/plain"),
        (status = 404, description = "There is no such docking", body = String, content_type = "text/plain"),
        (status = 503, description = "The ledger does not answer just now", body = String, content_type = "text/plain"),
    )
)]
async fn dockings(State(answers): State<Arc<Answers>>, Query(excerpt): Query<Excerpt>) -> Result<Response, NotTold> {
    let limit = excerpt.limit(DOCKINGS, DOCKINGS_AT_ONCE)?;
    let before = excerpt.before.as_deref().map(docking_id).transpose()?;
    let dockings = answers.records.dockings(before, limit + 1).await?;
    // There is always something before none.
    let mut dockings = match (dockings, before) {
        (Some(dockings), _) => dockings,
        (None, Some(before)) => return Err(no_docking(before)),
        (None, None) => Vec::new(),
    };
    let before = page(&mut dockings, limit).map(|last| last.id);
    Ok(told(DockingsDocument { dockings: dockings.into_iter().map(Into::into).collect(), before }))
}

/// One docking with its segments, each with every condition of its wipe.
#[utoipa::path(
    get,
    path = "/api/v1/dockings/{id}",
    tag = "reading",
    params(
        ("id" = String, Path, pattern = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", description = "which"),
        ("after" = Option<String>, Query, description = "the last segment that is known; those after it are told", pattern = "^[0-9a-f]{32}$"),
        ("limit" = Option<u32>, Query, description = "how many segments at most", minimum = 1, maximum = 500),
    ),
    responses(
        (status = 200, body = WholeDocking),
        (status = 400, description = "What is wrong with the question", body = String, content_type = "text/plain"),
        (status = 404, description = "There is no such docking, or no such segment", body = String, content_type = "text/plain"),
        (status = 503, description = "The ledger does not answer just now", body = String, content_type = "text/plain"),
    )
)]
async fn docking(
    State(answers): State<Arc<Answers>>,
    Path(id): Path<String>,
    Query(excerpt): Query<Excerpt>,
) -> Result<Response, NotTold> {
    let (id, limit) = (docking_id(&id)?, excerpt.limit(SEGMENTS_AT_ONCE, SEGMENTS_AT_ONCE)?);
    let after = excerpt.after.as_deref().map(segment_id).transpose()?;
    let found = answers.records.docking(id, after, limit + 1).await?;
    let ExplainedDocking { docking, mut segments, .. } = found.ok_or_else(|| no_docking(id))?;
    let after = page(&mut segments, limit).map(|last| last.known.segment.id);
    let view = |segment| SegmentDocument::new(segment, Words::english());
    Ok(told(WholeDocking { docking: docking.into(), segments: segments.into_iter().map(view).collect(), after }))
}
