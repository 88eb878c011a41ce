//! The engine against a model of a page, its disk and a person who leaves at any
//! moment: whatever happens in whichever order, every event is in exactly one place.

use std::collections::{BTreeMap, BTreeSet};
use std::string::{String, ToString};
use std::vec::Vec;

use proptest::prelude::*;
use serde_json::Value;
use tidemark_core::consent::Mode;

use super::chunks::SAVE_MS;
use super::*;

const NOON: i64 = 1_795_262_400_000;
const GRANTED: Consent = Consent { analytics: Some(true), ads: None, mode: Mode::Full };

#[derive(Clone, Debug)]
enum Fact {
    Track,
    Decide(Option<bool>),
    Flush,
    Leave(bool),
    Network(bool),
    Wait(i64),
    Answer(u32),
    /// The process is killed, and a new page adopts what is on disk.
    Die,
}

fn fact() -> impl Strategy<Value = Fact> {
    prop_oneof![
        10 => Just(Fact::Track),
        1 => prop::option::weighted(0.8, prop::bool::weighted(0.8)).prop_map(Fact::Decide),
        1 => Just(Fact::Flush),
        1 => any::<bool>().prop_map(Fact::Leave),
        1 => prop::bool::weighted(0.7).prop_map(Fact::Network),
        3 => (0..20_000_i64).prop_map(Fact::Wait),
        2 => (0..200_i64).prop_map(Fact::Wait),
        4 => prop::sample::select(&[0, 200, 200, 200, 400, 413, 429, 503][..]).prop_map(Fact::Answer),
        1 => Just(Fact::Die),
    ]
}

/// A page, and what is outside of it.
struct World {
    engine: Engine,
    consent: Consent,
    now_ms: i64,
    tracked: u32,
    deaths: u32,
    disk: BTreeMap<u32, Vec<String>>,
    in_flight: BTreeSet<String>,
    /// Every id that left.
    left: BTreeSet<String>,
    /// When each event that waits happened.
    waiting: BTreeMap<String, i64>,
}

fn ids_of(body: &str) -> BTreeSet<String> {
    let batch: Value = serde_json::from_str(body).unwrap();
    let ids = batch["events"].as_array().unwrap().iter();
    ids.map(|event| event["event_id"].as_str().unwrap().to_string()).collect()
}

fn started(seed: u32) -> Engine {
    let options =
        Options { flush_interval_ms: 5_000, max_batch_events: 100, finds: 31, sampled: 65_536 };
    Engine::new(options, "", [1, 2, 3, seed]).unwrap()
}

impl World {
    fn new() -> Self {
        Self {
            engine: started(0),
            consent: Consent { analytics: None, ..GRANTED },
            now_ms: NOON,
            tracked: 0,
            deaths: 0,
            disk: BTreeMap::new(),
            in_flight: BTreeSet::new(),
            left: BTreeSet::new(),
            waiting: BTreeMap::new(),
        }
    }

    fn take(&mut self, fact: &Fact) -> Result<(), TestCaseError> {
        match *fact {
            Fact::Track => {
                self.tracked += 1;
                let _counted = self.engine.track("a.b", "{\"n\":1}", self.now_ms);
            }
            Fact::Decide(analytics) => {
                self.consent.analytics = analytics;
                self.engine.decide(self.consent, "", self.now_ms);
            }
            Fact::Flush => self.engine.flush(),
            Fact::Leave(gone) => self.engine.leave(gone),
            Fact::Network(online) => self.engine.network(online, self.now_ms),
            Fact::Wait(ms) => self.now_ms += ms,
            Fact::Answer(status) => {
                let accepted = if status == 200 { self.in_flight.len() as u32 } else { 0 };
                let attempt = Attempt { status, ..Attempt::default() };
                let verdicts = Tally { accepted, ..Tally::default() };
                self.engine.answered(attempt, verdicts, self.now_ms);
            }
            Fact::Die => self.die()?,
        }
        self.act()
    }

