//! One lane's newest segment: frames go in, are synced, or are taken back.
//!
//! What always holds: between two group commits the file holds nothing but
//! durable frames. A frame whose write or sync failed is cut off again, and the
//! cut is synced, before anything else is taken; the segment is then closed,
//! because after a failed fsync nobody knows what the system still holds of it.

use std::io;

use super::local::{LaneState, Segment};
use super::segment::{SEGMENT_HEAD_BYTES, SegmentHead, name_of};
use crate::disk::{Appender, Disk};
use crate::place::{Lane, LogId};
use crate::planted::{self, Bug};

pub(super) struct LaneWriter {
    pub lane: Lane,
    pub folder: String,
    log_id: LogId,
    /// The segment that takes frames; none when the next frame begins one.
    active: Option<Active>,
    /// The offset after the last durable entry.
    pub end: u64,
    /// Where the next segment begins: at `end`, or behind what a repair left unused.
    next_base: u64,
    /// What a failed group left, still to be taken back.
    broken: Option<Broken>,
}

struct Active {
    path: String,
    file: Box<dyn Appender>,
    base: u64,
    made_at_ms: i64,
    /// Bytes that are durable.
    durable: u64,
    /// Bytes that are written.
    written: u64,
    /// Whether this process began it, by the format of today.
    is_of_today: bool,
}

impl Active {
    /// Whether it holds a durable frame.
    const fn has_entries(&self) -> bool {
        self.durable > SEGMENT_HEAD_BYTES as u64
    }
}

struct Broken {
    path: String,
    /// Bytes to keep; 0 when the whole file goes.
    keep: u64,
}

impl LaneWriter {
    /// A writer that goes on in `segment`, or begins a new one at `next_base`.
    pub fn new(
        disk: &dyn Disk,
        log_id: LogId,
        lane: Lane,
        folder: String,
        end: u64,
        next_base: u64,
        segment: Option<&Segment>,
    ) -> io::Result<Self> {
        let active = match segment {
            Some(segment) => Some(Active {
                path: segment.path.clone(),
                file: disk.append(&segment.path)?,
                base: segment.base,
                made_at_ms: segment.made_at_ms,
                durable: segment.bytes,
                written: segment.bytes,
                is_of_today: false,
            }),
            None => None,
        };
        Ok(Self { lane, folder, log_id, active, end, next_base, broken: None })
    }

    /// Makes durable what a restart found in the active segment: it may have
    /// been written, and not synced, by a process that is gone.
    pub fn sync_found(&mut self) -> io::Result<()> {
        match &mut self.active {
            Some(active) if !planted::active(Bug::TailNotSynced) => active.file.sync(),
            _ => Ok(()),
        }
    }

    /// The offset that the next entry gets.
    pub fn next_offset(&self) -> u64 {
        self.active.as_ref().map_or(self.next_base, |active| active.base.max(self.end))
    }

    /// Where in its file the next frame begins, unless the segment may be of an older
    /// format, whose frames are not filled up.
    pub fn next_place(&self) -> Option<u64> {
        match &self.active {
            Some(active) => active.is_of_today.then_some(active.written),
            None => Some(SEGMENT_HEAD_BYTES as u64),
        }
    }

    /// Closes the active segment when it is full or old.
    pub fn rotate(&mut self, max_bytes: u64, max_age_ms: i64, log_ms: i64) {
        if let Some(active) = &self.active
            && active.has_entries()
            && (active.durable >= max_bytes || log_ms - active.made_at_ms >= max_age_ms)
        {
            self.close_segment();
        }
    }

    /// Closes the active segment.
    pub fn close_segment(&mut self) {
        if self.active.take().is_some() {
            let early = planted::active(Bug::RotationOffByOne) && self.end > 0;
            self.next_base = self.end - u64::from(early);
        }
    }

    /// Appends a frame, not yet durable; begins a segment when there is none.
    pub fn write(&mut self, disk: &dyn Disk, frame: &[u8], log_ms: i64) -> io::Result<()> {
        let active = match self.active.take() {
            Some(active) => self.active.insert(active),
            None => self.begin_segment(disk, log_ms)?,
        };
        active.written += frame.len() as u64;
        active.file.append(frame)
    }

    /// Begins an empty segment and makes it durable, so that those before it can go.
    pub fn begin_empty(&mut self, disk: &dyn Disk, log_ms: i64) -> io::Result<()> {
        if self.active.as_ref().is_some_and(|active| !active.has_entries()) {
            return Ok(());
        }
        self.close_segment();
        self.begin_segment(disk, log_ms)?;
        self.sync(disk)
    }

    fn begin_segment(&mut self, disk: &dyn Disk, log_ms: i64) -> io::Result<&mut Active> {
        let path = format!("{}/{}", self.folder, name_of(self.next_base));
        // Whatever comes of the following: until it is durable the file has to go.
        self.broken = Some(Broken { path: path.clone(), keep: 0 });
        let file = disk.create(&path)?;
        let head = SegmentHead {
            log_id: self.log_id,
            lane: self.lane,
            base: self.next_base,
            follows: self.end,
            made_at_ms: log_ms,
        };
        let head = head.to_bytes();
        let active = self.active.insert(Active {
            path,
            file,
            base: self.next_base,
            made_at_ms: log_ms,
            durable: 0,
            written: head.len() as u64,
            is_of_today: true,
        });
        active.file.append(&head)?;
        Ok(active)
    }

    /// Makes what was written durable, the name of a new segment as well.
    pub fn sync(&mut self, disk: &dyn Disk) -> io::Result<()> {
        let Some(active) = &mut self.active else { return Ok(()) };
        active.file.sync()?;
        if active.durable == 0 && !planted::active(Bug::FolderNotSynced) {
            disk.sync_folder(&self.folder)?;
        }
        Ok(())
    }

    /// What was written is durable: readers may see what lies below `end`.
    pub fn publish(&mut self, end: u64, state: &LaneState) {
        let Some(active) = &mut self.active else { return };
        self.broken = None;
        let base = active.base;
        self.end = end;
        active.file.forget(active.durable, active.written);
        active.durable = active.written;
        let segment = Segment {
            path: active.path.clone(),
            base,
            end: self.end,
            bytes: active.durable,
            made_at_ms: active.made_at_ms,
        };
        let mut segments = state.segments_mut();
        match segments.back_mut() {
            Some(last) if last.base == base => *last = segment,
            _ => segments.push_back(segment),
        }
        drop(segments);
        state.set_end(self.end);
    }

    /// The group failed: what it may have written here has to be taken back.
    pub fn fail(&mut self) {
        if let Some(active) = self.active.take() {
            self.next_base = match active.durable {
                0 => active.base,
                // The empty segment keeps its name, so the next one needs another.
                _ if !active.has_entries() => active.base + 1,
                _ => self.end,
            };
            self.broken = Some(Broken { path: active.path, keep: active.durable });
        }
    }

    /// Takes back what a failed group left. Nothing may be written before it succeeded.
    pub fn repair(&mut self, disk: &dyn Disk) -> io::Result<()> {
        let Some(broken) = &self.broken else { return Ok(()) };
        if planted::active(Bug::FailedGroupLeft) {
            self.broken = None;
            return Ok(());
        }
        if broken.keep > 0 {
            disk.truncate(&broken.path, broken.keep)?;
        } else {
            match disk.remove(&broken.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => disk.sync_folder(&self.folder)?,
            }
        }
        self.broken = None;
        Ok(())
    }
}
