//! What each metric says of a station.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, text};
use prometheus_client::registry::Registry;
use strum::{VariantArray, VariantNames};

use super::sheet::{Metric, Sheet};
use crate::domain::{
    Amount, BayCause, BayState, Certificate, CertificateState, Counters, Deliveries, DestinationCause,
    DestinationSnapshot, DestinationState, DiskState, Part, ProblemKind, Snapshot, SpoolSpace,
};

/// Problems of these kinds are not found by anybody: many of one kind count as that kind, and that evidence is nowhere follows from
/// where it is not.
const NEVER_FOUND: [&str; 4] = ["many", "only-on-camera", "only-elsewhere", "lost"];

/// The reasons for which something that was to be deleted was not, as far as the log has them: problems, by their kinds.
const REFUSED_BY_CAMERA: [&str; 3] = ["not-deleted", "read-only", "recreated"];

/// A station in numbers, in the text format of `OpenMetrics`.
///
/// # Errors
/// If a number is too large for it.
pub(super) fn written(shown: Snapshot) -> Result<String, fmt::Error> {
    let of = ("station".into(), shown.station.to_string().into());
    let mut registry = Registry::with_prefix_and_labels("camdock", std::iter::once(of));
    registry.register_collector(Box::new(Numbers(shown)));
    let mut text = String::new();
    text::encode(&mut text, &registry)?;
    Ok(text)
}

#[derive(Debug)]
struct Numbers(Snapshot);

impl Collector for Numbers {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let (mut sheet, Self(shown)) = (Sheet(encoder), self);
        let build = Metric::of("build", "Which camdock this is; always 1.");
        sheet.info(build, &[("version", env!("CARGO_PKG_VERSION"))])?;
        bays(&mut sheet, shown)?;
        destinations(&mut sheet, &shown.destinations)?;
        waiting(&mut sheet, shown)?;
        people(&mut sheet, shown)?;
        dockings(&mut sheet, shown)?;
        copies(&mut sheet, shown)?;
        deletions(&mut sheet, &shown.counters)
    }
}

fn bays(sheet: &mut Sheet<'_>, shown: &Snapshot) -> fmt::Result {
    sheet.gauge(
        Metric::of("bay_state", "What goes on in a bay: 1 for the state that it is in, 0 for the others."),
        shown.bays.iter().flat_map(|bay| {
            let is = |state: &BayState| u64::from(bay.state() == *state);
            BayState::VARIANTS
                .iter()
                .map(move |state| ([("bay", bay.name.as_str()), ("state", state.into())], is(state)))
        }),
    )?;
    sheet.gauge(
        Metric::of("bays_with_cause", "In how many bays this is why they are in their state."),
        BayCause::VARIANTS.iter().map(|cause| {
            let bays = shown.bays.iter().filter(|bay| bay.cause() == Some(*cause)).count();
            ([("cause", cause.into())], bays as u64)
        }),
    )
}

fn destinations(sheet: &mut Sheet<'_>, destinations: &[DestinationSnapshot]) -> fmt::Result {
    sheet.gauge(
        Metric::of("destination_state", "How a destination is doing: 1 for the state that it is in, 0 for the others."),
        destinations.iter().flat_map(|place| {
            let is = |state: &DestinationState| u64::from(place.state() == *state);
            DestinationState::VARIANTS
                .iter()
                .map(move |state| ([("destination", place.name.as_str()), ("state", state.into())], is(state)))
        }),
    )?;
    sheet.gauge(
        Metric::of("destination_queue_segments", "Segments in the spool that wait to be sent to a destination."),
        destinations.iter().map(|place| ([("destination", place.name.as_str())], place.backlog.times)),
    )?;
    sheet.gauge(
        Metric::bytes("destination_queue", "Bytes of the segments that wait to be sent to a destination."),
        destinations.iter().map(|place| ([("destination", place.name.as_str())], place.backlog.bytes.get())),
    )?;
    sheet.gauge(
        Metric::of(
            "destination_cause",
            "Why a destination is not well: 1 for the class of error that is so now, 0 for the others.",
        ),
        destinations.iter().flat_map(|place| {
            let is = |cause: &DestinationCause| u64::from(place.cause() == Some(*cause));
            DestinationCause::VARIANTS
                .iter()
                .map(move |cause| ([("destination", place.name.as_str()), ("cause", cause.into())], is(cause)))
        }),
    )?;
    sheet.gauge(
        Metric::seconds(
            "destination_waiting_since_timestamp",
            "Since when, in seconds since 1970 UTC, a destination or something that it was given has been waiting. Absent while nothing is.",
        ),
        destinations.iter().filter_map(|place| {
            let since = u64::try_from(place.since?.millis()).ok()? / 1000;
            Some(([("destination", place.name.as_str())], since))
        }),
    )?;
    sheet.gauge(
        Metric::of(
            "destination_put_off_segments",
            "Segments that do not get through to a destination although it is well.",
        ),
        destinations.iter().map(|place| {
            let segments = place.put_off.iter().map(|put_off| put_off.segments).sum();
            ([("destination", place.name.as_str())], segments)
        }),
    )
}

