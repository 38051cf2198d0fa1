//! What people have the station do.
//!
//! Promises: nothing is done for whom nobody knows by name, or whose standing does not allow it; who did what, and who was refused, is
//! written down. Nothing here wipes anything or reads footage.

use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::post;
use axum::{Extension, Form, Json, Router};
use serde::Deserialize;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::remembered::ProblemView;
use super::schema;
use crate::domain::{
    Action, Caller, CameraSerial, DestinationName, DockingId, Earlier, Enforcement, Known, LegalHold, Moment,
    NotRetained, NotRetired, Pattern, PlaceId, Problem, ProblemId, Protection, Retain, Retained, Retention,
    RetiredCamera, Visitor,
};
use crate::words::Words;

/// Takes requests to the station.
#[async_trait]
pub trait Desk: Send + Sync {
    /// Tries again what a person has looked at. `None` if there is no such problem.
    async fn retry(&self, problem: ProblemId, by: Caller) -> Result<Option<Problem>, String>;

    /// Has a camera be missed no more. The inner error says why that is not done.
    async fn retire(&self, camera: CameraSerial, by: Caller) -> Result<Result<RetiredCamera, NotRetired>, String>;

    /// Has evidence kept longer. The inner error says why that is not done.
    async fn retain(&self, retain: Retain, by: Caller) -> Result<Result<Retained, NotRetained>, String>;

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

/// The buttons on the station page: `/station/problems/{id}/retry`, `/station/cameras/{serial}/retire`,
/// `/station/cameras/{serial}/retain`. Each request needs a
/// [`Visitor`] among its extensions.
pub fn buttons(desk: Arc<dyn Desk>) -> Router {
    Router::new()
        .route("/station/problems/{id}/retry", post(retry_pressed))
        .route("/station/cameras/{serial}/retire", post(retire_pressed))
        .route("/station/cameras/{serial}/retain", post(retain_pressed))
        .with_state(desk)
}

async fn retry_pressed(desk: State<Arc<dyn Desk>>, visitor: Extension<Visitor>, id: Path<i64>) -> Response {
    // One that is there no more was tried again already.
    back_to("/station#problems", StatusCode::NOT_FOUND, retry(desk, visitor, id).await)
}

async fn retire_pressed(desk: State<Arc<dyn Desk>>, visitor: Extension<Visitor>, serial: Path<String>) -> Response {
    // One that is docked came back meanwhile.
    back_to("/station#overdue", StatusCode::CONFLICT, retire(desk, visitor, serial).await)
}

/// A form has an empty field where nothing is asked for.
#[derive(Deserialize)]
struct RetainForm {
    /// Which docking's page it stands on.
    docking: String,
    until: String,
    legal_hold: Option<String>,
}

async fn retain_pressed(
    State(desk): State<Arc<dyn Desk>>,
    visitor: Extension<Visitor>,
    Path(serial): Path<String>,
    Form(RetainForm { docking, until, legal_hold }): Form<RetainForm>,
) -> Response {
    let until = Some(until).filter(|until| !until.is_empty());
    let asked = Asked { until, legal_hold: legal_hold.is_some(), path: None };
    let docking = DockingId::parse(&docking).map_or_else(|_| String::new(), |docking| docking.to_string());
    let answer = retain(State(desk), visitor, Path(serial), Query(asked)).await;
    back_to(&format!("/station/dockings/{docking}#retained"), StatusCode::OK, answer)
}

/// Where a button was pressed, once that is done, or need not be done as `needless` says.
fn back_to(place: &str, needless: StatusCode, answer: Response) -> Response {
    if answer.status().is_success() || answer.status() == needless {
        Redirect::to(place).into_response()
    } else {
        answer
    }
}

/// `/api/v1/problems/{id}/retry`, `/api/v1/cameras/{serial}/retire`, `/api/v1/cameras/{serial}/retain`, `/api/v1/destinations/{name}/enrol/{place}`,
/// `/api/v1/destinations/{name}/replace/{place}`. Each request needs a [`Visitor`] among its extensions.
pub fn acting(desk: Arc<dyn Desk>) -> Router {
    Router::from(described().with_state(desk))
}

/// The routes, as they are described to programs.
pub(super) fn described() -> OpenApiRouter<Arc<dyn Desk>> {
    OpenApiRouter::new()
        .routes(routes!(retry))
        .routes(routes!(retire))
        .routes(routes!(retain))
        .routes(routes!(enrol))
        .routes(routes!(replace))
}

/// Who it is, if they may do it.
pub(super) async fn allowed(desk: &dyn Desk, visitor: Visitor, action: &Action) -> Result<Caller, Response> {
    if let Some(caller) = visitor.who_may(action.needs()) {
        return Ok(caller.clone());
    }
    let Known::As(caller) = visitor.known else {
        let told = "log in first: what is done here is written down with a name";
        return Err((StatusCode::UNAUTHORIZED, told).into_response());
    };
    let told = match &caller {
        Caller::User(name) => format!("user {name} may not do this; an administrator of this station can change that"),
        Caller::Account { .. } => "you may look, and not do this: run it as root, or as a member of the group that \
                                   station.operators names"
            .to_owned(),
    };
    desk.refuse(action.clone(), caller).await;
    Err((StatusCode::FORBIDDEN, told).into_response())
}

/// Has a problem tried again. Nothing is ever wiped by that.
#[utoipa::path(
    post,
    path = "/api/v1/problems/{id}/retry",
    tag = "acting",
    params(("id" = i64, Path, description = "its number")),
    responses(
        (status = 200, description = "The problem as it was", body = ProblemView),
        (status = 400, description = "That is no number", body = String, content_type = "text/plain"),
        (status = 401, description = "Nobody knows who asks", body = String, content_type = "text/plain"),
        (status = 403, description = "Who asks may not, or the request came from a page of somebody else", body = String, content_type = "text/plain"),
        (status = 404, description = "There is no such problem", body = String, content_type = "text/plain"),
        (status = 503, description = "The station is stopping", body = String, content_type = "text/plain"),
    )
)]
async fn retry(
    State(desk): State<Arc<dyn Desk>>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<i64>,
) -> Response {
    let problem = ProblemId(id);
    let by = match allowed(&*desk, visitor, &Action::Retry(problem)).await {
        Ok(caller) => caller,
        Err(refused) => return refused,
    };
    match desk.retry(problem, by).await {
        Ok(Some(problem)) => Json(ProblemView::new(problem, Words::english())).into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, format!("there is no problem {id}; see: camdock problems")).into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error).into_response(),
    }
}

