//! The one admission: every event of a batch gets its verdict, and what is to be
//! stored goes to a [`Sink`]. Pure.
//!
//! The signed hop and the public endpoints differ in what they believe; both ask
//! core's judge and then read the judged text into a record.

use std::sync::Arc;

use tidemark_core::batch::{Batch, Form};
use tidemark_core::hash::Salt;
use tidemark_core::id::Uuid;
use tidemark_core::json::Tape;
use tidemark_core::judge::{
    Arrival, Judge, JudgedBatch, NamePolicy, Place, Schemas, Site, WhenConsentAbsent,
};
use tidemark_core::limits::EVENT_MAX_AHEAD_MS;
use tidemark_core::verdict::{Code, EventVerdict, Fault, Refusal, Verdict};

use super::context;
use super::record::{self, Shared};
use super::sink::Sink;
use crate::config::Secret;
use crate::log::erased::{ErasedPeople, Passage};
use crate::record::{Context, Hop, Record, Rejection, expires_at};
use crate::refusal::Refused;

/// Which tenants there are, and for how many days their events are kept.
pub trait Tenants: Send + Sync {
    /// The retention of a tenant; `None` for one that is not ours.
    fn retention_days(&self, tenant_id: Uuid) -> Option<u16>;
}

/// The schemas that a tenant's events are held against.
type SchemasOf = dyn Fn(Uuid) -> Arc<dyn Schemas + Send + Sync> + Send + Sync;

/// Decides what a batch becomes.
pub struct Admission {
    schemas: Box<SchemasOf>,
    tenants: Box<dyn Tenants>,
    salt_secret: Option<Secret>,
    erased: Option<Arc<ErasedPeople>>,
}

/// A batch after the decision: one verdict an event, in order. Those that stand
/// at `accepted` are in the sink, in the same order, and not yet accepted.
#[derive(Debug)]
pub struct Admitted {
    /// The sender's name for the batch.
    pub batch_id: Option<String>,
    /// One verdict an event, in the order received.
    pub verdicts: Vec<EventVerdict>,
}

/// What a public endpoint has found out before the judge is asked.
#[derive(Clone, Copy, Debug)]
pub struct Public<'a> {
    /// The site of the write key.
    pub site: &'a Site,
    /// When and from where.
    pub arrival: Arrival<'a>,
    /// `batch_id` or `Idempotency-Key`.
    pub batch_name: Option<&'a str>,
}

impl Admission {
    /// Admits by the given catalogue, for these tenants, without a salt.
    pub fn new(
        schemas: impl Schemas + Send + Sync + 'static,
        tenants: impl Tenants + 'static,
    ) -> Self {
        let schemas: Arc<dyn Schemas + Send + Sync> = Arc::new(schemas);
        Self::by_tenant(move |_| Arc::clone(&schemas), tenants)
    }

    /// Admits by each tenant's own catalogue, for these tenants, without a salt.
    pub fn by_tenant(
        schemas: impl Fn(Uuid) -> Arc<dyn Schemas + Send + Sync> + Send + Sync + 'static,
        tenants: impl Tenants + 'static,
    ) -> Self {
        Self {
            schemas: Box::new(schemas),
            tenants: Box::new(tenants),
            salt_secret: None,
            erased: None,
        }
    }

    /// Hashes a user_id that is personal data, by the tenant's salt. Without
    /// the secret such a user_id is removed.
    pub fn with_salt(mut self, secret: Option<Secret>) -> Self {
        self.salt_secret = secret;
        self
    }

    /// Drops the events of people who were erased, and of before.
    pub fn with_erased(mut self, erased: Arc<ErasedPeople>) -> Self {
        self.erased = Some(erased);
        self
    }

    /// Held from before a batch is judged until it is durable: an erasure waits for
    /// those that did not know of it.
    pub(super) fn enter(&self) -> Option<Passage> {
        self.erased.as_ref().map(|erased| erased.enter())
    }

    /// A tenant's salt, when there is a secret to derive it of.
    pub fn salt(&self, tenant_id: Uuid) -> Option<Salt> {
        let secret = self.salt_secret.as_ref()?;
        Some(Salt::of_tenant(secret.reveal().as_bytes(), tenant_id))
    }

    /// Takes a body of the signed hop apart and judges every event in it. `now_ms`
    /// is the wall clock in Unix milliseconds.
    ///
    /// # Errors
    /// What leaves no event to judge: no JSON, no batch, no tenant or none of
    /// ours, a time of receipt that is still to come, too many events.
    pub fn admit_hop(
        &self,
        body: &[u8],
        now_ms: i64,
        sink: &mut impl Sink,
    ) -> Result<Admitted, Refused> {
        let batch = Batch::read(body, Form::Hop).map_err(Refused::NotABatch)?;
        let invalid = |pointer| Refused::NotABatch(Refusal::at(Code::InvalidBatch, pointer));
        let site = site_of_hop(
            batch.tenant_id.ok_or_else(|| invalid("/tenant_id"))?,
            batch.site_id.ok_or_else(|| invalid("/site_id"))?,
        );
        let retention_days =
            self.tenants.retention_days(site.tenant_id).ok_or(Refused::UnknownTenant)?;
        let received_at_max_ms = now_ms.saturating_add(EVENT_MAX_AHEAD_MS);
        if batch.received_at_ms.is_some_and(|received| received > received_at_max_ms) {
            return Err(Refused::ReceivedInFuture);
        }
        // The edge fills every id. The judge wants one for an event that has
        // none; it is never told, because such an event is rejected below.
        let mut without_id = vec![false; batch.events.len()];
        let judged = self.judge(&site, Place::Signed, &batch, &mut |index| {
            if let Some(without) = without_id.get_mut(index) {
                *without = true;
            }
            Uuid::default()
        });
        let shared = Shared {
            tenant_id: site.tenant_id,
            site_id: site.site_id,
            received_at_ms: batch.received_at_ms,
            received_at_max_ms,
            retention_days,
            context: context_of(&judged),
        };
        let verdicts = self.settle(&judged, &without_id, &shared, now_ms, sink);
        Ok(Admitted { batch_id: batch.batch_id.map(std::borrow::Cow::into_owned), verdicts })
    }

