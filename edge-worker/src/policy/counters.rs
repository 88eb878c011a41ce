//! What the edge counts, and how it is exposed.
//!
//! Counters are an isolate's own: a scrape of a self-hosted process sees all of
//! it. received = accepted + duplicate + rejected + dropped: received counts the
//! events of batches that were read and answered, the verdicts the answers' lines,
//! so that a line too few or too many shows.

use std::collections::BTreeMap;

use tidemark_core::id::Uuid;
use tidemark_core::verdict::{Code, EventVerdict, Tally};

use super::front::FRONT;
pub use super::front::Front;
use super::hold::drain::Drain;

/// The counters of one isolate.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    received: u64,
    events: Tally,
    refusals: BTreeMap<&'static str, u64>,
    dedupe: BTreeMap<&'static str, u64>,
    hop: BTreeMap<&'static str, u64>,
    hold: BTreeMap<&'static str, u64>,
    held_events: u64,
    redelivered: Tally,
    redeliveries: BTreeMap<&'static str, u64>,
    dead_events: u64,
    outboxes: BTreeMap<String, Outbox>,
    front: BTreeMap<Front, u64>,
}

/// What one outbox holds.
#[derive(Clone, Copy, Debug, Default)]
struct Outbox {
    batches: u64,
    bytes: u64,
    events: u64,
}

/// What happened with a dedupe shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dedupe {
    /// It answered which ids it knows, and gave the call the others.
    Claimed,
    /// The same, without a call: it lives in this very isolate.
    ClaimedNear,
    /// Another call has the ids: this one waits for it.
    Waited,
    /// The call waited in vain, or too much is under way: it is refused.
    Busy,
    /// It did not answer: the events passed.
    ClaimAway,
    /// It knows how a claim ended, and remembers the ids that are durable.
    Settled,
    /// It does not: a resend goes to the collector, which is the authority.
    SettleAway,
    /// It wrote what it remembers.
    Committed,
}

/// What happened on the hop to the collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hop {
    /// It answered with verdicts.
    Answered,
    /// It answered with another status, or with no answer to the question.
    Refused,
    /// It did not answer within the deadline, or could not be reached.
    Silent,
    /// It failed too often lately: the batch was not even sent.
    Spared,
}

/// What happened to a batch that was to be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// It is durable.
    Kept,
    /// There was no room.
    Full,
    /// The hold did not take it.
    Away,
}

/// Why a held body stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redelivery {
    /// The collector did not take it yet.
    Later,
    /// It is a dead letter, but the bucket did not take that.
    DeadLetterFailed,
}

impl Counters {
    /// Counts what happened before a batch was judged.
    pub fn front(&mut self, what: Front, count: u64) {
        let known = self.front.entry(what).or_default();
        *known = known.saturating_add(count);
    }

    /// The verdicts so far, as JSON.
    pub fn to_stats(&self) -> String {
        let Tally { accepted, duplicate, rejected, dropped } = self.events;
        serde_json::json!({ "received": self.events.received(), "accepted": accepted,
            "duplicate": duplicate, "rejected": rejected, "dropped": dropped })
        .to_string()
    }

    /// Counts the verdicts of an answered call with so many events.
    pub fn verdicts(&mut self, received: usize, verdicts: &[EventVerdict<Uuid>]) {
        self.received = self.received.saturating_add(u64::try_from(received).unwrap_or(u64::MAX));
        for line in verdicts {
            self.events.count(line.verdict);
        }
    }

    /// Counts a refused call.
    pub fn refusal(&mut self, code: Code) {
        increment(&mut self.refusals, code.as_str());
    }

    /// Counts what a dedupe shard did.
    pub fn dedupe(&mut self, what: Dedupe) {
        let name = match what {
            Dedupe::Claimed => "claimed",
            Dedupe::ClaimedNear => "claimed_near",
            Dedupe::Waited => "waited",
            Dedupe::Busy => "busy",
            Dedupe::ClaimAway => "claim_away",
            Dedupe::Settled => "settled",
            Dedupe::SettleAway => "settle_away",
            Dedupe::Committed => "committed",
        };
        increment(&mut self.dedupe, name);
    }

    /// Counts what became of a forwarded batch.
    pub fn hop(&mut self, what: Hop) {
        let name = match what {
            Hop::Answered => "answered",
            Hop::Refused => "refused",
            Hop::Silent => "silent",
            Hop::Spared => "spared",
        };
        increment(&mut self.hop, name);
    }

    /// Counts what became of a batch that was to be held.
    pub fn hold(&mut self, what: Hold) {
        let name = match what {
            Hold::Kept => "kept",
            Hold::Full => "full",
            Hold::Away => "away",
        };
        increment(&mut self.hold, name);
    }

    /// Counts the events of a body that is held.
    pub fn held(&mut self, events: u16) {
        self.held_events = self.held_events.saturating_add(events.into());
    }

    /// Counts the verdicts on a held body.
    pub fn redelivered(&mut self, verdicts: &[EventVerdict<Uuid>]) {
        increment(&mut self.redeliveries, "delivered");
        for line in verdicts {
            self.redelivered.count(line.verdict);
        }
    }

    /// Counts a try that did not get rid of a held body.
    pub fn redelivery(&mut self, what: Redelivery) {
        let name = match what {
            Redelivery::Later => "later",
            Redelivery::DeadLetterFailed => "dead_letter_failed",
        };
        increment(&mut self.redeliveries, name);
    }

    /// Counts the events of a body that became a dead letter.
    pub fn dead_letter(&mut self, events: u16) {
        increment(&mut self.redeliveries, "dead_letter");
        self.dead_events = self.dead_events.saturating_add(events.into());
    }

