//! A verified body's events, each with its verdict or its record. Pure.

use std::borrow::Cow;

use tidemark_core::batch::{Batch, Form};
use tidemark_core::id::Uuid;
use tidemark_core::json::check_text;
use tidemark_core::judge::{Judge, NamePolicy, Place, Schemas, Site, WhenConsentAbsent};
use tidemark_core::verdict::{Code, EventVerdict, Fault, Refusal, Verdict};

use super::record::{self, Shared};
use crate::log::Record;

/// Decides what a batch on the hop becomes.
pub struct Admission {
    schemas: Box<dyn Schemas + Send + Sync>,
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
    /// Admits by the given catalogue.
    pub fn new(schemas: impl Schemas + Send + Sync + 'static) -> Self {
        Self { schemas: Box::new(schemas) }
    }

    /// Takes a body apart and judges every event in it.
    ///
    /// # Errors
    /// What leaves no event to judge: no JSON, no batch, no tenant, too many events.
    pub fn admit(&self, body: &[u8]) -> Result<Admitted, Refusal> {
        let batch = Batch::read(body, Form::Hop)?;
        let missing = |pointer| Refusal::at(Code::InvalidBatch, pointer);
        let site = site_of_hop(
            batch.tenant_id.ok_or_else(|| missing("/tenant_id"))?,
            batch.site_id.ok_or_else(|| missing("/site_id"))?,
        );
        let judge = Judge {
            site: &site,
            schemas: Some(self.schemas.as_ref()),
            place: Place::Signed,
            pseudonym: None,
        };
        // The edge has filled every id; the nil UUID marks one that it has not.
        let judged = judge.batch(&batch, &mut |_| Uuid::default());
        let context = judged.context.as_deref().and_then(|text| check_text(text).ok());
        let shared = Shared {
            tenant_id: site.tenant_id,
            site_id: site.site_id,
            received_at_ms: batch.received_at_ms,
            context,
        };
        let mut records = Vec::with_capacity(judged.events.len());
        let mut verdicts = Vec::with_capacity(judged.events.len());
        for event in &judged.events {
            let mut verdict = event.to_verdict();
            if event.event_id == Some(Uuid::default()) {
                reject(&mut verdict, Fault::new(Code::MissingField, "/event_id"));
                verdict.event_id = None;
            }
            if verdict.verdict == Verdict::Accepted {
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
