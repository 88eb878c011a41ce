//! The inspector: what a developer sees who calls `init({ debug: true })`.
//!
//! The page's build tells each step in plain texts (something entered, consent
//! changed, a chunk was written, a batch left, an answer came). [`journal`] makes
//! of it the journey of each event and judges it by core's whole judge, catalogue
//! and rare rules included, as the edge will. `browser` shows the journal in a
//! closed shadow root and tells problems in the console, as structured data.
//!
//! What always holds: an event's text that entered is judged and forgotten; what is
//! shown is sanitised (where the page is, is kept as it came, and never shown). The journal has a bound. Nothing here changes what the
//! SDK does, and a page that does not ask for it loads none of it.

pub mod journal;

#[cfg(target_family = "wasm")]
mod browser;
