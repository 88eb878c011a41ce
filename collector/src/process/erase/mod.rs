//! Erasure: a person's events leave ClickHouse, the log and the dead letters.
//!
//! Owns the order of it, and what is kept of it: `log/erased/<id>.job` while it is
//! under way, `log/erased/<id>.receipt` afterwards. [`Eraser`] is a state machine
//! that is stepped; what it has done survives a kill at any step, and is taken up
//! again by [`take_up`].
//!
//! In order (`stage` has the names): the person is closed, durably, so that nothing
//! more of theirs is taken; batches that had begun before pass; the writers carry on
//! what was durable by then, and rest with no block planned and every rollup at their
//! side; with a user go the visitors that were seen with nobody else; the places are
//! told; rows, dead letters and log entries are erased; all of it is looked for again;
//! the receipt is written.
//!
//! What always holds: nothing is deleted while anything of the log is under way to
//! ClickHouse; every step may be done again; the identifiers of a person are kept
//! nowhere after the end but as keyed hashes.
//!
//! Deliberately absent: threads ([`service`]), and aggregates that are not keyed by a
//! person, which stay.

mod eraser;
mod job;
pub mod service;
mod stage;

pub use eraser::{EraseWorld, Eraser, Resting, Stepped};
pub use job::{Job, Receipt, Request, SelectedBy, TakeUpError, are_under_way, receipt, take_up};
pub use service::{AskError, Service, StartError, Status};
pub use stage::Stage;
