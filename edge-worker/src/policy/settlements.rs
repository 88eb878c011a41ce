//! What shards are still to be told of claims that have ended.
//!
//! A claim's end is told along with the next claim at the same shard, or, where none
//! comes, a little later by itself: nobody who was answered waits for it, and a call
//! of a shard is the dearest thing that a batch does. What is lost with an isolate
//! are marks, which spare the collector work and decide nothing; the claims of the
//! lost ones end with their leases.

use std::collections::BTreeMap;

use super::claims::Token;
use super::window::Id;

/// For how long a claim's end may wait for company. A resend by another isolate waits
/// as long for its verdict, which is no longer than a page waits for an answer.
pub const TELL_AFTER_MS: u64 = 2_000;

/// Shards that one teller tells: each is a call, of which Cloudflare lets one request
/// make a thousand. The others wait for the next.
const TOLD_AT_ONCE: usize = 200;

/// Bytes that wait for one shard: what 8 full batches need. More go at once.
const SHARD_MAX_BYTES: usize = 65_536;

/// The ends of claims, by shard.
#[derive(Clone, Debug, Default)]
pub struct Settlements {
    untold: BTreeMap<String, Settled>,
    /// How many calls of this isolate wait for somebody else's claim at a shard.
    waiting: BTreeMap<String, u32>,
    /// Until when somebody will have told what is untold.
    told_by_ms: i64,
}

/// When what a call has ended is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tell {
    /// At once: somebody here waits for it, or much waits to be told.
    Now,
    /// By this call, with all that is untold then, after [`TELL_AFTER_MS`].
    Later,
    /// By somebody else, or there is nothing.
    NotByMe,
}

/// Ends of claims at one shard, as they are told: a token, the number of ids in two
/// bytes, the ids that are durable, and the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// As they are told.
    pub bytes: Vec<u8>,
    /// How many claims.
    pub claims: u32,
}

impl Settlements {
    /// Takes up a claim's end: `durable` is marked, its other ids are free again.
    pub fn end(&mut self, shard: &str, token: Token, durable: &[Id]) {
        let settled = match self.untold.get_mut(shard) {
            Some(settled) => settled,
            None => self.untold.entry(String::from(shard)).or_default(),
        };
        let count = u16::try_from(durable.len()).unwrap_or(u16::MAX);
        settled.bytes.extend_from_slice(&token);
        settled.bytes.extend_from_slice(&count.to_be_bytes());
        durable.iter().take(count.into()).for_each(|id| settled.bytes.extend_from_slice(id));
        settled.claims = settled.claims.saturating_add(1);
    }

    /// When a call that ended a claim at a shard tells it. One call tells for all that
    /// end until then; one that never did, because its isolate was stopped, is followed
    /// by another.
    pub fn tell(&mut self, shard: &str, now_ms: i64) -> Tell {
        let Some(settled) = self.untold.get(shard) else { return Tell::NotByMe };
        if self.waiting.contains_key(shard) || settled.bytes.len() > SHARD_MAX_BYTES {
            return Tell::Now;
        }
        if now_ms < self.told_by_ms {
            return Tell::NotByMe;
        }
        // Twice as long: a timer may be late, and one teller more costs nothing.
        self.told_by_ms =
            now_ms.saturating_add(i64::try_from(TELL_AFTER_MS).unwrap_or(0).saturating_mul(2));
        Tell::Later
    }

    /// All that is to be told by the one who tells now, by shard. What is left out waits
    /// for the next, who may come at once.
    pub fn take_all(&mut self) -> Vec<(String, Settled)> {
        self.told_by_ms = 0;
        let mut taken = Vec::new();
        while taken.len() < TOLD_AT_ONCE
            && let Some(first) = self.untold.pop_first()
        {
            taken.push(first);
        }
        taken
    }

    /// What a shard is to be told, which is then told.
    pub fn take(&mut self, shard: &str) -> Option<Settled> {
        self.untold.remove(shard)
    }

