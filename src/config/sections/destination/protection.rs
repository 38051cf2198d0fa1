//! `retention`, `enforcement` and `legal_hold`: what keeps what a destination gets from being changed or deleted.

use std::time::Duration;

use crate::config::document::{Node, Value};
use crate::config::reader::{Reader, Wrong};
use crate::config::values;
use crate::domain::{Enforcement, HoldRule, LONGEST_RETENTION, Pattern, ProtectionPolicy, RetentionPolicy};

/// Reads what is asked of a kind of destination that can do it.
pub(super) fn protection(table: &mut Reader<'_>) -> Option<ProtectionPolicy> {
    let length = table.optional("retention", length);
    let words = [("locked", Enforcement::Locked), ("unlocked", Enforcement::Unlocked)];
    let enforcement = table.optional("enforcement", |value| values::one_of(value, &words));
    let legal_hold = table.or("legal_hold", Vec::new(), |value| match value {
        Value::List(rules) => rules.iter().map(rule).collect(),
        other => Err(Wrong::new(format!("it is {}, not a list", other.kind()), RULES)),
    });
    let (length, enforcement) = (length?, enforcement?);
    if let (None, Some(enforcement)) = (&length, &enforcement) {
        let what = "destination.enforcement: it says how a retention is enforced, and there is none".to_owned();
        table.mistakes.add(&enforcement.at, what, "write retention = \"31d\" as well, or remove it".to_owned());
        return None;
    }
    let enforcement = enforcement.map_or(Enforcement::Locked, |enforcement| enforcement.value);
    let retention = length.map(|length| RetentionPolicy { length: length.value, enforcement });
    Some(ProtectionPolicy { retention, legal_hold: legal_hold? })
}

fn length(value: &Value) -> Result<Duration, Wrong> {
    let length = values::duration(value)?;
    if length.is_zero() {
        return Err(Wrong::new("it is no time at all", "write how long, such as \"31d\", or remove the key"));
    }
    if length > LONGEST_RETENTION {
        return Err(Wrong::new("it is longer than anybody could mean", "write 36,600 days or less, such as \"31d\""));
    }
    Ok(length)
}

const RULES: &str = "write [\"all\"], or some of \"damaged\", \"camera:BWC-*\" and \"path:*/EVENT/*\"";

fn rule(node: &Node) -> Result<HoldRule, Wrong> {
    let Value::Text(text) = &node.value else {
        return Err(Wrong::new(format!("it holds {}", node.value.kind()), RULES));
    };
    match text.split_once(':') {
        None if text == "all" => Ok(HoldRule::Everything),
        None if text == "damaged" => Ok(HoldRule::Damaged),
        Some(("camera", pattern)) if !pattern.is_empty() => Ok(HoldRule::Camera(Pattern::new(pattern))),
        Some(("path", pattern)) if !pattern.is_empty() => Ok(HoldRule::Path(Pattern::new(pattern))),
        _ => Err(Wrong::new(format!("{text:?} describes no segments"), RULES)),
    }
}
