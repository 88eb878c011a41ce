//! Bugs that are kept on purpose, each behind a switch.
//!
//! The simulation is worth what it catches. So each promise's most likely
//! mistake stands here by name; the code asks [`active`] at the one place where
//! the mistake would be made; a test plants each and sees it caught. Outside of
//! test builds (and the feature `planted`) `active` is `false` at compile time.
//! Beside the mistakes: `steps` at which a test stops the process, and
//! `conditions` of the machine that a test makes.

pub mod conditions;
pub mod steps;

/// A mistake that somebody could make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Bug {
    /// One lane's fsync is left out of a group commit.
    LaneNotSynced,
    /// A new segment's name is not made durable.
    FolderNotSynced,
    /// Outcomes are told before the fsync.
    AckBeforeSync,
    /// A duplicate of an entry in the same group is told before that is durable.
    DuplicateBeforeDurable,
    /// The end of a segment is believed without its checksum.
    TornTailBelieved,
    /// What a restart finds at the log's end is not synced before it is told as durable.
    TailNotSynced,
    /// The index is not brought up to date from the log's tail.
    TailNotIndexed,
    /// A snapshot claims one offset more than its ids cover.
    SnapshotOneTooFar,
    /// Ids are forgotten after hours instead of days.
    WindowTooShort,
    /// Ids that went to a file are not looked up there.
    SpillForgotten,
    /// The ids of a group that failed stay in the index.
    FailedIdsKept,
    /// What a failed group wrote is left in the file.
    FailedGroupLeft,
    /// A segment is removed before it is released.
    RemovedBeforeReleased,
    /// A segment is removed before a snapshot covers its ids.
    RemovedBeforeSnapshot,
    /// A new segment begins one offset too early.
    RotationOffByOne,
    /// A second entry of one id in one group is stored as well.
    TwinsInOneGroup,
    /// A block is sent before its plan is durable.
    PlanNotRecorded,
    /// A block that is sent again takes along what has come since.
    RangeChangedOnRetry,
    /// A block whose outcome is unknown is taken for done.
    CommitBeforeOutcome,
    /// After an unknown outcome a block is sent again without asking.
    ProbeSkipped,
    /// After an unknown outcome nobody waits for the old statement to end.
    FenceSkipped,
    /// After a restart the planned block is sent as if it had never been.
    RestartNotDoubted,
    /// A block is recorded as committed when it is planned.
    CommitRecordedFirst,
    /// Of a block that spans two months, one is sent.
    PartitionForgotten,
    /// A half of a refused block begins one offset too late.
    BisectLosesNeighbour,
    /// A refused row is left out without being kept.
    DeadLetterNotFiled,
    /// A rollup's watermark is taken for moved when the outcome is unknown.
    WatermarkNotAsked,
    /// After a restart a rollup begins at the base's end.
    WatermarkForgotten,
    /// A rollup's range begins one offset too late.
    RollupGap,
    /// A rollup's range begins one offset too early.
    RollupOverlap,
    /// After an unknown outcome a rollup does not wait for the old statement to end.
    RollupNotFenced,
    /// What is committed is released before that is durable.
    ReleasedBeforeRecorded,
    /// Whose erasure begins is not made known before anything is deleted.
    ErasedNotRecorded,
    /// After a restart nobody knows who was erased.
    ErasedForgotten,
    /// An erasure does not wait for batches that did not know of it.
    PassageNotAwaited,
    /// An erasure does not wait until the writers rest.
    ErasureNotHeld,
    /// A lane rests although its last commit is not recorded.
    RestNotRecorded,
    /// An erasure that a crash interrupted is not taken up again.
    ErasureNotResumed,
    /// The visitors of an erased user are left.
    CompanionsLeft,
    /// An erasure leaves the newest segment as it is.
    NewestSegmentNotErased,
    /// An erasure leaves what is kept in memory for the log's readers.
    TailNotErased,
    /// An erasure leaves the dead letters' content.
    DeadLettersNotErased,
    /// An erasure tells nobody which places it leaves empty.
    ErasedPlacesNotTold,
}

