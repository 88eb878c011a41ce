//! The public endpoints: keys, origins, ids, times, networks, rates.

use axum::http::Method;
use tidemark_core::hash::{Salt, Visit};

use super::*;

fn event() -> Value {
    json!({"event_name": "signup_click", "source": "server"})
}

#[tokio::test]
async fn an_event_is_filled_in_by_the_endpoint_and_nobody_else() {
    let open = Open::new().await;
    let before = now_ms();
    let claimed = json!({
        "event_name": "signup_click", "tenant_id": TENANT, "site_id": SITE,
        "received_at": "2020-01-01T00:00:00Z", "geo": {"country": "US"}, "client_ip_prefix": "9.9.9.0/24",
    });
    let told = open.post("/v1/events", &claimed).await;
    assert_eq!(told.verdicts(), ["accepted"]);
    assert_eq!(told.json["batch_id"], Value::Null);
    let kept = open.log.events().remove(0);
    assert!((before..=now_ms()).contains(&kept.received_at_ms));
    assert_eq!(kept.occurred_at_ms, kept.received_at_ms);
    assert_eq!(
        (kept.tenant_id.to_string(), kept.site_id.to_string()),
        (TENANT.into(), SITE.into())
    );
    assert!(kept.whole.contains("203.0.113.0/24"), "{}", kept.whole);
    for claimed in ["9.9.9.0/24", "203.0.113.7", "US"] {
        assert!(!kept.whole.contains(claimed), "{claimed}");
    }
    assert_eq!(told.json["verdicts"][0]["event_id"], kept.event_id.to_string());
    assert_eq!(kept.event_id.0[6] >> 4, 7, "a fresh v7");
}

#[tokio::test]
async fn a_missing_id_is_derived_of_the_batch_or_of_the_header() {
    let open = Open::new().await;
    let batch = json!({"batch_id": "b-1", "events": [event(), event()]});
    let first = open.post("/v1/events/batch", &batch).await;
    assert_eq!(first.verdicts(), ["accepted", "accepted"]);
    assert_eq!(first.json["batch_id"], "b-1");
    let again = open.post("/v1/events/batch", &batch).await;
    assert_eq!(again.verdicts(), ["duplicate", "duplicate"]);
    let tenant = Uuid::parse(TENANT).unwrap();
    let derived = tidemark_core::endpoint::event_id::derive(tenant, "b-1", 1);
    assert_eq!(again.json["verdicts"][1]["event_id"], derived.to_string());

    let named = || request("/v1/events").header("idempotency-key", "call-7");
    for expected in ["accepted", "duplicate"] {
        let told = open.send(named().body(Body::from(event().to_string())).unwrap()).await;
        assert_eq!(
            (told.verdicts(), &told.json["batch_id"]),
            (vec![expected.into()], &Value::Null)
        );
    }
    // Without a name a retry is a new event.
    for _ in 0..2 {
        assert_eq!(open.post("/v1/events", &event()).await.verdicts(), ["accepted"]);
    }
    let long = request("/v1/events").header("idempotency-key", "k".repeat(257));
    let told = open.send(long.body(Body::from(event().to_string())).unwrap()).await;
    assert_eq!(told.refusal(), (400, "invalid_batch", None));
}

