//! What a lane is after a restart: its segments, its end, and which ids its
//! tail brings.
//!
//! At most one write of a lane was not synced when the process or the machine
//! died: the last frame. What fails its checksum there is a torn end, nothing of
//! it was acknowledged, and it is cut off. Whatever fails elsewhere was durable
//! once, and is damage. The last frame is damage as well when something proves
//! that it was synced: a later group in any lane, or a snapshot that covers it.
//! The very last frame of all proves nothing; to be safe its bytes are kept
//! aside, and its offsets are never given again: the next segment begins behind
//! [`REPAIR_GAP`], and stands before the end is cut. Where that was interrupted
//! before the segment's head was durable, the segment's name alone tells of it.

use std::collections::VecDeque;
use std::io;

use super::frame::{Head, seed_of};
use super::limits::REPAIR_GAP;
use super::local::Segment;
use super::quarantine::Damage;
use super::segment::{Found, HeadFound, SEGMENT_HEAD_BYTES, SegmentHead, Walk, base_of};
use crate::dedupe::{Fingerprint, HashKey};
use crate::disk::Disk;
use crate::place::{Lane, LogId};
use crate::planted::{self, Bug};

/// A lane's segments before their frames were looked at.
pub(super) struct LaneFound {
    pub lane: Lane,
    pub folder: String,
    files: Vec<FileFound>,
}

struct FileFound {
    path: String,
    base: u64,
    bytes: u64,
    head: Option<SegmentHead>,
}

/// A newer release wrote a segment.
pub(super) struct NewerSegment {
    pub path: String,
    pub found: u16,
}

/// What a lane turned out to be.
pub(super) struct LaneScan {
    pub lane: Lane,
    pub folder: String,
    pub segments: VecDeque<Segment>,
    /// The offset after the last sound entry.
    pub end: u64,
    /// The last file's end, when it is not sound.
    tail: Option<Tail>,
    /// Whether the last file's head is not sound.
    headless: bool,
    pub damages: Vec<Damage>,
    /// Ends that a repair was about to cut when it was interrupted: path and length.
    pub uncut: Vec<(String, u64)>,
    /// The newest group and log time of a sound frame.
    pub newest: Option<(u64, i64)>,
    /// Whether the last segment can go on.
    pub goes_on: bool,
    /// The first offset that may be given, when it is not `end`.
    pub next_base: u64,
}

struct Tail {
    path: String,
    at: u64,
    length: u64,
    head: Option<Head>,
    /// Ids of a frame that is all there and yet not sound.
    ids: Option<Vec<Fingerprint>>,
}

/// What is known of where a file's entries end.
#[derive(Clone, Copy)]
enum Ends {
    /// The next file's head tells the offset.
    At(u64),
    /// The next file's head is damaged; its name tells a bound.
    Before(u64),
    /// There is no next file.
    Last,
}

impl Ends {
    const fn bound(self) -> u64 {
        match self {
            Self::At(offset) | Self::Before(offset) => offset,
            Self::Last => u64::MAX,
        }
    }
}

/// What became of a lane's unsound end.
pub(super) enum TailWas {
    Sound,
    /// It is to be cut off; `whole` when it is not surely a crash that cut it
    /// short, so that its bytes are to be kept aside.
    Torn {
        path: String,
        at: u64,
        length: u64,
        whole: bool,
    },
    Damaged,
}

impl LaneFound {
    /// Looks at a lane's files and their heads.
    pub fn look(
        disk: &dyn Disk,
        log_id: LogId,
        lane: Lane,
        folder: String,
    ) -> io::Result<Result<Self, NewerSegment>> {
        let mut files = Vec::new();
        for name in disk.list(&folder)? {
            let path = format!("{folder}/{name}");
            let Some(base) = base_of(&name) else {
                // What an interrupted rewriting left beside its segment.
                if name.ends_with(".new") {
                    disk.remove(&path)?;
                }
                continue;
            };
            let bytes = disk.length(&path)?;
            let head = match SegmentHead::read(&disk.read(&path, 0, SEGMENT_HEAD_BYTES)?) {
                HeadFound::Newer(found) => return Ok(Err(NewerSegment { path, found })),
                HeadFound::Sound(head)
                    if (head.log_id, head.lane, head.base) == (log_id, lane, base) =>
                {
                    Some(head)
                }
                HeadFound::Sound(_) | HeadFound::Damaged => None,
            };
            files.push(FileFound { path, base, bytes, head });
        }
        files.sort_by_key(|file| file.base);
        Ok(Ok(Self { lane, folder, files }))
    }

