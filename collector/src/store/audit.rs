//! The tables held against what is promised of them, by questions that share nothing
//! with what wrote them but the rollups' own definitions.
//!
//! Everything here reads, and may read much: an audit is by command, not by timer.

use std::fmt::Write as _;
use std::time::Duration;

use clickhouse::Row;
use serde::Deserialize;

use super::client::{ClickHouse, within};
use super::contract::Rollup;
use super::error::StoreError;
use super::rollup::{Column, SPANS, template};
use crate::invariants::Account;
use crate::limits::QUERY_TIMEOUT;

/// How long one question of an audit may take.
const AUDIT_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// Bytes of a grouping beyond which ClickHouse goes on on its disk.
const SPILL_BYTES: &str = "1000000000";

/// Where every row stands that came out of the log, in whatever table.
const PLACES: &str = "(SELECT log_id, lane, offset, received_at FROM events_raw \
    UNION ALL SELECT log_id, lane, offset, received_at FROM rejected_events \
    UNION ALL SELECT log_id, lane, offset, received_at FROM dead_letters FINAL)";

/// The same, and where events of erased people stood.
const ACCOUNTED: &str = "(SELECT log_id, lane, offset, received_at FROM events_raw \
    UNION ALL SELECT log_id, lane, offset, received_at FROM rejected_events \
    UNION ALL SELECT log_id, lane, offset, received_at FROM dead_letters FINAL \
    UNION ALL SELECT log_id, lane, offset, received_at FROM erased_places FINAL)";

const NO_LOG: &str = "toUUID('00000000-0000-0000-0000-000000000000')";

/// Places of a lane that no table accounts for.
#[derive(Clone, Debug, PartialEq, Eq, Row, Deserialize)]
pub struct Gap {
    /// The log.
    pub log_id: String,
    /// The lane.
    pub lane: u16,
    /// The first offset that was looked at.
    pub from: u64,
    /// The last.
    pub to: u64,
    /// How many between are in no table.
    pub missing: u64,
}

/// How many rows each table has of the places below the watermarks.
#[derive(Clone, Copy, Debug, Row, Deserialize)]
struct Rows {
    events: u64,
    rejections: u64,
    dead_letters: u64,
    erased: u64,
}

/// What is left of a lane's places of more than a day ago.
#[derive(Clone, Debug, Row, Deserialize)]
struct Older {
    log_id: String,
    lane: u16,
    /// Whether any place is of the last day.
    is_fresh: bool,
    /// The first of them.
    since: u64,
    /// Places before it, or all when there is none, that are in some table.
    there: u64,
}

/// A watermark.
#[derive(Clone, Debug, PartialEq, Eq, Row, Deserialize)]
struct Mark {
    log_id: String,
    lane: u16,
    upto: u64,
}

/// A rollup held against an independent count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Row, Deserialize)]
pub struct Recount {
    /// Keys that were compared.
    pub compared: u64,
    /// Those of which the rollup says something else than the base rows.
    pub differing: u64,
}

