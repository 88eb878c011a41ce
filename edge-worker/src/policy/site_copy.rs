//! How long a copy of the collector's site list is believed, and when it is asked
//! for again.
//!
//! Always true: a list is believed only with the collector's signature over it; a
//! call waits for the list only when there is none that may be used, or when its
//! key is missing in one that is not new; whoever sends unknown keys cannot make
//! the collector be asked more than once in [`MISSING_KEY_MS`]. Deliberately not
//! here: fetching, and the copy in KV.

use std::rc::Rc;

use serde_json::{Value, json};
use tidemark_core::hop::{self, Key};
use tidemark_core::verdict::Code;

use super::sites::Sites;

/// Where the collector has the list.
pub const PATH: &str = "/internal/v1/sites";

/// Where KV has the copy.
pub const KV_KEY: &str = "sites";

/// For how long an unknown key is unknown without asking again. A key that was
/// just made works after this long at the latest.
pub const MISSING_KEY_MS: i64 = 5_000;

/// After how long a collector that did not answer is asked again.
const RETRY_MS: i64 = 1_000;

/// For how long a list is used while the collector does not answer: 7 days, which
/// is as old as an event may be.
const STALE_MAX_MS: i64 = 7 * 86_400_000;

/// How old the copy in KV may be before it is written again though nothing
/// changed: a write an hour costs nothing, and the copy stays usable.
const KV_REWRITE_MS: i64 = 3_600_000;

/// A list as the collector gave it.
#[derive(Clone, Debug)]
pub struct Copy {
    /// The list, read.
    pub sites: Rc<Sites>,
    /// Its entity tag.
    pub etag: String,
    /// When the collector last said that it holds, in Unix milliseconds.
    pub as_of_ms: i64,
    signature: String,
    body: String,
    /// `as_of_ms` of what KV has.
    stored_as_of_ms: Option<i64>,
}

/// An answer of the collector.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its HTTP status.
    pub status: u16,
    /// `ETag`, with its quotes.
    pub etag: String,
    /// `Tidemark-Signature`.
    pub signature: String,
    /// The body; empty for 304.
    pub body: String,
}

/// Why an answer brings no list.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoList {
    /// Another status than 200, or than 304 for a list that is there.
    #[error("status {0}")]
    Status(u16),
    /// It is not signed by a key of ours, now.
    #[error("the signature does not hold")]
    Signature,
    /// It cannot be read.
    #[error("the list {0}")]
    Malformed(String),
}

/// What a call does about the list.
#[derive(Clone, Debug)]
pub enum Step {
    /// It uses this one.
    Use(Rc<Sites>),
    /// It uses this one, and has the collector asked meanwhile.
    UseAndAsk(Rc<Sites>),
    /// It waits for the collector's answer.
    Ask,
    /// There is none, and the collector was just asked in vain.
    Away,
}

/// What one isolate knows of the list.
#[derive(Clone, Debug, Default)]
pub struct Known {
    copy: Option<Copy>,
    /// When the collector was asked last; a question is answered or given up
    /// within its deadline.
    asked_at_ms: Option<i64>,
    failed: bool,
}

impl Known {
    /// Whether there is any list.
    pub const fn is_empty(&self) -> bool {
        self.copy.is_none()
    }

    /// The tag to ask with.
    pub fn etag(&self) -> Option<&str> {
        self.copy.as_ref().map(|copy| copy.etag.as_str())
    }

    /// Decides for a call that carries a write key (or none yet). `fresh_ms` is for
    /// how long a list is used without asking.
    pub fn step(&self, now_ms: i64, fresh_ms: i64, write_key: Option<&str>) -> Step {
        let since_asked_ms = self.asked_at_ms.map_or(i64::MAX, |at| now_ms.saturating_sub(at));
        let may_ask = !self.failed || since_asked_ms >= RETRY_MS;
        let usable =
            self.copy.as_ref().filter(|copy| now_ms.saturating_sub(copy.as_of_ms) < STALE_MAX_MS);
        let Some(copy) = usable else {
            return if may_ask { Step::Ask } else { Step::Away };
        };
        let age_ms = now_ms.saturating_sub(copy.as_of_ms);
        let is_missing = write_key.is_some_and(|key| copy.sites.site(key).is_none());
        let sites = Rc::clone(&copy.sites);
        if is_missing && age_ms >= MISSING_KEY_MS && since_asked_ms >= MISSING_KEY_MS {
            return Step::Ask;
        }
        // Whoever asked may still be waiting: nobody asks twice within a second.
        if age_ms >= fresh_ms && since_asked_ms >= RETRY_MS {
            return Step::UseAndAsk(sites);
        }
        Step::Use(sites)
    }

