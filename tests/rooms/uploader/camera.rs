//! A camera that reads as it is told to, whatever is on it.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use camdock::camera::{Camera, CameraError, Condition, Listing, NotDeleted, Piece, Reading, SourceReader};
use camdock::custody::WipePermit;
use camdock::domain::{ByteCount, CameraSerial, MediumId, SourceFile};

/// What it gives whenever a file is read, in these pieces.
pub(crate) struct ScriptedCamera {
    serial: CameraSerial,
    pieces: Mutex<Vec<Piece>>,
    then: Mutex<Then>,
}

/// What comes after the pieces.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Then {
    #[default]
    End,
    /// Nothing, ever.
    Silence,
}

impl ScriptedCamera {
    pub(crate) fn reading(pieces: &[&str]) -> Self {
        let camera =
            Self { serial: CameraSerial::new("BWC-1").unwrap(), pieces: Mutex::default(), then: Mutex::default() };
        camera.reads(pieces);
        camera
    }

    pub(crate) fn reads(&self, pieces: &[&str]) {
        let data = |piece: &&str| Piece::Data(Bytes::copy_from_slice(piece.as_bytes()));
        *self.pieces.lock().unwrap() = pieces.iter().map(data).collect();
    }

    /// It does not answer any more once it gave what it gives.
    pub(crate) fn hangs(&self) {
        *self.then.lock().unwrap() = Then::Silence;
    }

    pub(crate) fn cannot_read(&self, bytes: u64) {
        self.pieces.lock().unwrap().push(Piece::Unreadable(ByteCount::new(bytes)));
    }
}

#[async_trait]
impl Camera for ScriptedCamera {
    fn serial(&self) -> &CameraSerial {
        &self.serial
    }

    async fn list(&self) -> Result<Listing, CameraError> {
        Ok(Listing::default())
    }

    fn condition(&self) -> Condition {
        Condition::Sound
    }

    fn media(&self) -> &[MediumId] {
        &[]
    }

    fn quiet_time(&self) -> Duration {
        Duration::ZERO
    }

    async fn open(&self, _: &SourceFile, _: Reading) -> Result<Box<dyn SourceReader>, CameraError> {
        Ok(Box::new(Script(self.pieces.lock().unwrap().clone().into_iter(), *self.then.lock().unwrap())))
    }

    async fn wipe(&self, _: WipePermit) -> Result<Vec<NotDeleted>, CameraError> {
        Err(CameraError::Gone)
    }
}

struct Script(std::vec::IntoIter<Piece>, Then);

#[async_trait]
impl SourceReader for Script {
    async fn next(&mut self) -> Result<Option<Piece>, CameraError> {
        match (self.0.next(), self.1) {
            (None, Then::Silence) => std::future::pending().await,
            (piece, _) => Ok(piece),
        }
    }

    async fn finish(&mut self) -> Result<(), CameraError> {
        Ok(())
    }
}
