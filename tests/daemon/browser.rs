//! The pages in a real browser: live through the whole story of a camera, and fit to be looked at by anybody, at any size.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use camdock::daemon::SystemClock;
use camdock::domain::{BayState, Clock as _};
use camdock::views::StatusDocument;
use camdock_test_support::footage::Footage;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::access::{DAYS_AWAY, NAME, RIGHT, reachable};
use crate::history;
use crate::station::{RunningStation, Settings, bay};
use crate::trouble::Cloud;

const PATIENCE: Duration = Duration::from_mins(1);

/// A browser, and what it tells.
struct Browser {
    told: Lines<BufReader<ChildStdout>>,
    said: ChildStdin,
    // Its end closes the browser, too.
    _process: Child,
}

/// Where somebody came to.
#[derive(Debug, Deserialize)]
struct Arrived {
    path: String,
    text: String,
}

/// What is shown at one moment.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    cut_off: String,
    tiles: Vec<Tile>,
}

#[derive(Debug, Deserialize)]
struct Tile {
    bay: String,
    look: String,
    camera: String,
    instruction: String,
}

/// What is to be said of the page at one size, in one theme and language.
#[derive(Debug, Deserialize)]
struct Judgement {
    size: String,
    complaints: Vec<String>,
    overflow: Overflow,
}

/// By how many pixels the page is larger than the screen.
#[derive(Debug, Deserialize)]
struct Overflow {
    across: i64,
    down: i64,
    /// Tiles of which something cannot be seen.
    cut: Vec<String>,
}

/// What some kind of eyes sees of the page in one theme.
#[derive(Debug, Deserialize)]
struct Seen {
    states: Vec<Look>,
    faintest: Text,
    texts: usize,
}

/// What a state looks like, whatever its colour.
#[derive(Debug, Deserialize)]
struct Look {
    state: String,
    sign: String,
    word: String,
    form: String,
}

#[derive(Debug, Deserialize)]
struct Text {
    /// From 1, which nobody can read, to 21.
    contrast: f64,
}

#[derive(Debug, Deserialize)]
struct Plain {
    refresh: u32,
    text: String,
}

impl Browser {
    fn start(arguments: &[&str]) -> Self {
        let project = Path::new(env!("CARGO_MANIFEST_DIR"));
        let tools = project.join("target/tools/browser");
        assert!(tools.join("node_modules/playwright-core").is_dir(), "there is no Playwright here: run `make tools`");
        let mut command = Command::new("node");
        command.arg(project.join("tests/browser/browser.mjs")).args(arguments).env("BROWSER_TOOLS", tools);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().expect("`make tools` installs node");
        let told = BufReader::new(process.stdout.take().unwrap()).lines();
        let said = process.stdin.take().unwrap();
        Self { told, said, _process: process }
    }

    /// Has somebody do something, and returns where they came to.
    async fn does(&mut self, deed: Value) -> Arrived {
        self.said.write_all(format!("{deed}\n").as_bytes()).await.unwrap();
        let told = self.next().await.expect("the browser is open");
        serde_json::from_str(&told).unwrap_or_else(|_| panic!("after {deed} the page broke: {told}"))
    }

    async fn next(&mut self) -> Option<String> {
        timeout(PATIENCE, self.told.next_line()).await.expect("the browser tells something").unwrap()
    }

    /// Waits until the page is as wanted.
    async fn until(&mut self, what: &str, wanted: impl Fn(&Shown) -> bool) -> Shown {
        let mut last = String::new();
        let look = async {
            loop {
                last = self.next().await.expect("the browser is open");
                let shown: Shown = serde_json::from_str(&last).unwrap_or_else(|_| panic!("the page broke: {last}"));
                if wanted(&shown) {
                    return shown;
                }
            }
        };
        let found = timeout(PATIENCE, look).await;
        found.unwrap_or_else(|_| panic!("the page never showed that {what}; last: {last}"))
    }
}

impl Shown {
    fn is(&self, bay: &str, look: &str, instruction: &str) -> bool {
        let fits = |tile: &Tile| tile.bay == bay && tile.look == look && tile.instruction == instruction;
        self.cut_off.is_empty() && self.tiles.iter().any(fits)
    }
}

