//! What is done when the module is loaded, before there is a call: the catalogue is compiled,
//! and one batch judged and written, so that the engine has compiled what every first call needs.
//!
//! The runtime gives no time, no random bytes and no I/O here; nothing that is made is kept but
//! the catalogue.

use tidemark_core::batch::{Batch, Form};
use tidemark_core::hop;
use tidemark_core::id::Uuid;
use tidemark_core::judge::{Arrival, Judge, Place, Site};
use tidemark_core::verdict::answer_json;
use worker::wasm_bindgen::prelude::wasm_bindgen;

use super::settings;
use crate::policy::collector_answer;
use crate::policy::hop_body;
use crate::policy::plan::Plan;
use crate::policy::shard;
use crate::policy::sites::Sites;

/// When the batch below occurred, in Unix milliseconds.
const NOW_MS: i64 = 1_767_225_600_000;

/// Two events as the SDK writes them, and one that is refused.
const BATCH: &str = r#"{"batch_id":"0190f5f6-7e2a-7c3b-9d4e-5f6071829300","sent_at":"2026-01-01T00:00:00.000Z",
"context":{"locale":"en-GB","consent":{"analytics":true,"ads":false},"page":{"url":"https://shop.example/a","path":"/a","title":"A"},
"sdk":{"name":"@tidemark/web","version":"0.1.0"}},"events":[
{"event_id":"0190f5f6-7e2a-7c3b-9d4e-5f6071829301","event_name":"page.viewed","occurred_at":"2026-01-01T00:00:00.000Z",
"session_id":"0190f5f6-7e2a-7c3b-9d4e-5f6071829302","anonymous_id":"0190f5f6-7e2a-7c3b-9d4e-5f6071829303","source":"web",
"attributes":{"kind":"route","note":"write to jo@shop.example or call +44 20 7946 0958","shop.items":3},"context":{"page":{"path":"/b"}}},
{"event_id":"0190f5f6-7e2a-7c3b-9d4e-5f6071829304","event_name":"ui.clicked","occurred_at":"2026-01-01T00:00:00.000Z",
"attributes":{"selector":"main > button","tag":"button","text":"Buy","x":1,"y":2.5}},{"event_name":"Wrong"}]}"#;

/// Prepares the module; called once it is loaded.
#[wasm_bindgen(wasm_bindgen = ::worker::wasm_bindgen)]
pub fn prepare() {
    let Some(catalogue) = settings::catalogue() else { return };
    let site = Site::default();
    let sites = Sites::default();
    let schemas = &sites.own_schemas.of(site.tenant_id, &catalogue);
    let Ok(batch) = Batch::read(BATCH.as_bytes(), Form::Batch) else { return };
    let arrival = Arrival { received_at_ms: NOW_MS, ..Arrival::default() };
    let place = Place::Public(arrival);
    let judge = Judge { site: &site, schemas: Some(schemas), place, pseudonym: None };
    let judged = judge.batch(&batch, &mut |_| Uuid::default());
    let mut plan = Plan::new(&judged);
    let _shard =
        shard::name(site.tenant_id, shard::one_visitor(&batch).unwrap_or_default(), shard::SHARDS);
    let body = hop_body::write(&site, None, NOW_MS, &judged, &plan.open());
    let key = hop::Key { id: String::new(), secret: Vec::new() };
    let _signature = hop::sign(&key, NOW_MS, hop::PATH, body.as_bytes());
    let answer = answer_json(None, &plan.clone().into_verdicts());
    if let Ok(told) = collector_answer::read(200, None, answer.as_bytes()) {
        // A misfit is as good: nobody waits for it.
        let _settled = plan.settle(told);
    }
}
