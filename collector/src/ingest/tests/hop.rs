//! The signed hop.

use axum::http::header;
use tidemark_core::hop;

use super::*;

fn endpoint(log: &Arc<Memory>) -> Router {
    endpoint_by(admission(), log)
}

fn endpoint_by(admission: Admission, log: &Arc<Memory>) -> Router {
    let metrics = Arc::new(Metrics::new().unwrap());
    let pipeline = Arc::new(Pipeline::new(admission, Arc::clone(log) as _, metrics));
    hop_routes(SignedHop::new(vec![key()], pipeline))
}

fn signed(body: &[u8]) -> axum::http::request::Builder {
    Request::post(hop::PATH).header(hop::HEADER, hop::sign(&key(), now_ms(), hop::PATH, body))
}

async fn call(log: &Arc<Memory>, body: &[u8]) -> (StatusCode, Value) {
    call_by(admission(), log, body).await
}

async fn call_by(admission: Admission, log: &Arc<Memory>, body: &[u8]) -> (StatusCode, Value) {
    let request = signed(body).body(Body::from(body.to_vec())).unwrap();
    let told = Told::of(&endpoint_by(admission, log), request).await;
    (status(&told), told.json)
}

fn event(id: u32) -> Value {
    json!({
        "event_id": format!("0190f5f6-7e2a-7c3b-9d4e-0000000000{id:02}"),
        "event_name": "signup_click",
        "occurred_at": "2026-01-02T03:04:05.678Z",
        "tenant_id": TENANT,
        "site_id": SITE,
    })
}

fn batch(events: &[Value]) -> Vec<u8> {
    json!({
        "batch_id": "b1", "tenant_id": TENANT, "site_id": SITE,
        "received_at": "2026-01-02T03:04:06.000Z", "context": {"locale": "de"}, "events": events,
    })
    .to_string()
    .into_bytes()
}

#[tokio::test]
async fn each_event_gets_its_own_verdict_in_order() {
    let log = Arc::new(Memory::default());
    let mut without_id = event(5);
    without_id.as_object_mut().unwrap().remove("event_id");
    let mut without_time = event(6);
    without_time.as_object_mut().unwrap().remove("occurred_at");
    let events = [
        event(0),
        with(event(1), "tenant_id", json!(SITE)),
        with(event(2), "site_id", json!(TENANT)),
        with(event(3), "attributes", json!({"a.b": 1, "a": {"b": 2}})),
        with(event(4), "context", json!({"consent": {"analytics": false}})),
        without_id,
        without_time,
        json!(7),
        with(event(8), "source", json!("fax")),
        event(9),
    ];
    let (status, answer) = call(&log, &batch(&events)).await;
    assert_eq!(status, StatusCode::OK);
    let told: Vec<(&str, &str, &str)> = answer["verdicts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|verdict| {
            let text = |member: &str| verdict[member].as_str().unwrap_or("-");
            (text("verdict"), text("code"), text("pointer"))
        })
        .collect();
    assert_eq!(
        told,
        [
            ("accepted", "-", "-"),
            ("rejected", "tenant_mismatch", "/tenant_id"),
            ("rejected", "tenant_mismatch", "/site_id"),
            ("rejected", "path_conflict", "/attributes/a.b"),
            ("dropped", "consent", "/context/consent"),
            ("rejected", "missing_field", "/event_id"),
            ("rejected", "missing_field", "/occurred_at"),
            ("rejected", "not_an_object", ""),
            ("rejected", "not_in_enum", "/source"),
            ("accepted", "-", "-"),
        ]
    );
    assert_eq!(answer["batch_id"], "b1");
    assert_eq!(answer["verdicts"][9]["event_id"], event(9)["event_id"]);
    let counts =
        ["accepted", "duplicate", "rejected", "dropped"].map(|name| answer[name].as_u64().unwrap());
    assert_eq!(counts, [2, 0, 7, 1]);
    let kept = log.events();
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[0].received_at_ms, 1_767_323_046_000);
    assert_eq!(kept[0].occurred_at_ms, 1_767_323_045_678);
    assert!(kept[0].whole.contains("\u{2}de"), "{}", kept[0].whole);
    let rejections: Vec<String> =
        log.rejections().iter().map(|kept| kept.texts[..3].join(" ")).collect();
    let others: Vec<String> = told
        .iter()
        .filter(|(verdict, ..)| *verdict != "accepted")
        .map(|(verdict, code, pointer)| format!("{verdict} {code} {pointer}"))
        .collect();
    assert_eq!(rejections, others, "each one that is not stored, by code and place");
}

