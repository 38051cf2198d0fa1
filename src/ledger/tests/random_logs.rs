//! What holds whatever a station's log says, and in whatever order.

use std::collections::BTreeMap;

use proptest::prelude::*;
use rusqlite::params;

use super::*;
use crate::domain::{Amount, PlaceId, ProblemId};

const CAMERAS: [&str; 2] = ["A", "B"];
const PLACES: [&str; 2] = ["primary", "nas"];
/// What may be asked of the destinations: more, less, and nothing of one.
const CONFIGURATIONS: [&[(&str, Need)]; 4] = [
    &[("primary", Need::Required), ("nas", Need::Optional)],
    &[("primary", Need::Required), ("nas", Need::Required)],
    &[("nas", Need::Required)],
    &[("primary", Need::Optional)],
];

/// Steps that a station might take, on few cameras, files and destinations, in any order.
fn any_entry() -> impl Strategy<Value = Entry> {
    let any_segment = (0..2_usize, 0..3_u8, 0..2_u8)
        .prop_map(|(which, path, content)| segment(&camera(CAMERAS[which]), &path.to_string(), &[content; 6]));
    let any_place = prop::sample::select(PLACES.to_vec());
    let any_configuration = prop::sample::select(CONFIGURATIONS.to_vec());
    let any = (any_segment, any_place, any_configuration, 0..14_u8, 1..40_i64);
    any.prop_map(|(segment, to, configuration, kind, number)| match kind {
        0..=3 => spooled(&segment),
        4 => proven(&segment, to),
        5 => problem(&segment, to),
        6 => lost(&segment),
        7 => released(&segment),
        8 => wiped(&segment),
        9 => gone(&segment),
        10 => Entry::ProblemClosed { problem: ProblemId(number) },
        11 => Entry::ProofWithdrawn { segment: segment.id, destination: place(to), why: String::new() },
        12 => set(configuration),
        _ => Entry::DestinationEnrolled { destination: place(to), place: anywhere(number % 2) },
    })
}

fn anywhere(number: i64) -> PlaceId {
    PlaceId::parse(&format!("{number:032x}")).unwrap()
}

/// Plays a log, and has `look` judge what is there after each of its entries.
fn play(entries: Vec<Entry>, look: &impl AsyncFn(&Ledger) -> Result<(), TestCaseError>) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let ledger = ledger(vec![set(CONFIGURATIONS[0])]).await;
        for entry in entries {
            ledger.record(NOW, vec![entry]).await.unwrap();
            look(&ledger).await?;
        }
        Ok(())
    })
}

async fn everything(ledger: &Ledger) -> String {
    let mut all = vec![format!("{:?} {:?}", ledger.figures(NOW).await.unwrap(), ledger.problems(None).await.unwrap())];
    for name in CAMERAS {
        all.push(format!("{:?}", ledger.explain(&camera(name)).await.unwrap()));
        all.push(format!("{:?}", ledger.on_camera(&camera(name)).await.unwrap()));
        all.push(format!("{:?}", ledger.tally_of(&camera(name)).await.unwrap()));
    }
    all.push(format!("{:?} {:?}", queued(ledger, "primary").await, queued(ledger, "nas").await));
    all.join("\n")
}

/// Counted anew, from the deliveries: pending and unproven segments of a camera, and the bytes that are on it and unproven.
const OF_CAMERA: &str = "SELECT
    count(*) FILTER (WHERE EXISTS (SELECT 1 FROM delivery JOIN destination ON destination.name = delivery.destination
                                   WHERE delivery.segment = seq AND state = 'queued' AND need = 'required')),
    count(*) FILTER (WHERE EXISTS (SELECT 1 FROM unproven_required WHERE segment = seq) AND seen_at IS NULL),
    coalesce(sum(size) FILTER (WHERE EXISTS (SELECT 1 FROM unproven_required WHERE segment = seq) AND wiped_at IS NULL), 0)
    FROM segment WHERE camera = ?1";

/// Counted anew: segments and bytes that are queued, copies in the spool and theirs, and when the oldest that is queued came.
const OF_STATION: &str =
    "SELECT count(*) FILTER (WHERE pending > 0), coalesce(sum(size) FILTER (WHERE pending > 0), 0),
    count(*) FILTER (WHERE spool = 'present'), coalesce(sum(size) FILTER (WHERE spool = 'present'), 0),
    (SELECT spooled_at FROM segment WHERE pending > 0 ORDER BY seq LIMIT 1) FROM segment";

type Sums = (i64, i64, i64, i64, Option<i64>);

async fn sums(ledger: &Ledger, question: &'static str, camera: Option<&'static str>) -> Sums {
    let sums = ledger.look(move |db| {
        let sums = |row: &rusqlite::Row<'_>| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3).unwrap_or(0), row.get(4).unwrap_or(None)))
        };
        Ok(db.query_row(question, rusqlite::params_from_iter(camera), sums)?)
    });
    sums.await.unwrap()
}

/// What is kept is what it would be if it were counted now.
async fn tallies_are_sums(ledger: &Ledger) -> Result<(), TestCaseError> {
    for name in CAMERAS {
        let CameraTally { pending, unproven, unproven_bytes } = ledger.tally_of(&camera(name)).await.unwrap();
        let (segments, lacking, bytes, ..) = sums(ledger, OF_CAMERA, Some(name)).await;
        prop_assert_eq!([pending, unproven, unproven_bytes.get()].map(u64::cast_signed), [segments, lacking, bytes]);
    }
    let Figures { queue, copies, backlogs, .. } =
        ledger.figures(NOW.plus(std::time::Duration::from_secs(9))).await.unwrap();
    let (segments, bytes, held, held_bytes, oldest) = sums(ledger, OF_STATION, None).await;
    let kept = [queue.segments, queue.bytes.get(), copies.times, copies.bytes.get()].map(u64::cast_signed);
    prop_assert_eq!(kept, [segments, bytes, held, held_bytes]);
    prop_assert_eq!(queue.oldest_seconds, oldest.map_or(0, |_| 9));
    prop_assert_eq!(backlogs, what_waits(ledger).await);
    Ok(())
}

