//! Every notice has its sentence, in every language.

mod texts;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use strum::VariantNames;

use super::*;
use crate::domain::{
    AccessNotice, BayName, BayNotice, BayState, CameraNotice, CameraSerial, Colour, Condition, ConnectionTrouble,
    DeliveryState, DestinationCause, DestinationName, DestinationNotice, DestinationState, DockNotice, Enforcement,
    Instruction, LegalHold, Manner, OddityKind, OtherNotice, Part, PlaceId, ProblemKind, ProofMethod, PutOff, Removal,
    SegmentId, SegmentNotice, SetupCause, SetupTrouble, Signal, SourcePath, SpoolCopy, StationId, StationNotice,
    StorageNotice, Verdict,
};

fn camera() -> CameraSerial {
    CameraSerial::new("BWC-1").unwrap()
}

fn nas() -> DestinationName {
    DestinationName::new("nas").unwrap()
}

fn bays() -> Vec<BayNotice> {
    let (error, why) = ("EIO".to_owned(), "It is a toaster.".to_owned());
    let (files, segments, done, total) = (2, 2, 1, 2);
    vec![
        BayNotice::Empty,
        BayNotice::Identifying,
        BayNotice::CameraAfterAll,
        BayNotice::Exchanged,
        BayNotice::NoCamera { why: why.clone() },
        BayNotice::CameraSilent,
        BayNotice::SilentWithNothingLeft { before: BayState::Ready },
        BayNotice::CameraFails { error: error.clone() },
        BayNotice::OtherSerial { before: camera(), now: CameraSerial::new("BWC-2").unwrap() },
        BayNotice::SameSerial { other: BayName::new("7").unwrap(), camera: camera() },
        BayNotice::Copying { done, total },
        BayNotice::SpoolFails { error: error.clone() },
        BayNotice::BadCopy { error: error.clone() },
        BayNotice::Comparing { done, total },
        BayNotice::Uploading { segments },
        BayNotice::WipeAwaitsExamination,
        BayNotice::WipeAwaitsSpool,
        BayNotice::WipeAwaitsDestination { error: error.clone() },
        BayNotice::WipeOverdue { error },
        BayNotice::Wiping,
        BayNotice::Ready,
        BayNotice::WasEmpty,
        BayNotice::WentByItself,
        BayNotice::StillWritten { files },
        BayNotice::Restless { files },
        BayNotice::HeldOpen { files },
        BayNotice::Looping { files },
        BayNotice::SpoolFull { files },
        BayNotice::SpoolStuck { files },
        BayNotice::DiskFull { files },
        BayNotice::DamagedVolume { why: why.clone() },
        BayNotice::WriteProtected,
        BayNotice::Missing { segments, camera: camera() },
        BayNotice::Problems { files, camera: camera() },
        BayNotice::AwaitsDestination {
            bay: Box::new(BayNotice::Uploading { segments }.into()),
            name: nas(),
            destination: Box::new(DestinationNotice::Well.into()),
        },
        BayNotice::NotSetUp { why },
    ]
}

fn others() -> Vec<OtherNotice> {
    let what = "BWC-2".to_owned();
    vec![
        OtherNotice::NoCamera { why: "It is a toaster.".to_owned() },
        OtherNotice::WaitsItsTurn { what: what.clone() },
        OtherNotice::HadItsTurn { what },
    ]
}

fn put_off() -> PutOff {
    PutOff { camera: camera(), segments: 3, since: Moment::from_millis(0), error: "EFBIG".to_owned() }
}

fn destinations() -> Vec<DestinationNotice> {
    let (name, error, cause) = (nas(), "EIO".to_owned(), DestinationCause::Network);
    let (put_off, more) = (vec![Notice::from(put_off())], 2);
    vec![
        DestinationNotice::Unasked,
        DestinationNotice::SetUp,
        DestinationNotice::Well,
        DestinationNotice::Waiting { cause, error: error.clone() },
        DestinationNotice::LeftAlone { cause, error: error.clone(), at: Moment::from_millis(0) },
        DestinationNotice::NoConnection {
            trouble: Box::new(ConnectionTrouble::CertificateWanted.into()),
            cause: DestinationCause::Certificate,
        },
        DestinationNotice::Denied { name: name.clone(), code: "403".to_owned(), credential: "nas.sas".to_owned() },
        DestinationNotice::WrongPlace { name: name.clone(), why: error.clone() },
        DestinationNotice::NoContainer { name: name.clone(), error: error.clone() },
        DestinationNotice::Refuses { name: name.clone(), error: error.clone() },
        DestinationNotice::Unprotected { name, why: error.clone() },
        DestinationNotice::NotSetUp { why: error },
        DestinationNotice::TakesNothing { state: DestinationState::Waiting, cause, put_off: put_off.clone(), more },
        DestinationNotice::TakesOthers { put_off, more },
        DestinationNotice::Overdue { destination: Box::new(DestinationNotice::Well.into()), cause },
    ]
}

