//! What keeps objects from deletion: a retention of their own, one of the bucket's, and holds ("Object Retention Lock", "Bucket Lock",
//! "Object holds"). In which words Google refuses a retention in a bucket that has none is not known here; these are made up.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::{Answer, State, refusal, told};

/// How a bucket keeps objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Retains {
    /// Each as it was asked to when the object was made, or later.
    #[default]
    EachAsAsked,
    /// All of them for so many seconds, by a policy of its own; none of them in its own way.
    All(i64),
    /// None. Holds there are all the same.
    None,
}

impl Retains {
    /// Why an object cannot be made that is to be kept so, if it cannot.
    pub(super) fn refusal(self, wanted: &Value) -> Option<Answer> {
        let asks = !wanted["retention"].is_null();
        (asks && self != Self::EachAsAsked)
            .then(|| refusal(400, "invalid", "Object retention is not enabled on the bucket."))
    }

    /// What a new object has beside what was asked of it.
    pub(super) fn applied_to(self, wanted: &Value) -> Value {
        let mut wanted = wanted.clone();
        if let Self::All(seconds) = self {
            let until = OffsetDateTime::now_utc() + Duration::seconds(seconds);
            wanted["retentionExpirationTime"] = until.format(&Rfc3339).unwrap().into();
        }
        wanted
    }
}

impl State {
    /// Why an object is not deleted, if something keeps it.
    pub(super) fn kept(&self, name: &(String, String)) -> Option<Answer> {
        let about = &self.objects.get(name)?.wanted;
        let lasts = |until: &Value| moment(until).is_some_and(|until| until > OffsetDateTime::now_utc());
        if about["temporaryHold"] == true || about["eventBasedHold"] == true {
            return Some(refusal(403, "objectUnderActiveHold", "Object is under active Temporary hold."));
        }
        (lasts(&about["retentionExpirationTime"]) || lasts(&about["retention"]["retainUntilTime"]))
            .then(|| refusal(403, "retentionPolicyNotMet", "Object is subject to a retention and cannot be deleted."))
    }

    /// Changes what keeps an object. What is locked is only ever lengthened.
    pub(super) fn keep(&mut self, name: &(String, String), query: &BTreeMap<String, String>, content: &[u8]) -> Answer {
        let Ok(change) = serde_json::from_slice::<Value>(content) else {
            return refusal(400, "parseError", "Parse Error");
        };
        if let Some(refusal) = self.buckets[&name.0].refusal(&change) {
            return refusal;
        }
        let asked = query.get("generation").and_then(|generation| generation.parse::<u64>().ok());
        let found = self.objects.get_mut(name).filter(|object| asked.is_none_or(|asked| asked == object.generation));
        let Some(object) = found else { return refusal(404, "notFound", &format!("No such object: {}", name.1)) };
        let (before, after) = (&object.wanted["retention"], &change["retention"]);
        let shorter = moment(&before["retainUntilTime"]) > moment(&after["retainUntilTime"]);
        if before["mode"] == "Locked" && !after.is_null() && (shorter || after["mode"] != "Locked") {
            return refusal(403, "forbidden", "A locked retention cannot be reduced.");
        }
        if !after.is_null() {
            object.wanted["retention"] = after.clone();
        }
        if change["temporaryHold"] == true {
            object.wanted["temporaryHold"] = json!(true);
        }
        told(&object.resource())
    }
}

fn moment(text: &Value) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text.as_str()?, &Rfc3339).ok()
}