    /// The offset below which something was removed: where what came before
    /// the first file ended. Not its base, which a repair may have moved.
    pub fn removed_below(&self) -> u64 {
        self.files.first().map_or(0, |file| file.head.map_or(file.base, |head| head.follows))
    }

    /// Walks through what a snapshot does not cover, from `position` on, and
    /// tells every id there to `learn`.
    pub fn scan(
        self,
        disk: &dyn Disk,
        log_id: LogId,
        key: &HashKey,
        position: u64,
        learn: &mut dyn FnMut(Fingerprint),
    ) -> io::Result<LaneScan> {
        let mut scan = LaneScan {
            lane: self.lane,
            folder: self.folder,
            segments: VecDeque::new(),
            end: self.files.first().map_or(position, |file| file.base),
            tail: None,
            headless: false,
            damages: Vec::new(),
            uncut: Vec::new(),
            newest: None,
            goes_on: false,
            next_base: 0,
        };
        let seed = seed_of(log_id, self.lane);
        let files = self.files;
        for (at, file) in files.iter().enumerate() {
            let ends = match files.get(at + 1) {
                Some(FileFound { head: Some(head), .. }) => Ends::At(head.follows),
                Some(next) => Ends::Before(next.base),
                None => Ends::Last,
            };
            scan.add(disk, seed, key, file, ends, position, learn)?;
        }
        scan.next_base = scan.next_base.max(scan.end);
        Ok(scan)
    }
}

impl LaneScan {
    /// Adds a file.
    #[expect(clippy::too_many_arguments, reason = "one call, and all of them vary")]
    fn add(
        &mut self,
        disk: &dyn Disk,
        seed: u32,
        key: &HashKey,
        file: &FileFound,
        ends: Ends,
        position: u64,
        learn: &mut dyn FnMut(Fingerprint),
    ) -> io::Result<()> {
        self.end = self.end.max(file.base);
        self.segments.push_back(Segment {
            path: file.path.clone(),
            base: file.base,
            end: file.base,
            bytes: file.bytes,
            made_at_ms: file.head.map_or(0, |head| head.made_at_ms),
        });
        if let Ends::At(end) = ends
            && end <= position
        {
            self.end = end.max(file.base);
            self.end_segment();
            return Ok(());
        }
        let begin = SEGMENT_HEAD_BYTES as u64;
        let mut walk = Walk::new(disk, &file.path, seed, file.bytes, begin, file.base);
        let mut unsound: Option<Tail> = None;
        loop {
            if self.end >= ends.bound() {
                // What may follow was given up when the next file was begun.
                break;
            }
            let found = walk.next()?;
            if let Some(tail) = unsound.take() {
                match found {
                    Found::End => {
                        unsound = Some(tail);
                        break;
                    }
                    // Something follows, so it was durable once.
                    Found::Frame { .. } | Found::Bad { .. } => {
                        self.damaged(tail, position, learn);
                    }
                }
            }
            match found {
                Found::End => break,
                Found::Frame { at, head, frame } => {
                    let sound =
                        head.body_is_sound(&frame) || planted::active(Bug::TornTailBelieved);
                    let ids = head.ids(&frame, key);
                    if sound && let Some(ids) = ids {
                        learn_from(position, head.first_offset, &ids, learn);
                        self.newest = self.newest.max(Some((head.group, head.logged_at_ms)));
                        self.end = head.end_offset();
                    } else {
                        let path = file.path.clone();
                        unsound =
                            Some(Tail { path, at, length: head.bytes(), head: Some(head), ids });
                    }
                }
                Found::Bad { at, length, to: Some(to), .. } => {
                    self.lose(file.path.clone(), (at, length), to, false);
                }
                Found::Bad { at, length, to: None, cut, .. } => {
                    let path = file.path.clone();
                    unsound = Some(Tail { path, at, length, head: cut, ids: None });
                }
            }
        }
        if matches!(ends, Ends::Last) {
            self.goes_on = unsound.is_none() && file.head.is_some();
            if file.head.is_none() {
                self.next_base = self.end + REPAIR_GAP;
                if unsound.is_none() && self.end == file.base {
                    // Nothing but a head that was never whole, or is not any more.
                    let (path, length) = (file.path.clone(), file.bytes);
                    unsound = Some(Tail { path, at: 0, length, head: None, ids: None });
                }
            }
            self.headless = file.head.is_none();
            self.tail = unsound;
        } else {
            match (unsound, ends) {
                // A torn end whose repair has begun the next file, behind the gap that it
                // leaves, and no more than that: its cut is still to come.
                (Some(tail), Ends::Before(base)) if base == self.end + REPAIR_GAP => {
                    if let Some(segment) = self.segments.back_mut() {
                        segment.bytes = tail.at;
                    }
                    self.uncut.push((tail.path, tail.at));
                }
                (Some(Tail { path, at, length, head: None, .. }), Ends::At(end)) => {
                    self.lose(path, (at, length), end, false);
                }
                (Some(tail), _) => self.damaged(tail, position, learn),
                (None, _) => {}
            }
            if let Ends::At(end) = ends {
                self.lose(file.path.clone(), (file.bytes, 0), end, false);
            }
        }
        self.end_segment();
        Ok(())
    }

