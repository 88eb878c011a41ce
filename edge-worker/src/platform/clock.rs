//! The runtime's clock.

use worker::Date;

/// Unix milliseconds. On Cloudflare it stands still while a call computes, and
/// moves with each answer that is waited for.
pub(super) fn now_ms() -> i64 {
    i64::try_from(Date::now().as_millis()).unwrap_or(i64::MAX)
}