/// Has a camera be missed no more, since it does not come back: it was sold, lost, or went to another station for good. Nothing else
/// changes: if it is docked again, it is served like every other, and missed from then on.
#[utoipa::path(
    post,
    path = "/api/v1/cameras/{serial}/retire",
    tag = "acting",
    params(("serial" = String, Path, description = "which camera", pattern = "^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$")),
    responses(
        (status = 200, description = "What is known of the camera", body = schema::RetiredCamera),
        (status = 400, description = "That is no serial", body = String, content_type = "text/plain"),
        (status = 401, description = "Nobody knows who asks", body = String, content_type = "text/plain"),
        (status = 403, description = "Who asks may not, or the request came from a page of somebody else", body = String, content_type = "text/plain"),
        (status = 404, description = "No such camera was ever here", body = String, content_type = "text/plain"),
        (status = 409, description = "It is docked now", body = String, content_type = "text/plain"),
        (status = 503, description = "The station is stopping", body = String, content_type = "text/plain"),
    )
)]
async fn retire(
    State(desk): State<Arc<dyn Desk>>,
    Extension(visitor): Extension<Visitor>,
    Path(serial): Path<String>,
) -> Response {
    let Ok(camera) = CameraSerial::new(serial.clone()) else {
        return (StatusCode::BAD_REQUEST, format!("{serial:?} is no serial of a camera")).into_response();
    };
    let by = match allowed(&*desk, visitor, &Action::Retire(camera.clone())).await {
        Ok(caller) => caller,
        Err(refused) => return refused,
    };
    match desk.retire(camera, by).await {
        Ok(Ok(retired)) => Json(retired).into_response(),
        Ok(Err(why @ NotRetired::Unknown)) => (StatusCode::NOT_FOUND, format!("{serial}: {why}")).into_response(),
        Ok(Err(why @ NotRetired::Docked)) => (StatusCode::CONFLICT, format!("{serial}: {why}")).into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error).into_response(),
    }
}

