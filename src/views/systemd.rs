//! What systemd is told: ready, stopping, one line of status, and that the station is alive.
//!
//! Promises: the watchdog is fed by snapshots alone, never by a timer. A station publishes one with each
//! beat at least, and only while its ledger answers and its own loop turns; one that hangs is therefore restarted. The status line says
//! in one line what `camdock status` says. Without systemd there is nobody to tell, and nothing happens.

use std::collections::BTreeMap;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::domain::{
    BayCause, BaySnapshot, BayState, DestinationCause, DestinationSnapshot, DestinationState, Part, SetupTrouble,
    Snapshot, counted,
};

/// With more bays in use than this, the line counts them by state.
const BAYS_BY_NAME: usize = 4;
/// systemd is told no more often than this.
const PAUSE: Duration = Duration::from_secs(1);
/// So long a damaged ledger may take to be rebuilt, during which nothing is published.
const REBUILDING_TAKES: Duration = Duration::from_hours(1);

/// The station is open: cameras may come.
pub fn ready() {
    let mut news = vec![NotifyState::Ready];
    // Rebuilding may have made it longer.
    news.extend(sd_notify::watchdog_enabled().and_then(watchdog_of));
    tell(&news);
}

/// The ledger is damaged; nothing else happens until it is rebuilt.
pub fn rebuilding() {
    let mut news = vec![NotifyState::Status("The ledger was damaged. It is rebuilt from what can be read.")];
    news.extend(sd_notify::watchdog_enabled().and(watchdog_of(REBUILDING_TAKES)));
    tell(&news);
}

/// The station was asked to stop.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Passes on each snapshot, for as long as there are any: a sign of life, and the status line where it is a new one.
pub async fn keep_telling(mut shown: watch::Receiver<Snapshot>) {
    let (mut last, mut told) = (String::new(), None);
    while shown.changed().await.is_ok() {
        if let Some(told) = told {
            sleep_until(told + PAUSE).await;
        }
        let line = status_line(&shown.borrow_and_update());
        if line == last {
            tell(&[NotifyState::Watchdog]);
        } else {
            tell(&[NotifyState::Watchdog, NotifyState::Status(&line)]);
            last = line;
        }
        told = Some(Instant::now());
    }
    std::future::pending::<()>().await;
}

fn watchdog_of(limit: Duration) -> Option<NotifyState<'static>> {
    u32::try_from(limit.as_micros()).ok().map(NotifyState::WatchdogUsec)
}

