//! How a log is made, and how it is there again.

use std::io;
use std::sync::Arc;

use uuid::Uuid;

use super::core::{LogCore, Scratch};
use super::header::Header;
use super::lane_writer::LaneWriter;
use super::limits::{LANES_DEFAULT, LANES_MAX, LogLimits};
use super::local::{LaneState, Shared};
use super::log_time::LogTime;
use super::quarantine::{Damage, Quarantine};
use super::recovery::{LaneFound, LaneScan, TailWas};
use super::stats::LogStats;
use crate::clock::Clock;
use crate::dedupe::{HashKey, Index, IndexError};
use crate::disk::Disk;
use crate::place::{Lane, LogId};
use crate::planted::steps::{Stop, reached};
use crate::planted::{self, Bug};
use crate::sealed::SealedError;

/// How a log is opened.
#[derive(Clone, Debug)]
pub struct LogOptions {
    /// The stream's folder in the data directory.
    pub stream: String,
    /// Lanes of a log that is made; one that is there keeps its own.
    pub lanes_if_new: u16,
    /// The random name of a log that is made.
    pub log_id_if_new: LogId,
    /// The random key of the fingerprints of a log that is made.
    pub hash_key_if_new: [u8; 16],
    /// Whether a log that is made has to be told the ids of before, by
    /// [`LogCore::preload`], and takes nothing until then. For a log that
    /// stands in for a lost or restored one.
    pub preload_if_new: bool,
    /// How large it may become, and how long it keeps.
    pub limits: LogLimits,
}

impl LogOptions {
    /// The options of `events.raw`.
    pub fn events_raw(log_id_if_new: LogId, hash_key_if_new: [u8; 16]) -> Self {
        Self {
            stream: "log/events.raw".to_owned(),
            lanes_if_new: LANES_DEFAULT,
            log_id_if_new,
            hash_key_if_new,
            preload_if_new: false,
            limits: LogLimits::default(),
        }
    }
}

/// What was found when a log was opened.
#[derive(Clone, Debug, Default)]
pub struct Recovery {
    /// Whether the log was made just now.
    pub made: bool,
    /// Whether the log waits for the ids of before.
    pub wants_preload: bool,
    /// Ids known again, from the snapshot and the tail.
    pub ids: u64,
    /// Of them, those that the tail brought.
    pub ids_of_tail: u64,
    /// Lanes whose torn end was cut.
    pub torn: Vec<Lane>,
    /// What the disk did not keep.
    pub damages: Vec<Damage>,
    /// What was damaged and could be passed over without loss.
    pub passed_over: Vec<String>,
}

/// Why a log cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the data directory.
    #[error(
        "another process has the data directory: stop it first. One data directory has one collector"
    )]
    Locked,
    /// A newer release wrote it.
    #[error(
        "{path} has format {found}, and this release knows {known}: start the release that \
         wrote it, or a newer one"
    )]
    Newer {
        /// Its path in the data directory.
        path: String,
        /// The version in the file.
        found: u16,
        /// The newest version that is known here.
        known: u16,
    },
    /// The log's own file is damaged or gone while segments are there.
    #[error(
        "the log's header cannot be used ({0}): put {1}/log back from a backup; without it \
         neither offsets nor ids mean anything"
    )]
    Header(String, String),
    /// The options cannot be.
    #[error("a log has 1 to {LANES_MAX} lanes, not {0}")]
    Lanes(u16),
    /// The dedupe index cannot be there again.
    #[error(transparent)]
    Index(IndexError),
    /// The disk does not answer.
    #[error("the log cannot be opened: {0}")]
    Disk(#[from] io::Error),
}

impl OpenError {
    /// The stable name, for logs and for `doctor`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Locked => "data_dir_locked",
            Self::Newer { .. } => "log_format_newer",
            Self::Header(..) => "log_header_damaged",
            Self::Lanes(_) => "log_lanes_invalid",
            Self::Index(IndexError::Lost { .. }) => "dedupe_index_lost",
            Self::Index(_) | Self::Disk(_) => "log_disk_failed",
        }
    }
}