fn connections() -> Vec<ConnectionTrouble> {
    let (certificate, why, at) = ("CN=x, serial 01".to_owned(), "EIO".to_owned(), Moment::from_millis(0));
    let (issuer, proxy, host) = ("CN=y".to_owned(), "proxy:3128".to_owned(), "cloud".to_owned());
    vec![
        ConnectionTrouble::CertificateEnded { certificate: certificate.clone(), until: at, now: at },
        ConnectionTrouble::CertificateNotYet { certificate: certificate.clone(), from: at, now: at },
        ConnectionTrouble::CertificateOfAnother {
            certificate: certificate.clone(),
            wanted: host.clone(),
            names: vec!["other".to_owned()],
        },
        ConnectionTrouble::UnknownIssuer { certificate: certificate.clone(), issuer },
        ConnectionTrouble::CertificateOfAuthority { certificate: certificate.clone() },
        ConnectionTrouble::CertificateUnusable { certificate, why: why.clone() },
        ConnectionTrouble::CertificateWanted,
        ConnectionTrouble::CertificateRefused { why },
        ConnectionTrouble::TooOld,
        ConnectionTrouble::ProxyLogin { proxy: proxy.clone() },
        ConnectionTrouble::ProxyRefuses { proxy, host },
    ]
}

fn problems() -> Vec<ProblemKind> {
    let (error, path) = ("EIO".to_owned(), SourcePath::new(b"DCIM/A.MP4".to_vec()));
    vec![
        ProblemKind::Oddity { kind: OddityKind::Fifo },
        ProblemKind::Unreadable { error: error.clone() },
        ProblemKind::DamagedAtSource { missing: 512 },
        ProblemKind::DamagedVolume { missing: 512 },
        ProblemKind::TooLarge { size: 1 << 40 },
        ProblemKind::NotDeleted { error: error.clone() },
        ProblemKind::Unsteady,
        ProblemKind::OtherContent,
        ProblemKind::Recreated,
        ProblemKind::ReadOnly,
        ProblemKind::Many { like: Box::new(ProblemKind::Unsteady), count: 9, examples: vec![path.clone(), path] },
        ProblemKind::Refused { error: error.clone() },
        ProblemKind::Undelivered { error },
        ProblemKind::LedgerRebuilt { saved: 7, lost: Some(2) },
        ProblemKind::OnlyOnCamera,
        ProblemKind::OnlyElsewhere,
        ProblemKind::Lost,
    ]
}

fn camera_notices() -> Vec<CameraNotice> {
    let (volume, error) = ("sda1".to_owned(), "EIO".to_owned());
    vec![
        CameraNotice::Done { segments: 12, bytes: 1 << 30 },
        CameraNotice::Taken,
        CameraNotice::TakenEarly,
        CameraNotice::Interrupted,
        CameraNotice::Deleting { files: 2 },
        CameraNotice::DeletionCompleted,
        CameraNotice::GoneByItself,
        CameraNotice::TroublesChange,
        CameraNotice::Changed,
        CameraNotice::PutBack,
        CameraNotice::OpenFilesUnseen { error: error.clone() },
        CameraNotice::NotMounted { volume: volume.clone(), error: error.clone() },
        CameraNotice::Unaccounted { volume: volume.clone(), files: 7, allocated: 9 },
        CameraNotice::NotWritten { volume: volume.clone(), why: error.clone() },
        CameraNotice::StaysMounted { volume, error: error.clone() },
        CameraNotice::OtherVersion,
        CameraNotice::StillThere,
        CameraNotice::NotWiped { error },
        CameraNotice::LateForShift { shift: "14:00".parse().unwrap() },
        CameraNotice::Overdue { days: 14 },
        CameraNotice::Retired,
    ]
}

