//! One event, as far as it is known.

use serde::Serialize;

/// A stage of an event's journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It happened in this page.
    Captured,
    /// An earlier page left it on disk.
    Adopted,
    /// Something personal was replaced before anything else.
    Redacted,
    /// It waits for consent.
    Held,
    /// It waits to be sent.
    Queued,
    /// It left the page.
    Sent,
    /// It goes again.
    Again,
    /// The server's verdicts.
    Accepted,
    /// It was there already.
    Duplicate,
    /// It is invalid.
    Rejected,
    /// Policy forbids it, or the server refused its batch.
    Dropped,
    /// The page's own hook kept it.
    KeptBack,
    /// Consent was denied or withdrawn.
    Forgotten,
    /// The page itself refused it as invalid.
    Refused,
}

impl Stage {
    /// Its name, for a person.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Captured => "captured",
            Self::Adopted => "left by an earlier page",
            Self::Redacted => "redacted",
            Self::Held => "held for consent",
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Again => "goes again",
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
            Self::Rejected => "rejected",
            Self::Dropped => "dropped",
            Self::KeptBack => "kept back",
            Self::Forgotten => "forgotten",
            Self::Refused => "refused",
        }
    }

    /// Whether nothing follows.
    pub const fn is_last(self) -> bool {
        !matches!(
            self,
            Self::Captured
                | Self::Adopted
                | Self::Redacted
                | Self::Held
                | Self::Queued
                | Self::Sent
                | Self::Again
        )
    }
}

/// That an event came to a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// The stage.
    pub stage: Stage,
    /// When, in Unix milliseconds.
    pub at_ms: i64,
    /// What there is to say of it; empty for nothing.
    pub note: String,
}

/// Who redacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The page, before the event waits.
    Page,
    /// The edge, which has the rare rules and the site's.
    Edge,
}

/// What is redacted: never the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The rule's name.
    pub rule: &'static str,
    /// Where, as a JSON pointer into the event.
    pub pointer: String,
    /// By whom.
    pub by: Part,
}

/// Why an event is not taken, for a developer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The event's name.
    pub event_name: String,
    /// A code of core's closed list.
    pub code: String,
    /// Where, as a JSON pointer into the event.
    pub pointer: String,
    /// What is wrong and what to do about it.
    pub detail: String,
    /// Whether the page refuses it already.
    pub refused_here: bool,
}

/// One event.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its number in the journal.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// When it happened, in Unix milliseconds.
    pub occurred_at_ms: i64,
    /// Its id, once the engine has told it.
    pub event_id: Option<String>,
    /// The stages that it came to, in order; never empty once it is in a journal.
    pub journey: Vec<Passed>,
    /// What was redacted.
    pub found: Vec<Found>,
    /// Why it is not taken.
    pub problem: Option<Problem>,
    /// Of an incident: why it was judged so.
    pub reason: Option<String>,
    /// Its attributes as JSON text, sanitised as the edge does.
    pub attributes: String,
    /// Whether the catalogue has its name.
    pub is_known: bool,
}

impl Entry {
    pub(super) fn new(number: u32, name: &str, occurred_at_ms: i64) -> Self {
        Self {
            number,
            name: name.into(),
            occurred_at_ms,
            event_id: None,
            journey: Vec::new(),
            found: Vec::new(),
            problem: None,
            reason: None,
            attributes: String::new(),
            is_known: false,
        }
    }

    /// The stage that it is at. A write may be committed after the batch has left.
    pub fn stage(&self) -> Stage {
        let stages = || self.journey.iter().rev().map(|passed| passed.stage);
        let has_left = stages().any(|stage| stage == Stage::Sent);
        stages().find(|stage| !has_left || *stage != Stage::Queued).unwrap_or(Stage::Captured)
    }

    /// Whether it has not left and may still be forgotten.
    pub(super) fn waits(&self) -> bool {
        !matches!(self.stage(), Stage::Sent | Stage::Again) && !self.stage().is_last()
    }

    /// Whether it may be the event that has this name and time.
    pub(super) fn may_be(&self, name: &str, occurred_at_ms: i64) -> bool {
        self.event_id.is_none()
            && self.stage() != Stage::Refused
            && self.name == name
            && self.occurred_at_ms == occurred_at_ms
    }
}
