//! The entries as they are written: texts, numbers and words, and nothing that another room could rename.
//!
//! Promise: every text that any version of camdock ever wrote is read as what it said then.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Entry;
use super::words::{
    WrittenEarlier, WrittenMethod, WrittenNeed, WrittenNoLogIn, WrittenOddity, WrittenOutcome, WrittenProtection,
};
use crate::domain::{
    Action, BayName, ByteCount, Caller, CameraSerial, Crc32c, Crc64, DestinationName, DockingId, Fingerprint, IdError,
    MediumId, Moment, Pattern, PlaceId, ProblemId, ProblemKind, Protection, Retain, Segment, SegmentId, Sha256,
    SourcePath, UserName, Version,
};

/// One text of the log. Before the word "problem", the log said "hold".
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub(super) enum Written {
    DestinationsSet {
        destinations: Vec<(String, WrittenNeed)>,
    },
    DockingBegan {
        docking: String,
        camera: String,
        bay: String,
    },
    SegmentSpooled {
        docking: Option<String>,
        segment: WrittenSegment,
    },
    CopyProven {
        segment: String,
        destination: String,
        version: String,
        method: WrittenMethod,
        /// Absent: nothing was said that would keep the object.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kept: Option<WrittenProtection>,
    },
    ProtectionAsked {
        segment: String,
        #[serde(flatten)]
        protection: WrittenProtection,
    },
    ProofWithdrawn {
        segment: String,
        destination: String,
        why: String,
    },
    #[serde(alias = "hold-placed")]
    ProblemFound {
        camera: String,
        path: String,
        segment: Option<String>,
        destination: Option<String>,
        reason: WrittenProblem,
    },
    #[serde(alias = "hold-released")]
    ProblemClosed {
        #[serde(alias = "hold")]
        problem: i64,
    },
    WipeIntended {
        docking: String,
        segments: Vec<String>,
        #[serde(default)]
        media: Vec<String>,
    },
    WipeSettled {
        docking: String,
        #[serde(default)]
        media: Vec<String>,
    },
    SegmentWiped {
        docking: String,
        segment: String,
    },
    OriginalGone {
        docking: String,
        segment: String,
    },
    SpoolCopyReleased {
        segment: String,
    },
    CopyRestored {
        segment: String,
        from: String,
    },
    SpoolCopyLost {
        segment: String,
        why: String,
    },
    DockingEnded {
        docking: String,
        outcome: WrittenOutcome,
    },
    DestinationEnrolled {
        destination: String,
        place: String,
    },
    LedgerRebuilt {
        aside: String,
        saved: u64,
        lost: Option<u64>,
    },
    LoggedIn {
        user: String,
        from: String,
    },
    LogInRefused {
        user: Option<String>,
        from: String,
        why: WrittenNoLogIn,
    },
    ActionTaken {
        by: WrittenCaller,
        action: WrittenAction,
    },
    ActionRefused {
        by: WrittenCaller,
        action: WrittenAction,
    },
    CameraRetired {
        camera: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "who")]
pub(super) enum WrittenCaller {
    User { name: String },
    Account { uid: u32, name: Option<String> },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "what")]
pub(super) enum WrittenAction {
    Retry {
        problem: i64,
    },
    Retire {
        camera: String,
    },
    Retain {
        camera: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        #[serde(flatten)]
        protection: WrittenProtection,
    },
    Enrol {
        destination: String,
        place: String,
        earlier: WrittenEarlier,
    },
}

#[derive(Serialize, Deserialize)]
pub(super) struct WrittenSegment {
    id: String,
    camera: String,
    path: String,
    recorded_at: i64,
    size: u64,
    sha256: String,
    chunk_size: u64,
    /// CRC-64 of each chunk, 16 hexadecimal digits each.
    chunks: String,
    /// CRC-32C of the whole content, 8 hexadecimal digits; versions that did not take it wrote none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crc32c: Option<String>,
    damaged: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "why")]
pub(super) enum WrittenProblem {
    Oddity { kind: WrittenOddity },
    Unreadable { error: String },
    DamagedAtSource { missing: u64 },
    DamagedVolume { missing: u64 },
    TooLarge { size: u64 },
    NotDeleted { error: String },
    Unsteady,
    OtherContent,
    Refused { error: String },
    LedgerRebuilt { saved: u64, lost: Option<u64> },
    OnlyOnCamera,
    OnlyElsewhere,
    Lost,
    Undelivered { error: String },
    Recreated,
    ReadOnly,
    Many { like: Box<WrittenProblem>, count: u64, examples: Vec<String> },
}