fn segments() -> Vec<SegmentNotice> {
    let error = "EIO".to_owned();
    vec![
        SegmentNotice::Proven { method: ProofMethod::ReadBack },
        SegmentNotice::Kept { until: Some(Moment::from_millis(0)), legal_hold: LegalHold::Placed },
        SegmentNotice::Fetched,
        SegmentNotice::NotKept { error: "409".to_owned() },
        SegmentNotice::PutOff { error: error.clone() },
        SegmentNotice::ProofWithdrawn,
        SegmentNotice::FoundAgain,
        SegmentNotice::CopyBad { why: error },
        SegmentNotice::CopyMissing,
        SegmentNotice::CopyUnlabelled { copy: SegmentId::from_bytes([7; 16]) },
        SegmentNotice::CopyTorn,
        SegmentNotice::CopyTakenOver,
    ]
}

fn storage() -> Vec<StorageNotice> {
    let error = "EIO".to_owned();
    vec![
        StorageNotice::LedgerDamaged { error: error.clone() },
        StorageNotice::Rebuilding,
        StorageNotice::LogCutShort { error: error.clone(), saved: 7 },
        StorageNotice::WithoutEffect { entry: 9, error: error.clone() },
        StorageNotice::UnknownEntries { what: "2 entries".to_owned() },
        StorageNotice::BackedUp { backup: "/x".to_owned() },
        StorageNotice::ReserveUsed,
        StorageNotice::NoReserve { error: error.clone() },
        StorageNotice::NotExamined { error: error.clone() },
        StorageNotice::NotCompared { error: error.clone() },
        StorageNotice::NotReleased { error },
    ]
}

fn docks() -> Vec<DockNotice> {
    let (folder, error) = ("/bays".to_owned(), "EIO".to_owned());
    vec![
        DockNotice::FolderUnreadable { folder: folder.clone(), error: error.clone() },
        DockNotice::FolderBack { folder: folder.clone() },
        DockNotice::NoNewsOfFolder { folder, error: error.clone() },
        DockNotice::NoNewsOfUsb { error: error.clone() },
        DockNotice::PortUnreadable { port: "1-1.4".parse().unwrap(), error },
    ]
}

fn access() -> Vec<AccessNotice> {
    let address = IpAddr::V4(Ipv4Addr::new(10, 1, 2, 3));
    vec![
        AccessNotice::LoggedIn { address },
        AccessNotice::LogInRefused { address },
        AccessNotice::LockedOut { address },
        AccessNotice::ActionRefused,
    ]
}

fn station() -> Vec<StationNotice> {
    vec![
        StationNotice::DiskFull,
        StationNotice::Started { station: StationId::new("hq-01").unwrap(), version: "1.0.0".to_owned() },
        StationNotice::Stopping,
        StationNotice::PageOpen { address: "http://127.0.0.1:8470/".to_owned() },
        StationNotice::DoorLost { error: "EIO".to_owned() },
        StationNotice::SetUp { part: Part::ControlSocket },
        StationNotice::Enrolled { destination: nas(), place: PlaceId::random() },
        StationNotice::LampStaysLit { error: "EIO".to_owned() },
        StationNotice::LinesMissing { lines: 3 },
        StationNotice::LateForShift { shift: "14:00".parse().unwrap() },
        StationNotice::CertificateEnds { at: Moment::from_millis(0) },
        StationNotice::CamerasOverdue { cameras: 7, days: 14 },
    ]
}

fn setup() -> SetupTrouble {
    SetupTrouble { part: Part::Destination(nas()), cause: SetupCause::NoAnswer, message: "it hangs".to_owned() }
}

fn conditions() -> Vec<Value> {
    let (original, at) = (Some(Removal::Wiped), Some(Moment::from_millis(0)));
    let (state, method) = (Some(DeliveryState::Proven), Some(ProofMethod::ReadBack));
    let all = [
        Condition::WasRead { copy: SpoolCopy::Lost, original },
        Condition::SomethingIsRequired,
        Condition::EveryByteWasRead,
        Condition::CopyIsProven {
            destination: nas(),
            state,
            method,
            kept_until: at,
            enforcement: Some(Enforcement::Unlocked),
            legal_hold: LegalHold::Placed,
            original,
        },
        Condition::SourceIsTheSegment { original, at },
    ];
    all.map(|condition| judged(&Judgement { condition, verdict: Verdict::Unmet })).to_vec()
}

