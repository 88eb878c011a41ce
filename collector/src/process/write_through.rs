//! The present log: a batch goes straight into ClickHouse, and the caller waits.

use std::sync::Arc;
use std::time::Instant;

use uuid::Uuid;

use crate::log::{AppendError, Appending, Context, EventLog, Outcome, Receipt, Record};
use crate::metrics::{InsertFailure, Metrics};
use crate::store::{ClickHouse, EventRow, SchemaGate, StoreError, fit};

use tidemark_core::consent::Mode;

/// Seconds of a day.
const DAY_SECS: i64 = 86_400;

/// Writes each append through to `events_raw` by one insert. See
/// [`crate::log`] for what that promises.
pub struct WriteThrough {
    store: ClickHouse,
    gate: Arc<SchemaGate>,
    metrics: Arc<Metrics>,
    retention_days: u16,
}

impl WriteThrough {
    /// Writes into `store` while `gate` is open; rows expire `retention_days`
    /// after they were received.
    pub const fn new(
        store: ClickHouse,
        gate: Arc<SchemaGate>,
        metrics: Arc<Metrics>,
        retention_days: u16,
    ) -> Self {
        Self { store, gate, metrics, retention_days }
    }

    async fn write(&self, records: &[Record]) -> Result<Receipt, AppendError> {
        if !self.gate.is_open() {
            return Err(AppendError::NotReady);
        }
        let mut misfits = 0;
        let rows: Vec<EventRow<'_>> = records
            .iter()
            .map(|record| {
                let (row, unfit) = row(record, self.retention_days);
                misfits += unfit;
                row
            })
            .collect();
        let begun = Instant::now();
        match self.store.insert_events(&rows).await {
            Ok(()) => {
                self.metrics.inserted(begun.elapsed());
                self.metrics.misfits(misfits);
                Ok(Receipt { outcomes: vec![Outcome::Stored; records.len()] })
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    fn failed(&self, error: StoreError) -> AppendError {
        match error {
            StoreError::Unavailable(_) => {
                self.metrics.insert_failed(InsertFailure::Unavailable);
                AppendError::Unavailable(Box::new(error))
            }
            StoreError::SchemaMissing(_) => {
                self.gate.shut();
                self.metrics.insert_failed(InsertFailure::Refused);
                AppendError::Refused(Box::new(error))
            }
            StoreError::Refused(_) | StoreError::Misunderstood(_) | StoreError::Migration(_) => {
                self.metrics.insert_failed(InsertFailure::Refused);
                AppendError::Refused(Box::new(error))
            }
        }
    }
}

impl EventLog for WriteThrough {
    fn append(&self, records: Vec<Record>) -> Appending<'_> {
        Box::pin(async move { self.write(&records).await })
    }
}

/// The row of a record, and how many attribute values do not fit their column.
fn row(record: &Record, retention_days: u16) -> (EventRow<'_>, u64) {
    let attributes = fit(&record.attributes);
    let context: &Context = &record.context;
    let row = EventRow {
        tenant_id: Uuid::from_bytes(record.tenant_id.0),
        site_id: Uuid::from_bytes(record.site_id.0),
        event_id: Uuid::from_bytes(record.event_id.0),
        event_name: &record.event_name,
        schema_version: &record.schema_version,
        occurred_at: record.occurred_at_ms,
        received_at: record.received_at_ms,
        session_id: record.session_id.map_or(Uuid::nil(), |id| Uuid::from_bytes(id.0)),
        anonymous_id: record.anonymous_id.map_or(Uuid::nil(), |id| Uuid::from_bytes(id.0)),
        user_id: &record.user_id,
        source: &record.source,
        page_url: &context.page_url,
        page_path: &context.page_path,
        page_referrer: &context.page_referrer,
        page_title: &context.page_title,
        user_agent: &context.user_agent,
        viewport_width: context.viewport_width,
        viewport_height: context.viewport_height,
        screen_width: context.screen_width,
        screen_height: context.screen_height,
        locale: &context.locale,
        consent_analytics: context.consent.analytics,
        consent_ads: context.consent.ads,
        consent_mode: match (context.consent_mode_said, context.consent.mode) {
            (false, _) => "",
            (true, Mode::Full) => "full",
            (true, Mode::Cookieless) => "cookieless",
        },
        app_version: &context.app_version,
        environment: &context.environment,
        gtm_container_id: &context.gtm_container_id,
        campaign_source: &context.campaign_source,
        campaign_medium: &context.campaign_medium,
        campaign_name: &context.campaign_name,
        campaign_term: &context.campaign_term,
        campaign_content: &context.campaign_content,
        sdk_name: &context.sdk_name,
        sdk_version: &context.sdk_version,
        sdk_detects: &context.sdk_detects,
        country: &record.country,
        region: &record.region,
        client_ip_prefix: &record.client_ip_prefix,
        attributes: attributes.attributes,
        attributes_misfit: attributes.misfit,
        expires_at: expires_at(record.received_at_ms, retention_days),
    };
    (row, attributes.misfits)
}

/// Unix seconds; saturating, as the column ends in 2106.
fn expires_at(received_at_ms: i64, retention_days: u16) -> u32 {
    let secs = received_at_ms.div_euclid(1000) + i64::from(retention_days) * DAY_SECS;
    u32::try_from(secs.max(0)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_expire_by_when_they_were_received() {
        assert_eq!(expires_at(1_767_323_045_678, 90), 1_767_323_045 + 90 * 86_400);
        assert_eq!(expires_at(i64::MAX / 2, 90), u32::MAX);
    }

    #[test]
    fn absent_ids_are_nil_and_misfits_are_counted() {
        let record = Record { attributes: r#"{"cost":"x"}"#.into(), ..Record::default() };
        let (row, misfits) = row(&record, 1);
        assert!(row.session_id.is_nil() && row.anonymous_id.is_nil());
        assert_eq!(
            (row.attributes.as_ref(), row.attributes_misfit.as_str()),
            ("{}", r#"{"cost":"x"}"#)
        );
        assert_eq!(misfits, 1);
        assert_eq!(row.consent_mode, "");
    }
}
