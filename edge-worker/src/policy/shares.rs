//! A tenant's limit, spent by many isolates: each leases shares of it.
//!
//! The tenant's object gives a share away before it is spent, so that all isolates
//! together never pass more than the limit. What is not spent within
//! [`LEASE_MS`] is lost to the tenant: a tenth of a second's worth, so that an
//! isolate that goes quiet costs 1 % of a lease. A small limit is leased event by
//! event, and therefore exact. One question carries a tenth of a second: an object
//! that may be asked 800 times a second serves 80 isolates that send at full speed.

use std::collections::BTreeMap;

use tidemark_core::id::Uuid;

use super::rate::{Charge, Charged};

/// How many shares a minute's events are cut into.
const SHARES_A_MINUTE: u32 = 600;

/// For how long a share may be spent.
const LEASE_MS: i64 = 10_000;

/// For how long a refusal is repeated without asking, at most.
const REFUSED_MS: i64 = 1_000;

/// Tenants of an isolate that have a share: one entry is some 80 bytes.
const TENANTS_MAX: usize = 16_384;

/// The shares of one isolate.
#[derive(Clone, Debug, Default)]
pub struct Shares {
    of: BTreeMap<Uuid, Share>,
}

#[derive(Clone, Copy, Debug)]
struct Share {
    left: u32,
    until_ms: i64,
    refused: Option<(Charged, i64)>,
}

/// What a batch does about its tenant's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spend {
    /// It passes.
    Passed,
    /// It is over, as was just said.
    Refused(Charged),
    /// The tenant's object is to be asked for this.
    Ask(Charge),
}

impl Shares {
    /// Spends events of a tenant's share.
    pub fn spend(&mut self, now_ms: i64, tenant: Uuid, events: u32, per_minute: u32) -> Spend {
        let ask = Spend::Ask(Charge {
            least: events,
            wanted: events.max(per_minute / SHARES_A_MINUTE),
            per_minute,
        });
        let Some(share) = self.of.get_mut(&tenant) else { return ask };
        if let Some((charged, until_ms)) = share.refused
            && now_ms < until_ms
        {
            return Spend::Refused(charged);
        }
        match share.left.checked_sub(events) {
            Some(left) if now_ms < share.until_ms => {
                share.left = left;
                Spend::Passed
            }
            _ => ask,
        }
    }

    /// Takes up what the tenant's object said, for a batch of so many events. True
    /// when the batch passes.
    pub fn asked(&mut self, now_ms: i64, tenant: Uuid, events: u32, charged: Charged) -> bool {
        if self.of.len() >= TENANTS_MAX && !self.of.contains_key(&tenant) {
            self.of.retain(|_, share| now_ms < share.until_ms);
        }
        let passes = charged.granted >= events;
        let wait_ms = i64::from(charged.retry_after_s).saturating_mul(1_000).min(REFUSED_MS);
        let fresh = Share {
            left: charged.granted.saturating_sub(events),
            until_ms: now_ms.saturating_add(LEASE_MS),
            refused: (!passes).then_some((charged, now_ms.saturating_add(wait_ms))),
        };
        // What another batch leased meanwhile is spent as well.
        let known = self.of.get(&tenant).filter(|share| passes && now_ms < share.until_ms);
        let left = fresh.left.saturating_add(known.map_or(0, |share| share.left));
        if self.of.len() < TENANTS_MAX || self.of.contains_key(&tenant) {
            self.of.insert(tenant, Share { left, ..fresh });
        }
        passes
    }

    /// Gives events back that were spent for a batch that does not pass after all.
    pub fn give_back(&mut self, tenant: Uuid, events: u32) {
        if let Some(share) = self.of.get_mut(&tenant) {
            share.left = share.left.saturating_add(events);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::rate::Allowance;

    const TENANT: Uuid = Uuid([1; 16]);

    fn granted(events: u32) -> Charged {
        let allowance = Allowance { limit: 60_000, remaining: 9, reset_s: 1 };
        Charged { granted: events, allowance, retry_after_s: u32::from(events == 0) * 7 }
    }

    #[test]
    fn a_share_is_leased_spent_and_given_back() {
        let mut shares = Shares::default();
        let wanted = Charge { least: 40, wanted: 100, per_minute: 60_000 };
        assert_eq!(shares.spend(0, TENANT, 40, 60_000), Spend::Ask(wanted));
        assert!(shares.asked(0, TENANT, 40, granted(100)));
        assert_eq!(shares.spend(1, TENANT, 50, 60_000), Spend::Passed);
        assert!(matches!(shares.spend(2, TENANT, 11, 60_000), Spend::Ask(_)));
        shares.give_back(TENANT, 50);
        assert_eq!(shares.spend(3, TENANT, 60, 60_000), Spend::Passed);
        assert!(matches!(shares.spend(3, TENANT, 1, 60_000), Spend::Ask(_)));
        assert!(matches!(shares.spend(3, Uuid([2; 16]), 1, 60_000), Spend::Ask(_)));
    }

    #[test]
    fn a_share_ends() {
        let mut shares = Shares::default();
        assert!(shares.asked(0, TENANT, 1, granted(100)));
        assert!(matches!(shares.spend(LEASE_MS, TENANT, 1, 60_000), Spend::Ask(_)));
        assert!(shares.asked(LEASE_MS, TENANT, 1, granted(1)));
        assert!(matches!(shares.spend(LEASE_MS, TENANT, 1, 60_000), Spend::Ask(_)), "99 are lost");
    }

    #[test]
    fn a_refusal_is_repeated_for_a_second() {
        let mut shares = Shares::default();
        assert!(!shares.asked(0, TENANT, 5, granted(0)));
        assert_eq!(shares.spend(999, TENANT, 1, 60), Spend::Refused(granted(0)));
        let small = Charge { least: 1, wanted: 1, per_minute: 60 };
        assert_eq!(shares.spend(1_000, TENANT, 1, 60), Spend::Ask(small));
    }

    #[test]
    fn tenants_are_bounded() {
        let mut shares = Shares::default();
        for index in 0..(TENANTS_MAX as u128 + 10) {
            assert!(shares.asked(0, Uuid(index.to_be_bytes()), 1, granted(2)));
        }
        assert_eq!(shares.of.len(), TENANTS_MAX);
        assert!(shares.asked(LEASE_MS, Uuid([9; 16]), 1, granted(2)));
        assert_eq!(shares.of.len(), 1);
    }
}
