//! A site's settings, as far as they decide about events.

use alloc::string::String;
use alloc::vec::Vec;

use crate::id::Uuid;

/// What a site takes besides its catalogue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "catalogue", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "catalogue", serde(rename_all = "snake_case"))]
pub enum NamePolicy {
    /// Any event name; unknown ones are held against envelope and limits only.
    #[default]
    Open,
    /// Only events of the catalogue.
    Strict,
}

/// What becomes of an event that tells no consent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "catalogue", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "catalogue", serde(rename_all = "snake_case"))]
pub enum WhenConsentAbsent {
    /// It is taken: servers have asked elsewhere.
    #[default]
    Accept,
    /// It is dropped.
    Drop,
}

/// What becomes of events that an automated client sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "catalogue", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "catalogue", serde(rename_all = "snake_case"))]
pub enum BotPolicy {
    /// They are taken, and flagged.
    #[default]
    Flag,
    /// They are dropped.
    Drop,
}

impl BotPolicy {
    /// Whether nothing is said.
    pub const fn is_default(&self) -> bool {
        matches!(self, Self::Flag)
    }
}

/// How many events a site takes; `None` leaves it to the one who limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "catalogue", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "catalogue", serde(deny_unknown_fields))]
pub struct SiteLimits {
    /// Events of the whole tenant in a minute.
    #[cfg_attr(feature = "catalogue", serde(default, skip_serializing_if = "Option::is_none"))]
    pub tenant_events_per_minute: Option<u32>,
    /// Events of one person of the site in a minute.
    #[cfg_attr(feature = "catalogue", serde(default, skip_serializing_if = "Option::is_none"))]
    pub person_events_per_minute: Option<u32>,
}

impl SiteLimits {
    /// Whether nothing is said.
    pub const fn is_empty(&self) -> bool {
        self.tenant_events_per_minute.is_none() && self.person_events_per_minute.is_none()
    }
}

/// What a site tells its pages (thresholds, exemptions, switches): the text of a
/// JSON object, or empty for none. No judge reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageSettings(pub String);

impl PageSettings {
    /// Whether nothing is said.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(feature = "catalogue")]
impl serde::Serialize for PageSettings {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = if self.0.is_empty() { "{}" } else { &self.0 };
        serde_json::from_str::<serde_json::Value>(text)
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

#[cfg(feature = "catalogue")]
impl<'de> serde::Deserialize<'de> for PageSettings {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = serde_json::Map::<String, serde_json::Value>::deserialize(deserializer)?;
        if object.is_empty() {
            return Ok(Self::default());
        }
        serde_json::to_string(&object).map(Self).map_err(serde::de::Error::custom)
    }
}

/// One site of a tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "catalogue", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "catalogue", serde(deny_unknown_fields))]
pub struct Site {
    /// The organisation that owns the data.
    pub tenant_id: Uuid,
    /// The site.
    pub site_id: Uuid,
    /// The tenant's slug.
    #[cfg_attr(feature = "catalogue", serde(default))]
    pub tenant: String,
    /// The site's slug.
    #[cfg_attr(feature = "catalogue", serde(default))]
    pub site: String,
    /// The public key that may send to it.
    pub write_key: String,
    /// Origins whose pages may send: exact (`https://shop.example`) or with a
    /// wildcard for subdomains (`https://*.shop.example`).
    #[cfg_attr(feature = "catalogue", serde(default))]
    pub origins: Vec<String>,
    /// `mode`: what it takes besides the catalogue.
    #[cfg_attr(feature = "catalogue", serde(default, rename = "mode"))]
    pub names: NamePolicy,
    /// What becomes of an event that tells no consent.
    #[cfg_attr(feature = "catalogue", serde(default))]
    pub when_consent_absent: WhenConsentAbsent,
    /// Whether visitors without consent are counted without ids.
    #[cfg_attr(feature = "catalogue", serde(default))]
    pub cookieless: bool,
    /// Whether free text that people typed is kept.
    #[cfg_attr(feature = "catalogue", serde(default))]
    pub keep_free_text: bool,
    /// What becomes of automated traffic.
    #[cfg_attr(
        feature = "catalogue",
        serde(default, skip_serializing_if = "BotPolicy::is_default")
    )]
    pub bots: BotPolicy,
    /// How many events it takes.
    #[cfg_attr(
        feature = "catalogue",
        serde(default, skip_serializing_if = "SiteLimits::is_empty")
    )]
    pub limits: SiteLimits,
    /// What it tells its pages.
    #[cfg_attr(
        feature = "catalogue",
        serde(default, skip_serializing_if = "PageSettings::is_empty")
    )]
    pub settings: PageSettings,
}
