//! What the journal knows each kind of line by.

use uuid::Uuid;

/// The namespace of camdock's `MESSAGE_ID`s: made once at random, and never changed.
const NAMESPACE: Uuid = Uuid::from_u128(0x6e1c_49b7_02d5_4a83_9f5e_b3a4_81d7_c206);

/// The `MESSAGE_ID` of the lines about a notice, by the notice's id: the same in every version.
#[must_use]
pub fn message_id(notice: &str) -> String {
    Uuid::new_v5(&NAMESPACE, notice.as_bytes()).simple().to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::Notice;

    #[test]
    fn an_id_that_somebody_filters_by_never_changes() {
        assert_eq!(message_id("bay-problems"), "d2efd8b993845acaba28e5898092b19b");
        assert_eq!(message_id("camera-done"), "0915bd8b90b25065990d80548474226c");
    }

    #[test]
    fn each_notice_has_its_own() {
        let ids: BTreeSet<_> = Notice::ids().iter().map(|id| message_id(id)).collect();
        assert_eq!(ids.len(), Notice::ids().len());
    }
}
