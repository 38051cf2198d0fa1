//! The station's events, as a program on this machine follows them.

use camdock::domain::BayState;
use camdock::views::StatusDocument;
use camdock_test_support::footage::Footage;

use crate::station::{Events, RunningStation, bay};
use crate::trouble::Cloud;

/// Follows events until a document is as wanted, and gives its id.
async fn follow(events: &mut Events, wanted: impl Fn(&StatusDocument) -> bool) -> String {
    loop {
        let (event, id, data) = events.next().await;
        if event == "status" && wanted(&serde_json::from_str(&data).unwrap()) {
            return id;
        }
    }
}

async fn idle(cloud: &Cloud) -> RunningStation {
    let mut station = cloud.station();
    station.start();
    station
        .until("its destinations are well", |status| status.destinations.iter().all(|to| to.notice.ends_with("well")))
        .await;
    station
}

#[tokio::test]
async fn whoever_follows_hears_of_everything_and_who_comes_back_of_what_is_new() {
    let cloud = Cloud::well().await;
    let mut station = idle(&cloud).await;
    let mut events = station.events(None).await;
    follow(&mut events, |status| bay(status, 1).state == BayState::Empty).await;
    station.dock(1, &Footage::random("BWC-1", 2, 10_000, 5));
    let last =
        follow(&mut events, |status| bay(status, 1).state == BayState::Ready && status.queue.segments == 0).await;
    drop(events);
    station.until_all_done().await;

    let mut again = station.events(Some(&last)).await;
    assert_eq!(again.next().await.0, "alive", "nothing has changed since");
    station.kill().await;
    station.start();
    station.until("it is back", |status| bay(status, 1).state == BayState::Ready).await;
    let mut later = station.events(Some("0000000000000000")).await;
    assert_eq!(later.next().await.0, "status", "whoever knows nothing that is so is told at once");
    station.stop().await;
}
