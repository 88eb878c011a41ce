//! What the engine calls: `host.js`, and how texts pass between it and JavaScript.
//!
//! A text goes out as its place and length in our memory, and comes in by [`room`],
//! where JavaScript writes it before the call that takes it. So nothing but numbers
//! crosses, and a page pays for no glue (1.2 KB). Only the browser tests link by
//! wasm-bindgen, which passes numbers through.

use alloc::string::String;
use alloc::vec::Vec;
use core::cell::UnsafeCell;

macro_rules! host {
    ($($(#[$doc:meta])* $letter:literal fn $name:ident($($argument:ident: $type:ty),*) $(-> $out:ty)?;)*) => {
        mod raw {
            #[cfg(not(target_os = "none"))]
            use wasm_bindgen::prelude::wasm_bindgen;

            #[cfg(target_os = "none")]
            #[link(wasm_import_module = "h")]
            unsafe extern "C" {
                $($(#[$doc])* #[link_name = $letter] pub(in super::super) safe fn $name($($argument: $type),*) $(-> $out)?;)*
            }
            #[cfg(not(target_os = "none"))]
            #[wasm_bindgen(module = "/src/browser/host.js")]
            extern "C" {
                $($(#[$doc])* pub(in super::super) fn $name($($argument: $type),*) $(-> $out)?;)*
            }
        }
    };
}

host! {
    /// Unix milliseconds.
    "a" fn now() -> f64;
    /// POSTs a body; `answered` follows. `keepalive` asks that it outlives the page.
    "b" fn send(at: *const u8, length: usize, keepalive: bool);
    /// Hands a body to `sendBeacon`; whether the browser took it.
    "c" fn beacon(at: *const u8, length: usize) -> bool;
    /// Gives the line in first-party storage; empty for none.
    "d" fn stored();
    /// Keeps a line there; an empty one empties all storage of ours.
    "e" fn store(at: *const u8, length: usize);
    /// Writes a chunk of lines into the durable queue.
    "f" fn save(chunk: u32, at: *const u8, length: usize);
    /// Removes a chunk from it.
    "g" fn remove(chunk: u32);
    /// Calls `tick` after so many milliseconds (negative: not at all); says
    /// whether a flush goes on.
    "h" fn wake(after_ms: f64, flushing: bool);
}

pub(super) use raw::{now, remove, wake};

pub(super) fn send(body: &str, keepalive: bool) {
    raw::send(body.as_ptr(), body.len(), keepalive);
}

pub(super) fn beacon(body: &str) -> bool {
    raw::beacon(body.as_ptr(), body.len())
}

pub(super) fn store(line: &str) {
    raw::store(line.as_ptr(), line.len());
}

pub(super) fn save(chunk: u32, lines: &str) {
    raw::save(chunk, lines.as_ptr(), lines.len());
}

pub(super) fn stored() -> String {
    raw::stored();
    last()
}

/// The last two texts that were given, in order.
struct Texts(UnsafeCell<[Vec<u8>; 2]>);

// SAFETY: a page's wasm without shared memory runs on one thread.
unsafe impl Sync for Texts {}

static TEXTS: Texts = Texts(UnsafeCell::new([Vec::new(), Vec::new()]));

fn put(text: Vec<u8>) {
    // SAFETY: one thread, and nothing in here leads back in here.
    let [first, last] = unsafe { &mut *TEXTS.0.get() };
    *first = core::mem::replace(last, text);
}

/// Gives the next call a text.
pub fn give(text: String) {
    put(text.into_bytes());
}

/// Gives the next call a text of so many bytes: returns where JavaScript is to write
/// it, as UTF-8 and at once.
#[unsafe(export_name = "t")]
#[expect(
    clippy::slow_vector_initialization,
    reason = "grown, as every text is: `vec!` brings an allocator of its own"
)]
pub extern "C" fn room(length: usize) -> *mut u8 {
    let mut text = Vec::new();
    text.resize(length, 0);
    let at = text.as_mut_ptr();
    put(text);
    at
}

/// The last text that was given; empty where none was.
#[inline(never)]
pub(super) fn last() -> String {
    let [_, last] = given();
    last
}

/// The last two texts that were given, in order; empty for one that was not.
pub(super) fn given() -> [String; 2] {
    // SAFETY: one thread, and nothing in here leads back in here; `TextEncoder` wrote
    // them, or they were strings.
    unsafe {
        let [first, last] = core::mem::take(&mut *TEXTS.0.get());
        [String::from_utf8_unchecked(first), String::from_utf8_unchecked(last)]
    }
}