impl From<IndexError> for OpenError {
    fn from(error: IndexError) -> Self {
        match error {
            IndexError::Newer(SealedError::Newer { path, found, known }) => {
                Self::Newer { path, found, known }
            }
            error => Self::Index(error),
        }
    }
}

impl LogCore {
    /// Opens the log of a stream, or makes it, and takes the data directory for
    /// this process.
    ///
    /// # Errors
    /// [`OpenError`]; nothing was changed that a later opening would miss.
    pub fn open(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        options: &LogOptions,
    ) -> Result<(Self, Recovery), OpenError> {
        let owner = disk.lock().map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => OpenError::Locked,
            _ => OpenError::Disk(error),
        })?;
        let LogOptions { stream, limits, .. } = options;
        let (stream, limits) = (stream.clone(), limits.clone());
        let mut recovery = Recovery::default();
        let header = header(&*disk, &stream, options, &mut recovery)?;
        let log_id = header.log_id;
        let key = HashKey::new(header.hash_key.as_bytes());

        let mut found = Vec::new();
        for lane in 0..header.lanes {
            let looked = LaneFound::look(&*disk, log_id, lane, lane_folder(&stream, lane))?;
            found.push(looked.map_err(|newer| OpenError::Newer {
                path: newer.path,
                found: newer.found,
                known: super::segment::VERSION,
            })?);
        }
        let removed: Vec<u64> = found.iter().map(LaneFound::removed_below).collect();
        let folder = format!("{stream}/index");
        let opened = Index::open(&disk, &folder, log_id, &removed, limits.index.clone())?;
        let (mut index, positions) = (opened.index, opened.positions);
        recovery.passed_over = opened.passed_over;

        let mut learnt = 0;
        let mut learn = |fingerprint| {
            learnt += 1;
            index.insert([fingerprint]);
        };
        let mut scans = Vec::new();
        for (lane, position) in found.into_iter().zip(&positions) {
            scans.push(lane.scan(&*disk, log_id, &key, *position, &mut learn)?);
        }
        let newest = scans.iter().filter_map(|scan| scan.newest).max();
        let newest_group = newest.map_or(0, |(group, _)| group);
        let quarantine = Quarantine::new(format!("{stream}/quarantine"));
        let stats = Arc::new(LogStats::default());
        let newest_ms = scans.iter().filter_map(|scan| scan.newest.map(|(_, ms)| ms)).max();
        let time = LogTime::begin(&*clock, newest_ms.max(opened.log_ms));
        let log_ms = time.now(&*clock);

        let (mut lanes, mut states) = (Vec::new(), Vec::new());
        for (mut scan, position) in scans.into_iter().zip(&positions) {
            let tail = scan.judge(newest_group, *position, &mut learn);
            let opened = open_lane(
                &*disk,
                &header,
                scan,
                &tail,
                log_ms,
                &quarantine,
                &stats,
                &mut recovery,
            )?;
            lanes.push(opened.0);
            states.push(opened.1);
        }
        for damage in &recovery.damages {
            quarantine.tell(&*disk, &stats, damage);
        }
        index.opened(log_ms);
        recovery.ids_of_tail = learnt;
        let size = index.size();
        recovery.ids = size.ids as u64 + size.spilled_ids;
        recovery.wants_preload = header.preloading;

        let shared = Arc::new(Shared {
            log_id,
            disk: Arc::clone(&disk),
            lanes: states,
            stats,
            quarantine,
            arrivals: Default::default(),
        });
        let mut core = Self {
            disk,
            clock,
            stream,
            limits,
            header,
            shared,
            lanes,
            index,
            key,
            time,
            group: newest_group,
            full: None,
            polled_ms: None,
            rests_until_ms: 0,
            scratch: Scratch::default(),
            _owner: owner,
        };
        core.watch_bounds();
        reached(Stop::LogOpened);
        Ok((core, recovery))
    }
}

fn lane_folder(stream: &str, lane: Lane) -> String {
    format!("{stream}/lane-{lane:04}")
}

