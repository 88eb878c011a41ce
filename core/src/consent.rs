//! Whether an event may be sent, by what the visitor decided.
//!
//! Pure: the page asks before it stores, identifies or sends anything; edge and
//! collector ask again from `context.consent`. An undecided visitor is not a
//! consenting one: the page holds events in memory until the decision.

use crate::json::{Kind, Value};
use crate::verdict::{Code, Fault};

/// How a visitor who declines may still be counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Identified by first-party ids, after consent.
    #[default]
    Full,
    /// Counted without any id of the client's, where the site enables it.
    Cookieless,
}

/// What the visitor decided; `None` is undecided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// Measurement of behaviour.
    pub analytics: Option<bool>,
    /// Use for advertising.
    pub ads: Option<bool>,
    /// What happens without consent to analytics.
    pub mode: Mode,
}

/// What may be done with an event under a consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Send it.
    Send,
    /// Send it without user_id, session_id and anonymous_id.
    SendWithoutIds,
    /// Keep it in memory until the visitor decides.
    Hold,
    /// Forget it.
    Forget,
}

impl Consent {
    /// Decides for the page: nothing leaves it before a decision.
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
        matches!(self.analytics, Some(true))
    }

    /// An event's own consent over its batch's: what the event leaves open, the
    /// batch decides, and the mode that stores less wins.
    #[must_use]
    pub const fn over(self, shared: Self) -> Self {
        Self {
            analytics: if self.analytics.is_some() { self.analytics } else { shared.analytics },
            ads: if self.ads.is_some() { self.ads } else { shared.ads },
            mode: if matches!(self.mode, Mode::Cookieless) { self.mode } else { shared.mode },
        }
    }

    /// Reads `context.consent`. A member of another type is a fault, because a
    /// consent that cannot be read must not be taken for one.
    ///
    /// # Errors
    /// `wrong_type`, `not_in_enum` or `unknown_field`, with `pointer` before it.
    pub fn read(value: Value<'_>, pointer: &str) -> Result<Self, Fault> {
        let mut consent = Self::default();
        if value.kind() != Kind::Object {
            return Err(Fault::new(Code::WrongType, pointer));
        }
        for (key, member) in value.entries() {
            let at = |code| {
                let mut place = alloc::string::String::from(pointer);
                crate::json::push_pointer(&mut place, key);
                Fault::new(code, place)
            };
            match key {
                "analytics" => consent.analytics = read_bool(member).map_err(at)?,
                "ads" => consent.ads = read_bool(member).map_err(at)?,
                "mode" => {
                    consent.mode = match member.raw() {
                        "\"full\"" => Mode::Full,
                        "\"cookieless\"" => Mode::Cookieless,
                        _ => return Err(at(Code::NotInEnum)),
                    }
                }
                _ => return Err(at(Code::UnknownField)),
            }
        }
        Ok(consent)
    }
}

fn read_bool(value: Value<'_>) -> Result<Option<bool>, Code> {
    match value.raw() {
        "true" => Ok(Some(true)),
        "false" => Ok(Some(false)),
        "null" => Ok(None),
        _ => Err(Code::WrongType),
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
