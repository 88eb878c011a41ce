//! What may be done with an event under a consent.

use super::{Consent, Mode};

/// What may be done with an event under a consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Send it, identified by ids that storage keeps.
    Send,
    /// Send it without user_id, session_id and anonymous_id; store nothing.
    SendWithoutIds,
    /// Keep it in bounded memory until the visitor decides.
    Hold,
    /// Forget it.
    Forget,
}

impl Decision {
    /// Whether ids and the queue may be kept in the browser's storage.
    pub const fn may_store(self) -> bool {
        matches!(self, Self::Send)
    }

    /// Whether an event may carry an id of a visitor, a session or a user.
    pub const fn may_identify(self) -> bool {
        matches!(self, Self::Send)
    }

    /// Whether identified events may leave the page.
    pub const fn may_send(self) -> bool {
        matches!(self, Self::Send)
    }

    /// Whether events may leave the page without any id of the client's.
    pub const fn may_measure_cookieless(self) -> bool {
        matches!(self, Self::SendWithoutIds)
    }

    /// Whether events wait in memory for a decision.
    pub const fn holds(self) -> bool {
        matches!(self, Self::Hold)
    }
}

impl Consent {
    /// Decides for the page: nothing leaves it before a decision, but for
    /// cookieless measurement where the site chose that.
    pub const fn decide(self) -> Decision {
        match (self.analytics, self.mode) {
            (Some(true), _) => Decision::Send,
            (None | Some(false), Mode::Cookieless) => Decision::SendWithoutIds,
            (None, Mode::Full) => Decision::Hold,
            (Some(false), Mode::Full) => Decision::Forget,
        }
    }

    /// Whether ids and the queue may be kept in the browser's storage.
    pub const fn may_store(self) -> bool {
        self.decide().may_store()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undecided_is_held_and_declined_is_forgotten() {
        let mut consent = Consent::default();
        assert_eq!(consent.decide(), Decision::Hold);
        assert!(!consent.may_store());
        consent.analytics = Some(false);
        assert_eq!(consent.decide(), Decision::Forget);
        consent.analytics = Some(true);
        assert_eq!(consent.decide(), Decision::Send);
        assert!(consent.may_store());
    }

    #[test]
    fn cookieless_sends_without_ids_and_stores_nothing() {
        for analytics in [None, Some(false)] {
            let consent = Consent { analytics, ads: None, mode: Mode::Cookieless };
            assert_eq!(consent.decide(), Decision::SendWithoutIds);
            assert!(!consent.may_store());
        }
    }
}