fn tell(news: &[NotifyState<'_>]) {
    // What systemd does not hear it finds out: the watchdog bites, or the process ends.
    let _ = sd_notify::notify(news);
}

/// The station in one line.
#[must_use]
pub fn status_line(snapshot: &Snapshot) -> String {
    let queue = snapshot.queue;
    let waiting = match queue.segments {
        0 => "nothing queued".to_owned(),
        segments => format!("{} ({}) queued", counted(segments, "segment"), queue.bytes),
    };
    let problems =
        (snapshot.problems > 0).then(|| format!("{} (camdock problems)", counted(snapshot.problems, "problem")));
    let mut parts = vec![cameras(&snapshot.bays), waiting];
    parts.extend(problems);
    parts.extend(snapshot.destinations.iter().filter_map(trouble));
    parts.extend(snapshot.setup.iter().filter_map(|SetupTrouble { part, .. }| match part {
        // They have a line of their own.
        Part::Bay(_) | Part::Destination(_) => None,
        Part::Profile(file) => Some(format!("profile {file} is broken")),
        Part::ControlSocket => Some("commands cannot ask".to_owned()),
        Part::Page => Some("there is no page".to_owned()),
        Part::Lamp(bay) => Some(format!("the lamp of bay {bay} is dead")),
        Part::StationLamp => Some("the station's lamp is dead".to_owned()),
        Part::Users => Some("nobody can log in".to_owned()),
        Part::Certificate => Some("the page has no certificate".to_owned()),
        Part::Operators => Some("there is no group of operators".to_owned()),
        Part::Clock => Some("clocks differ (camdock status)".to_owned()),
    }));
    parts.join("; ")
}

fn cameras(bays: &[BaySnapshot]) -> String {
    let used: Vec<_> = bays.iter().filter(|bay| bay.state() != BayState::Empty).collect();
    if used.is_empty() {
        return "no camera".to_owned();
    }
    let empty = |bay: &&&BaySnapshot| bay.state() == BayState::Refused || bay.cause() == Some(BayCause::NotSetUp);
    let cameras = used.iter().filter(|bay| !empty(bay)).count();
    let each = if used.len() <= BAYS_BY_NAME {
        used.iter().map(|bay| format!("bay {} {}", bay.name, doing(bay))).collect::<Vec<_>>()
    } else {
        let mut states: BTreeMap<BayState, usize> = BTreeMap::new();
        for bay in used {
            *states.entry(bay.state()).or_default() += 1;
        }
        states.into_iter().map(|(state, count)| format!("{count} {state}")).collect()
    };
    format!("{}: {}", counted(cameras as u64, "camera"), each.join(", "))
}

fn doing(bay: &BaySnapshot) -> String {
    let state = bay.state();
    match state {
        BayState::Offloading if bay.segments_total > 0 => format!("{state} {}", counted(bay.segments_total, "segment")),
        BayState::Uploading if bay.bytes_total.get() > 0 => {
            format!("{state} {} of {}", bay.bytes_uploaded, bay.bytes_total)
        }
        BayState::Wiping if bay.segments_total > 0 => {
            format!("{state} {} of {}", bay.segments_wiped, bay.segments_total)
        }
        BayState::Attention if bay.cause() == Some(BayCause::NotSetUp) => "is not set up".to_owned(),
        BayState::Attention => "needs attention".to_owned(),
        _ => state.to_string(),
    }
}

fn trouble(place: &DestinationSnapshot) -> Option<String> {
    let doing = match (place.state(), place.cause()) {
        (DestinationState::Unknown | DestinationState::Ok, _) => return None,
        (DestinationState::Refused, _) => "refuses",
        (DestinationState::Overdue, _) => "overdue (camdock status)",
        (DestinationState::Attention, _) => "is not set up",
        (DestinationState::Waiting, Some(DestinationCause::Network)) => "waiting for network",
        (DestinationState::Waiting, _) => "waiting",
    };
    Some(format!("{} {doing}", place.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        BayName, BayNotice, ByteCount, CameraSerial, DestinationName, DestinationNotice, QueueSnapshot, SetupCause,
        StationId,
    };

    fn bay(name: usize, notice: BayNotice) -> BaySnapshot {
        let name = BayName::new(name.to_string()).unwrap();
        let camera = (notice.state() != BayState::Empty).then(|| CameraSerial::new("BWC-1").unwrap());
        BaySnapshot { notice, camera, segments_total: 7, segments_wiped: 3, ..BaySnapshot::empty(name) }
    }

    fn station(bays: Vec<BaySnapshot>) -> Snapshot {
        Snapshot::of(StationId::new("hq-01").unwrap(), bays)
    }

    #[test]
    fn the_status_line_says_in_one_line_how_the_station_is_doing() {
        assert_eq!(status_line(&station(vec![bay(1, BayNotice::Empty)])), "no camera; nothing queued");

        let mut busy = station(vec![bay(1, BayNotice::Wiping), bay(2, BayNotice::Ready), bay(3, BayNotice::Empty)]);
        busy.queue = QueueSnapshot {
            segments: 12,
            bytes: ByteCount::new(3 << 20),
            oldest_seconds: 5,
            ..QueueSnapshot::default()
        };
        busy.problems = 1;
        busy.destinations = vec![DestinationSnapshot {
            notice: DestinationNotice::Waiting {
                cause: DestinationCause::Network,
                error: "the wire is cut".to_owned(),
            },
            ..DestinationSnapshot::unasked(DestinationName::new("primary").unwrap())
        }];
        assert_eq!(
            status_line(&busy),
            "2 cameras: bay 1 wiping 3 of 7, bay 2 ready; 12 segments (3 MiB) queued; 1 problem (camdock problems); \
             primary waiting for network"
        );
    }

    #[test]
    fn many_bays_are_counted_by_what_they_do() {
        let stranger = BayNotice::NoCamera { why: String::new() };
        let copying = BayNotice::Copying { done: 0, total: 7 };
        let notices = [BayNotice::Ready, copying, BayNotice::Ready, stranger, BayNotice::Ready];
        let bays = notices.into_iter().enumerate().map(|(number, notice)| bay(number, notice)).collect();
        assert_eq!(status_line(&station(bays)), "4 cameras: 1 offloading, 3 ready, 1 refused; nothing queued");
    }

    #[test]
    fn the_status_line_names_what_is_not_set_up_and_counts_no_camera_there() {
        let missing = BaySnapshot { camera: None, ..bay(2, BayNotice::NotSetUp { why: String::new() }) };
        let mut station = station(vec![bay(1, BayNotice::Ready), missing]);
        station.destinations = vec![DestinationSnapshot {
            notice: DestinationNotice::NotSetUp { why: String::new() },
            ..DestinationSnapshot::unasked(DestinationName::new("primary").unwrap())
        }];
        let trouble = |part| SetupTrouble { part, cause: SetupCause::ProfileBroken, message: String::new() };
        station.setup = vec![trouble(Part::Profile("a.toml".to_owned())), trouble(Part::ControlSocket)];
        assert_eq!(
            status_line(&station),
            "1 camera: bay 1 ready, bay 2 is not set up; nothing queued; primary is not set up; profile a.toml is broken; \
             commands cannot ask"
        );
    }
}
