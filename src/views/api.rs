//! The routes, whatever they are served on.

use std::sync::Arc;

use async_trait::async_trait;
use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::document::StatusDocument;
use super::events;
use crate::domain::{Action, Caller, DestinationName, Earlier, Moment, PlaceId, Problem, ProblemId, Snapshot};
use crate::words::Words;

/// Takes requests to the station.
#[async_trait]
pub trait Desk: Send + Sync {
    /// What waits for a person.
    async fn problems(&self) -> Result<Vec<Problem>, String>;

    /// Tries again what a person has looked at. `None` if there is no such problem.
    async fn retry(&self, problem: ProblemId, by: Caller) -> Result<Option<Problem>, String>;

    /// Enrols the place that a person has looked at, if the station sees the same one. `None` if there is no such
    /// destination; the inner error says why it was not enrolled.
    async fn enrol(
        &self,
        destination: DestinationName,
        place: PlaceId,
        earlier: Earlier,
        by: Caller,
    ) -> Result<Option<Result<(), String>>, String>;

    /// Writes down that somebody wanted this, and may not.
    async fn refuse(&self, action: Action, by: Caller);
}

/// A problem as the interface shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProblemView {
    /// What `camdock retry` takes.
    pub id: ProblemId,
    /// The camera it is about; none if it is about the station itself.
    pub camera: Option<String>,
    /// The file on the camera or of the station, escaped.
    pub path: String,
    /// The destination, where the trouble is at one.
    pub destination: Option<String>,
    /// What is wrong, and what to do.
    pub message: String,
    /// Since when.
    pub since: Moment,
}

impl ProblemView {
    /// What it is about, for people.
    #[must_use]
    pub fn subject(&self) -> String {
        match &self.camera {
            Some(camera) => format!("camera {camera}  {}", self.path),
            None => format!("the station  {}", self.path),
        }
    }
}

impl ProblemView {
    /// A problem in the words of a language.
    #[must_use]
    pub fn new(problem: Problem, words: &Words) -> Self {
        Self {
            id: problem.id,
            camera: problem.camera.map(|camera| camera.to_string()),
            path: problem.path.to_string(),
            destination: problem.destination.map(|destination| destination.to_string()),
            message: words.say(problem.kind),
            since: problem.since,
        }
    }
}

/// What the routes answer from.
struct Answers {
    snapshot: watch::Receiver<Snapshot>,
    desk: Arc<dyn Desk>,
}

/// `/api/v1/status`, `/api/v1/events`, `/api/v1/problems`: what changes nothing.
pub fn reading(snapshot: watch::Receiver<Snapshot>, desk: Arc<dyn Desk>) -> Router {
    Router::new()
        .route("/api/v1/status", get(status))
        .route("/api/v1/problems", get(problems))
        .with_state(Arc::new(Answers { snapshot: snapshot.clone(), desk }))
        .merge(events::routes(snapshot))
}

async fn status(State(answers): State<Arc<Answers>>) -> Json<StatusDocument> {
    Json(StatusDocument::new(&answers.snapshot.borrow(), Words::english()))
}

fn view(problem: Problem) -> ProblemView {
    ProblemView::new(problem, Words::english())
}

async fn problems(State(answers): State<Arc<Answers>>) -> Response {
    match answers.desk.problems().await {
        Ok(problems) => Json(problems.into_iter().map(view).collect::<Vec<_>>()).into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error).into_response(),
    }
}
