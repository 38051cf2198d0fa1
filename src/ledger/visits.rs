//! When each camera was here last.

use super::records::name;
use super::{Ledger, LedgerError};
use crate::domain::{CameraSerial, Moment};

/// A camera, and when its last visit ended: none, while it has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastVisit {
    /// Which camera.
    pub camera: CameraSerial,
    /// When it was taken.
    pub ended_at: Option<Moment>,
}

/// One step in the index for each camera, and one for its last visit, however many visits there were: a `GROUP BY` would read them all.
const LAST_VISITS: &str = "
    WITH RECURSIVE known (camera, number) AS (
      SELECT (SELECT min(camera) FROM docking WHERE camera > ?1), 1
      UNION ALL
      SELECT (SELECT min(docking.camera) FROM docking WHERE docking.camera > known.camera), number + 1
      FROM known WHERE known.camera IS NOT NULL AND number < ?2)
    SELECT known.camera,
      (SELECT ended_at FROM docking WHERE docking.camera = known.camera ORDER BY began_at DESC LIMIT 1)
    FROM known WHERE known.camera IS NOT NULL";

impl Ledger {
    /// Of so many cameras that were ever docked here, in the order of their serials, those after one of them.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn last_visits(&self, after: Option<CameraSerial>, many: u32) -> Result<Vec<LastVisit>, LedgerError> {
        self.look(move |db| {
            let after = after.as_ref().map_or("", CameraSerial::as_str);
            let mut statement = db.prepare_cached(LAST_VISITS)?;
            let rows = statement.query_and_then(rusqlite::params![after, many], |row| {
                Ok(LastVisit {
                    camera: name(row, 0, CameraSerial::new)?,
                    ended_at: row.get::<_, Option<i64>>(1)?.map(Moment::from_millis),
                })
            })?;
            rows.collect()
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{BayName, DockingId};
    use crate::ledger::{Entry, Outcome};

    fn serial(name: &str) -> CameraSerial {
        CameraSerial::new(name).unwrap()
    }

    fn at(second: i64) -> Moment {
        Moment::from_millis(1_000 * second)
    }

    /// A visit from one second to another, or one that has not ended.
    async fn visit(ledger: &Ledger, camera: &str, from: i64, to: Option<i64>) {
        let (docking, bay) = (DockingId::new(at(from)), BayName::new("1").unwrap());
        let began = Entry::DockingBegan { docking, camera: serial(camera), bay };
        ledger.record(at(from), vec![began]).await.unwrap();
        if let Some(to) = to {
            let ended = Entry::DockingEnded { docking, outcome: Outcome::Completed };
            ledger.record(at(to), vec![ended]).await.unwrap();
        }
    }

    async fn told(ledger: &Ledger, after: Option<&str>, many: u32) -> Vec<(String, Option<Moment>)> {
        let visits = ledger.last_visits(after.map(serial), many).await.unwrap();
        visits.into_iter().map(|visit| (visit.camera.to_string(), visit.ended_at)).collect()
    }

    #[tokio::test]
    async fn of_each_camera_the_last_visit_is_told_a_few_cameras_at_a_time() {
        let ledger = Ledger::threaded(Ledger::in_memory().unwrap()).unwrap();
        assert_eq!(told(&ledger, None, 10).await, []);
        for (camera, from, to) in
            [("B", 10, Some(20)), ("A", 30, Some(90)), ("A", 1, Some(2)), ("C", 5, Some(6)), ("C", 50, None)]
        {
            visit(&ledger, camera, from, to).await;
        }
        let (a, b, c) = (("A".to_owned(), Some(at(90))), ("B".to_owned(), Some(at(20))), ("C".to_owned(), None));
        assert_eq!(told(&ledger, None, 10).await, [a.clone(), b.clone(), c.clone()]);
        assert_eq!(told(&ledger, None, 2).await, [a, b.clone()]);
        assert_eq!(told(&ledger, Some("A"), 2).await, [b, c]);
        assert_eq!(told(&ledger, Some("C"), 2).await, []);
    }

    #[test]
    fn a_long_history_is_not_read_to_tell_it() {
        let db = Ledger::in_memory().unwrap();
        let mut plan = db.prepare(&format!("EXPLAIN QUERY PLAN {LAST_VISITS}")).unwrap();
        let steps = plan.query_map(rusqlite::params!["", 10], |row| row.get::<_, String>(3)).unwrap();
        let steps: Vec<_> = steps.map(Result::unwrap).collect();
        let of_dockings: Vec<_> = steps.iter().filter(|step| step.contains(" docking")).collect();
        assert_eq!(of_dockings.len(), 3, "{steps:#?}");
        assert!(of_dockings.iter().all(|step| step.starts_with("SEARCH docking USING")), "{steps:#?}");
    }
}
