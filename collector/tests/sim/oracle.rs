//! What must be true when everything has calmed down: acknowledged = base =
//! every rollup, as multisets.
//!
//! What is wrong is told by the invariant's name, the same that the running collector
//! counts by and `tidemark verify` answers with. Of the verdicts' sum the simulation
//! knows nothing: it has no HTTP, and so no counted answers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use tidemark_collector::invariants::{Account, Invariant};
use tidemark_collector::log::{Content, Item};
use tidemark_collector::store::{Rollup, Table};

use crate::clients::{Clients, Id};
use crate::disk::SimDisk;
use crate::erasures::Erasures;
use crate::store::{Look, is_keyed};
use crate::world::Kept;

/// What is wrong, by the name of the promise.
fn broken(invariant: Invariant, what: impl Display) -> String {
    format!("{}: {what}", invariant.name())
}

/// What is wrong; empty when every promise was kept.
pub fn judge(clients: &Clients, erasures: &Erasures, tables: &Look<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    let heard = clients.violations.iter();
    wrong.extend(heard.map(|what| broken(Invariant::AcceptedIsDurable, what)));
    let stored = tables.violations.iter();
    wrong.extend(stored.map(|what| broken(Invariant::PlacesAreUnique, what)));

    let mut base: BTreeMap<Id, u64> = BTreeMap::new();
    let mut offsets = BTreeMap::<_, BTreeSet<u64>>::new();
    for ((table, log_id, lane, offset), rows) in tables.rows {
        if *table != Table::EventsRaw {
            continue;
        }
        offsets.entry((*log_id, *lane)).or_default().insert(*offset);
        for row in rows {
            *base.entry((row.tenant_id, row.event_id)).or_default() += 1;
        }
    }
    let mut letters: BTreeMap<Id, u64> = BTreeMap::new();
    for letter in tables.letters.values() {
        *letters.entry((letter.tenant_id.0, letter.event_id.0)).or_default() += 1;
    }

    // Base: what was answered is there once; what is there was sent.
    for (id, told) in &clients.told {
        let rows = base.get(id).copied().unwrap_or(0);
        let dead = letters.get(id).copied().unwrap_or(0);
        let (expected_rows, expected_dead) = if told.poison { (0, 1) } else { (1, 0) };
        let unanswered = told.stored + told.duplicate == 0;
        // What was erased is gone, unless it was made again afterwards.
        if erasures.may_have_erased(id, told, tables) && rows + dead <= 1 {
            continue;
        }
        if unanswered && !told.dropped {
            let what = format!("{} was never answered", name(id));
            wrong.push(broken(Invariant::AcceptedIsDurable, what));
        }
        // What its sender gave up may have been made durable, and the answer lost.
        let absent = unanswered && told.dropped && (rows, dead) == (0, 0);
        if (rows, dead) != (expected_rows, expected_dead) && !absent {
            let places = tables
                .rows
                .iter()
                .filter(|(_, rows)| rows.iter().any(|row| (row.tenant_id, row.event_id) == *id));
            let places: Vec<String> = places
                .map(|((table, _, lane, offset), rows)| {
                    format!("{} {} times at {lane}/{offset}", rows.len(), table.as_str())
                })
                .collect();
            let invariant = match rows + dead {
                0 => Invariant::AcceptedIsDurable,
                1 => Invariant::EveryPlaceIsAccountedFor,
                _ => Invariant::IdsAreUnique,
            };
            let what = format!(
                "{} was told stored {} and duplicate {}, poison {}: {rows} rows {places:?}, \
                 {dead} letters",
                name(id),
                told.stored,
                told.duplicate,
                told.poison
            );
            wrong.push(broken(invariant, what));
        }
    }
    for id in base.keys().chain(letters.keys()) {
        if !clients.told.contains_key(id) {
            let what = format!("{} was never sent, and is there", name(id));
            wrong.push(broken(Invariant::EveryPlaceIsAccountedFor, what));
        }
    }

    // Rollups: each base row counted once, and nothing else.
    for ((log_id, lane), offsets) in &offsets {
        for rollup in Rollup::ALL {
            let rolled = tables.rollups.get(&(rollup, *log_id, *lane)).cloned().unwrap_or_default();
            for offset in offsets {
                let rows = tables.rows[&(Table::EventsRaw, *log_id, *lane, *offset)].len() as u32;
                let counted = rolled.counted.get(offset).copied().unwrap_or(0);
                if counted != rows {
                    let what = format!(
                        "{}: lane {lane} offset {offset} is counted {counted} times",
                        rollup.as_str()
                    );
                    wrong.push(broken(Invariant::RollupEqualsRecount, what));
                }
            }
            for (offset, counted) in &rolled.counted {
                let is_there = offsets.contains(offset);
                let erased = tables.erased.contains(&(*log_id, *lane, *offset));
                // What names no person keeps what it counted.
                if !is_there && (!erased || *counted > 1 || is_keyed(rollup)) {
                    let what =
                        format!("{}: offset {offset} is counted, not there", rollup.as_str());
                    wrong.push(broken(Invariant::RollupEqualsRecount, what));
                }
            }
        }
    }
    wrong
}

