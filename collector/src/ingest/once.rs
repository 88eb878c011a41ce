//! What the judge hands over is what a reader of the judged text would find: the same
//! bytes of the same record, over golden payloads and generated events.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::borrow::Cow;

use proptest::prelude::*;
use tidemark_core::batch::{Batch, Form};
use tidemark_core::event::Envelope;
use tidemark_core::id::Uuid;
use tidemark_core::json::{Tape, Value};
use tidemark_core::judge::{Arrival, Judge, Judged, Part, Place, Site};
use tidemark_core::noticed::DeviceClass;
use tidemark_core::validate::Catalogue;
use tidemark_core::verdict::Fault;

use super::admit::root;
use super::context;
use super::record::{Shared, read};
use crate::record::{Context, Encoder, Record, expires_at};

const NOW_MS: i64 = 1_767_323_046_000;

/// Reads a judged event's text into its record, as a program would that has no judge.
fn by_text<'a>(tape: &'a Tape<'a>, shared: &Shared<'a>) -> Record<'a> {
    let (envelope, parts) = Envelope::read_node(tape.root(), true).unwrap();
    let text = |value: Option<Value<'a>>| value.and_then(Value::as_str).unwrap_or_default();
    let geo = |key| text(envelope.geo.and_then(|geo| geo.get(key)));
    let received_at_ms = envelope.received_at_ms.or(shared.received_at_ms).unwrap();
    let (country, region) = (geo("country"), geo("region"));
    Record {
        tenant_id: shared.tenant_id,
        site_id: shared.site_id,
        event_id: envelope.event_id.unwrap(),
        event_name: envelope.event_name,
        schema_version: envelope.schema_version.unwrap_or_default(),
        occurred_at_ms: envelope.occurred_at_ms.unwrap(),
        received_at_ms,
        expires_at: expires_at(received_at_ms, shared.retention_days),
        session_id: envelope.session_id,
        anonymous_id: envelope.anonymous_id,
        user_id: envelope.user_id.unwrap_or_default(),
        source: text(envelope.source),
        attributes: parts.attributes,
        context: context::over(parts.context, &shared.context),
        country,
        region,
        client_ip_prefix: text(envelope.client_ip_prefix),
        flags: envelope.flags,
        device_class: envelope.device_class,
    }
}

fn shared<'a>(site: &Site, context: Context<'a>) -> Shared<'a> {
    Shared {
        tenant_id: site.tenant_id,
        site_id: site.site_id,
        received_at_ms: Some(NOW_MS),
        received_at_max_ms: i64::MAX,
        retention_days: 90,
        context,
    }
}

fn bytes(record: &Record<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    Encoder::new().event(record, &mut out);
    out
}

/// What becomes of each event of a body, by its text: the record's bytes, or the fault.
fn twice(judge: Judge<'_>, batch: &Batch<'_>) -> Vec<Result<Vec<u8>, Option<Fault>>> {
    let judged = judge.batch(batch, &mut |_| Uuid([9; 16]));
    let tape = judged.context.as_deref().map(|text| Tape::read_text(text).unwrap());
    let context = tape.as_ref().map_or_else(Context::default, |tape| context::shared(tape.root()));
    let shared = shared(judge.site, context);
    let one = |event: &Judged| {
        if event.text.is_empty() {
            return Err(event.fault.clone());
        }
        Ok(bytes(&by_text(&Tape::read_text(&event.text).unwrap(), &shared)))
    };
    judged.events.iter().map(one).collect()
}

/// The same by what the judge hands over.
fn once(judge: Judge<'_>, batch: &Batch<'_>) -> Vec<Result<Vec<u8>, Option<Fault>>> {
    let site = judge.site;
    let hearing = judge.hear(batch);
    let index = hearing.context().map(Part::index);
    let shared = shared(site, root(&index).map_or_else(Context::default, context::shared));
    let mut all = Vec::new();
    hearing.each(&mut |_| Uuid([9; 16]), |heard| {
        all.push(heard.admitted.map_err(Some).map(|whole| {
            let [attributes, context] =
                [&whole.attributes, &whole.context].map(|part| part.as_ref().map(Part::index));
            bytes(&read(&whole, root(&attributes), root(&context), &shared).unwrap())
        }));
    });
    all
}

