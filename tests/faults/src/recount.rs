//! The independent count: what the tables must hold, from what was sent alone.
//!
//! Each table is a query, which prints one line a key, and the same lines made
//! here from the events. The rules are those of schemas/clickhouse, written a
//! second time on purpose.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::{Event, NIL};

const MINUTE_S: i64 = 60;
const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 86_400;

/// What becomes of a column when another event comes.
#[derive(Clone, Debug)]
enum Cell {
    Sum(i64),
    Distinct(BTreeSet<String>),
    Mean(f64, f64),
    Least(i64),
    Most(i64),
}

impl Cell {
    fn join(&mut self, other: Self) {
        match (self, other) {
            (Self::Sum(sum), Self::Sum(more)) => *sum += more,
            (Self::Distinct(set), Self::Distinct(more)) => set.extend(more),
            (Self::Mean(sum, count), Self::Mean(more, times)) => {
                *sum += more;
                *count += times;
            }
            (Self::Least(least), Self::Least(other)) => *least = (*least).min(other),
            (Self::Most(most), Self::Most(other)) => *most = (*most).max(other),
            // A column keeps its kind: each is made at one place.
            _ => {}
        }
    }

    /// As ClickHouse prints it.
    fn print(&self) -> String {
        match self {
            Self::Sum(number) | Self::Least(number) | Self::Most(number) => number.to_string(),
            Self::Distinct(set) => set.len().to_string(),
            Self::Mean(_, 0.0) => "nan".to_owned(),
            Self::Mean(sum, count) => (sum / count).to_string(),
        }
    }
}

fn count(is: bool) -> Cell {
    Cell::Sum(i64::from(is))
}

fn distinct(value: &str) -> Cell {
    let value = (!value.is_empty() && value != NIL).then(|| value.to_owned());
    Cell::Distinct(value.into_iter().collect())
}

fn mean(value: Option<u32>) -> Cell {
    value.map_or(Cell::Mean(0.0, 0.0), |value| Cell::Mean(f64::from(value), 1.0))
}

fn sum(value: Option<u32>) -> Cell {
    Cell::Sum(i64::from(value.unwrap_or(0)))
}

/// A line of a table: its key, and what an event adds to it.
type Line = (String, Vec<Cell>);

/// A table, and how its lines come about.
pub struct Table {
    /// Its name.
    pub name: &'static str,
    sql: &'static str,
    lines: fn(&Event) -> Option<Line>,
}

impl Table {
    /// Prints the table, a line a key, in the order of the lines.
    pub fn sql(&self) -> String {
        format!("{} FORMAT TabSeparated", self.sql)
    }

    /// The lines that the table must print.
    pub fn expected<'a>(&self, events: impl Iterator<Item = &'a Event>) -> BTreeSet<String> {
        let mut rows: BTreeMap<String, Vec<Cell>> = BTreeMap::new();
        for (key, cells) in events.filter_map(self.lines) {
            match rows.get_mut(&key) {
                Some(row) => row.iter_mut().zip(cells).for_each(|(cell, more)| cell.join(more)),
                None => drop(rows.insert(key, cells)),
            }
        }
        let line =
            |(key, cells): Line| cells.iter().fold(key, |line, cell| line + "\t" + &cell.print());
        rows.into_iter().map(line).collect()
    }
}

fn floor(unix_ms: i64, to_s: i64) -> i64 {
    unix_ms.div_euclid(to_s * 1_000) * to_s
}

fn visitor(event: &Event) -> &str {
    event.visitor.as_deref().unwrap_or(NIL)
}

fn session(event: &Event) -> Cell {
    distinct(event.session.as_deref().unwrap_or(NIL))
}

fn is_message(event: &Event) -> Cell {
    count(["message.sent", "message.received", "chat_interaction"].contains(&event.name))
}

fn begins_conversation(event: &Event) -> Cell {
    let created = event.name == "thread_lifecycle" && event.facts.action == Some("created");
    count(created || event.name == "conversation.started")
}