/// A station whose page stays at one address over restarts.
async fn station(cloud: &Cloud, bays: usize) -> (RunningStation, String) {
    let (mut station, page) = prepared(cloud, bays);
    station.start();
    station.until("it is open", |status| bay(status, 1).state == BayState::Empty).await;
    (station, page)
}

/// The same, before it is started.
fn prepared(cloud: &Cloud, bays: usize) -> (RunningStation, String) {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let station = RunningStation::new(Settings { bays, ..cloud.settings() });
    // A lamp, so that its legend is on the page; that it is dead keeps nobody waiting.
    let web = format!(
        "[station]\nlamp = \"no:such:led\"\noverdue_after = \"14d\"\n[web]\nlisten = \"{free}\"\ncolumns = 4\n"
    );
    std::fs::write(station.beside("camdock.toml.d/web.toml"), web).unwrap();
    (station, format!("http://{free}/"))
}

fn footage(serial: &str) -> Footage {
    Footage::random(serial, 12, 600_000, 9)
}

#[tokio::test]
async fn tiles_change_by_themselves_and_the_page_says_when_it_is_cut_off() {
    let cloud = Cloud::well().await;
    let (mut station, page) = station(&cloud, 2).await;
    let mut browser = Browser::start(&["watch", &page]);
    browser
        .until("both are free", |shown| shown.is("bay-1", "free", "Put a camera in") && shown.tiles.len() == 2)
        .await;
    let camera = footage("BWC-1");
    station.dock(1, &camera);
    browser.until("it is to be left in", |shown| shown.is("bay-1", "working", "Leave it in")).await;
    let ready = browser.until("it can be taken", |shown| shown.is("bay-1", "ready", "Take this one")).await;
    assert_eq!(ready.tiles[0].camera, "BWC-1");
    station.dock(2, &footage("BWC-2"));
    browser
        .until("the first is to be taken first", |shown| {
            shown.is("bay-1", "ready", "Take this one first") && shown.is("bay-2", "ready", "Ready too")
        })
        .await;
    station.kill().await;
    let away = browser.until("it is cut off", |shown| !shown.cut_off.is_empty()).await;
    assert!(away.cut_off.starts_with("Not live since ") && away.cut_off.contains(':'), "{}", away.cut_off);
    station.start();
    browser.until("it is live again", |shown| shown.cut_off.is_empty()).await;
    station.take(1, &camera);
    browser.until("the bay is free again", |shown| shown.is("bay-1", "free", "Put a camera in")).await;
    station.stop().await;
}

#[tokio::test]
async fn without_scripts_the_page_shows_the_same_and_is_loaded_again() {
    let cloud = Cloud::well().await;
    let (mut station, page) = station(&cloud, 1).await;
    station.dock(1, &footage("BWC-1"));
    station.until_all_done().await;
    let told = Browser::start(&["plain", &page]).next().await.expect("what is shown");
    let plain: Plain = serde_json::from_str(&told).unwrap();
    assert_eq!(plain.refresh, 1);
    assert!(plain.text.contains("BWC-1") && plain.text.contains("Take this one"), "{}", plain.text);
    station.stop().await;
}

/// A page as it is judged at every size, in either theme and in every language. On one that hangs on a wall nobody scrolls.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    OnAWall,
    AtADesk,
}

/// Looks at a page as everybody does, and leaves pictures of that name.
async fn judge(page: &str, name: &str, used: Use, pictures: &Pictures) {
    let mut browser = Browser::start(&["look", page, pictures.folder().to_str().unwrap(), name]);
    let mut seen = 0;
    while let Some(told) = browser.next().await {
        let Judgement { size, complaints, overflow } = serde_json::from_str(&told).unwrap();
        assert!(complaints.is_empty(), "{name}: {told}");
        assert!(overflow.cut.is_empty(), "{name}: {told}");
        assert!(overflow.across <= 0, "{name}: nobody scrolls sideways: {told}");
        let fits = overflow.down <= 0 || size == "phone" || used == Use::AtADesk;
        assert!(fits, "{name}: nobody scrolls at a wall: {told}");
        seen += 1;
    }
    assert_eq!(seen, 3 * 2 * 3, "sizes, themes and languages");
}

