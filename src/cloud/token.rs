//! A token that opens a place for a while, kept fresh.
//!
//! Promises: one request fetches the token for everybody who needs it. It is renewed before its end, and meanwhile, or while
//! that fails or takes long, the old one is used as long as it is good. Whoever waits for a request that fails hears why, and none
//! of them asks once more by itself.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::{Instant, timeout};

use super::DestinationError;
use crate::domain::Secret;

/// So long before its end a token is renewed, as Google's own libraries do; but not before three quarters of its time are over.
const AHEAD: Duration = Duration::from_secs(225);

/// So long after a renewal that failed it is tried again.
const PAUSE: Duration = Duration::from_secs(10);

/// So long whoever renews waits, while the old one is good.
const PATIENCE: Duration = Duration::from_secs(5);

/// No token is trusted to be good for longer.
const LONGEST: Duration = Duration::from_hours(24);

/// A token as it was issued: a text that goes with each request, or a key that signs them.
#[derive(Debug, Clone)]
pub struct Token<T = Secret> {
    /// What lets in.
    pub secret: T,
    /// How long it is good, from when it was asked for. No clock is needed to say so, and a dock's own may be wrong.
    pub good_for: Duration,
}

type Fetch<T> = Box<dyn Fn() -> BoxFuture<'static, Result<Token<T>, DestinationError>> + Send + Sync>;

/// A token, fetched when it is needed and renewed before its end.
pub struct FreshToken<T = Secret> {
    fetch: Fetch<T>,
    held: Mutex<Option<Held<T>>>,
    /// Held by who fetches, with how the last attempt failed.
    fetching: tokio::sync::Mutex<Option<Failed>>,
}

#[derive(Clone)]
struct Held<T> {
    secret: T,
    renew: Instant,
    end: Instant,
}

struct Failed {
    at: Instant,
    why: DestinationError,
}

impl<T: Clone + PartialEq> FreshToken<T> {
    /// A token that `fetch` gets. Nothing is fetched yet.
    pub fn new(
        fetch: impl Fn() -> BoxFuture<'static, Result<Token<T>, DestinationError>> + Send + Sync + 'static,
    ) -> Self {
        Self { fetch: Box::new(fetch), held: Mutex::new(None), fetching: tokio::sync::Mutex::default() }
    }

    /// A token that is good now.
    ///
    /// # Errors
    /// As the fetch says, if there is none.
    pub async fn get(&self) -> Result<T, DestinationError> {
        let came = Instant::now();
        let turn = match self.good() {
            Some(held) if came < held.renew => return Ok(held.secret),
            Some(held) => match self.fetching.try_lock() {
                Ok(turn) => turn,
                // Somebody renews it already.
                Err(_) => return Ok(held.secret),
            },
            None => self.fetching.lock().await,
        };
        self.fetched(came, turn).await
    }

    /// The place does not accept this token any more. Whoever needs one next fetches it afresh.
    pub fn refused(&self, token: &T) {
        let mut held = self.held();
        // Many requests are refused together, and the token that the first of them fetched is not theirs to throw away.
        if held.as_ref().is_some_and(|held| held.secret == *token) {
            *held = None;
        }
    }

    async fn fetched(
        &self,
        came: Instant,
        mut turn: tokio::sync::MutexGuard<'_, Option<Failed>>,
    ) -> Result<T, DestinationError> {
        let asked = Instant::now();
        match (self.good(), &*turn) {
            (Some(held), _) if asked < held.renew => return Ok(held.secret),
            (None, Some(failed)) if failed.at > came => return Err(failed.why.clone()),
            _ => {}
        }
        match self.fetch().await {
            Ok(Token { secret, good_for }) => {
                let good_for = good_for.min(LONGEST);
                let end = asked + good_for;
                *self.held() = Some(Held { secret: secret.clone(), renew: end - AHEAD.min(good_for / 4), end });
                Ok(secret)
            }
            Err(why) => {
                let failed = Instant::now();
                if let Some(old) = self.good() {
                    *self.held() = Some(Held { renew: failed + PAUSE, ..old.clone() });
                    return Ok(old.secret);
                }
                *turn = Some(Failed { at: failed, why: why.clone() });
                Err(why)
            }
        }
    }

    async fn fetch(&self) -> Result<Token<T>, DestinationError> {
        if self.good().is_none() {
            return (self.fetch)().await;
        }
        let renewed = timeout(PATIENCE, (self.fetch)()).await;
        renewed.unwrap_or_else(|_| Err(DestinationError::NoAnswer(PATIENCE)))
    }

    /// The token that is held, if it is good.
    fn good(&self) -> Option<Held<T>> {
        self.held().clone().filter(|held| Instant::now() < held.end)
    }

    fn held(&self) -> MutexGuard<'_, Option<Held<T>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for FreshToken<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FreshToken")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use futures::FutureExt as _;
    use futures::future::join_all;
    use tokio::time::{advance, sleep};

    use super::*;

    const HOUR: Duration = Duration::from_hours(1);
    const FRESH: Duration = Duration::from_secs(HOUR.as_secs() - AHEAD.as_secs());
    const SECOND: Duration = Duration::from_secs(1);

