//! What every public endpoint decides alike, at the edge and at the collector:
//! who may send ([`write_key`], [`origin`], [`media`]), whose a call is ([`address`])
//! and what it tells of its sender ([`client`], [`agent`]), what an event without an id is
//! called ([`event_id`], [`batch_name`]), and what the paths and words of other
//! products mean ([`alias`]).
//!
//! Pure and without HTTP: headers come in as text and go out as text.

pub mod address;
pub mod agent;
pub mod alias;
pub mod batch_name;
pub mod client;
pub mod event_id;
pub mod media;
pub mod origin;
pub mod write_key;
