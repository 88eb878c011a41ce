//! What happens behind the log: records become rows, and rows become rollups.
//!
//! [`LaneWriter`] carries one lane into ClickHouse, block by block, exactly once;
//! [`RollupWriter`] brings one rollup up to where the lanes are. Both are state
//! machines that are stepped, over [`Disk`](crate::disk::Disk),
//! [`Clock`](crate::clock::Clock), [`LogReader`](crate::log::LogReader) and
//! [`Store`](crate::store::Store), so that one source runs in threads
//! and under the simulation.
//!
//! In the order of a block's life: gathered by `lane`, cut by `split` into
//! pieces of one table and partition, recorded by `plan`, and settled by
//! `settle`: sent, or after an unknown outcome fenced, counted, and sent if it is
//! absent; a refused one is halved down to the rows at fault, which become
//! `dead_letters`. `breaker` says when to try again, `frontier` tells the
//! rollups how far the base is. [`erase`] takes a person out of all of it, [`replay`]
//! finds what is to be sent again.

mod breaker;
mod counters;
pub mod dead_letters;
pub mod erase;
mod frontier;
mod lane;
mod open;
pub mod plan;
pub mod replay;
mod replayed;
mod rollup;
mod settle;
mod split;
mod threads;

pub use breaker::Breaker;
pub use counters::{Count, Counters};
pub use frontier::Frontier;
pub use lane::{LaneWriter, Shared, Step, WriterOptions};
pub use open::OpenError;
pub use rollup::RollupWriter;
pub use threads::{Parts, Rest, Writers, spawn};

#[cfg(test)]
mod tests;
