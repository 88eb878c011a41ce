//! SchemaVer: the version of an event's schema, `model-revision-addition`.

use alloc::string::{String, ToString};

use super::diff::Change;

/// A schema's version. Ordered: model first, then revision, then addition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaVer {
    /// Rises when no earlier data fits any more; begins at 1.
    pub model: u32,
    /// Rises when some earlier data may not fit.
    pub revision: u32,
    /// Rises when all earlier data still fits.
    pub addition: u32,
}

impl SchemaVer {
    /// Reads `1-0-0`; `None` for anything else, such as leading zeros.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-').map(number);
        let version =
            Self { model: parts.next()??, revision: parts.next()??, addition: parts.next()?? };
        (parts.next().is_none() && version.model > 0).then_some(version)
    }

    /// Whether an event written for `other` may be held against this version:
    /// the same model and revision, and no addition that is not known here.
    pub const fn takes(self, other: Self) -> bool {
        self.model == other.model
            && self.revision == other.revision
            && self.addition >= other.addition
    }

    /// The version that a change of this one must have.
    #[must_use]
    pub const fn after(self, change: Change) -> Self {
        match change {
            Change::Same => self,
            Change::Addition => Self { addition: self.addition.saturating_add(1), ..self },
            Change::Revision => {
                Self { revision: self.revision.saturating_add(1), addition: 0, ..self }
            }
            Change::Model => Self { model: self.model.saturating_add(1), revision: 0, addition: 0 },
        }
    }
}

impl core::fmt::Display for SchemaVer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}-{}-{}", self.model, self.revision, self.addition)
    }
}

impl From<SchemaVer> for String {
    fn from(version: SchemaVer) -> Self {
        version.to_string()
    }
}

fn number(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}
