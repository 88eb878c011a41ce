//! Which dead letters were sent again: their letters need not be kept.
//!
//! Owns the [sealed](crate::sealed) file `process/lane-N.replayed`, a list of offsets. A
//! letter is marked here once what became of its replay is durable in the log, or is in the
//! base table; it is then not given out again, and goes when its file is next opened to
//! add one, or has no more room.
//!
//! What always holds: a mark that is lost costs a replay that finds the event stored; a
//! mark of a letter that is gone says nothing.

use std::collections::BTreeSet;
use std::io;

use crate::disk::Disk;
use crate::place::Lane;
use crate::sealed::{self, SealedError};

use super::plan::FOLDER;

const KIND: &str = "replayed";
const VERSION: u16 = 1;

fn path(lane: Lane) -> String {
    format!("{FOLDER}/lane-{lane}.replayed")
}

/// The offsets of a lane's letters that were sent again.
///
/// # Errors
/// [`SealedError`]: of a newer release, or the disk's own. A damaged file is as good as
/// none, and is said.
pub(super) fn read(disk: &dyn Disk, lane: Lane) -> Result<BTreeSet<u64>, SealedError> {
    match sealed::read(disk, &path(lane), KIND, VERSION) {
        Err(SealedError::Missing { .. }) => Ok(BTreeSet::new()),
        Err(SealedError::Damaged { path, what }) => {
            tracing::warn!(path, what, "which dead letters were replayed is not known");
            Ok(BTreeSet::new())
        }
        other => other,
    }
}

/// Marks letters, durably. One caller at a time.
///
/// # Errors
/// [`SealedError`]; it may be done again.
pub(super) fn mark(
    disk: &dyn Disk,
    lane: Lane,
    offsets: impl IntoIterator<Item = u64>,
) -> Result<(), SealedError> {
    let mut marked = read(disk, lane)?;
    let before = marked.len();
    marked.extend(offsets);
    if marked.len() == before {
        return Ok(());
    }
    sealed::write(disk, &path(lane), KIND, VERSION, &marked)
        .map_err(|source| SealedError::Disk { path: path(lane), source })
}

/// Takes the marks away, after their letters.
///
/// # Errors
/// The disk's own.
pub(super) fn clear(disk: &dyn Disk, lane: Lane) -> io::Result<()> {
    match disk.remove(&path(lane)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => disk.sync_folder(FOLDER),
    }
}
