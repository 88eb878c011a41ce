//! What follows from the schemas of schemas/events/, as Rust.
//!
//! `fields` lists the attributes that need care: every build links it, the page's
//! too. `events` (feature `catalogue`) has a type an event, for those who send
//! from Rust or read rows back; its fields are the schema's attributes, its names
//! the schema's with `_` for `.`. Both are written by `cargo xtask codegen`.
//!
//! The types judge nothing: bounds and lengths are [`validate`](crate::validate)'s,
//! and attributes beyond the schema are not kept by them.

#[cfg(feature = "catalogue")]
pub mod events;
mod fields;

pub use fields::{FREE_TEXT, LONG_TEXT};

/// An event type of the catalogue: its attributes as a Rust type.
#[cfg(feature = "catalogue")]
pub trait EventType: serde::Serialize + serde::de::DeserializeOwned {
    /// The event's name on the wire.
    const NAME: &'static str;
    /// The version of its schema, such as `1-0-0`.
    const VERSION: &'static str;
    /// Its category, which groups reports.
    const CATEGORY: &'static str;
}

#[cfg(test)]
#[cfg(feature = "catalogue")]
mod tests;
