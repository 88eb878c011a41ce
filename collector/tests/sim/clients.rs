//! Senders: they make batches, send each until it is answered, and sometimes
//! again afterwards, because an answer can be lost on its way.

use std::collections::BTreeMap;

use tidemark_collector::log::append::Outcome;
use tidemark_collector::log::{Entry, lane_of};
use tidemark_collector::record::{Encoder, Record, expires_at};
use uuid::Uuid;

use crate::rng::Rng;

/// Tenant and event id: what dedupe goes by.
pub type Id = ([u8; 16], [u8; 16]);

/// What its senders heard of an id.
#[derive(Clone, Debug, Default)]
pub struct Told {
    pub stored: u32,
    pub duplicate: u32,
    /// ClickHouse refuses it.
    pub poison: bool,
    /// A sender gave it up without an answer.
    pub dropped: bool,
    /// Times it was refused as one of an erased person.
    pub erased: u32,
    /// Whose it is, by each entry that was made with this id.
    pub whose: Vec<Whose>,
    /// Monotonic time at which it was made first.
    pub made_at_ms: u64,
}

/// Whose an entry is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whose {
    /// Empty: known as a visitor alone.
    pub user_id: String,
    pub visitor: Option<Uuid>,
    /// The earlier of occurred_at and received_at.
    pub at_ms: i64,
}

/// Milliseconds that clients go on to resend: the SDK drops at 6 days, the
/// collector knows ids for 9.
const RESEND_MS: u64 = 6 * 86_400_000;

/// Age up to which an id is used again in a new call, which then has its 6 days.
const REUSE_MS: u64 = 2 * 86_400_000;

pub struct Clients {
    rng: Rng,
    encoder: Encoder,
    lanes: u16,
    pub tenants: Vec<Uuid>,
    sessions: Vec<Uuid>,
    pub visitors: Vec<Uuid>,
    pub calls: Vec<Call>,
    pub told: BTreeMap<Id, Told>,
    pub violations: Vec<String>,
}

pub struct Call {
    pub entries: Vec<Entry>,
    pub state: State,
    made_at_ms: u64,
}

/// What a sender hears of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    Outcome(Outcome),
    /// Its person was erased.
    Erased,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// To be sent, for the first time or again.
    Waiting,
    /// Sent, and not answered.
    Sent,
    Answered,
    /// Held for too long: its sender gave it up.
    Dropped,
}

impl Clients {
    pub fn new(mut rng: Rng, lanes: u16) -> Self {
        let mut ids = |count: usize| (0..count).map(|_| Uuid::from_bytes(rng.bytes16())).collect();
        let tenants = ids(2);
        let sessions = ids(7);
        let visitors = ids(6);
        Self {
            rng,
            encoder: Encoder::new(),
            lanes,
            tenants,
            sessions,
            visitors,
            calls: Vec::new(),
            told: BTreeMap::new(),
            violations: Vec::new(),
        }
    }

    /// A new batch. Returns the ids in it that ClickHouse will refuse.
    /// The age of a call is by the time that passed, whatever somebody sets the clock to.
    pub fn make_call(&mut self, now_ms: i64, passed_ms: u64) -> Vec<[u8; 16]> {
        let tenant = self.tenants[self.rng.index(self.tenants.len())];
        let session = self.sessions[self.rng.index(self.sessions.len())];
        let mixed = self.rng.chance(20);
        let count = 1 + self.rng.index(8);
        let mut entries: Vec<Entry> = Vec::new();
        let mut poison = Vec::new();
        for _ in 0..count {
            // Now and then an id that was there before, under another body; never
            // across lanes' owners, which is the business of a shared log.
            let reused = self.rng.chance(4).then(|| self.an_old_id(tenant, passed_ms)).flatten();
            let twin = entries.last().map(|entry: &Entry| entry.event_id);
            let event_id = match (reused, twin) {
                (Some(id), _) => id,
                (None, Some(twin)) if self.rng.chance(3) => twin,
                _ => Uuid::from_bytes(self.rng.bytes16()),
            };
            let session =
                if mixed { self.sessions[self.rng.index(self.sessions.len())] } else { session };
            let known = self.told.entry((*tenant.as_bytes(), *event_id.as_bytes()));
            let is_new = matches!(known, std::collections::btree_map::Entry::Vacant(_));
            let told = known.or_default();
            if is_new {
                told.made_at_ms = passed_ms;
            }
            if is_new && self.rng.below(150) == 0 {
                told.poison = true;
                poison.push(*event_id.as_bytes());
            }
            entries.push(self.entry(tenant, session, event_id, now_ms));
        }
        self.calls.push(Call { entries, state: State::Waiting, made_at_ms: passed_ms });
        poison
    }

