//! Consent as events carry it: `context.consent`.

use crate::json::{Kind, Node, Value, unescape};
use crate::verdict::{Code, Fault};

/// How a visitor who declines may still be counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
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

impl Consent {
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

    /// Reads the consent that a context tells; one that tells none is undecided.
    ///
    /// # Errors
    /// As [`Consent::read`], with pointers from the event on.
    pub fn of_context(context: Value<'_>) -> Result<Self, Fault> {
        context
            .entries()
            .find(|(key, _)| is_key(key, "consent"))
            .map_or(Ok(Self::default()), |(_, consent)| Self::read(consent, "/context/consent"))
    }

    /// As [`Consent::of_context`], where a tape holds the context.
    ///
    /// # Errors
    /// As [`Consent::of_context`].
    pub fn of_node(context: Node<'_, '_>) -> Result<Self, Fault> {
        const KEY: &str = "consent";
        let is_consent = |key: Node<'_, '_>| {
            key.inside() == KEY || key.is_escaped() && is_key(key.inside(), KEY)
        };
        let Some((_, consent)) = context.members().find(|(key, _)| is_consent(*key)) else {
            return Ok(Self::default());
        };
        if consent.kind() != Kind::Object {
            return Err(Fault::new(Code::WrongType, "/context/consent"));
        }
        let members = consent.members().map(|(key, member)| (key.inside(), member.value()));
        Self::read_members(members, "/context/consent")
    }

    /// Reads `context.consent`. A member of another type is a fault, because a
    /// consent that cannot be read must not be taken for one.
    ///
    /// # Errors
    /// `wrong_type`, `not_in_enum` or `unknown_field`, with `pointer` before it.
    pub fn read(value: Value<'_>, pointer: &str) -> Result<Self, Fault> {
        if value.kind() != Kind::Object {
            return Err(Fault::new(Code::WrongType, pointer));
        }
        Self::read_members(value.entries(), pointer)
    }

    fn read_members<'a>(
        members: impl Iterator<Item = (&'a str, Value<'a>)>,
        pointer: &str,
    ) -> Result<Self, Fault> {
        let mut consent = Self::default();
        for (key, member) in members {
            let at = |code| {
                let mut place = alloc::string::String::from(pointer);
                crate::json::push_pointer(&mut place, key);
                Fault::new(code, place)
            };
            // A key that is written with escapes is the same key: a denial in
            // another spelling is no less one.
            let unescaped = unescape(key);
            match unescaped.as_deref().unwrap_or(key) {
                "analytics" => consent.analytics = read_bool(member).map_err(at)?,
                "ads" => consent.ads = read_bool(member).map_err(at)?,
                "mode" => {
                    consent.mode = match member.raw() {
                        "\"full\"" => Mode::Full,
                        "\"cookieless\"" => Mode::Cookieless,
                        _ if member.kind() == Kind::String => return Err(at(Code::NotInEnum)),
                        _ => return Err(at(Code::WrongType)),
                    }
                }
                _ => return Err(at(Code::UnknownField)),
            }
        }
        Ok(consent)
    }
}

/// Whether a key, as it stands between its quotes, is this one.
pub(super) fn is_key(written: &str, key: &str) -> bool {
    unescape(written).is_some_and(|unescaped| unescaped == key)
}

fn read_bool(value: Value<'_>) -> Result<Option<bool>, Code> {
    match value.raw() {
        "true" => Ok(Some(true)),
        "false" => Ok(Some(false)),
        "null" => Ok(None),
        _ => Err(Code::WrongType),
    }
}