#[tokio::test]
async fn anybody_can_read_it_on_a_kiosk_a_phone_and_a_wall_in_either_theme_and_every_language() {
    let cloud = Cloud::well().await;
    let (mut station, page) = of_all_kinds(&cloud).await;
    judge(&page, "bays", Use::OnAWall, &Pictures::new()).await;
    station.stop().await;
}

#[tokio::test]
async fn states_are_told_apart_and_texts_can_be_read_by_eyes_that_lack_a_kind_of_cones() {
    let cloud = Cloud::well().await;
    let (mut station, page) = of_all_kinds(&cloud).await;
    let pictures = Pictures::new();
    let mut browser = Browser::start(&["eyes", &page, pictures.folder().to_str().unwrap()]);
    let mut seen = 0;
    while let Some(told) = browser.next().await {
        let Seen { states, faintest, texts } = serde_json::from_str(&told).unwrap();
        let looks: BTreeSet<_> = states.iter().map(|look| look.state.as_str()).collect();
        assert_eq!(looks, BTreeSet::from(["attention", "free", "ready", "refused", "working"]), "{told}");
        let each: [fn(&Look) -> &String; 3] = [|state| &state.sign, |state| &state.word, |state| &state.form];
        for of in each {
            let different: BTreeSet<_> = states.iter().map(of).collect();
            assert_eq!(different.len(), states.len(), "two are alike but for their colours: {told}");
        }
        assert!(faintest.contrast >= 4.5 && texts > 20, "{told}");
        seen += 1;
    }
    assert_eq!(seen, 2 * 4, "themes and kinds of eyes");
    station.stop().await;
}

/// A station with bays in every state that stays, and its page.
async fn of_all_kinds(cloud: &Cloud) -> (RunningStation, String) {
    let (mut station, page) = station(cloud, 8).await;
    for (bay, serial) in [(2, "BWC-1042"), (3, "BWC-1043")] {
        station.dock(bay, &footage(serial));
    }
    strange(&station, 5, "BWC-1044");
    std::fs::write(station.bay(6).join("note.txt"), "no camera").unwrap();
    station
        .until("all is as it shall be seen", |status| {
            let state = |number| bay(status, number).state;
            [state(2), state(3)] == [BayState::Ready; 2]
                && state(5) == BayState::Attention
                && state(6) == BayState::Refused
        })
        .await;
    (station, page)
}

/// Docks a camera with something on it that is no file.
fn strange(station: &RunningStation, bay: usize, serial: &str) {
    let strange = footage(serial);
    strange.write_to(&station.bay(bay).join(".preparing"));
    rustix::fs::symlinkat("/etc/passwd", rustix::fs::CWD, station.bay(bay).join(".preparing/LINK.MP4")).unwrap();
    std::fs::rename(station.bay(bay).join(".preparing"), station.camera(bay, &strange)).unwrap();
}

/// Cameras that were here so many days ago.
const MISSED: [(&str, u32); 4] = [("BWC-1048", 16), ("BWC-1049", 31), ("BWC-1055", 90), ("BWC-1060", 400)];

/// A station after a busy day, and the docking of a camera that needs a person.
async fn busy(cloud: &Cloud) -> (RunningStation, String, String) {
    let (mut station, page) = prepared(cloud, 8);
    history::write_visits(&station, &MISSED).await;
    history::write(&station).await;
    station.start();
    station.dock(2, &footage("BWC-1042"));
    strange(&station, 5, "BWC-1044");
    let done = station.until("all is as it shall be seen", |status| {
        bay(status, 2).state == BayState::Ready
            && bay(status, 5).state == BayState::Attention
            && status.queue.segments == 0
    });
    assert!(done.await.problems > 4);
    let missed = |status: &StatusDocument| status.overdue.as_ref().is_some_and(|overdue| overdue.cameras == 4);
    station.until("cameras are missed", missed).await;
    let dockings: Value = serde_json::from_str(&station.answer("/api/v1/dockings?limit=2").await.unwrap()).unwrap();
    let mut dockings = dockings["dockings"].as_array().unwrap().iter();
    let strange = dockings.find(|docking| docking["camera"] == "BWC-1044").unwrap();
    let docking = format!("{page}station/dockings/{}", strange["id"].as_str().unwrap());
    (station, format!("{page}station"), docking)
}

