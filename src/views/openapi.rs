//! `/api/v1/openapi.json`: the interface, described for programs (`https://spec.openapis.org/oas/v3.1.0`).
//!
//! Promise: each route of the interface is in it, since a route is made from its description.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse as _;
use axum::routing::get;
use utoipa::OpenApi as _;

use super::{acting, events, metrics, reading};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "camdock",
        description = "A body-worn-camera dock: how it is, what it remembers, and what people may have it do. On the commands' socket and at \
                       the pages' address. Nothing in it reads footage or wipes a camera.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact(),
    ),
    tags(
        (name = "reading", description = "Changes nothing."),
        (name = "acting", description = "Needs somebody with a name and the right to it; the custody log has who did what."),
        (name = "watching", description = "For those who watch machines."),
    )
)]
struct Interface;

/// `/api/v1/openapi.json`
pub fn openapi() -> Router {
    // Texts and numbers are always JSON.
    let document = document().to_json().unwrap_or_default();
    Router::new()
        .route("/api/v1/openapi.json", get(async || ([(CONTENT_TYPE, "application/json")], document).into_response()))
}

fn document() -> utoipa::openapi::OpenApi {
    let mut all = Interface::openapi();
    for part in [
        reading::described().into_openapi(),
        events::described().into_openapi(),
        acting::described().into_openapi(),
        metrics::described().into_openapi(),
    ] {
        all.merge(part);
    }
    all
}
