//! Which event ids are on their way to the collector, and who waits for them.
//!
//! A claim is all or nothing: a call gets every id that it asks for, but for the
//! known ones, or none and waits behind one claim that is in its way. Nobody
//! holds ids while waiting, so that two calls never wait for each other. A claim
//! goes when it is settled or when its lease ends, whichever is first; with it go
//! its waiters' `W`, whose drop wakes them. Deliberately in memory alone: what is
//! durable is the window's to remember, and a restarted object owes nobody.

use std::collections::VecDeque;

use super::id_hash::{IdHash, IdMap};
use super::window::Id;

/// Ids of a shard that are on their way at once: as many as its window holds, or
/// 131 full batches. Beyond that calls are refused until some are settled.
pub const MAX_CLAIMED_IDS: usize = 65_536;

/// Calls of a shard that wait at once, of some 10 KB each (500 ids and a promise).
pub const MAX_WAITING: usize = 1_024;

/// Names a claim: random bytes of the caller's choice.
pub type Token = [u8; 16];

/// The claims of one shard.
#[derive(Debug)]
pub struct Claims<W> {
    lease_ms: i64,
    /// Oldest first: every lease is as long.
    held: VecDeque<Held<W>>,
    holder_of: IdMap<Token>,
}

#[derive(Debug)]
struct Held<W> {
    token: Token,
    until_ms: i64,
    ids: Vec<Id>,
    waiting: Vec<W>,
}

/// What a call hears about the ids that it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// One entry an id: whether it is known. The others are the caller's until it
    /// settles them.
    Granted(Vec<bool>),
    /// Another call has claimed one of them; nothing was claimed.
    Pending {
        /// That call's claim.
        behind: Token,
    },
    /// Too many ids are on their way; nothing was claimed.
    Full,
}

impl<W> Claims<W> {
    /// No claims yet; each will last for `lease_ms` at most.
    pub const fn new(lease_ms: i64, hash: IdHash) -> Self {
        Self { lease_ms, held: VecDeque::new(), holder_of: IdMap::with_hasher(hash) }
    }

    /// Claims the ids that are not known, under a token. A token that holds a
    /// claim already gives it up for this one.
    pub fn claim(
        &mut self,
        now_ms: i64,
        token: Token,
        ids: &[Id],
        knows: impl Fn(&Id) -> bool,
    ) -> Claim {
        self.expire(now_ms);
        self.release(&token);
        let known: Vec<bool> = ids.iter().map(knows).collect();
        let wanted: Vec<Id> =
            ids.iter().zip(&known).filter(|(_, known)| !**known).map(|(id, _)| *id).collect();
        if let Some(behind) = wanted.iter().find_map(|id| self.holder_of.get(id)) {
            return Claim::Pending { behind: *behind };
        }
        if wanted.is_empty() {
            return Claim::Granted(known);
        }
        if self.holder_of.len().saturating_add(wanted.len()) > MAX_CLAIMED_IDS {
            return Claim::Full;
        }
        self.holder_of.extend(wanted.iter().map(|id| (*id, token)));
        let until_ms = now_ms.saturating_add(self.lease_ms);
        self.held.push_back(Held { token, until_ms, ids: wanted, waiting: Vec::new() });
        Claim::Granted(known)
    }

    /// Claims where that wakes nobody, and no other call is in the way: one entry an id,
    /// as for [`Claim::Granted`]. `None` where nothing was claimed.
    pub fn claim_quietly(
        &mut self,
        now_ms: i64,
        token: Token,
        ids: &[Id],
        knows: impl Fn(&Id) -> bool,
    ) -> Option<Vec<bool>> {
        if self.held.front().is_some_and(|held| held.until_ms <= now_ms) {
            return None;
        }
        match self.claim(now_ms, token, ids, knows) {
            Claim::Granted(known) => Some(known),
            Claim::Pending { .. } | Claim::Full => None,
        }
    }

    /// Waits behind a claim since `asked_at_ms`. Returns when to ask again though
    /// nothing was heard, in Unix milliseconds; `None` when the call has to give
    /// up: it waited for a whole lease, or too many wait.
    pub fn wait(&mut self, now_ms: i64, asked_at_ms: i64, behind: &Token, who: W) -> Option<i64> {
        let give_up_at_ms = asked_at_ms.saturating_add(self.lease_ms);
        let waiting =
            self.held.iter().map(|held| held.waiting.len()).fold(0, usize::saturating_add);
        if now_ms >= give_up_at_ms || waiting >= MAX_WAITING {
            return None;
        }
        // A claim that went meanwhile is asked about again at once.
        let Some(held) = self.held.iter_mut().find(|held| held.token == *behind) else {
            return Some(now_ms);
        };
        held.waiting.push(who);
        Some(held.until_ms.min(give_up_at_ms))
    }

    /// Ends a claim, and wakes who waits behind it. Ids that were not marked are
    /// anybody's again. A token without a claim ends nothing.
    pub fn release(&mut self, token: &Token) {
        if let Some(at) = self.held.iter().position(|held| held.token == *token) {
            let held = self.held.remove(at);
            self.forget(held);
        }
    }

    fn expire(&mut self, now_ms: i64) {
        while self.held.front().is_some_and(|held| held.until_ms <= now_ms) {
            let held = self.held.pop_front();
            self.forget(held);
        }
    }

    fn forget(&mut self, held: Option<Held<W>>) {
        for id in held.into_iter().flat_map(|held| held.ids) {
            self.holder_of.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests;
