//! The station page, for those who look after it: what waits, where it goes, what is at fault, and what was done.
//!
//! Promises: it changes nothing by itself; who may have a problem tried again or a camera retired finds a button for that. What it
//! shows comes from the snapshot and from records that are asked for a few rows each, for all who look together and no more often than
//! every other second; where they do not answer, it says so and shows the rest. Nothing on it
//! needs a script, and no picture on it needs to be seen.

mod day;
mod docking;
mod now;
mod overdue;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Router};
use futures::{Stream, StreamExt as _};
use maud::{Markup, html};
use serde::Deserialize;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use super::news::{News, news};
use super::page::frame::{Frame, Freshness, Wanted, answer, style};
use super::reading::page;
use super::records::{NoRecords, Records};
use crate::domain::{
    Day, Docking, DockingId, ExplainedDocking, Known, Problem, ProblemId, QueueSnapshot, SegmentId, Snapshot, Visitor,
};
use crate::words::{Text, Words};

/// What was asked of the records is shown to whoever comes within this time.
const FRESH: Duration = Duration::from_secs(2);
/// So many dockings are on a page.
const DOCKINGS: u32 = 50;
/// So many problems are on a page; a command has all of them.
const PROBLEMS: u32 = 50;
/// So many segments of a docking are on a page.
const SEGMENTS: u32 = 100;

struct Station {
    snapshot: watch::Receiver<Snapshot>,
    records: Arc<dyn Records>,
    /// What was asked last, and when.
    asked: Mutex<Option<(Instant, Arc<Remembered>)>>,
}

/// What the records tell for the page, or why they do not.
struct Remembered {
    day: Result<Day, NoRecords>,
    dockings: Result<Vec<Docking>, NoRecords>,
    problems: Result<Vec<Problem>, NoRecords>,
}

impl Station {
    /// What the records tell, as of now or a moment ago. Whoever comes meanwhile waits for the same answer.
    async fn remembered(&self) -> Arc<Remembered> {
        let mut asked = self.asked.lock().await;
        if let Some((at, remembered)) = &*asked
            && at.elapsed() < FRESH
        {
            return Arc::clone(remembered);
        }
        let (day, dockings, problems) = tokio::join!(
            self.records.day(),
            self.records.dockings(None, DOCKINGS),
            self.records.problems(ProblemId(0), PROBLEMS)
        );
        let dockings = dockings.map(Option::unwrap_or_default);
        let remembered = Arc::new(Remembered { day, dockings, problems });
        *asked = Some((Instant::now(), Arc::clone(&remembered)));
        remembered
    }

    async fn parts(&self, visitor: &Visitor, words: &Words) -> Markup {
        let remembered = self.remembered().await;
        parts(&self.snapshot.borrow().clone(), &remembered, visitor, words)
    }
}

/// `/station`, `/station/live`, `/station/dockings`, `/station/dockings/{id}`, `/station.css`.
pub fn station(snapshot: watch::Receiver<Snapshot>, records: Arc<dyn Records>) -> Router {
    Router::new()
        .route("/station", get(whole))
        .route("/station/live", get(live))
        .route("/station/dockings", get(dockings))
        .route("/station/dockings/{id}", get(docking))
        .route("/station.css", get(async || style(include_str!("station.css"))))
        .with_state(Arc::new(Station { snapshot, records, asked: Mutex::default() }))
}

/// All parts of the page, as somebody may see and use them.
fn parts(shown: &Snapshot, remembered: &Remembered, visitor: &Visitor, words: &Words) -> Markup {
    let Remembered { day, dockings, problems } = remembered;
    html! {
        (now::faults(shown, words))
        (now::queue(shown.queue, words))
        (now::disk(shown, words))
        (now::destinations(&shown.destinations, words))
        (section("day", &Text::StationDay, &or_silence(day, words, |day| day::picture(day, &shown.destinations, words)), words))
        div.people {
            (section("problems", &Text::StationProblems, &or_silence(problems, words, |problems| {
                now::problems(problems, shown.problems, visitor, words)
            }), words))
            @if let Some(overdue) = &shown.overdue { (overdue::overdue(overdue, visitor, words)) }
        }
        (section("dockings", &Text::StationDockings, &or_silence(dockings, words, |dockings| {
            docking::table(dockings, older(dockings), words)
        }), words))
    }
}

/// A part of the page with its heading.
fn section(id: &str, heading: &Text, content: &Markup, words: &Words) -> Markup {
    html! {
        section #(id) { h2 { (words.text(heading)) } (content) }
    }
}

/// What the records tell, or that they do not.
fn or_silence<T>(told: &Result<T, NoRecords>, words: &Words, show: impl FnOnce(&T) -> Markup) -> Markup {
    told.as_ref().map_or_else(|_| html! { p.silent { (words.text(&Text::StationNoRecords)) } }, show)
}

