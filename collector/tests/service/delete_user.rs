//! `tidemark delete-user`: a person is gone everywhere and stays away, nobody else is
//! touched, and a kill in the middle changes nothing about that.

use serde_json::{Value, json};

use tidemark_collector::limits::ERASURES_PATH;
use tidemark_collector::process::erase::Stage;

use crate::hop::{Answer, answer, batch, event, now_ms, post, rfc3339, signed, signed_to, with};
use crate::stack::{Stack, TENANT, Tidemark};

const OWN: &str = "0190f5f6-7e2a-7c3b-9d4e-0000000000a1";
const SHARED: &str = "0190f5f6-7e2a-7c3b-9d4e-0000000000a2";

fn of(number: u32, user_id: &str, anonymous_id: &str) -> Value {
    let event = with(event(number), "anonymous_id", json!(anonymous_id));
    if user_id.is_empty() { event } else { with(event, "user_id", json!(user_id)) }
}

async fn numbers(stack: &Stack) -> Vec<u64> {
    let rows = stack
        .clickhouse
        .rows("SELECT toUInt32(attributes.number) AS n FROM tidemark.events_raw ORDER BY n")
        .await;
    rows.iter().map(|row| row["n"].as_u64().unwrap()).collect()
}

/// Whether any file of the data directory but the directory of sites has these bytes.
fn is_on_disk(tidemark: &Tidemark, needle: &[u8]) -> bool {
    fn look(folder: &std::path::Path, needle: &[u8]) -> bool {
        std::fs::read_dir(folder).unwrap().any(|entry| {
            let path = entry.unwrap().path();
            if path.is_dir() {
                return look(&path, needle);
            }
            let bytes = std::fs::read(&path).unwrap();
            bytes.windows(needle.len()).any(|window| window == needle)
        })
    }
    ["log", "process"].iter().any(|folder| look(&tidemark.data_dir().join(folder), needle))
}

