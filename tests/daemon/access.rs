//! Who gets in at the page of a station that others can reach, and what they may do there.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::symlink;
use std::time::{Duration, SystemTime};

use camdock::daemon::SystemClock;
use camdock::domain::{BayState, CertificateState, Clock as _, Moment, Part, SetupCause};
use camdock::views::StatusDocument;
use camdock_test_support::footage::Footage;
use futures::StreamExt as _;
use reqwest::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Certificate, Client, RequestBuilder, Response, StatusCode, redirect};
use serde_json::json;
use tokio::time::{sleep, timeout};

use crate::history;
use crate::station::{RunningStation, printed};
use crate::trouble::Cloud;

/// How the station is called.
pub(crate) const NAME: &str = "dock-hq.example";
/// For how long a camera did not come back.
pub(crate) const DAYS_AWAY: u32 = 400;
/// Everybody's password.
pub(crate) const RIGHT: &str = "four words are enough";

/// Makes what the page proves itself with, in the place of what was there.
fn certify(station: &RunningStation, name: &str) -> Certificate {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    // The key comes first: with the certificate of before it cannot be used, and with this one it can.
    std::fs::write(station.beside("web.key"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(station.beside("web.crt"), made.cert.pem()).unwrap();
    Certificate::from_pem(made.cert.pem().as_bytes()).unwrap()
}

/// The same, with one that ends in so many days, or ended so many days ago. Returns when that is, to the second.
fn certify_for(station: &RunningStation, days: i64) -> Moment {
    let mut wanted = rcgen::CertificateParams::new([NAME.to_owned()]).unwrap();
    let now = u64::try_from(SystemClock.now().millis()).unwrap() / 1_000;
    let ends = now.checked_add_signed(days * 24 * 3_600).unwrap();
    let at = |seconds: u64| (SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).into();
    (wanted.not_before, wanted.not_after) = (at(now - 400 * 24 * 3_600), at(ends));
    let key = rcgen::KeyPair::generate().unwrap();
    let made = wanted.self_signed(&key).unwrap();
    std::fs::write(station.beside("web.key"), key.serialize_pem()).unwrap();
    std::fs::write(station.beside("web.crt"), made.pem()).unwrap();
    Moment::from_millis(0).plus(Duration::from_secs(ends))
}

/// A station with a door as for the network, under a name, with a user of each role, a problem, and a camera that did not come back; and
/// what its page is trusted for.
pub(crate) async fn reachable(cloud: &Cloud, name: &str) -> (RunningStation, Certificate) {
    let mut station = cloud.station();
    let settings = r#"
        [station]
        overdue_after = "14d"
        [web]
        listen = "127.0.0.1:0"
        tls = { certificate = "web.crt", key = "web.key" }
        users = "users"
        kiosk = ["127.0.0.2"]
        collectors = ["127.0.0.3"]
    "#;
    std::fs::write(station.beside("camdock.toml.d/web.toml"), settings).unwrap();
    let certificate = certify(&station, name);
    history::write_visits(&station, &[("BWC-9", DAYS_AWAY)]).await;
    for role in ["officer", "it", "admin"] {
        let name = format!("an-{role}");
        let added = station.camdock_reading(&["user", "add", &name, "--role", role], &format!("{RIGHT}\n")).await;
        assert_eq!(printed(&added), format!("user {name} may log in now, as {role}\n"));
    }
    let footage = Footage::random("BWC-1", 1, 1_000, 7);
    station.dock(1, &footage);
    symlink("nowhere", station.camera(1, &footage).join("LINK")).unwrap();
    station.start();
    station.until("it has a problem", |status| status.problems == 1 && status.setup.is_empty()).await;
    (station, certificate)
}

/// A browser at some address of this machine.
pub(crate) struct Browser {
    client: Client,
    page: String,
    cookie: Option<String>,
}

impl Browser {
    async fn at(station: &RunningStation, certificate: &Certificate, address: [u8; 4]) -> Self {
        let page = station.page().await;
        let port = page.trim_end_matches('/').rsplit_once(':').unwrap().1.parse().unwrap();
        let client = Client::builder()
            .tls_certs_only([certificate.clone()])
            .resolve(NAME, SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port))
            .local_address(IpAddr::from(address))
            .redirect(redirect::Policy::none());
        Self { client: client.build().unwrap(), page, cookie: None }
    }

    /// One of somebody whom the station does not know by their address.
    pub(crate) async fn of_a_stranger(station: &RunningStation, certificate: &Certificate) -> Self {
        Self::at(station, certificate, [127, 0, 0, 1]).await
    }

    fn with_cookie(&self, request: RequestBuilder) -> RequestBuilder {
        self.cookie.iter().fold(request.header(ACCEPT, "text/html"), |request, cookie| request.header(COOKIE, cookie))
    }

    async fn get(&self, path: &str) -> Response {
        self.with_cookie(self.client.get(format!("{}{path}", self.page))).send().await.unwrap()
    }

    /// As a form of this very page does it.
    async fn post(&self, path: &str, body: &str) -> Response {
        self.post_from(Some(self.page.trim_end_matches('/')), path, body).await
    }

    async fn post_from(&self, origin: Option<&str>, path: &str, body: &str) -> Response {
        let request = self.client.post(format!("{}{path}", self.page)).body(body.to_owned());
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = origin.into_iter().fold(request, |request, origin| request.header(ORIGIN, origin));
        self.with_cookie(request).send().await.unwrap()
    }

    async fn log_in(&mut self, name: &str, password: &str) -> Response {
        let answer = self.post("log-in?to=%2Fapi%2Fv1%2Fstatus", &format!("name={name}&password={password}")).await;
        let given = answer.headers().get(SET_COOKIE).map(|cookie| cookie.to_str().unwrap().to_owned());
        self.cookie = given.and_then(|cookie| Some(cookie.split_once(';')?.0.to_owned())).or(self.cookie.take());
        answer
    }

    /// Logs in, as somebody does who knows the password.
    pub(crate) async fn log_in_as(&mut self, name: &str) {
        assert!(self.log_in(name, RIGHT).await.status().is_redirection());
    }

    /// What the browser shows of its session.
    pub(crate) fn cookie(&self) -> &str {
        self.cookie.as_deref().expect("somebody is logged in")
    }

    async fn retry(&self, problem: u64) -> StatusCode {
        self.post(&format!("api/v1/problems/{problem}/retry"), "").await.status()
    }
}

#[tokio::test]
async fn over_the_network_each_sees_what_is_theirs_and_strangers_are_asked_to_log_in() {
    let cloud = Cloud::well().await;
    let (mut station, certificate) = reachable(&cloud, NAME).await;
    let stranger = Browser::of_a_stranger(&station, &certificate).await;
    let kiosk = Browser::at(&station, &certificate, [127, 0, 0, 2]).await;
    let collector = Browser::at(&station, &certificate, [127, 0, 0, 3]).await;
    for (browser, open) in [
        (&stranger, &["page.css", "page.js", "healthz", "log-in"][..]),
        (&kiosk, &["page.css", "page.js", "healthz", "log-in", ""]),
        (&collector, &["page.css", "page.js", "healthz", "log-in", "metrics"]),
    ] {
        for path in
            ["page.css", "page.js", "healthz", "log-in", "", "live", "metrics", "api/v1/status", "api/v1/problems"]
        {
            let answer = browser.get(path).await;
            let expected = open.contains(&path) || (path == "live" && open.contains(&""));
            assert_eq!(answer.status().is_success(), expected, "{path}: {answer:?}");
            assert!(answer.headers().contains_key("strict-transport-security"), "{path}");
        }
        assert_eq!(browser.retry(1).await, StatusCode::UNAUTHORIZED);
    }
    let sent = stranger.get("api/v1/status?x=1").await;
    assert_eq!(
        (sent.status(), &sent.headers()[LOCATION]),
        (StatusCode::SEE_OTHER, &"/log-in?to=%2Fapi%2Fv1%2Fstatus%3Fx%3D1".parse().unwrap())
    );
    let plain =
        Client::new().get(station.page().await.replace("https", "http").replace(NAME, "127.0.0.1")).send().await;
    assert!(plain.is_err(), "nothing is said unencrypted: {plain:?}");
    station.stop().await;
}

#[tokio::test]
async fn who_logs_in_may_what_their_role_may_and_the_custody_log_has_who_did_what() {
    let cloud = Cloud::well().await;
    let (mut station, certificate) = reachable(&cloud, NAME).await;
    let mut browser = Browser::of_a_stranger(&station, &certificate).await;

    assert_eq!(browser.log_in("an-it", "wrong").await.status(), StatusCode::FORBIDDEN);
    assert_eq!(browser.log_in("my password, by mistake", "wrong").await.status(), StatusCode::FORBIDDEN);
    let accepted = browser.log_in("an-officer", RIGHT).await;
    assert_eq!(
        (accepted.status(), &accepted.headers()[LOCATION]),
        (StatusCode::SEE_OTHER, &"/api/v1/status".parse().unwrap())
    );
    let cookie = accepted.headers()[SET_COOKIE].to_str().unwrap().to_owned();
    for part in ["__Host-camdock=", "HttpOnly", "SameSite=Strict", "Secure", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(browser.get("api/v1/status").await.text().await.unwrap().contains("BWC-1"));
    assert_eq!(browser.retry(1).await, StatusCode::FORBIDDEN, "an officer sees");

    let before = browser.cookie.clone();
    assert!(browser.log_in("an-it", RIGHT).await.status().is_redirection());
    assert_ne!(browser.cookie, before, "nobody who knew the id from before is logged in now");
    let problem = station.status().await.map(|_| station.written_down(&["problem-found"]).len()).unwrap();
    assert_eq!(problem, 1);
    let problems = browser.get("api/v1/problems").await.text().await.unwrap();
    let number: serde_json::Value = serde_json::from_str(&problems).unwrap();
    let number = number[0]["id"].as_u64().unwrap();
    assert_eq!(browser.retry(number).await, StatusCode::OK);
    let enrolled = browser.post("api/v1/destinations/primary/replace/52781344bf13dc3cd82b4462e64046c1", "").await;
    assert_eq!(enrolled.status(), StatusCode::FORBIDDEN, "which place counts is an administrator's to say");

    assert!(browser.post("log-out", "").await.status().is_redirection());
    assert_eq!(browser.get("api/v1/status").await.status(), StatusCode::SEE_OTHER, "the cookie of before is nobody's");

    let (local, user) = ("127.0.0.1", |name: &str| json!({"who": "user", "name": name}));
    let steps = ["logged-in", "log-in-refused", "action-taken", "action-refused"];
    let retry = |problem: u64| json!({"what": "retry", "problem": problem});
    assert_eq!(
        station.written_down(&steps),
        [
            json!({"step": "log-in-refused", "user": "an-it", "from": local, "why": "wrong"}),
            json!({"step": "log-in-refused", "user": null, "from": local, "why": "wrong"}),
            json!({"step": "logged-in", "user": "an-officer", "from": local}),
            json!({"step": "action-refused", "by": user("an-officer"), "action": retry(1)}),
            json!({"step": "logged-in", "user": "an-it", "from": local}),
            json!({"step": "action-taken", "by": user("an-it"), "action": retry(number)}),
            json!({"step": "action-refused", "by": user("an-it"), "action": {
                "what": "enrol", "destination": "primary", "place": "52781344bf13dc3cd82b4462e64046c1", "earlier": "is-replaced"
            }}),
        ]
    );
    station.stop().await;
    assert!(
        !station.logged().contains("an-it") && !station.logged().contains("by mistake"),
        "the journal has nobody's name"
    );
}

#[tokio::test]
async fn that_a_camera_does_not_come_back_is_for_those_to_say_who_look_after_problems() {
    let cloud = Cloud::well().await;
    let (mut station, certificate) = reachable(&cloud, NAME).await;
    let mut browser = Browser::of_a_stranger(&station, &certificate).await;
    let (docked, away) = ("api/v1/cameras/BWC-1/retire", "api/v1/cameras/BWC-9/retire");
    assert_eq!(browser.post(away, "").await.status(), StatusCode::UNAUTHORIZED);
    browser.log_in_as("an-officer").await;
    assert_eq!(browser.post(away, "").await.status(), StatusCode::FORBIDDEN);
    browser.log_in_as("an-it").await;
    for (path, status) in [
        (docked, StatusCode::CONFLICT),
        ("api/v1/cameras/BWC-7/retire", StatusCode::NOT_FOUND),
        ("api/v1/cameras/.hidden/retire", StatusCode::BAD_REQUEST),
        ("station/cameras/BWC-1/retire", StatusCode::SEE_OTHER),
        ("station/cameras/BWC-7/retire", StatusCode::NOT_FOUND),
        ("station/cameras/BWC-9/retire", StatusCode::SEE_OTHER),
        (away, StatusCode::OK),
    ] {
        assert_eq!(browser.post(path, "").await.status(), status, "{path}");
    }
    let (user, retire) =
        (|name: &str| json!({"who": "user", "name": name}), json!({"what": "retire", "camera": "BWC-9"}));
    assert_eq!(
        station.written_down(&["action-taken", "action-refused", "camera-retired"]),
        [
            json!({"step": "action-refused", "by": user("an-officer"), "action": retire}),
            json!({"step": "action-taken", "by": user("an-it"), "action": retire}),
            json!({"step": "camera-retired", "camera": "BWC-9"}),
            json!({"step": "action-taken", "by": user("an-it"), "action": retire}),
        ]
    );
    station.stop().await;
}

#[tokio::test]
async fn five_failures_lock_a_name_for_ten_minutes_and_that_is_told() {
    let cloud = Cloud::well().await;
    let (mut station, certificate) = reachable(&cloud, NAME).await;
    let mut browser = Browser::of_a_stranger(&station, &certificate).await;
    for _ in 0..5 {
        assert_eq!(browser.log_in("an-it", "wrong").await.status(), StatusCode::FORBIDDEN);
    }
    let locked = browser.log_in("an-it", RIGHT).await;
    assert_eq!((locked.status(), locked.headers().contains_key("retry-after")), (StatusCode::TOO_MANY_REQUESTS, true));
    assert!(locked.text().await.unwrap().contains("Try again in 10 minutes"));
    assert!(browser.log_in("an-officer", RIGHT).await.status().is_redirection(), "others get in");
    let refused: Vec<_> =
        station.written_down(&["log-in-refused"]).into_iter().map(|entry| entry["why"].clone()).collect();
    assert_eq!(refused, ["wrong", "wrong", "wrong", "wrong", "wrong", "locked-out"]);
    assert!(
        station.logged().contains("WARN Somebody from 127.0.0.1 failed to log in for the fifth time"),
        "{}",
        station.logged()
    );
    station.stop().await;
}

#[tokio::test]
async fn a_page_of_somebody_else_does_nothing_here_and_reads_nothing() {
    let cloud = Cloud::well().await;
    let (mut station, certificate) = reachable(&cloud, NAME).await;
    let mut browser = Browser::of_a_stranger(&station, &certificate).await;
    browser.log_in("an-it", RIGHT).await;
    let own = station.page().await;
    for origin in
        [None, Some("null"), Some("https://evil.example"), Some("https://dock-hq.example"), Some(own.as_str())]
    {
        let answer = browser.post_from(origin, "api/v1/problems/1/retry", "").await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{origin:?}");
        let answer = browser.post_from(origin, "log-in", &format!("name=an-it&password={RIGHT}")).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{origin:?}");
    }
    let port = own.trim_end_matches('/').rsplit_once(':').unwrap().1;
    for host in
        ["evil.example", "dock-hq.example", "127.0.0.1", &format!("localhost:{port}"), &format!("127.0.0.1:{port}")]
    {
        let answer = browser.with_cookie(browser.client.get(&own).header(HOST, host)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::MISDIRECTED_REQUEST, "{host}");
    }
    let long = browser.post("log-in", &format!("name=an-it&password={}", "x".repeat(100_000))).await;
    assert_eq!(long.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(station.written_down(&["action-taken"]).is_empty());
    station.stop().await;
}

#[tokio::test]
async fn who_is_taken_off_the_list_is_out_at_once_and_their_page_hears_no_more() {
    let cloud = Cloud::well().await;
    let (mut station, certificate) = reachable(&cloud, NAME).await;
    let mut browser = Browser::of_a_stranger(&station, &certificate).await;
    browser.log_in("an-officer", RIGHT).await;
    let mut news = browser.get("live").await.bytes_stream();
    assert!(news.next().await.unwrap().is_ok());
    let removed = station.camdock(&["user", "remove", "an-officer"]).await;
    assert_eq!(printed(&removed), "user an-officer may log in no more\n");
    let ended = async { while news.next().await.is_some_and(|news| news.is_ok()) {} };
    timeout(Duration::from_secs(30), ended).await.expect("the news end");
    assert_eq!(browser.get("").await.status(), StatusCode::SEE_OTHER);
    assert_eq!(browser.log_in("an-officer", RIGHT).await.status(), StatusCode::FORBIDDEN);

    std::fs::write(station.beside("users"), "nonsense\n").unwrap();
    let broken = station.until("it says that nobody can log in", |status| !status.setup.is_empty()).await;
    assert_eq!((&broken.setup[0].part, broken.setup[0].cause), (&Part::Users, SetupCause::FileBroken));
    let unknown = browser.log_in("an-it", RIGHT).await;
    assert_eq!(unknown.status(), StatusCode::SERVICE_UNAVAILABLE, "without a list nobody gets in");
    assert!(unknown.text().await.unwrap().contains("Nobody can log in now"), "and nobody is said to be wrong");
    station.stop().await;
}

/// A pipe is opened for ever, if nobody writes into it.
#[tokio::test]
async fn pipes_in_the_place_of_a_certificate_and_of_the_list_keep_no_camera_waiting() {
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    let settings = "[web]\ntls = { certificate = \"web.crt\", key = \"web.key\" }\nusers = \"users\"\n";
    std::fs::write(station.beside("camdock.toml.d/web.toml"), settings).unwrap();
    for name in ["web.crt", "web.key", "users"] {
        let path = station.beside(name);
        rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
    }
    station.start();
    let told = station.until("it says what is in the way", |status| status.setup.len() == 2).await;
    assert!(told.setup.iter().all(|trouble| trouble.cause == SetupCause::FileUnreadable), "{told:?}");
    station.dock(1, &Footage::random("BWC-1", 1, 1_000, 7));
    station.until("the camera is served", |status| status.bays[0].state == BayState::Ready).await;
    for name in ["web.crt", "web.key", "users"] {
        std::fs::rename(station.beside(name), station.beside(&format!("{name}.aside"))).unwrap();
    }
    certify(&station, NAME);
    station.camdock_reading(&["user", "add", "sam", "--role", "it"], &format!("{RIGHT}\n")).await;
    station.until("all is there", |status| status.setup.is_empty()).await;
    assert!(station.page().await.starts_with("https://dock-hq.example:"));
    station.stop().await;
}

#[tokio::test]
async fn a_renewed_certificate_is_used_without_a_restart_and_a_broken_one_is_not() {
    let cloud = Cloud::well().await;
    let (mut station, first) = reachable(&cloud, NAME).await;
    let proves = async |station: &RunningStation, certificate: &Certificate| {
        let browser = Browser::of_a_stranger(station, certificate).await;
        browser.client.get(format!("{}healthz", browser.page)).send().await.is_ok()
    };
    std::fs::write(station.beside("web.crt"), "nonsense\n").unwrap();
    let broken = station.until("it says so", |status| !status.setup.is_empty()).await;
    assert_eq!((&broken.setup[0].part, broken.setup[0].cause), (&Part::Certificate, SetupCause::FileBroken));
    assert!(broken.setup[0].message.contains("the one before is used meanwhile"), "{broken:?}");
    assert!(proves(&station, &first).await);

    let second = certify(&station, NAME);
    station.until("that is over", |status| status.setup.is_empty()).await;
    timeout(Duration::from_secs(30), async {
        while !proves(&station, &second).await {
            sleep(Duration::from_millis(100)).await;
        }
    })
    .await
    .expect("the new one is shown");
    assert!(!proves(&station, &first).await);
    station.stop().await;
}

#[tokio::test]
async fn that_a_certificate_ends_is_said_before_it_does_and_needs_nobody_at_night() {
    let cloud = Cloud::well().await;
    let mut station = cloud.station();
    let settings = "[web]\ntls = { certificate = \"web.crt\", key = \"web.key\" }\nusers = \"users\"\n";
    std::fs::write(station.beside("camdock.toml.d/web.toml"), settings).unwrap();
    station.camdock_reading(&["user", "add", "sam", "--role", "it"], &format!("{RIGHT}\n")).await;
    let told = format!("The certificate of the page ends at {}", certify_for(&station, 20));
    station.start();
    let is = |state| move |status: &StatusDocument| status.certificate.is_some_and(|shown| shown.state == state);
    station.until("it says so", is(CertificateState::EndsSoon)).await;
    for command in ["status", "doctor", "check"] {
        let said = station.camdock(&[command]).await;
        let ends = if command == "check" { "it ends at" } else { told.as_str() };
        assert!(printed(&said).contains(ends), "{command}: {}", printed(&said));
        assert!(command == "check" || said.status.code() == Some(0), "{command}: {}", printed(&said));
    }
    let numbers = station.answer("/metrics").await.unwrap();
    assert!(numbers.contains("\ncamdock_page_certificate_ends_soon{station=\"hq-01\"} 1\n"), "{numbers}");
    assert!(station.logged().contains(&format!("WARN {told}")), "{}", station.logged());

    certify_for(&station, 200);
    station.until("it is renewed", is(CertificateState::Ok)).await;
    assert!(!printed(&station.camdock(&["status"]).await).contains("certificate"));
    certify_for(&station, -1);
    let ended = station.until("it has ended", |status| !status.setup.is_empty()).await;
    assert!(is(CertificateState::Ended)(&ended) && ended.setup[0].message.contains("browsers refuse it"), "{ended:?}");
    let status = station.camdock(&["status"]).await;
    assert_eq!((status.status.code(), printed(&status).matches("certificate").count()), (Some(3), 1), "said once");
    assert_eq!(station.logged().matches(&told).count(), 1, "{}", station.logged());
    station.stop().await;
}

#[tokio::test]
async fn what_is_done_by_command_is_written_down_with_the_account_that_did_it() {
    let cloud = Cloud::well().await;
    let (mut station, _) = reachable(&cloud, NAME).await;
    let problems: serde_json::Value = serde_json::from_str(&station.answer("/api/v1/problems").await.unwrap()).unwrap();
    let number = problems[0]["id"].to_string();
    let retried = station.camdock(&["retry", &number]).await;
    assert_eq!(retried.status.code(), Some(0), "{}", printed(&retried));
    let own = rustix::process::geteuid().as_raw();
    let taken = station.written_down(&["action-taken"]);
    assert_eq!((taken.len(), &taken[0]["by"]["uid"]), (1, &json!(own)), "{taken:?}");
    station.stop().await;
}
