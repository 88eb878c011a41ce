//! Who is here: the visitor's id, the session's, the user's; when a session ends.
//!
//! Exists only after consent. Kept as one line of text in first-party storage,
//! written when a session begins and when a batch leaves, not at every event. A
//! session ends after 30 minutes without an event in any tab, after 24 hours in any
//! case, and where another campaign brings the visitor.

use alloc::string::String;

use tidemark_core::id::Uuid;
use tidemark_core::json::{copy, write_padded};

use super::random::Random;
use super::{event, push};

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
    /// The campaign of the session, as a hash; 0 for none.
    campaign: u32,
    /// The user's id as it stands between the quotes of JSON text; empty for none.
    user: String,
}

/// After so long what another tab wrote is looked at, before a session is ended.
pub const SHARED_MS: i64 = 60_000;

impl Identity {
    /// Takes up the stored identity, or makes a new one where there is none, or
    /// where the text cannot be read.
    pub fn resume(stored: &str, now_ms: i64, random: &mut Random) -> Self {
        let mut identity = Self::read(stored).unwrap_or_else(|| Self {
            anonymous_id: Uuid::v7(now_ms, random.ten_bytes()),
            session_id: Uuid::default(),
            started_ms: i64::MIN,
            last_ms: i64::MIN,
            campaign: 0,
            user: String::new(),
        });
        identity.touch(now_ms, random);
        identity
    }

    /// Notes that something happened; begins a new session when the old one has
    /// ended, or lies a day in the future because the clock was set back. Tells
    /// whether it did.
    pub fn touch(&mut self, now_ms: i64, random: &mut Random) -> bool {
        let idle_ms = now_ms.saturating_sub(self.last_ms);
        let age_ms = now_ms.saturating_sub(self.started_ms);
        let ended = idle_ms >= IDLE_MS || age_ms >= MAX_MS || idle_ms <= -MAX_MS;
        if ended {
            self.begin(now_ms, random);
        }
        self.last_ms = self.last_ms.max(now_ms);
        ended
    }

    fn begin(&mut self, now_ms: i64, random: &mut Random) {
        self.session_id = Uuid::v7(now_ms, random.ten_bytes());
        self.started_ms = now_ms;
        self.last_ms = now_ms;
    }

    /// Takes what another tab of the visitor's wrote since.
    pub fn share(&mut self, stored: &str) {
        if let Some(other) = Self::read(stored).filter(|other| other.last_ms > self.last_ms) {
            *self = other;
        }
    }

    /// Whether so much time has passed that other tabs are to be asked.
    pub const fn is_long_ago(&self, now_ms: i64) -> bool {
        now_ms - self.last_ms > SHARED_MS
    }

    /// Takes the campaign that brought the visitor, 0 for none: another one than
    /// the session's begins a new session. Coming without one continues it.
    pub fn come_by(&mut self, campaign: u32, now_ms: i64, random: &mut Random) {
        if campaign != 0 && campaign != self.campaign {
            if self.campaign != 0 || self.started_ms != now_ms {
                self.begin(now_ms, random);
            }
            self.campaign = campaign;
        }
    }

    /// Takes who the visitor is: the inside of JSON text, empty for nobody.
    pub fn identify(&mut self, user: &str) {
        self.user = copy(user);
    }

    /// Whether the visitor is one of the sampled: so many of 65,536. By the last
    /// bytes of the visitor's id, which are random, so that it stays for the visitor.
    pub fn is_among(&self, sampled: u32) -> bool {
        let [.., high, low] = self.anonymous_id.0;
        (u32::from(high) << 8 | u32::from(low)) < sampled
    }

    /// The members that identify an event, each with a comma before it.
    pub fn members(&self) -> String {
        let mut out = copy(",\"session_id\":\"");
        self.session_id.push_to(&mut out);
        out.push_str("\",\"anonymous_id\":\"");
        self.anonymous_id.push_to(&mut out);
        if !self.user.is_empty() {
            push(&mut out, &["\",\"user_id\":\"", &self.user]);
        }
        push(&mut out, &["\""]);
        out
    }

