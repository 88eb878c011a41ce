//! The isolate's counters.

use std::cell::RefCell;

use tidemark_core::id::Uuid;
use tidemark_core::verdict::{Code, EventVerdict};

use crate::policy::counters::{Counters, Dedupe, Front, Hold, Hop, Redelivery};
use crate::policy::hold::drain::Drain;

thread_local! {
    static COUNTERS: RefCell<Counters> = RefCell::new(Counters::default());
}

/// Counts the verdicts of an answered call with so many events.
pub(super) fn verdicts(received: usize, verdicts: &[EventVerdict<Uuid>]) {
    COUNTERS.with_borrow_mut(|counters| counters.verdicts(received, verdicts));
}

/// Counts a refused call.
pub(super) fn refusal(code: Code) {
    COUNTERS.with_borrow_mut(|counters| counters.refusal(code));
}

/// Counts what a dedupe shard did.
pub(super) fn dedupe(what: Dedupe) {
    COUNTERS.with_borrow_mut(|counters| counters.dedupe(what));
}

/// Counts what became of a forwarded batch.
pub(super) fn hop(what: Hop) {
    COUNTERS.with_borrow_mut(|counters| counters.hop(what));
}

/// Counts what became of a batch that was to be held.
pub(super) fn hold(what: Hold) {
    COUNTERS.with_borrow_mut(|counters| counters.hold(what));
}

/// Counts the events of a body that an outbox keeps.
pub(super) fn held(events: u16) {
    COUNTERS.with_borrow_mut(|counters| counters.held(events));
}

/// Counts the verdicts on a held body.
pub(super) fn redelivered(verdicts: &[EventVerdict<Uuid>]) {
    COUNTERS.with_borrow_mut(|counters| counters.redelivered(verdicts));
}

/// Counts a try that did not get rid of a held body.
pub(super) fn redelivery(what: Redelivery) {
    COUNTERS.with_borrow_mut(|counters| counters.redelivery(what));
}

/// Counts the events of a body that became a dead letter.
pub(super) fn dead_letter(events: u16) {
    COUNTERS.with_borrow_mut(|counters| counters.dead_letter(events));
}

/// Takes up what an outbox holds now.
pub(super) fn outbox(id: &str, drain: &Drain) {
    COUNTERS.with_borrow_mut(|counters| counters.outbox(id, drain));
}

/// Counts what happened before a batch was judged.
pub(super) fn front(what: Front) {
    COUNTERS.with_borrow_mut(|counters| counters.front(what, 1));
}

/// The verdicts so far, as JSON.
pub(super) fn stats() -> String {
    COUNTERS.with_borrow(Counters::to_stats)
}

/// The counters as Prometheus text.
pub(super) fn expose() -> String {
    COUNTERS.with_borrow(Counters::to_prometheus)
}
