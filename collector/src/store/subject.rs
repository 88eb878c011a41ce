//! What `export-user` hands out of each table that is keyed by a person, with states
//! merged into numbers. [`super::Person`] is how an erasure names one.

use uuid::Uuid;

use super::client::{ClickHouse, within};
use super::error::StoreError;
use super::export::ExportStream;
use crate::limits::QUERY_TIMEOUT;

/// Browsers of one person that are looked for. Nobody has as many; a shared kiosk has
/// more than one person.
const COMPANIONS_MAX: usize = 1_000;

/// A person, as rows name one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The forms of the user_id that may be stored: as it was given, and hashed.
    pub user_ids: Vec<String>,
    /// The visitor's ids: of rows without a user_id.
    pub anonymous_ids: Vec<Uuid>,
}

/// A table that is keyed by a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectTable {
    /// The person's events.
    EventsRaw,
    /// The person's days.
    UserAnalyticsSummary,
    /// The consent states that the person's events carried.
    ConsentLedger,
}

impl SubjectTable {
    /// Every such table.
    pub const ALL: [Self; 3] = [Self::EventsRaw, Self::UserAnalyticsSummary, Self::ConsentLedger];

    /// Its name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EventsRaw => "events_raw",
            Self::UserAnalyticsSummary => "user_analytics_summary",
            Self::ConsentLedger => "consent_ledger",
        }
    }

    /// The statement, with `?` for the tenant, the user_ids and the anonymous_ids.
    const fn statement(self) -> &'static str {
        match self {
            Self::EventsRaw => {
                "SELECT * FROM events_raw WHERE tenant_id = toUUID(?) \
                 AND (user_id != '' AND user_id IN ? OR user_id = '' AND toString(anonymous_id) IN ?) \
                 ORDER BY occurred_at, event_id"
            }
            Self::UserAnalyticsSummary => {
                "SELECT site_id, user_id, anonymous_id, date, sum(s.total_events) AS total_events, \
                 sum(s.chat_interactions) AS chat_interactions, \
                 sum(s.threads_created) AS threads_created, \
                 sum(s.feature_interactions) AS feature_interactions, \
                 sum(s.total_tokens_consumed) AS total_tokens_consumed, \
                 avgMerge(s.avg_response_time) AS avg_response_time \
                 FROM user_analytics_summary AS s WHERE tenant_id = toUUID(?) AND NOT is_mark \
                 AND (user_id != '' AND user_id IN ? OR user_id = '' AND toString(anonymous_id) IN ?) \
                 GROUP BY site_id, user_id, anonymous_id, date ORDER BY date"
            }
            Self::ConsentLedger => {
                "SELECT site_id, user_id, anonymous_id, consent_analytics, consent_ads, \
                 consent_mode, min(l.first_seen) AS first_seen, max(l.last_seen) AS last_seen, \
                 sum(l.events) AS events \
                 FROM consent_ledger AS l WHERE tenant_id = toUUID(?) AND NOT is_mark \
                 AND (user_id != '' AND user_id IN ? OR user_id = '' AND toString(anonymous_id) IN ?) \
                 GROUP BY site_id, user_id, anonymous_id, consent_analytics, consent_ads, consent_mode \
                 ORDER BY first_seen"
            }
        }
    }
}

impl ClickHouse {
    /// The visitors that were seen with these user_ids and with no other: what such a
    /// browser did before it was told who uses it is the person's as well.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn companions(
        &self,
        tenant_id: Uuid,
        user_ids: &[String],
    ) -> Result<Vec<Uuid>, StoreError> {
        let question = self
            .client()
            .query(
                "SELECT toString(anonymous_id) FROM events_raw WHERE tenant_id = toUUID(?) \
                 AND user_id != '' AND anonymous_id != toUUID('00000000-0000-0000-0000-000000000000') \
                 AND anonymous_id IN (SELECT anonymous_id FROM events_raw \
                 WHERE tenant_id = toUUID(?) AND user_id != '' AND user_id IN ?) \
                 GROUP BY anonymous_id HAVING countIf(user_id NOT IN ?) = 0 \
                 ORDER BY anonymous_id LIMIT ?",
            )
            .bind(tenant_id.to_string())
            .bind(tenant_id.to_string())
            .bind(user_ids)
            .bind(user_ids)
            .bind(COMPANIONS_MAX)
            .fetch_all::<String>();
        let found = within(QUERY_TIMEOUT, question).await?;
        Ok(found.iter().filter_map(|id| Uuid::parse_str(id).ok()).collect())
    }

    /// Begins to read a person's rows of a table, one JSON object a line.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn subject_rows(
        &self,
        table: SubjectTable,
        tenant_id: Uuid,
        subject: &Subject,
    ) -> Result<ExportStream, StoreError> {
        // An empty list is no list to ClickHouse. The empty text, which means "none",
        // stands for it: the statements ask for it apart.
        let mut user_ids = subject.user_ids.clone();
        if user_ids.is_empty() {
            user_ids.push(String::new());
        }
        let mut anonymous_ids: Vec<_> = subject.anonymous_ids.iter().map(Uuid::to_string).collect();
        if anonymous_ids.is_empty() {
            anonymous_ids.push(String::new());
        }
        let cursor = self
            .client()
            .query(table.statement())
            .bind(tenant_id.to_string())
            .bind(user_ids)
            .bind(anonymous_ids)
            .with_setting("date_time_output_format", "iso")
            .with_setting("output_format_json_quote_64bit_integers", "0")
            .fetch_bytes("JSONEachRow")?;
        Ok(ExportStream::new(cursor))
    }
}
