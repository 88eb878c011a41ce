//! Who may send: each cheap check before the dearer one.

use tidemark_core::judge::Site;
use tidemark_core::verdict::Code;

use super::call::Call;
use super::sites::Sites;
use super::{media, origin, write_key};

/// Judges a call by its head alone, before anything else is looked at: type,
/// encoding and length of its body, and whether it carries one write key. Returns
/// that key, if it stands in the head.
///
/// # Errors
/// The refusal's code.
pub fn by_head(call: &Call) -> Result<Option<&str>, Code> {
    media::check(call)?;
    write_key::resolve(call, None)
}

/// Judges key and origin, as far as the head carries a key.
///
/// # Errors
/// As [`by_batch`].
pub fn by_key<'a>(sites: &'a Sites, call: &Call) -> Result<Option<&'a Site>, Code> {
    write_key::resolve(call, None)?.map(|key| site_of(sites, call, key)).transpose()
}

/// Finds the site of a call, once its batch is read.
///
/// # Errors
/// `write_key_conflict`, `unknown_write_key` (none at all included) or
/// `origin_not_allowed`.
pub fn by_batch<'a>(
    sites: &'a Sites,
    call: &Call,
    key_in_batch: Option<&str>,
) -> Result<&'a Site, Code> {
    let key = write_key::resolve(call, key_in_batch)?.ok_or(Code::UnknownWriteKey)?;
    site_of(sites, call, key)
}

/// Whether a browser may send a call like this one from that page: by the key's
/// site, or, where the preflight carries no key, by any site.
///
/// # Errors
/// `origin_not_allowed` or `unknown_write_key`.
pub fn by_preflight(sites: &Sites, call: &Call) -> Result<(), Code> {
    match write_key::resolve(call, None)? {
        Some(key) => site_of(sites, call, key).map(|_| ()),
        None => match &call.origin {
            Some(origin) if sites.any_site_lists(origin) => Ok(()),
            _ => Err(Code::OriginNotAllowed),
        },
    }
}

fn site_of<'a>(sites: &'a Sites, call: &Call, key: &str) -> Result<&'a Site, Code> {
    let site = sites.site(key).ok_or(Code::UnknownWriteKey)?;
    match &call.origin {
        Some(origin) if !origin::is_listed(&site.origins, origin) => Err(Code::OriginNotAllowed),
        _ => Ok(site),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sites() -> Sites {
        let site = |key, origins| {
            serde_json::json!({ "write_key": key, "origins": origins,
                "tenant_id": "11111111-1111-4111-8111-111111111111",
                "site_id": "22222222-2222-4222-8222-222222222222" })
        };
        let list = serde_json::json!([
            site("wk_a", ["https://a.example"]),
            site("wk_b", ["https://b.example"])
        ]);
        Sites::read(&list.to_string()).unwrap()
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
        let sites = sites();
        let mut wrong = call(Some("wk_x"), Some("https://evil.example"));
        wrong.content_type = None;
        assert_eq!(by_head(&wrong), Err(Code::UnsupportedMediaType));
        wrong.content_type = Some("text/plain".into());
        assert_eq!(by_head(&wrong), Ok(Some("wk_x")));
        assert_eq!(by_key(&sites, &wrong), Err(Code::UnknownWriteKey));
        wrong.query_write_keys = vec!["wk_a".into()];
        assert_eq!(by_key(&sites, &wrong), Err(Code::OriginNotAllowed));
        wrong.origin = Some("https://a.example".into());
        assert_eq!(by_key(&sites, &wrong).unwrap().unwrap().write_key, "wk_a");
    }

    #[test]
    fn a_key_may_wait_for_the_batch() {
        let sites = sites();
        let call = call(None, Some("https://a.example"));
        assert_eq!((by_head(&call), by_key(&sites, &call)), (Ok(None), Ok(None)));
        assert_eq!(by_batch(&sites, &call, Some("wk_a")).unwrap().write_key, "wk_a");
        assert_eq!(by_batch(&sites, &call, Some("wk_b")), Err(Code::OriginNotAllowed));
        assert_eq!(by_batch(&sites, &call, None), Err(Code::UnknownWriteKey));
    }

    #[test]
    fn a_preflight_asks_its_site_or_any() {
        let sites = sites();
        let ask = |key, origin| by_preflight(&sites, &call(key, Some(origin)));
        assert_eq!(ask(Some("wk_a"), "https://a.example"), Ok(()));
        assert_eq!(ask(Some("wk_a"), "https://b.example"), Err(Code::OriginNotAllowed));
        assert_eq!(ask(None, "https://b.example"), Ok(()));
        assert_eq!(ask(None, "https://c.example"), Err(Code::OriginNotAllowed));
        assert_eq!(by_preflight(&sites, &call(None, None)), Err(Code::OriginNotAllowed));
    }
}