    /// Judges every event of a batch from a public endpoint. `fresh_id` makes the id
    /// of an event that has none, where the batch has no name to derive it of.
    ///
    /// # Errors
    /// `unknown_write_key` when the key's tenant is gone in between.
    pub fn admit_public(
        &self,
        batch: &Batch<'_>,
        call: &Public<'_>,
        fresh_id: &mut dyn FnMut() -> Uuid,
        sink: &mut impl Sink,
    ) -> Result<Vec<EventVerdict>, Refused> {
        use tidemark_core::endpoint::event_id;
        let Public { site, arrival, batch_name } = *call;
        let retention_days = self.tenants.retention_days(site.tenant_id);
        let retention_days = retention_days.ok_or(Refused::NotAdmitted(Code::UnknownWriteKey))?;
        let judged =
            self.judge(site, Place::Public(arrival), batch, &mut |index| match batch_name {
                Some(name) => event_id::derive(site.tenant_id, name, index),
                None => fresh_id(),
            });
        let received_at_ms = arrival.received_at_ms;
        let shared = Shared {
            tenant_id: site.tenant_id,
            site_id: site.site_id,
            received_at_ms: Some(received_at_ms),
            received_at_max_ms: received_at_ms,
            retention_days,
            context: context_of(&judged),
        };
        Ok(self.settle(&judged, &[], &shared, received_at_ms, sink))
    }

    fn judge(
        &self,
        site: &Site,
        place: Place<'_>,
        batch: &Batch<'_>,
        fill_id: &mut dyn FnMut(usize) -> Uuid,
    ) -> JudgedBatch {
        let salt = self.salt(site.tenant_id);
        let pseudonym = salt.map(|salt| move |user_id: &str| salt.pseudonym(user_id));
        let schemas = (self.schemas)(site.tenant_id);
        let judge = Judge {
            site,
            schemas: Some(schemas.as_ref()),
            place,
            pseudonym: pseudonym.as_ref().map(|hash| hash as &dyn Fn(&str) -> String),
        };
        judge.batch(batch, fill_id)
    }
}

/// What the batch's context tells for all of its events.
fn context_of(judged: &JudgedBatch) -> Context<'_> {
    let tape = judged.context.as_deref().and_then(|text| Tape::read_text(text).ok());
    tape.map_or_else(Context::default, |tape| context::shared(tape.root()))
}

impl Admission {
    /// Reads each accepted event into its record, and hands everything on.
    fn settle(
        &self,
        judged: &JudgedBatch,
        without_id: &[bool],
        shared: &Shared<'_>,
        now_ms: i64,
        sink: &mut impl Sink,
    ) -> Vec<EventVerdict> {
        let mut verdicts = Vec::with_capacity(judged.events.len());
        for (index, event) in judged.events.iter().enumerate() {
            let mut verdict = event.to_verdict();
            let mut event_id = event.event_id;
            if without_id.get(index).copied().unwrap_or_default() {
                reject(&mut verdict, Fault::new(Code::MissingField, "/event_id"));
                verdict.event_id = None;
                event_id = None;
            } else if verdict.verdict == Verdict::Accepted {
                let read = Tape::read_text(&event.text).map_err(|code| Fault::new(code, ""));
                match read.and_then(|tape| record::read(&tape, shared)) {
                    Ok(record) if self.was_erased(&record) => {
                        verdict.verdict = Verdict::Dropped;
                        verdict.fault = Some(Fault::new(Code::Erased, ""));
                    }
                    Ok(record) => sink.event(&record),
                    Err(fault) => reject(&mut verdict, fault),
                }
            }
            if let Some(fault) = &verdict.fault {
                let received_at_ms = shared.received_at_ms.unwrap_or(now_ms);
                sink.rejection(&Rejection {
                    tenant_id: shared.tenant_id,
                    site_id: shared.site_id,
                    event_id,
                    received_at_ms,
                    expires_at: expires_at(received_at_ms, shared.retention_days),
                    verdict: verdict.verdict,
                    code: fault.code,
                    pointer: fault.pointer.as_str().into(),
                    hop: Hop::Collector,
                });
            }
            verdicts.push(verdict);
        }
        verdicts
    }

    /// Whether an event is one of a person who was erased, and of before the erasure.
    fn was_erased(&self, record: &Record<'_>) -> bool {
        let Some(erased) = &self.erased else { return false };
        let wide = |id: Uuid| uuid::Uuid::from_bytes(id.0);
        let visitor = record.anonymous_id.map(wide).unwrap_or_default();
        let at_ms = record.occurred_at_ms.min(record.received_at_ms);
        erased.covers(wide(record.tenant_id), &record.user_id, visitor, at_ms)
    }
}

fn reject(verdict: &mut EventVerdict, fault: Fault) {
    verdict.verdict = Verdict::Rejected;
    verdict.fault = Some(fault);
}

/// The site as the hop stands for it: its policy was applied at the edge, which
/// knows it, so that here every policy lets through what the edge let through.
fn site_of_hop(tenant_id: Uuid, site_id: Uuid) -> Site {
    Site {
        tenant_id,
        site_id,
        names: NamePolicy::Open,
        when_consent_absent: WhenConsentAbsent::Accept,
        cookieless: true,
        keep_free_text: true,
        ..Site::default()
    }
}
