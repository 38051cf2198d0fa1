//! A camera that cannot be served for a while is opened afresh and served again, for as long as it is in its bay.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Docking, DockingError, MayWipe, Progress};
use crate::camera::{Camera, CameraError};
use crate::dock::Location;
use crate::domain::{BayName, BayNotice, BaySnapshot, BayState, DockingId};
use crate::faults::{PlantedBug, planted};
use crate::station::board::Board;
use crate::station::{OpenCamera, StationError};
use crate::transfer::Site;

/// A camera that cannot be used is tried again after this long.
const TRY_CAMERA_AGAIN: Duration = Duration::from_secs(10);
/// So many doublings of that make the longest pause: ten minutes.
const SELDOMEST: u32 = 7;
/// A docking that went on for so long did not fail for the reason that the one before it did.
const SERVED_WELL: Duration = Duration::from_mins(30);
/// What is no camera seldom becomes one, such as when its card is put in.
const TRY_STRANGER_AGAIN: Duration = Duration::from_mins(1);

/// Opens whatever is at `location`, however often it takes.
pub(in crate::station) async fn identify(
    board: &Board,
    bay: &BayName,
    location: &Location,
    docking: DockingId,
    open_camera: &OpenCamera,
) -> Arc<dyn Camera> {
    loop {
        let error = match open_camera(location.clone(), docking).await {
            Ok(camera) => {
                if board.bay(bay).is_some_and(|shown| shown.state() == BayState::Refused) {
                    board.say(bay, BayNotice::CameraAfterAll);
                }
                return camera;
            }
            Err(error) => error,
        };
        complain(board, bay, &error);
        sleep(if matches!(error, CameraError::Refused(_)) { TRY_STRANGER_AGAIN } else { TRY_CAMERA_AGAIN }).await;
    }
}

/// A camera's visit to a bay, however often its docking breaks off and is taken up again.
pub(in crate::station) struct Visit {
    pub(in crate::station) site: Site,
    pub(in crate::station) board: Board,
    pub(in crate::station) may_wipe: MayWipe,
    pub(in crate::station) bay: BayName,
    pub(in crate::station) docking: DockingId,
    pub(in crate::station) location: Location,
    pub(in crate::station) open_camera: OpenCamera,
    pub(in crate::station) progress: Progress,
}

impl Visit {
    /// Serves the camera until it is taken out, which cancels this.
    pub(in crate::station) async fn run(self, mut camera: Arc<dyn Camera>) -> Result<Infallible, StationError> {
        let serial = camera.serial().clone();
        let mut failures = 0;
        loop {
            let (site, board, may_wipe) = (self.site.clone(), self.board.clone(), self.may_wipe.clone());
            let (bay, progress) = (self.bay.clone(), self.progress.clone());
            let mut docking = Docking::new(site, board, may_wipe, bay, camera, self.docking, progress);
            let began = Instant::now();
            let error = match docking.serve().await {
                Ok(never) => match never {},
                Err(DockingError::Ledger(error)) => return Err(error.into()),
                Err(DockingError::Camera(error)) => error,
            };
            // Whatever the docking held of the camera must be let go before it can be opened afresh.
            drop(docking);
            let told_by_facts = !planted(PlantedBug::OutcomeFromTheBoard);
            if matches!(error, CameraError::Gone) && self.progress.nothing_is_left() && told_by_facts {
                self.board.update(&self.bay, say_that_nothing_was_left);
            } else {
                complain(&self.board, &self.bay, &error);
            }
            // As long as it fails, another in its bay need not wait for it.
            self.progress.rests(true);
            failures = if began.elapsed() < SERVED_WELL { failures + 1 } else { 1 };
            // Serving it again means reading all of it again, so what fails over and over is tried less and less often.
            let mut pause = TRY_CAMERA_AGAIN.saturating_mul(1 << failures.min(SELDOMEST)) / 2;
            if matches!(error, CameraError::Exchanged) {
                pause = Duration::ZERO;
            }
            loop {
                sleep(pause).await;
                pause = TRY_CAMERA_AGAIN;
                camera = identify(&self.board, &self.bay, &self.location, self.docking, &self.open_camera).await;
                if *camera.serial() == serial {
                    break;
                }
                let (before, now) = (serial.clone(), camera.serial().clone());
                self.board.say(&self.bay, BayNotice::OtherSerial { before, now });
            }
        }
    }
}

/// A camera that no longer answers, but was done: what the bay said of it is still so.
fn say_that_nothing_was_left(bay: &mut BaySnapshot) {
    bay.notice = BayNotice::SilentWithNothingLeft { before: bay.state() };
}

/// Says on the bay what is wrong with its camera.
fn complain(board: &Board, bay: &BayName, error: &CameraError) {
    let notice = match error {
        CameraError::Refused(reason) => BayNotice::NoCamera { why: reason.clone() },
        CameraError::Gone => BayNotice::CameraSilent,
        CameraError::Exchanged => BayNotice::Exchanged,
        error => BayNotice::CameraFails { error: error.to_string() },
    };
    board.say(bay, notice);
}
