//! Who is let in where, and how somebody logs in.
//!
//! Promises: what somebody may see or do follows from who they are at that moment: who is taken off the list of users is out at the
//! next request, and their page hears nothing more. Who logs in gets a session of their own, never one that a browser brought along.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Query, Request, State};
use axum::http::header::{ACCEPT, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Form, Router};
use futures::StreamExt as _;
use serde::Deserialize;
use tokio::time::sleep;
use tower_sessions::Session;
use tower_sessions::session::Id;
use url::form_urlencoded::byte_serialize;

use super::answer::Origin;
use super::log_in::{LogInPage, STYLE};
use super::news::is_news;
use super::page::frame::{Wanted, style};
use super::porter::{NotIn, Porter};
use super::sessions::{Channel, Sessions};
use crate::domain::{Caller, Known, Right, Role, Standing, UserName, Visitor};

/// Under this key a session has its user's name.
const USER: &str = "user";
/// How often it is looked whether somebody who only listens is still logged in.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// What browsers send along if a person, and not a script or a timer, had them go somewhere
/// (`https://www.w3.org/TR/fetch-metadata/`).
const BY_A_PERSON: HeaderName = HeaderName::from_static("sec-fetch-user");

/// Where those who come to a door are told apart. Clones are of the same.
#[derive(Clone)]
pub(super) struct Entrance(Arc<Inner>);

struct Inner {
    porter: Option<Arc<dyn Porter>>,
    kiosks: Vec<IpAddr>,
    collectors: Vec<IpAddr>,
    channel: Channel,
    sessions: Sessions,
}

impl Entrance {
    pub(super) fn new(
        porter: Option<Arc<dyn Porter>>,
        kiosks: &[IpAddr],
        collectors: &[IpAddr],
        channel: Channel,
    ) -> Self {
        let (kiosks, collectors) = (kiosks.to_owned(), collectors.to_owned());
        Self(Arc::new(Inner { porter, kiosks, collectors, channel, sessions: Sessions::default() }))
    }

    /// `/log-in` and `/log-out`, if anybody can log in.
    pub(super) fn routes(&self) -> Router {
        if self.0.porter.is_none() {
            return Router::new();
        }
        Router::new()
            .route("/log-in", get(form).post(log_in))
            .route("/log-in.css", get(async || style(STYLE)))
            .route("/log-out", post(log_out))
            .with_state(self.clone())
    }

    /// Has the routes be for those who have this right.
    pub(super) fn only_for(&self, right: Right, routes: Router) -> Router {
        // A layer cannot stand before no route at all.
        if !routes.has_routes() {
            return routes;
        }
        routes.route_layer(from_fn_with_state((self.clone(), right), only_with))
    }

    /// Has each request of the routes know its [`Visitor`].
    pub(super) fn recognising(&self, routes: Router) -> Router {
        routes.layer(from_fn_with_state(self.clone(), recognise)).layer(self.0.sessions.layer(self.0.channel))
    }

    /// What an address is to the station, whoever sits there. Where nobody comes from elsewhere, all see everything; a door that is
    /// open to the network knows no difference, since another program may pass on here what comes from there.
    fn at(&self, address: IpAddr) -> Standing {
        if self.0.channel == Channel::Local {
            Standing::Of(Role::Officer)
        } else if self.0.kiosks.contains(&address) {
            Standing::Kiosk
        } else if self.0.collectors.contains(&address) {
            Standing::Collector
        } else {
            Standing::Stranger
        }
    }

    /// Who has this session, as far as they are still on the list.
    async fn user(&self, session: &Session) -> Option<(UserName, Role)> {
        let porter = self.0.porter.as_ref()?;
        let user: UserName = session.get(USER).await.ok()??;
        let role = porter.role(&user)?;
        Some((user, role))
    }
}

/// Finds out who asks.
async fn recognise(
    State(entrance): State<Entrance>,
    Extension(origin): Extension<Origin>,
    session: Session,
    mut request: Request,
    next: Next,
) -> Response {
    let user = entrance.user(&session).await;
    let standing = match (origin, &user) {
        (_, Some((_, role))) => Standing::Of(*role),
        (Origin::Address(address), None) => entrance.at(address),
        (Origin::Account(_), None) => Standing::Stranger,
    };
    let open = user.as_ref().and_then(|_| session.id());
    if let Some(id) = open
        && (request.headers().contains_key(BY_A_PERSON) || request.method() == Method::POST)
    {
        entrance.0.sessions.touch(&id);
    }
    let known = match (user, &entrance.0.porter) {
        (Some((name, _)), _) => Known::As(Caller::User(name)),
        (None, Some(_)) => Known::NotYet,
        (None, None) => Known::Never,
    };
    request.extensions_mut().insert(Visitor { standing, known });
    let response = next.run(request).await;
    match open {
        Some(id) if is_news(&response) => while_open(response, entrance, session, id),
        _ => response,
    }
}

