//! A share whose server hangs.

use std::time::Duration;

use camdock::cloud::folder::{FolderDestination, SameDisk};
use camdock::cloud::{Destination, DestinationError};
use camdock::domain::{DestinationName, ObjectName};
use camdock_test_support::hanging_share::HangingShare;
use tempfile::TempDir;

#[tokio::test(flavor = "multi_thread")]
async fn a_share_that_hangs_is_given_up_and_used_again_once_it_answers() {
    let folder = TempDir::new().unwrap();
    let share = HangingShare::mount(folder.path());
    let (name, patience) = (DestinationName::new("nas").unwrap(), Duration::from_millis(300));
    let nas = FolderDestination::new(name, folder.path().to_owned(), SameDisk::Allowed, patience);
    let object = ObjectName::new("BWC-1/A.MP4").unwrap();
    assert_eq!(nas.place().await.unwrap(), None, "it is well, and nobody has enrolled it");

    share.hang();
    for _ in 0..3 {
        let answer = nas.place().await;
        assert!(matches!(answer, Err(DestinationError::NoAnswer(waited)) if waited >= patience), "{answer:?}");
    }
    let error = nas.stat(&object).await.unwrap_err();
    assert!(error.to_string().starts_with("no answer for 1 s"), "{error}");

    share.answer();
    assert_eq!(nas.place().await.unwrap(), None, "it is used again by itself");
}
