//! A person's rows are found, exported and erased, and nobody else's.

use std::sync::Arc;

use tidemark_collector::config;
use tidemark_collector::process::erase::Resting as _;
use tidemark_collector::record::{Context, Record};
use tidemark_collector::store::{
    ClickHouse, Person, PersonStore as _, PersonTable, SchemaGate, Statements,
};
use tidemark_core::consent::Consent;
use tidemark_core::id::Uuid;

use super::world::World;

const TENANT: Uuid = Uuid([1; 16]);

fn push(world: &World, at: u8, tenant_id: Uuid, user_id: &str, visitor: u8) {
    let record = Record {
        tenant_id,
        event_id: Uuid([at; 16]),
        event_name: "page.viewed".into(),
        occurred_at_ms: 1_767_323_045_000 + i64::from(at),
        received_at_ms: 1_767_323_045_000,
        expires_at: u32::MAX,
        anonymous_id: (visitor > 0).then_some(Uuid([visitor; 16])),
        user_id: user_id.into(),
        context: Context {
            consent: Consent { analytics: Some(true), ..Consent::default() },
            ..Context::default()
        },
        ..Record::default()
    };
    world.log.push(0, &record);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_erased_and_nobody_else() {
    let world = World::start().await;
    // Before and after identify on one browser; a browser shared by two; others.
    push(&world, 1, TENANT, "", 11);
    push(&world, 2, TENANT, "u1", 11);
    push(&world, 3, TENANT, "u1", 12);
    push(&world, 4, TENANT, "u2", 12);
    push(&world, 5, TENANT, "", 13);
    push(&world, 6, Uuid([9; 16]), "u1", 11);
    push(&world, 7, TENANT, "", 0);
    let writers = world.writers();
    world.until_written(&writers).await;
    let config = config::ClickHouse { url: world.clickhouse.url.clone(), ..Default::default() };
    let client = ClickHouse::new(&config);
    let tenant_id = uuid::Uuid::from_bytes(TENANT.0);
    let user_ids = vec!["u1".to_owned()];
    let anonymous_ids = client.companions(tenant_id, &user_ids).await.unwrap();
    assert_eq!(anonymous_ids, [uuid::Uuid::from_bytes([11; 16])], "12 is shared with u2");
    let person = Person { tenant_id, user_ids, anonymous_ids };

    let mut stream = client.export_person(PersonTable::EventsRaw, &person).unwrap();
    let mut exported = Vec::new();
    while let Some(piece) = stream.next().await.unwrap() {
        exported.extend_from_slice(&piece);
    }
    let lines: Vec<serde_json::Value> = exported
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    let ids: Vec<&str> = lines.iter().map(|line| line["event_id"].as_str().unwrap()).collect();
    assert_eq!(ids, [1_u8, 2, 3].map(|at| Uuid([at; 16]).to_string()));

    // Writers at rest have nothing under way, and what comes waits.
    let rest = writers.resting();
    rest.ask_to_rest();
    world.until("at rest", async || rest.are_at_rest()).await;
    push(&world, 8, TENANT, "u1", 14);
    writers.wake();
    let runtime = tokio::runtime::Handle::current();
    let counts = tokio::task::spawn_blocking(move || {
        let store = Statements::new(&config, runtime, Arc::new(SchemaGate::default()));
        let count = || PersonTable::ALL.map(|table| store.count_person(table, &person).unwrap());
        let before = count();
        store.tell_person_erased(&person, uuid::Uuid::from_u128(5)).unwrap();
        for table in PersonTable::ALL {
            store.delete_person(table, &person).unwrap();
        }
        (before, count())
    })
    .await
    .unwrap();
    assert_eq!(counts, ([3, 2, 3], [0; 3]));
    let erased = world
        .clickhouse
        .rows("SELECT toUInt32(offset) AS at FROM tidemark.erased_places FINAL ORDER BY at")
        .await;
    let erased: Vec<u64> = erased.iter().map(|row| row["at"].as_u64().unwrap()).collect();
    assert_eq!(erased, [0, 1, 2]);
    let left = world
        .clickhouse
        .rows("SELECT toUInt32(offset) AS at FROM tidemark.events_raw ORDER BY at")
        .await;
    let left: Vec<u64> = left.iter().map(|row| row["at"].as_u64().unwrap()).collect();
    assert_eq!(left, [3, 4, 5, 6]);

    // The watermarks stand: nothing is counted again, and what comes is counted.
    assert_eq!(writers.shared().frontier.committed(0), Some(7));
    rest.let_go();
    world.until_written(&writers).await;
    World::stop(writers).await;
    let rows = world
        .clickhouse
        .rows(
            "SELECT toUInt32(sum(total_events)) AS n FROM tidemark.daily_metrics \
             UNION ALL SELECT toUInt32(sum(total_events)) FROM tidemark.user_analytics_summary \
             WHERE user_id = 'u1'",
        )
        .await;
    let mut counts: Vec<u64> = rows.iter().map(|row| row["n"].as_u64().unwrap()).collect();
    counts.sort_unstable();
    assert_eq!(counts, [2, 8], "sums of no one in particular stay, a person's begin anew");
}
