//! The browser SDK: from what a person does on a page to a batch on the wire.
//!
//! Two halves. [`engine`] decides: what an event's bytes are, whether consent
//! lets it leave, when a batch goes, what a failed one does next, which clicks
//! are rage. It has no DOM, clock, randomness or network; it is tested natively.
//! `browser` binds it to a page, through one small JavaScript module at the DOM
//! and no web-sys, because a page pays for every byte.
//!
//! What always holds: before consent nothing is stored, identified or sent;
//! every queue has a bound; nothing panics on purpose. What a page does that
//! breaks us is contained by the JavaScript around (a trap ends the SDK, never
//! the page).
#![no_std]
#![cfg_attr(
    test,
    allow(
        clippy::disallowed_macros,
        clippy::disallowed_methods,
        clippy::disallowed_types,
        reason = "no page pays for tests"
    )
)]

extern crate alloc;
// wasm32v1-none, which pages load, has no std; there `browser` brings the
// allocator and the panic handler that std brings everywhere else.
#[cfg(not(target_os = "none"))]
extern crate std;

#[cfg(target_family = "wasm")]
pub mod browser;
pub mod engine;