async fn delete(tidemark: &Tidemark, option: &str, id: &str) -> Result<Value, String> {
    let arguments = ["delete-user", "--tenant", "demo", option, id, "--json", "--quiet"];
    tidemark.command(&arguments).await.map(|told| serde_json::from_str(&told).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_gone_everywhere_and_stays_away() {
    let stack = Stack::start().await;
    let told = post(
        &stack.tidemark,
        &batch(&[
            of(1, "jo@example.org", OWN),
            of(2, "", OWN),
            of(3, "jo@example.org", SHARED),
            of(4, "sam", SHARED),
            of(5, "", SHARED),
            of(6, "", "0190f5f6-7e2a-7c3b-9d4e-0000000000a3"),
        ]),
    )
    .await;
    assert_eq!(told.verdicts(), ["accepted"; 6]);
    assert!(is_on_disk(&stack.tidemark, b"signup_click"));

    // Asked at once: what is not in ClickHouse yet is waited for.
    let told = delete(&stack.tidemark, "--user-id", " Jo@Example.org").await.unwrap();
    assert_eq!(told["state"], "done");
    let receipt = &told["receipt"];
    assert_eq!(receipt["rows"]["events_raw"], 3, "{receipt}");
    assert_eq!(receipt["rows"]["user_analytics_summary"], 2, "{receipt}");
    assert_eq!(receipt["visitors"], 1);
    assert_eq!(receipt["log"]["entries"], 3);
    for (place, left) in receipt["remaining"].as_object().unwrap() {
        assert_eq!(left, 0, "{place}");
    }
    assert!(!told.to_string().contains("xample"), "{told}");
    assert_eq!(numbers(&stack).await, [4, 5, 6]);
    let salt = tidemark_core::hash::Salt::of_tenant(
        crate::stack::SALT_SECRET.as_bytes(),
        tidemark_core::id::Uuid::parse(TENANT).unwrap(),
    );
    assert!(!is_on_disk(&stack.tidemark, salt.pseudonym("jo@example.org").as_bytes()));
    let sums = stack
        .clickhouse
        .rows("SELECT toUInt32(sum(total_events)) AS n FROM tidemark.daily_metrics")
        .await;
    assert_eq!(sums[0]["n"], 6, "sums of nobody in particular stay");

    // What is sent again, and what happened before and comes late, stays away; what
    // happens from now on is taken.
    let before = rfc3339(now_ms() - 3_600_000);
    let late = with(
        with(of(7, "jo@example.org", SHARED), "occurred_at", json!(before)),
        "received_at",
        json!(before),
    );
    let own = with(of(8, "", OWN), "occurred_at", json!(before));
    let told = post(
        &stack.tidemark,
        &batch(&[late, own, of(9, "jo@example.org", OWN), of(10, "sam", OWN)]),
    )
    .await;
    assert_eq!(told.verdicts(), ["dropped erased ", "dropped erased ", "accepted", "accepted"]);
    stack.tidemark.until("the new ones", async || numbers(&stack).await == [4, 5, 6, 9, 10]).await;

    // Again, and a visitor: of a browser that was shared the events without a user.
    let again = delete(&stack.tidemark, "--user-id", "jo@example.org").await.unwrap();
    assert_eq!(again["receipt"]["rows"]["events_raw"], 1);
    assert_eq!(again["receipt"]["visitors"], 0, "the browser was seen with another by now");
    let visitor = delete(&stack.tidemark, "--anonymous-id", SHARED).await.unwrap();
    assert_eq!(visitor["receipt"]["rows"]["events_raw"], 1);
    assert_eq!(numbers(&stack).await, [4, 6, 10]);
    let id = visitor["receipt"]["erasure_id"].as_str().unwrap();
    assert_eq!(delete(&stack.tidemark, "--erasure-id", id).await.unwrap(), visitor);

    let verify = stack.tidemark.command(&["verify"]).await;
    assert!(verify.is_ok(), "{verify:?}");
    assert!(delete(&stack.tidemark, "--user-id", " ").await.is_err());
    let other = ["delete-user", "--tenant", "other", "--erasure-id", id, "--patience", "1"];
    assert!(stack.tidemark.command(&other).await.is_err(), "a receipt is its tenant's");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_collector_goes_on_with_an_erasure() {
    let mut stack = Stack::start().await;
    // In other steps each time; one that is missed is a later one.
    let stages = ["waiting", "closing", "resting", "deleting", "proving"];
    for (round, stage) in (0_u32..).zip(stages) {
        let user = format!("user-{round}");
        let first = 10 * round;
        let mut events: Vec<Value> = (0..3).map(|at| of(first + at, &user, OWN)).collect();
        events.push(of(first + 5, "sam", SHARED));
        let told = post(&stack.tidemark, &batch(&events)).await;
        assert_eq!(told.verdicts(), ["accepted"; 4]);
        let told = ask(&stack.tidemark, "", &json!({"tenant_id": TENANT, "user_id": user})).await;
        assert_eq!(told.status, 202, "{told:?}");
        let erasure_id = told.json["erasure_id"].clone();
        let status = json!({"tenant_id": TENANT, "erasure_id": erasure_id});
        stack
            .tidemark
            .until(stage, async || {
                let told = ask(&stack.tidemark, "/status", &status).await.json;
                let reached = Stage::ALL.iter().find(|it| told["stage"] == it.as_str());
                let wanted = Stage::ALL.iter().find(|it| stage == it.as_str());
                stage == "waiting" || told["state"] == "done" || reached >= wanted
            })
            .await;
        stack.tidemark.kill().await;
        stack.tidemark.restart().await;
        stack.tidemark.until_ready().await;
        let id = erasure_id.as_str().unwrap();
        let told = delete(&stack.tidemark, "--erasure-id", id).await.unwrap();
        assert_eq!(told["receipt"]["rows"]["events_raw"], 3, "{told}");
        assert!(!is_on_disk(&stack.tidemark, user.as_bytes()), "round {round}");
    }
    assert_eq!(numbers(&stack).await, [5, 15, 25, 35, 45]);
}

async fn ask(tidemark: &Tidemark, path: &str, body: &Value) -> Answer {
    let path = format!("{ERASURES_PATH}{path}");
    answer(signed_to(tidemark, &path, body.to_string().as_bytes())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_asks_for_an_erasure_without_a_key() {
    let stack = Stack::start().await;
    let body = json!({"tenant_id": TENANT, "user_id": "jo"}).to_string();
    // Signed for the hop, and not for this.
    let forged = signed(&stack.tidemark, body.as_bytes()).build().unwrap();
    let signature = forged.headers()[tidemark_core::hop::HEADER].clone();
    let url = format!("{}{ERASURES_PATH}", stack.tidemark.url);
    let call = || stack.tidemark.http.post(&url).body(body.clone());
    for call in [call(), call().header(tidemark_core::hop::HEADER, signature)] {
        assert_eq!(answer(call).await.refusal(), (401, "invalid_signature", None));
    }
    let stranger = json!({"tenant_id": "0190f5f6-7e2a-7c3b-9d4e-0000000000ff", "user_id": "jo"});
    let told = ask(&stack.tidemark, "", &stranger).await;
    assert_eq!(told.refusal().1, "invalid_batch");
    for nobody in [json!({"tenant_id": TENANT}), json!({"tenant_id": TENANT, "user_id": " "})] {
        assert_eq!(ask(&stack.tidemark, "", &nobody).await.status, 400, "{nobody}");
    }
}