/// One of every kind.
fn every_notice() -> Vec<Notice> {
    let bays = bays().into_iter().map(Notice::from);
    let others = others().into_iter().map(Notice::from);
    let destinations = destinations().into_iter().map(Notice::from);
    let problems = problems().into_iter().map(Notice::from);
    let single = [Notice::from(put_off()), Notice::from(setup())];
    let states = bays.chain(others).chain(destinations).chain(problems).chain(single);
    let events = camera_notices().into_iter().map(Notice::from).chain(segments().into_iter().map(Notice::from));
    let more = storage().into_iter().map(Notice::from).chain(docks().into_iter().map(Notice::from));
    let more = more.chain(access().into_iter().map(Notice::from)).chain(connections().into_iter().map(Notice::from));
    states.chain(events).chain(more).chain(station().into_iter().map(Notice::from)).collect()
}

fn every_id() -> BTreeSet<String> {
    let conditions = Condition::VARIANTS.iter().map(|id| format!("{CONDITION}-{id}"));
    Notice::ids().into_iter().chain(Text::VARIANTS.iter().map(|id| (*id).to_owned())).chain(conditions).collect()
}

/// The messages of a language's files, each of which has others.
fn written(language: Language) -> BTreeSet<String> {
    let begins_one = |line: &&str| line.starts_with(|first: char| first.is_ascii_lowercase());
    let lines = language.files().into_iter().flat_map(str::lines).filter(begins_one);
    let names: Vec<_> = lines.filter_map(|line| Some(line.split_once(" =")?.0.to_owned())).collect();
    let all: BTreeSet<_> = names.iter().cloned().collect();
    assert_eq!(names.len(), all.len(), "{language:?}: none is written twice");
    all
}

#[test]
fn every_notice_has_its_sentence_in_every_language_and_every_sentence_its_notice() {
    for language in Language::ALL {
        for file in language.files() {
            let errors = FluentResource::try_new(file.to_owned()).err().map(|(_, errors)| errors);
            assert_eq!(errors, None, "{language:?}");
        }
        assert_eq!(written(language), every_id(), "{language:?}");
    }
}

#[test]
fn a_sentence_knows_the_facts_that_it_tells() {
    let notices = every_notice().into_iter().map(|notice| serde_json::to_value(notice).unwrap());
    let texts = texts::every_text().into_iter().map(|text| serde_json::to_value(text).unwrap());
    let all: Vec<_> = notices.chain(texts).chain(conditions()).collect();
    assert_eq!(all.iter().map(key).collect::<BTreeSet<_>>(), every_id(), "one of every kind is tried");
    for language in Language::ALL {
        for facts in &all {
            let mut gaps = Vec::new();
            let told = Words::of(language).tell_all(facts, &mut gaps);
            assert!(gaps.is_empty(), "{language:?} {}: {gaps:?}: {told}", key(facts));
            assert!(!told.sentence.is_empty() && told.advice != Some(String::new()), "{language:?} {}", key(facts));
        }
    }
}

#[test]
fn a_notice_is_named_in_sentences_as_programs_know_it() {
    for notice in every_notice() {
        let facts = serde_json::to_value(&notice).unwrap();
        assert_eq!(key(&facts), notice.id());
    }
}

#[test]
fn what_is_so_comes_first_and_what_to_do_after_it() {
    let english = Words::english();
    let told = english.tell(&BayNotice::Problems { files: 1, camera: camera() }.into());
    assert_eq!(told.sentence, "A person must look at 1 file; everything else is safe.");
    assert_eq!(told.advice.as_deref(), Some("See: camdock problems, camdock explain BWC-1."));
    assert_eq!(english.say(BayNotice::Ready), "Uploaded, proven and wiped. Take this one.");
}

#[test]
fn a_notice_within_another_is_told_as_part_of_it() {
    let waits = DestinationNotice::Waiting { cause: DestinationCause::Full, error: "it is full".to_owned() };
    let bay = BayNotice::AwaitsDestination {
        bay: Box::new(BayNotice::Uploading { segments: 1 }.into()),
        name: nas(),
        destination: Box::new(
            DestinationNotice::Overdue { destination: Box::new(waits.into()), cause: DestinationCause::Full }.into(),
        ),
    };
    assert_eq!(
        Words::english().say(bay),
        "Uploading: 1 segment to go. The camera may be taken; the wipe then waits for its next docking. Waiting for nas: \
         Waiting for room: it is full. Uploads go on by themselves. It has waited for more than an hour. Make room there."
    );
}

