//! Who may send: each cheap check before the dearer one.

use tidemark_core::judge::Site;
use tidemark_core::verdict::Code;

use super::call::Call;
use super::config::Config;
use super::{media, origin, write_key};

/// Judges a call by its head alone, before its body is read: type, encoding,
/// length, and, as far as the head carries a key, key and origin.
///
/// # Errors
/// The refusal's code.
pub fn by_head(config: &Config, call: &Call) -> Result<(), Code> {
    media::check(call)?;
    match write_key::resolve(call, None)? {
        Some(key) => site_of(config, call, key).map(|_| ()),
        None => Ok(()),
    }
}

/// Finds the site of a call, once its batch is read.
///
/// # Errors
/// `write_key_conflict`, `unknown_write_key` (none at all included) or
/// `origin_not_allowed`.
pub fn by_batch<'a>(
    config: &'a Config,
    call: &Call,
    key_in_batch: Option<&str>,
) -> Result<&'a Site, Code> {
    let key = write_key::resolve(call, key_in_batch)?.ok_or(Code::UnknownWriteKey)?;
    site_of(config, call, key)
}

/// Whether a browser may send a call like this one from that page: by the key's
/// site, or, where the preflight carries no key, by any site.
///
/// # Errors
/// `origin_not_allowed` or `unknown_write_key`.
pub fn by_preflight(config: &Config, call: &Call) -> Result<(), Code> {
    match write_key::resolve(call, None)? {
        Some(key) => site_of(config, call, key).map(|_| ()),
        None => match &call.origin {
            Some(origin) if config.any_site_lists(origin) => Ok(()),
            _ => Err(Code::OriginNotAllowed),
        },
    }
}

fn site_of<'a>(config: &'a Config, call: &Call, key: &str) -> Result<&'a Site, Code> {
    let site = config.site(key).ok_or(Code::UnknownWriteKey)?;
    match &call.origin {
        Some(origin) if !origin::is_listed(&site.origins, origin) => Err(Code::OriginNotAllowed),
        _ => Ok(site),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        let site = |key, origins| {
            serde_json::json!({ "write_key": key, "origins": origins,
                "tenant_id": "11111111-1111-4111-8111-111111111111",
                "site_id": "22222222-2222-4222-8222-222222222222" })
        };
        let sites = serde_json::json!([
            site("wk_a", ["https://a.example"]),
            site("wk_b", ["https://b.example"])
        ]);
        Config::read(&|name| {
            Some(match name {
                "TIDEMARK_SITES" => sites.to_string(),
                "TIDEMARK_COLLECTOR_URL" => "http://127.0.0.1:1".into(),
                "TIDEMARK_HOP_KEY_ID" | "TIDEMARK_HOP_SECRET" => "x".into(),
                _ => return None,
            })
        })
        .unwrap()
    }

    fn call(key: Option<&str>, origin: Option<&str>) -> Call {
        Call {
            query_write_keys: key.map(String::from).into_iter().collect(),
            origin: origin.map(String::from),
            content_type: Some("text/plain".into()),
            ..Call::default()
        }
    }

    #[test]
    fn the_cheapest_check_speaks_first() {
        let config = config();
        let mut wrong = call(Some("wk_x"), Some("https://evil.example"));
        wrong.content_type = None;
        assert_eq!(by_head(&config, &wrong), Err(Code::UnsupportedMediaType));
        wrong.content_type = Some("text/plain".into());
        assert_eq!(by_head(&config, &wrong), Err(Code::UnknownWriteKey));
        wrong.query_write_keys = vec!["wk_a".into()];
        assert_eq!(by_head(&config, &wrong), Err(Code::OriginNotAllowed));
        wrong.origin = Some("https://a.example".into());
        assert_eq!(by_head(&config, &wrong), Ok(()));
    }

    #[test]
    fn a_key_may_wait_for_the_batch() {
        let config = config();
        let call = call(None, Some("https://a.example"));
        assert_eq!(by_head(&config, &call), Ok(()));
        assert_eq!(by_batch(&config, &call, Some("wk_a")).unwrap().write_key, "wk_a");
        assert_eq!(by_batch(&config, &call, Some("wk_b")), Err(Code::OriginNotAllowed));
        assert_eq!(by_batch(&config, &call, None), Err(Code::UnknownWriteKey));
    }

    #[test]
    fn a_preflight_asks_its_site_or_any() {
        let config = config();
        let ask = |key, origin| by_preflight(&config, &call(key, Some(origin)));
        assert_eq!(ask(Some("wk_a"), "https://a.example"), Ok(()));
        assert_eq!(ask(Some("wk_a"), "https://b.example"), Err(Code::OriginNotAllowed));
        assert_eq!(ask(None, "https://b.example"), Ok(()));
        assert_eq!(ask(None, "https://c.example"), Err(Code::OriginNotAllowed));
        assert_eq!(by_preflight(&config, &call(None, None)), Err(Code::OriginNotAllowed));
    }
}
