//! What a page shows, read as a browser reads it: the document, and not the styles.

use crate::domain::{
    BayName, BayNotice, BaySnapshot, ByteCount, Caller, CameraSerial, Expected, Moment, StationId, UserName,
};

use super::*;
use axum::http::HeaderValue;
use axum::http::header::ACCEPT_LANGUAGE;

fn bay(name: &str, notice: BayNotice) -> BaySnapshot {
    let camera = (notice != BayNotice::Empty).then(|| CameraSerial::new(format!("BWC-{name}")).unwrap());
    BaySnapshot { notice, camera, ..BaySnapshot::empty(BayName::new(name).unwrap()) }
}

fn shown(bays: Vec<BaySnapshot>) -> Snapshot {
    Snapshot::of(StationId::new("hq-01").unwrap(), bays)
}

fn told(bays: Vec<BaySnapshot>, language: Language) -> String {
    tiles(&shown(bays), Words::of(language)).into_string()
}

#[test]
fn a_tile_has_a_word_a_sign_the_camera_and_one_instruction() {
    let uploading = BaySnapshot {
        bytes_total: ByteCount::new(4 << 30),
        bytes_uploaded: ByteCount::new(1 << 30),
        ..bay("7", BayNotice::Uploading { segments: 3 })
    };
    let told = told(vec![uploading], Language::English);
    for part in [
        r#"<article class="tile working" id="bay-7">"#,
        "↻</span> Uploading",
        "BWC-7",
        "Leave it in",
        r#"<progress value="1073741824" max="4294967296" aria-label="1 GiB of 4 GiB proven">"#,
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn of_several_that_are_ready_the_first_is_to_be_taken_first() {
    let ready = |name: &str, millis: i64| BaySnapshot {
        ready_at: Some(Moment::from_millis(millis)),
        ..bay(name, BayNotice::Ready)
    };
    let told = told(vec![ready("1", 9_000), ready("2", 5_000), bay("3", BayNotice::Empty)], Language::English);
    let (one, two) = told.split_once("bay-2").unwrap();
    assert!(one.contains("Ready too") && !one.contains("first"), "{one}");
    assert!(two.contains("Take this one first"), "{two}");
    assert!(two.contains(r#"<time datetime="1970-01-01T00:00:05Z">00:00 UTC</time>"#), "{two}");
}

#[test]
fn what_a_camera_says_is_text_on_the_page_and_nothing_else() {
    let why = "<script>alert(1)</script>\u{1b}[31m\u{202e}\r\n\"'&".to_owned();
    let told = told(vec![bay("1", BayNotice::NoCamera { why })], Language::English);
    assert!(told.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{told}");
    assert!(told.contains(r"\u{1b}[31m\u{202e}\u{d}\u{a}"), "{told}");
    assert!(!told.contains(['\u{1b}', '\u{202e}', '\r', '\n']), "{told}");
}

#[test]
fn each_language_says_it_in_its_words_and_the_page_says_which_it_is() {
    for (language, word, begin) in [
        (Language::English, "Take this one", r#"<html lang="en">"#),
        (Language::Spanish, "Llévese esta", r#"<html lang="es">"#),
        (Language::Welsh, "Cymerwch hwn", r#"<html lang="cy">"#),
    ] {
        let page = document(
            &shown(vec![bay("1", BayNotice::Ready)]),
            &Dock { columns: Some(4), lamps: None },
            Known::Never,
            Words::of(language),
        );
        let page = page.into_string();
        assert!(page.contains(word) && page.contains(begin), "{page}");
        assert!(page.contains(r#"<main id="bays" data-columns="4" data-live="/live?lang="#), "{page}");
    }
}

#[test]
fn the_language_is_the_one_that_is_asked_for_or_the_browsers_first_that_there_is() {
    let browser =
        |languages: &'static str| HeaderMap::from_iter([(ACCEPT_LANGUAGE, HeaderValue::from_static(languages))]);
    for (asked, languages, expected) in [
        (None, "", Language::English),
        (None, "de-AT,cy-GB;q=0.9,es;q=0.8", Language::Welsh),
        (Some("es"), "cy", Language::Spanish),
        (Some("xx"), "cy", Language::Welsh),
        (None, "ES-mx", Language::Spanish),
    ] {
        let wanted = Wanted { lang: asked.map(str::to_owned) };
        assert_eq!(wanted.words(&browser(languages)).language(), expected, "{asked:?} {languages}");
    }
}

#[test]
fn what_the_lamps_say_is_told_where_there_are_lamps() {
    let page = |lamps| {
        let dock = Dock { columns: None, lamps };
        document(&shown(vec![bay("1", BayNotice::Ready)]), &dock, Known::Never, Words::of(Language::English))
            .into_string()
    };
    assert!(!page(None).contains("lamps"));
    let told = page(Some(Arc::default()));
    for part in
        ["steady green: Take this one<", "blinking amber: Leave it in<", "blinking red: Leave it in and call IT<"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
}

#[test]
fn a_camera_at_work_says_when_it_will_be_ready_and_one_that_is_ready_does_not() {
    let at = |minutes: u64| Moment::from_millis(1_800_000_000_000).plus(std::time::Duration::from_mins(minutes));
    let expected = |latest| Some(Expected { earliest: at(10), latest: at(latest) });
    let uploading =
        |latest| BaySnapshot { expected: expected(latest), ..bay("1", BayNotice::Uploading { segments: 1 }) };
    let said = |bay| {
        let page = told(vec![bay], Language::English);
        let (_, since) = page.split_once(r#"<p class="since">"#)?;
        // Without its tags.
        let texts = since.split_once("</p>")?.0.split(['<', '>']).step_by(2);
        Some(texts.collect::<String>())
    };
    assert_eq!(said(uploading(70)).as_deref(), Some("Ready between 08:10 UTC and 09:10 UTC"));
    assert_eq!(said(uploading(20)).as_deref(), Some("Ready by 08:20 UTC"));
    let waits = BaySnapshot { expected: expected(20), ..bay("1", BayNotice::WriteProtected) };
    assert_eq!(said(waits), None, "it needs somebody first");
}

#[test]
fn who_is_logged_in_finds_the_way_out_and_who_may_log_in_the_way_in() {
    let page = |known| {
        let dock = Dock { columns: None, lamps: None };
        document(&shown(vec![bay("1", BayNotice::Ready)]), &dock, known, Words::of(Language::English)).into_string()
    };
    let sam = Known::As(Caller::User(UserName::new("sam").unwrap()));
    assert!(page(sam).contains(r#"<form method="post" action="/log-out"><button>Log out sam</button></form>"#));
    assert!(page(Known::NotYet).contains(r#"<a href="/log-in?lang=en&amp;to=/">Log in</a>"#));
    assert!(!page(Known::Never).contains("log-"));
}

#[test]
fn all_who_look_at_the_same_are_shown_the_same_in_their_own_language_and_what_is_so_now() {
    let (drawn, ready) = (Drawn::default(), shown(vec![bay("1", BayNotice::Ready)]));
    let [english, welsh] = [Language::English, Language::Welsh].map(Words::of);
    let first = drawn.tiles(&ready, english);
    assert!(Arc::ptr_eq(&first, &drawn.tiles(&ready.clone(), english)), "it is drawn once");
    assert!(drawn.tiles(&ready, welsh).contains("Cymerwch hwn"));
    assert!(Arc::ptr_eq(&first, &drawn.tiles(&ready, english)), "and again for nobody else");
    let empty = shown(vec![bay("1", BayNotice::Empty)]);
    assert!(drawn.tiles(&empty, english).contains("Put a camera in"));
    assert_eq!(drawn.0.lock().unwrap().len(), 2, "what is no more is forgotten");
}