/// What is wrong with the erasures: all of them end, nobody who was erased is anywhere,
/// and every place of the log is accounted for.
pub fn judge_erasures(
    erasures: &Erasures,
    kept: &Kept,
    disk: &SimDisk,
    tables: &Look<'_>,
) -> Vec<String> {
    let mut wrong = erasures.unfinished(disk);
    let gone = |payload: &[u8]| !payload.is_empty() && erasures.is_gone(payload, disk);
    for ((table, _, lane, offset), rows) in tables.rows {
        if rows.iter().any(|row| gone(&row.payload)) {
            let what = format!("{} {lane}/{offset} is an erased person's", table.as_str());
            wrong.push(broken(Invariant::ErasedAreGone, what));
        }
    }
    for ((rollup, ..), rolled) in tables.rollups {
        if rolled.payloads.values().any(|payload| gone(payload)) {
            let what = format!("{} has rows of an erased person", rollup.as_str());
            wrong.push(broken(Invariant::ErasedAreGone, what));
        }
    }
    for payload in kept.letters.iter().filter(|payload| gone(payload)) {
        let what = format!("a dead letter of {} bytes is an erased person's", payload.len());
        wrong.push(broken(Invariant::ErasedAreGone, what));
    }
    for ((log_id, lane), Item { offset, content }) in &kept.items {
        let erased = tables.erased.contains(&(*log_id, *lane, *offset));
        match content {
            Content::Entry(stored) if gone(&stored.payload) => {
                let what = format!("the log's {lane}/{offset} is an erased person's");
                wrong.push(broken(Invariant::ErasedAreGone, what));
            }
            Content::Erased if !erased => {
                let what = format!("nobody was told that {lane}/{offset} is erased");
                wrong.push(broken(Invariant::EveryPlaceIsAccountedFor, what));
            }
            Content::Entry(_) if erased => {
                let what = format!("{lane}/{offset} is told as erased, and is there");
                wrong.push(broken(Invariant::ErasedAreGone, what));
            }
            _ => {}
        }
        let row = (Table::EventsRaw, *log_id, *lane, *offset);
        let is_there = tables.rows.contains_key(&row)
            || tables.letters.contains_key(&(*log_id, *lane, *offset));
        if is_there == erased && *content != Content::Damaged {
            let what = format!("{lane}/{offset} is in {} places", 2 * u8::from(erased));
            wrong.push(broken(Invariant::EveryPlaceIsAccountedFor, what));
        }
    }
    wrong
}

/// What is wrong with each lane as a whole: watermarks that are ahead of it, and the sum
/// of what became of its places.
pub fn judge_lanes(kept: &Kept, tables: &Look<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    for ((log_id, lane), (begin, end)) in &kept.lanes {
        let is_here = |place: &(_, _, u64)| (place.0, place.1) == (*log_id, *lane);
        for ((rollup, ..), rolled) in
            tables.rollups.iter().filter(|((_, id, of), _)| (id, of) == (log_id, lane))
        {
            if rolled.watermark > *end {
                let what = format!("{}: lane {lane} up to {}", rollup.as_str(), rolled.watermark);
                wrong.push(broken(Invariant::MarksFollowBase, what));
            }
        }
        let of_lane = |place: (_, _, u64)| is_here(&place) && place.2 >= *begin;
        let rows = tables.rows.keys().filter(|(table, log_id, lane, offset)| {
            *table == Table::EventsRaw && of_lane((*log_id, *lane, *offset))
        });
        let there: BTreeSet<u64> = rows.map(|place| place.3).collect();
        let letters: BTreeSet<u64> =
            tables.letters.keys().filter(|place| of_lane(**place)).map(|place| place.2).collect();
        let erased: BTreeSet<u64> =
            tables.erased.iter().filter(|place| of_lane(**place)).map(|place| place.2).collect();
        // Left out by a repair, or lost by the disk before it was written.
        let given = kept.items.iter().filter(|(of, _)| *of == (*log_id, *lane));
        let given: BTreeMap<u64, &Content> =
            given.map(|(_, item)| (item.offset, &item.content)).collect();
        let unused = (*begin..*end).filter(|offset| match given.get(offset) {
            None => true,
            Some(Content::Damaged) => {
                [&there, &letters, &erased].iter().all(|it| !it.contains(offset))
            }
            Some(Content::Entry(_) | Content::Erased) => false,
        });
        let account = Account {
            accepted: end - begin,
            events: there.len() as u64,
            dead_letters: letters.len() as u64,
            erased: erased.len() as u64,
            unused: unused.count() as u64,
            ..Account::default()
        };
        if !account.balances() {
            let what = format!("lane {lane} from {begin}: {account}");
            wrong.push(broken(Invariant::EveryPlaceIsAccountedFor, what));
        }
    }
    wrong
}

fn name((_, event_id): &Id) -> String {
    uuid::Uuid::from_bytes(*event_id).to_string()
}
