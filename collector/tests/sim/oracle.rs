//! What must be true when everything has calmed down: acknowledged = base =
//! every rollup, as multisets.

use std::collections::{BTreeMap, BTreeSet};

use tidemark_collector::log::{Content, Item};
use tidemark_collector::store::{Rollup, Table};

use crate::clients::{Clients, Id};
use crate::disk::SimDisk;
use crate::erasures::Erasures;
use crate::store::{Look, is_keyed};
use crate::world::Kept;

/// What is wrong; empty when every promise was kept.
pub fn judge(clients: &Clients, erasures: &Erasures, tables: &Look<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    wrong.extend(clients.violations.iter().cloned());
    wrong.extend(tables.violations.iter().cloned());

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
            wrong.push(format!("{} was never answered", name(id)));
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
            wrong.push(format!(
                "{} was told stored {} and duplicate {}, poison {}: {rows} rows {places:?}, \
                 {dead} letters",
                name(id),
                told.stored,
                told.duplicate,
                told.poison
            ));
        }
    }
    for id in base.keys().chain(letters.keys()) {
        if !clients.told.contains_key(id) {
            wrong.push(format!("{} was never sent, and is there", name(id)));
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
                    wrong.push(format!(
                        "{}: lane {lane} offset {offset} is counted {counted} times",
                        rollup.as_str()
                    ));
                }
            }
            for (offset, counted) in &rolled.counted {
                let is_there = offsets.contains(offset);
                let erased = tables.erased.contains(&(*log_id, *lane, *offset));
                // What names no person keeps what it counted.
                if !is_there && (!erased || *counted > 1 || is_keyed(rollup)) {
                    wrong.push(format!(
                        "{}: offset {offset} is counted, not there",
                        rollup.as_str()
                    ));
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
            wrong.push(format!("{} {lane}/{offset} is an erased person's", table.as_str()));
        }
    }
    for ((rollup, ..), rolled) in tables.rollups {
        if rolled.payloads.values().any(|payload| gone(payload)) {
            wrong.push(format!("{} has rows of an erased person", rollup.as_str()));
        }
    }
    for payload in kept.letters.iter().filter(|payload| gone(payload)) {
        wrong.push(format!("a dead letter of {} bytes is an erased person's", payload.len()));
    }
    for ((log_id, lane), Item { offset, content }) in &kept.items {
        let erased = tables.erased.contains(&(*log_id, *lane, *offset));
        match content {
            Content::Entry(stored) if gone(&stored.payload) => {
                wrong.push(format!("the log's {lane}/{offset} is an erased person's"));
            }
            Content::Erased if !erased => {
                wrong.push(format!("nobody was told that {lane}/{offset} is erased"));
            }
            Content::Entry(_) if erased => {
                wrong.push(format!("{lane}/{offset} is told as erased, and is there"));
            }
            _ => {}
        }
        let row = (Table::EventsRaw, *log_id, *lane, *offset);
        let is_there = tables.rows.contains_key(&row)
            || tables.letters.contains_key(&(*log_id, *lane, *offset));
        if is_there == erased && *content != Content::Damaged {
            wrong.push(format!("{lane}/{offset} is in {} places", 2 * u8::from(erased)));
        }
    }
    wrong
}

fn name((_, event_id): &Id) -> String {
    uuid::Uuid::from_bytes(*event_id).to_string()
}
