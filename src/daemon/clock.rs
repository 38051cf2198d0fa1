//! The wall clock of this machine, and whether others agree with it.

use std::sync::Arc;

use super::parts::{Troubles, look_after};
use crate::cloud::{Destination, Remark};
use crate::domain::{Clock, DestinationName, Moment, Part, SetupCause};

/// The wall clock of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the adapter behind the clock port")]
    fn now(&self) -> Moment {
        let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Moment::from_millis(since_1970.map_or(0, |elapsed| i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// Holds the station's clock against those of its destinations, for as long as anybody wants to know. Nothing is asked for that: what
/// they answer anyway tells their time.
pub(super) fn hold_against(destinations: Vec<Arc<dyn Destination>>, troubles: Troubles) {
    look_after(Part::Clock, troubles, move || {
        apart(destinations.iter().map(|destination| (destination.name().clone(), destination.remarks())))
    });
}

fn apart(told: impl Iterator<Item = (DestinationName, Vec<Remark>)>) -> Option<(SetupCause, String)> {
    let gap = |remark: &Remark| match remark {
        Remark::Clock { gap } => Some(*gap),
        Remark::Token { .. } | Remark::Unsearchable { .. } => None,
    };
    let gaps = told.filter_map(|(name, remarks)| Some(format!("{} that of {name}", remarks.iter().find_map(gap)?)));
    let gaps: Vec<String> = gaps.collect();
    let message = || {
        format!(
            "the station's is {}. camdock signs requests with the time that it is there, and dates footage with the station's. If \
             the station's is wrong, set up time synchronisation: timedatectl",
            gaps.join(", ")
        )
    };
    (!gaps.is_empty()).then(|| (SetupCause::ClockApart, message()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ClockGap;

    #[test]
    fn that_clocks_differ_is_said_of_each_destination_whose_does() {
        let told = |name: &str, seconds: i64| {
            let gap = ClockGap::of(seconds * 1_000).map(|gap| Remark::Clock { gap });
            (DestinationName::new(name).unwrap(), gap.into_iter().collect())
        };
        assert_eq!(apart([told("primary", 3), told("nas", 0)].into_iter()), None);
        let all = [told("primary", 900), told("nas", 0), told("google", -7_200)];
        let (cause, message) = apart(all.into_iter()).unwrap();
        assert_eq!(cause, SetupCause::ClockApart);
        let said = "the station's is 15 min behind that of primary, 2 h 0 min ahead of that of google. camdock signs";
        assert!(message.starts_with(said), "{message}");
    }
}
