//! Who is here: the visitor's id and the session's, and when a session ends.
//!
//! Exists only after consent. Kept as one line of text in first-party storage,
//! written when a batch leaves and not at every event. A session ends after 30
//! minutes without an event, and after 24 hours in any case.

use alloc::string::String;

use tidemark_core::id::Uuid;
use tidemark_core::json::write_padded;

use super::random::Random;

/// Without an event for this long, the next one begins a new session.
pub const IDLE_MS: i64 = 30 * 60_000;
/// A session never lasts longer.
pub const MAX_MS: i64 = 24 * 3_600_000;

/// The visitor and the running session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    anonymous_id: Uuid,
    session_id: Uuid,
    started_ms: i64,
    last_ms: i64,
}

impl Identity {
    /// Takes up the stored identity, or makes a new one where there is none, or
    /// where the text cannot be read.
    pub fn resume(stored: &str, now_ms: i64, random: &mut Random) -> Self {
        let mut identity = Self::read(stored).unwrap_or_else(|| Self {
            anonymous_id: Uuid::v7(now_ms, random.ten_bytes()),
            session_id: Uuid::default(),
            started_ms: i64::MIN,
            last_ms: i64::MIN,
        });
        identity.touch(now_ms, random);
        identity
    }

    /// Notes that something happened; begins a new session when the old one has
    /// ended, or lies in the future because the clock was set back.
    pub fn touch(&mut self, now_ms: i64, random: &mut Random) {
        let idle_ms = now_ms.saturating_sub(self.last_ms);
        let age_ms = now_ms.saturating_sub(self.started_ms);
        if idle_ms >= IDLE_MS || age_ms >= MAX_MS || idle_ms < -IDLE_MS {
            self.session_id = Uuid::v7(now_ms, random.ten_bytes());
            self.started_ms = now_ms;
            self.last_ms = now_ms;
        }
        self.last_ms = self.last_ms.max(now_ms);
    }

    /// The members that identify an event, each with a comma before it.
    pub fn members(&self) -> String {
        let mut out = String::from(",\"session_id\":\"");
        self.session_id.push_to(&mut out);
        out.push_str("\",\"anonymous_id\":\"");
        self.anonymous_id.push_to(&mut out);
        out.push('"');
        out
    }

    /// The line that storage keeps: both ids and both times.
    pub fn store(&self) -> String {
        let mut out = String::new();
        self.anonymous_id.push_to(&mut out);
        out.push(' ');
        self.session_id.push_to(&mut out);
        for time in [self.started_ms, self.last_ms] {
            out.push(' ');
            write_padded(&mut out, time as u64, TIME_DIGITS);
        }
        out
    }

    /// Reads what [`Identity::store`] wrote: every part at its place, because
    /// `split` costs a page 700 bytes.
    fn read(stored: &str) -> Option<Self> {
        Some(Self {
            anonymous_id: Uuid::parse(stored.get(..36)?)?,
            session_id: Uuid::parse(stored.get(37..73)?)?,
            started_ms: read_ms(stored.get(74..89)?)?,
            last_ms: read_ms(stored.get(90..)?)?,
        })
    }
}

/// Digits of a stored time: milliseconds for the next 31,000 years.
const TIME_DIGITS: usize = 15;

fn read_ms(text: &str) -> Option<i64> {
    if text.len() != TIME_DIGITS {
        return None;
    }
    text.bytes()
        .try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    const NOON: i64 = 1_795_262_400_000;

    fn random() -> Random {
        Random::new([1, 2, 3, 4])
    }

    #[test]
    fn a_reload_keeps_visitor_and_session() {
        let mut random = random();
        let first = Identity::resume("", NOON, &mut random);
        let again = Identity::resume(&first.store(), NOON + IDLE_MS - 1, &mut random);
        assert_eq!(again.members(), first.members());
    }

    #[test]
    fn half_an_hour_of_silence_ends_a_session_and_not_the_visitor() {
        let mut random = random();
        let first = Identity::resume("", NOON, &mut random);
        let again = Identity::resume(&first.store(), NOON + IDLE_MS, &mut random);
        assert_eq!(again.anonymous_id, first.anonymous_id);
        assert_ne!(again.session_id, first.session_id);
    }

    #[test]
    fn a_busy_session_ends_after_a_day() {
        let mut random = random();
        let mut identity = Identity::resume("", NOON, &mut random);
        let first = identity.session_id;
        for minutes in (0..24 * 60).step_by(20) {
            identity.touch(NOON + minutes * 60_000, &mut random);
            assert_eq!(identity.session_id, first);
        }
        identity.touch(NOON + MAX_MS, &mut random);
        assert_ne!(identity.session_id, first);
    }

    #[test]
    fn a_clock_set_back_does_not_freeze_a_session() {
        let mut random = random();
        let tomorrow = Identity::resume("", NOON + MAX_MS, &mut random);
        let today = Identity::resume(&tomorrow.store(), NOON, &mut random);
        assert_ne!(today.session_id, tomorrow.session_id);
        assert_eq!(today.last_ms, NOON);
    }

    #[test]
    fn unreadable_text_is_a_new_visitor() {
        let mut random = random();
        let whole = Identity::resume("", NOON, &mut random).store();
        for stored in ["", " ", "x y 1 2", &whole[..whole.len() - 14], &whole.replace('1', "g")] {
            let other = Identity::resume(stored, NOON, &mut random);
            assert_ne!(other.store()[..36], whole[..36], "{stored}");
        }
    }
}
