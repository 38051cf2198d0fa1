//! The routes, whatever they are served on.

use std::sync::Arc;

use async_trait::async_trait;
use axum::Json;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::domain::{Hold, HoldId, Moment, Snapshot};

/// Takes requests to the station.
#[async_trait]
pub trait Desk: Send + Sync {
    /// What waits for a person.
    async fn holds(&self) -> Result<Vec<Hold>, String>;

    /// Releases a hold: "try again". `None` if there is no such hold.
    async fn release(&self, hold: HoldId) -> Result<Option<Hold>, String>;
}

/// A hold as the interface shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldView {
    /// What `camdock hold release` takes.
    pub id: HoldId,
    /// The camera it is about.
    pub camera: String,
    /// The file on the camera, escaped.
    pub path: String,
    /// The destination, where the trouble is at one.
    pub destination: Option<String>,
    /// Why, and what to do.
    pub reason: String,
    /// Since when.
    pub since: Moment,
}

impl From<Hold> for HoldView {
    fn from(hold: Hold) -> Self {
        Self {
            id: hold.id,
            camera: hold.camera.to_string(),
            path: hold.path.to_string(),
            destination: hold.destination.map(|destination| destination.to_string()),
            reason: hold.reason.to_string(),
            since: hold.since,
        }
    }
}

struct Counter {
    snapshot: watch::Receiver<Snapshot>,
    desk: Arc<dyn Desk>,
}

/// `/api/v1/status`, `/api/v1/holds`, `/api/v1/holds/{id}/release`, `/healthz`.
pub fn routes(snapshot: watch::Receiver<Snapshot>, desk: Arc<dyn Desk>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/api/v1/status", get(status))
        .route("/api/v1/holds", get(holds))
        .route("/api/v1/holds/{id}/release", post(release))
        .with_state(Arc::new(Counter { snapshot, desk }))
}

async fn status(State(counter): State<Arc<Counter>>) -> Json<Snapshot> {
    Json(counter.snapshot.borrow().clone())
}

async fn holds(State(counter): State<Arc<Counter>>) -> Response {
    match counter.desk.holds().await {
        Ok(holds) => Json(holds.into_iter().map(HoldView::from).collect::<Vec<_>>()).into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error).into_response(),
    }
}

async fn release(State(counter): State<Arc<Counter>>, Path(id): Path<i64>) -> Response {
    match counter.desk.release(HoldId(id)).await {
        Ok(Some(hold)) => Json(HoldView::from(hold)).into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, format!("there is no hold {id}; see: camdock hold list")).into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error).into_response(),
    }
}
