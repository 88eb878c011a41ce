//! Finds struggle in a stream of small facts: what a person did, and what the page
//! showed after it.
//!
//! Pure: the page reports facts with their times, the caller asks with
//! [`Struggle::tick`] what follows and with [`Struggle::due_ms`] when to ask again.
//! [`clicks`] keeps each click until it is clear whether the page answered it, and
//! judges rage, dead and slow clicks, and whose an error is; [`habit`] knows what changes anyway and is
//! therefore no answer; [`thrash`], [`backtrack`] and [`abandon`] judge the pointer, the way
//! between pages, and forms that are left.
//!
//! Always true: every list has a bound; an incident is told once; a click that the
//! page answered in time is in none. What is near, large, on top or busy the page
//! measures, because it takes a layout; what follows from it is decided here.

pub mod abandon;
pub mod backtrack;
pub mod clicks;
pub mod habit;
pub mod thrash;
mod thresholds;

pub use clicks::{Click, Incident, Kind, Struggle};
pub use thresholds::Thresholds;

/// How a change answers, as the page saw it. Bits of [`Struggle::saw`].
pub mod how {
    /// While the click was handled, or by an event that only an answer makes: it is
    /// the click's, whatever changes by habit.
    pub const SURE: u32 = 1;
    /// It says only that something is under way: a spinner, "Saving…".
    pub const BUSY: u32 = 2;
}