/// The log's header, and its folders: read, or made.
fn header(
    disk: &dyn Disk,
    stream: &str,
    options: &LogOptions,
    recovery: &mut Recovery,
) -> Result<Header, OpenError> {
    let header = match Header::read(disk, stream) {
        Ok(header) => header,
        Err(SealedError::Newer { path, found, known }) => {
            return Err(OpenError::Newer { path, found, known });
        }
        Err(SealedError::Disk { source, .. }) => return Err(source.into()),
        Err(error @ SealedError::Damaged { .. }) => {
            return Err(OpenError::Header(error.to_string(), stream.to_owned()));
        }
        Err(error @ SealedError::Missing { .. }) => {
            let lanes = options.lanes_if_new;
            if lanes == 0 || lanes > LANES_MAX {
                return Err(OpenError::Lanes(lanes));
            }
            for lane in 0..LANES_MAX {
                if !disk.list(&lane_folder(stream, lane))?.is_empty() {
                    return Err(OpenError::Header(error.to_string(), stream.to_owned()));
                }
            }
            recovery.made = true;
            Header {
                log_id: options.log_id_if_new,
                hash_key: Uuid::from_bytes(options.hash_key_if_new),
                lanes,
                preloading: options.preload_if_new,
            }
        }
    };
    // Folders are made, and their names synced, at each opening: the one before
    // may have died in between.
    disk.create_folder(stream)?;
    let index = format!("{stream}/index");
    let lanes = (0..header.lanes).map(|lane| lane_folder(stream, lane));
    for folder in lanes.chain([index]) {
        disk.create_folder(&folder)?;
    }
    let mut above = stream;
    loop {
        disk.sync_folder(above)?;
        match above.rsplit_once('/') {
            Some((parent, _)) => above = parent,
            None if above.is_empty() => break,
            None => above = "",
        }
    }
    if recovery.made {
        header.write(disk, stream)?;
    }
    Ok(header)
}

/// Cuts what was torn, makes durable what was found, and gives the lane's two sides.
#[expect(clippy::too_many_arguments, reason = "one call, and all of them are needed")]
fn open_lane(
    disk: &dyn Disk,
    header: &Header,
    scan: LaneScan,
    tail: &TailWas,
    log_ms: i64,
    quarantine: &Quarantine,
    stats: &LogStats,
    recovery: &mut Recovery,
) -> Result<(LaneWriter, LaneState), OpenError> {
    let log_id = header.log_id;
    let LaneScan { lane, folder, segments, end, damages, uncut, goes_on, next_base, .. } = scan;
    recovery.damages.extend(damages);
    let last = segments.back().filter(|_| goes_on).cloned();
    let state = LaneState::new(log_id, (lane, header.lanes), segments, end);
    let mut writer =
        LaneWriter::new(disk, log_id, lane, folder.clone(), end, next_base, last.as_ref())?;
    writer.sync_found()?;
    if !planted::active(Bug::FolderNotSynced) {
        disk.sync_folder(&folder)?;
    }
    // The names of the files that follow stand now, and offsets go on behind them.
    for (path, length) in uncut {
        disk.truncate(&path, length)?;
    }
    if let TailWas::Torn { path, at, length, whole } = tail {
        recovery.torn.push(lane);
        stats.torn_tails.add(1);
        if *whole {
            let name = format!("torn-lane-{lane:04}-{end:020}-{at}");
            quarantine.keep(disk, &name, path, *at, *length);
        }
        // First the segment that says where offsets go on, then the cut: should
        // this be interrupted, nothing that may have been given is given again.
        let begun = writer.begin_empty(disk, log_ms);
        if begun.is_ok() {
            writer.publish(writer.next_offset(), &state);
        } else {
            // A full disk, say: the next commit begins the segment.
            writer.fail();
        }
        if *at == 0 {
            begun?;
            disk.remove(path)?;
            disk.sync_folder(&folder)?;
        } else {
            disk.truncate(path, *at)?;
        }
    } else if let TailWas::Damaged = tail {
        tracing::warn!(
            lane,
            end,
            "a lane goes on in a new segment, because its last one is damaged"
        );
    }
    Ok((writer, state))
}
