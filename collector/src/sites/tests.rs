//! The directory over a real file.

use tempfile::TempDir;
use tidemark_core::id::Uuid;
use tidemark_core::judge::{NamePolicy, Site as JudgedSite};

use super::*;
use crate::config::{Config, DeclaredTenant};
use crate::schemas::Listed;

const NOW_MS: i64 = 1_795_250_285_123;
const TENANT: Uuid = Uuid([1; 16]);
const SITE: Uuid = Uuid([2; 16]);

async fn database() -> (TempDir, Database) {
    let folder = TempDir::new().unwrap();
    let database = Database::open(&folder.path().join("sites.db")).await.unwrap();
    (folder, database)
}

fn slug<T: Default>(slug: &str, change: impl Fn(&mut T, String)) -> T {
    let mut made = T::default();
    change(&mut made, slug.to_owned());
    made
}

fn tenant_named(name: &str) -> TenantChange {
    slug(name, |change: &mut TenantChange, slug| change.slug = Some(slug))
}

fn site_named(name: &str) -> SiteChange {
    slug(name, |change: &mut SiteChange, slug| change.slug = Some(slug))
}

async fn acme(database: &Database) -> (Tenant, Site) {
    let tenant = database.create_tenant(TENANT, tenant_named("acme"), NOW_MS).await.unwrap();
    let change = SiteChange {
        origins: Some(vec!["https://*.acme.example".to_owned()]),
        ..site_named("shop")
    };
    let site = database.create_site(SITE, &tenant, change, NOW_MS).await.unwrap();
    (tenant, site)
}

fn declared(toml: &str) -> Vec<DeclaredTenant> {
    Config::from_table(toml.parse().unwrap(), []).unwrap().tenants
}

#[tokio::test]
async fn what_is_made_is_found_by_id_and_by_name() {
    let (_folder, database) = database().await;
    let (tenant, site) = acme(&database).await;
    assert_eq!(database.tenant("acme").await.unwrap(), tenant);
    assert_eq!(database.tenant(&TENANT.to_string()).await.unwrap(), tenant);
    assert_eq!(database.site("acme/shop").await.unwrap(), site);
    assert_eq!(database.site(&SITE.to_string()).await.unwrap(), site);
    for wrong in ["shop", "acme/", "/shop", "other/shop"] {
        let told = database.site(wrong).await.unwrap_err().to_string();
        assert!(told.contains(&format!("no site `{wrong}`")) && told.contains("sites list"));
    }
}