impl Bug {
    /// Those of the log and its index.
    pub const OF_THE_LOG: [Self; 16] = [
        Self::LaneNotSynced,
        Self::FolderNotSynced,
        Self::AckBeforeSync,
        Self::DuplicateBeforeDurable,
        Self::TornTailBelieved,
        Self::TailNotSynced,
        Self::TailNotIndexed,
        Self::SnapshotOneTooFar,
        Self::WindowTooShort,
        Self::SpillForgotten,
        Self::FailedIdsKept,
        Self::FailedGroupLeft,
        Self::RemovedBeforeReleased,
        Self::RemovedBeforeSnapshot,
        Self::RotationOffByOne,
        Self::TwinsInOneGroup,
    ];

    /// Every one of them.
    pub const ALL: [Self; 43] = [
        Self::LaneNotSynced,
        Self::FolderNotSynced,
        Self::AckBeforeSync,
        Self::DuplicateBeforeDurable,
        Self::TornTailBelieved,
        Self::TailNotSynced,
        Self::TailNotIndexed,
        Self::SnapshotOneTooFar,
        Self::WindowTooShort,
        Self::SpillForgotten,
        Self::FailedIdsKept,
        Self::FailedGroupLeft,
        Self::RemovedBeforeReleased,
        Self::RemovedBeforeSnapshot,
        Self::RotationOffByOne,
        Self::TwinsInOneGroup,
        Self::PlanNotRecorded,
        Self::RangeChangedOnRetry,
        Self::CommitBeforeOutcome,
        Self::ProbeSkipped,
        Self::FenceSkipped,
        Self::RestartNotDoubted,
        Self::CommitRecordedFirst,
        Self::PartitionForgotten,
        Self::BisectLosesNeighbour,
        Self::DeadLetterNotFiled,
        Self::WatermarkNotAsked,
        Self::WatermarkForgotten,
        Self::RollupGap,
        Self::RollupOverlap,
        Self::RollupNotFenced,
        Self::ReleasedBeforeRecorded,
        Self::ErasedNotRecorded,
        Self::ErasedForgotten,
        Self::PassageNotAwaited,
        Self::ErasureNotHeld,
        Self::RestNotRecorded,
        Self::ErasureNotResumed,
        Self::CompanionsLeft,
        Self::NewestSegmentNotErased,
        Self::TailNotErased,
        Self::DeadLettersNotErased,
        Self::ErasedPlacesNotTold,
    ];
}

#[cfg(any(test, feature = "planted"))]
pub use switch::{Planted, active, plant};

/// Whether a bug is planted; here never.
#[cfg(not(any(test, feature = "planted")))]
#[inline(always)]
pub const fn active(_bug: Bug) -> bool {
    false
}

#[cfg(any(test, feature = "planted"))]
mod switch {
    use std::cell::Cell;

    use super::Bug;

    thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Whether a bug is planted in this thread.
    pub fn active(bug: Bug) -> bool {
        PLANTED.get() == Some(bug)
    }

    /// Plants a bug in this thread until the guard is dropped.
    #[must_use]
    pub fn plant(bug: Bug) -> Planted {
        PLANTED.set(Some(bug));
        Planted(())
    }

    /// While this lives, a bug is planted in its thread.
    #[derive(Debug)]
    pub struct Planted(());

    impl Drop for Planted {
        fn drop(&mut self) {
            PLANTED.set(None);
        }
    }

    #[test]
    fn a_bug_is_planted_while_its_guard_lives() {
        assert!(!active(Bug::LaneNotSynced));
        let planted = plant(Bug::LaneNotSynced);
        assert!(active(Bug::LaneNotSynced) && !active(Bug::AckBeforeSync));
        drop(planted);
        assert!(!active(Bug::LaneNotSynced));
    }
}
