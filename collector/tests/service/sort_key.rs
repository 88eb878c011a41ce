//! What `events_raw` reads for what is asked of it, by the engine's own estimate: how
//! much the sort key passes over, and that a question has to state the day for that.

use crate::stack::{SITE, Stack, TENANT};

/// Rows of a granule, the least that is read.
const GRANULE: u64 = 8_192;

/// Rows of each of [`DAYS`] days.
const ROWS_A_DAY: u64 = 20_000;
const DAYS: u64 = 20;

async fn rows_read(stack: &Stack, condition: &str) -> u64 {
    let sql = format!(
        "SELECT sum(rows) FROM (EXPLAIN ESTIMATE SELECT page_url FROM tidemark.events_raw \
         WHERE tenant_id = '{TENANT}' AND site_id = '{SITE}' AND {condition}) FORMAT TSV"
    );
    stack.clickhouse.run(&sql).await.trim().parse().unwrap()
}

#[tokio::test]
async fn a_day_of_a_site_is_found_by_the_sort_key_when_the_question_states_it() {
    let stack = Stack::start().await;
    let step_ms = 86_400_000 / ROWS_A_DAY;
    stack
        .clickhouse
        .run(&format!(
            "INSERT INTO tidemark.events_raw (tenant_id, site_id, event_id, event_name, occurred_at, \
             received_at, expires_at) SELECT '{TENANT}', '{SITE}', generateUUIDv4(), \
             if(number % 50 = 0, 'task.abandoned', 'page.viewed'), toDateTime64('2026-03-01', 3, 'UTC') \
             + toIntervalMillisecond(number * {step_ms}), toDateTime64('2026-03-01', 3, 'UTC'), \
             now() + 80 * 86400 FROM numbers({})",
            DAYS * ROWS_A_DAY
        ))
        .await;
    let time = "occurred_at >= toDateTime64('2026-03-10 10:00:00', 3, 'UTC') \
                AND occurred_at < toDateTime64('2026-03-10 11:00:00', 3, 'UTC')";
    let day = "toDate(occurred_at) BETWEEN '2026-03-10' AND '2026-03-10'";
    let name = "event_name = 'task.abandoned'";

    // A day begins and ends within granules of its neighbours.
    let most_of_a_day = ROWS_A_DAY + 2 * GRANULE;
    let of_day = rows_read(&stack, day).await;
    assert!((ROWS_A_DAY..=most_of_a_day).contains(&of_day), "{of_day}");
    let of_hour = rows_read(&stack, &format!("{day} AND {time}")).await;
    assert!(of_hour <= of_day, "{of_hour} of {of_day}");
    let of_name = rows_read(&stack, &format!("{day} AND {name}")).await;
    assert!(of_name <= 2 * GRANULE, "{of_name}");

    // The time alone is held against the key's last place, behind the day.
    let without_day = rows_read(&stack, time).await;
    assert!(without_day > 3 * of_day, "{without_day} and {of_day}");
}