fn site_metrics(event: &Event, to_s: i64) -> Option<Line> {
    let facts = &event.facts;
    let key = format!("{}\t{}", event.site_id(), floor(event.occurred_ms, to_s));
    let cells = vec![
        count(true),
        is_message(event),
        begins_conversation(event),
        sum(facts.tokens),
        distinct(&event.user),
        distinct(visitor(event)),
        session(event),
        mean(facts.response_time_ms),
        distinct(facts.agent_id.as_deref().unwrap_or_default()),
        count(event.name == "workflow.executed"),
        count(event.name == "agent.error"),
    ];
    Some((key, cells))
}

/// The base, and every rollup.
pub const TABLES: [Table; 8] = [
    Table {
        name: "events_raw",
        sql: "SELECT event_id, tenant_id, site_id, event_name, \
              toUnixTimestamp64Milli(occurred_at), toUnixTimestamp64Milli(received_at), \
              session_id, anonymous_id, user_id, screen, count() \
              FROM tidemark.events_raw GROUP BY ALL",
        lines: |event| {
            let key = [
                event.id.clone(),
                event.tenant_id().to_owned(),
                event.site_id().to_owned(),
                event.name.to_owned(),
                event.occurred_ms.to_string(),
                event.received_ms.to_string(),
                event.session.clone().unwrap_or_else(|| NIL.to_owned()),
                visitor(event).to_owned(),
                event.user.clone(),
                event.page.map_or("", |(_, screen)| screen).to_owned(),
            ];
            Some((key.join("\t"), vec![count(true)]))
        },
    },
    Table {
        name: "daily_metrics",
        sql: "SELECT site_id, toUnixTimestamp(toDateTime(date, 'UTC')), sum(total_events), \
              sum(total_messages), sum(total_conversations), sum(total_tokens), \
              uniqMerge(unique_users), uniqMerge(unique_visitors), uniqMerge(unique_sessions), \
              avgMerge(avg_response_time), uniqMerge(agent_count), sum(workflow_executions), \
              sum(error_count) FROM tidemark.daily_metrics WHERE NOT is_mark \
              GROUP BY tenant_id, site_id, date",
        lines: |event| site_metrics(event, DAY_S),
    },
    Table {
        name: "hourly_metrics",
        sql: "SELECT site_id, toUnixTimestamp(hour), sum(total_events), \
              sum(total_messages), sum(total_conversations), sum(total_tokens), \
              uniqMerge(unique_users), uniqMerge(unique_visitors), uniqMerge(unique_sessions), \
              avgMerge(avg_response_time), uniqMerge(agent_count), sum(workflow_executions), \
              sum(error_count) FROM tidemark.hourly_metrics WHERE NOT is_mark \
              GROUP BY tenant_id, site_id, hour",
        lines: |event| site_metrics(event, HOUR_S),
    },
    Table {
        name: "user_analytics_summary",
        sql: "SELECT site_id, user_id, anonymous_id, toUnixTimestamp(toDateTime(date, 'UTC')), \
              sum(total_events), sum(chat_interactions), sum(threads_created), \
              sum(feature_interactions), sum(total_tokens_consumed), avgMerge(avg_response_time) \
              FROM tidemark.user_analytics_summary WHERE NOT is_mark \
              GROUP BY tenant_id, site_id, user_id, anonymous_id, date",
        lines: |event| {
            let of = if event.user.is_empty() { visitor(event) } else { NIL };
            let day = floor(event.occurred_ms, DAY_S);
            let chats = event.name == "chat_interaction";
            let created = event.name == "thread_lifecycle" && event.facts.action == Some("created");
            let cells = vec![
                count(true),
                count(chats),
                count(created),
                count(event.name == "feature_usage"),
                sum(event.facts.tokens.filter(|_| chats)),
                mean(event.facts.duration_ms.filter(|_| event.name == "performance_metric")),
            ];
            Some((format!("{}\t{}\t{of}\t{day}", event.site_id(), event.user), cells))
        },
    },
    Table {
        name: "agent_metrics",
        sql: "SELECT site_id, agent_id, toUnixTimestamp(toDateTime(date, 'UTC')), \
              sum(conversation_count), sum(message_count), avgMerge(avg_response_time), \
              sum(total_tokens), sum(error_count), avgMerge(satisfaction_score) \
              FROM tidemark.agent_metrics WHERE NOT is_mark \
              GROUP BY tenant_id, site_id, agent_id, date",
        lines: |event| {
            let facts = &event.facts;
            let agent = facts.agent_id.as_deref()?;
            let day = floor(event.occurred_ms, DAY_S);
            let cells = vec![
                begins_conversation(event),
                is_message(event),
                mean(facts.response_time_ms),
                sum(facts.tokens),
                count(event.name == "agent.error"),
                mean(facts.satisfaction),
            ];
            Some((format!("{}\t{agent}\t{day}", event.site_id()), cells))
        },
    },
    Table {
        name: "screen_hotspot_counts",
        sql: "SELECT site_id, toUnixTimestamp(hour), screen, sum(views), sum(clicks), \
              sum(rage_clicks), sum(dead_clicks), uniqMerge(sessions) \
              FROM tidemark.screen_hotspot_counts WHERE NOT is_mark \
              GROUP BY tenant_id, site_id, hour, screen",
        lines: |event| {
            let (views, clicks, rage) = (
                event.name == "page.viewed",
                event.name == "ui.clicked",
                event.name == "ui.rage_click",
            );
            let screen = event.page.map_or("", |(_, screen)| screen);
            let hour = floor(event.occurred_ms, HOUR_S);
            let cells =
                vec![count(views), count(clicks), count(rage), count(false), session(event)];
            let key = format!("{}\t{hour}\t{screen}", event.site_id());
            (views || clicks || rage).then_some((key, cells))
        },
    },
    Table {
        name: "minute_counts",
        sql: "SELECT site_id, toUnixTimestamp(minute), event_name, sum(events), \
              uniqMerge(users), uniqMerge(sessions), avgMerge(avg_response_time) \
              FROM tidemark.minute_counts WHERE NOT is_mark \
              GROUP BY tenant_id, site_id, minute, event_name",
        lines: |event| {
            let minute = floor(event.occurred_ms, MINUTE_S);
            let person = if event.user.is_empty() { visitor(event) } else { &event.user };
            let cells = vec![
                count(true),
                distinct(person),
                session(event),
                mean(event.facts.response_time_ms),
            ];
            Some((format!("{}\t{minute}\t{}", event.site_id(), event.name), cells))
        },
    },
    Table {
        name: "consent_ledger",
        sql: "SELECT site_id, anonymous_id, user_id, consent_analytics, consent_ads, \
              consent_mode, toUnixTimestamp64Milli(min(first_seen)), \
              toUnixTimestamp64Milli(max(last_seen)), sum(events) \
              FROM tidemark.consent_ledger WHERE NOT is_mark \
              GROUP BY tenant_id, site_id, anonymous_id, user_id, consent_analytics, \
              consent_ads, consent_mode",
        lines: |event| {
            let said =
                if event.consents { "granted\tdenied\tfull" } else { "not_said\tnot_said\t" };
            let key = format!("{}\t{}\t{}\t{said}", event.site_id(), visitor(event), event.user);
            let at = event.occurred_ms;
            Some((key, vec![Cell::Least(at), Cell::Most(at), count(true)]))
        },
    },
];

#[cfg(test)]
mod tests {
    use tidemark_stack::Random;

    use super::*;

    /// The count is worth what it notices.
    #[test]
    fn an_event_too_many_or_too_few_changes_the_base_and_the_rollups() {
        let mut random = Random::new(1, 1);
        let events: Vec<Event> = (0..50).map(|_| Event::new(&mut random, 0, false)).collect();
        let twice = events.iter().chain(&events[..1]);
        for table in &TABLES {
            let exact = table.expected(events.iter());
            let concerned = (table.lines)(&events[0]).is_some();
            assert_eq!(table.expected(twice.clone()) != exact, concerned, "{}", table.name);
            assert_eq!(table.expected(events[1..].iter()) != exact, concerned, "{}", table.name);
        }
    }
}
