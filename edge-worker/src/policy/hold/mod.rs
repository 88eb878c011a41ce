//! What is kept while the collector is away, and what becomes of it.
//!
//! A hold keeps whole hop bodies, as they would have gone on the wire, in a form
//! of its own ([`held`]) with a version. What does not fit one row or message is
//! cut between events ([`split`]). What comes back out of a hold is sent as a new
//! call, signed anew, and its answer decides ([`redelivery`]); [`drain`] decides
//! when a SQLite outbox tries, and how much at once. Bodies are opaque here:
//! nothing is judged twice.

pub mod drain;
pub mod held;
pub mod redelivery;
pub mod split;
