//! What the ingest path costs, from the signed wire bytes to the answer: CPU an event.
//!
//! `cargo run --release -p tidemark-collector --example ingest_cost [batches [events a batch]]`
//!
//! Everything of the path is on and real (signature, judge, sanitiser, record, dedupe,
//! log and fsync below a temporary folder) but the socket and ClickHouse. CPU time is
//! this process's own (user and system). For instruction counts by function:
//! `valgrind --tool=callgrind target/release/examples/ingest_cost 20`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement prints, and what fails ends it"
)]

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use tidemark_collector::clock::SystemClock;
use tidemark_collector::disk::RealDisk;
use tidemark_collector::ingest::{Admission, Pipeline, SignedHop, Tenants, hop_routes};
use tidemark_collector::log::{Committer, LogCore, LogOptions};
use tidemark_collector::metrics::Metrics;
use tidemark_core::hop::{self, Key};
use tidemark_core::id::Uuid;
use tidemark_core::validate::Catalogue;
use tower::ServiceExt as _;

const TENANT: &str = "01890a5d-ac96-7b7c-8d4f-112233445501";
const SITE: &str = "01890a5d-ac96-7b7c-8d4f-112233445502";

/// An event of 768 bytes: a prompt to an assistant, with the page around it.
fn event(number: u64, at: &str) -> String {
    let session = number / 20;
    let event = format!(
        concat!(
            r#"{{"event_id":"0190f5f6-7e2a-7c3b-9d4e-{number:012x}","event_name":"chat_interaction","#,
            r#""occurred_at":"{at}","#,
            r#""session_id":"0190f5f6-0c1d-7e2f-8a3b-{session:012x}","#,
            r#""anonymous_id":"0190f5f5-ffee-7ddc-8bba-a99887766554","source":"web","#,
            r#""attributes":{{"thread_id":"t_81","message_id":"m_3","message_type":"user_prompt","#,
            r#""prompt_text":"How do I return an order that I placed with my voucher, and when will the refund reach me?","#,
            r#""prompt_length":91,"response_time_ms":840.5,"model_used":"shop-assistant-2","#,
            r#""tokens_consumed":118,"cost":0.0021,"is_follow_up":false}},"#,
            r#""context":{{"page":{{"url":"https://shop.example/help/returns","path":"/help/returns","#,
            r#""title":"Returns and refunds"}},"locale":"en-GB","consent":{{"analytics":true}},"#,
            r#""sdk":{{"name":"web","version":"0.1.0"}}}}}}"#,
        ),
        number = number,
        session = session,
        at = at,
    );
    assert_eq!(event.len(), 768);
    event
}

struct Any;

impl Tenants for Any {
    fn retention_days(&self, _: Uuid) -> Option<u16> {
        Some(90)
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|word| word.parse::<u64>().unwrap());
    let (batches, size) = (arguments.next().unwrap_or(2_000), arguments.next().unwrap_or(100));
    let folder = tempfile::tempdir().unwrap();
    let mut options = LogOptions::events_raw(uuid::Uuid::from_u128(1), [7; 16]);
    options.limits.disk_reserve_bytes = 0;
    let disk = Arc::new(RealDisk::open(folder.path()).unwrap());
    let (core, _) = LogCore::open(disk, Arc::new(SystemClock::new()), &options).unwrap();
    let committer = Arc::new(Committer::start(core).unwrap());
    let key = Key { id: "k1".into(), secret: b"a secret of the measurement".to_vec() };
    let admission = Admission::new(Catalogue::builtin().unwrap(), Any);
    let metrics = Arc::new(Metrics::new().unwrap());
    let pipeline = Arc::new(Pipeline::new(admission, Arc::clone(&committer) as _, metrics));
    let routes = hop_routes(SignedHop::new(vec![key.clone()], pipeline));

    let now_ms = i64::try_from(UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    let mut at = String::new();
    tidemark_core::time::format_rfc3339(now_ms, &mut at);
    let bodies: Vec<String> = (0..batches)
        .map(|batch| {
            let events: Vec<String> =
                (batch * size..(batch + 1) * size).map(|number| event(number, &at)).collect();
            format!(
                r#"{{"batch_id":"b{batch}","tenant_id":"{TENANT}","site_id":"{SITE}","received_at":"{at}","events":[{}]}}"#,
                events.join(",")
            )
        })
        .collect();
    let requests: Vec<Request<Body>> = bodies
        .into_iter()
        .map(|body| {
            let signature = hop::sign(&key, now_ms, hop::PATH, body.as_bytes());
            let request = Request::post(hop::PATH).header(hop::HEADER, signature);
            request.body(Body::from(body)).unwrap()
        })
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let begun = cpu_us();
    runtime.block_on(async {
        for request in requests {
            let answer = routes.clone().oneshot(request).await.unwrap();
            let body = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
            let expected = format!("\"accepted\":{size},");
            assert!(String::from_utf8_lossy(&body).contains(&expected), "{body:?}");
        }
    });
    let cpu = (cpu_us() - begun) / (batches * size) as f64;
    println!("ingest without socket and ClickHouse, batches of {size}: {cpu:.3} µs CPU an event");
    println!("{{\"ingest_cpu_us_per_event\":{cpu:.3}}}");
    committer.close();
}

/// Microseconds of CPU that this process has used, user and system.
fn cpu_us() -> f64 {
    let times = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    times.tv_sec as f64 * 1e6 + times.tv_nsec as f64 / 1e3
}
