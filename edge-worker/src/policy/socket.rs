//! What a WebSocket with events may hold, and how it ends.
//!
//! A message is a body and is answered by a message with the same JSON: verdicts,
//! or `{"error":…}`, which carries `retry_after_s` where the same message may be
//! taken later. One message is worked on at a time; the others wait in memory,
//! within [`Backlog`]'s bounds. The codes of an end are the collector's, and 1013
//! for a sender that does not wait for answers.

use tidemark_core::limits::BATCH_MAX_BYTES;
use tidemark_core::verdict::Code;

use super::answer::Refused;

/// Sockets that one isolate holds: each may have 500 KB waiting and one message in
/// work, so that all of them stay within the 128 MB of an isolate.
pub const SOCKETS_MAX: usize = 64;

/// Messages of one socket that wait: half a minute of a voice client's.
const WAITING_MAX: usize = 256;

/// It is over.
pub const CLOSE_NORMAL: u16 = 1_000;
/// The key or the page may not send.
pub const CLOSE_POLICY: u16 = 1_008;
/// A message is over its bound.
pub const CLOSE_TOO_LARGE: u16 = 1_009;
/// Too many messages wait.
pub const CLOSE_OVERRUN: u16 = 1_013;
/// Nothing was heard for too long.
pub const CLOSE_IDLE: u16 = 4_408;

/// What waits to be worked on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    messages: usize,
    units: usize,
}

impl Backlog {
    /// Takes up a message of a length, in UTF-16 units or bytes, which are no more
    /// than the bytes that it will be.
    ///
    /// # Errors
    /// The code with which the socket ends.
    pub fn arrived(&mut self, units: usize) -> Result<(), u16> {
        if units > BATCH_MAX_BYTES {
            return Err(CLOSE_TOO_LARGE);
        }
        let after = self.units.saturating_add(units);
        if self.messages >= WAITING_MAX || after > BATCH_MAX_BYTES {
            return Err(CLOSE_OVERRUN);
        }
        self.messages = self.messages.saturating_add(1);
        self.units = after;
        Ok(())
    }

    /// A message is taken out to be worked on.
    pub const fn left(&mut self, units: usize) {
        self.messages = self.messages.saturating_sub(1);
        self.units = self.units.saturating_sub(units);
    }
}

/// How a socket ends after a refusal; `None` when it goes on.
pub const fn ends(refused: &Refused) -> Option<u16> {
    match refused.refusal.code {
        Code::UnknownWriteKey | Code::OriginNotAllowed => Some(CLOSE_POLICY),
        _ => None,
    }
}

/// What the other side is told of a code.
pub const fn reason(code: Option<u16>) -> &'static str {
    match code {
        Some(CLOSE_POLICY) => "not admitted",
        Some(CLOSE_TOO_LARGE) => "a message is larger than 500 KB",
        Some(CLOSE_OVERRUN) => "too many messages without waiting for answers",
        Some(CLOSE_IDLE) => "nothing was heard",
        _ => "",
    }
}

/// A refusal as a message.
pub fn refusal(refused: &Refused) -> String {
    let mut text = refused.refusal.to_json();
    if let Some(seconds) = refused.retry_after_s
        && let Some(open) = text.strip_suffix("}}")
    {
        text = format!("{open},\"retry_after_s\":{seconds}}}}}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::collector_answer::Away;

    #[test]
    fn what_waits_is_bounded() {
        let mut backlog = Backlog::default();
        assert_eq!(backlog.arrived(BATCH_MAX_BYTES + 1), Err(CLOSE_TOO_LARGE));
        assert_eq!(backlog.arrived(BATCH_MAX_BYTES), Ok(()));
        assert_eq!(backlog.arrived(1), Err(CLOSE_OVERRUN));
        backlog.left(BATCH_MAX_BYTES);
        for _ in 0..WAITING_MAX {
            assert_eq!(backlog.arrived(10), Ok(()));
        }
        assert_eq!(backlog.arrived(10), Err(CLOSE_OVERRUN));
        backlog.left(10);
        assert_eq!(backlog.arrived(10), Ok(()));
    }

    #[test]
    fn a_refusal_says_when_to_come_back_and_whether_to_stay() {
        let away = Refused::from(Away::silent());
        let text = refusal(&away);
        assert!(text.ends_with(r#","retry_after_s":5}}"#), "{text}");
        assert_eq!(ends(&away), None);
        let unknown = Refused::from(Code::UnknownWriteKey);
        assert_eq!((refusal(&unknown), ends(&unknown)), (unknown.refusal.to_json(), Some(1_008)));
    }
}
