//! What the benches judge: one realistic event of exactly 768 bytes.

use tidemark_core::batch::{Batch, Form};
use tidemark_core::id::Uuid;
use tidemark_core::judge::{Arrival, Judge, Judged, JudgedBatch, Place, Schemas, Site};

/// The instant of the benches, in Unix milliseconds: half a second behind the event's.
pub const NOW_MS: i64 = 1_795_250_285_623;

/// A prompt to an assistant, as the SDK sends it with the page around it.
pub const EVENT: &str = concat!(
    r#"{"event_id":"0190f5f6-7e2a-7c3b-9d4e-5f60718293a4","event_name":"chat_interaction","#,
    r#""occurred_at":"2026-11-21T08:38:05.123Z","#,
    r#""session_id":"0190f5f6-0c1d-7e2f-8a3b-4c5d6e7f8091","#,
    r#""anonymous_id":"0190f5f5-ffee-7ddc-8bba-a99887766554","source":"web","#,
    r#""attributes":{"thread_id":"t_81","message_id":"m_3","message_type":"user_prompt","#,
    r#""prompt_text":"How do I return an order that I placed with my voucher, and when will the refund reach me?","#,
    r#""prompt_length":91,"response_time_ms":840.5,"model_used":"shop-assistant-2","#,
    r#""tokens_consumed":118,"cost":0.0021,"is_follow_up":false},"#,
    r#""context":{"page":{"url":"https://shop.example/help/returns","path":"/help/returns","#,
    r#""title":"Returns and refunds"},"locale":"en-GB","consent":{"analytics":true},"#,
    r#""sdk":{"name":"web","version":"0.1.0"}}}"#,
);

/// A batch of so many events with ids of their own.
pub fn batch(count: usize) -> String {
    let events: Vec<String> = (0..count)
        .map(|index| EVENT.replacen("5f60718293a4", &format!("5f60{index:08x}"), 1))
        .collect();
    format!(r#"{{"batch_id":"b-1","events":[{}]}}"#, events.join(","))
}

/// A site that keeps free text, so that the whole event goes through every step.
pub fn site() -> Site {
    Site { keep_free_text: true, ..Site::default() }
}

/// Takes a body apart and judges its events, as the edge does.
pub fn judge(body: &[u8], form: Form, site: &Site, schemas: &dyn Schemas) -> JudgedBatch {
    let arrival = Arrival {
        received_at_ms: NOW_MS,
        geo: Some(r#"{"country":"DE"}"#),
        client_ip_prefix: Some("203.0.113.0/24"),
        ..Arrival::default()
    };
    let judge =
        Judge { site, schemas: Some(schemas), place: Place::Public(arrival), pseudonym: None };
    match Batch::read(body, form) {
        Ok(batch) => judge.batch(&batch, &mut |_| Uuid([1; 16])),
        Err(_) => JudgedBatch::default(),
    }
}

/// Whether every event was taken as it is.
pub fn is_accepted(judged: &[Judged]) -> bool {
    !judged.is_empty()
        && judged.iter().all(|event| event.fault.is_none() && event.findings.is_empty())
}