/// What is asked for.
#[derive(Deserialize)]
struct Asked {
    /// A day, to whose end it is kept, or a moment.
    until: Option<String>,
    #[serde(default)]
    legal_hold: bool,
    path: Option<String>,
}

/// Has what was ever taken from a camera kept longer than the configuration says, at every destination that can: from deletion until a
/// day, under a legal hold, or both. It is written down at once, and done as soon as each destination can be had. Nothing is ever kept
/// for less.
#[utoipa::path(
    post,
    path = "/api/v1/cameras/{serial}/retain",
    tag = "acting",
    params(
        ("serial" = String, Path, description = "which camera", pattern = "^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$"),
        ("until" = Option<String>, Query, format = Date, description = "the last day, such as 2027-06-30"),
        ("legal_hold" = Option<bool>, Query, description = "whether there is to be a legal hold, which only a person at the cloud can lift"),
        ("path" = Option<String>, Query, description = "only files with such a path on the camera; * stands for anything", min_length = 1),
    ),
    responses(
        (status = 200, description = "How much that is, and where", body = schema::Retained),
        (status = 400, description = "What is wrong with the wish", body = String, content_type = "text/plain"),
        (status = 401, description = "Nobody knows who asks", body = String, content_type = "text/plain"),
        (status = 403, description = "Who asks may not, or the request came from a page of somebody else", body = String, content_type = "text/plain"),
        (status = 404, description = "Nothing of it is known", body = String, content_type = "text/plain"),
        (status = 409, description = "That cannot be had: the time is over or too far away, nothing is asked for, or no destination is configured to keep anything", body = String, content_type = "text/plain"),
        (status = 503, description = "The station is stopping", body = String, content_type = "text/plain"),
    )
)]
async fn retain(
    State(desk): State<Arc<dyn Desk>>,
    Extension(visitor): Extension<Visitor>,
    Path(serial): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let wish = match asked.wish(&serial) {
        Ok(wish) => wish,
        Err(why) => return (StatusCode::BAD_REQUEST, why).into_response(),
    };
    let by = match allowed(&*desk, visitor, &Action::Retain(wish.clone())).await {
        Ok(caller) => caller,
        Err(refused) => return refused,
    };
    let why = match desk.retain(wish, by).await {
        Ok(Ok(retained)) => return Json(retained).into_response(),
        Ok(Err(why)) => why,
        Err(error) => return (StatusCode::SERVICE_UNAVAILABLE, error).into_response(),
    };
    let status = match why {
        NotRetained::Unknown => StatusCode::NOT_FOUND,
        NotRetained::NothingAsked | NotRetained::Past | NotRetained::TooFar | NotRetained::Nowhere => {
            StatusCode::CONFLICT
        }
    };
    (status, format!("{serial}: {why}")).into_response()
}

impl Asked {
    fn wish(self, serial: &str) -> Result<Retain, String> {
        let camera = CameraSerial::new(serial).map_err(|_| format!("{serial:?} is no serial of a camera"))?;
        let day = |text: &str| Moment::end_of_day(text).or_else(|| Moment::parse(text));
        let until = self.until.map(|text| day(&text).ok_or_else(|| format!("{text:?} is no day such as 2027-06-30")));
        // How firmly, each destination's configuration says.
        let enforcement = Enforcement::Unlocked;
        let retention = until.transpose()?.map(|until| Retention { until: until.second_after(), enforcement });
        let legal_hold = if self.legal_hold { LegalHold::Placed } else { LegalHold::Absent };
        let path = self.path.filter(|path| !path.is_empty()).map(Pattern::new);
        Ok(Retain { camera, path, protection: Protection { retention, legal_hold } })
    }
}

