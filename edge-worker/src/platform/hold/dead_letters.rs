//! Bodies that no collector takes: kept in R2 for a person to look at.

use worker::Env;

use crate::platform::{count, log, now_ms};
use crate::policy::counters::Redelivery;
use crate::policy::hold::held::Held;
use tidemark_core::time::format_rfc3339;

/// The bucket's binding.
const BINDING: &str = "DEAD_LETTERS";

/// Whether there is a bucket at all.
pub(super) fn is_bound(env: &Env) -> bool {
    env.bucket(BINDING).is_ok()
}

/// Puts one under `v1/<tenant>/<day>/<id>`, the bytes as they were held. Whether the
/// bucket took it.
pub(super) async fn put(env: &Env, id: &str, bytes: &[u8]) -> bool {
    let key = key(id, bytes, now_ms());
    let put = match env.bucket(BINDING) {
        Ok(bucket) => bucket.put(key, bytes.to_vec()).execute().await.map(|_| ()),
        Err(error) => Err(error),
    };
    match put {
        Ok(()) => {
            log::error("hold_dead_letter", &[("id", id)]);
            let events = Held::from_bytes(bytes).map_or(0, |held| held.events);
            count::dead_letter(events);
            true
        }
        Err(error) => {
            log::error("hold_dead_letter_failed", &[("detail", &error.to_string())]);
            count::redelivery(Redelivery::DeadLetterFailed);
            false
        }
    }
}

fn key(id: &str, bytes: &[u8], now_ms: i64) -> String {
    let tenant = match Held::from_bytes(bytes) {
        Ok(held) => held.tenant_id.to_string(),
        Err(_) => String::from("unreadable"),
    };
    let mut time = String::new();
    format_rfc3339(now_ms, &mut time);
    let day = time.split('T').next().unwrap_or_default();
    format!("v1/{tenant}/{day}/{id}")
}
