//! One admitted event, as everything behind the log sees it.

use tidemark_core::consent::Consent;
use tidemark_core::id::Uuid;

/// One admitted event. Absent ids are `None`, absent text is empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// The organisation that owns the event.
    pub tenant_id: Uuid,
    /// The web property.
    pub site_id: Uuid,
    /// The event's own id.
    pub event_id: Uuid,
    /// What happened.
    pub event_name: String,
    /// The catalogue's version that the sender named.
    pub schema_version: String,
    /// When it happened, Unix milliseconds.
    pub occurred_at_ms: i64,
    /// When the edge received it, Unix milliseconds.
    pub received_at_ms: i64,
    /// The visit.
    pub session_id: Option<Uuid>,
    /// The pseudonymous browser.
    pub anonymous_id: Option<Uuid>,
    /// The pseudonymous person.
    pub user_id: String,
    /// web, widget, voice_ws or server.
    pub source: String,
    /// The event's own data, a sanitised JSON object.
    pub attributes: String,
    /// The batch's context under the event's own.
    pub context: Context,
    /// ISO 3166-1 alpha-2, by the edge.
    pub country: String,
    /// Region of the country, by the edge.
    pub region: String,
    /// IPv4 /24 or IPv6 /48, by the edge.
    pub client_ip_prefix: String,
}

/// What surrounded an event: every member of schemas/events/envelope.json's context.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    /// Origin and path.
    pub page_url: String,
    /// The path.
    pub page_path: String,
    /// Origin and path of the page before.
    pub page_referrer: String,
    /// The document's title.
    pub page_title: String,
    /// The User-Agent text.
    pub user_agent: String,
    /// CSS px; 0 when it is not said.
    pub viewport_width: u16,
    /// CSS px; 0 when it is not said.
    pub viewport_height: u16,
    /// CSS px; 0 when it is not said.
    pub screen_width: u16,
    /// CSS px; 0 when it is not said.
    pub screen_height: u16,
    /// BCP 47 language tag.
    pub locale: String,
    /// What the visitor decided.
    pub consent: Consent,
    /// Whether the sender told a consent mode.
    pub consent_mode_said: bool,
    /// Version of the site or app.
    pub app_version: String,
    /// Deployment stage.
    pub environment: String,
    /// The GTM container.
    pub gtm_container_id: String,
    /// utm_source.
    pub campaign_source: String,
    /// utm_medium.
    pub campaign_medium: String,
    /// utm_campaign.
    pub campaign_name: String,
    /// utm_term.
    pub campaign_term: String,
    /// utm_content.
    pub campaign_content: String,
    /// The sender's library.
    pub sdk_name: String,
    /// The library's version.
    pub sdk_version: String,
    /// Event names that the page judges itself.
    pub sdk_detects: Vec<String>,
}
