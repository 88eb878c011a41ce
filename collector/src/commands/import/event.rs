//! A record's event, judged as at a public endpoint but for its age.

use std::borrow::Cow;

use tidemark_core::batch::Batch;
use tidemark_core::endpoint::event_id;
use tidemark_core::hash::Salt;
use tidemark_core::id;
use tidemark_core::json::Value;
use tidemark_core::judge::{Arrival, Judge, Place, Site};
use tidemark_core::limits::EVENT_MAX_AGE_MS;
use tidemark_core::time::{format_rfc3339, parse_rfc3339};
use tidemark_core::validate::Catalogue;
use tidemark_core::verdict::{Code, Fault};
use uuid::Uuid;

use super::CommandError;
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;

/// What judges the records of one import.
pub(super) struct Importer {
    site: Site,
    catalogue: Catalogue,
    salt: Option<Salt>,
    name: String,
    clock: SystemClock,
}

/// An event that may go.
pub(super) struct Ready {
    /// Its record's line.
    pub(super) line: u64,
    /// Its id, given or made.
    pub(super) event_id: Uuid,
    /// When it happened, Unix milliseconds.
    pub(super) occurred_at_ms: i64,
    /// As it goes over the hop.
    pub(super) text: String,
}

impl Importer {
    /// # Errors
    /// When the built-in schemas do not compile.
    pub(super) fn new(site: Site, config: &Config, name: String) -> Result<Self, CommandError> {
        let secret = config.identity.salt_secret.as_ref();
        let salt = secret.map(|secret| Salt::of_tenant(secret.reveal().as_bytes(), site.tenant_id));
        let catalogue = Catalogue::builtin().map_err(CommandError::Builtin)?;
        Ok(Self { site, catalogue, salt, name, clock: SystemClock::new() })
    }

    /// Tenant and site.
    pub(super) const fn ids(&self) -> (Uuid, Uuid) {
        (Uuid::from_bytes(self.site.tenant_id.0), Uuid::from_bytes(self.site.site_id.0))
    }

    /// What ids are made of.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.clock.unix_ms()
    }

    /// Judges a record.
    ///
    /// # Errors
    /// Why it is rejected or dropped.
    pub(super) fn judge(&self, line: u64, event: &[u8]) -> Result<Ready, Fault> {
        // A byte order mark belongs to the file, not to its first event.
        let event = event.strip_prefix(b"\xef\xbb\xbf").unwrap_or(event);
        let batch = Batch::of_one(event).map_err(|code| Fault::new(code, ""))?;
        let occurred_at = batch
            .events
            .first()
            .and_then(|event| event.get("occurred_at"))
            .and_then(Value::as_str)
            .ok_or_else(|| Fault::new(Code::MissingField, "/occurred_at"))?;
        // What cannot be read as a time the judge refuses, whatever the time is now.
        let now_ms = self.now_ms();
        let occurred_at_ms = parse_rfc3339(&occurred_at).unwrap_or(now_ms);
        // An old event is judged as if it had come when it happened: that is all that
        // sets an import apart.
        let is_old = occurred_at_ms < now_ms.saturating_sub(EVENT_MAX_AGE_MS);
        let received_at_ms = if is_old { occurred_at_ms } else { now_ms };
        let pseudonym = self.salt.map(|salt| move |user_id: &str| salt.pseudonym(user_id));
        let judge = Judge {
            site: &self.site,
            schemas: Some(&self.catalogue),
            place: Place::Public(Arrival { received_at_ms, ..Arrival::default() }),
            pseudonym: pseudonym.as_ref().map(|hash| hash as &dyn Fn(&str) -> String),
        };
        let number = usize::try_from(line).unwrap_or(usize::MAX);
        let mut made = |_| event_id::derive(self.site.tenant_id, &self.name, number);
        let judged = judge.batch(&batch, &mut made).events.pop();
        let judged = judged.ok_or_else(|| Fault::new(Code::InvalidBatch, ""))?;
        if let Some(fault) = judged.fault {
            return Err(fault);
        }
        let id = judged.event_id.unwrap_or_default();
        let text = if is_old { with_receipt(&judged.text, now_ms) } else { judged.text.into() };
        Ok(Ready { line, event_id: from_core(id), occurred_at_ms, text: text.into_owned() })
    }
}

const fn from_core(id: id::Uuid) -> Uuid {
    Uuid::from_bytes(id.0)
}

/// The event with the time of its receipt set to now: from then on it is kept, and in
/// that month's partition. The first such member is the envelope's: what stands before
/// it holds no text of a sender's choice but names.
fn with_receipt(text: &str, now_ms: i64) -> Cow<'_, str> {
    const MEMBER: &str = "\"received_at\":\"";
    let Some(from) = text.find(MEMBER).map(|at| at + MEMBER.len()) else { return text.into() };
    let Some(length) = text.get(from..).and_then(|rest| rest.find('"')) else {
        return text.into();
    };
    let mut out = String::with_capacity(text.len());
    out.push_str(text.get(..from).unwrap_or_default());
    format_rfc3339(now_ms, &mut out);
    out.push_str(text.get(from + length..).unwrap_or_default());
    out.into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

    use super::*;

    fn importer() -> Importer {
        let site = Site { tenant_id: id::Uuid([1; 16]), ..Site::default() };
        Importer::new(site, &Config::default(), "file".to_owned()).unwrap()
    }

    fn judged(event: &str) -> Result<Ready, (Code, String)> {
        let ready = importer().judge(7, event.as_bytes());
        ready.map_err(|fault| (fault.code, fault.pointer.to_string()))
    }

    #[test]
    fn an_old_event_is_taken_and_received_now() {
        let old = judged(r#"{"event_name":"a","occurred_at":"2019-03-01T00:00:00Z","attributes":{"received_at":"x","note":"to jo@example.org"}}"#).unwrap();
        assert_eq!(old.occurred_at_ms, 1_551_398_400_000);
        assert!(old.text.contains(r#""occurred_at":"2019-03-01T00:00:00.000Z","received_at":"20"#));
        assert!(!old.text.contains(r#""received_at":"2019"#), "{}", old.text);
        assert!(old.text.contains(r#"{"received_at":"x","note":"to [email]"}"#), "{}", old.text);
        assert_eq!(
            judged(r#"{"event_name":"a","occurred_at":"2019-03-01T00:00:00Z"}"#).unwrap().event_id,
            old.event_id,
            "of file and line alone"
        );
    }

    #[test]
    fn all_else_is_judged_as_ever() {
        let now = r#""occurred_at":"2026-01-01T00:00:00Z""#;
        let missing = Code::MissingField;
        for (event, code, pointer) in [
            (r#"{"event_name":"a"}"#.to_owned(), missing, "/occurred_at"),
            (format!(r#"{{{now}}}"#), missing, "/event_name"),
            (
                r#"{"event_name":"a","occurred_at":"soon"}"#.to_owned(),
                Code::InvalidTimestamp,
                "/occurred_at",
            ),
            (
                r#"{"event_name":"a","occurred_at":"2999-01-01T00:00:00Z"}"#.to_owned(),
                Code::InFuture,
                "/occurred_at",
            ),
            (
                format!(
                    r#"{{"event_name":"a",{now},"tenant_id":"0190f5f6-7e2a-7c3b-9d4e-5f6071829301"}}"#
                ),
                Code::TenantMismatch,
                "/tenant_id",
            ),
            ("{".to_owned(), Code::InvalidJson, ""),
        ] {
            let found = judged(&event).err();
            assert_eq!(found, Some((code, pointer.to_owned())), "{event}");
        }
    }
}
