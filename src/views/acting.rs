//! The routes by which somebody has the station do something. They are apart from those that only tell, so that other rules may stand
//! before them.

use std::sync::Arc;

use async_trait::async_trait;
use axum::Json;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;

use super::remembered::ProblemView;
use crate::domain::{DestinationName, Earlier, PlaceId, Problem, ProblemId};
use crate::words::Words;

/// Takes requests to the station.
#[async_trait]
pub trait Desk: Send + Sync {
    /// Tries again what a person has looked at. `None` if there is no such problem.
    async fn retry(&self, problem: ProblemId) -> Result<Option<Problem>, String>;

    /// Enrols the place that a person has looked at, if the station sees the same one. `None` if there is no such
    /// destination; the inner error says why it was not enrolled.
    async fn enrol(
        &self,
        destination: DestinationName,
        place: PlaceId,
        earlier: Earlier,
    ) -> Result<Option<Result<(), String>>, String>;
}

/// `/api/v1/problems/{id}/retry`, `/api/v1/destinations/{name}/enrol/{place}`, `/api/v1/destinations/{name}/replace/{place}`.
pub fn acting(desk: Arc<dyn Desk>) -> Router {
    Router::new()
        .route("/api/v1/problems/{id}/retry", post(retry))
        .route("/api/v1/destinations/{name}/enrol/{place}", post(enrol))
        .route("/api/v1/destinations/{name}/replace/{place}", post(replace))
        .with_state(desk)
}

async fn retry(State(desk): State<Arc<dyn Desk>>, Path(id): Path<i64>) -> Response {
    match desk.retry(ProblemId(id)).await {
        Ok(Some(problem)) => Json(ProblemView::new(problem, Words::english())).into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, format!("there is no problem {id}; see: camdock problems")).into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error).into_response(),
    }
}

async fn enrol(State(desk): State<Arc<dyn Desk>>, Path((name, place)): Path<(String, String)>) -> Response {
    enrolled(&*desk, name, &place, Earlier::Stays).await
}

async fn replace(State(desk): State<Arc<dyn Desk>>, Path((name, place)): Path<(String, String)>) -> Response {
    enrolled(&*desk, name, &place, Earlier::IsReplaced).await
}

async fn enrolled(desk: &dyn Desk, name: String, place: &str, earlier: Earlier) -> Response {
    let (Ok(destination), Ok(id)) = (DestinationName::new(name.clone()), PlaceId::parse(place)) else {
        return (StatusCode::BAD_REQUEST, format!("{name} or {place} is no name or no place")).into_response();
    };
    match desk.enrol(destination, id, earlier).await {
        Ok(Some(Ok(()))) => Json(place).into_response(),
        Ok(Some(Err(why))) => (StatusCode::CONFLICT, why).into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, format!("the running service has no destination {name}")).into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error).into_response(),
    }
}
