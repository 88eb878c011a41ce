//! What every implementation of the log's seam has to keep, whatever stands
//! behind it. Each function takes a way to open the log, the same one each
//! time; an implementation's own tests call them all.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use super::append::{EventLog, Outcome};
use super::{Content, Entry, LogReader};
use crate::place::Lane;

/// A log that can be opened again and again.
pub trait Opens {
    /// Opens it, after the one opened before is gone.
    fn open(&self) -> (Arc<dyn EventLog>, Arc<dyn LogReader>);

    /// Whether `append` itself tells duplicates. Where the owner of a lane does
    /// (Kafka), senders hear `Stored`, and both entries are read.
    fn tells_duplicates(&self) -> bool;
}

/// The entry of a number, in the lane that the number chooses.
pub fn entry(number: u64, lanes: u16) -> Entry {
    Entry {
        tenant_id: Uuid::from_u128(1),
        event_id: Uuid::from_u128(u128::from(number)),
        lane: (number % u64::from(lanes)) as Lane,
        received_at_ms: 1_700_000_000_000 + number as i64,
        payload: format!("payload {number}").into_bytes().into(),
    }
}

async fn append(log: &dyn EventLog, numbers: impl IntoIterator<Item = u64>) -> Vec<Outcome> {
    let entries = numbers.into_iter().map(|number| entry(number, log.lanes())).collect();
    log.append(entries).await.unwrap()
}

/// What is there, by lane: offsets and numbers.
fn read(reader: &dyn LogReader) -> BTreeMap<Lane, Vec<(u64, u64)>> {
    let mut lanes = BTreeMap::new();
    for lane in reader.owned_lanes() {
        let (mut found, mut from) = (Vec::new(), reader.begin(lane));
        loop {
            let items = reader.read(lane, from, 3, 1000).unwrap();
            let Some(last) = items.last() else { break };
            from = last.offset + 1;
            for item in items {
                let Content::Entry(stored) = item.content else { panic!("{item:?}") };
                let number = stored.event_id.as_u128() as u64;
                let wrote = entry(number, 1);
                assert_eq!(stored.payload, wrote.payload);
                assert_eq!(stored.tenant_id, wrote.tenant_id);
                assert_eq!(stored.received_at_ms, wrote.received_at_ms);
                found.push((item.offset, number));
            }
        }
        lanes.insert(lane, found);
    }
    lanes
}

fn numbers(reader: &dyn LogReader) -> Vec<u64> {
    let mut all: Vec<u64> =
        read(reader).into_values().flatten().map(|(_, number)| number).collect();
    all.sort_unstable();
    all
}

/// What was told is there: at once, in the order of its lane, and after another opening.
pub async fn what_is_told_is_kept_in_order(opens: &dyn Opens) {
    let (log, reader) = opens.open();
    let log_id = reader.log_id();
    for batch in 0..10 {
        let told = append(&*log, batch * 10..batch * 10 + 10).await;
        assert_eq!(told, [Outcome::Stored; 10]);
        assert_eq!(numbers(&*reader), (0..batch * 10 + 10).collect::<Vec<_>>());
    }
    let before = read(&*reader);
    for (lane, found) in &before {
        assert!(found.is_sorted_by(|a, b| a.0 < b.0 && a.1 < b.1), "{found:?}");
        assert!(found.iter().all(|(_, number)| entry(*number, log.lanes()).lane == *lane));
        assert!(found.last().is_none_or(|last| last.0 < reader.durable_end(*lane)));
    }
    drop((log, reader));
    let (log, reader) = opens.open();
    assert_eq!(reader.log_id(), log_id);
    assert_eq!(read(&*reader), before);
    append(&*log, [1000]).await;
    assert_eq!(numbers(&*reader).len(), 101);
}

/// One id from many senders at once: one is stored, the others are duplicates,
/// and what is read holds it once.
pub async fn one_of_many_senders_stores_an_id(opens: &dyn Opens) {
    let (log, reader) = opens.open();
    let mut senders = Vec::new();
    for _ in 0..32 {
        let (log, reader) = (Arc::clone(&log), Arc::clone(&reader));
        senders.push(tokio::spawn(async move {
            let told = append(&*log, [7, 8, 7]).await;
            // Whatever was told, the id is durable by now.
            assert!(numbers(&*reader).contains(&7));
            told
        }));
    }
    let mut stored = 0;
    for sender in senders {
        let told = sender.await.unwrap();
        stored += told.iter().filter(|outcome| **outcome == Outcome::Stored).count();
    }
    if opens.tells_duplicates() {
        assert_eq!(stored, 2, "one 7 and one 8");
        assert_eq!(numbers(&*reader), [7, 8]);
    }
    drop((log, reader));
    let (log, _reader) = opens.open();
    if opens.tells_duplicates() {
        assert_eq!(append(&*log, [7, 9]).await, [Outcome::Duplicate, Outcome::Stored]);
    }
}

/// The same event_id of two tenants is two events.
pub async fn tenants_do_not_share_ids(opens: &dyn Opens) {
    let (log, reader) = opens.open();
    let (first, mut second) = (entry(5, log.lanes()), entry(5, log.lanes()));
    second.tenant_id = Uuid::from_u128(2);
    let told = log.append(vec![first, second]).await.unwrap();
    assert_eq!(told, [Outcome::Stored; 2]);
    let lane = entry(5, log.lanes()).lane;
    assert_eq!(reader.read(lane, reader.begin(lane), 9, 999).unwrap().len(), 2);
}

/// Readers keep to what is there: no position beyond the end, no lane of others.
pub async fn positions_are_checked(opens: &dyn Opens) {
    let (log, reader) = opens.open();
    append(&*log, 0..20).await;
    let lane = reader.owned_lanes()[0];
    let end = reader.durable_end(lane);
    assert!(reader.read(lane, end, 9, 999).unwrap().is_empty());
    assert_eq!(reader.read(lane, end + 1, 9, 9).unwrap_err().code(), "log_position_beyond_end");
    assert_eq!(reader.release(lane, end + 1).unwrap_err().code(), "log_position_beyond_end");
    reader.release(lane, end).unwrap();
    reader.release(lane, 0).unwrap();
    let foreign = log.lanes();
    assert_eq!(reader.read(foreign, 0, 9, 9).unwrap_err().code(), "lane_not_owned");
    assert_eq!(reader.ownership().epoch, reader.ownership().epoch);
}
