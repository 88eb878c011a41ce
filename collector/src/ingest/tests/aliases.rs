//! The paths of other products, with the golden bodies of schemas/aliases.

use super::*;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../schemas/aliases/");

fn at_now(text: &str) -> String {
    let stamp = |unix_ms| rfc3339(unix_ms).as_str().unwrap().to_owned();
    text.replace("$NOW-5s", &stamp(now_ms() - 5_000)).replace("$NOW", &stamp(now_ms()))
}

#[tokio::test]
async fn every_golden_body_is_taken_at_its_path() {
    let mut count = 0;
    for file in ["capture.json", "track.json", "events.json", "frontend.json"] {
        let text = std::fs::read_to_string([FOLDER, file].concat()).unwrap();
        let golden: Value = serde_json::from_str(&text).unwrap();
        for case in golden["cases"].as_array().unwrap() {
            let open = Open::new().await;
            // The golden site stands for the shop here.
            let body = at_now(&case["body"].to_string())
                .replace("wk_golden_open", "wk_shop")
                .replace("11111111-1111-4111-8111-111111111111", TENANT)
                .replace("22222220-2222-4222-8222-222222222222", SITE)
                .replace("\"golden\"", "\"demo\"")
                .replace("\"open\"", "\"shop\"");
            let path = case["path"].as_str().unwrap();
            let call =
                if case["write_key"].is_string() { plain_request(path) } else { request(path) };
            let told = open.send(call.body(Body::from(body)).unwrap()).await;
            let name = &case["name"];
            assert_eq!(json!(told.verdicts()), case["verdicts"], "{file}: {name}");
            let kept = open.log.events();
            let accepted = case["verdicts"]
                .as_array()
                .unwrap()
                .iter()
                .zip(case["batch"]["events"].as_array().unwrap());
            let names: Vec<&Value> = accepted
                .filter(|(verdict, _)| **verdict == "accepted")
                .map(|(_, event)| &event["event_name"])
                .collect();
            assert_eq!(
                kept.iter().map(Kept::event_name).collect::<Vec<_>>(),
                names,
                "{file}: {name}"
            );
            count += 1;
        }
    }
    assert!(count >= 18, "{count}");
}

#[tokio::test]
async fn a_text_for_a_visitor_is_one_id_for_ever_and_another_tenants_another() {
    let open = Open::new().await;
    let body =
        |key: &str| json!({"api_key": key, "event": "a", "distinct_id": "visitor-17"}).to_string();
    for key in ["wk_shop", "wk_again", "wk_other"] {
        let told = open.send(plain_request("/capture").body(Body::from(body(key))).unwrap()).await;
        assert_eq!(told.verdicts(), ["accepted"]);
    }
    let ids: Vec<Uuid> = open.log.events().iter().map(|kept| kept.anonymous_id).collect();
    assert_eq!(ids[0], Uuid::v5(Uuid::parse(TENANT).unwrap(), b"visitor-17"));
    assert!(ids[0] == ids[1] && ids[0] != ids[2]);
}

#[tokio::test]
async fn a_call_that_is_made_twice_is_stored_once() {
    let open = Open::new().await;
    let body =
        json!({"events": [{"event_type": "a"}, {"event_type": "b"}], "context": {"user_id": "u"}});
    for expected in ["accepted", "duplicate"] {
        let call = request("/api/analytics/events").header("idempotency-key", "call-1");
        let told = open.send(call.body(Body::from(body.to_string())).unwrap()).await;
        assert_eq!(told.verdicts(), [expected, expected]);
    }
    let batch = json!({"batch_id": "b", "events": [{"event_name": "a"}]});
    for expected in ["accepted", "duplicate"] {
        let told = open.post("/api/v1/analytics/events/batch", &batch).await;
        assert_eq!((told.verdicts(), &told.json["batch_id"]), (vec![expected.into()], &json!("b")));
    }
}

#[tokio::test]
async fn the_key_stands_where_they_put_it() {
    let open = Open::new().await;
    let post = async |path: &str, body: Value| {
        open.send(plain_request(path).body(Body::from(body.to_string())).unwrap()).await
    };
    let of_properties =
        json!({"event": "a", "properties": {"token": "wk_shop", "distinct_id": "v"}});
    assert_eq!(post("/capture", of_properties).await.verdicts(), ["accepted"]);
    let in_query = json!({"api_key": "wk_other", "event": "a"});
    let told = post("/capture?write_key=wk_shop", in_query).await;
    assert_eq!(told.refusal(), (401, "write_key_conflict", None));
    let told = post("/api/v1/analytics/track", json!({"eventType": "message.sent"})).await;
    assert_eq!(told.refusal(), (401, "unknown_write_key", None));
    let bearer = plain_request("/api/v1/analytics/track").header("authorization", "Bearer wk_shop");
    let body =
        json!({"eventType": "message.sent", "properties": {"responseTime": 1200, "tokens": 150}});
    assert_eq!(
        open.send(bearer.body(Body::from(body.to_string())).unwrap()).await.verdicts(),
        ["accepted"]
    );
}
