//! Uploads of the real program go no faster than its configuration says.

use std::time::Duration;

use camdock_test_support::footage::Footage;
use tokio::time::Instant;

use crate::station::bay;
use crate::trouble::{Cloud, finishes};

const BYTES: usize = 500_000;
/// What they take at a Mbit/s, less what may be off.
const AT_LEAST: Duration = Duration::from_millis(3_880);

#[tokio::test]
async fn a_cap_of_the_station_and_one_of_a_destination_hold() {
    let (cloud, mut docked) = (Cloud::well().await, Vec::new());
    for (number, caps) in [
        "[upload]\nmax = \"1 Mbit/s\"\n",
        "[[destination]]\nname = \"primary\"\nmax = \"1 Mbit/s\"\n",
        "[[destination]]\nname = \"primary\"\nmax = \"64 kbit/s\"\nmax_at = [{ max = \"none\" }]\n[upload]\nmax = \"1 Mbit/s\"\n",
    ]
    .into_iter()
    .enumerate()
    {
        let mut station = cloud.station();
        std::fs::write(station.beside("camdock.toml.d/caps.toml"), caps).unwrap();
        let footage = Footage::random(&format!("BWC-{number}"), 1, BYTES, number as u64);
        station.start();
        let began = Instant::now();
        station.dock(1, &footage);
        station.until("it is wiped", |status| bay(status, 1).segments_wiped == 1).await;
        assert!(began.elapsed() >= AT_LEAST, "{caps}: {:?}", began.elapsed());
        docked.push(footage);
        finishes(&mut station, &cloud, &docked.iter().collect::<Vec<_>>()).await;
    }
}
