//! ClickHouse: reachable, new enough, on time, allowed, roomy, migrated.

use std::time::Instant;

use super::finding::Findings;
use crate::clock::{Clock as _, SystemClock};
use crate::commands::progress;
use crate::config;
use crate::refusal::causes;
use crate::store::{ClickHouse, Privilege, StoreError};

/// The JSON type is for production use from 25.3 on.
const VERSION_FAIL: (u32, u32) = (25, 3);

/// What the statements here are tested with begins here.
const VERSION_WARN: (u32, u32) = (26, 0);

/// Two clocks that differ by more than this are not both kept by NTP.
const SKEW_WARN_MS: i64 = 1_000;

/// At this, ranges of received_at that a probe asks for may miss what was written.
const SKEW_FAIL_MS: i64 = 60_000;

/// Shares of a disk that are free, in percent.
const DISK_FAIL_PERCENT: u64 = 3;
const DISK_WARN_PERCENT: u64 = 10;

/// What the collector sets with each of its statements.
const SET_BY_US: [&str; 5] = [
    "async_insert",
    "max_insert_threads",
    "max_threads",
    "max_insert_block_size",
    "max_partitions_per_insert_block",
];

pub(super) async fn look(
    clickhouse: &ClickHouse,
    config: &config::ClickHouse,
    findings: &mut Findings,
) {
    let clock = SystemClock::new();
    let (asked, before_ms) = (Instant::now(), clock.unix_ms());
    let facts = match clickhouse.server_facts().await {
        Ok(facts) => facts,
        Err(error) => return findings.fail("clickhouse", causes(&error), advice_for(&error)),
    };
    // The answer is about as far from it as the question was from us.
    let half_ms = i64::try_from(asked.elapsed().as_millis() / 2).unwrap_or(0);
    findings.ok("clickhouse", format!("{} as {}", config.url, config.user));
    version(&facts.version, findings);
    skew(facts.unix_ms - before_ms - half_ms, half_ms, findings);
    findings
        .ok("clickhouse.timezone", format!("{}; every column names UTC itself", facts.timezone));
    settings(clickhouse, findings).await;
    match clickhouse.makes_json().await {
        Ok(()) => findings.ok("clickhouse.json", "there"),
        Err(error) => findings.fail(
            "clickhouse.json",
            causes(&error),
            "Attributes stand in a column of type JSON. Take ClickHouse 25.3 or newer, and leave \
             enable_json_type on.",
        ),
    }
    permissions(clickhouse, &config.database, findings).await;
    disks(clickhouse, findings).await;
    migrations(clickhouse, &config.database, findings).await;
}

fn advice_for(error: &StoreError) -> String {
    match error {
        StoreError::Unavailable(_) => {
            "Start ClickHouse, or correct clickhouse.url: it is the HTTP \
            interface (8123), not the native one (9000). The log holds events until then."
                .to_owned()
        }
        _ => "Correct clickhouse.user and clickhouse.password.".to_owned(),
    }
}

fn version(text: &str, findings: &mut Findings) {
    let mut numbers = text.split('.').map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) if (major, minor) < VERSION_FAIL => findings.fail(
            "clickhouse.version",
            text,
            "The JSON type is ready from 25.3 on. Upgrade ClickHouse.",
        ),
        (Some(Ok(major)), Some(Ok(minor))) if (major, minor) < VERSION_WARN => findings.warn(
            "clickhouse.version",
            text,
            "Tidemark's statements are tested with 26.7. Upgrade when you can.",
        ),
        (Some(Ok(_)), Some(Ok(_))) => findings.ok("clickhouse.version", text),
        _ => findings.warn(
            "clickhouse.version",
            text,
            "It has an unusual form. Is this ClickHouse's HTTP interface?",
        ),
    }
}

fn skew(skew_ms: i64, uncertain_ms: i64, findings: &mut Findings) {
    let found = format!("{skew_ms} ms apart, give or take {uncertain_ms}");
    let off = skew_ms.abs() - uncertain_ms;
    let advice = "Let NTP keep both clocks: received_at is this machine's, TTL and now() are \
        ClickHouse's.";
    if off > SKEW_FAIL_MS {
        findings.fail("clickhouse.clock", found, advice);
    } else if off > SKEW_WARN_MS {
        findings.warn("clickhouse.clock", found, advice);
    } else {
        findings.ok("clickhouse.clock", found);
    }
}

