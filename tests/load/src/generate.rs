//! Senders: a connection and a body each, as fast as they are answered or by a plan.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tidemark_stack::hop::{HEADER, PATH, now_ms, sign};
use tidemark_stack::http::Client;

use crate::body::{Body, Coding};

/// What is sent.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Events of a batch.
    pub batch: usize,
    /// How it goes over the wire.
    pub coding: Coding,
    /// Connections, each with a thread.
    pub senders: usize,
    /// Events in all.
    pub events: u64,
    /// Events a second in all; none is as fast as they are answered.
    pub rate: Option<u64>,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// Events that were accepted.
    pub accepted: u64,
    /// Batches that were told to come back, and did.
    pub later: u64,
    /// Seconds on the wall.
    pub seconds: f64,
    /// Microseconds from sending to the answer, of each batch, sorted.
    pub acks_us: Vec<u32>,
}

impl Sent {
    /// The latency that so many per cent of batches do not exceed, milliseconds.
    pub fn ack_ms(&self, per_cent: usize) -> f64 {
        let last = self.acks_us.len().saturating_sub(1);
        let at = (self.acks_us.len() * per_cent / 100).min(last);
        self.acks_us.get(at).map_or(0.0, |us| f64::from(*us) / 1e3)
    }

    /// Accepted events a second.
    pub fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let accepted = self.accepted as f64;
        accepted / self.seconds.max(1e-9)
    }
}

/// Sends a load to an address.
///
/// # Errors
/// When an answer is neither 200 with all accepted, nor 503.
pub fn send(address: SocketAddr, load: Load, seed: u64) -> Result<Sent> {
    let begun = Instant::now();
    let taken = AtomicU64::new(0);
    let parts: Vec<Result<Sent>> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..load.senders)
            .map(|number| {
                let (taken, seed) = (&taken, seed * 1_000 + number as u64);
                scope.spawn(move || sender(address, load, seed, begun, taken))
            })
            .collect();
        let join = |sender: std::thread::ScopedJoinHandle<'_, Result<Sent>>| {
            sender.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a sender panicked")))
        };
        senders.into_iter().map(join).collect()
    });
    let mut all = Sent { seconds: begun.elapsed().as_secs_f64(), ..Sent::default() };
    for part in parts {
        let part = part?;
        all.accepted += part.accepted;
        all.later += part.later;
        all.acks_us.extend(part.acks_us);
    }
    all.acks_us.sort_unstable();
    Ok(all)
}

fn sender(
    address: SocketAddr,
    load: Load,
    seed: u64,
    begun: Instant,
    taken: &AtomicU64,
) -> Result<Sent> {
    let mut client = Client::new(address, Duration::from_secs(60));
    let mut body = Body::new(load.batch, load.coding, seed);
    let mut sent = Sent::default();
    let coding = load.coding.header();
    let size = body.len() as u64;
    let all_accepted = format!(r#""accepted":{size},"#);
    loop {
        let before = taken.fetch_add(size, Ordering::Relaxed);
        if before >= load.events {
            return Ok(sent);
        }
        if let Some(rate) = load.rate {
            let due = Duration::from_micros(before.saturating_mul(1_000_000) / rate.max(1));
            if let Some(early) = due.checked_sub(begun.elapsed()) {
                std::thread::sleep(early);
            }
        }
        let bytes = body.next();
        loop {
            let signature = sign(now_ms(), bytes);
            let mut headers =
                vec![(HEADER, signature.as_str()), ("content-type", "application/json")];
            headers.extend(coding.map(|coding| ("content-encoding", coding)));
            let at = Instant::now();
            let answer = client.request("POST", PATH, &headers, bytes)?;
            if answer.status == 503 {
                sent.later += 1;
                std::thread::sleep(Duration::from_millis(20));
                continue;
            }
            sent.acks_us.push(u32::try_from(at.elapsed().as_micros()).unwrap_or(u32::MAX));
            let text = answer.text();
            ensure!(answer.status == 200 && text.contains(&all_accepted), "{text}");
            sent.accepted += size;
            break;
        }
    }
}
