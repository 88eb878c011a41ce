//! What the durable queue holds of ours: chunks, each the events of one write.
//!
//! One record for all that came within [`SAVE_MS`] costs a page one write and one
//! removal instead of two an event. A chunk is removed when the last of its events
//! has its verdict; a page that dies before leaves the whole chunk, of which the
//! receiver knows some ids already.

use alloc::vec::Vec;

use super::queue::Waiting;

/// How long an event waits for others before it is written. It is queued once
/// its transaction is committed, at most 250 ms after it happened: what is left of
/// them is for a timer that is late and for the browser to write.
pub const SAVE_MS: i64 = 180;

/// Our chunks: the number of each and how many of its events still wait.
#[derive(Debug, Default)]
pub struct Chunks {
    chunks: Vec<(u32, u32)>,
    last: u32,
}

impl Chunks {
    /// The number of a new chunk of so many events; never 0, which is no chunk's.
    pub fn open(&mut self, events: u32) -> u32 {
        self.last += 1;
        self.chunks.push((self.last, events));
        self.last
    }

    /// Takes that events wait no longer.
    pub fn release(&mut self, events: &[Waiting]) {
        for event in events {
            for (number, left) in &mut self.chunks {
                if *number == event.chunk {
                    *left = left.saturating_sub(1);
                }
            }
        }
    }

    /// A chunk that is to be removed.
    pub fn next_done(&mut self) -> Option<u32> {
        let at = self.chunks.iter().position(|(_, left)| *left == 0)?;
        Some(self.chunks.swap_remove(at).0)
    }

    /// Forgets every chunk: they are removed otherwise, or another page's now.
    pub fn clear(&mut self) {
        self.chunks.clear();
    }
}
