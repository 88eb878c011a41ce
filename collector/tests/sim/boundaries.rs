//! Every boundary at which a crash may divide what is promised: each sync of a file or
//! of a folder, each statement and question that goes to ClickHouse. The list is closed:
//! one that is met and not named here fails the run, as does one that no seed crashed at.
//!
//! What is met often, random crashes find. What is met seldom is steered to: a third of
//! the even seeds, or every one, lose their power there, the first time that they come by, by
//! turns before and after it.

use std::collections::BTreeMap;

/// So many seeds from the first on must have been crashed at every boundary.
pub const ENOUGH_SEEDS: u64 = 200;

/// Which side of a boundary the power goes at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Before,
    After,
}

impl Side {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

/// A boundary by its kind: an operation, and a path whose numbers are `#`.
struct Boundary {
    kind: &'static str,
    /// One of so many even seeds is crashed here, if it comes by; none of 0.
    one_seed_of: u64,
    /// Whether the run fails without a crash here.
    wanted: bool,
}

const fn met(kind: &'static str) -> Boundary {
    Boundary { kind, one_seed_of: 0, wanted: true }
}

const fn seldom(kind: &'static str) -> Boundary {
    Boundary { kind, one_seed_of: 3, wanted: true }
}

const fn rare(kind: &'static str) -> Boundary {
    Boundary { kind, one_seed_of: 1, wanted: true }
}

/// Only a disk that damages what it had synced brings it about, which this one does not.
const fn chance(kind: &'static str) -> Boundary {
    Boundary { kind, one_seed_of: 1, wanted: false }
}

/// All of them.
const ALL: [Boundary; 43] = [
    // The log: its header, its segments and what an erasure puts in their place.
    seldom("sync log/events.raw/log.new"),
    met("sync log/events.raw/lane-#/#.seg"),
    rare("sync log/events.raw/lane-#/#.seg.new"),
    // A copy for a person, that nothing reads; a torn end is copied by the same code.
    chance("sync log/events.raw/quarantine/lane-#-#-#"),
    rare("sync log/events.raw/quarantine/torn-lane-#-#-#"),
    met("sync_folder "),
    met("sync_folder log"),
    met("sync_folder log/events.raw"),
    met("sync_folder log/events.raw/lane-#"),
    rare("sync_folder log/events.raw/quarantine"),
    // The dedupe index.
    met("sync log/events.raw/index/run-#"),
    met("sync log/events.raw/index/manifest-#.new"),
    met("sync_folder log/events.raw/index"),
    // Plans and dead letters.
    met("sync process/lane-#.plan.new"),
    seldom("sync process/lane-#.dead"),
    seldom("sync process/lane-#.dead.new"),
    met("sync_folder process"),
    // Erasures.
    met("sync log/erased/people.new"),
    seldom("sync log/erased/#-#-#-#-#.job.new"),
    rare("sync log/erased/#-#-#-#-#.receipt.new"),
    met("sync_folder log/erased"),
    // Blocks, and what settles a doubt about one.
    met("send insert events_raw"),
    met("send fence"),
    met("send count rows"),
    seldom("send dead letter"),
    // Rollups.
    met("send roll up user_analytics_summary"),
    met("send roll up daily_metrics"),
    met("send roll up hourly_metrics"),
    met("send roll up agent_metrics"),
    met("send roll up screen_hotspot_counts"),
    met("send roll up minute_counts"),
    met("send roll up consent_ledger"),
    met("send watermark"),
    // Erasures: who else is meant, what is told, what is deleted, what is left.
    seldom("send companions"),
    seldom("send tell person"),
    rare("send tell places"),
    rare("send delete letters"),
    seldom("send delete events_raw"),
    seldom("send delete user_analytics_summary"),
    seldom("send delete consent_ledger"),
    seldom("send count events_raw"),
    seldom("send count user_analytics_summary"),
    seldom("send count consent_ledger"),
];

/// Whether a kind of operation is a boundary at all.
pub fn is_boundary(kind: &str) -> bool {
    kind.starts_with("sync") || kind.starts_with("send")
}

/// Where an even seed is crashed, beside what comes at random: once at each of these. An
/// odd one is left to chance: what takes long, such as an erasure that passes a slow call
/// by, needs a while without a crash.
pub fn steered(seed: u64) -> Option<BTreeMap<String, Side>> {
    if !seed.is_multiple_of(2) {
        return None;
    }
    let turns = (seed / 2..).zip(ALL.iter().filter(|boundary| boundary.one_seed_of > 0));
    let side = |turn: u64| if turn.is_multiple_of(2) { Side::Before } else { Side::After };
    let at = turns
        .filter(|(turn, boundary)| turn.is_multiple_of(boundary.one_seed_of))
        .map(|(turn, boundary)| (boundary.kind.to_owned(), side(turn)));
    Some(at.collect())
}

/// What is wrong with the coverage: boundaries without a name, and, of so many seeds
/// from the first on, those that were not crashed at from both sides.
pub fn missing(
    seen: &BTreeMap<String, u64>,
    crashed_at: &BTreeMap<String, u64>,
    seeds: u64,
) -> Vec<String> {
    let unnamed = seen
        .keys()
        .filter(|kind| is_boundary(kind) && ALL.iter().all(|named| named.kind != *kind))
        .map(|kind| format!("{kind} has no name in boundaries.rs"));
    let sides = ALL.iter().filter(|named| named.wanted).flat_map(|named| {
        [Side::Before, Side::After].map(|side| format!("{} {}", side.name(), named.kind))
    });
    let uncrashed = sides
        .filter(|side| seeds >= ENOUGH_SEEDS && !crashed_at.contains_key(side))
        .map(|side| format!("no crash {side}"));
    unnamed.chain(uncrashed).collect()
}

/// The table of all boundaries: how often each was met, and crashed before and after.
pub fn table(seen: &BTreeMap<String, u64>, crashed_at: &BTreeMap<String, u64>) -> Vec<String> {
    let count = |map: &BTreeMap<String, u64>, key: &str| map.get(key).copied().unwrap_or(0);
    let line = |named: &Boundary| {
        let Boundary { kind, .. } = named;
        let [before, after] =
            ["before", "after"].map(|side| count(crashed_at, &format!("{side} {kind}")));
        format!("{before:>6} {after:>6} {:>9}  {kind}", count(seen, kind))
    };
    let head = "before  after       met  boundary".to_owned();
    std::iter::once(head).chain(ALL.iter().map(line)).collect()
}
