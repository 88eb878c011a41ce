//! What is known of a call before its body is read.

use tidemark_core::endpoint::agent::{self, Heard};
use tidemark_core::noticed::DeviceClass;

/// A call's head, as owned text.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// The method, in upper case.
    pub method: String,
    /// The URL's path.
    pub path: String,
    /// Every `write_key` parameter, decoded.
    pub query_write_keys: Vec<String>,
    /// `Authorization`.
    pub authorization: Option<String>,
    /// `Origin`: absent where no page sends.
    pub origin: Option<String>,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Content-Encoding`; without one, the parameter `encoding`.
    pub content_encoding: Option<String>,
    /// `Content-Length`, in bytes.
    pub content_length: Option<u64>,
    /// `Idempotency-Key`: stands for a batch_id where the body has none.
    pub idempotency_key: Option<String>,
    /// `If-None-Match`.
    pub if_none_match: Option<String>,
    /// `Accept-Encoding`.
    pub accept_encoding: Option<String>,
    /// `Upgrade`: what a WebSocket's handshake asks for.
    pub upgrade: Option<String>,
    /// `User-Agent`.
    pub user_agent: Option<String>,
    /// `Sec-CH-UA-Mobile`.
    pub hint_mobile: Option<String>,
    /// `Sec-CH-UA-Platform`.
    pub hint_platform: Option<String>,
    /// `Sec-GPC`.
    pub sec_gpc: Option<String>,
    /// What the runtime knows of the caller.
    pub runtime: Runtime,
}

/// What the runtime itself tells of a caller, in `cf`; workerd has one with nothing but
/// the connection's other end.
#[derive(Clone, Debug, Default)]
pub struct Runtime {
    /// Cloudflare's data centre: absent anywhere else.
    pub colo: Option<String>,
    /// The other end of the connection, where workerd hosts itself.
    pub client_ip: Option<String>,
    /// Cloudflare's country.
    pub country: Option<String>,
    /// Cloudflare's region.
    pub region: Option<String>,
    /// `CF-Connecting-IP`: anybody's word, but on Cloudflare.
    pub cf_connecting_ip: Option<String>,
}

impl Call {
    /// The kind of device that it comes from, as far as its head tells.
    pub fn device_class(&self) -> DeviceClass {
        agent::class_of(&Heard {
            user_agent: self.user_agent.as_deref(),
            mobile: self.hint_mobile.as_deref(),
            platform: self.hint_platform.as_deref(),
            is_page: self.origin.is_some(),
        })
    }
}

/// Splits a request's URL into its path and its query, both as they are written.
/// Works on the text alone, so that no odd `Host` can make it fail.
pub fn path_and_query(url: &str) -> (&str, &str) {
    let behind_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let from = behind_scheme.find(['/', '?', '#']).unwrap_or(behind_scheme.len());
    let (_, local) = behind_scheme.split_at(from);
    let local = local.split_once('#').map_or(local, |(before, _)| before);
    let (path, query) = local.split_once('?').unwrap_or((local, ""));
    (if path.is_empty() { "/" } else { path }, query)
}

#[cfg(test)]
mod tests {
    use super::path_and_query;

    #[test]
    fn urls_are_split() {
        for (url, expected) in [
            ("https://a.example/v1/events?write_key=a&b", ("/v1/events", "write_key=a&b")),
            ("http://127.0.0.1:8787/sdk/a.js", ("/sdk/a.js", "")),
            ("http://a.example", ("/", "")),
            ("http://a.example?x#y", ("/", "x")),
            ("http://a.example/p#q?r", ("/p", "")),
            ("http://[broken/p?q=http://b.example/?c", ("/p", "q=http://b.example/?c")),
            ("", ("/", "")),
        ] {
            assert_eq!(path_and_query(url), expected, "{url}");
        }
    }
}
