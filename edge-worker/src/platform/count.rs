//! The isolate's counters.

use std::cell::RefCell;

use tidemark_core::verdict::{Code, EventVerdict};

use crate::policy::counters::{Counters, Dedupe, Hop};

thread_local! {
    static COUNTERS: RefCell<Counters> = RefCell::new(Counters::default());
}

/// Counts the verdicts of an answered call.
pub(super) fn verdicts(verdicts: &[EventVerdict]) {
    COUNTERS.with_borrow_mut(|counters| counters.verdicts(verdicts));
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

/// The counters as Prometheus text.
pub(super) fn expose() -> String {
    COUNTERS.with_borrow(Counters::to_prometheus)
}