    /// A call of this isolate begins to wait at a shard.
    pub fn begin_waiting(&mut self, shard: &str) {
        let waiting = self.waiting.entry(String::from(shard)).or_default();
        *waiting = waiting.saturating_add(1);
    }

    /// One that waited does no more.
    pub fn end_waiting(&mut self, shard: &str) {
        if let Some(waiting) = self.waiting.get_mut(shard) {
            *waiting = waiting.saturating_sub(1);
            if *waiting == 0 {
                self.waiting.remove(shard);
            }
        }
    }
}

/// Reads what was told: each claim with its durable ids. What is cut short is left out.
pub fn read(mut bytes: &[u8]) -> Vec<(Token, Vec<Id>)> {
    let mut ends = Vec::new();
    while let Some((token, rest)) = bytes.split_first_chunk::<16>() {
        let Some((count, rest)) = rest.split_first_chunk::<2>() else { break };
        let length = usize::from(u16::from_be_bytes(*count)).saturating_mul(16);
        let Some((ids, rest)) = rest.split_at_checked(length) else { break };
        ends.push((*token, super::window::read_ids(ids)));
        bytes = rest;
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_told_once_and_read_as_they_were() {
        let mut settlements = Settlements::default();
        settlements.end("a", [1; 16], &[[2; 16], [3; 16]]);
        settlements.end("a", [4; 16], &[]);
        settlements.end("b", [5; 16], &[[6; 16]]);
        let told = settlements.take("a").unwrap();
        assert_eq!(told.claims, 2);
        let expected = [([1; 16], vec![[2; 16], [3; 16]]), ([4; 16], vec![])];
        assert_eq!(read(&told.bytes), expected);
        assert_eq!(settlements.take("a"), None);
        assert_eq!(read(&settlements.take("b").unwrap().bytes), [([5; 16], vec![[6; 16]])]);
    }

    #[test]
    fn what_is_cut_short_ends_nothing() {
        let mut settlements = Settlements::default();
        settlements.end("a", [1; 16], &[[2; 16]]);
        let told = settlements.take("a").unwrap().bytes;
        for length in 0..told.len() {
            assert_eq!(read(&told[..length]), []);
        }
    }

    #[test]
    fn a_shard_is_told_at_once_when_somebody_waits_or_much_has_come_together() {
        let mut settlements = Settlements::default();
        settlements.begin_waiting("a");
        settlements.begin_waiting("a");
        settlements.end_waiting("a");
        assert_eq!(settlements.tell("a", 0), Tell::NotByMe, "nothing has ended");
        settlements.end("a", [1; 16], &[]);
        assert_eq!(settlements.tell("a", 0), Tell::Now);
        settlements.end_waiting("a");
        assert_eq!(settlements.tell("a", 0), Tell::Later);
        for _ in 0..9 {
            settlements.end("b", [1; 16], &[[2; 16]; 500]);
        }
        assert_eq!(settlements.tell("b", 0), Tell::Now);
    }

    #[test]
    fn one_call_tells_for_all_and_is_followed_when_it_never_does() {
        let mut settlements = Settlements::default();
        settlements.end("a", [1; 16], &[]);
        assert_eq!(settlements.tell("a", 10), Tell::Later);
        settlements.end("b", [2; 16], &[]);
        assert_eq!(settlements.tell("b", 11), Tell::NotByMe);
        assert_eq!(settlements.tell("b", 10 + 4_000), Tell::Later);
        let told: Vec<_> = settlements.take_all().into_iter().map(|(shard, _)| shard).collect();
        assert_eq!(told, ["a", "b"]);
        for shard in 0..201 {
            settlements.end(&shard.to_string(), [3; 16], &[]);
        }
        assert_eq!(settlements.tell("0", 12), Tell::Later, "the next one");
        assert_eq!((settlements.take_all().len(), settlements.take_all().len()), (200, 1));
    }
}
