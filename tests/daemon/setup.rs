//! A station starts with what it has: whatever of it cannot be set up is told, and taken in as soon as it can be.

use std::time::Duration;

use camdock::domain::{
    BayCause, BayName, BayState, DestinationCause, DestinationName, DestinationState, Part, SetupCause, SetupTrouble,
};
use camdock::views::SOCKET_FILE;
use camdock::views::StatusDocument;
use camdock_test_support::azurite::{Azurite, KEY};
use camdock_test_support::footage::{Footage, files_below};
use tokio::time::sleep;

use crate::station::{RunningStation, Settings, bay, printed};

const CONTAINER: &str = "evidence";
const PREFIX: &str = "north";

/// A station with one bay and an Azure destination, at this address.
fn station(endpoint: &str) -> RunningStation {
    RunningStation::new(Settings {
        bays: 1,
        endpoint: endpoint.to_owned(),
        container: CONTAINER,
        prefix: PREFIX.to_owned(),
        key: KEY.to_owned(),
        data_dir: None,
    })
}

/// A station whose required destination is a folder; the one in the cloud is optional, and nobody is there.
async fn station_with_a_nas() -> RunningStation {
    let station = station("http://127.0.0.1:9/devstoreaccount1");
    let nas = station.beside("nas");
    std::fs::create_dir(&nas).unwrap();
    let destinations = format!(
        "[[destination]]\nname = \"primary\"\nrequired = false\n\
         [[destination]]\nname = \"nas\"\nkind = \"folder\"\npath = \"{}\"\nsame_disk = true\n",
        nas.display()
    );
    std::fs::write(station.beside("camdock.toml.d/destinations.toml"), destinations).unwrap();
    let enrolled = station.camdock(&["enrol", "nas"]).await;
    assert!(enrolled.status.success(), "{}", printed(&enrolled));
    station
}

fn footage(serial: &str) -> Footage {
    Footage::random(serial, 3, 150_000, 7)
}

fn about<'s>(status: &'s StatusDocument, part: &Part) -> Option<&'s SetupTrouble> {
    status.setup.iter().find(|trouble| trouble.part == *part)
}

fn destination(name: &str) -> Part {
    Part::Destination(DestinationName::new(name).unwrap())
}

fn bay_called(name: &str) -> Part {
    Part::Bay(BayName::new(name).unwrap())
}