#[tokio::test]
async fn anybody_can_read_it_the_station_page_after_a_busy_day() {
    let cloud = Cloud::well().await;
    let (mut station, page, _) = busy(&cloud).await;
    judge(&page, "station", Use::AtADesk, &Pictures::new()).await;
    station.stop().await;
}

#[tokio::test]
async fn anybody_can_read_it_the_page_of_a_docking() {
    let cloud = Cloud::well().await;
    let (mut station, _, docking) = busy(&cloud).await;
    judge(&docking, "docking", Use::AtADesk, &Pictures::new()).await;
    station.stop().await;
}

#[tokio::test]
async fn anybody_can_read_it_the_page_on_which_they_log_in() {
    let cloud = Cloud::well().await;
    let (mut station, _) = reachable(&cloud, NAME).await;
    judge(&format!("{}log-in", station.page().await), "log-in", Use::AtADesk, &Pictures::new()).await;
    station.stop().await;
}

#[tokio::test]
async fn somebody_logs_in_does_what_they_may_and_is_out_when_they_are_no_user_any_more() {
    let cloud = Cloud::well().await;
    let (mut station, _) = reachable(&cloud, NAME).await;
    let mut browser = Browser::start(&["visit", &station.page().await]);

    let asked = browser.does(json!({"go": "/station"})).await;
    assert_eq!(asked.path, "/log-in");
    let wrong = browser.does(json!({"logIn": ["an-it", "not their password"]})).await;
    assert!(wrong.text.contains("do not go together"), "{wrong:?}");
    let officer = browser.does(json!({"logIn": ["an-officer", RIGHT]})).await;
    assert_eq!(officer.path, "/station");
    assert!(
        officer.text.contains("camera BWC-1, LINK")
            && ["Try again", "Retire\n"].iter().all(|button| !officer.text.contains(button)),
        "an officer sees: {officer:?}"
    );

    assert_eq!(browser.does(json!({"press": "Log out an-officer"})).await.path, "/log-in");
    browser.does(json!({"go": "/station"})).await;
    let may = browser.does(json!({"logIn": ["an-it", RIGHT]})).await;
    assert!(may.text.contains("Try again"), "{may:?}");
    let tried = browser.does(json!({"press": "Try again"})).await;
    assert_eq!(tried.path, "/station");
    let last = SystemClock.now().minus(Duration::from_hours(24) * DAYS_AWAY).to_string();
    let year = last.split_once('-').unwrap().0;
    let said = tried.text.lines().find(|line| line.starts_with("BWC-9 last here until")).unwrap();
    assert!(said.contains(year), "a day of another year is told with it: {said}");
    let retired = browser.does(json!({"press": "Retire"})).await;
    assert_eq!(retired.path, "/station");
    assert_eq!(station.written_down(&["action-taken"]).len(), 2);

    station.camdock(&["user", "remove", "an-it"]).await;
    let out = browser.does(json!({"until": "/log-in"})).await;
    assert!(out.text.contains("Password"), "the page itself comes to where one logs in: {out:?}");
    station.stop().await;
}

/// Where the browser's pictures go: to `CAMDOCK_PICTURES`, or away.
enum Pictures {
    Kept(PathBuf),
    Away(tempfile::TempDir),
}

impl Pictures {
    fn new() -> Self {
        std::env::var_os("CAMDOCK_PICTURES")
            .map_or_else(|| Self::Away(tempfile::tempdir().unwrap()), |folder| Self::Kept(folder.into()))
    }

    fn folder(&self) -> &Path {
        match self {
            Self::Kept(folder) => folder,
            Self::Away(folder) => folder.path(),
        }
    }
}
