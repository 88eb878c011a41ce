//! What the collector answers about itself and its data.
//!
//! Health and metrics need no key and tell nothing of anybody's data; whatever
//! tells data takes its tenant from the API key (`keys`), never from a parameter.

mod health;
mod keys;
mod metrics;
mod stats;

pub use health::{Health, Refuses, routes as health_routes};
pub use keys::ApiKeys;
pub use metrics::{Observe, routes as metrics_routes};
pub use stats::routes as stats_routes;
