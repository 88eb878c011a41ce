//! What becomes of each event of a judged batch: told at once, or forwarded.
//!
//! Every event has exactly one line from the first moment on, in the order
//! received. Forwarded lines stay open until the collector's answer settles
//! them; a twin (the same id again in one batch) shares its first one's fate.

use std::collections::BTreeMap;

use tidemark_core::id::Uuid;
use tidemark_core::judge::JudgedBatch;
use tidemark_core::verdict::{EventVerdict, Verdict};

/// A batch's events and what is to be done with each.
#[derive(Clone, Debug)]
pub struct Plan {
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
struct Line {
    told: EventVerdict<Uuid>,
    fate: Fate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// The judge's verdict, or the shard's, stands.
    Settled,
    /// The collector decides.
    Open,
    /// As the event at that index, which has the same id.
    TwinOf(usize),
}

/// The collector's answer does not fit what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the collector's answer does not fit what was sent")]
pub struct Misfit;

impl Plan {
    /// Plans a judged batch: what the judge accepted is to be forwarded, but for
    /// twins.
    pub fn new(judged: &JudgedBatch) -> Self {
        let mut first_of = BTreeMap::new();
        let lines = judged
            .events
            .iter()
            .enumerate()
            .map(|(index, event)| {
                let mut fate = Fate::Settled;
                if let (Verdict::Accepted, Some(id)) = (event.verdict, event.event_id) {
                    let first = *first_of.entry(id).or_insert(index);
                    fate = if first == index { Fate::Open } else { Fate::TwinOf(first) };
                }
                Line { told: event.to_verdict(), fate }
            })
            .collect();
        Self { lines }
    }

    /// The indexes of the events that are to be forwarded, in order.
    pub fn open(&self) -> Vec<usize> {
        self.open_lines().map(|(index, _)| index).collect()
    }

    /// Their ids, in the same order.
    pub fn open_ids(&self) -> Vec<Uuid> {
        self.open_lines().filter_map(|(_, line)| line.told.event_id).collect()
    }

    /// Settles as duplicates the open events that the shard knows; `known` has
    /// one entry an open event. Returns how many.
    pub fn settle_known(&mut self, known: &[bool]) -> usize {
        let open = self.lines.iter_mut().filter(|line| line.fate == Fate::Open);
        let mut settled = 0_usize;
        for (line, known) in open.zip(known) {
            if *known {
                line.fate = Fate::Settled;
                line.told.verdict = Verdict::Duplicate;
                settled = settled.saturating_add(1);
            }
        }
        settled
    }

    /// Settles the open events by the collector's answer, and returns the ids
    /// that are durable now.
    ///
    /// # Errors
    /// When the answer does not have one verdict for each, in order.
    pub fn settle(&mut self, answer: Vec<EventVerdict<Uuid>>) -> Result<Vec<Uuid>, Misfit> {
        let fits = self.open_lines().count() == answer.len()
            && self.open_lines().zip(&answer).all(|((_, line), told)| {
                told.event_id.is_some() && told.event_id == line.told.event_id
            });
        if !fits {
            return Err(Misfit);
        }
        let mut durable = Vec::with_capacity(answer.len());
        let open = self.lines.iter_mut().filter(|line| line.fate == Fate::Open);
        for (line, told) in open.zip(answer) {
            line.fate = Fate::Settled;
            if let (Verdict::Accepted | Verdict::Duplicate, Some(id)) =
                (told.verdict, told.event_id)
            {
                durable.push(id);
            }
            line.told = told;
        }
        Ok(durable)
    }

    /// Settles the open events as accepted, because a hold keeps them, and returns
    /// their ids.
    pub fn settle_held(&mut self) -> Vec<Uuid> {
        let open = self.lines.iter_mut().filter(|line| line.fate == Fate::Open);
        open.filter_map(|line| {
            line.fate = Fate::Settled;
            line.told.event_id
        })
        .collect()
    }

    /// The answer's lines, once nothing is open: a twin of what is durable is a
    /// duplicate, a twin of anything else is told the same.
    pub fn into_verdicts(self) -> Vec<EventVerdict<Uuid>> {
        let mut told = Vec::<EventVerdict<Uuid>>::with_capacity(self.lines.len());
        for line in self.lines {
            // The first of twins stands before the others.
            let first = match line.fate {
                Fate::TwinOf(first) => told.get(first).cloned(),
                Fate::Settled | Fate::Open => None,
            };
            told.push(match first {
                Some(first) if first.verdict == Verdict::Accepted => {
                    EventVerdict { verdict: Verdict::Duplicate, ..first }
                }
                Some(first) => first,
                None => line.told,
            });
        }
        told
    }

