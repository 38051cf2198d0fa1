//! What is said besides notices: on a page, and in a line of the journal.

use serde::Serialize;
use strum::VariantNames;

use crate::domain::{
    BayName, BayState, ByteCount, CameraSerial, Colour, DestinationName, Instruction, Manner, Signal, SourcePath,
    StationId,
};

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
    LogOut,
}
