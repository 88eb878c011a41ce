//! The named steps of an erasure: what a status tells, and where tests kill.

use serde::{Deserialize, Serialize};

/// Where an erasure is. After a crash it begins at the first again, with what its job
/// has learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The person is refused from now on.
    Closing,
    /// Batches that had begun before are waited for.
    Passing,
    /// What was durable by then goes into ClickHouse.
    Draining,
    /// The writers come to rest.
    Resting,
    /// The visitors that were seen with the user alone are found.
    Naming,
    /// The places in the log are told, and the rows counted.
    Telling,
    /// Rows are deleted.
    Deleting,
    /// Dead letters are emptied.
    Letters,
    /// Entries of the log are emptied.
    Log,
    /// Everything is looked for again.
    Proving,
    /// The receipt is written.
    Finishing,
}

impl Stage {
    /// Every stage, in order.
    pub const ALL: [Self; 11] = [
        Self::Closing,
        Self::Passing,
        Self::Draining,
        Self::Resting,
        Self::Naming,
        Self::Telling,
        Self::Deleting,
        Self::Letters,
        Self::Log,
        Self::Proving,
        Self::Finishing,
    ];

    /// Its name, in a status.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closing => "closing",
            Self::Passing => "passing",
            Self::Draining => "draining",
            Self::Resting => "resting",
            Self::Naming => "naming",
            Self::Telling => "telling",
            Self::Deleting => "deleting",
            Self::Letters => "letters",
            Self::Log => "log",
            Self::Proving => "proving",
            Self::Finishing => "finishing",
        }
    }
}