impl ClickHouse {
    /// Counts the ids of events that stand more than once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_ids(&self) -> Result<u64, StoreError> {
        self.audit(
            "SELECT count() FROM (SELECT 1 FROM events_raw GROUP BY tenant_id, event_id \
             HAVING count() > 1)",
        )
        .await
    }

    /// Counts the places of the log that more than one row came from.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_places(&self) -> Result<u64, StoreError> {
        self.audit(&format!(
            "SELECT count() FROM (SELECT 1 FROM {PLACES} WHERE log_id != {NO_LOG} \
             GROUP BY log_id, lane, offset HAVING count() > 1)"
        ))
        .await
    }

    /// Counts the watermarks that say more than the lane's tables have. A lane that nothing
    /// came to for a day is left out: its newest rows may have expired.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_marks(&self, rollup: Rollup) -> Result<u64, StoreError> {
        self.audit(&format!(
            "SELECT count() FROM (SELECT log_id, lane, max(mark_offset) AS upto FROM {} \
             WHERE is_mark GROUP BY log_id, lane) AS m INNER JOIN (SELECT log_id, lane, \
             max(offset) + 1 AS ends FROM {ACCOUNTED} GROUP BY log_id, lane \
             HAVING max(received_at) > now() - INTERVAL 1 DAY) AS p \
             ON m.log_id = p.log_id AND m.lane = p.lane WHERE m.upto > p.ends",
            rollup.as_str()
        ))
        .await
    }

    /// Counts the places that are told as erased, and have a row.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_erased(&self) -> Result<u64, StoreError> {
        self.audit(&format!(
            "SELECT count() FROM {PLACES} AS p WHERE (log_id, lane, offset) IN \
             (SELECT log_id, lane, offset FROM erased_places)"
        ))
        .await
    }

    /// What became of all places that were sent to ClickHouse, as far as the watermarks of
    /// the counts a minute say, which follow the base. What is pending is not in it. A place
    /// of more than a day ago that no table has is one that expired, or one that a repair of
    /// the log left unused: retention is a day at least.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_account(&self) -> Result<Account, StoreError> {
        let marks = self.marks(Rollup::MinuteCounts).await?;
        let below = below(&marks);
        // A subquery may be NULL, a count is not; the rows are read by their types.
        let of =
            |table: &str| format!("assumeNotNull((SELECT count() FROM {table} WHERE {below}))");
        let sql = format!(
            "SELECT {} AS events, {} AS rejections, {} AS dead_letters, {} AS erased",
            of("events_raw"),
            of("rejected_events"),
            of("dead_letters FINAL"),
            of("erased_places FINAL")
        );
        let rows: Rows = within(AUDIT_TIMEOUT, self.client().query(&sql).fetch_one()).await?;
        let sql = format!(
            "SELECT toString(p.log_id) AS log_id, p.lane AS lane, max(s.known) = 1 AS is_fresh, \
             max(s.since) AS since, uniqExactIf(p.offset, s.known = 0 OR p.offset < s.since) AS there \
             FROM {ACCOUNTED} AS p LEFT JOIN (SELECT log_id, lane, min(offset) AS since, 1 AS known \
             FROM {ACCOUNTED} WHERE received_at > now() - INTERVAL 1 DAY AND ({below}) \
             GROUP BY log_id, lane) AS s ON p.log_id = s.log_id AND p.lane = s.lane \
             WHERE {} GROUP BY p.log_id, p.lane",
            below.replace("log_id =", "p.log_id =").replace("lane =", "p.lane =")
        );
        let older: Vec<Older> =
            within(AUDIT_TIMEOUT, self.client().query(&sql).fetch_all()).await?;
        let expired = |mark: &Mark| {
            let is_its = |it: &&Older| it.log_id == mark.log_id && it.lane == mark.lane;
            match older.iter().find(is_its) {
                Some(older) if older.is_fresh => older.since.saturating_sub(older.there),
                Some(older) => mark.upto.saturating_sub(older.there),
                None => mark.upto,
            }
        };
        let Rows { events, rejections, dead_letters, erased } = rows;
        Ok(Account {
            accepted: marks.iter().map(|mark| mark.upto).sum(),
            events,
            rejections,
            dead_letters,
            erased,
            expired: marks.iter().map(expired).sum(),
            ..Account::default()
        })
    }

    /// The lanes in which, since a day ago, places are in no table: neither event, nor
    /// rejection, nor dead letter, nor erased.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_gaps(&self) -> Result<Vec<Gap>, StoreError> {
        let sql = format!(
            "SELECT toString(p.log_id) AS log_id, p.lane AS lane, min(p.offset) AS from, \
             max(p.offset) AS to, max(p.offset) - min(p.offset) + 1 - uniqExact(p.offset) AS missing \
             FROM {ACCOUNTED} AS p INNER JOIN (SELECT log_id, lane, min(offset) AS since FROM {ACCOUNTED} \
             WHERE received_at > now() - INTERVAL 1 DAY AND log_id != {NO_LOG} \
             GROUP BY log_id, lane) AS s ON p.log_id = s.log_id AND p.lane = s.lane \
             WHERE p.offset >= s.since GROUP BY p.log_id, p.lane HAVING missing > 0 \
             ORDER BY log_id, lane"
        );
        within(AUDIT_TIMEOUT, self.client().query(&sql).fetch_all()).await
    }

    /// Holds a rollup against the base rows that its watermarks speak of, key by key,
    /// as far as `days` back.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn audit_rollup(&self, rollup: Rollup, days: u16) -> Result<Recount, StoreError> {
        let mut marks = self.marks(rollup).await?;
        let columns = self.columns_of_rollup(rollup).await?;
        loop {
            let sql = recount(rollup, &columns, &marks, days);
            let question = self
                .client()
                .query(&sql)
                .with_setting("max_bytes_before_external_group_by", SPILL_BYTES)
                .fetch_one::<Recount>();
            let found = within(AUDIT_TIMEOUT, question).await?;
            let now = self.marks(rollup).await?;
            // What was added meanwhile was in one side of the comparison alone. A busy
            // collector moves on each second; the last word is had when it pauses, or
            // when nothing differs.
            if found.differing == 0 || now == marks {
                return Ok(found);
            }
            marks = now;
        }
    }

    async fn audit(&self, sql: &str) -> Result<u64, StoreError> {
        let question = self
            .client()
            .query(sql)
            .with_setting("max_bytes_before_external_group_by", SPILL_BYTES)
            .fetch_one::<u64>();
        within(AUDIT_TIMEOUT, question).await
    }

    async fn marks(&self, rollup: Rollup) -> Result<Vec<Mark>, StoreError> {
        let sql = format!(
            "SELECT toString(log_id) AS log_id, lane, max(mark_offset) AS upto FROM {} \
             WHERE is_mark GROUP BY log_id, lane ORDER BY log_id, lane",
            rollup.as_str()
        );
        within(QUERY_TIMEOUT, self.client().query(&sql).fetch_all()).await
    }

    async fn columns_of_rollup(&self, rollup: Rollup) -> Result<Vec<Column>, StoreError> {
        let question = self
            .client()
            .query(
                "SELECT name, type FROM system.columns WHERE database = ? AND table = ? \
                 ORDER BY position",
            )
            .bind(self.database())
            .bind(rollup.as_str());
        within(QUERY_TIMEOUT, question.fetch_all()).await
    }
}