    /// Takes up what an outbox holds now.
    pub fn outbox(&mut self, id: &str, drain: &Drain) {
        let Drain { rows: batches, bytes, events, .. } = *drain;
        let now = Outbox { batches, bytes, events };
        match self.outboxes.get_mut(id) {
            Some(known) => *known = now,
            None => drop(self.outboxes.insert(id.into(), now)),
        }
    }

    /// The counters as Prometheus text.
    pub fn to_prometheus(&self) -> String {
        let mut out = String::with_capacity(1_024);
        let events = by_verdict(&self.events);
        family(&mut out, "events", "verdict", "Events answered with a verdict.", events);
        let all = |map: &BTreeMap<&'static str, u64>| {
            map.iter().map(|(name, count)| (*name, *count)).collect::<Vec<_>>()
        };
        family(&mut out, "refusals", "code", "Calls refused as a whole.", all(&self.refusals));
        family(&mut out, "dedupe", "outcome", "Calls of dedupe shards.", all(&self.dedupe));
        family(&mut out, "hop", "outcome", "Batches forwarded.", all(&self.hop));
        family(&mut out, "hold", "outcome", "Batches that were to be held.", all(&self.hold));
        let tries = all(&self.redeliveries);
        family(&mut out, "redeliveries", "outcome", "Tries of held bodies.", tries);
        let redelivered = by_verdict(&self.redelivered);
        let help = "Held events that got their verdict.";
        family(&mut out, "redelivered_events", "verdict", help, redelivered);
        let sum =
            |of: fn(&Outbox) -> u64| self.outboxes.values().map(of).fold(0, u64::saturating_add);
        for (name, kind, help, value) in [
            ("events_received_total", "counter", "Events of answered calls.", self.received),
            ("held_events_total", "counter", "Events taken into an outbox.", self.held_events),
            (
                "dead_events_total",
                "counter",
                "Held events that no collector takes.",
                self.dead_events,
            ),
            ("outbox_batches", "gauge", "Bodies in outboxes.", sum(|outbox| outbox.batches)),
            ("outbox_bytes", "gauge", "Bytes in outboxes.", sum(|outbox| outbox.bytes)),
            ("outbox_events", "gauge", "Events in outboxes.", sum(|outbox| outbox.events)),
        ] {
            let name = format!("tidemark_edge_{name}");
            out.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n"));
        }
        for (name, help) in FRONT {
            let of_family = self.front.iter().filter_map(|(what, count)| {
                let (family, outcome) = what.names();
                (family == name).then_some((outcome, *count))
            });
            family(&mut out, name, "outcome", help, of_family);
        }
        out
    }
}

fn by_verdict(tally: &Tally) -> [(&'static str, u64); 4] {
    [
        ("accepted", tally.accepted),
        ("duplicate", tally.duplicate),
        ("rejected", tally.rejected),
        ("dropped", tally.dropped),
    ]
}

fn increment(counts: &mut BTreeMap<&'static str, u64>, name: &'static str) {
    let count = counts.entry(name).or_default();
    *count = count.saturating_add(1);
}

fn family(
    out: &mut String,
    name: &str,
    label: &str,
    help: &str,
    counts: impl IntoIterator<Item = (&'static str, u64)>,
) {
    let name = format!("tidemark_edge_{name}_total");
    out.push_str(&format!("# HELP {name} {help}\n# TYPE {name} counter\n"));
    for (value, count) in counts {
        out.push_str(&format!("{name}{{{label}=\"{value}\"}} {count}\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemark_core::verdict::Verdict;

    #[test]
    fn what_is_counted_is_exposed() {
        let line = |verdict| EventVerdict { event_id: None, verdict, fault: None };
        let mut counters = Counters::default();
        counters.verdicts(
            3,
            &[line(Verdict::Accepted), line(Verdict::Accepted), line(Verdict::Dropped)],
        );
        counters.refusal(Code::InvalidJson);
        counters.dedupe(Dedupe::ClaimAway);
        counters.hop(Hop::Silent);
        counters.hop(Hop::Silent);
        counters.hold(Hold::Kept);
        counters.held(3);
        counters.redelivered(&[line(Verdict::Duplicate)]);
        counters.dead_letter(2);
        counters.outbox("a", &Drain::restored(9, 9, 9));
        counters.outbox("a", &Drain::restored(1, 9, 3));
        counters.outbox("b", &Drain::restored(1, 9, 2));
        counters.front(Front::SaltAway, 3);
        let stats = r#"{"accepted":2,"dropped":1,"duplicate":0,"received":3,"rejected":0}"#;
        assert_eq!(counters.to_stats(), stats);
        let text = counters.to_prometheus();
        for line in [
            "tidemark_edge_events_received_total 3",
            "tidemark_edge_events_total{verdict=\"accepted\"} 2",
            "tidemark_edge_events_total{verdict=\"duplicate\"} 0",
            "tidemark_edge_refusals_total{code=\"invalid_json\"} 1",
            "tidemark_edge_dedupe_total{outcome=\"claim_away\"} 1",
            "tidemark_edge_hop_total{outcome=\"silent\"} 2",
            "tidemark_edge_hold_total{outcome=\"kept\"} 1",
            "tidemark_edge_held_events_total 3",
            "tidemark_edge_redelivered_events_total{verdict=\"duplicate\"} 1",
            "tidemark_edge_dead_events_total 2",
            "tidemark_edge_outbox_events 5",
            "tidemark_edge_outbox_batches 2",
            "tidemark_edge_salt_total{outcome=\"away\"} 3",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
    }
}
