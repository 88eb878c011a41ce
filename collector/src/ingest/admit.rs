//! A verified body's events, each with its verdict or its record. Pure.

use std::borrow::Cow;
use std::sync::Arc;

use tidemark_core::batch::{Batch, Form};
use tidemark_core::hash::Salt;
use tidemark_core::id::Uuid;
use tidemark_core::json::check_text;
use tidemark_core::judge::{Judge, NamePolicy, Place, Schemas, Site, WhenConsentAbsent};
use tidemark_core::limits::EVENT_MAX_AHEAD_MS;
use tidemark_core::verdict::{Code, EventVerdict, Fault, Refusal, Verdict};

use super::record::{self, Shared};
use crate::config::Secret;
use crate::log::Record;
use crate::refusal::Refused;

/// Whether a tenant is one of ours.
type TenantTest = dyn Fn(Uuid) -> bool + Send + Sync;

/// The schemas that a tenant's events are held against.
type SchemasOf = dyn Fn(Uuid) -> Arc<dyn Schemas + Send + Sync> + Send + Sync;

/// Decides what a batch on the hop becomes.
pub struct Admission {
    schemas: Box<SchemasOf>,
    is_known: Box<TenantTest>,
    salt_secret: Option<Secret>,
}

/// A batch after the decision: one verdict an event, in order, and the records
/// of those that stand at `accepted`, which is not yet true of them.
#[derive(Debug)]
pub struct Admitted {
    /// The sender's name for the batch.
    pub batch_id: Option<String>,
    /// One verdict an event, in the order received.
    pub verdicts: Vec<EventVerdict>,
    /// What is to be appended.
    pub records: Vec<Record>,
}

impl Admission {
    /// Admits by the given catalogue, for any tenant, without a salt.
    pub fn new(schemas: impl Schemas + Send + Sync + 'static) -> Self {
        let schemas: Arc<dyn Schemas + Send + Sync> = Arc::new(schemas);
        Self::by_tenant(move |_| Arc::clone(&schemas))
    }

    /// Admits by each tenant's own catalogue, for any tenant, without a salt.
    pub fn by_tenant(
        schemas: impl Fn(Uuid) -> Arc<dyn Schemas + Send + Sync> + Send + Sync + 'static,
    ) -> Self {
        Self { schemas: Box::new(schemas), is_known: Box::new(|_| true), salt_secret: None }
    }

    /// Admits batches of known tenants alone.
    pub fn for_tenants(mut self, is_known: impl Fn(Uuid) -> bool + Send + Sync + 'static) -> Self {
        self.is_known = Box::new(is_known);
        self
    }

    /// Hashes a user_id that is personal data, by the tenant's salt. Without
    /// the secret such a user_id is removed.
    pub fn with_salt(mut self, secret: Option<Secret>) -> Self {
        self.salt_secret = secret;
        self
    }

    /// Takes a body apart and judges every event in it. `now_ms` is the wall
    /// clock in Unix milliseconds.
    ///
    /// # Errors
    /// What leaves no event to judge: no JSON, no batch, no tenant or none of
    /// ours, a time of receipt that is still to come, too many events.
    pub fn admit(&self, body: &[u8], now_ms: i64) -> Result<Admitted, Refused> {
        let batch = Batch::read(body, Form::Hop).map_err(Refused::NotABatch)?;
        let invalid = |pointer| Refused::NotABatch(Refusal::at(Code::InvalidBatch, pointer));
        let site = site_of_hop(
            batch.tenant_id.ok_or_else(|| invalid("/tenant_id"))?,
            batch.site_id.ok_or_else(|| invalid("/site_id"))?,
        );
        if !(self.is_known)(site.tenant_id) {
            return Err(Refused::UnknownTenant);
        }
        let received_at_max_ms = now_ms.saturating_add(EVENT_MAX_AHEAD_MS);
        if batch.received_at_ms.is_some_and(|received| received > received_at_max_ms) {
            return Err(Refused::ReceivedInFuture);
        }
        let salt = self
            .salt_secret
            .as_ref()
            .map(|secret| Salt::of_tenant(secret.reveal().as_bytes(), site.tenant_id));
        let pseudonym = salt.map(|salt| move |user_id: &str| salt.pseudonym(user_id));
        let schemas = (self.schemas)(site.tenant_id);
        let judge = Judge {
            site: &site,
            schemas: Some(schemas.as_ref()),
            place: Place::Signed,
            pseudonym: pseudonym.as_ref().map(|hash| hash as &dyn Fn(&str) -> String),
        };
        // The edge fills every id. The judge wants one for an event that has
        // none; it is never told, because such an event is rejected below.
        let mut without_id = vec![false; batch.events.len()];
        let judged = judge.batch(&batch, &mut |index| {
            if let Some(without) = without_id.get_mut(index) {
                *without = true;
            }
            Uuid::default()
        });
        let context = judged.context.as_deref().and_then(|text| check_text(text).ok());
        let shared = Shared {
            tenant_id: site.tenant_id,
            site_id: site.site_id,
            received_at_ms: batch.received_at_ms,
            received_at_max_ms,
            context,
        };
        let mut records = Vec::with_capacity(judged.events.len());
        let mut verdicts = Vec::with_capacity(judged.events.len());
        for (event, without_id) in judged.events.iter().zip(without_id) {
            let mut verdict = event.to_verdict();
            if without_id {
                reject(&mut verdict, Fault::new(Code::MissingField, "/event_id"));
                verdict.event_id = None;
            } else if verdict.verdict == Verdict::Accepted {
                match record::read(&event.text, &shared) {
                    Ok(record) => records.push(record),
                    Err(fault) => reject(&mut verdict, fault),
                }
            }
            verdicts.push(verdict);
        }
        Ok(Admitted { batch_id: batch.batch_id.map(Cow::into_owned), verdicts, records })
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
