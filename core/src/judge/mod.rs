//! Gives every event of a batch its verdict: the one decision that page, edge
//! and collector share.
//!
//! In this order, so that all three agree wherever they judge the same: bounds
//! → envelope → tenant → consent → time → schema → automated clients → sanitising. The
//! page judges without [`Schemas`], which cost bytes; edge and collector judge everything.
//!
//! What is accepted comes back as text in the envelope's own order. Attributes
//! and context are the input's bytes, but for what was redacted.

mod bounds;
mod hearing;
mod output;
mod paths;
mod site;

use alloc::string::String;
use alloc::vec::Vec;

use crate::batch::Batch;
use crate::consent::{Consent, Mode};
use crate::event::{Envelope, Parts};
use crate::id::Uuid;
use crate::json::{Kind, Node, Tape};
use crate::limits;
use crate::noticed::{DeviceClass, Flags};
use crate::sanitise::{Finding, Rule};
use crate::verdict::{Code, EventVerdict, Fault, Verdict};

pub use bounds::check as check_bounds;
pub use hearing::{Changed, Heard, Hearing, Index, Part, Whole};
use output::Frame;
pub use output::user_id;
pub use site::{BotPolicy, NamePolicy, PageSettings, Site, SiteLimits, WhenConsentAbsent};

/// What the edge's fields add to an event, about: four names, two ids, a time.
const ADDED_BYTES: usize = 256;

/// The event schemas, as far as a judge needs them.
pub trait Schemas {
    /// Holds a context against its schema, and tells what the sanitiser has left to do;
    /// pointers are relative to the context.
    ///
    /// # Errors
    /// The first fault.
    fn context(&self, context: Node<'_, '_>) -> Result<Settled, Fault>;

    /// The schema of an event; `None` when the catalogue has no such event.
    fn event(&self, event_name: &str) -> Option<&dyn EventSchema>;
}

/// The schema of one event.
pub trait EventSchema {
    /// Holds an event's attributes against it, and tells what the sanitiser has left to
    /// do; pointers are relative to the attributes. The attributes are within bounds: no
    /// key stands twice.
    ///
    /// # Errors
    /// The first fault; `unknown_schema_version` with an empty pointer.
    fn check(&self, version: Option<&str>, attributes: Node<'_, '_>) -> Result<Settled, Fault>;

    /// What is known of an attribute: whether people typed it, or how long it may be;
    /// beside [`FREE_TEXT`](crate::catalogue::FREE_TEXT), which every judge knows.
    fn attribute(&self, name: &str) -> Attribute;
}

/// What the sanitiser has left to do with a value that was held against its schema: who
/// knows what its members are sees on the way whether any of its rules would change them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Settled {
    /// Nothing: by every rule the value stays as it is.
    Whole,
    /// Nothing, where the site keeps free text.
    ButFreeText,
    /// It is to be asked.
    #[default]
    Open,
}

/// What an event's schema says of an attribute, beyond its type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attribute {
    /// Whether it holds what people typed.
    pub is_free_text: bool,
    /// The bytes of its string, if they are not the usual limit's.
    pub max_bytes: Option<usize>,
}

/// Where the judge sits.
#[derive(Clone, Copy, Debug)]
pub enum Place<'a> {
    /// In the page: bounds, envelope, consent, sanitising.
    Page,
    /// At a public endpoint, which knows when and from where the call came.
    Public(Arrival<'a>),
    /// Behind the signed hop: the edge's fields are believed, times are not
    /// judged again, and a cookieless visitor's daily key is kept.
    Signed,
}

/// What a public endpoint knows of a call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arrival<'a> {
    /// When it came, in Unix milliseconds.
    pub received_at_ms: i64,
    /// `geo` as JSON text: `{"country","region"?}`.
    pub geo: Option<&'a str>,
    /// The caller's network: IPv4 /24 or IPv6 /48.
    pub client_ip_prefix: Option<&'a str>,
    /// The daily key of a visitor without consent, where the site counts those.
    pub cookieless_id: Option<Uuid>,
    /// The kind of device that it came from; `Bot` flags its events.
    pub device_class: Option<DeviceClass>,
}

/// What holds for every event of a batch.
struct OfBatch {
    /// The consent of its context, or the fault that made that unreadable, which is
    /// then every event's.
    consent: Result<Consent, Fault>,
    /// What is added to its sender's times.
    skew_ms: i64,
    /// Whether its context says that a program drives the browser.
    is_automated: bool,
    /// What else was noticed about it.
    flags: Flags,
    /// What all its events have at the same places.
    frame: Frame,
}

