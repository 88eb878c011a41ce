//! Senders that send each batch until it is acknowledged, as an edge's hold does:
//! the same ids again after whatever was no answer.
//!
//! What they hold the collector to while they send: a new id is never called a
//! duplicate, an acknowledged one never accepted again, also with another body.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tidemark_stack::Random;
use tidemark_stack::hop::{HEADER, PATH, now_ms, sign};
use tidemark_stack::http::{Answer, Client};

use crate::event::{Event, batch};

/// Batches that a sender may still send again, to see that they are duplicates.
const REMEMBERED: usize = 64;

/// How long a sender waits for an answer. The collector bounds a request by 40 s.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(45);

/// How long a batch may remain without an answer before that is a fault of its own.
const GIVE_UP: Duration = Duration::from_secs(120);

/// What was acknowledged, and what was wrong with the answers.
#[derive(Debug, Default)]
pub struct Book {
    /// Events whose sender was told `accepted` or `duplicate`.
    pub acked: Mutex<Vec<Event>>,
    /// Broken promises in answers.
    pub wrong: Mutex<Vec<String>>,
    /// Requests that brought no answer.
    pub broken: AtomicU64,
    /// Answers that said to come back later.
    pub later: AtomicU64,
    /// Events that a sender was told are duplicates.
    pub duplicates: AtomicU64,
    /// Set when the senders are to finish what they have and end.
    pub stop: AtomicBool,
}

impl Book {
    /// Notes a broken promise.
    pub fn wrong(&self, what: String) {
        if let Ok(mut wrong) = self.wrong.lock() {
            wrong.push(what);
        }
    }

    /// Notes that events are acknowledged.
    pub fn acked(&self, events: &[Event]) {
        if let Ok(mut acked) = self.acked.lock() {
            acked.extend_from_slice(events);
        }
    }

    /// How many events are acknowledged.
    pub fn count(&self) -> usize {
        self.acked.lock().map_or(0, |acked| acked.len())
    }
}

/// How a sender behaves.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// Events of a batch at most.
    pub batch_max: u64,
    /// Milliseconds between two batches at most.
    pub pause_max_ms: u64,
    /// One batch in so many was received in an earlier month; 0 for none.
    pub held_one_in: u64,
}

/// Sends one body, signed now.
pub fn send(client: &mut Client, body: &[u8]) -> std::io::Result<Answer> {
    let signature = sign(now_ms(), body);
    let headers = [(HEADER, signature.as_str()), ("content-type", "application/json")];
    client.request("POST", PATH, &headers, body)
}

/// The verdicts of an answer, in order.
pub fn verdicts(answer: &Answer) -> Vec<String> {
    let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let verdicts = json["verdicts"].as_array().cloned().unwrap_or_default();
    let word = |verdict: &Value| verdict["verdict"].as_str().unwrap_or_default().to_owned();
    verdicts.iter().map(word).collect()
}

/// Sends until told to stop, and until what it has is acknowledged.
pub fn run(book: &Book, mut client: Client, mut random: Random, habits: Habits) {
    let mut before: Vec<Vec<Event>> = Vec::new();
    while !book.stop.load(Ordering::Relaxed) {
        let again = if random.one_in(8) { random.pick(&before).cloned() } else { None };
        if let Some(mut events) = again {
            if random.one_in(2) {
                // The same ids, and other bodies: the first wins.
                for event in &mut events {
                    event.name = "page.viewed";
                    event.facts = Default::default();
                }
            }
            until_acked(book, &mut client, &mut random, &events, Some("duplicate"));
        } else {
            let held = habits.held_one_in > 0 && random.one_in(habits.held_one_in);
            let tenant = usize::from(random.one_in(3));
            let size = 1 + random.below(habits.batch_max);
            let events: Vec<Event> =
                (0..size).map(|_| Event::new(&mut random, tenant, held)).collect();
            if until_acked(book, &mut client, &mut random, &events, Some("accepted")) {
                book.acked(&events);
                if before.len() >= REMEMBERED {
                    before.remove(0);
                }
                before.push(events);
            }
        }
        std::thread::sleep(Duration::from_millis(random.below(habits.pause_max_ms + 1)));
    }
}

/// Sends a batch until it is acknowledged. The first answer must hold the verdict
/// that is `expected`, when no request before it was left without one.
pub fn until_acked(
    book: &Book,
    client: &mut Client,
    random: &mut Random,
    events: &[Event],
    mut expected: Option<&str>,
) -> bool {
    let body = batch(events);
    let deadline = Instant::now() + GIVE_UP;
    loop {
        match send(client, &body) {
            Ok(answer) if answer.status == 200 => {
                let verdicts = verdicts(&answer);
                let duplicates = verdicts.iter().filter(|verdict| *verdict == "duplicate").count();
                book.duplicates.fetch_add(duplicates as u64, Ordering::Relaxed);
                let fits = |verdict: &String| match expected {
                    Some(expected) => verdict == expected,
                    None => ["accepted", "duplicate"].contains(&verdict.as_str()),
                };
                if verdicts.len() != events.len() || !verdicts.iter().all(fits) {
                    book.wrong(format!(
                        "{} events, the first {}, expected {expected:?}: {}",
                        events.len(),
                        events.first().map_or("none", |event| event.id.as_str()),
                        answer.text()
                    ));
                }
                return true;
            }
            // It says that nothing of it was taken.
            Ok(answer) if matches!(answer.status, 429 | 503) => {
                book.later.fetch_add(1, Ordering::Relaxed);
                if answer.retry_after_s.is_none() {
                    book.wrong(format!("{} without Retry-After", answer.status));
                }
                // What is told `later` by a failed commit may be durable all the same.
                expected = expected.filter(|expected| *expected == "duplicate");
                std::thread::sleep(Duration::from_millis(50 + random.below(200)));
            }
            Ok(answer) => {
                book.wrong(format!("{}: {}", answer.status, answer.text()));
                return false;
            }
            Err(_) => {
                book.broken.fetch_add(1, Ordering::Relaxed);
                // It may have been taken before the answer was lost.
                expected = expected.filter(|expected| *expected == "duplicate");
                std::thread::sleep(Duration::from_millis(20 + random.below(100)));
            }
        }
        if Instant::now() > deadline {
            book.wrong(format!("a batch was not acknowledged in {} s", GIVE_UP.as_secs()));
            return false;
        }
    }
}

/// A client of the address that waits long enough.
pub fn client(address: std::net::SocketAddr) -> Client {
    Client::new(address, ANSWER_TIMEOUT)
}
