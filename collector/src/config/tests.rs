use super::*;

const FULL: &str = r#"
[server]
listen = "0.0.0.0:9000"
trusted_proxies = ["10.0.0.0/8"]
country_header = "x-country"
[clickhouse]
url = "http://ch:8123"
database = "own"
user = "writer"
password = "p4ssw0rd-of-ch"
reader = "asks"
reader_password = "p4ssw0rd-of-reader"
[[hop.keys]]
id = "k1"
secret = "0123456789abcdef"
[identity]
salt_secret = "a salt for the tests"
[[tenants]]
id = "0190f5f6-7e2a-7c3b-9d4e-5f60718293a4"
slug = "demo"
api_key_sha256 = ["9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08"]
[[tenants.sites]]
id = "0190f5f6-7e2a-7c3b-9d4e-5f60718293a5"
slug = "shop"
write_keys = ["wk_shop"]
origins = ["https://*.shop.example"]
mode = "strict"
when_consent_absent = "drop"
cookieless = true
keep_free_text = false
bots = "flag"
[data]
dir = "/var/lib/tidemark"
[sites]
database = "/etc/tidemark/sites.db"
[schemas]
folder = "schemas"
[retention]
events_days = 30
[log]
level = "debug"
format = "text"
"#;

fn load(file: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let environment = environment.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    Config::from_table(file.parse().unwrap(), environment)
}

fn refusal(file: &str, environment: &[(&str, &str)]) -> String {
    load(file, environment).unwrap_err().to_string()
}

#[test]
fn a_whole_file_is_read() {
    let config = load(FULL, &[]).unwrap();
    assert_eq!(config.server.listen.to_string(), "0.0.0.0:9000");
    assert_eq!(config.clickhouse.url, "http://ch:8123");
    assert_eq!(config.clickhouse.database, "own");
    assert_eq!(config.clickhouse.user, "writer");
    assert_eq!(config.clickhouse.password.reveal(), "p4ssw0rd-of-ch");
    let reader = config.clickhouse.as_reader();
    assert_eq!((&*reader.user, reader.password.reveal()), ("asks", "p4ssw0rd-of-reader"));
    assert_eq!(config.hop.keys[0].id, "k1");
    assert_eq!(config.identity.salt_secret.unwrap().reveal(), "a salt for the tests");
    assert_eq!(config.tenants[0].slug, "demo");
    assert_eq!(config.tenants[0].api_key_sha256[0].0[..4], [0x9f, 0x86, 0xd0, 0x81]);
    assert_eq!(config.retention.events_days, 30);
    assert_eq!((config.log.level.as_str(), config.log.format), ("debug", LogFormat::Text));
}

#[test]
fn an_empty_file_is_one_machine_on_loopback() {
    let config = load("", &[]).unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8090");
    assert_eq!(config.clickhouse.url, "http://127.0.0.1:8123");
    assert_eq!(config.clickhouse.database, "tidemark");
    assert_eq!(config.retention.events_days, 90);
    assert!(config.identity.salt_secret.is_none());
    assert_eq!(config.log.format, LogFormat::Json);
}