/// What waits for each destination, as it stands in the deliveries.
async fn what_waits(ledger: &Ledger) -> BTreeMap<DestinationName, Amount> {
    let rows = ledger.look(|db| {
        let mut statement = db.prepare(
            "SELECT destination, count(*), sum(size) FROM delivery JOIN segment ON segment.seq = delivery.segment
             WHERE state = 'queued' GROUP BY destination",
        )?;
        let rows = statement
            .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))?;
        Ok(rows.collect::<Result<Vec<_>, _>>()?)
    });
    let amount =
        |times: i64, bytes: i64| Amount { times: times.cast_unsigned(), bytes: ByteCount::new(bytes.cast_unsigned()) };
    rows.await
        .unwrap()
        .into_iter()
        .map(|(name, times, bytes)| (DestinationName::new(name).unwrap(), amount(times, bytes)))
        .collect()
}

/// All places of a destination's queue, of one camera after the other, as they stand in the deliveries.
async fn all_queued(ledger: &Ledger, destination: &'static str) -> Vec<QueuedCamera> {
    let places = ledger.look(move |db| {
        let mut statement = db.prepare(
            "SELECT camera, segment FROM delivery WHERE destination = ?1 AND state = 'queued' ORDER BY camera, segment",
        )?;
        let rows = statement.query_map([destination], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
        Ok(rows.collect::<Result<Vec<_>, _>>()?)
    });
    let of = |rows: &[(String, i64)]| QueuedCamera {
        camera: camera(&rows[0].0),
        places: rows.iter().map(|(_, place)| *place).collect(),
    };
    places.await.unwrap().chunk_by(|one, other| one.0 == other.0).map(of).collect()
}

/// The head of a queue is what it would be if the whole queue was read, whatever of it is passed over.
async fn heads_are_right(ledger: &Ledger) -> Result<(), TestCaseError> {
    for (name, cameras, nth) in [("primary", 1, 2), ("primary", 2, 3), ("nas", 1, 3), ("nas", 5, 1_000)] {
        let head = Head { cameras, per_camera: 2 };
        let told = ledger.queued(&place(name), head, move |seq| seq % nth == 0, BTreeSet::new()).await.unwrap();
        let mut expected = all_queued(ledger, name).await;
        for queue in &mut expected {
            queue.places.retain(|seq| seq % nth != 0);
            queue.places.truncate(2);
        }
        expected.retain(|queue| !queue.places.is_empty());
        expected.sort_by_key(|queue| queue.places[0]);
        expected.truncate(cameras);
        prop_assert_eq!(told, expected);
    }
    Ok(())
}

/// The copies that may go, and those that are there, are those of which every row says so.
async fn copies_are_right(ledger: &Ledger) -> Result<(), TestCaseError> {
    let asked = |question: &'static str| async move {
        let places = ledger.look(move |db| {
            let mut statement = db.prepare(question)?;
            let rows = statement.query_map(params![], |row| row.get(0))?;
            Ok(rows.collect::<Result<Vec<i64>, _>>()?)
        });
        places.await.unwrap()
    };
    let spare: Vec<i64> = ledger.proven_in_spool(0, 100).await.unwrap().into_iter().map(|(place, _)| place).collect();
    let expected = asked(
        "SELECT seq FROM segment WHERE spool = 'present' AND pending = 0
           AND NOT EXISTS (SELECT 1 FROM unproven_required WHERE segment = seq) ORDER BY seq",
    );
    prop_assert_eq!(spare, expected.await);
    let wiped = ledger.wiped_before(NOW, 0, 100).await.unwrap();
    let wiped: Vec<i64> = wiped.into_iter().map(|(place, _)| place).collect();
    let expected = asked(
        "SELECT seq FROM segment WHERE spool = 'present' AND wiped_at IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM delivery JOIN destination ON destination.name = delivery.destination
                           WHERE delivery.segment = segment.seq AND state <> 'proven' AND need <> 'retired') ORDER BY seq",
    );
    prop_assert_eq!(wiped, expected.await);
    let here: Vec<i64> = ledger.in_spool(0, 100).await.unwrap().into_iter().map(|(place, _)| place).collect();
    prop_assert_eq!(here, asked("SELECT seq FROM segment WHERE spool = 'present' ORDER BY seq").await);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_happened_the_log_alone_tells_it(entries in prop::collection::vec(any_entry(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let ledger = ledger(vec![set(CONFIGURATIONS[0])]).await;
            for entry in entries {
                ledger.record(NOW, vec![entry]).await.unwrap();
            }
            let lived = everything(&ledger).await;
            ledger.rebuild().await.unwrap();
            prop_assert_eq!(everything(&ledger).await, lived);
            Ok(())
        })?;
    }

    #[test]
    fn every_tally_is_the_sum_that_it_replaces(entries in prop::collection::vec(any_entry(), 1..40)) {
        play(entries, &tallies_are_sums)?;
    }

    #[test]
    fn the_head_of_a_queue_is_that_of_the_whole_queue(entries in prop::collection::vec(any_entry(), 1..40)) {
        play(entries, &heads_are_right)?;
    }

    #[test]
    fn the_copies_that_are_told_are_those_that_are_so(entries in prop::collection::vec(any_entry(), 1..40)) {
        play(entries, &copies_are_right)?;
    }
}