#[tokio::test]
async fn the_key_may_come_in_three_places_and_is_one() {
    let open = Open::new().await;
    let plain = |path: &str| plain_request(path);
    let single = event().to_string();
    let in_batch = |key: &str| json!({"write_key": key, "events": [event()]}).to_string();
    let bearer = |key: &str| format!("Bearer {key}");
    let post = async |path: &str, bearer: Option<String>, body: String| {
        let request = plain(path);
        let request = match bearer {
            Some(bearer) => request.header("authorization", bearer),
            None => request,
        };
        open.send(request.body(Body::from(body)).unwrap()).await
    };
    for (path, header, body) in [
        ("/v1/events?write_key=wk_shop", None, single.clone()),
        ("/v1/events", Some(bearer("wk_shop")), single.clone()),
        ("/v1/events/batch", None, in_batch("wk_shop")),
        ("/v1/events/batch?write_key=wk%5Fshop", Some(bearer("wk_shop")), in_batch("wk_shop")),
        ("/v1/events?write_key=wk_again", None, single.clone()),
    ] {
        assert_eq!(post(path, header, body).await.verdicts(), ["accepted"], "{path}");
    }
    for (path, header, body, code) in [
        ("/v1/events", None, single.clone(), "unknown_write_key"),
        ("/v1/events?write_key=wk_none", None, single.clone(), "unknown_write_key"),
        ("/v1/events?write_key=", None, single.clone(), "unknown_write_key"),
        ("/v1/events/batch", None, in_batch("wk_none"), "unknown_write_key"),
        ("/v1/events?write_key=wk_shop", Some(bearer("wk_again")), single, "write_key_conflict"),
        ("/v1/events/batch?write_key=wk_shop", None, in_batch("wk_again"), "write_key_conflict"),
        (
            "/v1/events/batch?write_key=wk_shop&write_key=wk_again",
            None,
            in_batch("wk_shop"),
            "write_key_conflict",
        ),
    ] {
        assert_eq!(post(path, header, body).await.refusal(), (401, code, None), "{path}");
    }
    assert_eq!(open.log.events().len(), 5);
    assert!(open.metrics.render().contains("refused_total{code=\"write_key_conflict\"} 3"));
}

#[tokio::test]
async fn another_tenants_ids_are_refused_an_event_at_a_time() {
    let open = Open::new().await;
    let other = "0190f5f6-7e2a-7c3b-9d4e-5f6071829311";
    let batch = json!({"events": [event(), with(event(), "tenant_id", json!(other)), with(event(), "site_id", json!(other))]});
    let told = open.post("/v1/events/batch", &batch).await;
    let expected =
        ["accepted", "rejected tenant_mismatch /tenant_id", "rejected tenant_mismatch /site_id"];
    assert_eq!(told.verdicts(), expected);
    let tenant = Uuid::parse(TENANT).unwrap();
    assert!(
        open.log.events().iter().chain(&open.log.rejections()).all(|kept| kept.tenant_id == tenant)
    );
}

#[tokio::test]
async fn pages_send_by_origin_and_may_read_every_answer() {
    let open = Open::new().await;
    let from = |page: &str| request("/v1/events").header("origin", page);
    let body = || Body::from(event().to_string());
    for page in ["https://shop.example", "https://www.shop.example"] {
        let beacon = from(page).header("content-type", "text/plain");
        let beacon = {
            let mut beacon = beacon.body(body()).unwrap();
            beacon
                .headers_mut()
                .insert("content-type", "text/plain;charset=UTF-8".parse().unwrap());
            beacon
        };
        let told = open.send(beacon).await;
        assert_eq!(told.verdicts(), ["accepted"], "{page}");
        assert_eq!(told.header("access-control-allow-origin"), Some(page));
        assert_eq!(told.header("vary"), Some("Origin"));
        assert!(told.header("access-control-expose-headers").unwrap().contains("Retry-After"));
        assert_eq!(told.header("access-control-allow-credentials"), None);
    }
    for page in
        ["https://evil.example", "http://shop.example", "null", "https://shop.example.evil.org"]
    {
        let told = open.send(from(page).body(body()).unwrap()).await;
        assert_eq!(told.refusal(), (403, "origin_not_allowed", None), "{page}");
        assert_eq!(told.header("access-control-allow-origin"), Some(page), "it may read why");
    }
    let preflight = async |path: &str, page: &str| {
        let request = Request::builder().method(Method::OPTIONS).uri(path).header("origin", page);
        open.send(request.body(Body::empty()).unwrap()).await
    };
    for path in
        ["/v1/events?write_key=wk_shop", "/v1/events/batch", "/capture", "/api/analytics/events"]
    {
        let told = preflight(path, "https://shop.example").await;
        assert_eq!((told.status, told.header("access-control-allow-methods")), (204, Some("POST")));
        let allowed = told.header("access-control-allow-headers").unwrap();
        assert!(allowed.contains("content-type") && allowed.contains("idempotency-key"));
        assert_eq!(preflight(path, "https://evil.example").await.refusal().0, 403);
    }
    let unknown = preflight("/v1/events?write_key=wk_none", "https://shop.example").await;
    assert_eq!(unknown.refusal(), (401, "unknown_write_key", None));
}

