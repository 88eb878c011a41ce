//! The statements that fill the rollups: schemas/clickhouse/rollups/, with the
//! range of offsets put in and the watermarks put beside.

use std::fmt::Write as _;

use clickhouse::Row;
use serde::Deserialize;

use super::contract::{Rollup, Span};

/// What the base rows of a range give, with a place for the range.
pub(super) const fn template(rollup: Rollup) -> &'static str {
    macro_rules! file {
        ($name:literal) => {
            include_str!(concat!("../../../schemas/clickhouse/rollups/", $name, ".sql"))
        };
    }
    match rollup {
        Rollup::UserAnalyticsSummary => file!("user_analytics_summary"),
        Rollup::DailyMetrics => file!("daily_metrics"),
        Rollup::HourlyMetrics => file!("hourly_metrics"),
        Rollup::AgentMetrics => file!("agent_metrics"),
        Rollup::ScreenHotspotCounts => file!("screen_hotspot_counts"),
        Rollup::MinuteCounts => file!("minute_counts"),
        Rollup::ConsentLedger => file!("consent_ledger"),
    }
}

/// Where the range goes in a template.
pub(super) const SPANS: &str = "{spans}";

/// A column of the rollup's table.
#[derive(Clone, Debug, Row, Deserialize)]
pub(super) struct Column {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
}

/// A rollup's statement, but for its range.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    before_spans: String,
    before_marks: String,
}

impl Statement {
    /// By the table's columns: in a row of data the mark's are empty, in a mark
    /// the data's are. An empty state is what ClickHouse has for its type.
    pub(super) fn new(rollup: Rollup, columns: &[Column]) -> Self {
        let (mut names, mut data, mut marks) = (String::new(), String::new(), String::new());
        for (at, Column { name, kind }) in columns.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            // Writing to a String cannot fail.
            let _ = write!(names, "{comma}{name}");
            let in_data = match name.as_str() {
                "is_mark" => "false AS is_mark",
                "log_id" => "toUUID('00000000-0000-0000-0000-000000000000') AS log_id",
                "lane" => "toUInt16(0) AS lane",
                "mark_offset" => "toUInt64(0) AS mark_offset",
                other => other,
            };
            let _ = write!(data, "{comma}{in_data}");
            let _ = match name.as_str() {
                "is_mark" => write!(marks, "{comma}true AS is_mark"),
                "log_id" | "lane" | "mark_offset" => write!(marks, "{comma}{name}"),
                _ => {
                    let kind = kind.replace('\\', "\\\\").replace('\'', "\\'");
                    write!(marks, "{comma}defaultValueOfTypeName('{kind}') AS {name}")
                }
            };
        }
        let template = template(rollup).trim_end();
        let (before, after) = template.split_once(SPANS).unwrap_or((template, ""));
        Self {
            before_spans: format!(
                "INSERT INTO {} ({names}) SELECT {data} FROM (\n{before}",
                rollup.as_str()
            ),
            before_marks: format!(
                "{after}\n) UNION ALL SELECT {marks} FROM values('log_id UUID, lane UInt16, \
                 mark_offset UInt64', "
            ),
        }
    }

    /// The statement for these ranges. All of it is numbers and ids of ours.
    pub(super) fn of(&self, spans: &[Span]) -> String {
        let mut sql = self.before_spans.clone();
        push_condition(&mut sql, spans);
        sql.push_str(&self.before_marks);
        for (at, Span { range, .. }) in spans.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            let _ = write!(sql, "{comma}('{}', {}, {})", range.log_id, range.lane, range.to);
        }
        sql.push(')');
        sql
    }
}

/// Which base rows: those of the ranges, searched for where they can be.
fn push_condition(sql: &mut String, spans: &[Span]) {
    sql.push('(');
    for (at, Span { range, .. }) in spans.iter().enumerate() {
        let or = if at == 0 { "" } else { " OR " };
        let _ = write!(
            sql,
            "{or}(log_id = '{}' AND lane = {} AND offset >= {} AND offset < {})",
            range.log_id, range.lane, range.from, range.to
        );
    }
    sql.push(')');
    let times: Option<Vec<(i64, i64)>> = spans.iter().map(|span| span.received_ms).collect();
    let times =
        times.into_iter().flatten().reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
    if let Some((from_ms, to_ms)) = times.filter(|(from_ms, to_ms)| from_ms <= to_ms) {
        let _ = write!(
            sql,
            " AND received_at >= fromUnixTimestamp64Milli(toInt64({from_ms})) \
             AND received_at <= fromUnixTimestamp64Milli(toInt64({to_ms}))"
        );
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

    use uuid::Uuid;

    use super::*;
    use crate::place::Range;

    fn span(lane: u16, from: u64, to: u64, received_ms: Option<(i64, i64)>) -> Span {
        Span { range: Range { log_id: Uuid::from_u128(1), lane, from, to }, received_ms }
    }

    #[test]
    fn every_template_has_one_place_for_its_range() {
        for rollup in Rollup::ALL {
            assert_eq!(template(rollup).matches(SPANS).count(), 1, "{rollup:?}");
            assert!(template(rollup).contains(&format!("WHERE {SPANS}")), "{rollup:?}");
        }
    }

    #[test]
    fn a_range_is_searched_where_it_can_be_and_a_mark_stands_beside_it() {
        let columns = [
            ("date", "Date"),
            ("is_mark", "Bool"),
            ("log_id", "UUID"),
            ("x", "AggregateFunction(uniq, DateTime('UTC'))"),
        ]
        .map(|(name, kind)| Column { name: name.into(), kind: kind.into() });
        let statement = Statement::new(Rollup::DailyMetrics, &columns);
        let sql = statement.of(&[span(0, 5, 9, Some((10, 20))), span(3, 0, 2, Some((5, 11)))]);
        assert!(sql.starts_with(
            "INSERT INTO daily_metrics (date, is_mark, log_id, x) SELECT date, false AS is_mark, "
        ));
        assert!(sql.contains("lane = 0 AND offset >= 5 AND offset < 9) OR ("), "{sql}");
        assert!(sql.contains("received_at >= fromUnixTimestamp64Milli(toInt64(5))"), "{sql}");
        assert!(
            sql.contains(
                r"defaultValueOfTypeName('AggregateFunction(uniq, DateTime(\'UTC\'))') AS x"
            ),
            "{sql}"
        );
        assert!(
            sql.ends_with("-000000000001', 0, 9), ('00000000-0000-0000-0000-000000000001', 3, 2))"),
            "{sql}"
        );
        let anywhere = statement.of(&[span(0, 5, 9, None), span(1, 0, 2, Some((5, 11)))]);
        assert!(!anywhere.contains("received_at >="), "one that is not known bounds nothing");
        let nothing = statement.of(&[span(0, 5, 9, Some((i64::MAX, i64::MIN)))]);
        assert!(!nothing.contains("received_at >="));
    }
}
