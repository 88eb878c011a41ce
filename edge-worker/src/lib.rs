//! The edge worker: admits events, deduplicates them, and forwards them signed.
//!
//! [`policy`] decides and touches nothing: routes, keys, origins, media types,
//! what is forwarded, what the caller hears. `platform` (wasm alone) feeds it
//! requests, time and random bytes, and does what it says: Durable Objects, the
//! signed hop, the SDK's files. A batch's way:
//!
//! route → content type and length → write key → origin → body → judge (in
//! tidemark-core) → twins in the batch → ids claimed at the dedupe shard →
//! collector → claim settled → verdicts in the order received.
//!
//! Always true here: an event is answered `accepted` only after the collector
//! said so; what is not stored has a counted verdict or a counted refusal; no
//! handler panics. Deliberately absent: a store of its own. When the collector
//! is away the caller hears 503 and keeps the events.
#![cfg_attr(
    not(test),
    warn(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::string_slice)
)]

pub mod policy;

#[cfg(target_family = "wasm")]
mod platform;