/// A judge for one site at one place.
#[derive(Clone, Copy)]
pub struct Judge<'a> {
    /// The site's settings.
    pub site: &'a Site,
    /// The catalogue; absent in the page.
    pub schemas: Option<&'a dyn Schemas>,
    /// Where it sits.
    pub place: Place<'a>,
    /// The keyed hash for a user_id that is personal data. Without one (in the
    /// page) such a user_id is removed.
    pub pseudonym: Option<&'a dyn Fn(&str) -> String>,
}

/// One event, judged.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Its id: given or filled in; absent when the event was not readable.
    pub event_id: Option<Uuid>,
    /// Accepted (as far as a judge can say), rejected or dropped.
    pub verdict: Verdict,
    /// Why it was not accepted.
    pub fault: Option<Fault>,
    /// The sanitised event as JSON text; empty unless accepted.
    pub text: String,
    /// What was redacted.
    pub findings: Vec<Finding>,
}

/// A batch, judged.
#[derive(Clone, Debug, Default)]
pub struct JudgedBatch {
    /// The sanitised shared context as JSON text.
    pub context: Option<String>,
    /// One entry an event, in order.
    pub events: Vec<Judged>,
}

impl Judged {
    /// The line for the answer.
    pub fn to_verdict(&self) -> EventVerdict<Uuid> {
        EventVerdict { event_id: self.event_id, verdict: self.verdict, fault: self.fault.clone() }
    }
}