    /// Does what the engine wants, as the browser side does.
    fn act(&mut self) -> Result<(), TestCaseError> {
        for turn in 0.. {
            prop_assert!(turn < 300, "the engine never rests");
            let action = self.engine.next(self.now_ms);
            let granted = self.consent.analytics == Some(true);
            match action {
                Some(Action::Send(body)) => {
                    prop_assert!(granted);
                    self.in_flight = ids_of(&body);
                    self.left.extend(ids_of(&body));
                }
                Some(Action::Beacon(body)) => {
                    prop_assert!(granted);
                    prop_assert!(body.len() <= batch::MAX_BYTES);
                    let taken = self.now_ms % 3 > 0;
                    self.engine.beaconed(taken, self.now_ms);
                    if taken {
                        self.left.extend(ids_of(&body));
                    }
                }
                Some(Action::Save(chunk, lines)) => {
                    prop_assert!(granted && !lines.is_empty());
                    let lines = lines.lines().map(String::from).collect();
                    prop_assert!(self.disk.insert(chunk, lines).is_none(), "a number twice");
                }
                Some(Action::Remove(chunk)) => {
                    prop_assert!(self.disk.remove(&chunk).is_some(), "{chunk} is not there");
                }
                Some(Action::Store(_)) => prop_assert!(granted),
                Some(Action::Forget) => self.disk.clear(),
                None => break,
            }
        }
        self.check()
    }

    fn held(&self) -> BTreeSet<String> {
        let flight = self.engine.flight.iter().flat_map(|batch| batch.events.iter());
        let all = flight.chain(self.engine.queue.events());
        all.map(|event| String::from(&event.text[13..49])).collect()
    }

    fn check(&mut self) -> Result<(), TestCaseError> {
        let tally = self.engine.tally();
        let held = self.held();
        prop_assert_eq!(held.len(), self.engine.held(), "an event twice");
        let counted = tally.sent + tally.dropped;
        prop_assert_eq!(counted + self.engine.held() as u32, self.tracked);
        // What waits longer than the window is on disk, once consent allows it; what
        // nobody waits for is not.
        let on_disk = self.on_disk();
        let may_store = self.consent.may_store();
        self.waiting.retain(|id, _| may_store && held.contains(id));
        for id in held {
            let since = *self.waiting.entry(id.clone()).or_insert(self.now_ms);
            let due = self.consent.may_store() && self.now_ms - since > SAVE_MS;
            let is_left = self.left.contains(&id);
            prop_assert!(!due || is_left || on_disk.contains(&id), "{id} is not on disk");
        }
        prop_assert!(self.consent.may_store() || self.disk.is_empty());
        let held = self.held();
        let is_wanted = |id: &String| held.contains(id) || self.left.contains(id);
        prop_assert!(on_disk.iter().all(is_wanted), "what nobody waits for is on disk");
        Ok(())
    }

    fn on_disk(&self) -> BTreeSet<String> {
        self.disk.values().flatten().map(|line| String::from(&line[13..49])).collect()
    }

    /// Counting begins anew with the page that adopts: a chunk may hold events that
    /// had their verdict, which the receiver knows when they are sent again.
    fn die(&mut self) -> Result<(), TestCaseError> {
        let held = self.held();
        let chunks = core::mem::take(&mut self.disk);
        self.deaths += 1;
        self.engine = started(self.deaths);
        self.engine.decide(self.consent, "", self.now_ms);
        for lines in chunks.into_values() {
            let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
            let chunk = self.engine.resume(&text, self.now_ms);
            self.disk.insert(chunk, lines);
        }
        let adopted = self.held();
        self.tracked = self.engine.held() as u32 + self.engine.tally().dropped;
        for (id, since) in &self.waiting {
            let was_due = self.consent.may_store() && self.now_ms - since > SAVE_MS;
            let is_lost = held.contains(id) && !adopted.contains(id) && !self.left.contains(id);
            prop_assert!(!(was_due && is_lost), "{id} died");
        }
        Ok(())
    }
}

proptest! {
    /// Every event is counted in exactly one place; none is sent before consent or
    /// in a body that is no JSON; what was written survives the page.
    #[test]
    fn nothing_is_lost_without_a_count(facts in prop::collection::vec(fact(), 0..120)) {
        let mut world = World::new();
        for fact in &facts {
            world.take(fact)?;
        }
    }
}

/// Found by the test above: half of a chunk is under way and its last event, which no
/// beacon took, was written once more.
#[test]
fn what_a_request_keeps_on_disk_is_not_written_twice() {
    let tracks = |count| core::iter::repeat_n(Fact::Track, count);
    let mut facts = Vec::from_iter(tracks(7));
    facts.extend([2747, 5668, 68, 7976, 4, 43, 12091].map(Fact::Wait));
    facts.extend(tracks(9));
    facts.extend([Fact::Wait(12091), Fact::Decide(Some(true)), Fact::Track]);
    facts.extend([Fact::Wait(1026), Fact::Wait(52), Fact::Die, Fact::Wait(308)]);
    facts.extend([Fact::Wait(7696), Fact::Answer(413), Fact::Answer(200)]);
    facts.extend([Fact::Leave(false), Fact::Die]);
    let mut world = World::new();
    for fact in &facts {
        world.take(fact).unwrap();
    }
}
