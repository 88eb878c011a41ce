//! How long the judge and the sanitiser take, in CPU time of the thread, and how
//! often they allocate.
//!
//! `cargo xtask bench core` runs this, reads what criterion measured, and the last
//! line, which tells the allocations.

mod cpu;
mod patterns;
mod payload;
mod peer;

use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use tidemark_core::batch::Form;
use tidemark_core::json::Tape;
use tidemark_core::sanitise;
use tidemark_core::validate::Catalogue;

use cpu::CpuTime;
use peer::Peer;

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default()
        .with_measurement(CpuTime)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        .configure_from_args();
    let catalogue = Catalogue::builtin()?;
    events(&mut criterion, &catalogue)?;
    strings(&mut criterion);
    criterion.final_summary();
    let [one, batch] = [1, 100].map(|count| {
        let body = payload::batch(count);
        let site = payload::site();
        let judge = || drop(payload::judge(body.as_bytes(), Form::Batch, &site, &catalogue));
        allocation_counter::measure(judge).count_total as f64 / count as f64
    });
    let line = format!("allocations {{\"one\":{one},\"batch_100\":{batch}}}\n");
    Ok(std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes())?)
}

/// Parse, validate and sanitise: one event, batches, parsing alone, and the peer.
fn events(c: &mut Criterion<CpuTime>, catalogue: &Catalogue) -> Result<(), Box<dyn Error>> {
    let event = payload::EVENT.as_bytes();
    let site = payload::site();
    let peer = Peer::new("chat_interaction")?;
    let judged = payload::judge(event, Form::BatchOrEvent, &site, catalogue);
    assert_eq!(event.len(), 768, "the event that every figure is of");
    assert!(payload::is_accepted(&judged.events) && peer.judge(event).is_some(), "{judged:?}");
    let mut group = c.benchmark_group("event_768");
    group.bench_function("judge", |b| {
        b.iter(|| payload::judge(black_box(event), Form::BatchOrEvent, &site, catalogue));
    });
    group.bench_function("parse", |b| b.iter(|| Tape::read(black_box(event)).is_ok()));
    group.bench_function("peer_judge", |b| b.iter(|| peer.judge(black_box(event))));
    group.bench_function("peer_validate", |b| b.iter(|| peer.validate(black_box(event))));
    for count in [50, 100] {
        let body = payload::batch(count);
        group.bench_function(format!("batch_{count}"), |b| {
            b.iter(|| payload::judge(black_box(body.as_bytes()), Form::Batch, &site, catalogue));
        });
    }
    group.finish();
    Ok(())
}

/// The sanitiser alone: prose, and what costs it most.
fn strings(c: &mut Criterion<CpuTime>) {
    let mut group = c.benchmark_group("sanitise");
    for (name, text) in patterns::all() {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |b| {
            b.iter(|| sanitise::text(black_box(&text), &mut |_| {}).len());
        });
    }
    group.finish();
}
