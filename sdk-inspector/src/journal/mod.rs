//! From the steps that a page tells to the journeys of its events.
//!
//! What entered has no id yet: the engine gives it one. So an event that comes by
//! later, on disk or in a batch, is the first that entered under its name at its
//! time and has no id; one that nobody handed in the page found itself, which is
//! what incidents are.

mod entry;
mod judged;
mod step;
#[cfg(test)]
mod tests;

use serde_json::Value;
use tidemark_core::time::parse_rfc3339;
use tidemark_core::validate::{Catalogue, CompileError};

pub use entry::{Entry, Found, Part, Passed, Problem, Stage};
pub use step::{Step, Way};

use judged::judge;

/// Events that are kept: ten screens of a panel, and a few hundred KB at worst.
pub const ENTRIES_MAX: usize = 200;

/// What the page judges itself: each is an incident and says why.
const INCIDENTS: [&str; 6] = [
    "ui.rage_click",
    "ui.dead_click",
    "ui.error_click",
    "ui.backtrack",
    "ui.cursor_thrashed",
    "task.abandoned",
];

/// What a step changed.
#[derive(Debug, Default)]
pub struct Told {
    /// The numbers of entries that changed, each once.
    pub changed: Vec<u32>,
    /// The numbers of entries that are gone.
    pub gone: Vec<u32>,
    /// What a developer is to be told of.
    pub problems: Vec<Problem>,
}

/// The events of a page, oldest first.
#[derive(Debug)]
pub struct Journal {
    catalogue: Catalogue,
    entries: Vec<Entry>,
    next: u32,
    analytics: Option<bool>,
    cookieless: bool,
    /// JSON text of what the page is.
    page: String,
    /// The ids of the batch whose answer is awaited.
    flight: Vec<String>,
}

impl Journal {
    /// A journal without events.
    ///
    /// # Errors
    /// When a schema of the catalogue cannot be compiled, which core's tests rule out.
    pub fn new() -> Result<Self, CompileError> {
        Ok(Self {
            catalogue: Catalogue::builtin()?,
            entries: Vec::new(),
            next: 1,
            analytics: None,
            cookieless: false,
            page: String::new(),
            flight: Vec::new(),
        })
    }

