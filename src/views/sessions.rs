//! Who is logged in.
//!
//! Promises: a session ends half an hour after its user last did something, twelve hours after it began at the latest, when they log
//! out, and with the process. There are never more than a few hundred. An id that a browser shows is one that was given out here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;
use tower_sessions::cookie::SameSite;
use tower_sessions::session::{Id, Record};
use tower_sessions::{Expiry, SessionManagerLayer, SessionStore, session_store};

/// Without anything done for so long, a session ends (CJIS Security Policy 6.0, AC-11).
const IDLE: Duration = Duration::from_mins(30);
/// However much is done (NIST SP 800-63B-4 §2.2.3).
const LONGEST: Duration = Duration::from_hours(12);
/// A station has fewer people. One more ends the one that was not used for the longest time.
const MOST: usize = 256;

/// The sessions of one door. Clones are of the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Sessions(Arc<Mutex<HashMap<Id, Kept>>>);

#[derive(Debug)]
struct Kept {
    record: Record,
    began: Instant,
    used: Instant,
}

impl Kept {
    fn is_over(&self, now: Instant) -> bool {
        now.duration_since(self.used) >= IDLE || now.duration_since(self.began) >= LONGEST
    }
}

/// Whether what a browser is shown came to it encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    /// It never left this machine.
    Local,
    /// It did, under TLS.
    Encrypted,
}

impl Sessions {
    /// Has requests know their session, by a cookie that no script reads and no other site's page can have sent along.
    pub(super) fn layer(&self, channel: Channel) -> SessionManagerLayer<Self> {
        let layer = SessionManagerLayer::new(self.clone());
        // The prefix binds it to this very host and to TLS (RFC 6265bis §4.1.3.2).
        let (name, secure) = match channel {
            Channel::Encrypted => ("__Host-camdock", true),
            Channel::Local => ("camdock", false),
        };
        layer
            .with_name(name)
            .with_secure(secure)
            .with_http_only(true)
            .with_same_site(SameSite::Strict)
            .with_path("/")
            .with_expiry(Expiry::OnSessionEnd)
    }

    /// Its user did something.
    pub(super) fn touch(&self, id: &Id) {
        if let Some(kept) = self.kept().get_mut(id) {
            kept.used = Instant::now();
        }
    }

    /// Whether it has not ended.
    pub(super) fn is_open(&self, id: &Id) -> bool {
        self.kept().get(id).is_some_and(|kept| !kept.is_over(Instant::now()))
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<Id, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> session_store::Result<()> {
        let (mut all, now) = (self.kept(), Instant::now());
        all.retain(|_, kept| !kept.is_over(now));
        while all.len() >= MOST
            && let Some(oldest) = all.iter().min_by_key(|(_, kept)| kept.used).map(|(id, _)| *id)
        {
            all.remove(&oldest);
        }
        while all.contains_key(&record.id) {
            record.id = Id::default();
        }
        all.insert(record.id, Kept { record: record.clone(), began: now, used: now });
        Ok(())
    }

    /// Only what is still there: somebody may have logged out meanwhile.
    async fn save(&self, record: &Record) -> session_store::Result<()> {
        if let Some(kept) = self.kept().get_mut(&record.id) {
            kept.record = record.clone();
        }
        Ok(())
    }

    async fn load(&self, id: &Id) -> session_store::Result<Option<Record>> {
        let now = Instant::now();
        Ok(self.kept().get(id).filter(|kept| !kept.is_over(now)).map(|kept| kept.record.clone()))
    }

    async fn delete(&self, id: &Id) -> session_store::Result<()> {
        self.kept().remove(id);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tower_sessions::cookie::time::OffsetDateTime;

    use super::*;

    async fn begun(sessions: &Sessions) -> Record {
        let mut record = Record { id: Id::default(), data: HashMap::new(), expiry_date: OffsetDateTime::UNIX_EPOCH };
        sessions.create(&mut record).await.unwrap();
        record
    }

    async fn is_known(sessions: &Sessions, record: &Record) -> bool {
        let loaded = sessions.load(&record.id).await.unwrap().is_some();
        assert_eq!(loaded, sessions.is_open(&record.id));
        loaded
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_ends_after_half_an_hour_without_its_user_whatever_its_page_asks() {
        let sessions = Sessions::default();
        let (used, left_open) = (begun(&sessions).await, begun(&sessions).await);
        for _ in 0..3 {
            tokio::time::advance(IDLE / 2).await;
            sessions.touch(&used.id);
            is_known(&sessions, &left_open).await;
        }
        assert!(is_known(&sessions, &used).await && !is_known(&sessions, &left_open).await);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_logged_in_for_longer_than_half_a_day() {
        let sessions = Sessions::default();
        let record = begun(&sessions).await;
        for _ in 0..47 {
            tokio::time::advance(IDLE / 2).await;
            sessions.touch(&record.id);
        }
        assert!(is_known(&sessions, &record).await);
        tokio::time::advance(IDLE / 2).await;
        assert!(!is_known(&sessions, &record).await);
    }

    #[tokio::test]
    async fn who_logged_out_stays_out_although_another_request_was_under_way() {
        let sessions = Sessions::default();
        let record = begun(&sessions).await;
        sessions.delete(&record.id).await.unwrap();
        sessions.save(&record).await.unwrap();
        sessions.touch(&record.id);
        assert!(!is_known(&sessions, &record).await);
    }

    #[tokio::test(start_paused = true)]
    async fn one_more_than_there_is_room_for_ends_the_one_that_was_not_used_longest() {
        let sessions = Sessions::default();
        let first = begun(&sessions).await;
        tokio::time::advance(Duration::from_secs(1)).await;
        let second = begun(&sessions).await;
        tokio::time::advance(Duration::from_secs(1)).await;
        for _ in 2..MOST {
            begun(&sessions).await;
        }
        sessions.touch(&first.id);
        begun(&sessions).await;
        assert!(is_known(&sessions, &first).await && !is_known(&sessions, &second).await);
    }
}
