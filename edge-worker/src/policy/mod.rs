//! The edge's decisions, in the order in which a call meets them.
//!
//! No bindings, no clock, no randomness: a native `cargo test` runs all of it.

pub use tidemark_core::endpoint::{client, event_id, origin};

pub mod admission;
pub mod answer;
pub mod batch_name;
pub mod breaker;
pub mod buckets;
pub mod call;
pub mod caller;
pub mod charge_text;
pub mod claims;
pub mod collector_answer;
pub mod config;
pub mod counters;
pub mod credit;
pub mod data_point;
pub mod decode;
pub mod files;
pub mod forwarding;
pub mod front;
pub mod gpc;
pub mod hold;
pub mod hop_body;
pub mod id_hash;
pub mod media;
pub mod near;
pub mod own_schemas;
pub mod payer;
pub mod plan;
pub mod rate;
pub mod route;
pub mod salts;
pub mod settlements;
pub mod shard;
pub mod shares;
pub mod site_copy;
pub mod site_settings;
pub mod sites;
pub mod socket;
pub mod window;
pub mod wire;
pub mod write_key;
