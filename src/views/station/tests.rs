//! What the station page shows, read as a browser reads it: the document, and not the styles.

use proptest::prelude::*;

use super::day::{Bar, bars};
use super::*;
use crate::domain::{
    Amount, BayName, BaySnapshot, ByteCount, Caller, CameraSerial, Condition, DestinationCause, DestinationName,
    DestinationNotice, DestinationSnapshot, Expected, ExplainedSegment, Explanation, Fingerprint, Hours, Judgement,
    LegalHold, Moment, Outcome, Overdue, OverdueCamera, ProblemKind, PutOff, Role, Segment, SourcePath, SpoolCopy,
    SpoolSpace, Standing, StationId, UserName, Verdict,
};
use crate::words::Language;

const NOW: Moment = Moment::from_millis(1_800_000_000_000);

fn camera() -> CameraSerial {
    CameraSerial::new("BWC-1").unwrap()
}

fn nas() -> DestinationName {
    DestinationName::new("nas").unwrap()
}

fn gib(count: u64) -> ByteCount {
    ByteCount::new(count << 30)
}

fn place(notice: DestinationNotice) -> DestinationSnapshot {
    DestinationSnapshot { notice, ..DestinationSnapshot::unasked(nas()) }
}

/// A station with nothing to do.
fn calm() -> Snapshot {
    let bays = vec![BaySnapshot::empty(BayName::new("1").unwrap())];
    Snapshot {
        destinations: vec![place(DestinationNotice::Well)],
        spool: Some(SpoolSpace { free: gib(60), reserve: gib(1), size: gib(100) }),
        copies: Amount { times: 7, bytes: gib(9) },
        ..Snapshot::of(StationId::new("hq-01").unwrap(), bays)
    }
}

fn nothing() -> Remembered {
    Remembered { day: Ok(Day::until(NOW)), dockings: Ok(Vec::new()), problems: Ok(Vec::new()) }
}

fn told(shown: &Snapshot, remembered: &Remembered) -> String {
    parts(shown, remembered, &Visitor::STRANGER, Words::english()).into_string()
}