#[tokio::test]
async fn a_change_leaves_the_rest_and_moves_the_version() {
    let (_folder, database) = database().await;
    let (_, site) = acme(&database).await;
    let before = database.version().await.unwrap();
    let change = SiteChange {
        mode: Some(NamePolicy::Strict),
        person_events_per_minute: Some(Some(60)),
        settings: serde_json::from_str(r#"{"switches":{"rage_clicks":false}}"#).ok(),
        ..SiteChange::default()
    };
    let changed = database.update_site("acme/shop", change, NOW_MS + 5).await.unwrap();
    assert_eq!(changed, database.site("acme/shop").await.unwrap());
    assert_eq!(changed.origins, site.origins);
    assert_eq!((changed.mode, changed.person_events_per_minute), (NamePolicy::Strict, Some(60)));
    assert_eq!(changed.settings.0, r#"{"switches":{"rage_clicks":false}}"#);
    assert_eq!((changed.created_at_ms, changed.updated_at_ms), (NOW_MS, NOW_MS + 5));
    assert_eq!(database.version().await.unwrap(), before + 1);
    let again = SiteChange { person_events_per_minute: Some(None), ..SiteChange::default() };
    let changed = database.update_site("acme/shop", again, NOW_MS).await.unwrap();
    assert_eq!(changed.person_events_per_minute, None);
}

#[tokio::test]
async fn what_means_nothing_is_refused_with_its_field() {
    let (_folder, database) = database().await;
    let (tenant, _) = acme(&database).await;
    let taken = database.create_tenant(Uuid([9; 16]), tenant_named("acme"), NOW_MS).await;
    assert!(taken.unwrap_err().to_string().contains("tenant `acme` exists"));
    let taken = database.create_site(Uuid([9; 16]), &tenant, site_named("shop"), NOW_MS).await;
    assert!(taken.unwrap_err().to_string().contains("site `acme/shop` exists"));
    for (change, field) in [
        (site_named(""), "slug"),
        (site_named("Shop"), "slug"),
        (site_named(&SITE.to_string()), "slug"),
        (SiteChange { origins: Some(vec!["acme.example".into()]), ..site_named("b") }, "origins"),
        (SiteChange { name: Some("a\nb".into()), ..site_named("b") }, "name"),
        (SiteChange { person_events_per_minute: Some(Some(0)), ..site_named("b") }, "person_"),
    ] {
        let told = database.create_site(Uuid([9; 16]), &tenant, change, NOW_MS).await;
        let told = told.unwrap_err().to_string();
        assert!(told.starts_with(field), "{told}");
    }
    assert_eq!(database.sites().await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_api_key_is_kept_as_a_digest_alone() {
    let (folder, database) = database().await;
    let (tenant, _) = acme(&database).await;
    let scopes: Scopes = "read,export".parse().unwrap();
    let (key, text) =
        database.create_api_key(Uuid([3; 16]), &tenant, scopes, "for CI", NOW_MS).await.unwrap();
    let none = database.create_api_key(Uuid([4; 16]), &tenant, Scopes::default(), "", NOW_MS);
    assert!(none.await.unwrap_err().to_string().starts_with("scopes"));
    assert_eq!(database.api_key(&key.prefix).await.unwrap().id, key.id);

    let sites = Sites::new(database).await.unwrap();
    let directory = sites.directory();
    let reader = directory.reader(text.as_bytes(), NOW_MS).unwrap();
    assert_eq!(reader.tenant_id, TENANT);
    assert!(reader.may(Scope::Read) && reader.may(Scope::Export));
    assert!(!reader.may(Scope::Erase) && !reader.may(Scope::Admin));
    for wrong in [&text[..66], &format!("{text} "), "", &key.prefix] {
        assert!(directory.reader(wrong.as_bytes(), NOW_MS).is_none(), "{wrong}");
    }
    sites.close().await;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()));
    }
}

#[tokio::test]
async fn a_key_ends_when_it_is_revoked_and_not_before() {
    let (_folder, database) = database().await;
    let (_, site) = acme(&database).await;
    let make = async |number| {
        let id = Uuid([number; 16]);
        database.create_write_key(id, &site, "", NOW_MS).await.unwrap()
    };
    let (old, new) = (make(5).await, make(6).await);
    let sites = Sites::new(database.clone()).await.unwrap();
    database.revoke_key(old.id, NOW_MS + 100).await.unwrap();
    assert!(sites.directory().sender(&old.write_key, NOW_MS + 100).is_some(), "not heard yet");
    sites.refresh().await.unwrap();
    let directory = sites.directory();
    assert!(directory.sender(&old.write_key, NOW_MS + 99).is_some());
    assert!(directory.sender(&old.write_key, NOW_MS + 100).is_none());
    let sender = directory.sender(&new.write_key, NOW_MS + 100).unwrap();
    assert_eq!((sender.site.tenant_id, sender.site.site_id), (TENANT, SITE));
    // It may end earlier than it was told, never later.
    let later = database.revoke_key(old.id, NOW_MS + 200).await.unwrap_err();
    assert!(later.to_string().contains("revoked already"), "{later}");
    database.revoke_key(old.id, NOW_MS + 50).await.unwrap();
}

#[tokio::test]
async fn use_is_noted_and_is_no_change() {
    let (_folder, database) = database().await;
    let (_, site) = acme(&database).await;
    let key = database.create_write_key(Uuid([5; 16]), &site, "", NOW_MS).await.unwrap();
    let sites = Sites::new(database.clone()).await.unwrap();
    sites.directory().sender(&key.write_key, NOW_MS + 7).unwrap();
    let version = database.version().await.unwrap();
    // A change of something else replaces the directory, uses and all.
    database.update_tenant("acme", tenant_named("acme"), NOW_MS).await.unwrap();
    sites.refresh().await.unwrap();
    let noted = database.write_key(&key.write_key).await.unwrap().last_used_at_ms;
    assert_eq!(noted, Some(NOW_MS + 7));
    assert_eq!(database.version().await.unwrap(), version + 1, "the change, and not the use");
}

#[tokio::test]
async fn the_edge_reads_the_list_as_its_own_setting() {
    let (_folder, database) = database().await;
    let (_, site) = acme(&database).await;
    let key = database.create_write_key(Uuid([5; 16]), &site, "", NOW_MS).await.unwrap();
    let gone = database.create_write_key(Uuid([6; 16]), &site, "", NOW_MS).await.unwrap();
    database.revoke_key(gone.id, NOW_MS).await.unwrap();
    let sites = Sites::new(database.clone()).await.unwrap();
    let list = EdgeList::of(&sites.directory(), &[], NOW_MS).unwrap();
    let read: Vec<JudgedSite> = serde_json::from_str(&list.body).unwrap();
    assert_eq!(read.len(), 1);
    assert_eq!((read[0].write_key.as_str(), read[0].site.as_str()), (&*key.write_key, "shop"));
    assert_eq!(read[0].origins, ["https://*.acme.example"]);
    assert_eq!(EdgeList::of(&sites.directory(), &[], NOW_MS + 1).unwrap().etag, list.etag);

    let schemas = [Listed {
        tenant_id: Some(site.tenant_id),
        name: "order_placed".into(),
        text: r#"{ "type": "object" }"#.into(),
    }];
    let more = EdgeList::of(&sites.directory(), &schemas, NOW_MS).unwrap();
    assert_ne!(more.etag, list.etag);
    let row = format!(
        r#""schemas":[{{"tenant_id":"{}","name":"order_placed","schema":{{ "type": "object" }}}}]"#,
        site.tenant_id
    );
    assert_eq!(more.body, format!(r#"{{"sites":{},{row}}}"#, list.body), "the text as it is");

    database.update_site("acme/shop", site_named("store"), NOW_MS).await.unwrap();
    sites.refresh().await.unwrap();
    assert_ne!(EdgeList::of(&sites.directory(), &[], NOW_MS).unwrap().etag, list.etag);
}

#[tokio::test]
async fn what_is_declared_is_laid_in_and_taken_back() {
    let (_folder, database) = database().await;
    let file = |slug: &str, keys: &str, digest: char| {
        format!(
            "[[tenants]]\nid = \"{TENANT}\"\nslug = \"{slug}\"\napi_key_sha256 = [\"{}\"]\n\
             [[tenants.sites]]\nid = \"{SITE}\"\nslug = \"shop\"\nwrite_keys = [{keys}]\n\
             origins = [\"https://a.example\"]\ncookieless = true\n",
            digest.to_string().repeat(64)
        )
    };
    let lay = async |text: &str| declare(&database, &declared(text), NOW_MS).await;
    lay(&file("acme", "\"wk_one\", \"wk_two\"", 'a')).await.unwrap();
    lay(&file("acme", "\"wk_one\", \"wk_two\"", 'a')).await.unwrap();
    assert_eq!(database.write_keys().await.unwrap().len(), 2, "once, however often it is read");
    let made = database.site("acme/shop").await.unwrap();
    assert!(made.cookieless);
    let own = database.create_write_key(Uuid([7; 16]), &made, "", NOW_MS).await.unwrap();

    lay(&file("acme-two", "\"wk_two\"", 'b')).await.unwrap();
    let sites = Sites::new(database.clone()).await.unwrap();
    let directory = sites.directory();
    let sends = |key: &str| directory.sender(key, NOW_MS + 1).is_some();
    assert_eq!(["wk_one", "wk_two", &own.write_key].map(sends), [false, true, true]);
    assert_eq!(directory.tenant(TENANT).unwrap().slug, "acme-two");
    let keys = database.api_keys().await.unwrap();
    let live: Vec<_> = keys.iter().filter(|key| key.revoked_at_ms.is_none()).collect();
    assert_eq!((keys.len(), live.len()), (2, 1));
    assert!(live[0].digest.matches(&KeyDigest([0xbb; 32])));

    // What was revoked stays so, and nothing of a refused declaration remains.
    lay(&file("acme", "\"wk_one\"", 'a')).await.unwrap();
    let stolen = file("acme", "\"wk_one\"", 'a').replace(&SITE.to_string(), &TENANT.to_string());
    let told = lay(&stolen.replace("\"shop\"", "\"other\"")).await.unwrap_err().to_string();
    assert!(told.contains("belongs to another site"), "{told}");
    assert_eq!(database.sites().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let (folder, database) = database().await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (99, 'later', 1, x'00', 0)",
    )
    .execute(&database.pool)
    .await
    .unwrap();
    database.close().await;
    let told = Database::open(&folder.path().join("sites.db")).await.unwrap_err();
    assert!(told.to_string().contains("does not fit this version"), "{told}");
}

#[tokio::test]
async fn two_processes_change_it_one_after_the_other() {
    let (folder, one) = database().await;
    let two = Database::open(&folder.path().join("sites.db")).await.unwrap();
    let many = async |database: &Database, from: u8| {
        for number in from..from + 20 {
            let change = tenant_named(&format!("t{number}"));
            database.create_tenant(Uuid([number; 16]), change, NOW_MS).await.unwrap();
        }
    };
    tokio::join!(many(&one, 10), many(&two, 100));
    assert_eq!(one.tenants().await.unwrap().len(), 40);
    assert_eq!(two.version().await.unwrap(), 40);
}
