//! What a person may send through one isolate before their object is asked.
//!
//! A tenth of a minute's events, once a minute: most visitors never send more, and cost
//! no call of an object. What was sent so is charged with the first question, so that
//! through one isolate a person never gets more than the limit; through several, each
//! may add its tenth.

use std::collections::BTreeMap;

use tidemark_core::id::Uuid;

use super::rate::Allowance;

/// A minute.
const WINDOW_MS: i64 = 60_000;

/// The part of the limit that is given on credit.
const PARTS: u32 = 10;

/// Events at most: where a tenant's limit is a person's, too (mixed batches).
const MOST: u32 = 1_000;

/// Persons of an isolate: some 64 bytes each, 1 MB together.
const PERSONS_MAX: usize = 16_384;

/// How often room is looked for, where there is none.
const SWEPT_EVERY_MS: i64 = 1_000;

/// The credit that an isolate has given.
#[derive(Clone, Debug, Default)]
pub struct Credit {
    of: BTreeMap<Uuid, Given>,
    /// When those whose minute is over were looked for.
    swept_at_ms: i64,
}

#[derive(Clone, Copy, Debug)]
struct Given {
    until_ms: i64,
    /// What was sent in this minute.
    sent: u32,
    /// What of it the object does not know.
    owed: u32,
}

/// What a batch does about its person's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spend {
    /// It passes, on credit.
    Passed(Allowance),
    /// The object is to be asked, and told of these events that passed before.
    Ask(u32),
}

impl Credit {
    /// Spends events of a person.
    pub fn spend(&mut self, now_ms: i64, person: Uuid, events: u32, per_minute: u32) -> Spend {
        let credit = (per_minute / PARTS).min(MOST);
        if let Some(given) = self.of.get_mut(&person).filter(|given| now_ms < given.until_ms) {
            let sent = given.sent.saturating_add(events);
            if sent > credit {
                // The whole credit counts as used until the minute is over.
                given.sent = credit;
                return Spend::Ask(std::mem::take(&mut given.owed));
            }
            (given.sent, given.owed) = (sent, given.owed.saturating_add(events));
            return Spend::Passed(allowance(per_minute, sent));
        }
        if !self.has_room(now_ms, person) {
            return Spend::Ask(0);
        }
        let until_ms = now_ms.saturating_add(WINDOW_MS);
        let asks = events > credit;
        let given = if asks {
            Given { until_ms, sent: credit, owed: 0 }
        } else {
            Given { until_ms, sent: events, owed: events }
        };
        self.of.insert(person, given);
        if asks { Spend::Ask(0) } else { Spend::Passed(allowance(per_minute, events)) }
    }

    fn has_room(&mut self, now_ms: i64, person: Uuid) -> bool {
        if self.of.len() < PERSONS_MAX || self.of.contains_key(&person) {
            return true;
        }
        // All of them are looked at: not for every call while there is none to go.
        if now_ms < self.swept_at_ms.saturating_add(SWEPT_EVERY_MS) {
            return false;
        }
        self.swept_at_ms = now_ms;
        self.of.retain(|_, given| now_ms < given.until_ms);
        self.of.len() < PERSONS_MAX
    }
}

fn allowance(per_minute: u32, sent: u32) -> Allowance {
    let reset_s = u64::from(sent).saturating_mul(60).div_ceil(u64::from(per_minute.max(1)));
    Allowance {
        limit: per_minute,
        remaining: per_minute.saturating_sub(sent),
        reset_s: u32::try_from(reset_s).unwrap_or(60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERSON: Uuid = Uuid([1; 16]);

    fn passed(spend: Spend) -> u32 {
        match spend {
            Spend::Passed(allowance) => allowance.remaining,
            Spend::Ask(owed) => panic!("asked, owing {owed}"),
        }
    }

    #[test]
    fn a_tenth_passes_and_is_told_with_the_first_question() {
        let mut credit = Credit::default();
        assert_eq!(passed(credit.spend(0, PERSON, 50, 1_000)), 950);
        assert_eq!(passed(credit.spend(1, PERSON, 50, 1_000)), 900);
        assert_eq!(credit.spend(2, PERSON, 1, 1_000), Spend::Ask(100));
        assert_eq!(credit.spend(3, PERSON, 1, 1_000), Spend::Ask(0), "it was told");
        assert_eq!(passed(credit.spend(WINDOW_MS, PERSON, 1, 1_000)), 999, "the next minute");
    }

    #[test]
    fn what_is_more_than_the_credit_asks_at_once() {
        let mut credit = Credit::default();
        assert_eq!(credit.spend(0, PERSON, 101, 1_000), Spend::Ask(0));
        assert_eq!(credit.spend(0, PERSON, 1, 1_000), Spend::Ask(0), "and has none afterwards");
        assert_eq!(credit.spend(0, Uuid([2; 16]), 1, 9), Spend::Ask(0), "9 have no tenth");
        assert_eq!(credit.spend(0, Uuid([3; 16]), 1_001, 600_000), Spend::Ask(0));
        assert_eq!(passed(credit.spend(0, Uuid([4; 16]), 1_000, 600_000)), 599_000);
    }

    #[test]
    fn persons_are_bounded() {
        let mut credit = Credit::default();
        for index in 0..PERSONS_MAX as u128 {
            passed(credit.spend(0, Uuid(index.to_be_bytes()), 1, 100));
        }
        assert_eq!(credit.spend(1, Uuid([9; 16]), 1, 100), Spend::Ask(0));
        passed(credit.spend(WINDOW_MS, Uuid([9; 16]), 1, 100));
        assert_eq!(credit.of.len(), 1);
    }
}