async fn settings(clickhouse: &ClickHouse, findings: &mut Findings) {
    let mut names = SET_BY_US.to_vec();
    names.push("readonly");
    let found = match clickhouse.server_settings(&names).await {
        Ok(found) => found,
        Err(error) => {
            return findings.warn(
                "clickhouse.settings",
                causes(&error),
                "Let the user read system.settings, so that they can be looked at.",
            );
        }
    };
    if found.iter().any(|setting| setting.name == "readonly" && setting.value != "0") {
        return findings.fail(
            "clickhouse.settings",
            "the user is read-only",
            "Give the user a profile with readonly = 0.",
        );
    }
    let fixed: Vec<_> = found
        .iter()
        .filter(|setting| setting.readonly != 0)
        .map(|setting| setting.name.as_str())
        .collect();
    if !fixed.is_empty() {
        return findings.fail(
            "clickhouse.settings",
            format!("may not be changed: {}", fixed.join(", ")),
            "The collector sets them with each of its statements, so that one statement is one \
             part. Remove their constraints from the user's profile.",
        );
    }
    let async_insert = found.iter().find(|setting| setting.name == "async_insert");
    let by_default = async_insert.map_or("?", |setting| setting.value.as_str());
    findings.ok(
        "clickhouse.settings",
        format!("can be set; async_insert is {by_default} by default and 0 for ours"),
    );
}

async fn permissions(clickhouse: &ClickHouse, database: &str, findings: &mut Findings) {
    let all = Privilege::ALL.map(Privilege::as_str).join(", ");
    let mut missing = Vec::new();
    for privilege in Privilege::ALL {
        match clickhouse.may(privilege).await {
            Ok(true) => {}
            Ok(false) => missing.push(privilege.as_str()),
            Err(StoreError::SchemaMissing(_)) => {
                return findings.warn(
                    "clickhouse.permissions",
                    "can be asked once the tables are there",
                    format!("The user needs {all} on {database}.*."),
                );
            }
            Err(error) => {
                return findings.warn(
                    "clickhouse.permissions",
                    causes(&error),
                    format!("The user needs {all} on {database}.*."),
                );
            }
        }
    }
    if missing.is_empty() {
        findings.ok("clickhouse.permissions", all);
    } else {
        findings.fail(
            "clickhouse.permissions",
            format!("missing: {}", missing.join(", ")),
            format!("GRANT {} ON {database}.* TO the user.", missing.join(", ")),
        );
    }
}

async fn disks(clickhouse: &ClickHouse, findings: &mut Findings) {
    let disks = match clickhouse.server_disks().await {
        Ok(disks) => disks,
        Err(error) => {
            return findings.warn(
                "clickhouse.disk",
                causes(&error),
                "Let the user read system.disks, so that the space can be looked at.",
            );
        }
    };
    for disk in disks {
        let percent = disk.free_bytes.saturating_mul(100) / disk.total_bytes.max(1);
        let found =
            format!("{}: {} free, {percent} %", disk.name, progress::bytes(disk.free_bytes));
        let advice = "ClickHouse needs room to merge parts. Free some, add a disk, or shorten \
            retention.events_days.";
        if percent < DISK_FAIL_PERCENT {
            findings.fail("clickhouse.disk", found, advice);
        } else if percent < DISK_WARN_PERCENT {
            findings.warn("clickhouse.disk", found, advice);
        } else {
            findings.ok("clickhouse.disk", found);
        }
    }
}

async fn migrations(clickhouse: &ClickHouse, database: &str, findings: &mut Findings) {
    match clickhouse.migration_state().await {
        Ok(state) if state.pending.is_empty() => {
            findings.ok("clickhouse.migrations", format!("all {} applied", state.known));
        }
        Ok(state) => findings.warn(
            "clickhouse.migrations",
            format!("to be applied to {database}: {}", state.pending.join(", ")),
            "`tidemark migrate` applies them, and so does `serve` when it starts.",
        ),
        Err(error @ StoreError::Migration(_)) => findings.fail(
            "clickhouse.migrations",
            error.to_string(),
            "Until then the collector takes no events.",
        ),
        Err(error) => findings.fail(
            "clickhouse.migrations",
            causes(&error),
            "Let the user read the table schema_migrations.",
        ),
    }
}
