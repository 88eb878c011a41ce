//! Judges the event of the benches so many times, and does nothing else: for
//! `valgrind --tool=callgrind` (docs/performance.md).
//!
//! `judge_cost alone|batch|parse|sanitise COUNT [TEXT]`
#![expect(clippy::panic, clippy::print_stdout, reason = "an example, run by hand")]

#[path = "../benches/core/payload.rs"]
mod payload;

use std::hint::black_box;

use tidemark_core::batch::Form;
use tidemark_core::json::Tape;
use tidemark_core::sanitise;
use tidemark_core::validate::Catalogue;

fn main() {
    let mut args = std::env::args().skip(1);
    let what = args.next().unwrap_or_default();
    let count: usize = args.next().and_then(|text| text.parse().ok()).unwrap_or(1000);
    let catalogue = Catalogue::builtin().unwrap_or_else(|error| panic!("{error}"));
    let site = payload::site();
    let event = payload::EVENT.as_bytes();
    let batch = payload::batch(100);
    let judged = payload::judge(event, Form::BatchOrEvent, &site, &catalogue);
    assert!(payload::is_accepted(&judged.events), "{judged:?}");
    let text = args
        .next()
        .filter(|text| !text.is_empty())
        .map_or_else(String::new, |piece| piece.repeat(8 * 1024 / piece.len()));
    let mut sum = 0;
    for _ in 0..count {
        sum += match &*what {
            "alone" => {
                payload::judge(black_box(event), Form::BatchOrEvent, &site, &catalogue).events.len()
            }
            "batch" => payload::judge(black_box(batch.as_bytes()), Form::Batch, &site, &catalogue)
                .events
                .len(),
            "parse" => usize::from(Tape::read(black_box(event)).is_ok()),
            "sanitise" => sanitise::text(black_box(&text), &mut |_| {}).len(),
            other => panic!("{other:?} is none of alone, batch, parse, sanitise"),
        };
    }
    println!("{sum}");
}