#[test]
fn numbers_are_told_with_their_units_and_their_plurals() {
    let english = Words::english();
    let say = |kind: ProblemKind| english.say(kind);
    assert!(say(ProblemKind::TooLarge { size: 1 << 40 }).starts_with("it has 1 TiB, more than"));
    let many = ProblemKind::Many {
        like: Box::new(ProblemKind::Oddity { kind: OddityKind::SymbolicLink }),
        count: 100_000,
        examples: vec![SourcePath::new(b"A".to_vec()), SourcePath::new(b"B".to_vec())],
    };
    assert_eq!(
        say(many),
        "when last counted, the same was so of 100000 entries of this camera, such as A, B. Of each: it is a symbolic link; \
         camdock left it on the camera and took everything else."
    );
    for (lost, said) in [
        (Some(0), ": all 9 entries of the custody log. What"),
        (Some(3), "were saved, the last 3 were not. What"),
        (None, "were saved, nobody can tell of how many. What"),
    ] {
        let told = say(ProblemKind::LedgerRebuilt { saved: 9, lost });
        assert!(told.contains(said), "{told}");
    }
    assert_eq!(english.say(BayNotice::Restless { files: 1 }).matches("1 file has").count(), 1);
    assert_eq!(english.say(BayNotice::Restless { files: 7 }).matches("7 files have").count(), 1);
}

#[test]
fn what_could_not_be_set_up_is_named() {
    assert_eq!(Words::english().say(setup()), "Destination nas is not set up: it hangs.");
    let lamp = SetupTrouble { part: Part::Lamp(BayName::new("7").unwrap()), ..setup() };
    assert_eq!(Words::english().say(lamp), "The lamp of bay 7 is not set up: it hangs.");
    let socket = SetupTrouble { part: Part::ControlSocket, ..setup() };
    assert_eq!(Words::english().say(socket), "The commands' socket is not set up: it hangs.");
}

#[test]
fn each_state_and_each_instruction_has_a_word_of_its_own() {
    let states = [
        BayState::Empty,
        BayState::Identifying,
        BayState::Offloading,
        BayState::Uploading,
        BayState::Wiping,
        BayState::Charging,
        BayState::Ready,
        BayState::Attention,
        BayState::Refused,
    ];
    let instructions = [
        Instruction::PutIn,
        Instruction::LeaveIn,
        Instruction::Take,
        Instruction::TakeOut,
        Instruction::PutInAgain,
        Instruction::CallIt,
    ];
    for language in Language::ALL {
        let words = Words::of(language);
        let of_states: BTreeSet<_> = states.into_iter().map(|state| words.text(&Text::PageState { state })).collect();
        assert_eq!(of_states.len(), states.len(), "{language:?}: {of_states:?}");
        let say = |instruction| words.text(&Text::PageInstruction { instruction });
        let of_instructions: BTreeSet<_> = instructions.into_iter().map(say).collect();
        assert_eq!(of_instructions.len(), instructions.len(), "{language:?}: {of_instructions:?}");
    }
}

#[test]
fn each_signal_and_each_light_has_words_of_its_own() {
    for language in Language::ALL {
        let words = Words::of(language);
        let of_signals: BTreeSet<_> =
            Signal::ALL.into_iter().map(|signal| words.text(&Text::LampSignal { signal })).collect();
        assert_eq!(of_signals.len(), Signal::ALL.len(), "{language:?}: {of_signals:?}");
        let colours = [Colour::Green, Colour::Amber, Colour::Red];
        let light = |manner| colours.map(|colour| words.text(&Text::LampLight { colour, manner }));
        let lit: BTreeSet<_> = [light(Manner::Steady), light(Manner::Blinking)].concat().into_iter().collect();
        assert_eq!(lit.len(), 2 * colours.len(), "{language:?}: {lit:?}");
        let dark = BTreeSet::from(light(Manner::Dark));
        assert!(dark.len() == 1 && dark.is_disjoint(&lit), "{language:?}: {dark:?}");
    }
}

