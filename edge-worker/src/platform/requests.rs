//! How many calls one address may make to one site, by the runtime's own binding.
//!
//! It counts in the machine that takes the call: cheap, and not exact, which is
//! enough against a flood. Where there is none, or it does not answer, calls pass,
//! counted.

use tidemark_core::judge::Site;
use tidemark_core::verdict::Code;
use worker::Env;
use worker::js_sys::{Function, Object, Promise, Reflect};
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::JsFuture;

use super::admit::Sender;
use super::count;
use crate::policy::answer::Refused;
use crate::policy::counters::Front;

/// The binding's name. Its limit and period stand in wrangler.toml.
pub(super) const BINDING: &str = "REQUESTS";

/// When a refused caller is told to come back: the binding's period.
const RETRY_AFTER_S: u32 = 60;

impl Sender<'_> {
    /// Counts this call at the site.
    ///
    /// # Errors
    /// `rate_limited` when its address has made too many.
    pub(super) async fn pass_requests(&self, site: &Site) -> Result<(), Refused> {
        let Some(address) = self.caller.address else {
            count::front(Front::RequestsAway);
            return Ok(());
        };
        let outcome = match self.settings.has_request_limit {
            true => limit(self.env, &format!("{}/{address}", site.site_id)).await,
            false => None,
        };
        count::front(match outcome {
            Some(true) => Front::RequestsPassed,
            Some(false) => Front::RequestsOver,
            None => Front::RequestsAway,
        });
        if outcome == Some(false) {
            let refused = Refused::from(Code::RateLimited);
            return Err(Refused { retry_after_s: Some(RETRY_AFTER_S), ..refused });
        }
        Ok(())
    }
}

/// Whether the binding lets a key pass; `None` when nobody says. Called by hand,
/// because `Env::rate_limiter` wants a class that only Cloudflare has.
async fn limit(env: &Env, key: &str) -> Option<bool> {
    let get = |of: &JsValue, name: &str| Reflect::get(of, &JsValue::from_str(name)).ok();
    let binding = get(env, BINDING).filter(JsValue::is_object)?;
    let limit: Function = get(&binding, "limit")?.dyn_into().ok()?;
    let options = Object::new();
    Reflect::set(&options, &JsValue::from_str("key"), &JsValue::from_str(key)).ok()?;
    let promise: Promise = limit.call1(&binding, &options).ok()?.dyn_into().ok()?;
    let outcome = JsFuture::from(promise).await.ok()?;
    get(&outcome, "success")?.as_bool()
}