/// A destination and a place, as they stand in an address.
type Named = Path<(String, String)>;

/// Says that a place is the right one for a destination that has none yet.
#[utoipa::path(
    post,
    path = "/api/v1/destinations/{name}/enrol/{place}",
    tag = "acting",
    params(
        ("name" = String, Path, description = "which destination", pattern = "^[A-Za-z0-9_-][A-Za-z0-9._-]{0,31}$"),
        ("place" = String, Path, description = "the id that lies there, as a person has seen it", pattern = "^[0-9a-f]{32}$"),
    ),
    responses(
        (status = 200, description = "The place", body = String),
        (status = 400, description = "That is no name or no place", body = String, content_type = "text/plain"),
        (status = 401, description = "Nobody knows who asks", body = String, content_type = "text/plain"),
        (status = 403, description = "Who asks may not, or the request came from a page of somebody else", body = String, content_type = "text/plain"),
        (status = 404, description = "There is no such destination", body = String, content_type = "text/plain"),
        (status = 409, description = "The station sees another place there, or another one counts", body = String, content_type = "text/plain"),
        (status = 503, description = "The station is stopping", body = String, content_type = "text/plain"),
    )
)]
async fn enrol(desk: State<Arc<dyn Desk>>, visitor: Extension<Visitor>, named: Named) -> Response {
    enrolled(desk, visitor, named, Earlier::Stays).await
}

/// Says that another place counts as a destination from now on.
#[utoipa::path(
    post,
    path = "/api/v1/destinations/{name}/replace/{place}",
    tag = "acting",
    params(
        ("name" = String, Path, description = "which destination", pattern = "^[A-Za-z0-9_-][A-Za-z0-9._-]{0,31}$"),
        ("place" = String, Path, description = "the id that lies there, as a person has seen it", pattern = "^[0-9a-f]{32}$"),
    ),
    responses(
        (status = 200, description = "The place", body = String),
        (status = 400, description = "That is no name or no place", body = String, content_type = "text/plain"),
        (status = 401, description = "Nobody knows who asks", body = String, content_type = "text/plain"),
        (status = 403, description = "Who asks may not, or the request came from a page of somebody else", body = String, content_type = "text/plain"),
        (status = 404, description = "There is no such destination", body = String, content_type = "text/plain"),
        (status = 409, description = "The station sees another place there, or another one counts", body = String, content_type = "text/plain"),
        (status = 503, description = "The station is stopping", body = String, content_type = "text/plain"),
    )
)]
async fn replace(desk: State<Arc<dyn Desk>>, visitor: Extension<Visitor>, named: Named) -> Response {
    enrolled(desk, visitor, named, Earlier::IsReplaced).await
}

async fn enrolled(
    State(desk): State<Arc<dyn Desk>>,
    Extension(visitor): Extension<Visitor>,
    Path((name, place)): Named,
    earlier: Earlier,
) -> Response {
    let (Ok(destination), Ok(id)) = (DestinationName::new(name.clone()), PlaceId::parse(&place)) else {
        return (StatusCode::BAD_REQUEST, format!("{name:?} or {place:?} is no name or no place")).into_response();
    };
    let action = Action::Enrol { destination: destination.clone(), place: id, earlier };
    let by = match allowed(&*desk, visitor, &action).await {
        Ok(caller) => caller,
        Err(refused) => return refused,
    };
    match desk.enrol(destination, id, earlier, by).await {
        Ok(Some(Ok(()))) => Json(place).into_response(),
        Ok(Some(Err(why))) => (StatusCode::CONFLICT, why).into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, format!("the running service has no destination {name}")).into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error).into_response(),
    }
}
