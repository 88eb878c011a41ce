//! Which keys there are, and what an unknown one probably means.

use toml::{Table, Value};

use crate::spelling::distance;

/// What a key holds, which decides how an environment variable's text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// Text, taken as it stands.
    Text,
    /// A whole number.
    Number,
    /// true or false.
    Switch,
    /// A list, written as TOML: `["a", "b"]`.
    List,
}

/// Every key, with `[]` for "each of the list".
pub(super) const KNOWN: &[(&str, Holds)] = &[
    ("server.listen", Holds::Text),
    ("server.trusted_proxies", Holds::List),
    ("server.country_header", Holds::Text),
    ("clickhouse.url", Holds::Text),
    ("clickhouse.database", Holds::Text),
    ("clickhouse.user", Holds::Text),
    ("clickhouse.password", Holds::Text),
    ("clickhouse.reader", Holds::Text),
    ("clickhouse.reader_password", Holds::Text),
    ("hop.keys", Holds::List),
    ("hop.keys[].id", Holds::Text),
    ("hop.keys[].secret", Holds::Text),
    ("identity.salt_secret", Holds::Text),
    ("data.dir", Holds::Text),
    ("sites.database", Holds::Text),
    ("schemas.folder", Holds::Text),
    ("tenants", Holds::List),
    ("tenants[].id", Holds::Text),
    ("tenants[].slug", Holds::Text),
    ("tenants[].api_key_sha256", Holds::List),
    ("tenants[].sites", Holds::List),
    ("tenants[].sites[].id", Holds::Text),
    ("tenants[].sites[].slug", Holds::Text),
    ("tenants[].sites[].write_keys", Holds::List),
    ("tenants[].sites[].origins", Holds::List),
    ("tenants[].sites[].mode", Holds::Text),
    ("tenants[].sites[].when_consent_absent", Holds::Text),
    ("tenants[].sites[].cookieless", Holds::Switch),
    ("tenants[].sites[].keep_free_text", Holds::Switch),
    ("tenants[].sites[].bots", Holds::Text),
    ("retention.events_days", Holds::Number),
    ("log.level", Holds::Text),
    ("log.format", Holds::Text),
];

/// Names that are used elsewhere for the same thing, and are too far from ours
/// to be found by spelling. A key that we rename is listed here as well.
const MEANT: &[(&str, &str)] = &[
    ("server.address", "server.listen"),
    ("server.bind", "server.listen"),
    ("server.host", "server.listen"),
    ("server.port", "server.listen"),
    ("clickhouse.dsn", "clickhouse.url"),
    ("clickhouse.endpoint", "clickhouse.url"),
    ("clickhouse.host", "clickhouse.url"),
    ("clickhouse.db", "clickhouse.database"),
    ("hop.keys[].key", "hop.keys[].secret"),
    ("hop.keys[].name", "hop.keys[].id"),
    ("identity.salt", "identity.salt_secret"),
    ("identity.secret", "identity.salt_secret"),
    ("tenants[].name", "tenants[].slug"),
    ("data.directory", "data.dir"),
    ("data.path", "data.dir"),
    ("sites.file", "sites.database"),
    ("sites.url", "sites.database"),
    ("tenants[].sites[].write_key", "tenants[].sites[].write_keys"),
    ("tenants[].api_key", "tenants[].api_key_sha256"),
    ("tenants[].api_keys", "tenants[].api_key_sha256"),
    ("schemas.dir", "schemas.folder"),
    ("schemas.path", "schemas.folder"),
    ("log.filter", "log.level"),
];

/// What a known key holds; `None` for one that is not known.
pub(super) fn holds(path: &str) -> Option<Holds> {
    KNOWN.iter().find(|(known, _)| *known == path).map(|(_, holds)| *holds)
}

/// One sentence for each key of the file that is not known.
pub(super) fn unknown_in(table: &Table) -> Vec<String> {
    let mut found = Vec::new();
    walk(table, "", &mut found);
    found
}

fn walk(table: &Table, parent: &str, found: &mut Vec<String>) {
    for (key, value) in table {
        let path = if parent.is_empty() { key.clone() } else { format!("{parent}.{key}") };
        let is_section = KNOWN.iter().any(|(known, _)| {
            known.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with(['.', '[']))
        });
        if !is_section && holds(&path).is_none() {
            found.push(refusal(&path));
            continue;
        }
        match value {
            Value::Table(inner) => walk(inner, &path, found),
            Value::Array(items) => {
                for inner in items.iter().filter_map(Value::as_table) {
                    walk(inner, &format!("{path}[]"), found);
                }
            }
            _ => {}
        }
    }
}

/// The sentence that refuses a key, with the key that is probably meant.
pub(super) fn refusal(path: &str) -> String {
    match nearest(path) {
        Some(known) => format!("unknown key `{path}`; did you mean `{known}`?"),
        None => format!("unknown key `{path}`; see `tidemark serve --help` for the keys"),
    }
}

fn nearest(path: &str) -> Option<&'static str> {
    if let Some((_, ours)) = MEANT.iter().find(|(theirs, _)| *theirs == path) {
        return Some(ours);
    }
    let sections = KNOWN.iter().filter_map(|(known, _)| known.split(['.', '[']).next());
    let candidates: Vec<&'static str> = if path.contains('.') {
        KNOWN.iter().map(|(known, _)| *known).collect()
    } else {
        sections.chain(KNOWN.iter().map(|(known, _)| *known)).collect()
    };
    let leaf = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    candidates
        .into_iter()
        .map(|known| {
            // The right key in the wrong section is as near as one wrong letter.
            let whole = distance(path, known);
            let moved = if leaf(path) == leaf(known) { 1 } else { usize::MAX };
            (whole.min(moved), known)
        })
        .min()
        .filter(|(steps, known)| *steps <= (known.len() / 3).max(2))
        .map(|(_, known)| known)
}