impl From<&ProblemKind> for WrittenProblem {
    fn from(kind: &ProblemKind) -> Self {
        match kind.clone() {
            ProblemKind::Oddity { kind } => Self::Oddity { kind: kind.into() },
            ProblemKind::Unreadable { error } => Self::Unreadable { error },
            ProblemKind::DamagedAtSource { missing } => Self::DamagedAtSource { missing },
            ProblemKind::DamagedVolume { missing } => Self::DamagedVolume { missing },
            ProblemKind::TooLarge { size } => Self::TooLarge { size },
            ProblemKind::NotDeleted { error } => Self::NotDeleted { error },
            ProblemKind::Unsteady => Self::Unsteady,
            ProblemKind::OtherContent => Self::OtherContent,
            ProblemKind::Refused { error } => Self::Refused { error },
            ProblemKind::LedgerRebuilt { saved, lost } => Self::LedgerRebuilt { saved, lost },
            ProblemKind::OnlyOnCamera => Self::OnlyOnCamera,
            ProblemKind::OnlyElsewhere => Self::OnlyElsewhere,
            ProblemKind::Lost => Self::Lost,
            ProblemKind::Undelivered { error } => Self::Undelivered { error },
            ProblemKind::Recreated => Self::Recreated,
            ProblemKind::ReadOnly => Self::ReadOnly,
            ProblemKind::Many { like, count, examples } => Self::Many {
                like: Box::new(Self::from(&*like)),
                count,
                examples: examples.iter().map(SourcePath::escaped).collect(),
            },
        }
    }
}

impl TryFrom<WrittenProblem> for ProblemKind {
    type Error = String;

    fn try_from(written: WrittenProblem) -> Result<Self, String> {
        Ok(match written {
            WrittenProblem::Oddity { kind } => Self::Oddity { kind: kind.into() },
            WrittenProblem::Unreadable { error } => Self::Unreadable { error },
            WrittenProblem::DamagedAtSource { missing } => Self::DamagedAtSource { missing },
            WrittenProblem::DamagedVolume { missing } => Self::DamagedVolume { missing },
            WrittenProblem::TooLarge { size } => Self::TooLarge { size },
            WrittenProblem::NotDeleted { error } => Self::NotDeleted { error },
            WrittenProblem::Unsteady => Self::Unsteady,
            WrittenProblem::OtherContent => Self::OtherContent,
            WrittenProblem::Refused { error } => Self::Refused { error },
            WrittenProblem::LedgerRebuilt { saved, lost } => Self::LedgerRebuilt { saved, lost },
            WrittenProblem::OnlyOnCamera => Self::OnlyOnCamera,
            WrittenProblem::OnlyElsewhere => Self::OnlyElsewhere,
            WrittenProblem::Lost => Self::Lost,
            WrittenProblem::Undelivered { error } => Self::Undelivered { error },
            WrittenProblem::Recreated => Self::Recreated,
            WrittenProblem::ReadOnly => Self::ReadOnly,
            WrittenProblem::Many { like, count, examples } => Self::Many {
                like: Box::new(Self::try_from(*like)?),
                count,
                examples: examples.iter().map(|text| path(text)).collect::<Result<_, _>>()?,
            },
        })
    }
}

impl From<&Segment> for WrittenSegment {
    fn from(segment: &Segment) -> Self {
        let Segment { id, camera, path, recorded_at, fingerprint, damaged } = segment;
        let Fingerprint { size, sha256, chunk_size, chunks, crc32c } = fingerprint;
        Self {
            id: id.to_string(),
            camera: camera.to_string(),
            path: path.escaped(),
            recorded_at: recorded_at.millis(),
            size: size.get(),
            sha256: sha256.to_string(),
            chunk_size: chunk_size.get(),
            chunks: chunks.iter().map(Crc64::to_string).collect(),
            crc32c: crc32c.as_ref().map(Crc32c::to_string),
            damaged: *damaged,
        }
    }
}

impl TryFrom<WrittenSegment> for Segment {
    type Error = String;

