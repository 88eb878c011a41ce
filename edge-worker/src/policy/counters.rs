//! What the edge counts, and how it is exposed.
//!
//! Counters are an isolate's own: a scrape of a self-hosted process sees all of
//! it. received = accepted + duplicate + rejected + dropped holds here by
//! construction, because received is that sum.

use std::collections::BTreeMap;

use tidemark_core::verdict::{Code, EventVerdict, Tally};

/// The counters of one isolate.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    events: Tally,
    refusals: BTreeMap<&'static str, u64>,
    dedupe: BTreeMap<&'static str, u64>,
    hop: BTreeMap<&'static str, u64>,
}

/// What happened with a dedupe shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dedupe {
    /// It answered which ids it knows, and gave the call the others.
    Claimed,
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
}

impl Counters {
    /// Counts the verdicts of an answered call.
    pub fn verdicts(&mut self, verdicts: &[EventVerdict]) {
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
            Dedupe::Waited => "waited",
            Dedupe::Busy => "busy",
            Dedupe::ClaimAway => "claim_away",
            Dedupe::Settled => "settled",
            Dedupe::SettleAway => "settle_away",
        };
        increment(&mut self.dedupe, name);
    }

    /// Counts what became of a forwarded batch.
    pub fn hop(&mut self, what: Hop) {
        let name = match what {
            Hop::Answered => "answered",
            Hop::Refused => "refused",
            Hop::Silent => "silent",
        };
        increment(&mut self.hop, name);
    }

    /// The counters as Prometheus text.
    pub fn to_prometheus(&self) -> String {
        let mut out = String::with_capacity(1_024);
        let events = [
            ("accepted", self.events.accepted),
            ("duplicate", self.events.duplicate),
            ("rejected", self.events.rejected),
            ("dropped", self.events.dropped),
        ];
        family(&mut out, "events", "verdict", "Events answered with a verdict.", events);
        let all = |map: &BTreeMap<&'static str, u64>| {
            map.iter().map(|(name, count)| (*name, *count)).collect::<Vec<_>>()
        };
        family(&mut out, "refusals", "code", "Calls refused as a whole.", all(&self.refusals));
        family(&mut out, "dedupe", "outcome", "Calls of dedupe shards.", all(&self.dedupe));
        family(&mut out, "hop", "outcome", "Batches forwarded.", all(&self.hop));
        out
    }
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
        counters.verdicts(&[
            line(Verdict::Accepted),
            line(Verdict::Accepted),
            line(Verdict::Dropped),
        ]);
        counters.refusal(Code::InvalidJson);
        counters.dedupe(Dedupe::ClaimAway);
        counters.hop(Hop::Silent);
        counters.hop(Hop::Silent);
        let text = counters.to_prometheus();
        for line in [
            "tidemark_edge_events_total{verdict=\"accepted\"} 2",
            "tidemark_edge_events_total{verdict=\"duplicate\"} 0",
            "tidemark_edge_refusals_total{code=\"invalid_json\"} 1",
            "tidemark_edge_dedupe_total{outcome=\"claim_away\"} 1",
            "tidemark_edge_hop_total{outcome=\"silent\"} 2",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
    }
}
