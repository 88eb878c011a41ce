//! Whatever reaches the edge: a call's head, its body, a collector's answer, and
//! what a hold gives back. The input's lines are those, in this order; a body is
//! the last of them and may have lines of its own.
#![no_main]

use std::io::Read;
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use tidemark_core::batch::{Batch, Form};
use tidemark_core::id::Uuid;
use tidemark_core::judge::{Arrival, Judge, Place, Site};
use tidemark_core::validate::Catalogue;
use tidemark_core::verdict::{Verdict, answer_json};
use tidemark_edge_worker::policy::call::{Call, path_and_query};
use tidemark_edge_worker::policy::collector_answer::{NoVerdicts, read};
use tidemark_edge_worker::policy::hold::held::{Held, join, part};
use tidemark_edge_worker::policy::hold::redelivery::{Fate, fate};
use tidemark_edge_worker::policy::hold::split::parts;
use tidemark_edge_worker::policy::plan::Plan;
use tidemark_edge_worker::policy::wire::{Coding, Wire};
use tidemark_edge_worker::policy::{
    batch_name, event_id, files, hop_body, media, route, shard, write_key,
};

/// The instant that the seeds are written for.
const NOW_MS: i64 = 1_795_250_285_123;
/// As small as a hold could be, so that much is cut.
const MAX_BYTES: usize = 700;

fuzz_target!(|input: &[u8]| {
    let mut lines = input.splitn(4, |byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (head, answer, held, body) = (line(), line(), line(), line());
    let call = call_of(&String::from_utf8_lossy(head));
    judge_head(&call);
    judge_answer(answer);
    judge_held(held);
    judge_body(&call, body, answer);
});

/// As the runtime packs.
fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    let mut packed = Vec::new();
    let mut encoder = flate2::read::GzEncoder::new(body, flate2::Compression::fast());
    encoder.read_to_end(&mut packed).ok().map(|_| packed)
}

/// A head whose fields stand between tabs.
fn call_of(head: &str) -> Call {
    let mut fields = head.split('\t');
    let mut field = || fields.next().filter(|field| !field.is_empty()).map(String::from);
    let url = field().unwrap_or_default();
    let (path, query) = path_and_query(&url);
    Call {
        path: path.into(),
        query_write_keys: query.split('&').map(String::from).collect(),
        method: field().unwrap_or_default(),
        authorization: field(),
        origin: field(),
        content_type: field(),
        content_encoding: field(),
        content_length: field().and_then(|length| length.parse().ok()),
        idempotency_key: field(),
        if_none_match: field(),
        accept_encoding: field(),
        ..Call::default()
    }
}

fn judge_head(call: &Call) {
    let _ = route::route(&call.method, &call.path);
    let _ = media::check(call);
    let _ = write_key::resolve(call, Some("wk"));
    let _ = files::takes_brotli(call.accept_encoding.as_deref());
    let _ = files::is_unchanged(call.if_none_match.as_deref(), "\"tag\"");
    if files::content_type(&call.path).is_some() {
        assert!(!call.path.contains("..") && !call.path.starts_with('/'), "{:?}", call.path);
        let _ = files::cache_control(&call.path);
    }
}

fn judge_answer(answer: &[u8]) {
    for status in [200, 302, 400, 401, 413, 429, 500, 503] {
        let told = read(status, std::str::from_utf8(answer).ok(), answer);
        assert!(status == 200 || told.is_err());
        if status >= 500 {
            assert!(!matches!(told, Err(NoVerdicts::Final(_))), "{status} is mended some day");
        }
        if fate(1, &told) == Fate::Delivered {
            assert!(status == 200 && told.is_ok_and(|verdicts| verdicts.len() == 1));
        }
    }
}

fn judge_held(bytes: &[u8]) {
    if let Ok(held) = Held::from_bytes(bytes) {
        assert_eq!(held.to_bytes(), bytes);
    }
    if let Ok(parts) = part(bytes) {
        let again: Vec<Held> = parts.into_iter().map(|(held, _)| held).collect();
        assert_eq!(join(&again), bytes);
    }
}

fn judge_body(call: &Call, body: &[u8], answer: &[u8]) {
    static CATALOGUE: OnceLock<Option<Catalogue>> = OnceLock::new();
    let Some(catalogue) = CATALOGUE.get_or_init(|| Catalogue::builtin().ok()) else {
        panic!("the catalogue does not compile");
    };
    let Ok(batch) = Batch::read(body, Form::BatchOrEvent) else { return };
    let Ok(name) = batch_name::resolve(call, batch.batch_id.as_deref()) else { return };
    let site =
        Site { tenant_id: Uuid([0x17; 16]), site_id: Uuid([0x51; 16]), ..Site::default() };
    let arrival = Arrival { received_at_ms: NOW_MS, ..Arrival::default() };
    let judge = Judge {
        site: &site,
        schemas: Some(catalogue),
        place: Place::Public(arrival),
        pseudonym: None,
    };
    let judged = judge.batch(&batch, &mut |index| match name {
        Some(name) => event_id::derive(site.tenant_id, name, index),
        None => Uuid([index as u8 | 0x40; 16]),
    });
    let _ = shard::one_visitor(&batch).map(|visitor| shard::name(site.tenant_id, visitor));

    let mut plan = Plan::new(&judged);
    let open = plan.open();
    let write =
        |events: &[usize]| Wire::of(&hop_body::write(&site, name, NOW_MS, &judged, events), gzip);
    let whole = write(&open);
    let forwarded = plain(&whole);
    let hop = Batch::read(&forwarded, Form::Hop).expect("the collector reads what is forwarded");
    let texts = |batch: &Batch<'_>| {
        batch.events.iter().map(|event| event.raw().to_owned()).collect::<Vec<_>>()
    };
    let sent = texts(&hop);
    assert_eq!(sent.len(), open.len());

    if let (false, Ok(parts)) = (open.is_empty(), parts(&open, whole, MAX_BYTES, &write)) {
        let mut cut = Vec::new();
        for part in &parts {
            assert!(part.wire.bytes.len() <= MAX_BYTES);
            let body = plain(&part.wire);
            let batch = Batch::read(&body, Form::Hop).expect("a part is a hop body, too");
            assert_eq!(batch.events.len(), usize::from(part.events));
            cut.extend(texts(&batch));
        }
        assert_eq!(cut, sent);
    }

    // An answer for something else settles nothing; the hold settles everything.
    if let Ok(verdicts) = read(200, None, answer) {
        let mut other = plan.clone();
        if other.settle(verdicts).is_err() {
            assert_eq!(other.open(), open);
        }
    }
    assert_eq!(plan.settle_held().len(), open.len());
    let verdicts = plan.into_verdicts();
    assert_eq!(verdicts.len(), batch.events.len(), "received = all verdicts");
    let told = read(200, None, answer_json(None, &verdicts).as_bytes()).expect("our own answer");
    let accepted = |lines: &[tidemark_core::verdict::EventVerdict]| {
        lines.iter().filter(|line| line.verdict == Verdict::Accepted).count()
    };
    assert_eq!(accepted(&told), open.len());
}

fn plain(wire: &Wire) -> Vec<u8> {
    match wire.coding {
        Coding::Identity => wire.bytes.clone(),
        Coding::Gzip => {
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(wire.bytes.as_slice())
                .read_to_end(&mut plain)
                .expect("what is packed is unpacked");
            plain
        }
    }
}
