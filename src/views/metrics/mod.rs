//! The station in numbers, for Prometheus and whoever else watches machines: `/metrics` and `/healthz`.
//!
//! Promises: it reads snapshots, asks nobody and changes nothing, so however often it is asked, no transfer waits for it. It answers
//! in bounded time, and with nothing that was so long ago: an answer waits for the station's next sign of life, and says so if none
//! comes. Every label is a name from the configuration or a word of a closed list, so series are as many as bays, destinations and
//! words, whatever cameras come. Counters follow from the custody log and go on counting after a restart.

mod plain;
mod sheet;
mod station;

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use tokio::sync::watch;
use tokio::time::timeout;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::domain::Snapshot;

/// A station shows itself at once to who asks. One that has not for this long hangs; Prometheus waits ten seconds by default.
const SIGN_OF_LIFE_WITHIN: Duration = Duration::from_secs(8);

/// What Prometheus asks for: <https://github.com/prometheus/OpenMetrics/blob/v1.0.0/specification/OpenMetrics.md>.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// What everybody else understands: <https://prometheus.io/docs/instrumenting/exposition_formats/>.
const PLAIN: &str = "text/plain; version=0.0.4; charset=utf-8";

/// `/metrics`
pub fn metrics(snapshot: watch::Receiver<Snapshot>) -> Router {
    Router::from(OpenApiRouter::new().routes(routes!(numbers)).with_state(snapshot))
}

/// `/healthz`: whether it is alive, and nothing else.
pub fn health(snapshot: watch::Receiver<Snapshot>) -> Router {
    Router::from(OpenApiRouter::new().routes(routes!(alive)).with_state(snapshot))
}

/// The routes, as they are described to programs.
pub(super) fn described() -> OpenApiRouter<watch::Receiver<Snapshot>> {
    OpenApiRouter::new().routes(routes!(numbers)).routes(routes!(alive))
}

/// Whether the station is alive.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "watching",
    responses(
        (status = 200, description = "It is", body = String, content_type = "text/plain"),
        (status = 503, description = "The station has not shown itself for a while", body = String, content_type = "text/plain"),
    )
)]
async fn alive(State(snapshot): State<watch::Receiver<Snapshot>>) -> Response {
    match next(snapshot).await {
        Ok(_) => "ok\n".into_response(),
        Err(silence) => silence.into_response(),
    }
}

/// The station in numbers, for Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "watching",
    responses(
        (status = 200, description = "In the text format, or as OpenMetrics where that is accepted",
         content((String = "text/plain"), (String = "application/openmetrics-text"))),
        (status = 503, description = "The station has not shown itself for a while", body = String, content_type = "text/plain"),
    )
)]
async fn numbers(State(snapshot): State<watch::Receiver<Snapshot>>, headers: HeaderMap) -> Response {
    let shown = match next(snapshot).await {
        Ok(shown) => shown,
        Err(silence) => return silence.into_response(),
    };
    let Ok(text) = station::written(shown) else {
        return (StatusCode::INTERNAL_SERVER_ERROR, "A number is too large to be written.\n").into_response();
    };
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|kinds| kinds.to_str().ok());
    if accepted.flat_map(|kinds| kinds.split(',')).any(|kind| kind.trim().starts_with("application/openmetrics-text")) {
        ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response()
    } else {
        ([(CONTENT_TYPE, PLAIN)], plain::from_open_metrics(&text)).into_response()
    }
}

type Silence = (StatusCode, &'static str);

/// The snapshot that comes next: a live station has one soon, so what is shown is never old.
async fn next(mut snapshot: watch::Receiver<Snapshot>) -> Result<Snapshot, Silence> {
    snapshot.mark_unchanged();
    match timeout(SIGN_OF_LIFE_WITHIN, snapshot.changed()).await {
        Ok(Ok(())) => Ok(snapshot.borrow().clone()),
        Ok(Err(_)) => Err((StatusCode::SERVICE_UNAVAILABLE, "The station is stopping.\n")),
        Err(_) => Err((
            StatusCode::SERVICE_UNAVAILABLE,
            "The station has not shown itself for 8 seconds: it hangs, or its disk is slow. See: journalctl -u camdock\n",
        )),
    }
}

#[cfg(test)]
mod tests;
