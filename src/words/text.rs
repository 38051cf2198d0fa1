//! What is said besides notices: on a page, and in a line of the journal.

use serde::Serialize;
use strum::VariantNames;

use crate::domain::{
    BayName, BayState, ByteCount, CameraSerial, Colour, DestinationName, DestinationState, Instruction, Link, Manner,
    Moment, Outcome, Part, ProblemId, Signal, SourcePath, StationId, UserName, Verdict,
};

/// What stands above a column of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Column {
    /// Cameras.
    Camera,
    /// Bays.
    Bay,
    /// When each began.
    Began,
    /// When each ended.
    Ended,
    /// How each ended.
    Outcome,
    /// How many segments.
    Segments,
    /// How many bytes.
    Bytes,
    /// Hours of a day.
    Hour,
}

/// A text of a page or a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, VariantNames)]
#[serde(tag = "id", rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Text {
    /// The title.
    PageTitle {
        /// Whose bays are shown.
        station: StationId,
    },
    /// A bay's name.
    PageBay {
        /// Which.
        bay: BayName,
    },
    /// A bay's state, in a word.
    PageState {
        /// Which.
        state: BayState,
    },
    /// What to do at a bay.
    PageInstruction {
        /// Which.
        instruction: Instruction,
    },
    /// Of several cameras that are ready, this one was first.
    PageTakeFirst,
    /// Another camera that is ready should be taken first.
    PageTakeLater,
    /// How far it is.
    PageProgress {
        /// Proven.
        done: ByteCount,
        /// Of how much.
        total: ByteCount,
    },
    /// Since when it is ready, before the time.
    PageReadySince,
    /// By when it is expected to be ready, before the time.
    PageReadyBy,
    /// Between when and when it is expected to be ready, before the first time.
    PageReadyBetween,
    /// The same, before the second time.
    PageReadyAnd,
    /// The page no longer gets news, before the time.
    PageNotLive,
    /// What the colours and patterns mean, above them.
    PageLegend,
    /// A group of states: work is going on.
    PageWorking,
    /// In which bay something is so, before what is.
    SubjectBay {
        /// Which.
        bay: BayName,
    },
    /// Of which camera.
    SubjectCamera {
        /// Which.
        camera: CameraSerial,
    },
    /// Of which file.
    SubjectFile {
        /// Which.
        file: SourcePath,
    },
    /// At which destination.
    SubjectDestination {
        /// Which.
        destination: DestinationName,
    },
    /// It is not told again for a while.
    JournalLast,
    /// It was not told for a while.
    JournalMissed {
        /// How often it was so meanwhile.
        times: u64,
    },
    /// What lamps say, above it.
    LampTitle,
    /// How a lamp is lit.
    LampLight {
        /// In which colour.
        colour: Colour,
        /// In which manner.
        manner: Manner,
    },
    /// What a lamp says.
    LampSignal {
        /// Which signal.
        signal: Signal,
    },
    /// What it means if a lamp says nothing.
    LampDark,
    /// What the station's own lamp says.
    LampStation,
    /// How a drawn rhythm is read.
    LampBar,
    /// The page on which somebody logs in, and what they press there.
    LogIn,
    /// Where they write their name.
    LogInName,
    /// Where they write their password.
    LogInPassword,
    /// They are not let in.
    LogInWrong,
    /// They are not listened to for a while.
    LogInWait {
        /// For how much longer, rounded up.
        minutes: u64,
    },
    /// Nobody is let in now.
    LogInUnavailable,
    /// What they press to be nobody again.
    LogOut {
        /// Who they are.
        user: UserName,
    },
    /// What they press to have a problem tried again.
    ProblemRetry,
    /// The station page's title, and the way to it.
    StationTitle {
        /// Which station.
        station: StationId,
    },
    /// The way from the bay page to the station page.
    StationLink,
    /// The way back.
    StationBays,
    /// What the station page cannot show just now, in place of it.
    StationNoRecords,
    /// What is at fault, above it.
    StationFaults,
    /// A link of the chain.
    LinkName {
        /// Which.
        link: Link,
    },
    /// A part of the station.
    PartName {
        /// Which.
        #[serde(flatten)]
        part: Part,
    },
    /// The station as the place of a trouble.
    StationItself,
    /// With which links no trouble is seen.
    LinksWell {
        /// Their names.
        links: Vec<String>,
    },
    /// How many problems wait for a person.
    ProblemsWait {
        /// How many.
        problems: u64,
    },
    /// The queue, above it.
    StationQueue,
    /// What waits in the queue.
    QueueWaits {
        /// How many segments.
        segments: u64,
        /// Their bytes.
        bytes: ByteCount,
    },
    /// Nothing waits in the queue.
    QueueEmpty,
    /// How old the oldest of the queue is.
    QueueOldest {
        /// Hours and minutes, with their symbols.
        age: String,
    },
    /// By when the queue is expected to be empty, before the time.
    QueueClearBy,
    /// Between when and when it is expected to be, before the first time.
    QueueClearBetween,
    /// The disk of the local copies, above it.
    StationDisk,
    /// What local copies take.
    DiskCopies,
    /// What else is on the disk.
    DiskOthers,
    /// What may still be copied.
    DiskFree,
    /// What is kept free.
    DiskReserve,
    /// How large the disk is.
    DiskSize,
    /// The disk does not say how much room it has.
    DiskSilent,
    /// The picture of a day, above it.
    StationDay,
    /// What was copied from cameras.
    DayCopied,
    /// What was proven at a destination.
    DayProven {
        /// Which.
        destination: DestinationName,
    },
    /// A row of the picture, for those who do not see it.
    DayRow {
        /// What it shows.
        what: String,
        /// In all hours.
        total: ByteCount,
        /// In the hour with the most.
        most: ByteCount,
    },
    /// What the highest bar is.
    DayMost {
        /// In an hour.
        most: ByteCount,
    },
    /// The same in numbers, above the table.
    DayNumbers,
    /// The destinations, above them.
    StationDestinations,
    /// How a destination is doing, in a word.
    DestinationWord {
        /// How.
        state: DestinationState,
    },
    /// Since when it is so, before the time.
    StationSince,
    /// When it is tried again, before the time.
    StationAgainAt,
    /// Of how many more cameras something is put off.
    PutOffMore {
        /// How many.
        more: u64,
    },
    /// The problems, above them.
    StationProblems,
    /// A problem's number.
    ProblemNumber {
        /// Which.
        problem: ProblemId,
    },
    /// There is no problem.
    ProblemsNone,
    /// How many problems are not shown.
    ProblemsMore {
        /// How many.
        more: u64,
    },
    /// What to do once a problem's cause is mended.
    ProblemsRetry,
    /// The cameras that are overdue, above them.
    StationOverdue,
    /// No camera is overdue.
    OverdueNone {
        /// After how many whole days one is.
        days: u64,
    },
    /// Until when a camera was here last, before the time.
    OverdueLast,
    /// How many overdue cameras are not shown.
    OverdueMore {
        /// How many.
        more: u64,
    },
    /// The title of the form that has evidence kept longer.
    RetainTitle,
    /// What it is about.
    RetainWhat {
        /// Whose evidence.
        camera: CameraSerial,
    },
    /// Until when.
    RetainUntil,
    /// With a legal hold.
    RetainHold,
    /// Its button.
    RetainButton,
    /// What becomes of an overdue camera that is retired.
    OverdueRetire,
    /// What they press to have a camera be missed no more.
    CameraRetire,
    /// The latest dockings, above them.
    StationDockings,
    /// What stands above a column.
    Column {
        /// Which.
        column: Column,
    },
    /// How a docking ended, if it has.
    DockingOutcome {
        /// How.
        outcome: Option<Outcome>,
    },
    /// No camera was docked.
    DockingsNone,
    /// The way to older dockings.
    DockingsOlder,
    /// One docking's title.
    DockingTitle {
        /// Which camera.
        camera: CameraSerial,
    },
    /// What a docking was about.
    DockingSums {
        /// How many segments.
        segments: u64,
        /// Their bytes.
        bytes: ByteCount,
    },
    /// Nothing was copied in a docking, and nothing left its camera.
    DockingEmpty,
    /// There is no such docking.
    DockingUnknown,
    /// The way to more segments.
    DockingMore,
    /// When what is shown was read, before the time.
    DockingAsOf,
    /// A segment as evidence that is damaged.
    SegmentDamaged,
    /// Whether a condition is met, in a word.
    VerdictWord {
        /// Whether.
        verdict: Verdict,
    },
    /// What is wrong with a segment.
    SegmentProblem {
        /// The number of the problem.
        problem: ProblemId,
        /// What is said of it.
        message: String,
    },
    /// A person has seen that it is nowhere.
    SegmentSeen {
        /// When that was said.
        at: Moment,
    },
}
