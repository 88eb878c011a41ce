//! The edge worker: admits events, deduplicates them, forwards them signed, and
//! holds them while the collector is away.
//!
//! [`policy`] decides and touches nothing: routes, keys, origins, media types,
//! what is forwarded, what the caller hears. `platform` (wasm alone) feeds it
//! requests, time and random bytes, and does what it says: Durable Objects, the
//! signed hop, the SDK's files. A batch's way:
//!
//! route → content type and length → write key → origin → body → judge (in
//! tidemark-core) → twins in the batch → ids claimed at the dedupe shard →
//! collector, or the hold while that is away → claim settled → verdicts in the
//! order received. What is held is forwarded later by an alarm or a queue.
//!
//! Always true here: an event is answered `accepted` only after the collector
//! said so, or once it is durable in the hold; what is not stored has a counted
//! verdict or a counted refusal; no handler panics; nothing is called but the
//! collectors that are configured.
#![cfg_attr(
    not(test),
    warn(clippy::indexing_slicing, clippy::arithmetic_side_effects, clippy::string_slice)
)]

pub mod policy;

#[cfg(target_family = "wasm")]
mod platform;
