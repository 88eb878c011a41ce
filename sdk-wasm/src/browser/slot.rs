//! Where things rest between two calls.
//!
//! A thing is taken out for the time of a call and put back after it, so that a
//! call inside of a call finds the slot empty and does nothing, instead of meeting
//! the engine half changed. After a trap the slot stays empty: the SDK is off.
#![expect(unsafe_code, reason = "a static in a page needs Sync, though a page has one thread")]

use alloc::boxed::Box;
use core::cell::Cell;
use core::ptr::null_mut;

/// Holds one thing of the page's, or nothing: a pointer, because what an owner would
/// drop nowhere costs a page bytes.
pub(super) struct Slot<T>(Cell<*mut T>);

// SAFETY: a page's wasm without shared memory runs on one thread.
unsafe impl<T> Sync for Slot<T> {}

impl<T> Slot<T> {
    pub(super) const fn new() -> Self {
        Self(Cell::new(null_mut()))
    }

    /// Puts a thing in for as long as the page lives.
    pub(super) fn put(&self, thing: Box<T>) {
        self.0.set(Box::into_raw(thing));
    }

    /// Runs on the thing, when there is one and it is at rest.
    pub(super) fn with(&self, run: &mut impl FnMut(&mut T)) {
        let thing = self.0.replace(null_mut());
        // SAFETY: it came from a box that nobody drops, and is nowhere else now.
        if let Some(at_rest) = unsafe { thing.as_mut() } {
            run(at_rest);
            self.0.set(thing);
        }
    }
}
