//! The erasures of a run: who is asked for, and what must be true of them at the end.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::io;

use tidemark_collector::clock::Clock as _;
use tidemark_collector::log::erased::ErasedPeople;
use tidemark_collector::place::Lane;
use tidemark_collector::process::erase::{Job, Receipt, Request, Resting, receipt};
use tidemark_collector::process::{LaneWriter, RollupWriter, Shared};
use tidemark_collector::record::RecordView;
use tidemark_collector::store::{Person, Table};
use uuid::Uuid;

use crate::clients::{Clients, Id, Told};
use crate::clock::SimClock;
use crate::disk::SimDisk;
use crate::rng::Rng;
use crate::store::{Look, SimStore, is_of};

pub struct Erasures {
    rng: Rng,
    asked: Vec<Asked>,
}

struct Asked {
    erasure_id: Uuid,
    /// Who was named, with the visitors that were surely the user's own then.
    person: Person,
    /// Whether it was said to be durable.
    begun: bool,
    /// Monotonic time at which it was known to be over.
    over_ms: Option<u64>,
}

/// The process's writers, as an erasure sees them.
pub struct Rest<'a> {
    pub lanes: &'a [LaneWriter],
    pub rollups: &'a [RollupWriter],
    pub shared: &'a Shared,
    pub resting: &'a Cell<bool>,
}

impl Rest<'_> {
    /// Whether everything is where an erasure wants it, and stays there.
    pub fn has_come(&self) -> bool {
        self.resting.get()
            && self.lanes.iter().all(LaneWriter::is_at_rest)
            && self.rollups.iter().all(|it| it.is_settled() && it.lag() == Some(0))
    }
}

impl Resting for Rest<'_> {
    fn committed(&self, lane: Lane) -> Option<u64> {
        self.shared.frontier.committed(lane)
    }

    fn ask_to_rest(&self) {
        self.resting.set(true);
    }

    fn are_at_rest(&self) -> bool {
        self.has_come()
    }

    fn let_go(&self) {
        self.resting.set(false);
    }
}

impl Erasures {
    pub fn new(rng: Rng) -> Self {
        Self { rng, asked: Vec::new() }
    }

    /// Asks for one.
    pub fn ask(
        &mut self,
        (disk, people): (&SimDisk, &ErasedPeople),
        clock: &SimClock,
        clients: &Clients,
        store: &SimStore,
    ) -> Option<io::Result<Job>> {
        // Digits alone, so that every erasure's files are of one kind.
        let erasure_id = Uuid::from_u128(self.asked.len() as u128 + 1);
        let tenant_id = clients.tenants[self.rng.index(clients.tenants.len())];
        let mut person = Person { tenant_id, ..Person::default() };
        if self.rng.chance(30) {
            person.anonymous_ids.push(clients.visitors[self.rng.index(clients.visitors.len())]);
        } else {
            person.user_ids.push(format!("u{}", self.rng.below(5)));
        }
        let request = Request { erasure_id, person };
        let job = Job::begin(disk, people, &request, clock.unix_ms());
        let mut person = request.person;
        if let [user] = person.user_ids.as_slice() {
            let own = store.look(|tables| seen_with(tables, tenant_id, user));
            let of_others = |visitor: &Uuid| {
                clients.told.iter().filter(|((tenant, _), _)| tenant == tenant_id.as_bytes()).any(
                    |(_, told)| {
                        let whose = told.whose.iter();
                        let by_others = whose.filter(|it| it.visitor == Some(*visitor));
                        by_others.map(|it| &it.user_id).any(|it| !it.is_empty() && it != user)
                    },
                )
            };
            // The last visitor is anybody's, and may be somebody else's later.
            let shared = clients.visitors.last().copied();
            person.anonymous_ids =
                own.into_iter().filter(|it| Some(*it) != shared && !of_others(it)).collect();
        }
        self.asked.push(Asked { erasure_id, person, begun: job.is_ok(), over_ms: None });
        Some(job)
    }

    /// What a start has found under way: what is not among them is over.
    pub fn found(&mut self, under_way: Vec<Uuid>, now_ms: u64) {
        for asked in &mut self.asked {
            if !under_way.contains(&asked.erasure_id) {
                asked.over_ms.get_or_insert(now_ms);
            }
        }
    }

    pub fn done(&mut self, receipt: &Receipt, now_ms: u64) {
        for asked in self.asked.iter_mut().filter(|it| it.erasure_id == receipt.erasure_id) {
            asked.over_ms.get_or_insert(now_ms);
        }
    }

    /// Whether what became of an id may be that it was erased.
    pub fn may_have_erased(&self, (tenant, _): &Id, told: &Told, tables: &Look<'_>) -> bool {
        self.asked.iter().any(|asked| {
            let Person { tenant_id, user_ids, anonymous_ids } = &asked.person;
            let key = |user: &String| (*tenant_id, user.clone());
            let companions: BTreeSet<Uuid> = user_ids
                .iter()
                .filter_map(|user| tables.companions.get(&key(user)))
                .flatten()
                .copied()
                .collect();
            let in_time =
                told.erased > 0 || asked.over_ms.is_none_or(|over_ms| told.made_at_ms <= over_ms);
            tenant == tenant_id.as_bytes()
                && in_time
                && told.whose.iter().any(|it| match (it.user_id.as_str(), it.visitor) {
                    ("", Some(visitor)) => {
                        anonymous_ids.contains(&visitor) || companions.contains(&visitor)
                    }
                    (user, _) => user_ids.iter().any(|it| it == user),
                })
        })
    }

    /// Whether a payload is one that an erasure must have taken: the person's, and of
    /// before its end.
    pub fn is_gone(&self, payload: &[u8], disk: &SimDisk) -> bool {
        let view = RecordView::read(payload).unwrap();
        let at_ms = view.occurred_at_ms().min(view.received_at_ms());
        self.asked.iter().filter(|asked| is_of(&asked.person, payload)).any(|asked| {
            let receipt = receipt(disk, asked.erasure_id).unwrap();
            receipt.is_some_and(|receipt| at_ms <= receipt.finished_at_ms)
        })
    }

    /// Those that were begun, and have no receipt.
    pub fn unfinished(&self, disk: &SimDisk) -> Vec<String> {
        let begun = self.asked.iter().filter(|asked| asked.begun);
        let lost = begun.filter(|asked| receipt(disk, asked.erasure_id).unwrap().is_none());
        lost.map(|asked| format!("the erasure {} is not finished", asked.erasure_id)).collect()
    }
}

/// The visitors that the base has seen with a user.
fn seen_with(tables: &Look<'_>, tenant_id: Uuid, user: &str) -> Vec<Uuid> {
    let events = tables.rows.iter().filter(|((table, ..), _)| *table == Table::EventsRaw);
    let mut visitors = BTreeSet::new();
    for row in events.flat_map(|(_, rows)| rows) {
        let view = RecordView::read(&row.payload).unwrap();
        if row.tenant_id == *tenant_id.as_bytes() && view.user_id().unwrap() == user {
            visitors.insert(Uuid::from_bytes(view.anonymous_id().0));
        }
    }
    visitors.into_iter().filter(|visitor| !visitor.is_nil()).collect()
}
