//! The signed hop: from the bytes on the wire to a verdict for every event.
//!
//! In this order, each step bounded before the next one spends anything:
//! head (`http`) → body's size and time (`body`) → signature over the wire bytes
//! ([`tidemark_core::hop`]) → decompression (`encoding`) → the batch and every
//! event's verdict (`admit`, by core's judge) → records (`record`,
//! `context`) → the [`EventLog`](crate::log::EventLog) → the answer.
//!
//! Always true: an event is `accepted` only after the log has told its outcome,
//! and every received event gets exactly one verdict. The edge has already
//! filled ids, corrected times and applied the site's policy; none of this is
//! repeated. Schema, bounds, tenant, consent and sanitising are, because the
//! store trusts nobody; nor are a tenant that is not ours, a time of receipt that
//! is still to come, and a network that is an address believed.

mod admit;
mod body;
mod context;
mod encoding;
#[cfg(test)]
mod golden;
mod http;
mod record;
mod site_list;
#[cfg(test)]
mod tests;

pub use admit::{Admission, Admitted};
pub use http::{Ingest, routes};
pub use site_list::{SITE_LIST_PATH, site_list_routes};
