//! `/api/v1/events`: the station's document whenever it changes, as server-sent events.
//!
//! Promises: each event named `status` is the whole document, so whoever missed some has lost nothing. Its id follows from what it
//! says: who comes back with the last one (`Last-Event-ID`) hears nothing until something has changed since, also after a restart
//! of the station. That only ages grew, or that the spool has more or less room, is no change. While nothing changes there is an event `alive` about every five seconds, as
//! long as the station shows signs of life.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use futures::{Stream, StreamExt as _};
use tokio::sync::watch;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::document::{QueueDocument, StatusDocument};
use super::news::{News, news};
use crate::domain::{ByteCount, Fingerprint, Snapshot};
use crate::words::Words;

/// How long an id is, in hexadecimal digits.
const ID_LENGTH: usize = 16;

/// A document, known by what it says.
#[derive(Debug, Clone)]
struct Shown {
    id: String,
    json: String,
}

impl PartialEq for Shown {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Shown {
    fn of(snapshot: &Snapshot) -> Self {
        let document = StatusDocument::new(snapshot, Words::english());
        let queue = QueueDocument { oldest_seconds: 0, ..document.queue };
        let news = StatusDocument { queue, spool: None, ..document.clone() };
        Self { id: id(&json(&news)), json: json(&document) }
    }

    /// The one that somebody knows.
    const fn known(id: String) -> Self {
        Self { id, json: String::new() }
    }
}

fn json(document: &StatusDocument) -> String {
    // Texts and numbers are always JSON.
    serde_json::to_string(document).unwrap_or_default()
}

fn id(text: &str) -> String {
    let text = text.as_bytes();
    let whole = ByteCount::new(text.len().max(1) as u64);
    Fingerprint::of(text, whole).sha256.to_string().chars().take(ID_LENGTH).collect()
}

/// `/api/v1/events`.
pub(super) fn routes(snapshot: watch::Receiver<Snapshot>) -> Router {
    Router::from(described().with_state(Arc::new(snapshot)))
}

/// The route, as it is described to programs.
pub(super) fn described() -> OpenApiRouter<Arc<watch::Receiver<Snapshot>>> {
    OpenApiRouter::new().routes(routes!(events))
}

/// The station's document whenever it changes, as server-sent events named `status`; `alive` while nothing changes.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    tag = "reading",
    params(("last-event-id" = Option<String>, Header, description = "the id of the last event that is known")),
    responses((status = 200, description = "It does not end", body = String, content_type = "text/event-stream"))
)]
async fn events(
    State(snapshot): State<Arc<watch::Receiver<Snapshot>>>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let known = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let known = known.map(|id| Shown::known(id.to_owned()));
    let told = news(watch::Receiver::clone(&snapshot), known, Shown::of).map(|news| match news {
        News::Changed(Shown { id, json }) => Event::default().event("status").id(id).data(json),
        News::Alive => Event::default().event("alive").data("1"),
    });
    Sse::new(told.map(Ok))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{BayNotice, BaySnapshot, QueueSnapshot, SpoolSpace, StationId};

    fn station() -> Snapshot {
        let bay = BaySnapshot::empty(crate::domain::BayName::new("1").unwrap());
        Snapshot::of(StationId::new("hq-01").unwrap(), vec![bay])
    }

    #[test]
    fn that_ages_grew_or_room_shrank_is_no_news_and_anything_else_is() {
        let before = Shown::of(&station());
        let mut older = station();
        older.queue = QueueSnapshot { oldest_seconds: 9, ..older.queue };
        let free = ByteCount::new(7);
        older.spool = Some(SpoolSpace { free, reserve: ByteCount::new(1), size: ByteCount::new(9) });
        assert_eq!(Shown::of(&older), before);
        for told in ["\"oldest_seconds\":9", "\"bytes_free\":7"] {
            assert!(Shown::of(&older).json.contains(told), "but it is told: {told}");
        }
        let mut other = station();
        other.bays[0].notice = BayNotice::Identifying;
        assert_ne!(Shown::of(&other), before);
        assert_eq!(before.id.len(), ID_LENGTH);
    }
}
