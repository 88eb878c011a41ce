//! UUIDs: reading, writing, and making them from given time and bytes.

use alloc::string::String;

/// A UUID of any version, as its 16 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uuid(pub [u8; 16]);

/// Where the two digits of each byte stand in the hyphenated form.
#[cfg(feature = "catalogue")]
const PLACES: [usize; 16] = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
/// The two digits of each byte.
#[cfg(feature = "catalogue")]
static PAIRS: [[u8; 2]; 256] = {
    let digits = *b"0123456789abcdef";
    let mut table = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    table
};

#[cfg(any(test, not(all(target_arch = "x86_64", feature = "catalogue"))))]
mod digits;
#[cfg(all(target_arch = "x86_64", feature = "catalogue"))]
mod sse2;

#[cfg(not(all(target_arch = "x86_64", feature = "catalogue")))]
use digits::parse;
#[cfg(all(target_arch = "x86_64", feature = "catalogue"))]
use sse2::parse;

impl Uuid {
    /// Reads the hyphenated form, in either case; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        parse(text.as_bytes().try_into().ok()?).map(Self)
    }

    /// Makes a version 7 UUID (RFC 9562, 5.7) of a time and ten random bytes.
    pub fn v7(unix_ms: i64, random: [u8; 10]) -> Self {
        let time = unix_ms.to_be_bytes();
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&time[2..]);
        bytes[6..].copy_from_slice(&random);
        Self(bytes).with_version(7)
    }

    /// Stamps a version and the RFC 9562 variant into the bytes.
    #[must_use]
    pub const fn with_version(mut self, version: u8) -> Self {
        self.0[6] = self.0[6] & 0x0f | version << 4;
        self.0[8] = self.0[8] & 0x3f | 0x80;
        self
    }

    /// Makes a version 5 UUID (RFC 9562, 5.5) of a namespace and a name.
    #[cfg(feature = "hop")]
    pub fn v5(namespace: Self, name: &[u8]) -> Self {
        use sha1::{Digest, Sha1};
        let digest = Sha1::new().chain_update(namespace.0).chain_update(name).finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(bytes).with_version(5)
    }

    /// Appends the hyphenated lower-case form.
    #[allow(
        clippy::single_char_add_str,
        reason = "a page that pushes no character pays for no encoder of them"
    )]
    pub fn push_to(&self, out: &mut String) {
        // At once: a character at a time costs three times as much. A page has other
        // sorrows: 300 bytes.
        #[cfg(feature = "catalogue")]
        {
            let mut text = [b'-'; 36];
            for (byte, at) in self.0.iter().zip(PLACES) {
                [text[at], text[at + 1]] = PAIRS[usize::from(*byte)];
            }
            out.push_str(core::str::from_utf8(&text).unwrap_or_default());
        }
        #[cfg(not(feature = "catalogue"))]
        for (at, byte) in self.0.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                out.push_str("-");
            }
            for nibble in [byte >> 4, byte & 15] {
                crate::json::write_digit(out, usize::from(nibble));
            }
        }
    }
}

impl core::fmt::Display for Uuid {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let mut text = String::with_capacity(36);
        self.push_to(&mut text);
        f.write_str(&text)
    }
}

#[cfg(feature = "catalogue")]
impl serde::Serialize for Uuid {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "catalogue")]
impl<'de> serde::Deserialize<'de> for Uuid {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = alloc::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a UUID"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn reads_both_cases_and_writes_lower() {
        let text = "0190F5F6-7E2A-7C3B-9D4E-5F60718293A4";
        let id = Uuid::parse(text).unwrap();
        assert_eq!(id.to_string(), text.to_lowercase());
        assert_eq!(Uuid::parse(&id.to_string()), Some(id));
    }

    #[test]
    fn refuses_other_text() {
        for text in [
            "",
            "0190f5f67e2a7c3b9d4e5f60718293a4",
            "{190f5f6-7e2a-7c3b-9d4e-5f60718293a4",
            "0190f5f6-7e2a-7c3b-9d4e-5f60718293ag",
            "0190f5f6+7e2a-7c3b-9d4e-5f60718293a4",
        ] {
            assert_eq!(Uuid::parse(text), None, "{text}");
        }
    }

    #[cfg(all(target_arch = "x86_64", feature = "catalogue"))]
    proptest::proptest! {
        #[test]
        fn every_machine_reads_the_same(bytes: [u8; 16], odd in 0_usize..80, byte: u8) {
            let mut text = Uuid(bytes).to_string().into_bytes();
            if let Some(slot) = text.get_mut(odd) {
                *slot = byte;
            }
            let text: [u8; 36] = text.try_into().unwrap();
            proptest::prop_assert_eq!(sse2::parse(&text), digits::parse(&text));
        }
    }

    #[test]
    fn version_7_is_ordered_by_time() {
        // RFC 9562, A.6.
        let random = [0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f];
        let id = Uuid::v7(1_645_557_742_000, random);
        assert_eq!(id.to_string(), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
        assert!(Uuid::v7(1, [0xff; 10]) < Uuid::v7(2, [0; 10]));
    }

    #[cfg(feature = "hop")]
    #[test]
    fn version_5_is_the_rfcs_example() {
        // RFC 9562, A.4: the DNS namespace and "www.example.com".
        let dns = Uuid::parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8").unwrap();
        let id = Uuid::v5(dns, b"www.example.com");
        assert_eq!(id.to_string(), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    }
}
