//! Whether a visitor's behaviour may be measured, by what the visitor decided.
//!
//! The page hears [`Signal`]s: explicit calls, Google Consent Mode ([`google`]),
//! IAB TCF ([`tcf`]), Global Privacy Control, Do Not Track, and what holds where
//! the visitor is ([`region`]). The [`Machine`] keeps each source's last word →
//! [`Consent`], which is also what an event's context tells → [`Decision`], what
//! may be done; [`Effects`] say what a change of it asks of the page. Edge and
//! collector ask again from `context.consent`; [`gpc`] is what the header
//! `Sec-GPC` adds there.
//!
//! Always true here: an undecided visitor is not a consenting one, what is unset
//! grants nothing, a denial beats every grant, and losing a grant purges what was
//! kept under it. docs/consent.md has the whole table, written by this code.
//!
//! Deliberately not here: timers, storage, and the functions of consent tools.
//! The page's bindings read those and hand in signals.

mod decision;
pub mod google;
pub mod gpc;
mod machine;
pub mod region;
mod signal;
pub mod tcf;
mod wire;

pub use decision::Decision;
pub use machine::{Effects, Machine};
pub use signal::{Signal, Source};
pub use wire::{Consent, Mode};