    /// The entry of that number.
    pub fn entry(&self, number: u32) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.number == number)
    }

    /// Every entry, oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The visitor's decision, in a word.
    pub const fn consent(&self) -> &'static str {
        match (self.analytics, self.cookieless) {
            (Some(true), _) => "granted",
            (_, true) => "cookieless",
            (Some(false), _) => "denied",
            (None, _) => "undecided",
        }
    }

    /// Forgets what is shown; events that come by later are shown again.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.flight.clear();
    }

    /// Takes a step that happened at a time, in Unix milliseconds.
    pub fn take(&mut self, step: Step, at_ms: i64) -> Told {
        let mut told = Told::default();
        match step {
            Step::Shown(page) => self.page = page,
            Step::Entered { name, attributes, occurred_at_ms } => {
                self.enter(&name, &attributes, occurred_at_ms, at_ms, &mut told);
            }
            Step::Resumed(lines) => {
                for event in events_of(&lines) {
                    let number = self.meet(&event, Stage::Adopted, at_ms, &mut told);
                    self.pass(number, Stage::Queued, at_ms, "", &mut told);
                }
            }
            Step::Consent { analytics, cookieless } => {
                self.analytics = analytics;
                self.cookieless = cookieless;
                self.decided(at_ms, &mut told);
            }
            Step::Saved(lines) => {
                for event in events_of(&lines) {
                    let number = self.meet(&event, Stage::Captured, at_ms, &mut told);
                    self.pass(number, Stage::Queued, at_ms, "on disk", &mut told);
                }
            }
            Step::Left { whole, body, way } => self.leave(&whole, &body, way, at_ms, &mut told),
            Step::Answered { status, text } => self.answer(status, &text, at_ms, &mut told),
        }
        while self.entries.len() > ENTRIES_MAX {
            told.gone.push(self.entries.remove(0).number);
        }
        told
    }

    fn may_leave(&self) -> bool {
        self.analytics == Some(true) || self.cookieless
    }

    fn enter(&mut self, name: &str, attributes: &str, occurred: i64, at_ms: i64, told: &mut Told) {
        let number = self.open(name, occurred, at_ms, Stage::Captured, told);
        let judged = judge(&self.catalogue, name, attributes, &self.page, occurred);
        let redacted = judged.found.iter().any(|found| found.by == Part::Page);
        let refused = judged.problem.as_ref().is_some_and(|problem| problem.refused_here);
        if let Some(entry) = self.entry_mut(number) {
            entry.reason = reason_of(name, &judged.attributes);
            entry.attributes = judged.attributes;
            entry.found = judged.found;
            entry.is_known = judged.is_known;
            entry.problem = judged.problem.clone();
        }
        told.problems.extend(judged.problem);
        if refused {
            return self.pass(number, Stage::Refused, at_ms, "by the page", told);
        }
        if redacted {
            self.pass(number, Stage::Redacted, at_ms, "", told);
        }
        if self.cookieless {
            self.pass(number, Stage::Queued, at_ms, "in memory: nothing is stored", told);
        } else if self.analytics == Some(false) {
            self.pass(number, Stage::Forgotten, at_ms, "consent is denied", told);
        } else if !self.may_leave() {
            self.pass(number, Stage::Held, at_ms, "no consent yet", told);
        }
    }

    /// What a decision means for events that wait.
    fn decided(&mut self, at_ms: i64, told: &mut Told) {
        let waiting: Vec<u32> =
            self.entries.iter().filter(|entry| entry.waits()).map(|entry| entry.number).collect();
        for number in waiting {
            if self.cookieless {
                self.pass(number, Stage::Queued, at_ms, "in memory: nothing is stored", told);
            } else if self.analytics == Some(false) {
                self.pass(number, Stage::Forgotten, at_ms, "consent is denied", told);
            }
        }
    }

    fn leave(&mut self, whole: &str, body: &str, way: Way, at_ms: i64, told: &mut Told) {
        let left = batch_events(body);
        let ids: Vec<String> = left.iter().filter_map(|event| text_of(event, "event_id")).collect();
        for event in batch_events(whole) {
            let number = self.meet(&event, Stage::Captured, at_ms, told);
            if text_of(&event, "event_id").is_some_and(|id| ids.contains(&id)) {
                self.pass(number, Stage::Sent, at_ms, way.as_str(), told);
            } else {
                self.pass(number, Stage::KeptBack, at_ms, "by beforeSend", told);
            }
        }
        if way == Way::Request {
            self.flight = ids;
        }
    }

    fn answer(&mut self, status: u32, text: &str, at_ms: i64, told: &mut Told) {
        let flight = core::mem::take(&mut self.flight);
        let answer: Value = serde_json::from_str(text).unwrap_or_default();
        let verdicts = answer.get("verdicts").and_then(Value::as_array);
        let Some(verdicts) = verdicts.filter(|_| (200..300).contains(&status)) else {
            let (stage, note) = unanswered(status, answer.get("code").and_then(Value::as_str));
            for id in flight {
                let number = self.number_of(&id);
                self.pass(number, stage, at_ms, &note, told);
            }
            return;
        };
        for verdict in verdicts {
            let word = |member| text_of(verdict, member);
            let Some(number) = word("event_id").and_then(|id| self.number_of(&id)) else {
                continue;
            };
            let stage = match word("verdict").as_deref() {
                Some("accepted") => Stage::Accepted,
                Some("duplicate") => Stage::Duplicate,
                Some("rejected") => Stage::Rejected,
                _ => Stage::Dropped,
            };
            let code = word("code").unwrap_or_default();
            self.pass(number, stage, at_ms, &code, told);
            let known = self.entry(number).and_then(|entry| entry.problem.as_ref());
            // What the judge here found already has been told.
            if stage == Stage::Rejected
                && known.is_none_or(|problem| problem.code != code)
                && let Some(entry) = self.entry_mut(number)
            {
                let problem = Problem {
                    event_name: entry.name.clone(),
                    code,
                    pointer: word("pointer").unwrap_or_default(),
                    detail: word("detail").unwrap_or_default(),
                    refused_here: false,
                };
                entry.problem = Some(problem.clone());
                told.problems.push(problem);
            }
        }
    }

    /// The entry of an event that the engine wrote; a new one if none entered.
    fn meet(&mut self, event: &Value, first: Stage, at_ms: i64, told: &mut Told) -> Option<u32> {
        let id = text_of(event, "event_id")?;
        if let Some(number) = self.number_of(&id) {
            return Some(number);
        }
        let name = text_of(event, "event_name")?;
        let occurred = text_of(event, "occurred_at").as_deref().and_then(parse_rfc3339)?;
        let entered = self.entries.iter_mut().find(|entry| entry.may_be(&name, occurred));
        if let Some(entry) = entered {
            entry.event_id = Some(id);
            return Some(entry.number);
        }
        let attributes = event.get("attributes").map(Value::to_string).unwrap_or_default();
        let number = self.open(&name, occurred, at_ms, first, told);
        let judged = judge(&self.catalogue, &name, &attributes, "", occurred);
        let entry = self.entry_mut(number)?;
        entry.event_id = Some(id);
        entry.reason = reason_of(&name, &judged.attributes);
        entry.attributes = judged.attributes;
        entry.found = judged.found;
        entry.is_known = judged.is_known;
        Some(number)
    }

    fn open(
        &mut self,
        name: &str,
        occurred_at_ms: i64,
        at_ms: i64,
        first: Stage,
        told: &mut Told,
    ) -> u32 {
        let number = self.next;
        self.next += 1;
        self.entries.push(Entry::new(number, name, occurred_at_ms));
        self.pass(number, first, at_ms, "", told);
        number
    }

    fn pass(
        &mut self,
        number: impl Into<Option<u32>>,
        stage: Stage,
        at_ms: i64,
        note: &str,
        told: &mut Told,
    ) {
        let Some(entry) = self.entry_mut(number) else { return };
        entry.journey.push(Passed { stage, at_ms, note: note.to_string() });
        let number = entry.number;
        if !told.changed.contains(&number) {
            told.changed.push(number);
        }
    }

    fn number_of(&self, id: &str) -> Option<u32> {
        let of = |entry: &&Entry| entry.event_id.as_deref() == Some(id);
        self.entries.iter().find(of).map(|entry| entry.number)
    }

    fn entry_mut(&mut self, number: impl Into<Option<u32>>) -> Option<&mut Entry> {
        let number = number.into()?;
        self.entries.iter_mut().find(|entry| entry.number == number)
    }
}