    fn try_from(written: WrittenSegment) -> Result<Self, String> {
        Ok(Self {
            id: segment(&written.id)?,
            camera: name(&written.camera, CameraSerial::new)?,
            path: path(&written.path)?,
            recorded_at: Moment::from_millis(written.recorded_at),
            fingerprint: Fingerprint {
                size: ByteCount::new(written.size),
                sha256: Sha256::parse(&written.sha256).ok_or_else(|| wrong("SHA-256", &written.sha256))?,
                chunk_size: ByteCount::new(written.chunk_size),
                chunks: checksums(&written.chunks)?.into(),
                crc32c: written.crc32c.as_deref().map(crc32c).transpose()?,
            },
            damaged: written.damaged,
        })
    }
}

impl From<&Entry> for Written {
    fn from(entry: &Entry) -> Self {
        match entry {
            Entry::DestinationsSet { destinations } => Self::DestinationsSet {
                destinations: destinations.iter().map(|(name, need)| (name.to_string(), (*need).into())).collect(),
            },
            Entry::DockingBegan { docking, camera, bay } => {
                Self::DockingBegan { docking: docking.to_string(), camera: camera.to_string(), bay: bay.to_string() }
            }
            Entry::SegmentSpooled { docking, segment } => {
                Self::SegmentSpooled { docking: docking.as_ref().map(ToString::to_string), segment: segment.into() }
            }
            Entry::CopyProven { segment, destination, version, method, protection } => Self::CopyProven {
                segment: segment.to_string(),
                destination: destination.to_string(),
                version: version.0.clone(),
                method: (*method).into(),
                kept: (*protection != Protection::NONE).then(|| (*protection).into()),
            },
            Entry::CopyRestored { segment, from } => {
                Self::CopyRestored { segment: segment.to_string(), from: from.to_string() }
            }
            Entry::ProtectionAsked { segment, protection } => {
                Self::ProtectionAsked { segment: segment.to_string(), protection: (*protection).into() }
            }
            Entry::ProofWithdrawn { segment, destination, why } => Self::ProofWithdrawn {
                segment: segment.to_string(),
                destination: destination.to_string(),
                why: why.clone(),
            },
            Entry::ProblemFound { camera, path, segment, destination, kind } => Self::ProblemFound {
                camera: camera.to_string(),
                path: path.escaped(),
                segment: segment.as_ref().map(ToString::to_string),
                destination: destination.as_ref().map(ToString::to_string),
                reason: kind.into(),
            },
            Entry::ProblemClosed { problem } => Self::ProblemClosed { problem: problem.0 },
            Entry::WipeIntended { docking, segments, media } => {
                Self::WipeIntended { docking: docking.to_string(), segments: texts(segments), media: texts(media) }
            }
            Entry::WipeSettled { docking, media } => {
                Self::WipeSettled { docking: docking.to_string(), media: texts(media) }
            }
            Entry::SegmentWiped { docking, segment } => {
                Self::SegmentWiped { docking: docking.to_string(), segment: segment.to_string() }
            }
            Entry::OriginalGone { docking, segment } => {
                Self::OriginalGone { docking: docking.to_string(), segment: segment.to_string() }
            }
            Entry::SpoolCopyReleased { segment } => Self::SpoolCopyReleased { segment: segment.to_string() },
            Entry::SpoolCopyLost { segment, why } => {
                Self::SpoolCopyLost { segment: segment.to_string(), why: why.clone() }
            }
            Entry::DockingEnded { docking, outcome } => {
                Self::DockingEnded { docking: docking.to_string(), outcome: (*outcome).into() }
            }
            Entry::DestinationEnrolled { destination, place } => {
                Self::DestinationEnrolled { destination: destination.to_string(), place: place.to_string() }
            }
            Entry::LedgerRebuilt { aside, saved, lost } => {
                Self::LedgerRebuilt { aside: aside.to_string(), saved: *saved, lost: *lost }
            }
            Entry::LoggedIn { user, from } => Self::LoggedIn { user: user.to_string(), from: from.to_string() },
            Entry::LogInRefused { user, from, why } => Self::LogInRefused {
                user: user.as_ref().map(ToString::to_string),
                from: from.to_string(),
                why: (*why).into(),
            },
            Entry::ActionTaken { by, action } => Self::ActionTaken { by: by.into(), action: action.into() },
            Entry::ActionRefused { by, action } => Self::ActionRefused { by: by.into(), action: action.into() },
            Entry::CameraRetired { camera } => Self::CameraRetired { camera: camera.to_string() },
        }
    }
}

