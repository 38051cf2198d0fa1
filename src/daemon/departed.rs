//! Destinations that are no longer configured although evidence waits for them.
//!
//! Promise: removing a required destination from the configuration does not make a wipe easier. It goes on being required, and says so,
//! until a person brings it back or gives it up by name.

use std::sync::Arc;

use tokio::sync::watch;

use super::late::{LateDestination, Standing};
use super::parts::Troubles;
use crate::config::Config;
use crate::domain::{
    BackFill, ChunkRules, DestinationName, Need, ObjectPrefix, Part, ProofPolicy, ProtectionPolicy, SetupCause, counted,
};
use crate::ledger::Debts;
use crate::transfer::{Caps, Target};

/// The targets that stand for what was removed, of those to which something is `owed`.
pub(super) fn departed(config: &Config, owed: Debts, troubles: &Troubles) -> Vec<Target> {
    let is_configured = |name: &DestinationName| config.destinations.iter().any(|known| known.name == *name);
    let is_given_up = |name: &DestinationName| config.upload.given_up.contains(name);
    let departed = owed.into_iter().filter(|(name, _)| !is_configured(name) && !is_given_up(name));
    departed.map(|(name, segments)| stands_for(name, segments, troubles)).collect()
}

fn stands_for(name: DestinationName, segments: u64, troubles: &Troubles) -> Target {
    let why = format!(
        "it is not in the configuration any more, and {} of evidence wait for it. Bring it back, or write given_up = [\"{name}\"] \
         into [upload] and restart camdock: then nothing waits for it",
        counted(segments, "segment")
    );
    troubles.note(&Part::Destination(name.clone()), Some((SetupCause::Settings, why.clone())));
    let (_, standing) = watch::channel(Standing::Missing(why));
    Target {
        destination: Arc::new(LateDestination::new(name, ChunkRules::ANY, standing)),
        prefix: ObjectPrefix::default(),
        policy: ProofPolicy::Attested,
        protection: ProtectionPolicy::default(),
        back_fill: BackFill::FromSpool,
        need: Need::Required,
        caps: Caps::default(),
    }
}
