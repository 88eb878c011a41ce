//! Counts the bytes that the scanner looks at, for the tests of linearity and for
//! fuzzing; no other build holds it.

use std::cell::Cell;

thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(0) };
}

pub(super) fn count() {
    STEPS.with(|steps| steps.set(steps.get() + 1));
}

/// The steps that some work takes on this thread.
pub fn of(work: impl FnOnce()) -> u64 {
    let before = STEPS.with(Cell::get);
    work();
    STEPS.with(Cell::get) - before
}
