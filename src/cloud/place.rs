//! Which place something was seen at: an id that lies there, and what it means if it is not the one that was enrolled.

use std::path::PathBuf;

use crate::domain::{DestinationName, PlaceId};
use crate::faults::{PlantedBug, planted};

/// The word that an enrolment begins with.
const WORD: &str = "camdock-place";

/// Who has to say that a place is the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enrolment {
    /// Nobody: an address with a credential leads to one container, so the first contact enrols it.
    AtFirstContact,
    /// A person, once: a path may lead to the disk below a share that is not mounted.
    ByPerson,
}

/// What was seen of an object, if it is there, and at which place. Neither is to be had without the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen<T> {
    place: Option<PlaceId>,
    object: Option<T>,
}

impl<T> Seen<T> {
    /// `object` was seen, or seen missing, at the place that calls itself `place`; both in one visit.
    #[must_use]
    pub const fn new(place: Option<PlaceId>, object: Option<T>) -> Self {
        Self { place, object }
    }

    /// What was seen, if that was at the place that was enrolled.
    ///
    /// # Errors
    /// [`WrongPlace`] if it was not; then nothing is known, neither that the object is there nor that it is not.
    pub fn at(self, enrolled: PlaceId) -> Result<Option<T>, WrongPlace> {
        if self.place == Some(enrolled) || planted(PlantedBug::KnowPlacesByTheirPath) {
            return Ok(self.object);
        }
        Err(match self.place {
            Some(found) => WrongPlace::Other { enrolled, found },
            None => WrongPlace::NoneThere { enrolled },
        })
    }
}

/// Why nothing counts that is seen at a place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongPlace {
    /// Nobody has said yet that it is the right one.
    #[error("nobody has enrolled it yet. See that it is the right place, then run: camdock enrol {0}")]
    NotEnrolled(DestinationName),
    /// What was enrolled is not there.
    #[error(
        "the place that was enrolled ({enrolled}) is not there, so nothing there counts. If it is a share, mount it; \
         camdock goes on by itself"
    )]
    NoneThere {
        /// Which place should be there.
        enrolled: PlaceId,
    },
    /// It is another one.
    #[error(
        "it is another place ({found}) than the one that was enrolled ({enrolled}), so nothing there counts. Bring the \
         right one back, or run camdock enrol with --replace if this one is meant"
    )]
    Other {
        /// Which place should be there.
        enrolled: PlaceId,
        /// Which one is.
        found: PlaceId,
    },
    /// It is also another destination's place.
    #[error("it is the same place as destination {0}: one copy would count as two. Give each a place of its own")]
    SameAs(DestinationName),
    /// It is on the disk of the data folder.
    #[error(
        "{} is on the same disk as the data folder, as the folder below a share is that is not mounted. Mount the share, \
         or write same_disk = true if that is meant", .0.display()
    )]
    SameDisk(PathBuf),
    /// There is an enrolment, but not one that camdock wrote.
    #[error("its enrolment ({0}) is not what camdock writes there. Look at it; camdock does not replace it")]
    Unreadable(String),
}

/// The text of an enrolment.
#[must_use]
pub fn write_place(id: PlaceId) -> String {
    format!(
        "{WORD} {id}\n\nThis is how camdock knows this place. Keep it: without it, or with another one's, nothing that lies \
         here counts as a copy.\n"
    )
}

/// Reads the text of an enrolment, which lies at `path`.
///
/// # Errors
/// [`WrongPlace::Unreadable`]
pub fn read_place(text: &[u8], path: &str) -> Result<PlaceId, WrongPlace> {
    let text = String::from_utf8_lossy(text);
    let id = text.lines().next().and_then(|line| line.strip_prefix(WORD));
    id.and_then(|id| PlaceId::parse(id.trim()).ok()).ok_or_else(|| WrongPlace::Unreadable(path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enrolment_is_read_as_it_was_written() {
        let id = PlaceId::random();
        assert_eq!(read_place(write_place(id).as_bytes(), "x"), Ok(id));
        assert_eq!(read_place(write_place(id).replace('\n', "\r\n").as_bytes(), "x"), Ok(id));
    }

    #[test]
    fn what_camdock_did_not_write_is_no_enrolment() {
        for text in ["", "camdock-place", "camdock-place 12", "\0\0\0\0", "<html>camdock-place</html>"] {
            assert_eq!(read_place(text.as_bytes(), "x"), Err(WrongPlace::Unreadable("x".to_owned())), "{text:?}");
        }
    }

    #[test]
    fn what_is_seen_elsewhere_is_neither_there_nor_missing() {
        let (enrolled, found) = (PlaceId::random(), PlaceId::random());
        assert_eq!(Seen::new(Some(enrolled), Some(1)).at(enrolled), Ok(Some(1)));
        assert_eq!(Seen::new(Some(found), Some(1)).at(enrolled), Err(WrongPlace::Other { enrolled, found }));
        assert_eq!(Seen::<u8>::new(None, None).at(enrolled), Err(WrongPlace::NoneThere { enrolled }));
    }
}