    fn open_lines(&self) -> impl Iterator<Item = (usize, &Line)> {
        self.lines.iter().enumerate().filter(|(_, line)| line.fate == Fate::Open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemark_core::judge::Judged;
    use tidemark_core::verdict::{Code, Fault};

    /// A batch whose events have these ids; 0 stands for a rejected event of id 1.
    fn batch(ids: &[u8]) -> JudgedBatch {
        let events = ids.iter().map(|id| Judged {
            event_id: Some(Uuid([(*id).max(1); 16])),
            verdict: if *id == 0 { Verdict::Rejected } else { Verdict::Accepted },
            fault: (*id == 0).then(|| Fault::new(Code::MissingField, "/event_name")),
            text: String::new(),
            findings: Vec::new(),
        });
        JudgedBatch { context: None, events: events.collect() }
    }

    fn told(id: u8, verdict: Verdict) -> EventVerdict<Uuid> {
        let fault =
            (verdict == Verdict::Rejected).then(|| Fault::new(Code::TooOld, "/occurred_at"));
        EventVerdict { event_id: Some(Uuid([id; 16])), verdict, fault }
    }

    fn names(plan: &Plan) -> Vec<&'static str> {
        plan.clone().into_verdicts().iter().map(|line| line.verdict.as_str()).collect()
    }

    #[test]
    fn a_twin_is_a_duplicate_of_what_is_durable() {
        let mut plan = Plan::new(&batch(&[1, 2, 1]));
        assert_eq!(plan.open(), [0, 1]);
        let durable = plan.settle(vec![told(1, Verdict::Accepted), told(2, Verdict::Accepted)]);
        assert_eq!(durable.unwrap(), [Uuid([1; 16]), Uuid([2; 16])]);
        assert_eq!(names(&plan), ["accepted", "accepted", "duplicate"]);
    }

    #[test]
    fn a_twin_of_what_was_refused_is_refused_alike() {
        let mut plan = Plan::new(&batch(&[1, 1]));
        assert_eq!(plan.settle(vec![told(1, Verdict::Rejected)]).unwrap(), []);
        assert_eq!(names(&plan), ["rejected", "rejected"]);
        assert_eq!(plan.clone().into_verdicts()[1].fault.as_ref().unwrap().code, Code::TooOld);
    }

    #[test]
    fn a_rejected_event_has_no_twin() {
        let plan = Plan::new(&batch(&[0, 1]));
        assert_eq!(plan.open(), [1], "the good one after it is forwarded");
    }

    #[test]
    fn what_the_shard_knows_is_not_forwarded() {
        let mut plan = Plan::new(&batch(&[1, 2, 3, 2]));
        assert_eq!(plan.settle_known(&[false, true, false]), 1);
        assert_eq!(plan.open_ids(), [Uuid([1; 16]), Uuid([3; 16])]);
        plan.settle(vec![told(1, Verdict::Accepted), told(3, Verdict::Duplicate)]).unwrap();
        assert_eq!(names(&plan), ["accepted", "duplicate", "duplicate", "duplicate"]);
    }

    #[test]
    fn what_is_held_is_accepted() {
        let mut plan = Plan::new(&batch(&[1, 2, 0, 2, 3]));
        plan.settle_known(&[false, false, true]);
        assert_eq!(plan.settle_held(), [Uuid([1; 16]), Uuid([2; 16])]);
        assert_eq!(names(&plan), ["accepted", "accepted", "rejected", "duplicate", "duplicate"]);
        assert!(plan.open().is_empty());
    }

    #[test]
    fn an_answer_for_other_events_is_none() {
        let mut plan = Plan::new(&batch(&[1, 2]));
        let (one, two) = (told(1, Verdict::Accepted), told(2, Verdict::Accepted));
        for answer in [
            vec![],
            vec![one.clone()],
            vec![two.clone(), one.clone()],
            vec![one.clone(), two.clone(), two.clone()],
        ] {
            assert_eq!(plan.settle(answer), Err(Misfit));
        }
        assert_eq!(plan.settle(vec![one, two]).unwrap().len(), 2);
    }
}
