//! Who is let in at the page, from files that may change at any time: the list of users, and what the door proves itself with.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::{Notify, watch};

use super::clock::SystemClock;
use super::parts::{Troubles, look_after, look_after_news};
use super::porter::StationPorter;
use super::renewal::Reminder;
use crate::access::{Accounts, Users, UsersError};
use crate::config::{TlsSettings, WebSettings};
use crate::domain::{CertificateState, Clock as _, Moment, Part, SetupCause, Subject, Validity};
use crate::files;
use crate::journal::tell;
use crate::ledger::Ledger;
use crate::views::{Access, Identity, Porter, Recognise};

/// What a part's look finds in its way.
type Found = Option<(SetupCause, String)>;

/// Hears when something changes beside these files, which may be replaced as a whole. Where nothing is heard of it, it is seen at the
/// next beat.
struct Ear {
    changed: Arc<Notify>,
    /// It hears for as long as it is kept.
    _watcher: Option<RecommendedWatcher>,
}

impl Ear {
    fn at(files: &[&Path]) -> Self {
        let changed = Arc::new(Notify::new());
        let wake = Arc::clone(&changed);
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Our own looking is reported, too.
            if !matches!(event, Ok(event) if matches!(event.kind, EventKind::Access(_))) {
                wake.notify_one();
            }
        })
        .ok();
        for folder in files.iter().filter_map(|file| file.parent()) {
            // A folder that is not there is looked for by those who miss their file.
            let _ = watcher.as_mut().map(|watcher| watcher.watch(folder, RecursiveMode::NonRecursive));
        }
        Self { changed, _watcher: watcher }
    }
}

/// As it is configured, and as its files are from now on; and how long what the door proves itself with holds. Needs a runtime.
pub(super) fn access(
    web: &WebSettings,
    ledger: &Ledger,
    troubles: &Troubles,
) -> (Access, watch::Receiver<Option<Validity>>) {
    let (held, validity) = watch::channel(None);
    let access = Access {
        identity: web.tls.as_ref().map(|files| identity(files.clone(), troubles, held)),
        porter: web.users.as_ref().map(|path| {
            let users = watched_users(path.clone(), troubles);
            Arc::new(StationPorter::new(users, ledger.clone())) as Arc<dyn Porter>
        }),
        kiosks: web.kiosks.clone(),
        collectors: web.collectors.clone(),
    };
    (access, validity)
}

/// Who asks by command. A group that is not there makes nobody an operator.
pub(super) fn accounts(operators: Option<String>, troubles: &Troubles) -> Recognise {
    let accounts = Arc::new(Accounts::new(operators));
    let look = Arc::clone(&accounts);
    look_after(Part::Operators, troubles.clone(), move || {
        look.check().err().map(|error| (SetupCause::Settings, error.to_string()))
    });
    Arc::new(move |uid| {
        let accounts = Arc::clone(&accounts);
        Box::pin(async move { accounts.visitor(uid).await })
    })
}

/// The list of users; none while it cannot be read, or was not yet.
fn watched_users(path: PathBuf, troubles: &Troubles) -> watch::Receiver<Option<Users>> {
    let (list, known) = watch::channel(None);
    let ear = Ear::at(&[&path]);
    let changed = Arc::clone(&ear.changed);
    let look = move || -> Found {
        let _ = &ear;
        let (users, found) = match Users::read(&path) {
            Ok(users) => (Some(users), None),
            Err(error) => {
                let cause = match &error {
                    UsersError::Io { .. } => SetupCause::FileUnreadable,
                    UsersError::Line { .. } => SetupCause::FileBroken,
                };
                (None, Some((cause, format!("{error}. Until then nobody can log in"))))
            }
        };
        list.send_if_modified(|known| {
            let is_new = *known != users;
            *known = users;
            is_new
        });
        found
    };
    look_after_news(Part::Users, troubles.clone(), changed, look);
    known
}

/// What the door proves itself with. A renewed one takes the place of the one before as soon as it can be used.
fn identity(
    files: TlsSettings,
    troubles: &Troubles,
    held: watch::Sender<Option<Validity>>,
) -> watch::Receiver<Option<Identity>> {
    let (shown, identity) = watch::channel(None);
    let (mut last, mut reminder) = (None, Reminder::default());
    let ear = Ear::at(&[&files.certificate, &files.key]);
    let changed = Arc::clone(&ear.changed);
    let look = move || {
        let _ = &ear;
        let found = read(&files, &mut last, &shown);
        let validity = shown.borrow().as_ref().map(Identity::validity);
        held.send_if_modified(|known| std::mem::replace(known, validity) != validity);
        let (Some(validity), now) = (validity, SystemClock.now()) else { return found };
        if let Some(notice) = reminder.news(validity, now) {
            tell(&Subject::station(), notice);
        }
        found.or_else(|| ended(validity, now))
    };
    look_after_news(Part::Certificate, troubles.clone(), changed, look);
    identity
}

/// Both files as they were read last, and what was in their way then.
type Read = ((Vec<u8>, Vec<u8>), Found);

fn read(files: &TlsSettings, last: &mut Option<Read>, shown: &watch::Sender<Option<Identity>>) -> Found {
    let content = |path: &Path| {
        files::whole(path, Identity::LONGEST).map_err(|error| {
            let before = if shown.borrow().is_some() { ". The one before is used meanwhile" } else { "" };
            (SetupCause::FileUnreadable, format!("{}: {error}{before}", path.display()))
        })
    };
    let now = match content(&files.certificate).and_then(|certificate| Ok((certificate, content(&files.key)?))) {
        Ok(now) => now,
        Err(trouble) => return Some(trouble),
    };
    match last {
        Some((before, found)) if *before == now => found.clone(),
        _ => {
            let found = match Identity::new(&now.0, &now.1) {
                Ok(identity) => {
                    shown.send_replace(Some(identity));
                    None
                }
                Err(error) => {
                    let before = if shown.borrow().is_some() {
                        "the one before is used meanwhile"
                    } else {
                        "the page is closed"
                    };
                    Some((SetupCause::FileBroken, format!("{}: {error}; {before}", files.certificate.display())))
                }
            };
            *last = Some((now, found.clone()));
            found
        }
    }
}

fn ended(validity: Validity, now: Moment) -> Found {
    let until = validity.until;
    (validity.at(now).state == CertificateState::Ended)
        .then(|| (SetupCause::FileBroken, format!("it ended at {until}, and browsers refuse it; renew it")))
}
