//! A station on its machine: production code, with the world behind its ports.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use camdock::beat::Beat;
use camdock::dock::{BayEvent, Location};
use camdock::domain::{BackFill, BayName, ByteCount, DockingId, ObjectPrefix, ShiftStarts, Snapshot, StationId};
use camdock::ledger::{Health, Ledger, Pause, UnknownEntries};
use camdock::station::{Command, Doors, Station, StationError};
use camdock::transfer::{AtOnce, Caps, Persistence, Site, Target};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::camera::DockedCamera;
use crate::destination::Line;
use crate::scene::Traits;
use crate::spool::StationSpool;
use crate::world::{Life, WallClock, look};

/// A station that is up, or waits to be started again.
pub(crate) struct Running {
    pub task: Option<JoinHandle<Result<(), StationError>>>,
    pub bays: mpsc::Sender<BayEvent>,
    pub commands: mpsc::Sender<Command>,
    pub snapshot: watch::Receiver<Snapshot>,
    /// Where each camera is, as far as this life of the station was told.
    pub told: Vec<Option<(usize, u64)>>,
}

pub(crate) fn bay_name(bay: usize) -> BayName {
    BayName::new((bay + 1).to_string()).expect("a number is a name")
}

/// Starts a station on its machine.
pub(crate) fn start(life: &Life, traits: &Traits) -> Running {
    let (targets, ledger, chunk_size, cameras) = {
        let world = look(&life.world);
        let targets = world.destinations.iter().enumerate().map(|(place, destination)| Target {
            destination: Arc::new(Line { life: life.clone(), name: destination.name.clone(), place }),
            prefix: ObjectPrefix::default(),
            policy: destination.policy,
            protection: destination.protection.clone(),
            back_fill: BackFill::FromSpool,
            need: destination.need,
            caps: Caps::default(),
        });
        let ledger = Arc::clone(&world.hosts[life.station].ledger);
        (targets.collect(), ledger, ByteCount::new(world.chunk_size), world.cameras.len())
    };
    let (pausing, opening, examining) = (life.clone(), life.clone(), life.clone());
    let pause: Pause = Arc::new(move || {
        let life = pausing.clone();
        Box::pin(async move { life.step(String::new, |_| ()).await })
    });
    let site = Site::new(
        StationId::new(format!("station-{}", life.station)).expect("a name"),
        Arc::new(StationSpool(life.clone())),
        Ledger::inline(ledger, pause),
        Arc::new(WallClock(Arc::clone(&life.world))),
        targets,
        chunk_size,
        AtOnce { more_reads: 1, seals: 2, comparisons: 1, releases: 1 },
    );
    let station = Station {
        site,
        bays: (0..traits.bays[life.station]).map(bay_name).collect(),
        open_camera: Arc::new(move |location, docking| {
            let camera = open(opening.clone(), location, docking);
            Box::pin(async { Ok(camera) })
        }),
        examine: Arc::new(move || {
            let life = examining.clone();
            Box::pin(async move {
                life.step(|| "examine the ledger".to_owned(), |_| ()).await;
                Ok(Health::Sound(UnknownEntries::default()))
            })
        }),
        concurrency: traits.concurrency,
        keep_after_wipe: traits.keep_after_wipe,
        // Stories are short.
        persistence: Persistence { attempts: 3, lasting: Duration::from_secs(20) },
        shifts: ShiftStarts::unknown(),
        overdue_after: None,
    };
    let (bays, bay_events) = mpsc::channel(256);
    let (commands, command_inbox) = mpsc::channel(8);
    let (shown, snapshot) = watch::channel(station.first_snapshot());
    {
        let host = &mut look(&life.world).hosts[life.station];
        (host.snapshot, host.untrue) = (Some(snapshot.clone()), BTreeMap::new());
    }
    let ((_, setup), (_, pause)) = (watch::channel(Vec::new()), watch::channel(Some(Duration::from_secs(1))));
    let ((_, certificate), beat) = (watch::channel(None), Beat::every(Duration::from_secs(30)));
    let doors = Doors { bays: bay_events, commands: command_inbox, setup, certificate, beat, pause, snapshot: shown };
    let task = Some(tokio::spawn(station.run(doors)));
    Running { task, bays, commands, snapshot, told: vec![None; cameras] }
}

fn open(life: Life, location: Location, docking: DockingId) -> Arc<dyn camdock::camera::Camera> {
    let Location::Folder { path, serial, .. } = location else { unreachable!("the simulator's bays are folders") };
    let path = path.display().to_string();
    let (camera, moves) = path.split_once('/').expect("made by announce");
    let (camera, moves) = (camera.parse().expect("a number"), moves.parse().expect("a number"));
    Arc::new(DockedCamera { life, serial, docking, camera, moves })
}