impl From<&Caller> for WrittenCaller {
    fn from(caller: &Caller) -> Self {
        match caller {
            Caller::User(name) => Self::User { name: name.to_string() },
            Caller::Account { uid, name } => Self::Account { uid: *uid, name: name.clone() },
        }
    }
}

impl TryFrom<WrittenCaller> for Caller {
    type Error = String;

    fn try_from(written: WrittenCaller) -> Result<Self, String> {
        Ok(match written {
            WrittenCaller::User { name: user } => Self::User(name(&user, UserName::new)?),
            WrittenCaller::Account { uid, name } => Self::Account { uid, name },
        })
    }
}

impl From<&Action> for WrittenAction {
    fn from(action: &Action) -> Self {
        match action {
            Action::Retry(problem) => Self::Retry { problem: problem.0 },
            Action::Retire(camera) => Self::Retire { camera: camera.to_string() },
            Action::Retain(Retain { camera, path, protection }) => Self::Retain {
                camera: camera.to_string(),
                path: path.as_ref().map(|path| path.as_str().to_owned()),
                protection: (*protection).into(),
            },
            Action::Enrol { destination, place, earlier } => Self::Enrol {
                destination: destination.to_string(),
                place: place.to_string(),
                earlier: (*earlier).into(),
            },
        }
    }
}

impl TryFrom<WrittenAction> for Action {
    type Error = String;

    fn try_from(written: WrittenAction) -> Result<Self, String> {
        Ok(match written {
            WrittenAction::Retry { problem } => Self::Retry(ProblemId(problem)),
            WrittenAction::Retire { camera } => Self::Retire(name(&camera, CameraSerial::new)?),
            WrittenAction::Retain { camera, path, protection } => Self::Retain(Retain {
                camera: name(&camera, CameraSerial::new)?,
                path: path.map(Pattern::new),
                protection: protection.into(),
            }),
            WrittenAction::Enrol { destination, place: id, earlier } => Self::Enrol {
                destination: name(&destination, DestinationName::new)?,
                place: place(&id)?,
                earlier: earlier.into(),
            },
        })
    }
}

impl TryFrom<Written> for Entry {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        Ok(match written {
            Written::DestinationsSet { destinations } => {
                let named = |(text, need): (String, WrittenNeed)| Ok((name(&text, DestinationName::new)?, need.into()));
                Self::DestinationsSet {
                    destinations: destinations.into_iter().map(named).collect::<Result<_, String>>()?,
                }
            }
            Written::DockingBegan { docking: id, camera, bay } => Self::DockingBegan {
                docking: docking(&id)?,
                camera: name(&camera, CameraSerial::new)?,
                bay: name(&bay, BayName::new)?,
            },
            Written::SegmentSpooled { docking: id, segment } => {
                Self::SegmentSpooled { docking: id.as_deref().map(docking).transpose()?, segment: segment.try_into()? }
            }
            Written::CopyProven { segment: id, destination, version, method, kept } => Self::CopyProven {
                segment: segment(&id)?,
                destination: name(&destination, DestinationName::new)?,
                version: Version(version),
                method: method.into(),
                protection: kept.map_or(Protection::NONE, Protection::from),
            },
            Written::ProtectionAsked { segment: id, protection } => asked(&id, protection)?,
            Written::CopyRestored { segment: id, from } => restored(&id, &from)?,
            Written::ProofWithdrawn { segment: id, destination, why } => Self::ProofWithdrawn {
                segment: segment(&id)?,
                destination: name(&destination, DestinationName::new)?,
                why,
            },
            Written::ProblemFound { camera, path: on_it, segment: id, destination, reason } => Self::ProblemFound {
                camera: name(&camera, CameraSerial::new)?,
                path: path(&on_it)?,
                segment: id.as_deref().map(segment).transpose()?,
                destination: destination.map(|text| name(&text, DestinationName::new)).transpose()?,
                kind: reason.try_into()?,
            },
            Written::ProblemClosed { problem } => Self::ProblemClosed { problem: ProblemId(problem) },
            Written::WipeIntended { docking: id, segments, media: on } => Self::WipeIntended {
                docking: docking(&id)?,
                segments: segments.iter().map(|id| segment(id)).collect::<Result<_, _>>()?,
                media: media(&on)?,
            },
            Written::WipeSettled { docking: id, media: on } => {
                Self::WipeSettled { docking: docking(&id)?, media: media(&on)? }
            }
            Written::SegmentWiped { docking: id, segment: what } => {
                Self::SegmentWiped { docking: docking(&id)?, segment: segment(&what)? }
            }
            Written::OriginalGone { docking: id, segment: what } => {
                Self::OriginalGone { docking: docking(&id)?, segment: segment(&what)? }
            }
            Written::SpoolCopyReleased { segment: id } => Self::SpoolCopyReleased { segment: segment(&id)? },
            Written::SpoolCopyLost { segment: id, why } => Self::SpoolCopyLost { segment: segment(&id)?, why },
            Written::DockingEnded { docking: id, outcome } => {
                Self::DockingEnded { docking: docking(&id)?, outcome: outcome.into() }
            }
            Written::DestinationEnrolled { destination, place: id } => {
                Self::DestinationEnrolled { destination: name(&destination, DestinationName::new)?, place: place(&id)? }
            }
            Written::LedgerRebuilt { aside, saved, lost } => Self::LedgerRebuilt { aside: path(&aside)?, saved, lost },
            Written::LoggedIn { user, from } => {
                Self::LoggedIn { user: name(&user, UserName::new)?, from: address(&from)? }
            }
            Written::LogInRefused { user, from, why } => refused(user, &from, why)?,
            Written::ActionTaken { by, action } => Self::ActionTaken { by: by.try_into()?, action: action.try_into()? },
            Written::ActionRefused { by, action } => {
                Self::ActionRefused { by: by.try_into()?, action: action.try_into()? }
            }
            Written::CameraRetired { camera } => Self::CameraRetired { camera: name(&camera, CameraSerial::new)? },
        })
    }
}

