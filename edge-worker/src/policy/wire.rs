//! A hop body as it goes on the wire: compressed where that pays.

/// Bodies below this are sent as they are: a packet carries them either way.
const MIN_BYTES: usize = 1_024;
/// The collector takes 200 bytes for one on the wire and calls more a bomb. What
/// repeats itself that much is sent as it is.
const MAX_RATIO: usize = 100;

/// How a body is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// As it is.
    Identity,
    /// As one gzip member.
    Gzip,
}

/// A body's bytes on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wire {
    /// How they are coded.
    pub coding: Coding,
    /// The bytes that are signed and sent.
    pub bytes: Vec<u8>,
}

impl Wire {
    /// Codes a body; `gzip` packs, quickly rather than well.
    pub fn of(body: &str, gzip: impl Fn(&[u8]) -> Option<Vec<u8>>) -> Self {
        let plain = || Self { coding: Coding::Identity, bytes: body.as_bytes().to_vec() };
        if body.len() < MIN_BYTES {
            return plain();
        }
        match gzip(body.as_bytes()) {
            Some(bytes)
                if bytes.len() < body.len()
                    && body.len() <= bytes.len().saturating_mul(MAX_RATIO) =>
            {
                Self { coding: Coding::Gzip, bytes }
            }
            _ => plain(),
        }
    }

    /// `Content-Encoding`, where there is one.
    pub const fn content_encoding(&self) -> Option<&'static str> {
        match self.coding {
            Coding::Identity => None,
            Coding::Gzip => Some("gzip"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(body: &[u8]) -> Option<Vec<u8>> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(body).ok()?;
        encoder.finish().ok()
    }

    #[test]
    fn what_is_coded_is_read_again() {
        let body: String = (0..900).map(|number| format!("{{\"n\":{number}}},")).collect();
        let wire = Wire::of(&body, gzip);
        assert_eq!((wire.coding, wire.content_encoding()), (Coding::Gzip, Some("gzip")));
        assert!(wire.bytes.len() < body.len() / 2);
        let mut plain = String::new();
        flate2::read::GzDecoder::new(wire.bytes.as_slice()).read_to_string(&mut plain).unwrap();
        assert_eq!(plain, body);
    }

    #[test]
    fn a_short_body_and_one_that_looks_like_a_bomb_go_as_they_are() {
        for body in ["{}".to_owned(), "x".repeat(1_023), "x".repeat(500_000)] {
            let wire = Wire::of(&body, gzip);
            assert_eq!((wire.coding, wire.content_encoding()), (Coding::Identity, None));
            assert_eq!(wire.bytes, body.as_bytes());
            assert_eq!(Wire::of(&body, |_| None).coding, Coding::Identity);
        }
    }
}
