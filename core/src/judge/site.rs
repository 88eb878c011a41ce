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
}
