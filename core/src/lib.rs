//! Tidemark's pure core: what an event is, and what becomes of it.
//!
//! The same code judges an event in the page, at the edge and in the collector,
//! so that the same bytes get the same verdict everywhere. In the order of an
//! event's journey:
//!
//! [`batch`] splits a body into events → [`judge`] gives each its verdict:
//! bounds ([`limits`], [`json`]), envelope ([`event`], [`time`], [`id`]),
//! consent ([`consent`]), schema ([`validate`]), personal data ([`sanitise`]) →
//! [`verdict`] tells the caller, and [`noticed`] what was noticed on the way. [`detect`] finds struggle in a stream of facts;
//! [`endpoint`] has what public endpoints share; [`hop`] signs what the edge sends to the collector; [`catalogue`] has the
//! event types as Rust.
//!
//! Always true here: no network, no clock, no DOM, no randomness: time and
//! random bytes are arguments. Without features the crate is `no_std`, which is
//! what the page links.
#![cfg_attr(not(any(test, feature = "count-steps")), no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod batch;
pub mod catalogue;
pub mod consent;
pub mod detect;
pub mod event;
pub mod id;
pub mod json;
pub mod judge;
pub mod limits;
pub mod noticed;
pub mod sanitise;
pub mod time;
pub mod verdict;

#[cfg(feature = "endpoint")]
pub mod endpoint;
#[cfg(feature = "hop")]
pub mod hash;
#[cfg(feature = "hop")]
pub mod hop;
#[cfg(feature = "catalogue")]
pub mod validate;