    /// The line that storage keeps: both ids, both times, the campaign, the user.
    pub fn store(&self) -> String {
        let mut out = String::new();
        self.anonymous_id.push_to(&mut out);
        push(&mut out, &[" "]);
        self.session_id.push_to(&mut out);
        for number in [self.started_ms, self.last_ms, i64::from(self.campaign)] {
            push(&mut out, &[" "]);
            write_padded(&mut out, number as u64, DIGITS);
        }
        push(&mut out, &[" ", &self.user]);
        out
    }

    /// Reads what [`Identity::store`] wrote: every part at its place, because
    /// `split` costs a page 700 bytes.
    fn read(stored: &str) -> Option<Self> {
        let user = stored.get(122..)?;
        // It is written into JSON text as it stands; whether its escapes are JSON's the
        // page has asked (storage.js).
        if !event::is_harmless(user) || user.bytes().any(|byte| byte < b' ' || byte == b'"') {
            return None;
        }
        Some(Self {
            anonymous_id: Uuid::parse(part(stored, 0, 36))?,
            session_id: Uuid::parse(part(stored, 37, 73))?,
            started_ms: read_number(part(stored, 74, 89))?,
            last_ms: read_number(part(stored, 90, 105))?,
            campaign: read_number(part(stored, 106, 121))? as u32,
            user: copy(user),
        })
    }
}

/// A part of a text; empty where it is shorter. One call, where `get` would be five.
#[inline(never)]
fn part(text: &str, from: usize, to: usize) -> &str {
    text.get(from..to).unwrap_or_default()
}

/// Digits of a stored number: milliseconds for the next 31,000 years.
const DIGITS: usize = 15;

#[inline(never)]
fn read_number(text: &str) -> Option<i64> {
    if text.is_empty() {
        return None;
    }
    text.bytes()
        .try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use alloc::vec::Vec;

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
        let quoted = [&*whole, "a\",\"b\":\""].concat();
        let half = [&*whole, "a\\"].concat();
        let texts = ["", " ", "x y 1 2", &whole[..110], &whole.replace('1', "g"), &quoted, &half];
        for stored in texts {
            let other = Identity::resume(stored, NOON, &mut random);
            assert_ne!(other.store()[..36], whole[..36], "{stored}");
        }
    }

    #[test]
    fn another_campaign_begins_a_session_and_none_continues_it() {
        let mut random = random();
        let mut identity = Identity::resume("", NOON, &mut random);
        let first = identity.session_id;
        identity.come_by(7, NOON, &mut random);
        assert_eq!(identity.session_id, first, "it has just begun with the campaign");
        let mut later = Identity::resume(&identity.store(), NOON + 1000, &mut random);
        later.come_by(7, NOON + 1000, &mut random);
        later.come_by(0, NOON + 2000, &mut random);
        assert_eq!(later.session_id, first);
        later.come_by(8, NOON + 3000, &mut random);
        assert_ne!(later.session_id, first);
        assert_eq!(later.anonymous_id, identity.anonymous_id);
    }

    #[test]
    fn what_another_tab_wrote_later_holds() {
        let mut random = random();
        let mut here = Identity::resume("", NOON, &mut random);
        let mut there = here.clone();
        there.touch(NOON + IDLE_MS - 1, &mut random);
        there.identify("u_7");
        here.share(&there.store());
        assert!(!here.touch(NOON + IDLE_MS, &mut random), "the other tab kept it alive");
        assert_eq!(here.session_id, there.session_id);
        assert_eq!(here.user, "u_7");
        there.share("");
        assert_eq!(there.user, "u_7");
    }

    #[test]
    fn a_user_is_kept_and_told() {
        let mut random = random();
        let mut first = Identity::resume("", NOON, &mut random);
        assert!(!first.members().contains("user_id"));
        first.identify(r"u\u0022");
        let again = Identity::resume(&first.store(), NOON, &mut random);
        assert_eq!(again, first);
        assert!(again.members().ends_with(r#","user_id":"u\u0022""#));
    }

    #[test]
    fn a_visitor_is_sampled_or_not_whenever_asked() {
        let mut random = random();
        let visitors = Vec::from_iter((0..2000).map(|_| Identity::resume("", NOON, &mut random)));
        let among = |sampled| visitors.iter().filter(|visitor| visitor.is_among(sampled)).count();
        assert_eq!((among(0), among(65_536)), (0, 2000));
        assert!((350..450).contains(&among(65_536 / 5)), "{}", among(65_536 / 5));
    }
}
