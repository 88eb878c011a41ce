//! How often the judge allocates for an event: a count, so that it is the same on
//! every machine, and grows only on purpose.
#![cfg(feature = "catalogue")]

use tidemark_core::batch::Form;
use tidemark_core::validate::Catalogue;

#[path = "../benches/core/payload.rs"]
mod payload;

/// Allocations of an event that stays as it is: its text.
const AN_EVENT: u64 = 1;
/// Allocations of a batch: the tape, the lists of events (events, places and verdicts,
/// the first two growing by doubling), the list of the batch's own members.
const A_BATCH: u64 = 24;

#[test]
fn an_event_costs_one_allocation() {
    let catalogue = Catalogue::builtin().unwrap();
    let site = payload::site();
    for count in [1, 50, 100, 500] {
        let body = payload::batch(count);
        let mut accepted = false;
        let allocations = allocation_counter::measure(|| {
            let judged = payload::judge(body.as_bytes(), Form::Batch, &site, &catalogue);
            accepted = judged.events.len() == count && payload::is_accepted(&judged.events);
        });
        assert!(accepted, "{count}");
        let bound = A_BATCH + AN_EVENT * count as u64;
        assert!(allocations.count_total <= bound, "{} for {count}", allocations.count_total);
    }
}
