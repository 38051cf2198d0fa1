//! `views BAYS`: the real page of a made-up station all of whose bays work, on a free port that it prints. For `make bench`, which
//! measures what pages cost that are open.
//!
//! The station shows itself ten times a second, and every bay has moved each time: no real one does more.

use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use camdock::domain::{
    BayName, BayNotice, BaySnapshot, ByteCount, CameraSerial, Expected, Moment, Snapshot, StationId,
};
use camdock::views::{Access, Dock, Routes, WebDoor, files, page};
use tokio::sync::watch;
use tokio::time::interval;

const EVERY: Duration = Duration::from_millis(100);
const SIZE: ByteCount = ByteCount::new(64 << 30);
/// 2026-01-01T00:00:00Z.
const BEGINNING: Moment = Moment::from_millis(1_767_225_600_000);

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let bays: u64 = std::env::args().nth(1).context("usage: views BAYS")?.parse().context("BAYS is a whole number")?;
    let (station, shown) = watch::channel(at_work(bays, 0)?);
    let nobody = Access { identity: None, porter: None, kiosks: Vec::new(), collectors: Vec::new() };
    let door = WebDoor::open(([127, 0, 0, 1], 0).into(), nobody)?;
    let address = door.to_string();
    let port = address.trim_end_matches('/').rsplit(':').next().context("the door has a port")?;
    println!("listening {port}");
    let tiles = page(shown, Dock { columns: None, lamps: None });
    let nothing = Router::new;
    let routes = Routes { open: files(), metrics: nothing(), bays: tiles, station: nothing(), acting: nothing() };
    tokio::spawn(door.serve(routes));
    let mut pulse = interval(EVERY);
    for step in 0.. {
        pulse.tick().await;
        station.send_replace(at_work(bays, step)?);
    }
    Ok(())
}

/// The station after so many steps: a third of its bays copy, a third compare, a third upload.
fn at_work(bays: u64, step: u64) -> anyhow::Result<Snapshot> {
    let expected = Expected { earliest: BEGINNING, latest: BEGINNING.plus(Duration::from_hours(1)) };
    let bay = |number: u64| {
        let notice = match number % 3 {
            0 => BayNotice::Copying { done: step, total: 100_000 },
            1 => BayNotice::Comparing { done: step, total: 100_000 },
            _ => BayNotice::Uploading { segments: 100_000_u64.saturating_sub(step) },
        };
        Ok(BaySnapshot {
            notice,
            camera: Some(CameraSerial::new(format!("BENCH{number:05}"))?),
            segments_total: 100_000,
            bytes_total: SIZE,
            bytes_uploaded: ByteCount::new(step << 20),
            expected: Some(expected),
            ..BaySnapshot::empty(BayName::new(number.to_string())?)
        })
    };
    let bays: anyhow::Result<Vec<_>> = (1..=bays).map(bay).collect();
    Ok(Snapshot::of(StationId::new("bench")?, bays?))
}