#[tokio::test]
async fn the_network_is_the_callers_and_a_proxy_is_asked_only_when_it_is_trusted() {
    for (peer, forwarded, expected, country) in [
        ("203.0.113.7:1", "198.51.100.9", "203.0.113.0/24", false),
        ("10.1.2.3:1", "198.51.100.9", "198.51.100.0/24", true),
        ("10.1.2.3:1", "1.1.1.1, 2001:db8:7:8::9", "2001:db8:7::/48", true),
        ("10.1.2.3:1", "", "10.1.2.0/24", true),
    ] {
        let open = Open::new().await;
        let mut request = request("/v1/events")
            .header("x-forwarded-for", forwarded)
            .header("x-country", "CH")
            .body(Body::from(event().to_string()))
            .unwrap();
        request.extensions_mut().insert(Peer(peer.parse().unwrap()));
        assert_eq!(open.send(request).await.verdicts(), ["accepted"]);
        let kept = open.log.events().remove(0).whole;
        assert!(kept.contains(expected), "{kept}");
        assert_eq!(kept.contains("\u{2}CH"), country, "{kept}");
        assert!(!kept.contains("198.51.100.9") && !kept.contains("203.0.113.7"));
    }
}

#[tokio::test]
async fn clocks_are_corrected_and_old_events_refused() {
    const HOUR: i64 = 3_600_000;
    let open = Open::new().await;
    let at = |unix_ms| with(event(), "occurred_at", rfc3339(unix_ms));
    let now = now_ms();
    let told = open.post("/v1/events/batch", &json!({"events": [
        at(now - 6 * 24 * HOUR), at(now - 8 * 24 * HOUR), at(now + 23 * HOUR), at(now + 25 * HOUR),
        with(event(), "occurred_at", json!("yesterday")),
    ]})).await;
    assert_eq!(
        told.verdicts(),
        [
            "accepted",
            "rejected too_old /occurred_at",
            "accepted",
            "rejected in_future /occurred_at",
            "rejected invalid_timestamp /occurred_at",
        ]
    );
    // A sender whose clock is an hour behind.
    let behind =
        json!({"sent_at": rfc3339(now_ms() - HOUR), "events": [at(now_ms() - HOUR - 1_000)]});
    assert_eq!(open.post("/v1/events/batch", &behind).await.verdicts(), ["accepted"]);
    let kept = open.log.events().pop().unwrap();
    let lag = kept.received_at_ms - kept.occurred_at_ms;
    assert!((900..3_000).contains(&lag), "{lag}");
}

#[tokio::test]
async fn a_cookieless_visitor_has_the_days_key() {
    let open = Open::new().await;
    let send = async |consent: Value, user_agent: &str| {
        let event = json!({
            "event_name": "page.viewed", "user_id": "u_1", "session_id": SITE, "anonymous_id": SITE,
            "context": {"consent": consent},
        });
        let request =
            plain_request("/v1/events?write_key=wk_strict").header("user-agent", user_agent);
        open.send(request.body(Body::from(event.to_string())).unwrap()).await.verdicts()
    };
    let cookieless = json!({"analytics": false, "mode": "cookieless"});
    let day = now_ms() / 86_400_000;
    assert_eq!(send(cookieless.clone(), "Browser/1").await, ["accepted"]);
    assert_eq!(send(cookieless, "Browser/2").await, ["accepted"]);
    assert_eq!(send(json!({"analytics": false}), "").await, ["dropped consent /context/consent"]);
    assert_eq!(send(json!({}), "").await, ["dropped consent /context/consent"]);
    let kept = open.log.events();
    let salt = Salt::of_tenant(SALT_SECRET.as_bytes(), Uuid::parse(TENANT).unwrap());
    let site_id = Uuid::parse("0190f5f6-7e2a-7c3b-9d4e-5f6071829303").unwrap();
    let key = |user_agent, day| {
        salt.daily_key(&Visit { site_id, day, address: "203.0.113.7", user_agent })
    };
    // The day may end while this runs.
    let is_todays =
        |id: Uuid, user_agent| [day, day + 1].map(|day| key(user_agent, day)).contains(&id);
    assert!(
        is_todays(kept[0].anonymous_id, "Browser/1")
            && is_todays(kept[1].anonymous_id, "Browser/2")
    );
    for kept in kept {
        assert_eq!((kept.user_id(), kept.session_id), ("", Uuid::default()));
        assert!(!kept.whole.contains("203.0.113.7"));
    }
}

