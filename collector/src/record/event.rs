//! One admitted event, before it is written down.

use std::borrow::Cow;

use tidemark_core::consent::Consent;
use tidemark_core::id::Uuid;
use tidemark_core::json::Node;
use tidemark_core::noticed::{DeviceClass, Flags};

/// Seconds of a day.
const DAY_SECS: i64 = 86_400;

/// One admitted event. Absent ids are `None`, absent text is empty.
#[derive(Clone, Debug, Default)]
pub struct Record<'a> {
    /// The organisation that owns the event.
    pub tenant_id: Uuid,
    /// The web property.
    pub site_id: Uuid,
    /// The event's own id.
    pub event_id: Uuid,
    /// What happened.
    pub event_name: Cow<'a, str>,
    /// The catalogue's version that the sender named.
    pub schema_version: Cow<'a, str>,
    /// When it happened, Unix milliseconds.
    pub occurred_at_ms: i64,
    /// When the edge received it, Unix milliseconds.
    pub received_at_ms: i64,
    /// When the row may be deleted, Unix seconds; see [`expires_at`].
    pub expires_at: u32,
    /// The visit.
    pub session_id: Option<Uuid>,
    /// The pseudonymous browser.
    pub anonymous_id: Option<Uuid>,
    /// The pseudonymous person.
    pub user_id: Cow<'a, str>,
    /// web, widget, voice_ws or server.
    pub source: Cow<'a, str>,
    /// The event's own data, a sanitised object of checked JSON; `None` is `{}`.
    pub attributes: Option<Node<'a, 'a>>,
    /// The batch's context under the event's own.
    pub context: Context<'a>,
    /// ISO 3166-1 alpha-2, by the edge.
    pub country: Cow<'a, str>,
    /// Region of the country, by the edge.
    pub region: Cow<'a, str>,
    /// IPv4 /24 or IPv6 /48, by the edge.
    pub client_ip_prefix: Cow<'a, str>,
    /// What was noticed about it, by the edge.
    pub flags: Flags,
    /// The kind of device that it came from, by the edge.
    pub device_class: Option<DeviceClass>,
}

/// What surrounded an event: every member of schemas/events/envelope.json's context.
#[derive(Clone, Debug, Default)]
pub struct Context<'a> {
    /// Origin and path.
    pub page_url: Cow<'a, str>,
    /// The path.
    pub page_path: Cow<'a, str>,
    /// Origin and path of the page before.
    pub page_referrer: Cow<'a, str>,
    /// The document's title.
    pub page_title: Cow<'a, str>,
    /// The User-Agent text.
    pub user_agent: Cow<'a, str>,
    /// CSS px; 0 when it is not said.
    pub viewport_width: u16,
    /// CSS px; 0 when it is not said.
    pub viewport_height: u16,
    /// CSS px; 0 when it is not said.
    pub screen_width: u16,
    /// CSS px; 0 when it is not said.
    pub screen_height: u16,
    /// BCP 47 language tag.
    pub locale: Cow<'a, str>,
    /// What the visitor decided.
    pub consent: Consent,
    /// Whether the sender told a consent mode.
    pub consent_mode_said: bool,
    /// Version of the site or app.
    pub app_version: Cow<'a, str>,
    /// Deployment stage.
    pub environment: Cow<'a, str>,
    /// The GTM container.
    pub gtm_container_id: Cow<'a, str>,
    /// utm_source.
    pub campaign_source: Cow<'a, str>,
    /// utm_medium.
    pub campaign_medium: Cow<'a, str>,
    /// utm_campaign.
    pub campaign_name: Cow<'a, str>,
    /// utm_term.
    pub campaign_term: Cow<'a, str>,
    /// utm_content.
    pub campaign_content: Cow<'a, str>,
    /// The sender's library.
    pub sdk_name: Cow<'a, str>,
    /// The library's version.
    pub sdk_version: Cow<'a, str>,
    /// Event names that the page judges itself.
    pub sdk_detects: Vec<Cow<'a, str>>,
}

/// When a row that was received then, under a retention of so many days, may be
/// deleted: Unix seconds, saturating, as the column ends in 2106.
pub fn expires_at(received_at_ms: i64, retention_days: u16) -> u32 {
    let secs = received_at_ms.div_euclid(1000) + i64::from(retention_days) * DAY_SECS;
    u32::try_from(secs.max(0)).unwrap_or(u32::MAX)
}