/// The texts within a part of the page, without the tags.
fn texts(page: &str, part: &str) -> String {
    let (_, rest) =
        page.split_once(&format!(r#"<section id="{part}">"#)).unwrap_or_else(|| panic!("no {part}: {page}"));
    let within = rest.split_once("</section>").unwrap().0;
    within.split(['<', '>']).step_by(2).flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

fn problem(number: i64, path: &str) -> Problem {
    Problem {
        id: ProblemId(number),
        camera: Some(camera()),
        path: SourcePath::new(path.as_bytes().to_vec()),
        segment: None,
        destination: None,
        kind: ProblemKind::TooLarge { size: 1 << 40 },
        since: NOW,
    }
}

fn docking(outcome: Option<Outcome>) -> Docking {
    Docking {
        id: DockingId::new(NOW),
        camera: camera(),
        bay: BayName::new("3").unwrap(),
        began_at: NOW,
        ended: outcome.map(|outcome| (NOW.plus(Duration::from_mins(20)), outcome)),
        segments: 12,
        bytes: gib(3),
    }
}

#[test]
fn where_all_is_well_it_says_so_and_nothing_more() {
    let page = told(&calm(), &nothing());
    assert!(texts(&page, "faults").contains("no trouble seen with: camera, cable, port, disk, network, cloud"));
    assert!(texts(&page, "queue").contains("Nothing waits") && !texts(&page, "queue").contains("Clear"), "{page}");
    assert!(texts(&page, "problems").contains("Nothing waits for a person."));
    assert!(texts(&page, "dockings").contains("No camera was docked."));
    assert!(!page.contains("style="), "the policy of the page allows no style but its own: {page}");
}

#[test]
fn it_says_how_much_waits_and_by_when_it_is_clear_or_nothing() {
    let mut shown = calm();
    shown.queue = QueueSnapshot { segments: 12, bytes: gib(3), oldest_seconds: 7_500, clear: None };
    let queue = texts(&told(&shown, &nothing()), "queue");
    assert!(queue.contains("12 segments, 3 GiB") && queue.contains("The oldest for 2 h 5 min"), "{queue}");
    assert!(!queue.contains("Clear"), "rather than a guess: {queue}");
    let at = |minutes| NOW.plus(Duration::from_mins(minutes));
    shown.queue.clear = Some(Expected { earliest: at(5), latest: at(10) });
    assert!(texts(&told(&shown, &nothing()), "queue").contains("Clear by 08:10 UTC"));
    shown.queue.clear = Some(Expected { earliest: at(5), latest: at(90) });
    assert!(texts(&told(&shown, &nothing()), "queue").contains("Clear between 08:05 UTC and 09:30 UTC"));
}

#[test]
fn a_disk_that_does_not_say_how_much_room_it_has_is_not_said_to_have_any() {
    let disk = |shown: &Snapshot| texts(&told(shown, &nothing()), "disk");
    let told = disk(&calm());
    for room in ["Copies take 9 GiB", "Room for more 60 GiB", "Kept free 1 GiB", "Whole disk 100 GiB"] {
        assert!(told.contains(room), "{room}: {told}");
    }
    let silent = disk(&Snapshot { spool: None, ..calm() });
    assert!(silent.contains("9 GiB") && silent.contains("does not say") && !silent.contains("60 GiB"), "{silent}");
}

#[test]
fn the_link_at_fault_is_named_with_where_it_shows_and_what_to_do() {
    let denied = DestinationNotice::Denied { name: nas(), code: "403".to_owned(), credential: "nas.sas".to_owned() };
    let shown = Snapshot { destinations: vec![place(denied)], ..calm() };
    let page = told(&shown, &nothing());
    let faults = texts(&page, "faults");
    assert!(faults.contains("credential") && faults.contains("destination nas"), "{faults}");
    assert!(faults.contains("check credential nas.sas"), "{faults}");
    assert!(texts(&page, "destinations").contains("Refused"), "{page}");
}

#[test]
fn what_is_put_off_is_told_of_a_few_cameras_and_counted_of_the_others() {
    let put_off = |number| PutOff {
        camera: CameraSerial::new(format!("BWC-{number}")).unwrap(),
        segments: 3,
        since: NOW,
        error: "EFBIG".to_owned(),
    };
    let waits = DestinationNotice::Waiting { cause: DestinationCause::Full, error: "it is full".to_owned() };
    let place = DestinationSnapshot { put_off: (0..100).map(put_off).collect(), ..place(waits) };
    let said = texts(&told(&Snapshot { destinations: vec![place], ..calm() }, &nothing()), "destinations");
    assert!(said.contains("camera BWC-4 (EFBIG)") && !said.contains("BWC-5"), "{said}");
    assert!(said.contains("and of 95 other cameras"), "{said}");
}

#[test]
fn of_ten_thousand_problems_the_oldest_are_shown_and_the_others_counted() {
    let some = (1..=50).map(|number| problem(number, &format!("DCIM/{number}.MP4"))).collect();
    let page = told(&Snapshot { problems: 10_000, ..calm() }, &Remembered { problems: Ok(some), ..nothing() });
    let problems = texts(&page, "problems");
    assert!(
        problems.contains("Problem 7") && problems.contains("camera BWC-1, DCIM/7.MP4: it has 1 TiB"),
        "{problems}"
    );
    assert!(problems.contains("Give the station's data_dir a larger disk"), "{problems}");
    assert!(problems.contains("9950 more are not shown here. All of them: camdock problems"), "{problems}");
    assert!(page.len() < 100_000, "{} bytes", page.len());
}

#[test]
fn who_may_have_a_problem_tried_again_finds_a_button_for_it_and_nobody_else() {
    let remembered = Remembered { problems: Ok(vec![problem(7, "DCIM/7.MP4")]), ..nothing() };
    let shown = Snapshot { problems: 1, ..calm() };
    let sam = Known::As(Caller::User(UserName::new("sam").unwrap()));
    let button = r#"<form method="post" action="/station/problems/7/retry"><button>Try again</button></form>"#;
    for (standing, known, finds) in [
        (Standing::Of(Role::It), sam.clone(), true),
        (Standing::Of(Role::Officer), sam, false),
        (Standing::Of(Role::Officer), Known::NotYet, false),
    ] {
        let page = parts(&shown, &remembered, &Visitor { standing, known }, Words::english()).into_string();
        assert_eq!((page.contains(button), page.contains("camdock retry")), (finds, !finds), "{standing:?}");
    }
}

/// So many cameras that are overdue, the latest first.
fn missed(cameras: u32) -> Overdue {
    let missed = |number: u32| {
        let (since, camera) = (NOW.minus(Duration::from_hours(24) * number), format!("BWC-{number}"));
        OverdueCamera { since, camera: CameraSerial::new(camera).unwrap(), docking: Some(DockingId::new(since)) }
    };
    Overdue { days: 14, cameras: u64::from(cameras), latest: (0..cameras.min(100)).map(missed).collect() }
}

#[test]
fn the_cameras_that_did_not_come_back_are_named_with_their_last_docking_and_the_others_counted() {
    let page = |overdue| told(&Snapshot { overdue, ..calm() }, &nothing());
    assert!(!page(None).contains("overdue"), "nobody said when one is: {}", page(None));
    let none = texts(&page(Some(missed(0))), "overdue");
    assert!(none.contains("is not retired was here within the last 14 days") && !none.contains("can be"), "{none}");
    let overdue = missed(1_000);
    let last = overdue.latest[0].docking.unwrap();
    let page = page(Some(overdue));
    let said = texts(&page, "overdue");
    for part in [
        "1000 cameras were not docked here for more than 14 days.",
        "BWC-0 last here until 2027-01-15 08:00 UTC",
        "BWC-19 last here until 2026-12-27 08:00 UTC",
        "980 more are not shown here.",
        "camdock camera retire",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("BWC-20 ") && page.contains(&format!("/station/dockings/{last}?lang=en")), "{page}");
}

#[test]
fn who_may_say_that_a_camera_does_not_come_back_finds_a_button_for_it_and_nobody_else() {
    let shown = Snapshot { overdue: Some(missed(1)), ..calm() };
    let sam = Known::As(Caller::User(UserName::new("sam").unwrap()));
    let button = r#"<form method="post" action="/station/cameras/BWC-0/retire"><button>Retire</button></form>"#;
    for (role, known, finds) in
        [(Role::It, sam.clone(), true), (Role::Officer, sam, false), (Role::Officer, Known::NotYet, false)]
    {
        let visitor = Visitor { standing: Standing::Of(role), known };
        let page = parts(&shown, &nothing(), &visitor, Words::english()).into_string();
        assert_eq!(page.contains(button), finds, "{role}");
    }
}

fn somebody(role: Role, known: Known) -> Visitor {
    Visitor { standing: Standing::Of(role), known }
}

fn stranger() -> Visitor {
    Visitor { standing: Standing::Stranger, known: Known::NotYet }
}

#[test]
fn who_may_have_evidence_kept_longer_finds_a_form_for_it_and_nobody_else() {
    let sam = Known::As(Caller::User(UserName::new("sam").unwrap()));
    let explained = explained("DCIM/A.MP4", Vec::new());
    let form = r#"method="post" action="/station/cameras/BWC-1/retain""#;
    for (visitor, finds) in
        [(somebody(Role::It, sam.clone()), true), (somebody(Role::Officer, sam), false), (stranger(), false)]
    {
        let page = docking::whole(&explained, None, &visitor, Words::english()).into_string();
        assert_eq!(page.contains(form), finds, "{visitor:?}: {page}");
    }
}

#[test]
fn what_the_records_do_not_tell_is_left_out_and_said_to_be() {
    let silent = || NoRecords::Silent { seconds: 5 };
    let none = Remembered { day: Err(silent()), dockings: Err(silent()), problems: Err(silent()) };
    let page = told(&Snapshot { problems: 3, ..calm() }, &none);
    for part in ["day", "problems", "dockings"] {
        assert!(texts(&page, part).contains("The ledger does not answer just now"), "{part}: {page}");
    }
    assert!(texts(&page, "disk").contains("60 GiB"), "the rest is there: {page}");
}

#[test]
fn a_docking_is_a_row_that_leads_to_its_page() {
    let dockings = vec![docking(None), docking(Some(Outcome::TakenEarly))];
    let link = format!("/station/dockings/{}?lang=en", dockings[0].id);
    let page = told(&calm(), &Remembered { dockings: Ok(dockings), ..nothing() });
    assert!(page.contains(&link), "{page}");
    let said = texts(&page, "dockings");
    for part in ["BWC-1", "Going on", "Taken early", "2027-01-15 08:20 UTC", "12", "3 GiB"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("Older"), "{said}");
    let many = vec![docking(None); DOCKINGS as usize];
    let page = told(&calm(), &Remembered { dockings: Ok(many.clone()), ..nothing() });
    assert!(page.contains(&format!("before={}", many[0].id)) && page.contains("Older dockings"), "{page}");
}

fn explained(path: &str, conditions: Vec<Judgement>) -> ExplainedDocking {
    let path = SourcePath::new(path.as_bytes().to_vec());
    let fingerprint = Fingerprint::of(b"0123456789", ByteCount::new(4));
    let id = SegmentId::of(&camera(), &path, &fingerprint.sha256);
    let segment = Segment { id, camera: camera(), path, recorded_at: NOW, fingerprint, damaged: false };
    let problems = vec![problem(17, "A.MP4")];
    let known =
        Explanation { segment, spool: SpoolCopy::Present, copies: Vec::new(), problems, gone: None, seen_at: None };
    let segments = vec![ExplainedSegment { known, conditions }];
    ExplainedDocking { docking: docking(Some(Outcome::Completed)), segments, read_at: NOW }
}

#[test]
fn a_dockings_page_has_each_condition_of_each_segment_in_the_words_of_explain() {
    let read = Condition::WasRead { copy: SpoolCopy::Present, original: None };
    let waits = Condition::CopyIsProven {
        destination: nas(),
        state: None,
        method: None,
        kept_until: None,
        enforcement: None,
        legal_hold: LegalHold::Absent,
        original: None,
    };
    let judged = [(read, Verdict::Met), (waits, Verdict::Unmet)];
    let judged: Vec<_> = judged.into_iter().map(|(condition, verdict)| Judgement { condition, verdict }).collect();
    let explained = explained("DCIM/A.MP4", judged);
    let after = explained.segments[0].known.segment.id;
    let page = docking::whole(&explained, Some(after), &stranger(), Words::english()).into_string();
    for part in [
        "DCIM/A.MP4",
        r#"<li class="met"><span class="sign" aria-hidden="true">✔</span> <strong>met</strong> <span>it was read from the camera, and is in the spool, durable and compared"#,
        "<strong>unmet</strong> <span>nas has proven its copy: no, it is not queued",
        "problem 17: it has 1 TiB",
        &format!("after={after}"),
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[test]
fn what_a_camera_calls_its_files_is_text_and_nothing_else() {
    let name = "<script>alert(1)</script>\u{1b}[31m\u{202e}\r\n\"'&";
    let some = Remembered { problems: Ok(vec![problem(1, name)]), ..nothing() };
    let pages = [
        told(&Snapshot { problems: 1, ..calm() }, &some),
        docking::whole(&explained(name, Vec::new()), None, &stranger(), Words::english()).into_string(),
    ];
    for page in pages {
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
        assert!(!page.contains("<script>") && !page.contains(['\u{1b}', '\u{202e}', '\r', '\n']), "{page}");
    }
}

#[test]
fn each_language_has_it_in_its_words() {
    let some = Remembered { dockings: Ok(vec![docking(None)]), ..nothing() };
    for (language, words) in [
        (Language::English, ["Copied from cameras", "Proven at nas", "Going on"]),
        (Language::Spanish, ["Copiado de las cámaras", "Comprobado en nas", "En curso"]),
        (Language::Welsh, ["gopïo o gamerâu", "brofi yn nas", "Ar waith"]),
    ] {
        let page = parts(&calm(), &some, &Visitor::STRANGER, Words::of(language)).into_string().replace("&#39;", "'");
        for word in words {
            assert!(page.contains(word), "{word}: {page}");
        }
    }
}

#[test]
fn the_picture_is_told_as_a_sentence_and_as_a_table() {
    let mut day = Day::until(NOW);
    day.copied[22] = gib(3);
    day.copied[23] = gib(1);
    day.proven.insert(nas(), Hours::default());
    let page = told(&calm(), &Remembered { day: Ok(day), ..nothing() });
    let picture = texts(&page, "day");
    assert!(
        picture.contains("Copied from cameras: 4 GiB in 24 hours, and no more than 3 GiB in one hour."),
        "{picture}"
    );
    assert!(page.contains(r#"role="img" aria-labelledby="day-row-0 day-row-0-said""#), "{page}");
    assert!(page.contains(r#"<td class="number">3 GiB</td><td class="number">0 B</td>"#), "{page}");
}

proptest! {
    #[test]
    fn bars_stand_beside_each_other_within_the_picture_as_high_as_their_hours(
        hours in prop::array::uniform24(prop_oneof![Just(0_u64), any::<u64>(), 0_u64..1_000]),
        beyond in any::<u64>(),
    ) {
        let hours = hours.map(ByteCount::new);
        let most = ByteCount::new(beyond.max(hours.iter().map(|bytes| bytes.get()).max().unwrap_or(0)));
        let bars = bars(&hours, most);
        let some: Vec<_> = hours.iter().filter(|bytes| bytes.get() > 0).collect();
        prop_assert_eq!(bars.len(), some.len(), "an hour without anything has none");
        for Bar { left, top, high } in &bars {
            prop_assert!(left + 8 <= 240 && top + high == 1_000 && *high > 0, "{left} {top} {high}");
        }
        prop_assert!(bars.windows(2).all(|two| two[0].left + 8 < two[1].left));
        for ((one, bar), (other, beside)) in some.iter().zip(&bars).zip(some.iter().zip(&bars).skip(1)) {
            prop_assert!((one <= other) == (bar.high <= beside.high) || bar.high == beside.high);
        }
    }
}