    /// Notes that the collector is being asked.
    pub const fn asking(&mut self, now_ms: i64) {
        self.asked_at_ms = Some(now_ms);
    }

    /// Takes the collector's answer. True when KV should have the list now.
    ///
    /// # Errors
    /// When it brings no list; what was known stays.
    pub fn answered(&mut self, answer: Answer, keys: &[Key], now_ms: i64) -> Result<bool, NoList> {
        let taken = self.take(answer, keys, now_ms);
        self.failed = taken.is_err();
        taken
    }

    /// Notes that the collector did not answer.
    pub const fn silent(&mut self) {
        self.failed = true;
    }

    fn take(&mut self, answer: Answer, keys: &[Key], now_ms: i64) -> Result<bool, NoList> {
        let Answer { status, etag, signature, body } = answer;
        let signed = match status {
            200 => body.as_bytes(),
            304 => etag.as_bytes(),
            other => return Err(NoList::Status(other)),
        };
        hop::verify(&signature, keys, now_ms, PATH, signed).map_err(|_| NoList::Signature)?;
        if status == 200 {
            let sites = Rc::new(Sites::read(&body).map_err(NoList::Malformed)?);
            let as_of_ms = now_ms;
            self.copy =
                Some(Copy { sites, etag, as_of_ms, signature, body, stored_as_of_ms: None });
            return Ok(true);
        }
        match &mut self.copy {
            Some(copy) if copy.etag == etag => {
                copy.as_of_ms = now_ms;
                let stored = copy.stored_as_of_ms;
                Ok(stored.is_none_or(|at| now_ms.saturating_sub(at) >= KV_REWRITE_MS))
            }
            _ => Err(NoList::Status(status)),
        }
    }

    /// What KV is to hold, and that it does from now on.
    pub fn to_store(&mut self) -> Option<String> {
        let copy = self.copy.as_mut()?;
        copy.stored_as_of_ms = Some(copy.as_of_ms);
        let stored = json!({ "as_of_ms": copy.as_of_ms, "etag": copy.etag,
            "signature": copy.signature, "body": copy.body });
        Some(stored.to_string())
    }

    /// Takes up what KV had: believed for the collector's signature over it, however
    /// old that is, and as old as it says. A newer one that is known stays.
    ///
    /// # Errors
    /// When it is not what was once stored.
    pub fn restore(&mut self, stored: &str, keys: &[Key], now_ms: i64) -> Result<(), NoList> {
        let malformed = || NoList::Malformed(String::from("in KV is not as it was stored"));
        let stored: Value = serde_json::from_str(stored).map_err(|_| malformed())?;
        let text = |name: &str| stored.get(name).and_then(Value::as_str).map(String::from);
        let as_of_ms = stored.get("as_of_ms").and_then(Value::as_i64).ok_or_else(malformed)?;
        let (Some(etag), Some(signature), Some(body)) =
            (text("etag"), text("signature"), text("body"))
        else {
            return Err(malformed());
        };
        match hop::verify(&signature, keys, now_ms, PATH, body.as_bytes()) {
            Ok(_) | Err(Code::StaleSignature) => {}
            Err(_) => return Err(NoList::Signature),
        }
        if self.copy.as_ref().is_none_or(|copy| copy.as_of_ms < as_of_ms) {
            let sites = Rc::new(Sites::read(&body).map_err(NoList::Malformed)?);
            let stored_as_of_ms = Some(as_of_ms);
            // A clock of another machine may be ahead; nothing is newer than now.
            let as_of_ms = as_of_ms.min(now_ms);
            self.copy = Some(Copy { sites, etag, as_of_ms, signature, body, stored_as_of_ms });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
