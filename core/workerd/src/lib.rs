//! Judges the event of core/benches as often as it is asked, alone or in batches of
//! 100, in a WebAssembly module without imports.

use std::hint::black_box;
use std::sync::OnceLock;

use tidemark_core::batch::Form;
use tidemark_core::validate::Catalogue;

#[path = "../../benches/core/payload.rs"]
mod payload;

/// Judges `count` events in batches of `size`; returns how many were taken as they are.
#[unsafe(no_mangle)]
pub extern "C" fn judge(count: u32, size: u32) -> u32 {
    static CATALOGUE: OnceLock<Option<Catalogue>> = OnceLock::new();
    let Some(catalogue) = CATALOGUE.get_or_init(|| Catalogue::builtin().ok()) else { return 0 };
    let site = payload::site();
    let batch = payload::batch(size as usize);
    let (body, form) = match size {
        1 => (payload::EVENT, Form::BatchOrEvent),
        _ => (batch.as_str(), Form::Batch),
    };
    let mut taken = 0;
    for _ in 0..count / size.max(1) {
        let judged = payload::judge(black_box(body.as_bytes()), form, &site, catalogue);
        if payload::is_accepted(&judged.events) {
            taken += judged.events.len() as u32;
        }
    }
    taken
}
