//! What a station remembers as documents, for commands and other programs. The field names are a stable interface.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::schema;
use crate::domain::{
    BayName, ByteCount, CameraSerial, Condition, DestinationName, Docking, DockingId, ExplainedSegment, Judgement,
    Moment, Outcome, Problem, ProblemId, Removal, SegmentId, Sha256, Verdict,
};
use crate::words::Words;

/// A problem as the interface shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProblemView {
    /// What `camdock retry` takes.
    #[schema(value_type = i64)]
    pub id: ProblemId,
    /// The camera it is about; none if it is about the station itself.
    pub camera: Option<String>,
    /// The file on the camera or of the station, escaped.
    pub path: String,
    /// The destination, where the trouble is at one.
    pub destination: Option<String>,
    /// What is wrong, and what to do.
    pub message: String,
    /// Since when.
    #[schema(schema_with = schema::moment)]
    pub since: Moment,
}

impl ProblemView {
    /// What it is about, for people.
    #[must_use]
    pub fn subject(&self) -> String {
        match &self.camera {
            Some(camera) => format!("camera {camera}  {}", self.path),
            None => format!("the station  {}", self.path),
        }
    }

    /// A problem in the words of a language.
    #[must_use]
    pub fn new(problem: Problem, words: &Words) -> Self {
        Self {
            id: problem.id,
            camera: problem.camera.map(|camera| camera.to_string()),
            path: problem.path.to_string(),
            destination: problem.destination.map(|destination| destination.to_string()),
            message: words.say(problem.kind),
            since: problem.since,
        }
    }
}

/// Dockings, the latest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DockingsDocument {
    pub(super) dockings: Vec<DockingDocument>,
    /// What `before` is to be for those before them; none if there are none.
    #[schema(value_type = Option<String>)]
    pub(super) before: Option<DockingId>,
}

/// One docking.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DockingDocument {
    #[schema(value_type = String)]
    id: DockingId,
    #[schema(value_type = String)]
    camera: CameraSerial,
    #[schema(value_type = String)]
    bay: BayName,
    #[schema(schema_with = schema::moment)]
    began_at: Moment,
    /// None while it has not ended.
    #[schema(schema_with = schema::moment_or_none)]
    ended_at: Option<Moment>,
    #[schema(schema_with = schema::outcome)]
    outcome: Option<Outcome>,
    /// Segments that were copied in it, or left the camera in it.
    segments: u64,
    #[schema(value_type = u64)]
    bytes: ByteCount,
}

/// One docking with its segments.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WholeDocking {
    pub(super) docking: DockingDocument,
    pub(super) segments: Vec<SegmentDocument>,
    /// What `after` is to be for the segments behind them; none if there are none.
    #[schema(value_type = Option<String>)]
    pub(super) after: Option<SegmentId>,
}

/// One segment, with every condition of its wipe.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SegmentDocument {
    #[schema(value_type = String)]
    id: SegmentId,
    /// Its path on the camera, escaped.
    path: String,
    #[schema(schema_with = schema::moment)]
    recorded_at: Moment,
    #[schema(value_type = u64)]
    size: ByteCount,
    #[schema(value_type = String)]
    sha256: Sha256,
    damaged: bool,
    /// When its original was seen to have left the camera.
    #[schema(schema_with = schema::moment_or_none)]
    gone_at: Option<Moment>,
    #[schema(schema_with = schema::removal)]
    gone: Option<Removal>,
    conditions: Vec<ConditionDocument>,
    problems: Vec<ProblemView>,
    /// When a person said to have seen that it is lost.
    #[schema(schema_with = schema::moment_or_none)]
    seen_at: Option<Moment>,
}

/// How one condition stands.
#[derive(Debug, Serialize, ToSchema)]
struct ConditionDocument {
    #[schema(schema_with = schema::condition)]
    condition: &'static str,
    #[schema(value_type = Option<String>)]
    destination: Option<DestinationName>,
    met: bool,
    message: String,
}

impl From<Docking> for DockingDocument {
    fn from(docking: Docking) -> Self {
        let Docking { id, camera, bay, began_at, ended, segments, bytes } = docking;
        let (ended_at, outcome) = ended.unzip();
        Self { id, camera, bay, began_at, ended_at, outcome, segments, bytes }
    }
}

impl SegmentDocument {
    pub(super) fn new(explained: ExplainedSegment, words: &Words) -> Self {
        let ExplainedSegment { known, conditions } = explained;
        let (segment, gone) = (known.segment, known.gone);
        Self {
            id: segment.id,
            path: segment.path.to_string(),
            recorded_at: segment.recorded_at,
            size: segment.fingerprint.size,
            sha256: segment.fingerprint.sha256,
            damaged: segment.damaged,
            gone_at: gone.map(|gone| gone.at),
            gone: gone.map(|gone| gone.how),
            conditions: conditions.into_iter().map(|judgement| ConditionDocument::new(judgement, words)).collect(),
            problems: known.problems.into_iter().map(|problem| ProblemView::new(problem, words)).collect(),
            seen_at: known.seen_at,
        }
    }
}

impl ConditionDocument {
    fn new(judgement: Judgement, words: &Words) -> Self {
        let message = words.judgement(&judgement);
        let Judgement { condition, verdict } = judgement;
        let name = <&str>::from(&condition);
        let destination = match condition {
            Condition::CopyIsProven { destination, .. } => Some(destination),
            _ => None,
        };
        Self { condition: name, destination, met: verdict == Verdict::Met, message }
    }
}