    /// An issuer that numbers its tokens, takes a second for each, and may be out of order.
    #[derive(Clone, Default)]
    struct Issuer {
        asked: Arc<AtomicU32>,
        broken: Arc<AtomicBool>,
    }

    impl Issuer {
        fn token(&self) -> FreshToken {
            let issuer = self.clone();
            FreshToken::new(move || {
                let issuer = issuer.clone();
                async move {
                    let number = issuer.asked.fetch_add(1, Ordering::Relaxed) + 1;
                    sleep(SECOND).await;
                    if issuer.broken.load(Ordering::Relaxed) {
                        return Err(DestinationError::Unreachable(format!("attempt {number}")));
                    }
                    Ok(Token { secret: Secret::new(&number.to_string()), good_for: HOUR })
                }
                .boxed()
            })
        }

        fn breaks(&self, broken: bool) {
            self.broken.store(broken, Ordering::Relaxed);
        }

        fn asked(&self) -> u32 {
            self.asked.load(Ordering::Relaxed)
        }
    }

    async fn use_it(token: &FreshToken) -> Result<String, String> {
        token.get().await.map(|secret| secret.expose().to_owned()).map_err(|error| error.to_string())
    }

    async fn by_many(token: &FreshToken) -> Vec<Result<String, String>> {
        join_all((0..8).map(|_| use_it(token))).await
    }

    #[tokio::test(start_paused = true)]
    async fn one_request_fetches_the_token_for_everybody_until_it_is_nearly_over() {
        let issuer = Issuer::default();
        let token = issuer.token();
        assert_eq!(by_many(&token).await, vec![Ok("1".to_owned()); 8]);
        advance(FRESH.saturating_sub(2 * SECOND)).await;
        assert_eq!(use_it(&token).await.as_deref(), Ok("1"));
        assert_eq!(issuer.asked(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn while_one_renews_it_the_others_go_on_with_the_old_one() {
        let issuer = Issuer::default();
        let token = issuer.token();
        by_many(&token).await;
        advance(FRESH).await;
        let said = by_many(&token).await;
        assert_eq!((said[0].as_deref(), said[1].as_deref()), (Ok("2"), Ok("1")));
        assert_eq!(by_many(&token).await, vec![Ok("2".to_owned()); 8]);
        assert_eq!(issuer.asked(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_renewal_that_fails_costs_nothing_before_the_end() {
        let issuer = Issuer::default();
        let token = issuer.token();
        by_many(&token).await;
        issuer.breaks(true);
        advance(FRESH).await;
        assert_eq!(by_many(&token).await, vec![Ok("1".to_owned()); 8]);
        assert_eq!(by_many(&token).await, vec![Ok("1".to_owned()); 8]);
        assert_eq!(issuer.asked(), 2, "it is not tried again at once");
        advance(PAUSE).await;
        assert_eq!(use_it(&token).await.as_deref(), Ok("1"));
        assert_eq!(issuer.asked(), 3);
        advance(AHEAD).await;
        assert_eq!(use_it(&token).await, Err("cannot be reached: attempt 4".to_owned()));
        issuer.breaks(false);
        assert_eq!(use_it(&token).await.as_deref(), Ok("5"));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_long_for_a_renewal_while_the_old_one_is_good() {
        let asked = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&asked);
        let token = FreshToken::new(move || {
            let number = counted.fetch_add(1, Ordering::Relaxed) + 1;
            async move {
                sleep(if number == 1 { SECOND } else { HOUR }).await;
                Ok(Token { secret: Secret::new(&number.to_string()), good_for: HOUR })
            }
            .boxed()
        });
        assert_eq!(use_it(&token).await.as_deref(), Ok("1"));
        advance(FRESH).await;
        let began = Instant::now();
        assert_eq!(use_it(&token).await.as_deref(), Ok("1"));
        assert_eq!(began.elapsed().as_secs(), PATIENCE.as_secs());
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_a_request_that_fails_hears_why_and_does_not_ask_again() {
        let issuer = Issuer::default();
        let token = issuer.token();
        issuer.breaks(true);
        assert_eq!(by_many(&token).await, vec![Err("cannot be reached: attempt 1".to_owned()); 8]);
        assert_eq!(use_it(&token).await, Err("cannot be reached: attempt 2".to_owned()), "who comes later asks");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_token_is_fetched_afresh_once_however_many_were_refused() {
        let issuer = Issuer::default();
        let token = issuer.token();
        let first = token.get().await.unwrap();
        token.refused(&first);
        assert_eq!(use_it(&token).await.as_deref(), Ok("2"));
        token.refused(&first);
        assert_eq!(use_it(&token).await.as_deref(), Ok("2"));
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_in_the_middle_of_a_request_keeps_nobody_waiting() {
        let issuer = Issuer::default();
        let token = issuer.token();
        assert!(tokio::time::timeout(Duration::from_millis(500), token.get()).await.is_err());
        assert_eq!(use_it(&token).await.as_deref(), Ok("2"));
    }
}