/// Ends the news once whoever listens is no longer logged in.
fn while_open(response: Response, entrance: Entrance, session: Session, id: Id) -> Response {
    let over = async move {
        while entrance.0.sessions.is_open(&id) && entrance.user(&session).await.is_some() {
            sleep(LOOK_EVERY).await;
        }
    };
    response.map(|news| Body::from_stream(news.into_data_stream().take_until(Box::pin(over))))
}

/// Lets those pass who have the right, and shows others how to get it.
async fn only_with(
    State((entrance, right)): State<(Entrance, Right)>,
    Extension(visitor): Extension<Visitor>,
    request: Request,
    next: Next,
) -> Response {
    if visitor.standing.may(right) {
        return next.run(request).await;
    }
    let reads_pages = request
        .headers()
        .get(ACCEPT)
        .is_some_and(|kinds| kinds.to_str().is_ok_and(|kinds| kinds.contains("text/html")));
    if entrance.0.porter.is_some() && reads_pages && request.method() == Method::GET {
        let to = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let to: String = byte_serialize(to.as_bytes()).collect();
        return Redirect::to(&format!("/log-in?to={to}")).into_response();
    }
    (StatusCode::UNAUTHORIZED, "Log in first.\n").into_response()
}

/// What somebody wants to see once they are in.
#[derive(Deserialize)]
struct Goal {
    to: Option<String>,
}

impl Goal {
    /// A page of this station, and nobody else's.
    fn page(&self) -> &str {
        let here = |to: &&str| {
            to.starts_with('/') && !to.starts_with("//") && to.bytes().all(|c| c.is_ascii_graphic() && c != b'\\')
        };
        self.to.as_deref().filter(here).unwrap_or("/")
    }
}

async fn form(Query(wanted): Query<Wanted>, Query(goal): Query<Goal>, headers: HeaderMap) -> Response {
    LogInPage { to: goal.page(), trouble: None }.show(wanted.words(&headers))
}

/// What the form sends.
#[derive(Deserialize)]
struct Named {
    name: String,
    password: String,
}

async fn log_in(
    State(entrance): State<Entrance>,
    Extension(origin): Extension<Origin>,
    session: Session,
    Query(wanted): Query<Wanted>,
    Query(goal): Query<Goal>,
    headers: HeaderMap,
    Form(Named { name, password }): Form<Named>,
) -> Response {
    let told = match (&entrance.0.porter, origin) {
        (Some(porter), Origin::Address(from)) => porter.log_in(name.trim(), password, from).await,
        _ => Err(NotIn::Unavailable),
    };
    let began = match told {
        Ok(user) => begin(&session, &user).await.map_err(|_| NotIn::Unavailable),
        Err(why) => Err(why),
    };
    let why = match began {
        Ok(()) => return Redirect::to(goal.page()).into_response(),
        Err(why) => why,
    };
    let page = LogInPage { to: goal.page(), trouble: Some(why) }.show(wanted.words(&headers));
    match why {
        NotIn::Wrong => (StatusCode::FORBIDDEN, page).into_response(),
        NotIn::Wait(left) => {
            (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, left.as_secs().to_string())], page).into_response()
        }
        NotIn::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, page).into_response(),
    }
}

/// A session under an id that nobody knew before.
async fn begin(session: &Session, user: &UserName) -> Result<(), tower_sessions::session::Error> {
    session.cycle_id().await?;
    session.insert(USER, user).await
}

async fn log_out(session: Session) -> Response {
    // One that cannot be ended is none.
    let _ = session.flush().await;
    Redirect::to("/").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_logs_in_comes_to_a_page_of_this_station_and_nowhere_else() {
        let page = |to: &str| Goal { to: Some(to.to_owned()) }.page().to_owned();
        for to in ["/", "/station", "/station/dockings/0193?before=2"] {
            assert_eq!(page(to), to);
        }
        for to in
            ["", "//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nset-cookie: x", "\t//evil.example"]
        {
            assert_eq!(page(to), "/", "{to:?}");
        }
        assert_eq!(Goal { to: None }.page(), "/");
    }
}
