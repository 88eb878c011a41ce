//! How long the judge and the sanitiser take, in CPU time of the thread.
//!
//! `cargo xtask bench core` runs this and reads what criterion measured.

mod cpu;
mod payload;
mod peer;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::time::Duration;
use tidemark_core::batch::Form;
use tidemark_core::json::{self, Tape};
use tidemark_core::validate::Catalogue;

use cpu::CpuTime;
use peer::Peer;

fn event(c: &mut Criterion<CpuTime>) {
    assert_eq!(payload::EVENT.len(), 768, "the event that every figure is of");
    let catalogue = Catalogue::builtin().unwrap_or_else(|error| panic!("{error}"));
    let site = payload::site();
    let judged = payload::judge(payload::EVENT.as_bytes(), Form::BatchOrEvent, &site, &catalogue);
    assert!(payload::is_accepted(&judged.events), "{judged:?}");
    let mut group = c.benchmark_group("event_768");
    group.bench_function("judge", |b| {
        b.iter(|| {
            payload::judge(
                black_box(payload::EVENT.as_bytes()),
                Form::BatchOrEvent,
                &site,
                &catalogue,
            )
        });
    });
    group.bench_function("check", |b| b.iter(|| json::check(black_box(payload::EVENT.as_bytes()))));
    group.bench_function("read", |b| b.iter(|| Tape::read(black_box(payload::EVENT.as_bytes()))));
    let peer = Peer::new("chat_interaction");
    assert!(peer.judge(payload::EVENT.as_bytes()).is_some());
    group.bench_function("peer_judge", |b| {
        b.iter(|| peer.judge(black_box(payload::EVENT.as_bytes())))
    });
    group.bench_function("peer_validate", |b| {
        b.iter(|| peer.validate(black_box(payload::EVENT.as_bytes())))
    });
    for count in [50, 100] {
        let body = payload::batch(count);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(format!("batch_{count}"), |b| {
            b.iter(|| payload::judge(black_box(body.as_bytes()), Form::Batch, &site, &catalogue));
        });
    }
    group.finish();
}

criterion_group! {
    name = core;
    config = Criterion::default()
        .with_measurement(CpuTime)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .without_plots();
    targets = event
}
criterion_main!(core);