/// The statement that compares: both sides merged to numbers, a row a key and side.
fn recount(rollup: Rollup, columns: &[Column], marks: &[Mark], days: u16) -> String {
    let (mut keys, mut values, mut others) = (Vec::new(), String::new(), String::new());
    for Column { name, kind } in columns {
        if ["is_mark", "log_id", "lane", "mark_offset"].contains(&name.as_str()) {
            continue;
        }
        let Some(merged) = merged(name, kind) else {
            keys.push(name.as_str());
            continue;
        };
        // Writing to a text cannot fail.
        let _ = write!(values, ", {merged} AS v_{name}");
        let _ = write!(
            others,
            " OR abs(maxIf(v_{name}, side = 0) - maxIf(v_{name}, side = 1)) \
             > 1e-9 * greatest(1, abs(maxIf(v_{name}, side = 0)))"
        );
    }
    // What expires is the base rows: a key is compared while all of its are there.
    let time = ["date", "hour", "minute"].into_iter().find(|name| keys.contains(name));
    let when = time.map_or("toDateTime(min(first_seen))".to_owned(), |key| {
        format!("toDateTime({key}, 'UTC')")
    });
    let since = format!("toDateTime(today() - {days}, 'UTC')");
    // What names no person still counts who was erased: such a key is left out.
    let erased = time.filter(|_| !keys.contains(&"user_id")).map_or(String::new(), |key| {
        let bucket = match key {
            "date" => "toDate(occurred_at)",
            "hour" => "toStartOfHour(occurred_at)",
            _ => "toStartOfMinute(occurred_at)",
        };
        format!(
            " WHERE (tenant_id, site_id, {key}) NOT IN \
             (SELECT tenant_id, site_id, {bucket} FROM erased_places)"
        )
    });
    let keys = keys.join(", ");
    let mut spans = below(marks);
    if time.is_some() {
        // The day beside the time is what the sort key finds.
        let _ =
            write!(spans, " AND occurred_at >= {since} AND toDate(occurred_at) >= toDate({since})");
    }
    let base = template(rollup).replace(SPANS, &spans);
    let table = rollup.as_str();
    format!(
        "SELECT count() AS compared, countIf(differs) AS differing FROM (\
         SELECT {keys}, countIf(side = 0) != 1 OR countIf(side = 1) != 1{others} AS differs FROM (\
         SELECT 0 AS side, {keys}, {when} AS at{values} FROM ({base}) GROUP BY {keys} \
         UNION ALL \
         SELECT 1 AS side, {keys}, {when} AS at{values} FROM {table} WHERE NOT is_mark GROUP BY {keys}\
         ){erased} GROUP BY {keys} HAVING min(at) >= {since})"
    )
}

/// The condition of a place that lies below its lane's watermark.
fn below(marks: &[Mark]) -> String {
    let mut places = String::from("(false");
    for Mark { log_id, lane, upto } in marks {
        // Writing to a text cannot fail.
        let _ = write!(places, " OR (log_id = '{log_id}' AND lane = {lane} AND offset < {upto})");
    }
    places.push(')');
    places
}

/// The number that a column's states come to; `None` for a key.
fn merged(name: &str, kind: &str) -> Option<String> {
    let inside = |prefix: &str| {
        let rest = kind.strip_prefix(prefix)?;
        rest.split([',', ')']).next()
    };
    if let Some(function) = inside("SimpleAggregateFunction(") {
        return Some(format!("toFloat64({function}({name}))"));
    }
    match inside("AggregateFunction(")? {
        "avg" => Some(format!("if(isNaN(avgMerge({name})), -1, avgMerge({name}))")),
        function => Some(format!("toFloat64({function}Merge({name}))")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_merged_by_their_own_function() {
        let of = |kind: &str| merged("x", kind);
        assert_eq!(of("UUID"), None);
        assert_eq!(of("LowCardinality(String)"), None);
        assert_eq!(
            of("SimpleAggregateFunction(sum, UInt64)").as_deref(),
            Some("toFloat64(sum(x))")
        );
        assert_eq!(of("AggregateFunction(uniq, UUID)").as_deref(), Some("toFloat64(uniqMerge(x))"));
        let avg = of("AggregateFunction(avg, Float64)");
        assert_eq!(avg.as_deref(), Some("if(isNaN(avgMerge(x)), -1, avgMerge(x))"));
    }
}
