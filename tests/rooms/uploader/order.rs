//! The order in which chunks go.

use camdock::domain::ChunkOrder;

use super::*;

const CHUNKS: u32 = 6;

impl Station {
    /// A segment of several chunks is in the spool.
    async fn spools_a_long_one(&self, camera: &str) {
        let length = usize::try_from(CHUNK.get() * u64::from(CHUNKS)).unwrap();
        let content = &camera.repeat(length)[..length];
        let mut segment = Self::segment(camera, 0);
        segment.fingerprint = Fingerprint::of(content.as_bytes(), CHUNK);
        self.seals(&segment, content).await;
        self.record(Entry::SegmentSpooled { docking: Some(self.docking), segment }).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_place_that_takes_chunks_in_any_order_gets_several_at_once() {
    let mut station = Station::new().await;
    station.spools_a_long_one("BWC-1").await;
    station.uploads();
    station.after(MINUTE).await;
    assert_eq!((station.place.objects(), station.place.sent().at_once), (1, 4), "as many as may travel at once");
}

#[tokio::test(start_paused = true)]
async fn a_place_that_takes_them_one_after_another_gets_them_so_and_other_segments_meanwhile() {
    let mut station = Station::new().await;
    station.place.takes_chunks(ChunkOrder::OneAfterAnother);
    station.spools_a_long_one("BWC-1").await;
    station.uploads();
    station.after(MINUTE).await;
    let sent = station.place.sent();
    assert_eq!((sent.arrived, sent.at_once), ((0..CHUNKS).collect::<Vec<_>>(), 1));

    for camera in ["BWC-2", "BWC-3"] {
        station.spools_a_long_one(camera).await;
    }
    station.after(MINUTE).await;
    assert_eq!((station.place.objects(), station.place.sent().at_once), (3, 2));
}
