//! The columns of a payload's row, in their order, and how one value is written.

/// The columns of `events_raw` that an event's payload holds, in its order. The
/// widths of the first eight are fixed, so that they are read without walking.
pub const EVENT_COLUMNS: [&str; 44] = [
    "tenant_id",
    "site_id",
    "event_id",
    "session_id",
    "anonymous_id",
    "occurred_at",
    "received_at",
    "expires_at",
    "event_name",
    "user_id",
    "page_path",
    "screen",
    "page_url",
    "page_referrer",
    "page_title",
    "schema_version",
    "source",
    "user_agent",
    "viewport_width",
    "viewport_height",
    "screen_width",
    "screen_height",
    "locale",
    "consent_analytics",
    "consent_ads",
    "consent_mode",
    "app_version",
    "environment",
    "gtm_container_id",
    "campaign_source",
    "campaign_medium",
    "campaign_name",
    "campaign_term",
    "campaign_content",
    "sdk_name",
    "sdk_version",
    "sdk_detects",
    "country",
    "region",
    "client_ip_prefix",
    "attributes_misfit",
    "attributes",
    "flags",
    "device_class",
];

/// What a row of version 1 lacks of [`EVENT_COLUMNS`]: no flags, and no class.
pub(super) const SINCE_VERSION_1: &[u8] = &[0, 0];

/// The columns of `rejected_events` that a rejection's payload holds.
pub const REJECTION_COLUMNS: [&str; 9] = [
    "tenant_id",
    "site_id",
    "event_id",
    "received_at",
    "expires_at",
    "verdict",
    "code",
    "pointer",
    "hop",
];

/// Appends an unsigned LEB128, ClickHouse's `VarUInt`.
pub(super) fn push_var(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a `String`: its length and its bytes. Most columns of most events are empty.
#[inline]
pub(super) fn push_text(out: &mut Vec<u8>, text: &str) {
    push_var(out, text.len());
    if !text.is_empty() {
        out.extend_from_slice(text.as_bytes());
    }
}

/// Appends a `UUID`: two little-endian halves, the first one first.
pub(super) fn push_uuid(out: &mut Vec<u8>, uuid: [u8; 16]) {
    out.extend_from_slice(&swap_halves(uuid));
}

/// Between a UUID's own bytes and ClickHouse's; its own inverse.
pub(super) const fn swap_halves(uuid: [u8; 16]) -> [u8; 16] {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = uuid;
    [h, g, f, e, d, c, b, a, p, o, n, m, l, k, j, i]
}

/// Appends a `Nullable(Bool)`.
pub(super) fn push_truth(out: &mut Vec<u8>, truth: Option<bool>) {
    match truth {
        Some(truth) => out.extend_from_slice(&[0, u8::from(truth)]),
        None => out.push(1),
    }
}
