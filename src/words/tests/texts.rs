//! One of every text.

use super::{camera, nas};
use crate::domain::{
    BayName, BayState, ByteCount, Colour, DestinationState, Instruction, Link, Manner, Moment, Part, ProblemId, Signal,
    SourcePath, StationId, UserName, Verdict,
};
use crate::words::{Column, Text};

/// One of every kind.
pub(super) fn every_text() -> Vec<Text> {
    [bay_texts(), station_texts()].concat()
}

/// What stands on the bay page, on the lamps' sheet, where somebody logs in, and around a line of the journal.
fn bay_texts() -> Vec<Text> {
    vec![
        Text::PageTitle { station: StationId::new("hq-01").unwrap() },
        Text::PageBay { bay: BayName::new("7").unwrap() },
        Text::PageState { state: BayState::Ready },
        Text::PageInstruction { instruction: Instruction::Take },
        Text::PageTakeFirst,
        Text::PageTakeLater,
        Text::PageProgress { done: ByteCount::new(1), total: ByteCount::new(2) },
        Text::PageReadySince,
        Text::PageReadyBy,
        Text::PageReadyBetween,
        Text::PageReadyAnd,
        Text::PageNotLive,
        Text::PageLegend,
        Text::PageWorking,
        Text::SubjectBay { bay: BayName::new("1").unwrap() },
        Text::SubjectCamera { camera: camera() },
        Text::SubjectFile { file: SourcePath::new(b"A".to_vec()) },
        Text::SubjectDestination { destination: nas() },
        Text::JournalLast,
        Text::JournalMissed { times: 3 },
        Text::LampTitle,
        Text::LampLight { colour: Colour::Red, manner: Manner::Blinking },
        Text::LampSignal { signal: Signal::Call },
        Text::LampDark,
        Text::LampStation,
        Text::LampBar,
        Text::LogIn,
        Text::LogInName,
        Text::LogInPassword,
        Text::LogInWrong,
        Text::LogInWait { minutes: 9 },
        Text::LogInUnavailable,
        Text::LogOut { user: UserName::new("sam").unwrap() },
        Text::ProblemRetry,
    ]
}

/// What stands on the station page.
fn station_texts() -> Vec<Text> {
    let (segments, bytes) = (2, ByteCount::new(1 << 30));
    vec![
        Text::StationTitle { station: StationId::new("hq-01").unwrap() },
        Text::StationLink,
        Text::StationBays,
        Text::StationNoRecords,
        Text::StationFaults,
        Text::LinkName { link: Link::Cable },
        Text::PartName { part: Part::Destination(nas()) },
        Text::StationItself,
        Text::LinksWell { links: vec!["camera".to_owned()] },
        Text::ProblemsWait { problems: 3 },
        Text::StationQueue,
        Text::QueueWaits { segments, bytes },
        Text::QueueEmpty,
        Text::QueueOldest { age: "2 h".to_owned() },
        Text::QueueClearBy,
        Text::QueueClearBetween,
        Text::StationDisk,
        Text::DiskCopies,
        Text::DiskOthers,
        Text::DiskFree,
        Text::DiskReserve,
        Text::DiskSize,
        Text::DiskSilent,
        Text::StationDay,
        Text::DayCopied,
        Text::DayProven { destination: nas() },
        Text::DayRow { what: "x".to_owned(), total: bytes, most: bytes },
        Text::DayMost { most: bytes },
        Text::DayNumbers,
        Text::StationDestinations,
        Text::DestinationWord { state: DestinationState::Ok },
        Text::StationSince,
        Text::StationAgainAt,
        Text::PutOffMore { more: 2 },
        Text::StationProblems,
        Text::ProblemNumber { problem: ProblemId(7) },
        Text::ProblemsNone,
        Text::ProblemsMore { more: 9 },
        Text::ProblemsRetry,
        Text::StationOverdue,
        Text::OverdueNone { days: 14 },
        Text::OverdueLast,
        Text::OverdueMore { more: 3 },
        Text::OverdueRetire,
        Text::CameraRetire,
        Text::StationDockings,
        Text::Column { column: Column::Camera },
        Text::DockingOutcome { outcome: None },
        Text::DockingsNone,
        Text::DockingsOlder,
        Text::DockingTitle { camera: camera() },
        Text::DockingSums { segments, bytes },
        Text::DockingEmpty,
        Text::DockingUnknown,
        Text::DockingMore,
        Text::DockingAsOf,
        Text::SegmentDamaged,
        Text::VerdictWord { verdict: Verdict::Met },
        Text::SegmentProblem { problem: ProblemId(7), message: "x".to_owned() },
        Text::SegmentSeen { at: Moment::from_millis(0) },
    ]
}
