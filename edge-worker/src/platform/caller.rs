//! Reads what is known of a caller.

use worker::web_sys::Request;

use crate::policy::call::Call;
use crate::policy::caller::{Caller, Heard, find};
use crate::policy::config::Config;

/// Finds where a call came from.
pub(super) fn of(request: &Request, call: &Call, config: &Config) -> Caller {
    let told = &call.runtime;
    let is_cloudflare = told.colo.is_some();
    // Headers of one's own proxies count for nothing on Cloudflare.
    // Elsewhere they are read where there are proxies to be believed.
    let is_behind_proxies = !is_cloudflare && !config.proxies.is_empty();
    let header =
        |name: &str| request.headers().get(name).ok().flatten().filter(|_| is_behind_proxies);
    let forwarded = Some(config.client_ip_header.as_str()).and_then(header);
    let told_country = config.country_header.as_deref().and_then(header);
    let heard = Heard {
        is_cloudflare,
        peer: told.client_ip.as_deref(),
        cf_connecting_ip: told.cf_connecting_ip.as_deref(),
        cf_country: told.country.as_deref(),
        cf_region: told.region.as_deref(),
        forwarded: forwarded.as_deref(),
        country: told_country.as_deref(),
    };
    find(&heard, &config.proxies)
}
