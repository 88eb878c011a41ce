//! What was noticed about an event on its way, beside what it says itself: flags, and
//! the kind of device that it came from.
//!
//! Both are a public endpoint's to say: a sender's own are ignored there, and those of
//! the edge are believed behind the signed hop. Both are closed lists, so that a report
//! can name each.

use alloc::string::String;

use crate::json::Value;

/// The words of [`Flags`], in their order.
pub const FLAGS: [&str; 3] = ["bot", "automated", "clock_skew"];

/// A set of flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    /// The caller calls itself by the name of an automated client.
    pub const BOT: Self = Self(1);
    /// The page says that a program drives its browser (`context.device.automated`).
    pub const AUTOMATED: Self = Self(2);
    /// The sender's clock is more than a day off, and its times stand uncorrected.
    pub const CLOCK_SKEW: Self = Self(4);

    /// These and those.
    #[must_use]
    pub const fn with(self, more: Self) -> Self {
        Self(self.0 | more.0)
    }

    /// These, and those where `it` is so.
    #[must_use]
    pub const fn when(self, it: bool, more: Self) -> Self {
        if it { self.with(more) } else { self }
    }

    /// Whether there is one of those among them.
    pub const fn has_any(self, of: Self) -> bool {
        self.0 & of.0 != 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Their words.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        FLAGS.into_iter().enumerate().filter(move |(bit, _)| self.0 >> bit & 1 == 1).map(|(_, w)| w)
    }

    /// The flags of an array of words; a word that this release does not know is none.
    pub fn read(words: Value<'_>) -> Self {
        words.items().filter_map(Value::as_str).fold(Self::default(), |flags, word| {
            match FLAGS.iter().position(|known| *known == word) {
                Some(bit) => Self(flags.0 | 1 << bit),
                None => flags,
            }
        })
    }

    /// Appends them as a JSON array of words.
    pub fn push_to(self, out: &mut String) {
        out.push('[');
        for (position, word) in self.words().enumerate() {
            out.push_str(if position == 0 { "\"" } else { ",\"" });
            out.push_str(word);
            out.push('"');
        }
        out.push(']');
    }
}

/// The kind of device that a call came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceClass {
    /// A desktop computer or a laptop.
    Desktop,
    /// A phone.
    Mobile,
    /// A tablet.
    Tablet,
    /// An automated client.
    Bot,
    /// Something else, or nothing tells.
    Other,
}

impl DeviceClass {
    /// Every class.
    pub const ALL: [Self; 5] = [Self::Desktop, Self::Mobile, Self::Tablet, Self::Bot, Self::Other];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Desktop => "desktop",
            Self::Mobile => "mobile",
            Self::Tablet => "tablet",
            Self::Bot => "bot",
            Self::Other => "other",
        }
    }

    /// The class of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::check_text;

    #[test]
    fn flags_are_read_as_they_are_written() {
        for flags in (0..8).map(Flags) {
            let mut text = String::new();
            flags.push_to(&mut text);
            assert_eq!(Flags::read(check_text(&text).unwrap()), flags, "{text}");
            assert_eq!(flags.is_empty(), text == "[]");
        }
        let odd = check_text(r#"["bot","b\u006ft","of_tomorrow",7]"#).unwrap();
        assert_eq!(Flags::read(odd), Flags::BOT);
        assert_eq!(Flags::read(check_text("\"bot\"").unwrap()), Flags::default());
    }

    #[test]
    fn classes_have_names() {
        for class in DeviceClass::ALL {
            assert_eq!(DeviceClass::from_name(class.as_str()), Some(class));
        }
    }
}