impl Judge<'_> {
    /// Judges every event of a batch. `fill_id` makes the id of the event at an
    /// index that came without one.
    pub fn batch(&self, batch: &Batch<'_>, fill_id: &mut dyn FnMut(usize) -> Uuid) -> JudgedBatch {
        let context = batch.context_node();
        let (of_batch, settled) = self.of_batch(batch);
        let events = batch
            .nodes()
            .enumerate()
            .map(|(index, event)| {
                let mut fill = || fill_id(index);
                self.event(event, &of_batch, &mut fill)
            })
            .collect();
        let context = match (&of_batch.consent, context) {
            (Ok(_), Some(context)) => {
                let mut out = String::with_capacity(context.raw().len());
                self.clean_context(context, settled, &mut Vec::new(), &mut out);
                Some(out)
            }
            _ => None,
        };
        JudgedBatch { context, events }
    }

    /// What a batch tells of all its events, and what the sanitiser has left to do with
    /// its context.
    fn of_batch(&self, batch: &Batch<'_>) -> (OfBatch, Settled) {
        let context = batch.context_node();
        let nothing = Ok((Consent::default(), Settled::Open));
        let shared = context.map_or(nothing, |context| self.consent_of(context));
        let settled = shared.as_ref().map_or(Settled::Open, |(_, settled)| *settled);
        let (skew_ms, is_beyond) = self.skew(batch);
        let is_bot = matches!(self.place, Place::Public(Arrival { device_class, .. })
            if device_class == Some(DeviceClass::Bot));
        let of_batch = OfBatch {
            consent: shared.map(|(consent, _)| consent),
            skew_ms,
            is_automated: context.and_then(|context| self.automated(context)).unwrap_or(false),
            flags: Flags::default().when(is_bot, Flags::BOT).when(is_beyond, Flags::CLOCK_SKEW),
            frame: self.frame(),
        };
        (of_batch, settled)
    }

    /// Judges one event.
    fn event(
        &self,
        event: Node<'_, '_>,
        of_batch: &OfBatch,
        fill_id: &mut dyn FnMut() -> Uuid,
    ) -> Judged {
        let mut judged = Judged {
            event_id: None,
            verdict: Verdict::Rejected,
            fault: None,
            text: String::new(),
            findings: Vec::new(),
        };
        if let Err(fault) = self.try_event(event, of_batch, fill_id, &mut judged) {
            judged.verdict = fault.code.verdict().unwrap_or(Verdict::Rejected);
            judged.findings.clear();
            judged.fault = Some(fault);
        }
        judged
    }

    fn try_event(
        &self,
        event: Node<'_, '_>,
        of_batch: &OfBatch,
        fill_id: &mut dyn FnMut() -> Uuid,
        judged: &mut Judged,
    ) -> Result<(), Fault> {
        let (id, findings) = (&mut judged.event_id, &mut judged.findings);
        let Weighed { envelope, parts, known } =
            self.weigh(event, of_batch, fill_id, id, findings)?;
        judged.text = String::with_capacity(event.raw().len() + ADDED_BYTES);
        self.write(&envelope, &parts, known, &mut judged.findings, &mut judged.text);
        judged.verdict = Verdict::Accepted;
        Ok(())
    }

    /// Decides about one event. Its id is told even when the rest is refused, so that
    /// the sender knows which event is meant.
    #[inline]
    fn weigh<'t, 'a, 's>(
        &'s self,
        event: Node<'t, 'a>,
        of_batch: &'s OfBatch,
        fill_id: &mut dyn FnMut() -> Uuid,
        event_id: &mut Option<Uuid>,
        findings: &mut Vec<Finding>,
    ) -> Result<Weighed<'t, 'a, 's>, Fault> {
        let max_bytes = match self.place {
            Place::Signed => limits::HOP_EVENT_MAX_BYTES,
            _ => limits::EVENT_MAX_BYTES,
        };
        let is_signed = matches!(self.place, Place::Signed);
        let read = bounds::check_node(event, max_bytes)
            .and_then(|()| Envelope::read_node(event, is_signed));
        let (mut envelope, parts) = match read {
            Ok(read) => read,
            Err(fault) => {
                *event_id = id_of(event, fill_id);
                return Err(fault);
            }
        };
        *event_id = envelope.event_id.or_else(|| Some(fill_id()));
        envelope.event_id = *event_id;
        self.check_tenant(&envelope)?;
        let (consent, context) = match (parts.context, &of_batch.consent) {
            (_, Err(fault)) => return Err(fault.clone()),
            (None, Ok(shared)) => (*shared, Settled::Open),
            (Some(context), Ok(shared)) => {
                let (own, settled) = self.consent_of(context)?;
                (own.over(*shared), settled)
            }
        };
        self.apply_consent(consent, &mut envelope, findings)?;
        self.settle_time(of_batch.skew_ms, &mut envelope)?;
        let schema = self.schemas.and_then(|schemas| schemas.event(&envelope.event_name));
        let attributes = self.check_schema(&envelope, parts.attributes, schema)?;
        self.notice(of_batch, &parts, &mut envelope)?;
        let known = Known { schema, attributes, context, frame: &of_batch.frame };
        Ok(Weighed { envelope, parts, known })
    }

    /// Checks a context, and reads the consent in it.
    fn consent_of(&self, context: Node<'_, '_>) -> Result<(Consent, Settled), Fault> {
        let placed = |fault: Fault| Fault::new(fault.code, ["/context", &fault.pointer].concat());
        bounds::check_node(context, limits::EVENT_MAX_BYTES).map_err(placed)?;
        let settled = match self.schemas {
            Some(schemas) => schemas.context(context).map_err(placed)?,
            None => Settled::Open,
        };
        Ok((Consent::of_node(context)?, settled))
    }

    fn check_tenant(&self, envelope: &Envelope<'_>) -> Result<(), Fault> {
        let other = |given: Option<Uuid>, own| given.is_some_and(|given| given != own);
        if matches!(self.place, Place::Page) {
            Ok(())
        } else if other(envelope.tenant_id, self.site.tenant_id) {
            Err(Fault::new(Code::TenantMismatch, "/tenant_id"))
        } else if other(envelope.site_id, self.site.site_id) {
            Err(Fault::new(Code::TenantMismatch, "/site_id"))
        } else {
            Ok(())
        }
    }

    fn apply_consent(
        &self,
        consent: Consent,
        envelope: &mut Envelope<'_>,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Fault> {
        let cookieless = consent.mode == Mode::Cookieless && self.site.cookieless;
        match consent.analytics {
            Some(true) => return Ok(()),
            None if !cookieless && self.site.when_consent_absent == WhenConsentAbsent::Accept => {
                return Ok(());
            }
            _ if !cookieless => return Err(Fault::new(Code::Consent, "/context/consent")),
            _ => {}
        }
        let mut removed = |had: bool, pointer: &str| {
            if had {
                findings.push(Finding { rule: Rule::Consent, pointer: pointer.into() });
            }
        };
        removed(envelope.user_id.take().is_some(), "/user_id");
        removed(envelope.session_id.take().is_some(), "/session_id");
        if !matches!(self.place, Place::Signed) {
            removed(envelope.anonymous_id.take().is_some(), "/anonymous_id");
        }
        if let Place::Public(arrival) = self.place {
            envelope.anonymous_id = arrival.cookieless_id;
        }
        Ok(())
    }

    /// How much a sender's clock lacks, which is added to its times; and whether it is
    /// so far off that nothing is.
    fn skew(&self, batch: &Batch<'_>) -> (i64, bool) {
        let Place::Public(arrival) = self.place else { return (0, false) };
        let skew_ms = batch.clock_offset_ms.unwrap_or_else(|| {
            let sent = batch.sent_at_ms.map(|sent| arrival.received_at_ms.saturating_sub(sent));
            // What travelled for some seconds was on its way.
            sent.filter(|skew| skew.saturating_abs() >= limits::SKEW_IGNORED_MS).unwrap_or(0)
        });
        if skew_ms.saturating_abs() <= limits::SKEW_MAX_MS { (skew_ms, false) } else { (0, true) }
    }

    /// Whether a context says that a program drives the browser; `None` where it does
    /// not say, or where nobody asks.
    fn automated(&self, context: Node<'_, '_>) -> Option<bool> {
        if !matches!(self.place, Place::Public(_)) {
            return None;
        }
        match context.get("device")?.get("automated")?.raw() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// Notes what was noticed about an event, and drops what the site does not want.
    fn notice(
        &self,
        shared: &OfBatch,
        parts: &Parts<'_, '_>,
        envelope: &mut Envelope<'_>,
    ) -> Result<(), Fault> {
        let Place::Public(arrival) = self.place else { return Ok(()) };
        let own = parts.context.and_then(|context| self.automated(context));
        let is_automated = own.unwrap_or(shared.is_automated);
        envelope.flags = shared.flags.when(is_automated, Flags::AUTOMATED);
        envelope.device_class = arrival.device_class;
        if self.site.bots == BotPolicy::Drop
            && envelope.flags.has_any(Flags::BOT.with(Flags::AUTOMATED))
        {
            return Err(Fault::new(Code::Bot, ""));
        }
        Ok(())
    }

    fn settle_time(&self, skew_ms: i64, envelope: &mut Envelope<'_>) -> Result<(), Fault> {
        let Place::Public(arrival) = self.place else { return Ok(()) };
        let received_at_ms = arrival.received_at_ms;
        envelope.received_at_ms = Some(received_at_ms);
        let occurred_at_ms = envelope
            .occurred_at_ms
            .map_or(received_at_ms, |occurred| occurred.saturating_add(skew_ms));
        envelope.occurred_at_ms = Some(occurred_at_ms);
        if occurred_at_ms < received_at_ms - limits::EVENT_MAX_AGE_MS {
            Err(Fault::new(Code::TooOld, "/occurred_at"))
        } else if occurred_at_ms > received_at_ms + limits::EVENT_MAX_AHEAD_MS {
            Err(Fault::new(Code::InFuture, "/occurred_at"))
        } else {
            Ok(())
        }
    }

    fn check_schema(
        &self,
        envelope: &Envelope<'_>,
        attributes: Option<Node<'_, '_>>,
        schema: Option<&dyn EventSchema>,
    ) -> Result<Settled, Fault> {
        if self.schemas.is_none() {
            return Ok(Settled::Open);
        }
        let none;
        let attributes = match attributes {
            Some(attributes) => attributes,
            None => {
                none = Tape::read_text("{}").map_err(|code| Fault::new(code, ""))?;
                none.root()
            }
        };
        if let Some(pointer) = paths::conflict(attributes, "/attributes") {
            return Err(Fault::new(Code::PathConflict, pointer));
        }
        let Some(schema) = schema else {
            return match self.site.names {
                NamePolicy::Strict => Err(Fault::new(Code::UnknownEventName, "/event_name")),
                NamePolicy::Open => Ok(Settled::Open),
            };
        };
        schema.check(envelope.schema_version.as_deref(), attributes).map_err(|fault| {
            if fault.code == Code::UnknownSchemaVersion {
                Fault::new(fault.code, "/schema_version")
            } else {
                Fault::new(fault.code, ["/attributes", &fault.pointer].concat())
            }
        })
    }
}

/// An event that is accepted.
struct Weighed<'t, 'a, 's> {
    envelope: Envelope<'a>,
    parts: Parts<'t, 'a>,
    known: Known<'s>,
}

/// What is known of an event's parts before they are written.
#[derive(Clone, Copy)]
struct Known<'s> {
    schema: Option<&'s dyn EventSchema>,
    attributes: Settled,
    context: Settled,
    frame: &'s Frame,
}

/// The id of an event that cannot be read as a whole: its own, as far as that is one.
fn id_of(event: Node<'_, '_>, fill_id: &mut dyn FnMut() -> Uuid) -> Option<Uuid> {
    match event.get("event_id").filter(|id| id.kind() != Kind::Null) {
        Some(id) => {
            let id = id.as_str().as_deref().and_then(Uuid::parse);
            id.filter(|id| *id != Uuid::default())
        }
        None if event.kind() == Kind::Object => Some(fill_id()),
        None => None,
    }
}

#[cfg(test)]
mod golden_tests;
#[cfg(test)]
#[cfg(feature = "catalogue")]
mod tests;
