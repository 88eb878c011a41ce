//! The one admission: every event of a batch gets its verdict, and what is to be
//! stored goes to a [`Sink`]. Pure.
//!
//! The signed hop and the public endpoints differ in what they believe; both hear
//! core's judge, and lay out what it hands over as a record: JSON is read once.

use std::cell::Cell;
use std::sync::Arc;

use tidemark_core::batch::{Batch, Form};
use tidemark_core::hash::Salt;
use tidemark_core::id::Uuid;
use tidemark_core::json::{Node, TapeMemory};
use tidemark_core::judge::{
    Arrival, Heard, Index, Judge, NamePolicy, Part, Place, Schemas, Site, WhenConsentAbsent, Whole,
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

thread_local! {
    /// What the batch before was read into, on this thread: asked of the allocator anew, as
    /// much memory as two bodies have costs it a tidying up each time.
    static MEMORY: Cell<TapeMemory> = Cell::default();
}

/// Bytes of it that a thread keeps, at most: twice those of a batch of 500 KB.
const MEMORY_MAX_BYTES: usize = 1024 * 1024;

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
    pub verdicts: Vec<EventVerdict<Uuid>>,
}

/// Where a batch came from.
struct Call<'a> {
    site: &'a Site,
    place: Place<'a>,
    now_ms: i64,
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
        let memory = MEMORY.take();
        let batch = Batch::read_into(memory, body, Form::Hop).map_err(Refused::NotABatch)?;
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
        let shared = Shared {
            tenant_id: site.tenant_id,
            site_id: site.site_id,
            received_at_ms: batch.received_at_ms,
            received_at_max_ms,
            retention_days,
            context: Context::default(),
        };
        // The edge fills every id. The judge wants one for an event that has none; it is
        // never told, because such an event is rejected.
        let mut no_id = |_| Uuid::default();
        let call = Call { site: &site, place: Place::Signed, now_ms };
        let verdicts = self.judge(&call, &batch, &mut no_id, &shared, sink);
        let batch_id = batch.batch_id.as_deref().map(str::to_owned);
        let memory = batch.into_memory();
        if memory.bytes() <= MEMORY_MAX_BYTES {
            MEMORY.set(memory);
        }
        Ok(Admitted { batch_id, verdicts })
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
    ) -> Result<Vec<EventVerdict<Uuid>>, Refused> {
        use tidemark_core::endpoint::event_id;
        let Public { site, arrival, batch_name } = *call;
        let retention_days = self.tenants.retention_days(site.tenant_id);
        let retention_days = retention_days.ok_or(Refused::NotAdmitted(Code::UnknownWriteKey))?;
        let mut fill_id = |index| match batch_name {
            Some(name) => event_id::derive(site.tenant_id, name, index),
            None => fresh_id(),
        };
        let received_at_ms = arrival.received_at_ms;
        let shared = Shared {
            tenant_id: site.tenant_id,
            site_id: site.site_id,
            received_at_ms: Some(received_at_ms),
            received_at_max_ms: received_at_ms,
            retention_days,
            context: Context::default(),
        };
        let call = Call { site, place: Place::Public(arrival), now_ms: received_at_ms };
        Ok(self.judge(&call, batch, &mut fill_id, &shared, sink))
    }

    /// Judges every event of a batch, lays each accepted one out as its record, and
    /// hands everything on. `shared` tells what the batch says for all of its events, but
    /// for its context.
    fn judge<'t>(
        &self,
        call: &Call<'t>,
        batch: &'t Batch<'t>,
        fill_id: &mut dyn FnMut(usize) -> Uuid,
        shared: &Shared<'_>,
        sink: &mut impl Sink,
    ) -> Vec<EventVerdict<Uuid>> {
        let salt = self.salt(call.site.tenant_id);
        let pseudonym = salt.map(|salt| move |user_id: &str| salt.pseudonym(user_id));
        let schemas = (self.schemas)(call.site.tenant_id);
        let judge = Judge {
            site: call.site,
            schemas: Some(schemas.as_ref()),
            place: call.place,
            pseudonym: pseudonym.as_ref().map(|hash| hash as &dyn Fn(&str) -> String),
        };
        let hearing = judge.hear(batch);
        let index = hearing.context().map(Part::index);
        let context = root(&index).map_or_else(Context::default, context::shared);
        let shared = Shared { context, ..*shared };
        let mut verdicts = Vec::with_capacity(batch.events.len());
        hearing.each(fill_id, |heard| {
            verdicts.push(self.settle(&heard, call, &shared, sink));
        });
        verdicts
    }

    /// Hands on one event, and tells what became of it.
    fn settle(
        &self,
        heard: &Heard<'_>,
        call: &Call<'_>,
        shared: &Shared<'_>,
        sink: &mut impl Sink,
    ) -> EventVerdict<Uuid> {
        let without_id = heard.filled && matches!(call.place, Place::Signed);
        let event_id = heard.event_id.filter(|_| !without_id);
        let stored = match &heard.admitted {
            _ if without_id => Err(Fault::new(Code::MissingField, "/event_id")),
            Err(fault) => Err(fault.clone()),
            Ok(whole) => self.store(whole, shared, sink),
        };
        let fault = stored.err();
        let verdict = fault
            .as_ref()
            .map_or(Verdict::Accepted, |fault| fault.code.verdict().unwrap_or(Verdict::Rejected));
        if let Some(fault) = &fault {
            let received_at_ms = shared.received_at_ms.unwrap_or(call.now_ms);
            sink.rejection(&Rejection {
                tenant_id: shared.tenant_id,
                site_id: shared.site_id,
                event_id,
                received_at_ms,
                expires_at: expires_at(received_at_ms, shared.retention_days),
                verdict,
                code: fault.code,
                pointer: fault.pointer.as_str().into(),
                hop: Hop::Collector,
            });
        }
        EventVerdict { event_id, verdict, fault }
    }

    /// Lays out an accepted event as its record, and hands it on.
    fn store(
        &self,
        whole: &Whole<'_>,
        shared: &Shared<'_>,
        sink: &mut impl Sink,
    ) -> Result<(), Fault> {
        let [attributes, context] =
            [&whole.attributes, &whole.context].map(|part| part.as_ref().map(Part::index));
        let record = record::read(whole, root(&attributes), root(&context), shared)?;
        if self.was_erased(&record) {
            return Err(Fault::new(Code::Erased, ""));
        }
        sink.event(&record);
        Ok(())
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

/// The object of a part, where there is one.
pub(super) fn root<'p>(index: &'p Option<Index<'_>>) -> Option<Node<'p, 'p>> {
    index.as_ref().map(Index::root)
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
