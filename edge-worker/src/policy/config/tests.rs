use std::collections::BTreeMap;

use super::*;

const SITES: &str = r#"[{"write_key":"wk_a","tenant_id":"11111111-1111-4111-8111-111111111111",
    "site_id":"22222222-2222-4222-8222-222222222222","tenant":"demo","site":"shop",
    "origins":["http://127.0.0.1:8080","https://*.shop.example"],"mode":"strict",
    "when_consent_absent":"drop","cookieless":true,"keep_free_text":true}]"#;

fn read(changes: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let mut all = BTreeMap::from([
        ("TIDEMARK_SITES", SITES),
        ("TIDEMARK_COLLECTOR_URL", "http://127.0.0.1:8090/"),
        ("TIDEMARK_HOP_KEY_ID", "k1"),
        ("TIDEMARK_HOP_SECRET", "s3cret"),
    ]);
    all.extend(changes.iter().copied());
    Config::read(&|name| all.get(name).map(|value| String::from(*value)))
}

#[test]
fn settings_are_read() {
    let config = read(&[]).unwrap();
    assert_eq!(config.ingest_url, "http://127.0.0.1:8090/internal/v1/ingest");
    assert_eq!(config.site_list_url, "http://127.0.0.1:8090/internal/v1/sites");
    assert_eq!(config.fixed_sites.as_ref().unwrap().site("wk_a").unwrap().site, "shop");
    assert!(read(&[("TIDEMARK_SITES", "")]).unwrap().fixed_sites.is_none(), "the collector's");
    assert_eq!((config.sites_fresh_ms, config.body_deadline_ms), (30_000, 10_000));
    assert_eq!(config.client_ip_header, "x-forwarded-for");
    let here = std::net::IpAddr::from([127, 0, 0, 1]);
    assert!(!config.proxies.trusts(here));
    assert!(
        read(&[("TIDEMARK_TRUSTED_PROXIES", "10.0.0.0/8, ::1,127.0.0.1")])
            .unwrap()
            .proxies
            .trusts(here)
    );
    assert_eq!((config.collector_deadline_ms, config.claim_lease_ms), (10_000, 13_000));
    assert!(!config.metrics);
    assert_eq!(config.dedupe_shards, 128);
    assert_eq!(read(&[("TIDEMARK_DEDUPE_SHARDS", "32")]).unwrap().dedupe_shards, 32);
}

#[test]
fn what_is_wrong_is_named() {
    for (binding, value, part) in [
        ("TIDEMARK_SITES", "{", "is malformed"),
        ("TIDEMARK_COLLECTOR_URL", "127.0.0.1:8090", "http(s)"),
        ("TIDEMARK_COLLECTOR_URL", "https://c.example/path", "http(s)"),
        ("TIDEMARK_COLLECTOR_URL", "https://u:p@c.example", "http(s)"),
        ("TIDEMARK_HOP_KEY_ID", "a,b", "letters"),
        ("TIDEMARK_HOP_SECRET", "", "is not set"),
        ("TIDEMARK_COLLECTOR_DEADLINE_MS", "1s", "whole number"),
        ("TIDEMARK_COLLECTOR_DEADLINE_MS", "99", "from 100 to 60000"),
        ("TIDEMARK_SITES_REFRESH_S", "0", "from 1 to 3600"),
        ("TIDEMARK_BODY_DEADLINE_MS", "1", "from 100"),
        ("TIDEMARK_TRUSTED_PROXIES", "10.0.0.0/8,proxy", "`proxy`"),
        ("TIDEMARK_METRICS", "yes", "neither"),
        ("TIDEMARK_DEDUPE_SHARDS", "0", "power of two"),
        ("TIDEMARK_DEDUPE_SHARDS", "33", "power of two"),
        ("TIDEMARK_DEDUPE_SHARDS", "2048", "from 1 to 1024"),
    ] {
        let error = read(&[(binding, value)]).unwrap_err();
        assert_eq!(error.binding, binding);
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn a_secret_is_never_told() {
    let config = format!("{:?}", read(&[]).unwrap());
    assert!(!config.contains("s3cret") && !config.contains("115, 51"), "{config}");
}

#[test]
fn the_window_has_bounds() {
    assert_eq!(dedupe_window_ms(&|_| None), Ok(WINDOW_MS));
    assert_eq!(dedupe_window_ms(&|_| Some("2".into())), Ok(2_000));
    for wrong in ["0", "-1", "777601", "x"] {
        assert!(dedupe_window_ms(&|_| Some(wrong.into())).is_err(), "{wrong}");
    }
}
