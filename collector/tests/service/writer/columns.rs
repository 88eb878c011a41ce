//! What a record says is what the table's columns say.

use serde_json::{Value, json};
use tidemark_collector::record::{Context, Hop, Record, Rejection};
use tidemark_core::consent::{Consent, Mode};
use tidemark_core::id::Uuid;
use tidemark_core::json::Tape;
use tidemark_core::noticed::{DeviceClass, Flags};
use tidemark_core::verdict::{Code, Verdict};

use super::world::World;

fn uuid(last: u8) -> Uuid {
    Uuid([1, 0x90, 0xf5, 0xf6, 0x7e, 0x2a, 0x7c, 0x3b, 0x9d, 0x4e, 0, 0, 0, 0, 0, last])
}

fn tape(attributes: &str) -> Tape<'_> {
    Tape::read_text(attributes).unwrap()
}

fn full<'a>(attributes: &'a Tape<'a>) -> Record<'a> {
    Record {
        tenant_id: uuid(1),
        site_id: uuid(2),
        event_id: uuid(3),
        event_name: "chat_interaction".into(),
        schema_version: "1-0-0".into(),
        occurred_at_ms: 1_767_323_045_678,
        received_at_ms: 1_767_323_045_999,
        expires_at: 2_000_000_000,
        session_id: Some(uuid(4)),
        anonymous_id: Some(uuid(5)),
        user_id: "h1:ab".into(),
        source: "web".into(),
        attributes: Some(attributes.root()),
        context: Context {
            page_url: "https://shop.example/orders/4711".into(),
            page_path: "/orders/4711".into(),
            page_referrer: "https://shop.example/".into(),
            page_title: "Bestellung übersicht".into(),
            user_agent: "UA".into(),
            viewport_width: 1280,
            viewport_height: 720,
            screen_width: 2560,
            screen_height: 1440,
            locale: "de-DE".into(),
            consent: Consent { analytics: Some(true), ads: Some(false), mode: Mode::Full },
            consent_mode_said: true,
            app_version: "2.1".into(),
            environment: "production".into(),
            gtm_container_id: "GTM-1".into(),
            campaign_source: "s".into(),
            campaign_medium: "m".into(),
            campaign_name: "n".into(),
            campaign_term: "t".into(),
            campaign_content: "c".into(),
            sdk_name: "tidemark-web".into(),
            sdk_version: "0.1.0".into(),
            sdk_detects: vec!["ui.rage_click".into(), "ui.dead_click".into()],
        },
        country: "DE".into(),
        region: "BE".into(),
        client_ip_prefix: "203.0.113.0/24".into(),
        flags: Flags::BOT.with(Flags::CLOCK_SKEW),
        device_class: Some(DeviceClass::Bot),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_column_says_what_the_record_said() {
    let world = World::start().await;
    let attributes = r#"{"thread_id":"t_1","tokens_consumed":42.0,"cost":"free","x":{"y":[1,2]}}"#;
    world.log.push(1, &full(&tape(attributes)));
    world.log.push_rejection(
        1,
        &Rejection {
            tenant_id: uuid(1),
            site_id: uuid(2),
            event_id: None,
            received_at_ms: 1_767_323_045_999,
            expires_at: 2_000_000_000,
            verdict: Verdict::Rejected,
            code: Code::WrongType,
            pointer: "/attributes/cost".into(),
            hop: Hop::Edge,
        },
    );
    let writers = world.writers();
    world.until_written(&writers).await;
    World::stop(writers).await;
    let rows = world.clickhouse.rows("SELECT * FROM tidemark.events_raw").await;
    let mut row = rows[0].clone();
    let log_id = row["log_id"].take();
    assert_eq!(log_id.as_str().map(str::len), Some(36));
    let absent = "00000000-0000-0000-0000-000000000000";
    let expected = json!({
        "tenant_id": uuid(1).to_string(), "site_id": uuid(2).to_string(),
        "event_id": uuid(3).to_string(), "event_name": "chat_interaction",
        "schema_version": "1-0-0", "occurred_at": "2026-01-02 03:04:05.678",
        "received_at": "2026-01-02 03:04:05.999", "session_id": uuid(4).to_string(),
        "anonymous_id": uuid(5).to_string(), "user_id": "h1:ab", "source": "web",
        "page_url": "https://shop.example/orders/4711", "page_path": "/orders/4711",
        "page_referrer": "https://shop.example/", "page_title": "Bestellung übersicht",
        "screen": "/orders/*", "user_agent": "UA", "viewport_width": 1280,
        "viewport_height": 720, "screen_width": 2560, "screen_height": 1440,
        "locale": "de-DE", "consent_analytics": true, "consent_ads": false,
        "consent_mode": "full", "app_version": "2.1", "environment": "production",
        "gtm_container_id": "GTM-1", "campaign_source": "s", "campaign_medium": "m",
        "campaign_name": "n", "campaign_term": "t", "campaign_content": "c",
        "sdk_name": "tidemark-web", "sdk_version": "0.1.0",
        "sdk_detects": ["ui.rage_click", "ui.dead_click"], "country": "DE", "region": "BE",
        "client_ip_prefix": "203.0.113.0/24", "attributes": row["attributes"],
        "attributes_misfit": r#"{"cost":"free"}"#, "expires_at": "2033-05-18 03:33:20",
        "flags": ["bot", "clock_skew"], "device_class": "bot", "log_id": null, "lane": 1, "offset": row["offset"],
    });
    assert_eq!(row, expected);
    assert_eq!(row["attributes"]["thread_id"], "t_1");
    assert_eq!(row["attributes"]["x"]["y"].to_string().replace('"', ""), "[1,2]");
    let rejected = world.clickhouse.rows("SELECT * FROM tidemark.rejected_events").await;
    let rejected = &rejected[0];
    for (column, value) in [
        ("event_id", absent),
        ("verdict", "rejected"),
        ("code", "wrong_type"),
        ("pointer", "/attributes/cost"),
        ("hop", "edge"),
        ("received_at", "2026-01-02 03:04:05.999"),
        ("expires_at", "2033-05-18 03:33:20"),
    ] {
        assert_eq!(rejected[column], value, "{column}");
    }
}

/// The typed way gives what ClickHouse's own parser of JSON gives: the same
/// paths, with the same types, and the same values.
#[tokio::test(flavor = "multi_thread")]
async fn attributes_are_what_clickhouses_own_parser_makes_of_them() {
    let world = World::start().await;
    let objects = [
        r#"{}"#,
        r#"{"a":1,"b":-1.5,"c":"text \"q\" ü","d":true,"e":null,"f":18446744073709551615}"#,
        r#"{"deep":{"er":{"est":[1,2,null]},"x.y":1},"list":[1,2.5],"texts":["a",null]}"#,
        r#"{"empty":[],"nulls":[null],"truths":[true,false],"nested":[[1],[2,3]],"mixed":["a",1]}"#,
        r#"{"items":[{"sku":"a","n":1},{"sku":"b","tags":["x"]}],"o":{}}"#,
        r#"{"action":"created","tokens_consumed":7,"cost":0.5,"success":true,"agent.id":"ag"}"#,
        r#"{"agent":{"id":"nested"},"duration_ms":3}"#,
        r#"{"date":"2026-01-01","when":"2026-01-01T00:00:00Z","number":"12"}"#,
        r#"{"big":[18446744073709551615],"exp":1e3,"neg":-0,"unicode":"\u00e4\ud83d\ude00"}"#,
    ];
    for attributes in objects {
        world.log.push(0, &full(&tape(attributes)));
    }
    let writers = world.writers();
    world.until_written(&writers).await;
    World::stop(writers).await;
    world.clickhouse.run("CREATE TABLE tidemark.parsed AS tidemark.events_raw").await;
    for (offset, attributes) in objects.iter().enumerate() {
        let row = json!({ "offset": offset, "attributes": null }).to_string();
        let row = row.replace("null", attributes);
        world
            .clickhouse
            .run(&format!(
                "INSERT INTO tidemark.parsed SETTINGS input_format_try_infer_dates = 0, \
                 input_format_try_infer_datetimes = 0 FORMAT JSONEachRow {row}"
            ))
            .await;
    }
    let seen = |table: &str| {
        format!(
            "SELECT toUInt32(offset) AS offset, toString(attributes) AS text, \
             toString(JSONAllPathsWithTypes(attributes)) AS types FROM tidemark.{table} \
             ORDER BY offset"
        )
    };
    let ours = world.clickhouse.rows(&seen("events_raw")).await;
    let theirs = world.clickhouse.rows(&seen("parsed")).await;
    assert_eq!(ours.len(), objects.len());
    for (one, other) in ours.iter().zip(&theirs) {
        assert_eq!(one, other);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frontend_events_has_its_columns() {
    let world = World::start().await;
    let events = [
        ("chat_interaction", r#"{"tokens_consumed":42}"#),
        ("performance_metric", r#"{"metric_type":"api_call","duration_ms":12.5}"#),
        ("feature_usage", r#"{"feature_name":"search","action":"opened","duration_ms":3}"#),
        ("error_tracking", r#"{"error_type":"timeout"}"#),
        ("shop.custom", "{}"),
    ];
    for (name, attributes) in events {
        world.log.push(0, &Record { event_name: name.into(), ..full(&tape(attributes)) });
    }
    let writers = world.writers();
    world.until_written(&writers).await;
    World::stop(writers).await;
    let rows = world
        .clickhouse
        .rows(
            "SELECT event_type, event_category, event_action, event_label, event_value, user_id, \
             session_id, properties, ip_address, country_code, page_path, referrer, \
             gtm_container_id, environment, app_version, device_class, flags, \
             toString(date) AS date, hour, \
             toString(timestamp) AS timestamp FROM tidemark.frontend_events",
        )
        .await;
    let by_type = |name: &str| -> Value {
        rows.iter().find(|row| row["event_type"] == name).unwrap().clone()
    };
    let chat = by_type("chat_interaction");
    for (column, value) in [
        ("event_category", json!("chat")),
        ("event_value", json!(42.0)),
        ("session_id", json!(uuid(4).to_string())),
        ("user_id", json!("h1:ab")),
        ("ip_address", json!("203.0.113.0/24")),
        ("country_code", json!("DE")),
        ("device_class", json!("bot")),
        ("flags", json!(["bot", "clock_skew"])),
        ("page_path", json!("/orders/4711")),
        ("referrer", json!("https://shop.example/")),
        ("gtm_container_id", json!("GTM-1")),
        ("environment", json!("production")),
        ("app_version", json!("2.1")),
        ("date", json!("2026-01-02")),
        ("hour", json!(3)),
        ("timestamp", json!("2026-01-02 03:04:05.678")),
    ] {
        assert_eq!(chat[column].as_f64(), value.as_f64(), "{column}");
        assert_eq!(chat[column].as_str(), value.as_str(), "{column}");
    }
    assert_eq!(serde_json::from_str::<Value>(chat["properties"].as_str().unwrap()).unwrap()["tokens_consumed"].to_string().replace('"', ""), "42");
    let performance = by_type("performance_metric");
    assert_eq!(performance["event_label"], "api_call");
    assert_eq!(
        (performance["event_category"].as_str(), performance["event_value"].as_f64()),
        (Some("technical"), Some(12.5))
    );
    let feature = by_type("feature_usage");
    assert_eq!(
        (feature["event_label"].as_str(), feature["event_action"].as_str()),
        (Some("search"), Some("opened"))
    );
    assert_eq!(by_type("error_tracking")["event_label"], "timeout");
    assert_eq!(by_type("shop.custom")["event_category"], "");
}