    fn end_segment(&mut self) {
        if let Some(segment) = self.segments.back_mut() {
            segment.end = self.end;
        }
    }

    /// A frame that was durable once and is not sound.
    fn damaged(&mut self, tail: Tail, position: u64, learn: &mut dyn FnMut(Fingerprint)) {
        let to = tail.head.map_or(self.end, |head| head.end_offset());
        if let (Some(head), Some(ids)) = (tail.head, &tail.ids) {
            learn_from(position, head.first_offset, ids, learn);
        }
        self.lose(tail.path, (tail.at, tail.length), to, tail.ids.is_some());
    }

    fn lose(&mut self, path: String, bytes: (u64, u64), to: u64, ids_known: bool) {
        if to > self.end {
            let (at, length) = bytes;
            let from = self.end;
            self.damages.push(Damage { lane: self.lane, from, to, path, at, length, ids_known });
            self.end = to;
        }
    }

    /// Judges the last file's end, now that the newest group of all lanes is
    /// known. What was torn has to be cut by the caller.
    pub fn judge(
        &mut self,
        newest_group: u64,
        position: u64,
        learn: &mut dyn FnMut(Fingerprint),
    ) -> TailWas {
        let tail = self.tail.take();
        let synced =
            tail.as_ref().and_then(|tail| tail.head).is_some_and(|it| it.group < newest_group);
        if synced || position > self.end {
            let path = self.segments.back().map_or_else(String::new, |last| last.path.clone());
            if let Some(tail) = tail {
                self.damaged(tail, position, learn);
            }
            self.lose(path, (0, 0), position, true);
            self.end_segment();
            self.give_up();
            return TailWas::Damaged;
        }
        let Some(tail) = tail else { return TailWas::Sound };
        self.give_up();
        // A file whose head is not whole goes whole, when there is nothing else in it.
        let goes = self.headless && tail.at <= SEGMENT_HEAD_BYTES as u64;
        let (at, length) = if goes { (0, tail.at + tail.length) } else { (tail.at, tail.length) };
        if goes {
            self.segments.pop_back();
            // Its name may stand behind a gap that nothing was lost in.
            self.end = self.segments.back().map_or(self.end, |segment| segment.end);
        } else if let Some(segment) = self.segments.back_mut() {
            segment.bytes = at;
        }
        // A sound head whose frame is longer than the file was cut by a crash:
        // a bit that flips shortens nothing.
        let cut = tail.head.is_some() && tail.ids.is_none();
        TailWas::Torn { path: tail.path, at, length, whole: !cut }
    }

    /// The last file takes no more, and what it may have given is not given again.
    fn give_up(&mut self) {
        self.goes_on = false;
        self.next_base = self.next_base.max(self.end + REPAIR_GAP);
    }
}

fn learn_from(
    position: u64,
    first_offset: u64,
    ids: &[Fingerprint],
    learn: &mut dyn FnMut(Fingerprint),
) {
    if planted::active(Bug::TailNotIndexed) {
        return;
    }
    for (offset, fingerprint) in (first_offset..).zip(ids) {
        if offset >= position {
            learn(*fingerprint);
        }
    }
}
