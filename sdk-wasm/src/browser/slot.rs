//! Where things rest between two calls.
//!
//! A thing is taken out for the time of a call and put back after it, so that a
//! call inside of a call finds the slot empty and does nothing, instead of meeting
//! the engine half changed. After a trap the slot stays empty: the SDK is off.
#![expect(unsafe_code, reason = "a static in a page needs Sync, though a page has one thread")]

use alloc::boxed::Box;
use core::cell::Cell;

/// Holds one thing of the page's, or nothing.
pub(super) struct Slot<T>(Cell<Option<Box<T>>>);

// SAFETY: a page's wasm without shared memory runs on one thread.
unsafe impl<T> Sync for Slot<T> {}

impl<T> Slot<T> {
    pub(super) const fn new() -> Self {
        Self(Cell::new(None))
    }

    pub(super) fn put(&self, thing: Box<T>) {
        self.0.set(Some(thing));
    }

    pub(super) fn take(&self) -> Option<Box<T>> {
        self.0.take()
    }

    /// Runs on the thing, when there is one and it is at rest.
    pub(super) fn with(&self, run: &mut dyn FnMut(&mut T)) {
        if let Some(mut thing) = self.take() {
            run(&mut thing);
            self.put(thing);
        }
    }
}
