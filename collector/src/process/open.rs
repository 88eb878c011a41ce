//! Takes up a lane's plan: is it this log's, is it whole, and if there is none,
//! was there one?

use std::io;

use crate::disk::Disk;
use crate::log::LogReader;
use crate::place::Lane;

use super::lane::Recorded;
use super::plan::{self, FOLDER, Plan};
use crate::sealed::SealedError;

/// Why a lane cannot be taken up.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The plan cannot be used.
    #[error(transparent)]
    Plan(#[from] SealedError),
    /// The disk's own.
    #[error("the folder {FOLDER} cannot be used")]
    Disk(#[from] io::Error),
    /// The plan knows more than the log holds.
    #[error(
        "lane {lane} was committed to ClickHouse up to offset {committed}, and its log ends at \
         {end}: the log lost its end, or is an old copy; restore it, or run `tidemark doctor`"
    )]
    BeyondLog {
        /// The lane.
        lane: Lane,
        /// What the plan says.
        committed: u64,
        /// Where the log ends.
        end: u64,
    },
}

/// The plan to go on with, and whether it is what the disk holds.
pub(super) fn open(
    log: &dyn LogReader,
    disk: &dyn Disk,
    lane: Lane,
) -> Result<(Plan, Recorded), OpenError> {
    disk.create_folder(FOLDER)?;
    disk.sync_folder("")?;
    // A plan that a killed process renamed and did not make durable would be gone
    // after a loss of power, and with it the name of what is sent by it from now on.
    disk.sync_folder(FOLDER)?;
    let read = match Plan::read(disk, lane) {
        Err(SealedError::Damaged { path, what }) => {
            tracing::error!(path, what, "a plan is damaged");
            set_aside(disk, &path, "damaged")?;
            None
        }
        Ok(Some(plan)) if plan.log_id != log.log_id() || plan.lane != lane => {
            set_aside(disk, &plan::path(lane), &plan.log_id.to_string())?;
            None
        }
        other => other?,
    };
    let end = log.durable_end(lane);
    if let Some(plan) = read {
        let known = plan.block.as_ref().map_or(plan.committed, |block| block.to);
        if known > end {
            return Err(OpenError::BeyondLog { lane, committed: known, end });
        }
        return Ok((plan, Recorded::Yes));
    }
    // Without a plan nothing is known of what a former one sent, so that all
    // that the log holds now is asked for before it is sent.
    let begin = log.begin(lane);
    let plan =
        Plan { log_id: log.log_id(), lane, committed: begin, unsure_below: end, block: None };
    Ok((plan, Recorded::CommitMissing))
}

/// Keeps what cannot be used, under another name.
fn set_aside(disk: &dyn Disk, path: &str, why: &str) -> io::Result<()> {
    let kept = format!("{path}.{why}");
    tracing::error!(path, kept, "this plan is of no use here; its log is read again, carefully");
    disk.rename(path, &kept)?;
    disk.sync_folder(FOLDER)
}
