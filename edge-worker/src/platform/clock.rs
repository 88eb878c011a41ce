//! The runtime's clock.

use worker::js_sys::Date;

/// Unix milliseconds. On Cloudflare it stands still while a call computes, and
/// moves with each answer that is waited for.
pub(super) fn now_ms() -> i64 {
    Date::now() as i64
}
