//! One suite for every kind of place: what the port promises, asked of the real thing, or of what comes closest to it here.

mod keeping;
mod places;
mod scenarios;

use camdock::cloud::s3::{Program, S3Credential};
use places::{AzuritePlace, FolderPlace, GcsPlace, Place, S3Place};
use scenarios::ALL;

/// Has a place of each scenario's own go through it.
async fn goes_through_all(place: &impl Place) {
    for (number, (promise, scenario)) in ALL.iter().enumerate() {
        println!("{promise}");
        let container = format!("scenario-{number}");
        place.make(&container).await;
        scenario(place, &container).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_keeps_what_the_port_promises() {
    goes_through_all(&FolderPlace::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn azure_keeps_what_the_port_promises() {
    goes_through_all(&AzuritePlace::start().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn azure_keeps_from_deletion_what_it_is_asked_to() {
    let azure = AzuritePlace::with_immutability().await;
    azure.make("evidence").await;
    keeping::keeps_what_it_is_asked_to(&azure, "evidence").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s3_keeps_what_the_port_promises_on_a_server_that_judges_signatures() {
    goes_through_all(&S3Place::seaweedfs().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s3_keeps_what_the_port_promises_on_a_server_that_lists_checksums() {
    goes_through_all(&S3Place::localstack().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn google_keeps_what_the_port_promises() {
    goes_through_all(&GcsPlace::start().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_station_whose_clock_is_wrong_signs_by_the_clock_of_s3() {
    let s3 = S3Place::seaweedfs().await;
    s3.make("evidence").await;
    for seconds in [-15 * 60, 10 * 3_600] {
        let destination = s3.connect_at_another_time("evidence", seconds);
        scenarios::stores_and_proves(&*destination, &format!("off-by-{seconds}")).await;
    }
}

/// The program prints one key, which is good for half a minute, and from then on the other one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_ends_in_mid_upload_is_renewed_and_no_part_is_lost() {
    let (s3, folder) = (S3Place::seaweedfs().await, tempfile::tempdir().unwrap());
    s3.make("evidence").await;
    let marker = folder.path().join("asked");
    let text = r#"
        if [ -e "$1" ]; then
            echo '{"Version": 1, "AccessKeyId": "AKIDTEST2", "SecretAccessKey": "secrettest2"}'
        else
            echo '{"Version": 1, "AccessKeyId": "AKIDTEST", "SecretAccessKey": "secrettest", "Expiration": "END"}'
        fi
        echo again >> "$1""#;
    let end = time::OffsetDateTime::now_utc() + time::Duration::seconds(30);
    let end = end.format(&time::format_description::well_known::Rfc3339).unwrap();
    let arguments = ["-c", &text.replace("END", &end), "dock-key", marker.to_str().unwrap()].map(str::to_owned);
    let program = Program { path: "/bin/sh".to_owned(), arguments: arguments.to_vec() };
    let destination = s3.connect_as("evidence", S3Credential::Program(program));
    scenarios::stages_two_of_three(&*destination).await;
    assert_eq!(std::fs::read_to_string(&marker).unwrap().lines().count(), 1, "one key served all");
    // Until three quarters of its time are over.
    tokio::time::sleep(std::time::Duration::from_secs(23)).await;
    scenarios::sends_what_is_missing(&*destination).await;
    assert_eq!(std::fs::read_to_string(&marker).unwrap().lines().count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_goes_on_after_the_server_was_killed() {
    let mut s3 = S3Place::seaweedfs().await;
    s3.make("evidence").await;
    scenarios::stages_two_of_three(&*s3.connect("evidence")).await;
    s3.is_killed().await;
    scenarios::sends_what_is_missing(&*s3.connect("evidence")).await;
}
