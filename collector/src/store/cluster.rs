//! The migrations as a cluster takes them: the same files, rendered.
//!
//! Every table becomes a replicated one on each shard, under the name that the
//! writer knows, and each has beside it a `Distributed` one, `<table>_all`, that
//! reads all shards. A collector writes to its own shard (a tenant has one
//! collector), so that a block stays one part of one table. Nothing here speaks to
//! a server: whoever runs the cluster looks at the text and applies it, and
//! `tidemark migrate` on each shard then finds everything there and records it.

use std::fmt::Write as _;

use super::migrations::{ALL, made_by};
use super::sql;

/// The DDL for a cluster, as one script.
///
/// `cluster` is its name in the servers' configuration, and `database` the
/// database; both stand in the text unquoted, as identifiers.
pub fn for_cluster(database: &str, cluster: &str) -> String {
    let mut out = format!("CREATE DATABASE IF NOT EXISTS {database} ON CLUSTER {cluster};\n");
    let mut tables = Vec::new();
    for migration in ALL {
        let _ = write!(out, "\n-- {:04}_{}\n", migration.version, migration.name);
        for statement in sql::statements(migration.sql) {
            if statement.starts_with("CREATE TABLE")
                && let Some(table) = made_by(statement)
            {
                tables.push(table);
            }
            let _ = write!(out, "{};\n\n", on_cluster(statement, database, cluster));
        }
    }
    out.push_str("-- What reads all shards.\n");
    for table in tables {
        let _ = writeln!(
            out,
            "CREATE TABLE IF NOT EXISTS {database}.{table}_all ON CLUSTER {cluster} AS \
             {database}.{table} ENGINE = Distributed({cluster}, {database}, {table});"
        );
    }
    out
}

/// One statement with its name qualified, its cluster named, and its engine replicated.
fn on_cluster(statement: &str, database: &str, cluster: &str) -> String {
    const BEGINS: [&str; 4] = [
        "CREATE TABLE IF NOT EXISTS ",
        "CREATE OR REPLACE VIEW ",
        "ALTER TABLE ",
        "DROP TABLE IF EXISTS ",
    ];
    let Some((begin, rest)) =
        BEGINS.iter().find_map(|begin| Some((begin, statement.strip_prefix(begin)?)))
    else {
        return statement.to_owned();
    };
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    let lines = rest.split('\n').map(|line| match line.strip_prefix("ENGINE = ") {
        Some(engine) => format!("ENGINE = Replicated{engine}"),
        // The view reads the shard's own table.
        None => line.replace("FROM events_raw", &format!("FROM {database}.events_raw")),
    });
    let rest = lines.collect::<Vec<_>>().join("\n");
    format!("{begin}{database}.{name} ON CLUSTER {cluster}{rest}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

    use super::*;
    use crate::store::Rollup;

    #[test]
    fn every_statement_names_the_cluster_and_every_table_is_replicated() {
        let script = for_cluster("tidemark", "main");
        let statements = sql::statements(&script);
        for statement in &statements {
            assert!(statement.contains(" ON CLUSTER main"), "{statement}");
            if let Some(engine) = statement.split("ENGINE = ").nth(1) {
                assert!(
                    engine.starts_with("Replicated") || engine.starts_with("Distributed("),
                    "{engine}"
                );
            }
        }
        let of = |name: &str| statements.iter().filter(|it| it.contains(name)).count();
        assert_eq!(of("ENGINE = Distributed(main, tidemark, "), of("ENGINE = Replicated"));
        for rollup in Rollup::ALL {
            let all = format!("tidemark.{}_all ON CLUSTER", rollup.as_str());
            assert_eq!(of(&all), 1, "{all}");
        }
    }

    #[test]
    fn arguments_of_an_engine_stay_its_own() {
        let script = on_cluster(
            "CREATE TABLE IF NOT EXISTS t\n(\n a UInt8\n)\nENGINE = ReplacingMergeTree(a)\nORDER BY a",
            "d",
            "c",
        );
        assert!(script.starts_with("CREATE TABLE IF NOT EXISTS d.t ON CLUSTER c\n("), "{script}");
        assert!(script.contains("\nENGINE = ReplicatedReplacingMergeTree(a)\n"), "{script}");
        let altered = on_cluster("ALTER TABLE t\n    ADD COLUMN IF NOT EXISTS b UInt8", "d", "c");
        assert!(altered.starts_with("ALTER TABLE d.t ON CLUSTER c\n"), "{altered}");
    }
}
