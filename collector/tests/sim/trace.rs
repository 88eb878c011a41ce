//! What happened, a line each: the same seed must give the same bytes.

use std::sync::{Arc, Mutex};

/// A shared list of lines, bounded: beyond the bound only their hash goes on.
#[derive(Clone, Debug, Default)]
pub struct Trace(Arc<Mutex<Lines>>);

#[derive(Debug, Default)]
struct Lines {
    kept: Vec<String>,
    hash: u64,
    count: u64,
}

/// Lines kept for a person to read: the last ones tell what broke.
const KEPT: usize = 20_000;

impl Trace {
    pub fn say(&self, line: String) {
        let mut lines = self.0.lock().unwrap();
        for byte in line.bytes().chain([b'\n']) {
            // FNV-1a.
            lines.hash = (lines.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        lines.count += 1;
        if lines.kept.len() == KEPT {
            lines.kept.drain(..KEPT / 2);
        }
        lines.kept.push(line);
    }

    /// Number of lines, and the hash over all of them.
    pub fn digest(&self) -> (u64, u64) {
        let lines = self.0.lock().unwrap();
        (lines.count, lines.hash)
    }

    pub fn last(&self, count: usize) -> Vec<String> {
        let lines = self.0.lock().unwrap();
        lines.kept[lines.kept.len().saturating_sub(count)..].to_vec()
    }
}