#[tokio::test]
async fn a_person_and_a_tenant_have_a_rate() {
    let open = Open::new().await;
    let view = |user: &str| json!({"event_name": "page.viewed", "user_id": user, "context": {"consent": {"analytics": true}}});
    let send = async |user: &str, count: usize| {
        let body = json!({"events": vec![view(user); count]}).to_string();
        open.send(
            plain_request("/v1/events/batch?write_key=wk_strict").body(Body::from(body)).unwrap(),
        )
        .await
    };
    let first = send("u_1", 7).await;
    assert_eq!(first.verdicts().len(), 7);
    let rate = |told: &Told| {
        ["limit", "remaining", "reset"]
            .map(|name| told.header(&format!("ratelimit-{name}")).unwrap().parse::<u32>().unwrap())
    };
    assert_eq!(rate(&first), [10, 3, 42]);
    let over = send("u_1", 4).await;
    assert_eq!(over.refusal(), (429, "rate_limited", None));
    let wait: u32 = over.header("retry-after").unwrap().parse().unwrap();
    assert!((5..=6).contains(&wait), "{wait}");
    assert_eq!(rate(&over)[..2], [10, 3]);
    assert_eq!(send("u_1", 3).await.status, 200, "what is left passes");
    assert_eq!(send("u_2", 10).await.status, 200, "another person has its own");
    assert_eq!(send("u_3", 50).await.status, 200, "no limit makes a batch impossible");
    assert_eq!(send("u_3", 1).await.status, 429);
    assert_eq!(open.log.events().len(), 70);
    assert!(open.metrics.render().contains("refused_total{code=\"rate_limited\"} 2"));
}

#[tokio::test]
async fn a_site_takes_what_it_says() {
    let open = Open::new().await;
    let body = json!({"events": [
        {"event_name": "own_name", "context": {"consent": {"analytics": true}}},
        {"event_name": "page.viewed", "context": {"consent": {"analytics": true}}},
        {"event_name": "page.viewed"},
    ]})
    .to_string();
    let told = open
        .send(plain_request("/v1/events/batch?write_key=wk_strict").body(Body::from(body)).unwrap())
        .await;
    assert_eq!(
        told.verdicts(),
        ["rejected unknown_event_name /event_name", "accepted", "dropped consent /context/consent"]
    );
    let rejections: Vec<_> =
        open.log.rejections().iter().map(|kept| kept.texts.join(" ")).collect();
    assert_eq!(
        rejections,
        [
            "rejected unknown_event_name /event_name collector",
            "dropped consent /context/consent collector"
        ]
    );
}

#[tokio::test]
async fn a_personal_user_id_is_hashed_and_free_text_goes() {
    let open = Open::new().await;
    let event = json!({"event_name": "feedback_submission", "user_id": "jo@example.org",
        "attributes": {"feedback_type": "nps", "comment": "call 555", "mail": "jo@example.org"}});
    assert_eq!(open.post("/v1/events", &event).await.verdicts(), ["accepted"]);
    let kept = open.log.events().remove(0);
    assert!(kept.user_id().starts_with("h1:"));
    for gone in ["jo@example", "call 555", "comment"] {
        assert!(!kept.whole.contains(gone), "{gone}");
    }
}

#[tokio::test]
async fn a_log_that_takes_nothing_is_told_with_retry_after() {
    let open = Open::with(Memory::full(Fullness::Disk)).await;
    let told = open.post("/v1/events", &event()).await;
    assert_eq!(told.refusal(), (503, "store_unavailable", None));
    assert_eq!(told.header("retry-after"), Some("5"));
    assert!(told.json.get("verdicts").is_none());
}
