//! Small copies that outlive an isolate, in KV. Where KV is absent or away, an
//! isolate asks for what it needs.

use worker::Env;

use super::log;

/// KV's binding.
const BINDING: &str = "COPIES";

/// What is kept under a name.
pub(super) async fn get(env: &Env, name: &str) -> Option<String> {
    let kept = env.kv(BINDING).ok()?.get(name).text().await;
    kept.unwrap_or_else(|error| {
        log::error("kv_away", &[("detail", &error.to_string())]);
        None
    })
}

/// Keeps something under a name, if that is possible.
pub(super) async fn put(env: &Env, name: &str, text: &str) {
    let Ok(kv) = env.kv(BINDING) else { return };
    let kept = match kv.put(name, text) {
        Ok(put) => put.execute().await,
        Err(error) => Err(error),
    };
    if let Err(error) = kept {
        log::error("kv_away", &[("detail", &error.to_string())]);
    }
}