/// Waits without asking the station.
async fn eventually(station: &RunningStation, what: &str, done: impl Fn() -> bool) {
    for _ in 0..900 {
        if done() {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("never: {what}\n{}", station.logged());
}

#[tokio::test]
async fn a_station_starts_with_what_it_has_and_takes_in_the_rest_as_it_comes() {
    let mut station = station_with_a_nas().await;
    std::fs::rename(station.beside("primary.key"), station.beside("elsewhere")).unwrap();
    let later = station.beside("later");
    let bays = format!(
        "[[bay]]\nname = \"later\"\nfolder = {later:?}\n[[bay]]\nname = \"usb\"\nport = \"77-1.2\"\nlamp = \"no:such:led\"\n"
    );
    std::fs::write(station.beside("camdock.toml.d/bays.toml"), bays).unwrap();
    std::fs::write(station.beside("profiles.d/typo.toml"), "name = \"volume-label\"\nenabeld = false\n").unwrap();
    station.dock(1, &footage("BWC-1"));
    station.start();

    let status =
        station.until("the camera is served all the same", |status| bay(status, 1).state == BayState::Ready).await;
    let causes: Vec<_> = status.setup.iter().map(|trouble| trouble.cause).collect();
    let expected = [
        SetupCause::CredentialMissing,
        SetupCause::FolderMissing,
        SetupCause::PortMissing,
        SetupCause::ProfileBroken,
        SetupCause::LedMissing,
    ];
    assert_eq!(causes, expected, "{:?}", status.setup);
    assert_eq!((bay(&status, 2).state, bay(&status, 2).cause), (BayState::Attention, Some(BayCause::NotSetUp)));
    let cloud = &status.destinations[0];
    assert_eq!((cloud.state, cloud.cause), (DestinationState::Attention, Some(DestinationCause::NotSetUp)));
    let shown = station.camdock(&["status"]).await;
    let text = printed(&shown);
    assert_eq!(shown.status.code(), Some(3), "{text}");
    for part in [
        "primary.key cannot be read: No such file",
        "Put the secret there",
        "everything else goes on without it",
        "later cannot be looked into: No such file",
        "there is no USB port 77-1.2",
        "there is no /sys/class/leds/no:such:led. See that its driver is loaded",
        "typo.toml:2: profile.enabeld is no key",
        "Until then profile volume-label lets no camera in",
    ] {
        assert_eq!(text.matches(part).count(), 1, "{part}: {text}");
        assert!(station.logged().contains(part), "{part}: {}", station.logged());
    }

    let doctor = station.camdock(&["doctor"]).await;
    let named = printed(&doctor);
    assert_eq!(doctor.status.code(), Some(3), "{named}");
    for finding in
        ["credential     destination primary: ", "port           bay usb: ", "no trouble seen with: camera, "]
    {
        assert!(named.contains(finding), "{finding}: {named}");
    }

    station.give_key(KEY);
    std::fs::create_dir(&later).unwrap();
    footage("BWC-2").write_to(&later.join("BWC-2"));
    let status = station.until("what came later is taken in", |status| {
        bay(status, 2).state == BayState::Ready
            && about(status, &destination("primary")).is_none()
            && status.destinations[0].state != DestinationState::Attention
    });
    let status = status.await;
    assert!(about(&status, &bay_called("later")).is_none() && about(&status, &bay_called("usb")).is_some());
    station.stop().await;
}

#[tokio::test]
async fn a_required_destination_without_its_credential_wipes_nothing_and_says_why_until_it_comes() {
    let azurite = Azurite::start().await.unwrap();
    azurite.create_container(CONTAINER).await.unwrap();
    let mut station = station(&format!("{}", azurite.endpoint));
    std::fs::write(station.beside("primary.key"), "\u{feff}\r\n").unwrap();
    let footage = footage("BWC-1");
    station.dock(1, &footage);
    station.start();

    let status = station.until("all is queued", |status| {
        status.queue.segments == 3 && status.destinations[0].cause == Some(DestinationCause::NotSetUp)
    });
    let status = status.await;
    let message = &status.destinations[0].message;
    assert!(message.contains("primary.key is empty. Put the secret there"), "{message}");
    assert!(message.contains("It is required, so nothing is wiped until it is set up"), "{message}");
    assert_eq!(status.setup[0].cause, SetupCause::CredentialUnusable);
    assert_eq!(files_below(&station.camera(1, &footage)), 3);
    assert_eq!(station.camdock(&["status"]).await.status.code(), Some(3));

    // As a Windows shell writes it.
    let utf16: Vec<u8> = format!("\u{feff}\"{KEY}\"\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(station.beside("primary.key"), utf16).unwrap();
    station.until_all_done().await;
    assert_eq!(files_below(&station.camera(1, &footage)), 0);
    azurite.assert_arrived_once(CONTAINER, PREFIX, &[&footage]).await;

    // The key in use is still good, but would not be found again.
    std::fs::write(station.beside("primary.key"), "TOPSECRET!").unwrap();
    let status = station.until("it is said", |status| !status.setup.is_empty()).await;
    let message = &status.setup[0].message;
    assert!(message.contains("holds no account key") && message.contains("that was read before is used"), "{message}");
    assert_eq!(status.destinations[0].state, DestinationState::Ok);
    let printed = printed(&station.camdock(&["status"]).await);
    assert!(
        printed.contains("Destination primary is not set up: credential file") && !printed.contains("TOPSECRET"),
        "{printed}"
    );
    station.stop().await;
}

#[tokio::test]
async fn a_station_whose_commands_cannot_ask_works_and_listens_as_soon_as_it_can() {
    let mut station = station_with_a_nas().await;
    let socket = station.data_dir().join(SOCKET_FILE);
    std::fs::create_dir_all(socket.join("in the way")).unwrap();
    let footage = footage("BWC-1");
    station.dock(1, &footage);
    station.start();
    eventually(&station, "the camera is wiped", || files_below(&station.camera(1, &footage)) == 0).await;
    let log = station.logged();
    assert!(log.contains("camdock.sock cannot be made") && log.contains("Take away what is in its place"), "{log}");
    let status = station.camdock(&["status"]).await;
    assert_eq!(status.status.code(), Some(1));
    assert!(printed(&status).contains("camdock runs here, but "), "{}", printed(&status));

    std::fs::rename(&socket, station.beside("elsewhere")).unwrap();
    station.until("it answers", |_| true).await;
    std::fs::rename(&socket, station.beside("removed")).unwrap();
    station.until("it answers again", |_| true).await;
    station.stop().await;
}

#[tokio::test]
async fn the_first_answer_of_a_station_is_about_the_station() {
    let mut station = station_with_a_nas().await;
    for _ in 0..3 {
        station.start();
        let status = station.until("it answers", |_| true).await;
        assert_eq!(status.destinations.len(), 2, "before that, it would say that all is well");
        station.stop().await;
    }
}
