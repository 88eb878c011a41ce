//! Erasure in the log: entries lose their content and keep their place.
//!
//! A segment is rewritten beside itself, synced, and renamed over, so that after
//! a crash there is the old one or the new one, whole; erasing again finishes
//! what was interrupted. Every frame keeps its length, so that readers, who know
//! places in files, notice nothing. Fingerprints stay: an erased event that is
//! sent again is still a duplicate.

use std::io;
use std::sync::Arc;

use super::committer::Committer;
use super::core::LogCore;
use super::entry::Stored;
use super::local::{LaneState, Segment};
use super::segment::{Found, SEGMENT_HEAD_BYTES, Walk};
use crate::disk::Disk;
use crate::planted::{self, Bug};

/// What an erasure did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erasure {
    /// Entries whose content is gone.
    pub erased: usize,
    /// Segments that were rewritten.
    pub segments: usize,
    /// Places that cannot be read, and so not be searched; their bytes, and the
    /// copies in the stream's folder `quarantine`, may hold what was to be erased.
    pub unreadable: usize,
}

/// Which entries are to be erased.
pub type Matches = Box<dyn FnMut(&Stored) -> bool + Send>;

/// A log whose entries can be erased: its core, or the thread that owns it.
pub trait Erasing {
    /// Erases as [`LogCore::erase`] does, and waits for it.
    ///
    /// # Errors
    /// The disk's, or that the log is shut; erasing again goes on.
    fn erase_entries(&mut self, matches: Matches) -> io::Result<Erasure>;
}

impl Erasing for LogCore {
    fn erase_entries(&mut self, mut matches: Matches) -> io::Result<Erasure> {
        self.erase(&mut *matches)
    }
}

impl Erasing for Arc<Committer> {
    fn erase_entries(&mut self, mut matches: Matches) -> io::Result<Erasure> {
        let erased = self.run(move |core| core.erase(&mut *matches)).map_err(io::Error::other)?;
        erased.blocking_recv().map_err(io::Error::other)?
    }
}

impl LogCore {
    /// Erases every entry for which `matches` says so, in all that the log
    /// holds. Nothing is committed meanwhile; a gigabyte takes some seconds.
    ///
    /// # Errors
    /// The disk's; what was not reached still stands, and erasing again goes on.
    pub fn erase(&mut self, matches: &mut dyn FnMut(&Stored) -> bool) -> io::Result<Erasure> {
        let mut erasure = Erasure::default();
        let log_ms = self.time.now(&*self.clock);
        for (lane, state) in self.lanes.iter_mut().zip(&self.shared.lanes) {
            if !planted::active(Bug::TailNotErased) {
                state.tail().clear();
            }
            lane.repair(&*self.disk)?;
            let segments: Vec<Segment> = state.segments().iter().cloned().collect();
            for (at, segment) in segments.iter().enumerate() {
                if at + 1 == segments.len() && planted::active(Bug::NewestSegmentNotErased) {
                    continue;
                }
                if !holds(&*self.disk, state, segment, matches, &mut erasure)? {
                    continue;
                }
                if at + 1 == segments.len() {
                    // What still takes frames is closed first.
                    let begun = lane.begin_empty(&*self.disk, log_ms);
                    if begun.is_err() {
                        lane.fail();
                    }
                    begun?;
                    lane.publish(lane.next_offset(), state);
                }
                rewrite(&*self.disk, state, segment, matches, &mut erasure)?;
                self.disk.sync_folder(&lane.folder)?;
                erasure.segments += 1;
            }
        }
        self.shared.stats.erased.add(erasure.erased as u64);
        Ok(erasure)
    }
}

fn walk<'a>(disk: &'a dyn Disk, state: &LaneState, segment: &'a Segment) -> Walk<'a> {
    let begin = SEGMENT_HEAD_BYTES as u64;
    Walk::new(disk, &segment.path, state.seed, segment.bytes, begin, segment.base)
}

/// Whether a segment holds an entry to erase.
fn holds(
    disk: &dyn Disk,
    state: &LaneState,
    segment: &Segment,
    matches: &mut dyn FnMut(&Stored) -> bool,
    erasure: &mut Erasure,
) -> io::Result<bool> {
    let mut walk = walk(disk, state, segment);
    let mut holds = false;
    loop {
        match walk.next()? {
            Found::Frame { head, frame, .. } if head.body_is_sound(&frame) => {
                holds = holds || head.erased(&frame, state.seed, matches).is_some();
            }
            Found::Frame { .. } | Found::Bad { .. } => erasure.unreadable += 1,
            Found::End => return Ok(holds),
        }
    }
}

fn rewrite(
    disk: &dyn Disk,
    state: &LaneState,
    segment: &Segment,
    matches: &mut dyn FnMut(&Stored) -> bool,
    erasure: &mut Erasure,
) -> io::Result<()> {
    let new = format!("{}.new", segment.path);
    match disk.remove(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = disk.create(&new)?;
    file.append(&disk.read(&segment.path, 0, SEGMENT_HEAD_BYTES)?)?;
    let mut walk = walk(disk, state, segment);
    loop {
        match walk.next()? {
            Found::Frame { head, frame, .. } => match head.erased(&frame, state.seed, matches) {
                Some((written, count)) => {
                    erasure.erased += count;
                    file.append(&written)?;
                }
                None => file.append(&frame)?,
            },
            // What cannot be read is kept as it is: its place says what is lost.
            Found::Bad { at, length, .. } => {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                file.append(&disk.read(&segment.path, at, length)?)?;
            }
            Found::End => break,
        }
    }
    file.sync()?;
    drop(file);
    disk.rename(&new, &segment.path)
}
