//! The public endpoints of the real process, over HTTP/1.1 and HTTP/2.

use serde_json::{Value, json};

use crate::hop::answer;
use crate::stack::{ClickHouse, SITE, Stack, TENANT, Tidemark, WRITE_KEY, config};

fn url(tidemark: &Tidemark, path: &str) -> String {
    format!("{}{path}?write_key={WRITE_KEY}", tidemark.url)
}

fn batch(names: &[&str]) -> Value {
    let events = names.iter().map(|name| json!({"event_name": name, "source": "server"}));
    json!({"batch_id": "b-1", "events": events.collect::<Vec<_>>()})
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_sends_without_an_edge_is_stored() {
    let stack = Stack::start().await;
    let tidemark = &stack.tidemark;
    let send = |path: &str, body: Value| {
        let request = tidemark.http.post(url(tidemark, path));
        answer(request.header("content-type", "application/json").body(body.to_string()))
    };
    assert_eq!(send("/v1/events/batch", batch(&["a", "b"])).await.verdicts(), ["accepted"; 2]);
    let tracked = json!({"eventType": "message.sent", "properties": {"tokens": 150}});
    assert_eq!(send("/api/v1/analytics/track", tracked).await.verdicts(), ["accepted"]);
    stack.tidemark.settled().await;
    let rows = stack
        .clickhouse
        .rows("SELECT event_name, tenant_id, site_id, client_ip_prefix FROM tidemark.events_raw ORDER BY event_name")
        .await;
    let names: Vec<&str> = rows.iter().map(|row| row["event_name"].as_str().unwrap()).collect();
    assert_eq!(names, ["a", "b", "message.sent"]);
    for row in &rows {
        assert_eq!((&row["tenant_id"], &row["site_id"]), (&json!(TENANT), &json!(SITE)));
        assert_eq!(row["client_ip_prefix"], "127.0.0.0/24");
    }
    assert_eq!(tidemark.metric("tidemark_events_received_total").await, 3.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_hop_key_the_public_endpoints_are_open() {
    let clickhouse = ClickHouse::start().await;
    let text = config(&clickhouse.url);
    let (before, hop) = text.split_once("[[hop.keys]]").unwrap();
    let (_, behind) = hop.split_once("[identity]").unwrap();
    let tidemark = Tidemark::start(&format!("{before}[identity]{behind}"), &[]).await;
    tidemark.until_ready().await;
    let request = tidemark.http.post(url(&tidemark, "/v1/events/batch"));
    let request = request.header("content-type", "text/plain").body(batch(&["a"]).to_string());
    assert_eq!(answer(request).await.verdicts(), ["accepted"]);
    let hop = tidemark.http.post(format!("{}/internal/v1/ingest", tidemark.url)).body("{}");
    assert_eq!(answer(hop).await.refusal(), (404, "not_found", None));
}

#[tokio::test(flavor = "multi_thread")]
async fn http_2_is_spoken_without_asking() {
    let stack = Stack::start().await;
    let tidemark = &stack.tidemark;
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let signed = crate::hop::batch(&[crate::hop::event(1)]);
    let (public, hop) = tokio::join!(
        client
            .post(url(tidemark, "/v1/events/batch"))
            .header("content-type", "application/json")
            .body(batch(&["a", "b"]).to_string())
            .send(),
        crate::hop::signed(tidemark, &signed).version(reqwest::Version::HTTP_11).send(),
    );
    let (public, hop) = (public.unwrap(), hop.unwrap());
    assert_eq!((public.version(), public.status().as_u16()), (reqwest::Version::HTTP_2, 200));
    assert_eq!((hop.version(), hop.status().as_u16()), (reqwest::Version::HTTP_11, 200));
    assert_eq!(crate::hop::body_of(public).await["accepted"], 2);

    // Many calls at once over the one connection.
    let calls = (0..64).map(|number| {
        let body = json!({"event_name": format!("parallel_{number}")}).to_string();
        let call = client.post(url(tidemark, "/v1/events"));
        tokio::spawn(call.header("content-type", "application/json").body(body).send())
    });
    for call in calls.collect::<Vec<_>>() {
        let response = call.await.unwrap().unwrap();
        assert_eq!(response.status(), 200);
    }
    assert_eq!(stack.count_events().await, 67);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_described_path_is_served() {
    let tidemark = Tidemark::start(&config("http://127.0.0.1:1"), &[]).await;
    let (status, document) = tidemark.get("/openapi.json").await;
    assert_eq!((status, &document["openapi"]), (200, &json!("3.1.0")));
    let paths = document["paths"].as_object().unwrap();
    for (path, operations) in paths {
        for method in operations.as_object().unwrap().keys() {
            let named = method.to_uppercase().parse().unwrap();
            let call = tidemark.http.request(named, format!("{}{path}", tidemark.url));
            let status = call.send().await.unwrap().status().as_u16();
            assert!(![404, 405].contains(&status), "{method} {path}: {status}");
        }
        // What is not described there is not served there.
        let other = tidemark.http.delete(format!("{}{path}", tidemark.url));
        let status = other.send().await.unwrap().status().as_u16();
        assert!([405, 426].contains(&status), "DELETE {path}: {status}");
    }
    assert!(paths.len() >= 18, "{}", paths.len());
}
