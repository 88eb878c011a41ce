//! Any body: taken apart and judged in the page and at a public endpoint. What the
//! page refuses no endpoint accepts, what is accepted is JSON, and judged again it
//! is the same bytes.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use tidemark_core::batch::{Batch, Form};
use tidemark_core::id::Uuid;
use tidemark_core::json::check_text;
use tidemark_core::judge::{Arrival, Judge, Judged, Place, Site};
use tidemark_core::validate::Catalogue;
use tidemark_core::verdict::Verdict;

/// The instant that the seeds are written for.
const NOW_MS: i64 = 1_795_250_285_123;

fn judged(body: &[u8], place: Place<'_>, catalogue: Option<&Catalogue>) -> Vec<Judged> {
    let Ok(batch) = Batch::read(body, Form::BatchOrEvent) else { return Vec::new() };
    let site = Site {
        tenant_id: Uuid([0x17; 16]),
        site_id: Uuid([0x51; 16]),
        cookieless: true,
        ..Site::default()
    };
    let pseudonym = |_: &str| format!("h1:{}", "0".repeat(64));
    let schemas = catalogue.map(|catalogue| catalogue as _);
    let judge = Judge { site: &site, schemas, place, pseudonym: Some(&pseudonym) };
    judge.batch(&batch, &mut |index| Uuid([index as u8 | 0x40; 16])).events
}

fuzz_target!(|body: &[u8]| {
    static CATALOGUE: OnceLock<Option<Catalogue>> = OnceLock::new();
    let Some(catalogue) = CATALOGUE.get_or_init(|| Catalogue::builtin().ok()) else {
        panic!("the catalogue does not compile");
    };
    let public = Place::Public(Arrival { received_at_ms: NOW_MS, ..Arrival::default() });
    let page = judged(body, Place::Page, None);
    let edge = judged(body, public, Some(catalogue));
    assert_eq!(page.len(), edge.len());
    for (page, edge) in page.iter().zip(&edge) {
        if page.verdict != Verdict::Accepted {
            assert_ne!(edge.verdict, Verdict::Accepted, "refused by the page: {:?}", page.fault);
        }
        for (judge, place, schemas) in [(page, Place::Page, None), (edge, public, Some(catalogue))]
        {
            if judge.verdict != Verdict::Accepted {
                assert!(judge.fault.is_some());
                continue;
            }
            assert!(check_text(&judge.text).is_ok(), "no JSON: {}", judge.text);
            let again = judged(judge.text.as_bytes(), place, schemas);
            let [again] = again.as_slice() else { panic!("not one event: {}", judge.text) };
            assert_eq!(again.verdict, Verdict::Accepted, "{:?} of {}", again.fault, judge.text);
            assert_eq!(again.text, judge.text, "judged twice");
        }
    }
});
