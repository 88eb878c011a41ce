//! From the bytes on the wire to a verdict for every event, and to entries for
//! the log.
//!
//! Two ways in, one admission. The signed hop ([`SignedHop`]) takes what an edge
//! has judged: signature over the wire bytes ([`tidemark_core::hop`]), then
//! everything else. The public endpoints ([`public`]) take what anybody sends with
//! a site's write key. In this order, each step bounded before the next one spends
//! anything: head → body's size and time (`body`) → decompression (`encoding`) → the
//! batch and every event's verdict (`admit`, by core's judge) → records (`record`,
//! `context`) → entries (`sink`) → the log, and the answer (`pipeline`).
//!
//! Always true: an event is `accepted` only after the log has told its outcome,
//! `duplicate` only once the first of the two is durable, and every received event
//! gets exactly one verdict. What is not accepted goes into the log as well, by
//! code and place alone. On the hop the edge has already filled ids, corrected times
//! and applied the site's policy; none of this is repeated. Schema, bounds, tenant,
//! consent and sanitising are, because the store trusts nobody; nor are a tenant
//! that is not ours, a time of receipt that is still to come, and a network that
//! is an address believed.
//!
//! An edge also asks here for the list of sites ([`site_list_routes`]).

mod admit;
mod body;
mod context;
mod encoding;
#[cfg(test)]
mod golden;
mod hop;
#[cfg(test)]
mod once;
mod pipeline;
pub mod public;
mod record;
mod sink;
mod site_list;
#[cfg(test)]
mod tests;

pub use admit::{Admission, Admitted, Tenants};
pub use hop::{SignedHop, hop_routes};
pub use pipeline::{Asking, Base, Pipeline};
pub use sink::{Entries, Sink};
pub use site_list::{SITE_LIST_PATH, site_list_routes};
