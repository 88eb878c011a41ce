//! Which errors a click caused: those thrown while it was handled, and those that
//! came soon after and do not come anyway.

use alloc::string::String;
use alloc::vec::Vec;

/// Different errors that are remembered, at most.
const KNOWN_MAX: usize = 16;
/// An error that is not thrown in the click's own handler waits so long, from the
/// click on: one that comes again meanwhile comes anyway.
const DOUBT_MS: i64 = 2_000;
/// One failure is often told twice, by an error and by a rejection.
const SAME_MS: i64 = 50;

/// An error after a click, until it is clear whose it is.
#[derive(Clone, Debug)]
pub(super) struct Held {
    /// The click's number.
    pub seq: u32,
    pub key: u32,
    pub at_ms: i64,
    pub due_ms: i64,
    /// Thrown in the click's own handler.
    pub sure: bool,
    /// Members of a JSON object that say what it was.
    pub words: String,
}

/// The errors of a page.
#[derive(Clone, Debug, Default)]
pub(super) struct Errors {
    /// Errors that came without a click.
    anyway: Vec<u32>,
    pub held: Vec<Held>,
    /// The click that has been told last: it is told once, whatever fails after it.
    pub told: u32,
}

impl Errors {
    /// Takes an error. `click` is the last click's number and time where it may be its
    /// cause, `sure` whether it was thrown in its handler.
    pub fn note(
        &mut self,
        key: u32,
        at_ms: i64,
        click: Option<(u32, i64)>,
        sure: bool,
        words: &str,
    ) {
        let Some((seq, click_ms)) = click else { return self.comes_anyway(key) };
        if seq == self.told {
            return;
        }
        let is_same = |held: &&Held| held.key == key && held.seq == seq;
        if let Some(held) = self.held.iter().find(is_same) {
            if at_ms - held.at_ms > SAME_MS && !sure {
                self.comes_anyway(key);
            }
            return;
        }
        if (sure || !self.anyway.contains(&key)) && self.held.iter().all(|held| held.seq != seq) {
            let due_ms = if sure { at_ms } else { click_ms + DOUBT_MS };
            self.held.push(Held { seq, key, at_ms, due_ms, sure, words: String::from(words) });
        }
    }

    fn comes_anyway(&mut self, key: u32) {
        self.held.retain(|held| held.key != key || held.sure);
        if !self.anyway.contains(&key) {
            if self.anyway.len() >= KNOWN_MAX {
                self.anyway.remove(0);
            }
            self.anyway.push(key);
        }
    }
}