fn waiting(sheet: &mut Sheet<'_>, shown: &Snapshot) -> fmt::Result {
    let queue = &shown.queue;
    let one = |value: u64| [([], value)];
    sheet.gauge(
        Metric::of("queue_segments", "Segments in the spool that some required destination is still to prove."),
        one(queue.segments),
    )?;
    sheet.gauge(Metric::bytes("queue", "Bytes of the segments in the queue."), one(queue.bytes.get()))?;
    sheet.gauge(
        Metric::seconds(
            "queue_age",
            "How long ago the oldest segment in the queue came into the spool; 0 if there is none.",
        ),
        one(queue.oldest_seconds),
    )?;
    let space = |of: fn(&SpoolSpace) -> u64| shown.spool.as_ref().map(|space| ([], of(space)));
    sheet.gauge(
        Metric::bytes("spool_free", "What may still be copied to the spool. Absent while the disk does not say so."),
        space(|space| space.free.get()),
    )?;
    sheet.gauge(
        Metric::bytes("spool_size", "The whole disk that the spool is on. Absent while the disk does not say so."),
        space(|space| space.size.get()),
    )?;
    sheet.gauge(
        Metric::of("disk_full", "1 while the disk that holds ledger and spool is full."),
        one(u64::from(shown.disk == DiskState::Full)),
    )?;
    sheet.gauge(
        Metric::of("problems", "Problems that wait for a person; see: camdock problems."),
        one(shown.problems),
    )?;
    sheet.gauge(
        Metric::of("setup_troubles", "Parts of the station that could not be set up as configured, by kind of part."),
        Part::VARIANTS.iter().map(|kind| {
            let of_kind = shown.setup.iter().filter(|trouble| <&str>::from(&trouble.part) == *kind).count();
            ([("part", *kind)], of_kind as u64)
        }),
    )
}

/// What people wait for.
fn people(sheet: &mut Sheet<'_>, shown: &Snapshot) -> fmt::Result {
    let where_known = |value: usize| shown.shift.map(|_| ([], value as u64));
    sheet.gauge(
        Metric::of(
            "late_for_shift",
            "1 while queue and docked cameras will not be clear before the next shift even in the best case. Absent where shift_starts is not set.",
        ),
        where_known(usize::from(shown.not_clear_before().is_some())),
    )?;
    sheet.gauge(
        Metric::of(
            "bays_late_for_shift",
            "Bays whose camera will not be ready before the next shift even in the best case. Absent where shift_starts is not set.",
        ),
        where_known(shown.bays.iter().filter(|bay| shown.not_ready_before(bay).is_some()).count()),
    )?;
    sheet.gauge(
        Metric::of(
            "cameras_overdue",
            "Cameras that were not docked here for longer than overdue_after. Absent where that is not set.",
        ),
        shown.overdue.as_ref().map(|overdue| ([], overdue.cameras)),
    )?;
    let of_certificate = |of: fn(Certificate) -> u64| shown.certificate.map(|certificate| ([], of(certificate)));
    sheet.gauge(
        Metric::seconds(
            "page_certificate_ends_timestamp",
            "When the certificate of the page ends, in seconds since 1970 UTC. Absent where it has none.",
        ),
        of_certificate(|certificate| u64::try_from(certificate.ends_at.millis()).unwrap_or(0) / 1000),
    )?;
    sheet.gauge(
        Metric::of(
            "page_certificate_ends_soon",
            "1 while the certificate of the page has not ended and should be renewed: in its last 30 days, or in the last third of its life. Absent where it has none.",
        ),
        of_certificate(|certificate| u64::from(certificate.state == CertificateState::EndsSoon)),
    )
}

