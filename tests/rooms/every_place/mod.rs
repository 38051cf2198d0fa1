//! One suite for every kind of place: what the port promises, asked of the real thing, or of what comes closest to it here.

mod places;
mod scenarios;

use places::{AzuritePlace, FolderPlace, Place, S3Place};
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
async fn s3_keeps_what_the_port_promises_on_a_server_that_judges_signatures() {
    goes_through_all(&S3Place::seaweedfs().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s3_keeps_what_the_port_promises_on_a_server_that_lists_checksums() {
    goes_through_all(&S3Place::localstack().await).await;
}
