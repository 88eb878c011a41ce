//! The row of `events_raw`, column by column in the table's order.

use std::borrow::Cow;

use clickhouse::Row;
use serde::Serialize;
use uuid::Uuid;

/// One row to insert; text is borrowed from the record.
#[derive(Clone, Debug, Row, Serialize)]
pub struct EventRow<'a> {
    /// The tenant.
    #[serde(with = "clickhouse::serde::uuid")]
    pub tenant_id: Uuid,
    /// The site.
    #[serde(with = "clickhouse::serde::uuid")]
    pub site_id: Uuid,
    /// The event's id.
    #[serde(with = "clickhouse::serde::uuid")]
    pub event_id: Uuid,
    /// What happened.
    pub event_name: &'a str,
    /// The catalogue's version.
    pub schema_version: &'a str,
    /// Unix milliseconds.
    pub occurred_at: i64,
    /// Unix milliseconds.
    pub received_at: i64,
    /// The visit; nil = none.
    #[serde(with = "clickhouse::serde::uuid")]
    pub session_id: Uuid,
    /// The browser; nil = none.
    #[serde(with = "clickhouse::serde::uuid")]
    pub anonymous_id: Uuid,
    /// The person; empty = none.
    pub user_id: &'a str,
    /// The kind of sender.
    pub source: &'a str,
    /// Origin and path.
    pub page_url: &'a str,
    /// Path.
    pub page_path: &'a str,
    /// Origin and path of the page before.
    pub page_referrer: &'a str,
    /// Title.
    pub page_title: &'a str,
    /// User-Agent.
    pub user_agent: &'a str,
    /// CSS px.
    pub viewport_width: u16,
    /// CSS px.
    pub viewport_height: u16,
    /// CSS px.
    pub screen_width: u16,
    /// CSS px.
    pub screen_height: u16,
    /// Language tag.
    pub locale: &'a str,
    /// Consent to analytics.
    pub consent_analytics: Option<bool>,
    /// Consent to advertising.
    pub consent_ads: Option<bool>,
    /// full or cookieless; empty = not said.
    pub consent_mode: &'a str,
    /// Version of the site or app.
    pub app_version: &'a str,
    /// Deployment stage.
    pub environment: &'a str,
    /// The GTM container.
    pub gtm_container_id: &'a str,
    /// utm_source.
    pub campaign_source: &'a str,
    /// utm_medium.
    pub campaign_medium: &'a str,
    /// utm_campaign.
    pub campaign_name: &'a str,
    /// utm_term.
    pub campaign_term: &'a str,
    /// utm_content.
    pub campaign_content: &'a str,
    /// The sender's library.
    pub sdk_name: &'a str,
    /// Its version.
    pub sdk_version: &'a str,
    /// What the page judges itself.
    pub sdk_detects: &'a [String],
    /// Country.
    pub country: &'a str,
    /// Region.
    pub region: &'a str,
    /// Network of the caller.
    pub client_ip_prefix: &'a str,
    /// JSON object.
    pub attributes: Cow<'a, str>,
    /// JSON object; empty = everything fits.
    pub attributes_misfit: String,
    /// Unix seconds.
    pub expires_at: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    const DDL: &str = include_str!("../../../schemas/clickhouse/0001_events_raw.sql");

    #[test]
    fn the_row_has_the_tables_columns_in_its_order() {
        let in_table: Vec<&str> = DDL
            .lines()
            .filter_map(|line| line.strip_prefix("    "))
            .filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()))
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        assert_eq!(in_table, EventRow::COLUMN_NAMES);
        assert!(in_table.len() > 40, "{in_table:?}");
    }
}