/// Holds both against each other, at a public endpoint and behind the hop; how many
/// events there were records of.
fn compare(catalogue: &Catalogue, body: &str, keep_free_text: bool) -> usize {
    let site = Site {
        tenant_id: Uuid([1; 16]),
        site_id: Uuid([2; 16]),
        keep_free_text,
        cookieless: true,
        ..Site::default()
    };
    let hash = |text: &str| format!("h1:{}", text.len());
    let arrival = Arrival {
        received_at_ms: NOW_MS,
        geo: Some(r#"{"country":"DE","region":"DE-BE"}"#),
        client_ip_prefix: Some("203.0.113.0/24"),
        cookieless_id: Some(Uuid([8; 16])),
        device_class: Some(DeviceClass::Bot),
    };
    let mut records = 0;
    for (place, form) in [(Place::Public(arrival), Form::BatchOrEvent), (Place::Signed, Form::Hop)]
    {
        for pseudonym in [None, Some(&hash as &dyn Fn(&str) -> String)] {
            let Ok(batch) = Batch::read(body.as_bytes(), form) else { continue };
            let judge = Judge { site: &site, schemas: Some(catalogue), place, pseudonym };
            let events = once(judge, &batch);
            assert_eq!(events, twice(judge, &batch), "{body}");
            records += events.iter().filter(|event| event.is_ok()).count();
        }
    }
    records
}

#[test]
fn of_every_golden_payload_the_record_is_the_same() {
    let catalogue = Catalogue::builtin().unwrap();
    let mut records = 0;
    for entry in std::fs::read_dir(super::golden::FOLDER).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let file: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        for case in file["cases"].as_array().into_iter().flatten() {
            let Some(event) = case["event"].as_str() else { continue };
            let context = case
                .get("context")
                .map_or_else(|| Cow::Borrowed("{}"), |context| Cow::Owned(context.to_string()));
            let body = format!(r#"{{"context":{context},"events":[{event}]}}"#);
            for keep_free_text in [false, true] {
                records += compare(&catalogue, &super::golden::at_now(&body), keep_free_text);
            }
        }
    }
    assert!(records > 300, "{records}");
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "(t_81|en-GB|0\\.1\\.0|/help/returns|https://a\\.example/b|[a-z ,?]{1,9}|)",
        1 => "(jo@example\\.org|call 0171 1234567|https://a\\.example/p\\?q=1|192\\.0\\.2\\.7| ){1,2}",
        1 => any::<String>(),
    ]
}

/// An object of any members, some of them of the catalogue.
fn object(keys: &'static str) -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        4 => text().prop_map(serde_json::Value::from),
        1 => any::<i64>().prop_map(Into::into),
        1 => any::<bool>().prop_map(Into::into),
        1 => Just(serde_json::Value::Null),
        1 => prop::num::f64::NORMAL.prop_map(Into::into),
    ];
    let value = leaf.prop_recursive(3, 16, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::hash_map(keys, inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    });
    prop::collection::hash_map(keys, value, 0..5)
        .prop_map(|map| serde_json::Value::Object(map.into_iter().collect()))
}

fn context() -> impl Strategy<Value = serde_json::Value> {
    let text = || prop::option::of(text());
    (text(), text(), text(), prop::option::of(any::<bool>()), 0..3_usize).prop_map(
        |(url, title, locale, analytics, mode)| {
            let mut consent = serde_json::json!({ "analytics": analytics });
            if let Some(mode) = ["full", "cookieless"].get(mode) {
                consent["mode"] = (*mode).into();
            }
            serde_json::json!({
                "page": { "url": url.unwrap_or_default(), "title": title.unwrap_or_default() },
                "locale": locale.unwrap_or_default(),
                "consent": consent,
            })
        },
    )
}

const KEYS: &str =
    "(email|password|url|note|a\\.b|thread_id|cost|success|list|jo@example\\.org|\\PC)";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn of_any_event_the_record_is_the_same(
        attributes in object(KEYS), own in prop::option::of(context()), shared in context(),
        user_id in prop::option::of(prop_oneof!["u-[0-9]", "jo@example\\.org", "s1:[0-9a-f]{64}", "\\PC{1,9}"]),
        keep_free_text in any::<bool>(), pretty in any::<bool>(),
    ) {
        let mut event = serde_json::json!({
            "event_name": "acme.something", "occurred_at": "2026-01-02T03:04:05.678Z",
            "session_id": "0190f5f6-0c1d-7e2f-8a3b-4c5d6e7f8091", "attributes": attributes,
        });
        if let Some(own) = own {
            event["context"] = own;
        }
        if let Some(user_id) = user_id {
            event["user_id"] = user_id.into();
        }
        let body = serde_json::json!({ "context": shared, "events": [event] });
        let body = if pretty { format!("{body:#}") } else { body.to_string() };
        let catalogue = &*CATALOGUE;
        compare(catalogue, &body, keep_free_text);
    }
}

static CATALOGUE: std::sync::LazyLock<Catalogue> =
    std::sync::LazyLock::new(|| Catalogue::builtin().unwrap());