#[test]
fn no_secret_is_printed() {
    let printed = format!("{:?}", load(FULL, &[]).unwrap());
    assert!(printed.contains("***"), "{printed}");
    for secret in
        ["p4ssw0rd-of-ch", "p4ssw0rd-of-reader", "0123456789abcdef", "a salt for the tests"]
    {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[test]
fn every_known_key_is_in_the_example_and_in_the_readme() {
    let readme = include_str!("../../README.md");
    for (key, _) in keys::KNOWN {
        let leaf = key.rsplit('.').next().unwrap();
        assert!(FULL.contains(leaf), "{key}");
        assert!(
            readme.contains(&format!("`{key}`")) || *key == "hop.keys" || *key == "tenants",
            "{key}"
        );
    }
}

#[test]
fn unknown_keys_are_named_with_the_nearest_known_one() {
    for (file, expected) in [
        (
            "[clickhouse]\npasword = 'x'",
            "unknown key `clickhouse.pasword`; did you mean `clickhouse.password`?",
        ),
        ("[clickhuose]\nurl = 'x'", "unknown key `clickhuose`; did you mean `clickhouse`?"),
        ("[server]\nport = 1", "unknown key `server.port`; did you mean `server.listen`?"),
        ("listen = 'x'", "unknown key `listen`; did you mean `server.listen`?"),
        ("[hop]\nsecret = 'x'", "unknown key `hop.secret`; did you mean `hop.keys[].secret`?"),
        (
            "[[hop.keys]]\nid = 'a'\nsecrte = 'x'",
            "unknown key `hop.keys[].secrte`; did you mean `hop.keys[].secret`?",
        ),
        ("[tenants_]\n", "unknown key `tenants_`; did you mean `tenants`?"),
        (
            "[sampling]\nrate = 1",
            "unknown key `sampling`; see `tidemark serve --help` for the keys",
        ),
    ] {
        assert_eq!(refusal(file, &[]), expected);
    }
}

#[test]
fn all_unknown_keys_are_told_at_once() {
    let told = refusal("[log]\nlevle = 'x'\nformt = 'y'", &[("TIDEMARK__LOG__COLOUR", "1")]);
    assert_eq!(told.lines().count(), 3, "{told}");
    assert!(
        told.contains("environment variable TIDEMARK__LOG__COLOUR: unknown key `log.colour`"),
        "{told}"
    );
}

#[test]
fn the_environment_stands_above_the_file() {
    let config = load(
        FULL,
        &[
            ("TIDEMARK__SERVER__LISTEN", "127.0.0.1:0"),
            ("TIDEMARK__CLICKHOUSE__PASSWORD", "007"),
            ("TIDEMARK__RETENTION__EVENTS_DAYS", "7"),
            ("TIDEMARK__HOP__KEYS__0__SECRET", "another secret of 16"),
            ("TIDEMARK__HOP__KEYS__1__ID", "k2"),
            ("TIDEMARK__HOP__KEYS__1__SECRET", "the secret of key two"),
            ("TIDEMARK_CACHE", "not ours"),
        ],
    )
    .unwrap();
    assert_eq!(config.server.listen.port(), 0);
    assert_eq!(config.clickhouse.password.reveal(), "007");
    assert_eq!(config.retention.events_days, 7);
    assert_eq!(config.hop.keys[0].secret.reveal(), "another secret of 16");
    assert_eq!(config.hop.keys[1].id, "k2");

    let tenants = r#"[{ id = "0190f5f6-7e2a-7c3b-9d4e-5f60718293a5", slug = "other" }]"#;
    let config = load(FULL, &[("TIDEMARK__TENANTS", tenants)]).unwrap();
    assert_eq!(config.tenants.len(), 1);
    assert_eq!(config.tenants[0].slug, "other");
}

#[test]
fn the_environment_cannot_be_misread() {
    for (name, value, expected) in [
        ("TIDEMARK__RETENTION__EVENTS_DAYS", "many", "the value is not a whole number"),
        ("TIDEMARK__TENANTS", "demo", "the value is not a TOML list"),
        ("TIDEMARK__TENANTS", "[]\nx = 1", "the value is not a TOML list"),
        ("TIDEMARK__HOP__KEYS__3__ID", "k", "the index leaves a gap in the list"),
        ("TIDEMARK__", "x", "unknown key"),
    ] {
        let told = refusal(FULL, &[(name, value)]);
        assert!(told.starts_with("environment variable") && told.contains(expected), "{told}");
    }
}

#[test]
fn values_are_held_against_their_meaning() {
    let tenant =
        |rest: &str| format!("[[tenants]]\nid = '0190f5f6-7e2a-7c3b-9d4e-5f60718293a4'\n{rest}");
    for (file, key) in [
        ("[clickhouse]\nurl = 'https://x'".to_owned(), "clickhouse.url"),
        ("[clickhouse]\nurl = 'http://me:hush@x'".to_owned(), "clickhouse.url"),
        ("[clickhouse]\ndatabase = 'a-b'".to_owned(), "clickhouse.database"),
        ("[clickhouse]\nuser = ''".to_owned(), "clickhouse.user"),
        ("[retention]\nevents_days = 0".to_owned(), "retention.events_days"),
        ("[[hop.keys]]\nid = 'k'\nsecret = 'short'".to_owned(), "hop.keys[0].secret"),
        ("[[hop.keys]]\nid = 'k,1'\nsecret = '0123456789abcdef'".to_owned(), "hop.keys[0].id"),
        ("[identity]\nsalt_secret = ''".to_owned(), "identity.salt_secret"),
        ("[identity]\nsalt_secret = 'short'".to_owned(), "identity.salt_secret"),
        ("[log]\nlevel = 'loud'".to_owned(), "log.level"),
        ("[log]\nlevel = ''".to_owned(), "log.level"),
        ("[log]\nlevel = 'info,tidemark_collector'".to_owned(), "log.level"),
        (tenant("slug = 'A'"), "tenants[0].slug"),
        (tenant("slug = 'a'\n") + &tenant("slug = 'b'"), "tenants[1].id"),
        (
            "[[tenants]]\nid = '00000000-0000-0000-0000-000000000000'\nslug = 'a'".to_owned(),
            "tenants[0].id",
        ),
    ] {
        let told = refusal(&file, &[]);
        assert!(told.starts_with(&format!("{key}: ")), "{file}: {told}");
    }
    let twice = "[[hop.keys]]\nid = 'k'\nsecret = '0123456789abcdef'\n".repeat(2);
    assert!(refusal(&twice, &[]).starts_with("hop.keys[1].id: stands twice"));
}

#[test]
fn a_level_is_a_level_or_directives() {
    for level in ["off", "WARN", "debug", "info, hyper=trace", "info,a[b{c=1,d}]=debug"] {
        let file = format!("[log]\nlevel = '{level}'");
        assert_eq!(load(&file, &[]).unwrap().log.level, level);
    }
    let told = refusal("", &[("TIDEMARK__LOG__LEVEL", "loud")]);
    assert!(told.starts_with("log.level: `loud` is no level; expected off, error"), "{told}");
}

#[test]
fn a_value_that_does_not_fit_names_its_key() {
    let tenant = "[[tenants]]\nslug = 'a'\n";
    for (file, expected) in [
        ("[server]\nlisten = 5".to_owned(), "server.listen: invalid type: integer `5`"),
        ("[server]\nlisten = 'nope'".to_owned(), "server.listen: invalid socket address syntax"),
        ("server = 5".to_owned(), "server: invalid type: integer `5`"),
        (tenant.to_owned() + "id = 'demo'", "tenants[0].id: UUID parsing failed"),
        (tenant.to_owned(), "tenants[0]: missing field `id`"),
        ("[log]\nformat = 'xml'".to_owned(), "log.format: unknown variant `xml`"),
        ("[retention]\nevents_days = 70000".to_owned(), "retention.events_days: "),
        ("[clickhouse]\npassword = 4711".to_owned(), "clickhouse.password: expected text"),
        ("[identity]\nsalt_secret = 4711".to_owned(), "identity.salt_secret: expected text"),
    ] {
        let told = refusal(&file, &[]);
        assert!(told.starts_with(expected) && !told.contains("4711"), "{file}: {told}");
    }
    let told = refusal("", &[("TIDEMARK__SERVER__LISTEN", "nope")]);
    assert!(told.starts_with("server.listen: "), "{told}");
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("tidemark.toml");
    for (file, line) in [
        ("[server\n", 1),
        ("[clickhouse]\n\npassword = hush\n", 3),
        ("[log]\nlevel = 'info'\nlevel = 'debug'\n", 3),
    ] {
        std::fs::write(&path, file).unwrap();
        let told = Config::load(&path, []).unwrap_err().to_string();
        let place = format!("{}, line {line}: not TOML: ", path.display());
        assert!(told.starts_with(&place) && !told.contains("hush"), "{told}");
    }
}

#[test]
fn a_wrong_type_does_not_quote_a_secret() {
    let told = refusal(
        "[[tenants]]\nid = '0190f5f6-7e2a-7c3b-9d4e-5f60718293a4'\nslug = 'a'\napi_key_sha256 = ['tm_secret_key']",
        &[],
    );
    assert!(told.starts_with("tenants[0].api_key_sha256[0]: "), "{told}");
    assert!(told.contains("64 hex digits") && !told.contains("tm_secret_key"), "{told}");
}
