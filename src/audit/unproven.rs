//! What a station holds alone, asked before it is taken down.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::domain::{Problem, Segment, SegmentId};
use crate::ledger::{Health, LEDGER_FILE, Ledger, LedgerError};
use crate::spool::{SPOOL_FOLDER, sealed};

/// Evidence that may be nowhere else, or is nowhere as far as the station knows.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct AtStake {
    /// Segments that some required destination has not proven, as far as the ledger knows.
    pub segments: Vec<Segment>,
    /// Files among the sealed copies that the ledger does not know.
    pub strangers: Vec<PathBuf>,
    /// What was taken from cameras, and is neither here nor proven where it must be.
    pub missing: Vec<Problem>,
}

/// Compares the spool in `data_dir` with the ledger beside it. Changes nothing, asks no destination, and needs no daemon;
/// one may run. In doubt a copy is unproven.
///
/// # Errors
/// [`LedgerError`] if ledger or spool cannot be read, so that nobody can tell.
pub async fn unproven(data_dir: &Path) -> Result<AtStake, LedgerError> {
    let spool = data_dir.join(SPOOL_FOLDER);
    let sealed = match sealed(&spool).and_then(Iterator::collect) {
        Ok(sealed) => sealed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(source) => return Err(LedgerError::Io { path: spool.display().to_string(), source }),
    };
    let path = data_dir.join(LEDGER_FILE);
    if !path.exists() {
        return Ok(AtStake { strangers: sealed, ..AtStake::default() });
    }
    if let Health::Damaged(why) = Ledger::examine(&path)? {
        return Err(LedgerError::Damaged(why));
    }
    let ledger = Ledger::look_only(&path)?;
    let unproven = ledger.unproven().await?.into_iter().map(|segment| (segment.id, segment));
    let mut unproven: BTreeMap<SegmentId, Segment> = unproven.collect();
    let mut missing = ledger.problems(None).await?;
    missing.retain(|problem| problem.kind.is_about_copies());
    let mut found = AtStake { missing, ..AtStake::default() };
    for file in sealed {
        let id = file.file_name().and_then(|name| SegmentId::parse(name.to_str()?).ok());
        let at_stake = id.and_then(|id| unproven.remove(&id));
        let known = match id {
            Some(id) if at_stake.is_none() => ledger.segment(id).await?.is_some(),
            id => id.is_some(),
        };
        found.segments.extend(at_stake);
        if !known {
            found.strangers.push(file);
        }
    }
    Ok(found)
}
