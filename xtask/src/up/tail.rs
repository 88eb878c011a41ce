//! Shows events as they arrive: what ClickHouse has now and had not before.

use std::collections::VecDeque;

use serde::Deserialize;

use super::http;

/// Events that are remembered as shown: more than arrive within the overlap.
const REMEMBERED: usize = 10_000;
/// Events shown at once; the rest is counted.
const SHOWN: usize = 50;

#[derive(Deserialize)]
struct Row {
    event_id: String,
    at: String,
    event_name: String,
    page_path: String,
    what: String,
}

/// Follows `events_raw`.
pub(super) struct Tail {
    clickhouse: String,
    shown: VecDeque<String>,
}

impl Tail {
    pub(super) fn new(clickhouse: &str) -> Self {
        Self { clickhouse: clickhouse.to_string(), shown: VecDeque::new() }
    }

    /// A line for each event that arrived since the last call. While ClickHouse
    /// is away there is none; what arrived is shown when it is back.
    pub(super) fn new_lines(&mut self) -> Vec<String> {
        // Two statements a second at most reach a table of the last minute.
        let sql = "SELECT toString(event_id) AS event_id, formatDateTime(received_at, '%H:%i:%S') AS at, \
                   event_name, page_path, \
                   substring(toString(attributes.selector), 1, 60) AS what \
                   FROM tidemark.events_raw WHERE received_at > now64(3) - INTERVAL 60 SECOND \
                   ORDER BY received_at, occurred_at LIMIT 10000 FORMAT JSONEachRow";
        let Ok(answer) = http::query(&self.clickhouse, sql) else { return Vec::new() };
        let mut lines = Vec::new();
        let mut more = 0;
        for row in answer.lines().filter_map(|line| serde_json::from_str::<Row>(line).ok()) {
            if self.shown.contains(&row.event_id) {
                continue;
            }
            if lines.len() < SHOWN {
                lines.push(format!(
                    "{}  {:20} {:20} {}",
                    row.at, row.event_name, row.page_path, row.what
                ));
            } else {
                more += 1;
            }
            self.shown.push_back(row.event_id);
            if self.shown.len() > REMEMBERED {
                self.shown.pop_front();
            }
        }
        if more > 0 {
            lines.push(format!("          … and {more} more"));
        }
        lines
    }
}
