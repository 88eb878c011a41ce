//! What stands behind admission: a log, or for now a write-through.

use std::sync::Arc;

use super::sink::{Entries, Sink};
use crate::log::append::{self, AppendError, Fullness, Outcome};
use crate::log::{self, Record as Owned};
use crate::record::{Context, Record, Rejection};
use crate::refusal::Refused;

/// Where a process puts what it has admitted.
#[derive(Clone)]
pub enum Storage {
    /// A durable log.
    Log(Arc<dyn append::EventLog>),
    /// Straight into ClickHouse, without a log: rejections are counted alone.
    WriteThrough(Arc<dyn log::EventLog>),
}

/// What is collected for one batch.
pub(super) enum Collected {
    Entries(Entries),
    Records(Records),
}

/// What became of a batch that was appended.
#[derive(Debug, Default)]
pub(super) struct Appended {
    /// One outcome an event, in order.
    pub(super) outcomes: Vec<Outcome>,
    /// Attribute values that did not fit their column.
    pub(super) misfits: u64,
}

impl Storage {
    /// An empty collection for one batch.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub(super) fn collect(&self) -> Result<Collected, Refused> {
        match self {
            Self::Log(log) => {
                let mut random = [0; 16];
                getrandom::fill(&mut random)
                    .map_err(|error| Refused::NotStored(Box::new(error)))?;
                Ok(Collected::Entries(Entries::new(log.lanes(), random)))
            }
            Self::WriteThrough(_) => Ok(Collected::Records(Records::default())),
        }
    }

    /// Appends what was collected; nothing is asked of the log for nothing.
    ///
    /// # Errors
    /// `store_unavailable` or `overloaded`: nothing is claimed.
    pub(super) async fn append(&self, collected: Collected) -> Result<Appended, Refused> {
        match (self, collected) {
            (Self::Log(log), Collected::Entries(batch)) if !batch.entries.is_empty() => {
                let Entries { entries, is_event, misfits, .. } = batch;
                let outcomes = log.append(entries).await.map_err(refused)?;
                let events = outcomes.into_iter().zip(is_event).filter(|(_, is_event)| *is_event);
                Ok(Appended { outcomes: events.map(|(outcome, _)| outcome).collect(), misfits })
            }
            (Self::WriteThrough(log), Collected::Records(records)) if !records.0.is_empty() => {
                let receipt = log
                    .append(records.0)
                    .await
                    .map_err(|error| Refused::NotStored(error.into()))?;
                let outcomes = receipt.outcomes.into_iter().map(|outcome| match outcome {
                    log::Outcome::Stored => Outcome::Stored,
                });
                Ok(Appended { outcomes: outcomes.collect(), misfits: 0 })
            }
            _ => Ok(Appended::default()),
        }
    }
}

/// What a sender is told of a log that does not take its batch.
fn refused(error: AppendError) -> Refused {
    match error {
        AppendError::Full(Fullness::Queue) => Refused::Overloaded,
        AppendError::Full(_)
        | AppendError::Failed(_)
        | AppendError::NotReady
        | AppendError::Closed
        | AppendError::Unfit(_) => Refused::NotStored(error.into()),
    }
}

impl Sink for Collected {
    fn event(&mut self, record: &Record<'_>) {
        match self {
            Self::Entries(entries) => entries.event(record),
            Self::Records(records) => records.event(record),
        }
    }

    fn rejection(&mut self, rejection: &Rejection<'_>) {
        match self {
            Self::Entries(entries) => entries.rejection(rejection),
            Self::Records(records) => records.rejection(rejection),
        }
    }
}

/// Records of their own, for the write-through.
#[derive(Debug, Default)]
pub(super) struct Records(Vec<Owned>);

impl Sink for Records {
    fn event(&mut self, record: &Record<'_>) {
        let text = |text: &str| text.to_owned();
        self.0.push(Owned {
            tenant_id: record.tenant_id,
            site_id: record.site_id,
            event_id: record.event_id,
            event_name: text(&record.event_name),
            schema_version: text(&record.schema_version),
            occurred_at_ms: record.occurred_at_ms,
            received_at_ms: record.received_at_ms,
            session_id: record.session_id,
            anonymous_id: record.anonymous_id,
            user_id: text(&record.user_id),
            source: text(&record.source),
            attributes: text(record.attributes.map_or("{}", |attributes| attributes.raw())),
            context: owned(&record.context),
            country: text(&record.country),
            region: text(&record.region),
            client_ip_prefix: text(&record.client_ip_prefix),
        });
    }

    fn rejection(&mut self, _: &Rejection<'_>) {}
}

fn owned(context: &Context<'_>) -> log::Context {
    let text = |text: &str| text.to_owned();
    log::Context {
        page_url: text(&context.page_url),
        page_path: text(&context.page_path),
        page_referrer: text(&context.page_referrer),
        page_title: text(&context.page_title),
        user_agent: text(&context.user_agent),
        viewport_width: context.viewport_width,
        viewport_height: context.viewport_height,
        screen_width: context.screen_width,
        screen_height: context.screen_height,
        locale: text(&context.locale),
        consent: context.consent,
        consent_mode_said: context.consent_mode_said,
        app_version: text(&context.app_version),
        environment: text(&context.environment),
        gtm_container_id: text(&context.gtm_container_id),
        campaign_source: text(&context.campaign_source),
        campaign_medium: text(&context.campaign_medium),
        campaign_name: text(&context.campaign_name),
        campaign_term: text(&context.campaign_term),
        campaign_content: text(&context.campaign_content),
        sdk_name: text(&context.sdk_name),
        sdk_version: text(&context.sdk_version),
        sdk_detects: context.sdk_detects.iter().map(|name| text(name)).collect(),
    }
}
