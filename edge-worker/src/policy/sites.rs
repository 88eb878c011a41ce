//! The sites that may send, by write key, and the schemas of their tenants.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use tidemark_core::judge::Site;

use super::origin;
use super::own_schemas::{OwnSchemas, Row};

/// Every site and write key that holds now: the collector's list, or the setting
/// `TIDEMARK_SITES`, which has the same shape.
#[derive(Clone, Debug, Default)]
pub struct Sites {
    by_key: BTreeMap<String, Site>,
    listed_origins: BTreeSet<String>,
    /// What the tenants' own events are held against.
    pub own_schemas: OwnSchemas,
}

/// A list with schemas; without them it is the array of the sites.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WithSchemas<'a> {
    sites: Vec<Site>,
    #[serde(borrow)]
    schemas: Vec<Row<'a>>,
}

impl Sites {
    /// Reads a list.
    ///
    /// # Errors
    /// What is wrong, in words that follow the list's name. A list is taken whole
    /// or not at all.
    pub fn read(json: &str) -> Result<Self, String> {
        // serde names the field and the place, which are not secret; write keys are
        // public.
        let malformed = |error: serde_json::Error| format!("is malformed: {error}");
        let list = if json.trim_start().starts_with('[') {
            let sites = serde_json::from_str(json).map_err(malformed)?;
            WithSchemas { sites, schemas: Vec::new() }
        } else {
            serde_json::from_str(json).map_err(malformed)?
        };
        let own_schemas = OwnSchemas::compile(&list.schemas)?;
        let mut sites = Self { own_schemas, ..Self::default() };
        for site in list.sites {
            if site.write_key.is_empty() {
                return Err(format!("has no write_key for site `{}`", site.site));
            }
            if let Some(wrong) = site.origins.iter().find(|listed| !origin::is_well_formed(listed))
            {
                return Err(format!("lists `{wrong}`, which is no origin"));
            }
            sites.listed_origins.extend(site.origins.iter().cloned());
            if let Some(twin) = sites.by_key.insert(site.write_key.clone(), site) {
                return Err(format!("has the write_key of site `{}` twice", twin.site));
            }
        }
        Ok(sites)
    }

    /// The site of a write key.
    pub fn site(&self, write_key: &str) -> Option<&Site> {
        self.by_key.get(write_key)
    }

    /// Whether any site lists an origin: all that can be asked where a preflight
    /// carries no key.
    pub fn any_site_lists(&self, origin: &str) -> bool {
        self.listed_origins.contains(origin)
            || self.by_key.values().any(|site| origin::is_listed(&site.origins, origin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITES: &str = r#"[{"write_key":"wk_a","tenant_id":"11111111-1111-4111-8111-111111111111",
        "site_id":"22222222-2222-4222-8222-222222222222","tenant":"demo","site":"shop",
        "origins":["http://127.0.0.1:8080","https://*.shop.example"],"mode":"strict",
        "when_consent_absent":"drop","cookieless":true,"keep_free_text":true}]"#;

    #[test]
    fn sites_are_found_by_key_and_by_origin() {
        let sites = Sites::read(SITES).unwrap();
        assert_eq!(sites.site("wk_a").unwrap().site, "shop");
        assert!(sites.site("wk_b").is_none());
        assert!(sites.any_site_lists("http://127.0.0.1:8080"));
        assert!(sites.any_site_lists("https://a.shop.example"));
        assert!(!sites.any_site_lists("https://shop.example"));
        assert!(Sites::read("[]").unwrap().by_key.is_empty());
        let with = format!(r#"{{"sites":{SITES},"schemas":[]}}"#);
        assert_eq!(Sites::read(&with).unwrap().site("wk_a").unwrap().site, "shop");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let twice = SITES.replace("}]", "},{") + SITES.trim_start_matches("[{");
        for (list, part) in [
            ("{", "is malformed"),
            ("{}", "is malformed"),
            (r#"[{"write_key":"a"}]"#, "tenant_id"),
            (&SITES.replace("origins", "orgins"), "orgins"),
            (r#"{"sites":[],"schemas":[{"name":"a","schema":{}}]}"#, "cannot be used"),
            (&SITES.replace("wk_a", ""), "no write_key"),
            (&SITES.replace(":8080", ":8080/"), "no origin"),
            (&twice, "twice"),
        ] {
            let problem = Sites::read(list).unwrap_err();
            assert!(problem.contains(part), "{problem}");
        }
    }
}
