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
    BackFill, ChunkRules, DestinationName, Need, ObjectPrefix, Part, ProofPolicy, ProtectionPolicy, SetupCause,
};
use crate::transfer::{Caps, Target};

/// The targets that stand for those that are not configured any more and to which something is `owed`.
pub(super) fn departed(config: &Config, owed: Vec<DestinationName>, troubles: &Troubles) -> Vec<Target> {
    let departed = owed.into_iter().filter(|name| !config.upload.given_up.contains(name));
    departed.map(|name| stands_for(name, troubles)).collect()
}

fn stands_for(name: DestinationName, troubles: &Troubles) -> Target {
    let why = format!(
        "it is not in the configuration any more, and evidence waits for it. Bring it back, or write given_up = [\"{name}\"] into \
         [upload] and restart camdock: then nothing waits for it"
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