/// Before which docking the older ones are, if there may be any.
fn older(dockings: &[Docking]) -> Option<DockingId> {
    dockings.last().filter(|_| dockings.len() >= DOCKINGS as usize).map(|last| last.id)
}

async fn whole(
    State(station): State<Arc<Station>>,
    Extension(visitor): Extension<Visitor>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let words = wanted.words(&headers);
    let title = words.text(&Text::StationTitle { station: station.snapshot.borrow().station.clone() });
    let live = format!("/station/live?lang={}", words.language().tag());
    let content = html! { main.station data-live=(live) { (station.parts(&visitor, words).await) } };
    let frame = frame(title, "/station", ("/", Text::StationBays), Freshness::Live);
    answer(Frame { known: visitor.known, ..frame }.around(&content, words))
}

/// A page of the station.
fn frame<'f>(title: String, path: &'f str, link: (&'static str, Text), freshness: Freshness) -> Frame<'f> {
    Frame { title, path, style: "/station.css", link, freshness, known: Known::Never }
}

/// The parts, whenever the station changes, and at once.
async fn live(
    State(station): State<Arc<Station>>,
    Extension(visitor): Extension<Visitor>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let words = wanted.words(&headers);
    let told = news(station.snapshot.clone(), None, to_the_minute).then(move |news| {
        let (station, visitor) = (Arc::clone(&station), visitor.clone());
        async move {
            match news {
                News::Changed(_) => {
                    let parts = station.parts(&visitor, words).await.into_string();
                    Event::default().event("changed").id(env!("CARGO_PKG_VERSION")).data(parts)
                }
                News::Alive => Event::default().event("alive").data("1"),
            }
        }
    });
    Sse::new(told.map(Ok))
}

/// The station as the page shows it: ages are told to the minute.
fn to_the_minute(shown: &Snapshot) -> Snapshot {
    let queue = QueueSnapshot { oldest_seconds: shown.queue.oldest_seconds / 60, ..shown.queue };
    Snapshot { queue, ..shown.clone() }
}

/// Which excerpt of a list.
#[derive(Deserialize)]
struct Excerpt {
    before: Option<String>,
    after: Option<String>,
}

async fn dockings(
    State(station): State<Arc<Station>>,
    Query(wanted): Query<Wanted>,
    Query(excerpt): Query<Excerpt>,
    headers: HeaderMap,
) -> Response {
    let words = wanted.words(&headers);
    let Ok(before) = excerpt.before.as_deref().map(DockingId::parse).transpose() else {
        return refused(StatusCode::BAD_REQUEST, &Text::DockingUnknown, words);
    };
    match station.records.dockings(before, DOCKINGS).await {
        Ok(Some(dockings)) => {
            let table = docking::table(&dockings, older(&dockings), words);
            let content = html! { main.station { section #dockings { (table) } } };
            let title = words.text(&Text::StationDockings);
            answer(frame(title, "/station/dockings", BACK, Freshness::Still).around(&content, words))
        }
        Ok(None) => refused(StatusCode::NOT_FOUND, &Text::DockingUnknown, words),
        Err(_) => refused(StatusCode::SERVICE_UNAVAILABLE, &Text::StationNoRecords, words),
    }
}

async fn docking(
    State(station): State<Arc<Station>>,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
    Query(excerpt): Query<Excerpt>,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
) -> Response {
    let words = wanted.words(&headers);
    let after = excerpt.after.as_deref().map(SegmentId::parse).transpose();
    let (Ok(id), Ok(after)) = (DockingId::parse(&id), after) else {
        return refused(StatusCode::BAD_REQUEST, &Text::DockingUnknown, words);
    };
    match station.records.docking(id, after, SEGMENTS + 1).await {
        Ok(Some(ExplainedDocking { docking, mut segments, read_at })) => {
            let more = page(&mut segments, SEGMENTS).map(|last| last.known.segment.id);
            let content = docking::whole(
                &ExplainedDocking { docking: docking.clone(), segments, read_at },
                more,
                &visitor,
                words,
            );
            let title = words.text(&Text::DockingTitle { camera: docking.camera });
            let path = format!("/station/dockings/{id}");
            answer(frame(title, &path, BACK, Freshness::Still).around(&content, words))
        }
        Ok(None) => refused(StatusCode::NOT_FOUND, &Text::DockingUnknown, words),
        Err(_) => refused(StatusCode::SERVICE_UNAVAILABLE, &Text::StationNoRecords, words),
    }
}

/// The way back from a page below the station's.
const BACK: (&str, Text) = ("/station", Text::StationLink);

/// A page that says why there is none.
fn refused(status: StatusCode, why: &Text, words: &Words) -> Response {
    let why = words.text(why);
    let content = html! { main.station { p.silent { (why) } } };
    (status, answer(frame(why.clone(), "/station", BACK, Freshness::Still).around(&content, words))).into_response()
}

#[cfg(test)]
mod tests;