    fn an_old_id(&mut self, tenant: Uuid, now_ms: u64) -> Option<Uuid> {
        let call = self.calls.get(self.rng.index(self.calls.len()))?;
        if now_ms - call.made_at_ms >= REUSE_MS {
            return None;
        }
        let entry = call.entries.get(self.rng.index(call.entries.len()))?;
        (entry.tenant_id == tenant).then_some(entry.event_id)
    }

    fn entry(&mut self, tenant: Uuid, session: Uuid, event_id: Uuid, now_ms: i64) -> Entry {
        // Held at the edge for a while, sometimes over the end of a month.
        let received_at_ms = now_ms - self.rng.below(3) as i64 * self.rng.below(40_000_000) as i64;
        let id = |id: Uuid| tidemark_core::id::Uuid(*id.as_bytes());
        let site = tenant;
        // A visitor belongs to one user, but for the last, who is anybody's.
        let user = self.rng.index(5);
        let visitor = if self.rng.chance(10) { 5 } else { user };
        let (user_id, visitor) = match self.rng.below(4) {
            0 => (String::new(), Some(self.visitors[visitor])),
            1 => (format!("u{user}"), Some(self.visitors[visitor])),
            _ => (format!("u{user}"), None),
        };
        let at_ms = received_at_ms - 10;
        let told = self.told.entry((*tenant.as_bytes(), *event_id.as_bytes())).or_default();
        told.whose.push(Whose { user_id: user_id.clone(), visitor, at_ms });
        let record = Record {
            tenant_id: id(tenant),
            site_id: id(site),
            event_id: id(event_id),
            event_name: "page.viewed".into(),
            occurred_at_ms: at_ms,
            received_at_ms,
            expires_at: expires_at(received_at_ms, 90),
            session_id: Some(id(session)),
            anonymous_id: visitor.map(id),
            user_id: user_id.into(),
            source: "web".into(),
            ..Record::default()
        };
        let mut payload = Vec::new();
        self.encoder.event(&record, &mut payload);
        let lane = lane_of(tenant, site, Some(session), None, event_id, self.lanes);
        Entry { tenant_id: tenant, event_id, lane, received_at_ms, payload: payload.into() }
    }

    /// A call to send now, if any: one that waits, or one that is sent again
    /// although it was answered, or is still under way.
    pub fn pick(&mut self, now_ms: u64) -> Option<usize> {
        self.drop_old(now_ms);
        if self.rng.chance(6) && !self.calls.is_empty() {
            let index = self.rng.index(self.calls.len());
            if now_ms - self.calls[index].made_at_ms < RESEND_MS {
                return Some(index);
            }
        }
        let waiting: Vec<usize> = self.waiting().collect();
        waiting.get(self.rng.index(waiting.len())).copied()
    }

    /// Senders give up what they have held for too long.
    pub fn drop_old(&mut self, now_ms: u64) {
        for call in &mut self.calls {
            if call.state == State::Waiting && now_ms - call.made_at_ms >= RESEND_MS {
                call.state = State::Dropped;
                for entry in &call.entries {
                    let id = (*entry.tenant_id.as_bytes(), *entry.event_id.as_bytes());
                    self.told.entry(id).or_default().dropped = true;
                }
            }
        }
    }

    pub fn waiting(&self) -> impl Iterator<Item = usize> + '_ {
        let calls = self.calls.iter().enumerate();
        calls.filter(|(_, call)| call.state == State::Waiting).map(|(index, _)| index)
    }

    /// An answer reached its sender.
    pub fn answered(&mut self, call: usize, outcomes: &[Heard]) {
        let call = &mut self.calls[call];
        call.state = State::Answered;
        if outcomes.len() != call.entries.len() {
            self.violations.push(format!(
                "{} outcomes for {} entries",
                outcomes.len(),
                call.entries.len()
            ));
        }
        for (entry, outcome) in call.entries.iter().zip(outcomes) {
            let id = (*entry.tenant_id.as_bytes(), *entry.event_id.as_bytes());
            let told = self.told.entry(id).or_default();
            match outcome {
                Heard::Outcome(Outcome::Stored) => told.stored += 1,
                Heard::Outcome(Outcome::Duplicate) => told.duplicate += 1,
                Heard::Erased => told.erased += 1,
            }
            if told.stored > 1 {
                self.violations.push(format!("{} was said to be stored twice", entry.event_id));
            }
        }
    }

    /// No answer will come: whoever was under way sends again.
    pub fn unanswered(&mut self) {
        for call in &mut self.calls {
            if call.state == State::Sent {
                call.state = State::Waiting;
            }
        }
    }
}
