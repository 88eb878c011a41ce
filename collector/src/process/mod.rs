//! What happens behind the log: records become rows.
//!
//! At present one step, [`WriteThrough`], which stands in the log's own place
//! and carries each batch to the store within the call. Sessions, incidents and
//! rollups will read the log beside it.

mod write_through;

pub use write_through::WriteThrough;
