//! Reads what the runtime knows of a caller.

use worker::Request;
use worker::js_sys::Reflect;
use worker::wasm_bindgen::JsValue;

use crate::policy::caller::{Caller, Heard, find};
use crate::policy::config::Config;

/// Finds where a call came from. `cf` is read member by member, because workerd
/// has one with nothing but the connection's other end.
pub(super) fn of(request: &Request, config: &Config) -> Caller {
    let member = |of: &JsValue, name: &str| Reflect::get(of, &JsValue::from_str(name)).ok();
    let cf = member(request.inner(), "cf").filter(JsValue::is_object);
    let text = |name| cf.as_ref().and_then(|cf| member(cf, name)).and_then(|v| v.as_string());
    let header = |name: &str| request.headers().get(name).ok().flatten();
    let peer = text("clientIp");
    let (country, region) = (text("country"), text("regionCode"));
    let connecting_ip = header("cf-connecting-ip");
    let forwarded = header(&config.client_ip_header);
    let told_country = config.country_header.as_deref().and_then(header);
    let heard = Heard {
        is_cloudflare: text("colo").is_some(),
        peer: peer.as_deref(),
        cf_connecting_ip: connecting_ip.as_deref(),
        cf_country: country.as_deref(),
        cf_region: region.as_deref(),
        forwarded: forwarded.as_deref(),
        country: told_country.as_deref(),
    };
    find(&heard, &config.proxies)
}