#[tokio::test]
async fn nothing_is_claimed_when_the_log_is_away() {
    for (full, code) in [
        (Fullness::Disk, "store_unavailable"),
        (Fullness::Unsent, "store_unavailable"),
        (Fullness::Index, "store_unavailable"),
        (Fullness::Queue, "overloaded"),
    ] {
        let log = Memory::full(full);
        let (status, answer) = call(&log, &batch(&[event(0)])).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer["error"]["code"], code);
        assert!(answer.get("verdicts").is_none());
    }
}

#[tokio::test]
async fn what_is_rejected_is_counted_in_the_log_and_nothing_needs_none() {
    let log = Memory::full(Fullness::Disk);
    let (status, _) = call(&log, &batch(&[json!(1)])).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let (status, answer) = call(&log, &batch(&[])).await;
    assert_eq!((status, &answer["verdicts"]), (StatusCode::OK, &json!([])));
}

#[tokio::test]
async fn what_is_no_batch_is_refused_with_its_place() {
    let log = Arc::new(Memory::default());
    for (body, status, code, pointer) in [
        (&b"{"[..], 400, "invalid_json", Value::Null),
        (b"\xff", 400, "invalid_utf8", Value::Null),
        (b"[]", 400, "invalid_batch", json!("")),
        (br#"{"events":[]}"#, 400, "invalid_batch", json!("/tenant_id")),
        (br#"{"events":[],"tenant_id":"x"}"#, 400, "invalid_batch", json!("/tenant_id")),
    ] {
        let (got, answer) = call(&log, body).await;
        let error = &answer["error"];
        assert_eq!(
            (got.as_u16(), &error["code"], &error["pointer"]),
            (status, &json!(code), &pointer)
        );
        assert!(!error["detail"].as_str().unwrap().is_empty());
    }
    let (status, answer) = call(&log, &batch(&vec![json!(1); 501])).await;
    assert_eq!((status.as_u16(), &answer["error"]["code"]), (413, &json!("too_many_events")));
}

#[tokio::test]
async fn the_signature_is_asked_before_the_body_is_understood() {
    let log = Arc::new(Memory::default());
    let body = b"{".to_vec();
    let requests = [
        Request::post(hop::PATH),
        signed(b"another body"),
        signed(&body).header(hop::HEADER, "v1,k1,0,00"),
        signed(b"{}").header(header::CONTENT_ENCODING, "lzma"),
    ];
    for request in requests {
        let response =
            endpoint(&log).oneshot(request.body(Body::from(body.clone())).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert!(response.headers().get(header::RETRY_AFTER).is_none());
    }
    let good =
        signed(&body).header(header::CONTENT_ENCODING, "lzma").body(Body::from(body)).unwrap();
    let response = endpoint(&log).oneshot(good).await.unwrap();
    assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn personal_data_does_not_reach_the_log() {
    let log = Arc::new(Memory::default());
    let leaking = with(
        with(event(0), "attributes", json!({"note": "mail jo@example.org"})),
        "context",
        json!({"page": {"url": "https://shop.example/a?token=1", "title": "jo@example.org"}}),
    );
    let (status, _) =
        call(&log, &batch(&[with(leaking, "user_id", json!("jo@example.org"))])).await;
    assert_eq!(status, StatusCode::OK);
    let kept = log.events().remove(0).whole;
    assert!(kept.contains("shop.example/a") && !kept.contains("token"), "{kept}");
    assert!(!kept.contains("jo@example"), "{kept}");
}

/// `verdict code pointer` of each event.
fn verdicts(answer: &Value) -> Vec<String> {
    let line = |verdict: &Value| {
        ["verdict", "code", "pointer"]
            .map(|member| verdict[member].as_str().unwrap_or("-"))
            .join(" ")
    };
    answer["verdicts"].as_array().unwrap().iter().map(line).collect()
}

#[tokio::test]
async fn a_nil_id_is_not_a_missing_one() {
    let log = Arc::new(Memory::default());
    let nil = json!("00000000-0000-0000-0000-000000000000");
    let mut without_id = event(1);
    without_id.as_object_mut().unwrap().remove("event_id");
    let events = [with(event(0), "event_id", nil), without_id, event(2)];
    let (_, answer) = call(&log, &batch(&events)).await;
    let told = verdicts(&answer);
    assert_eq!(told[1..], ["rejected missing_field /event_id", "accepted - -"]);
    assert_eq!(answer["verdicts"][1]["event_id"], Value::Null);
    assert_eq!(told[0], "rejected invalid_uuid /event_id");
}

#[tokio::test]
async fn a_tenant_that_is_not_listed_is_refused() {
    let log = Arc::new(Memory::default());
    let listed =
        |text: &str| Admission::new(Catalogue::builtin().unwrap(), Known(Uuid::parse(text)));
    let (status, answer) = call_by(listed(SITE), &log, &batch(&[event(0)])).await;
    let error = &answer["error"];
    assert_eq!(
        (status.as_u16(), &error["code"], &error["pointer"]),
        (400, &json!("invalid_batch"), &json!("/tenant_id"))
    );
    assert!(error["detail"].as_str().unwrap().contains("tidemark tenants"), "{error}");
    assert!(log.events().is_empty());
    let (status, answer) = call_by(listed(TENANT), &log, &batch(&[event(0)])).await;
    assert_eq!((status, verdicts(&answer)), (StatusCode::OK, vec!["accepted - -".to_owned()]));
}

#[tokio::test]
async fn a_time_of_receipt_is_at_most_a_day_ahead() {
    const DAY_MS: i64 = 86_400_000;
    let log = Arc::new(Memory::default());
    let events = [
        with(event(0), "received_at", json!("2299-01-01T00:00:00.000Z")),
        with(event(1), "received_at", rfc3339(now_ms() + DAY_MS + 60_000)),
        with(event(2), "received_at", rfc3339(now_ms() + DAY_MS - 60_000)),
    ];
    let (_, answer) = call(&log, &batch(&events)).await;
    let ahead = "rejected in_future /received_at";
    assert_eq!(verdicts(&answer), [ahead, ahead, "accepted - -"]);

    let mut body: Value = serde_json::from_slice(&batch(&[event(3)])).unwrap();
    body["received_at"] = json!("2299-01-01T00:00:00.000Z");
    let (status, answer) = call(&log, body.to_string().as_bytes()).await;
    let error = &answer["error"];
    assert_eq!(
        (status.as_u16(), &error["code"], &error["pointer"]),
        (400, &json!("invalid_batch"), &json!("/received_at"))
    );
    assert_eq!(log.events().len(), 1);
}

#[tokio::test]
async fn a_network_is_stored_and_an_address_is_not() {
    let log = Arc::new(Memory::default());
    let events = [
        with(event(0), "client_ip_prefix", json!("1.2.3.4")),
        with(event(1), "client_ip_prefix", json!("1.2.3.4/32")),
        with(event(2), "client_ip_prefix", json!("1.2.3.0/24")),
        with(event(3), "client_ip_prefix", json!("2001:db8:7::/48")),
    ];
    let (_, answer) = call(&log, &batch(&events)).await;
    let address = "rejected wrong_type /client_ip_prefix";
    assert_eq!(verdicts(&answer), [address, address, "accepted - -", "accepted - -"]);
    let kept = log.events();
    assert_eq!(kept.len(), 2);
    assert!(kept[0].whole.contains("1.2.3.0/24") && kept[1].whole.contains("2001:db8:7::/48"));
}

#[tokio::test]
async fn a_user_id_that_is_personal_is_hashed_as_the_edge_does() {
    let log = Arc::new(Memory::default());
    let salted = || admission().with_salt(secret());
    let personal = with(event(0), "user_id", json!("jo@example.org"));
    let opaque = with(event(1), "user_id", json!("u_1042"));
    let (_, answer) = call_by(salted(), &log, &batch(&[personal.clone(), opaque])).await;
    assert_eq!(answer["accepted"], 2);
    let tenant = tidemark_core::id::Uuid::parse(TENANT).unwrap();
    let salt = tidemark_core::hash::Salt::of_tenant(SALT_SECRET.as_bytes(), tenant);
    let hashed = salt.pseudonym("jo@example.org");
    assert!(hashed.starts_with("h1:"), "{hashed}");
    assert_eq!(log.events()[0].user_id(), hashed);
    assert_eq!(log.events()[1].user_id(), "u_1042");

    // What the edge has hashed stays; without the secret it goes.
    let (_, answer) =
        call_by(salted(), &log, &batch(&[with(event(2), "user_id", json!(hashed))])).await;
    assert_eq!(answer["accepted"], 1);
    assert_eq!(log.events()[2].user_id(), hashed);
    let (_, answer) =
        call(&log, &batch(&[with(personal, "event_id", event(3)["event_id"].clone())])).await;
    assert_eq!(answer["accepted"], 1);
    assert_eq!(log.events()[3].user_id(), "");
}

#[tokio::test]
async fn an_id_that_comes_again_is_a_duplicate_whatever_it_holds() {
    let log = Arc::new(Memory::default());
    let (_, first) = call(&log, &batch(&[event(0)])).await;
    assert_eq!(verdicts(&first), ["accepted - -"]);
    let other = with(event(0), "attributes", json!({"other": true}));
    let (_, again) = call(&log, &batch(&[other, event(1), event(1), json!(7)])).await;
    let told = ["duplicate - -", "accepted - -", "duplicate - -", "rejected not_an_object "];
    assert_eq!(verdicts(&again), told);
    assert_eq!(again["duplicate"], 2);
    assert_eq!(log.events().len(), 2);
    // What is rejected again was received again.
    call(&log, &batch(&[json!(7)])).await;
    assert_eq!(log.rejections().len(), 2);
}

#[tokio::test]
async fn a_visit_stays_in_its_lane_and_a_daily_key_chooses_none() {
    let log = Arc::new(Memory::default());
    let of_visit = |id| with(event(id), "session_id", json!(SITE));
    call(&log, &batch(&(0..20).map(of_visit).collect::<Vec<_>>())).await;
    let lanes: HashSet<u16> = log.events().iter().map(|kept| kept.lane).collect();
    assert_eq!(lanes.len(), 1);

    let log = Arc::new(Memory::default());
    let cookieless = json!({"consent": {"analytics": false, "mode": "cookieless"}});
    let of_key =
        |id| with(with(event(id), "anonymous_id", json!(SITE)), "context", cookieless.clone());
    call(&log, &batch(&(0..20).map(of_key).collect::<Vec<_>>())).await;
    let kept = log.events();
    assert!(kept.iter().all(|kept| kept.anonymous_id.to_string() == SITE), "the edge's key stays");
    let lanes: HashSet<u16> = kept.iter().map(|kept| kept.lane).collect();
    assert_eq!(lanes.len(), 4, "each event by its own id");
}