fn restored(id: &str, from: &str) -> Result<Entry, String> {
    Ok(Entry::CopyRestored { segment: segment(id)?, from: name(from, DestinationName::new)? })
}

fn asked(id: &str, protection: WrittenProtection) -> Result<Entry, String> {
    Ok(Entry::ProtectionAsked { segment: segment(id)?, protection: protection.into() })
}

fn refused(user: Option<String>, from: &str, why: WrittenNoLogIn) -> Result<Entry, String> {
    let user = user.map(|text| name(&text, UserName::new)).transpose()?;
    Ok(Entry::LogInRefused { user, from: address(from)?, why: why.into() })
}

fn texts(ids: &[impl ToString]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

fn wrong(what: &str, text: &str) -> String {
    format!("{text:?} is no {what}")
}

fn name<T>(text: &str, new: impl FnOnce(String) -> Result<T, IdError>) -> Result<T, String> {
    new(text.to_owned()).map_err(|error| format!("the name {text:?}: {error}"))
}

fn address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| wrong("address", text))
}

fn docking(text: &str) -> Result<DockingId, String> {
    DockingId::parse(text).map_err(|_| wrong("docking", text))
}

fn segment(text: &str) -> Result<SegmentId, String> {
    SegmentId::parse(text).map_err(|_| wrong("segment", text))
}

fn place(text: &str) -> Result<PlaceId, String> {
    PlaceId::parse(text).map_err(|_| wrong("place", text))
}

fn path(text: &str) -> Result<SourcePath, String> {
    SourcePath::parse_escaped(text).ok_or_else(|| wrong("escaped path", text))
}

fn media(texts: &[String]) -> Result<Vec<MediumId>, String> {
    texts.iter().map(|text| name(text, MediumId::new)).collect()
}

fn crc32c(text: &str) -> Result<Crc32c, String> {
    Crc32c::parse(text).ok_or_else(|| wrong("CRC-32C", text))
}

fn checksums(text: &str) -> Result<Vec<Crc64>, String> {
    let checksum = |digits: &[u8]| {
        let digits = std::str::from_utf8(digits).ok().filter(|digits| digits.len() == 16)?;
        u64::from_str_radix(digits, 16).ok().map(Crc64)
    };
    text.as_bytes().chunks(16).map(checksum).collect::<Option<_>>().ok_or_else(|| wrong("list of checksums", text))
}