fn dockings(sheet: &mut Sheet<'_>, shown: &Snapshot) -> fmt::Result {
    let Counters { entries, dockings, endings, stages, .. } = &shown.counters;
    sheet.counter(Metric::of("ledger_entries", "Entries of the custody log."), [([], *entries)])?;
    sheet.counter(
        Metric::of("dockings", "Cameras that were put into a bay."),
        shown.bays.iter().map(|bay| ([("bay", bay.name.as_str())], dockings.get(&bay.name).copied().unwrap_or(0))),
    )?;
    sheet.counter(
        Metric::of(
            "dockings_ended",
            "Dockings that ended: completed (everything was proven and wiped), taken-early (before that), interrupted (the station stopped).",
        ),
        [("completed", endings.completed), ("taken-early", endings.taken_early), ("interrupted", endings.interrupted)]
            .map(|(outcome, times)| ([("outcome", outcome)], times)),
    )?;
    sheet.durations(
        Metric::seconds(
            "docking_stage",
            "How long the stages of completed dockings took, by the station's clock; counted when the camera is taken.",
        ),
        [("offload", &stages.offload), ("upload", &stages.upload), ("wipe", &stages.wipe)]
            .map(|(stage, took)| ([("stage", stage)], took)),
    )
}

fn copies(sheet: &mut Sheet<'_>, shown: &Snapshot) -> fmt::Result {
    let Counters { spooled, proven, withdrawn, .. } = &shown.counters;
    sheet.counter(
        Metric::of(
            "spooled_segments",
            "Segments that were copied from cameras to the spool, each time that they were.",
        ),
        [([], spooled.times)],
    )?;
    sheet.counter(Metric::bytes("spooled", "Bytes of those segments."), [([], spooled.bytes.get())])?;
    let none = Deliveries::default();
    let of = |place: &'_ DestinationSnapshot| proven.get(&place.name).unwrap_or(&none);
    let places: Vec<_> = shown.destinations.iter().map(|place| (&place.name, of(place))).collect();
    sheet.counter(
        Metric::of("proven_copies", "Copies that a destination has come to prove."),
        places.iter().map(|(name, copies)| ([("destination", name.as_str())], copies.took.times())),
    )?;
    sheet.counter(
        Metric::bytes("proven", "Bytes of those copies."),
        places.iter().map(|(name, copies)| ([("destination", name.as_str())], copies.bytes.get())),
    )?;
    sheet.durations(
        Metric::seconds(
            "delivery",
            "How long it took from a segment's first copy in the spool to the proof of a destination's.",
        ),
        places.iter().map(|(name, copies)| ([("destination", name.as_str())], &copies.took)),
    )?;
    sheet.counter(
        Metric::of("withdrawn_proofs", "Proven copies that a destination no longer had when it was asked again."),
        shown
            .destinations
            .iter()
            .map(|place| ([("destination", place.name.as_str())], withdrawn.get(&place.name).copied().unwrap_or(0))),
    )
}

fn deletions(sheet: &mut Sheet<'_>, counters: &Counters) -> fmt::Result {
    let Counters { removals, problems, withdrawn, .. } = counters;
    let ways =
        [("wiped", removals.wiped), ("interrupted", removals.interrupted), ("not-by-camdock", removals.not_by_camdock)];
    let each = |of: fn(&Amount) -> u64| ways.map(|(how, amount)| ([("how", how)], of(&amount)));
    sheet.counter(
        Metric::of(
            "removed_segments",
            "Originals that left their cameras: wiped, in a wipe that was interrupted, or not by camdock.",
        ),
        each(|amount| amount.times),
    )?;
    sheet.counter(Metric::bytes("removed", "Bytes of those originals."), each(|amount| amount.bytes.get()))?;
    let found = |kind: &str| problems.get(kind).copied().unwrap_or(0);
    let kinds = ProblemKind::VARIANTS.iter().filter(|kind| !NEVER_FOUND.contains(kind));
    sheet.counter(
        Metric::of("problems_found", "Problems that were found, by kind."),
        kinds.map(|kind| ([("kind", *kind)], found(kind))),
    )?;
    let by_camera = REFUSED_BY_CAMERA.map(|kind| ([("reason", kind)], found(kind)));
    let by_destination = ([("reason", "proof-withdrawn")], withdrawn.values().sum());
    sheet.counter(
        Metric::of(
            "wipe_refusals",
            "Deletions that were due and came to nothing, as far as the custody log has them: the camera did not let go, or a destination no longer had its copy.",
        ),
        by_camera.into_iter().chain([by_destination]),
    )
}