#[test]
fn what_was_said_outside_steers_no_terminal_and_ends_no_line() {
    let error = "\u{1b}]0;x\u{7}\r\nforged\u{202e}\u{2028}".to_owned();
    let told = Words::english().say(BayNotice::CameraFails { error });
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.contains(r"\u{1b}]0;x\u{7}\u{d}\u{a}forged\u{202e}\u{2028}"), "{told}");
}

#[test]
fn each_part_of_a_station_is_called_by_its_name_in_every_language() {
    let bay = BayName::new("1").unwrap();
    let parts = [
        Part::Destination(nas()),
        Part::Bay(bay.clone()),
        Part::Profile("a.toml".to_owned()),
        Part::ControlSocket,
        Part::Page,
        Part::Lamp(bay),
        Part::StationLamp,
        Part::Users,
        Part::Certificate,
        Part::Operators,
        Part::Clock,
    ];
    assert_eq!(parts.len(), Part::VARIANTS.len());
    for words in Language::ALL.map(Words::of) {
        let trouble = |part: Part| words.say(SetupTrouble { part, ..setup() });
        let back = |part: Part| words.say(StationNotice::SetUp { part });
        let said: BTreeSet<_> = parts.iter().flat_map(|part| [trouble(part.clone()), back(part.clone())]).collect();
        assert_eq!(said.len(), 2 * parts.len(), "{said:?}");
    }
}

#[test]
fn a_line_says_of_what_it_is_said() {
    let about = Subject::station().bay(&BayName::new("3").unwrap()).camera(&camera()).destination(&nas());
    let words = Words::english();
    let line = words.line(&about, &words.tell(&CameraNotice::Done { segments: 1, bytes: 1 << 30 }.into()));
    assert_eq!(line, "bay 3, camera BWC-1, destination nas: Uploaded, proven and wiped: 1 segment, 1 GiB.");
    let line = words.line(&Subject::station(), &words.tell(&StationNotice::DiskFull.into()));
    assert!(line.starts_with("The disk that holds"), "{line}");
}

#[test]
fn how_a_condition_stands_is_told_with_what_is_known_of_it() {
    let (at, wiped) = (Some(Moment::from_millis(0)), Some(Removal::Wiped));
    let kept = |state, method, original, kept_until| Condition::CopyIsProven {
        destination: nas(),
        state,
        method,
        kept_until,
        enforcement: Some(Enforcement::Unlocked),
        legal_hold: LegalHold::Absent,
        original,
    };
    let proven = |state, method, original| kept(state, method, original, None);
    let read = |copy, original| Condition::WasRead { copy, original };
    let same = |original, at| Condition::SourceIsTheSegment { original, at };
    let (met, unmet) = (Verdict::Met, Verdict::Unmet);
    for (condition, verdict, said) in [
        (read(SpoolCopy::Present, None), met, "it was read from the camera, and is in the spool, durable and compared"),
        (
            read(SpoolCopy::Lost, None),
            unmet,
            "it was read from the camera; its spool copy is lost: dock the camera again",
        ),
        (read(SpoolCopy::Lost, wiped), unmet, "it was read from the camera; its spool copy is lost"),
        (Condition::SomethingIsRequired, met, "a destination is required"),
        (Condition::EveryByteWasRead, unmet, "every byte could be read: some cannot, so the original is kept"),
        (
            proven(Some(DeliveryState::Proven), Some(ProofMethod::ReadBack), None),
            met,
            "nas has proven its copy (read back); it is asked again before the wipe",
        ),
        (
            kept(Some(DeliveryState::Proven), Some(ProofMethod::Crc32c), wiped, at),
            met,
            "nas has proven its copy (by CRC-32C), and keeps it until 1970-01-01T00:00:00Z, unless somebody with a special right \
             ends that",
        ),
        (proven(Some(DeliveryState::Proven), None, wiped), met, "nas has proven its copy"),
        (proven(Some(DeliveryState::Queued), None, None), unmet, "nas has proven its copy: not yet, it is queued"),
        (proven(None, None, None), unmet, "nas has proven its copy: no, it is not queued"),
        (
            same(wiped, at),
            met,
            "what the camera holds now is what was uploaded: it was compared, and deleted, as a listing showed at \
             1970-01-01T00:00:00Z",
        ),
        (
            same(None, None),
            unmet,
            "what the camera holds now is what was uploaded: it is read again, compared, and deleted when everything \
             else is met",
        ),
    ] {
        assert_eq!(Words::english().judgement(&Judgement { condition, verdict }), said);
    }
}
