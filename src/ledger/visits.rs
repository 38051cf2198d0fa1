//! When each camera was here last, and which ones are missed no more.

use rusqlite::{Connection, Row, params};

use super::records::name;
use super::{Ledger, LedgerError};
use crate::domain::{CameraSerial, DockingId, Moment};

/// A camera's last visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastVisit {
    /// Which camera.
    pub camera: CameraSerial,
    /// Which visit.
    pub docking: DockingId,
    /// When it was taken: none, while it has not been.
    pub ended_at: Option<Moment>,
    /// When somebody said that it does not come back, if somebody has since.
    pub retired_at: Option<Moment>,
}

const COLUMNS: &str = "docking.camera, docking.id, docking.ended_at, retired.at";

const LAST_VISIT: &str = "FROM docking LEFT JOIN retired ON retired.camera = docking.camera
    WHERE docking.camera = ?1 ORDER BY docking.began_at DESC LIMIT 1";

/// One step in the index for each camera, and one for its last visit, however many visits there were: a `GROUP BY` would read them all.
const LAST_VISITS: &str = "FROM (
    WITH RECURSIVE known (camera, number) AS (
      SELECT (SELECT min(camera) FROM docking WHERE camera > ?1), 1
      UNION ALL
      SELECT (SELECT min(docking.camera) FROM docking WHERE docking.camera > known.camera), number + 1
      FROM known WHERE known.camera IS NOT NULL AND number < ?2)
    SELECT (SELECT id FROM docking WHERE docking.camera = known.camera ORDER BY began_at DESC LIMIT 1) AS id
    FROM known WHERE known.camera IS NOT NULL) AS last
    CROSS JOIN docking ON docking.id = last.id
    LEFT JOIN retired ON retired.camera = docking.camera
    ORDER BY docking.camera";

impl Ledger {
    /// The last visit of a camera; none if it was never here.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn last_visit(&self, camera: &CameraSerial) -> Result<Option<LastVisit>, LedgerError> {
        let camera = camera.clone();
        self.look(move |db| Ok(select(db, LAST_VISIT, params![camera.as_str()])?.pop())).await
    }

    /// Of so many cameras that were ever docked here, in the order of their serials, those after one of them.
    ///
    /// # Errors
    /// [`LedgerError`] if the database cannot be read.
    pub async fn last_visits(&self, after: Option<CameraSerial>, many: u32) -> Result<Vec<LastVisit>, LedgerError> {
        self.look(move |db| {
            let after = after.as_ref().map_or("", CameraSerial::as_str);
            select(db, LAST_VISITS, params![after, many])
        })
        .await
    }
}

fn select(db: &Connection, rest: &str, parameters: impl rusqlite::Params) -> Result<Vec<LastVisit>, LedgerError> {
    let mut statement = db.prepare_cached(&format!("SELECT {COLUMNS} {rest}"))?;
    let rows = statement.query_and_then(parameters, last_visit)?;
    rows.collect()
}

fn last_visit(row: &Row<'_>) -> Result<LastVisit, LedgerError> {
    let moment = |column| row.get::<_, Option<i64>>(column).map(|at| at.map(Moment::from_millis));
    Ok(LastVisit {
        camera: name(row, 0, CameraSerial::new)?,
        docking: name(row, 1, |text| DockingId::parse(&text))?,
        ended_at: moment(2)?,
        retired_at: moment(3)?,
    })
}

/// A camera is missed no more. One that is here is not: whoever said so had not seen it come.
pub(super) fn retire(db: &Connection, at: Moment, camera: &CameraSerial) -> Result<(), LedgerError> {
    db.prepare_cached(
        "INSERT INTO retired (camera, at)
         SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM docking WHERE camera = ?1 AND ended_at IS NULL)
         ON CONFLICT (camera) DO NOTHING",
    )?
    .execute(params![camera.as_str(), at.millis()])?;
    Ok(())
}

/// A camera is docked, whatever was said of it.
pub(super) fn is_here(db: &Connection, camera: &CameraSerial) -> Result<(), LedgerError> {
    db.prepare_cached("DELETE FROM retired WHERE camera = ?1")?.execute([camera.as_str()])?;
    Ok(())
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
    async fn visit(ledger: &Ledger, camera: &str, from: i64, to: Option<i64>) -> DockingId {
        let (docking, bay) = (DockingId::new(at(from)), BayName::new("1").unwrap());
        let began = Entry::DockingBegan { docking, camera: serial(camera), bay };
        ledger.record(at(from), vec![began]).await.unwrap();
        if let Some(to) = to {
            let ended = Entry::DockingEnded { docking, outcome: Outcome::Completed };
            ledger.record(at(to), vec![ended]).await.unwrap();
        }
        docking
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
        let mut plan = db.prepare(&format!("EXPLAIN QUERY PLAN SELECT {COLUMNS} {LAST_VISITS}")).unwrap();
        let steps = plan.query_map(rusqlite::params!["", 10], |row| row.get::<_, String>(3)).unwrap();
        let steps: Vec<_> = steps.map(Result::unwrap).collect();
        let of_tables = |step: &&String| step.contains(" docking") || step.contains(" retired");
        let of_tables: Vec<_> = steps.iter().filter(of_tables).collect();
        assert_eq!(of_tables.len(), 5, "{steps:#?}");
        assert!(of_tables.iter().all(|step| step.starts_with("SEARCH")), "{steps:#?}");
    }

    /// When a camera was last said not to come back, whatever the tables are made from.
    async fn retired_at(ledger: &Ledger, camera: &str) -> Option<Moment> {
        let known = ledger.last_visit(&serial(camera)).await.unwrap().unwrap();
        assert!(ledger.last_visits(None, 10).await.unwrap().contains(&known), "{known:?}");
        ledger.rebuild().await.unwrap();
        assert_eq!(ledger.last_visit(&serial(camera)).await.unwrap(), Some(known.clone()), "the log alone tells it");
        known.retired_at
    }

    #[tokio::test]
    async fn a_camera_is_retired_until_it_is_docked_again() {
        let ledger = Ledger::threaded(Ledger::in_memory().unwrap()).unwrap();
        let retire = async |camera: &str, second| {
            let retired = Entry::CameraRetired { camera: serial(camera) };
            ledger.record(at(second), vec![retired]).await.unwrap();
        };
        retire("A", 1).await;
        assert_eq!(ledger.last_visit(&serial("A")).await.unwrap(), None, "it was never here");
        visit(&ledger, "B", 2, Some(3)).await;
        let here = visit(&ledger, "A", 2, None).await;
        retire("A", 4).await;
        assert_eq!(retired_at(&ledger, "A").await, None, "it is here");
        ledger.record(at(5), vec![Entry::DockingEnded { docking: here, outcome: Outcome::Completed }]).await.unwrap();
        for second in [6, 7] {
            retire("A", second).await;
            assert_eq!(retired_at(&ledger, "A").await, Some(at(6)), "since it was said first");
        }
        assert_eq!(retired_at(&ledger, "B").await, None, "the other one is missed as before");
        // The clock was set back meanwhile, which makes no difference.
        visit(&ledger, "A", 1, Some(1)).await;
        assert_eq!(retired_at(&ledger, "A").await, None, "it came back");
    }
}