/// What an answer without verdicts means for its batch, as the engine takes it.
fn unanswered(status: u32, code: Option<&str>) -> (Stage, String) {
    match status {
        0 => (Stage::Again, "no answer came".into()),
        // The size, too: its events go again in smaller batches.
        200..=299 | 413 | 429 | 500.. => (Stage::Again, format!("answer {status}")),
        _ => (Stage::Dropped, format!("answer {status} {}", code.unwrap_or_default())),
    }
}

/// The reason of an incident, in its own words.
fn reason_of(name: &str, attributes: &str) -> Option<String> {
    if !INCIDENTS.contains(&name) {
        return None;
    }
    let attributes: Value = serde_json::from_str(attributes).ok()?;
    Some(text_of(&attributes, "reason").unwrap_or_else(|| format!("{name} was judged by the page")))
}

fn text_of(object: &Value, member: &str) -> Option<String> {
    object.get(member)?.as_str().map(String::from)
}

/// The events of a chunk: a line each.
fn events_of(lines: &str) -> Vec<Value> {
    lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The events of a batch.
fn batch_events(body: &str) -> Vec<Value> {
    let batch: Value = serde_json::from_str(body).unwrap_or_default();
    batch.get("events").and_then(Value::as_array).cloned().unwrap_or_default()
}
