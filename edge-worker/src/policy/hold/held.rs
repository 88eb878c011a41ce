//! One kept hop body, as the bytes of a row or a message.
//!
//! `TH`, version 1, coding, tenant, events, time, body: 30 bytes of head. The head
//! is what a redelivery needs without unpacking: whose collector, how many
//! verdicts, since when. A later release reads version 1; an unknown version is
//! never guessed at.

use tidemark_core::id::Uuid;

use crate::policy::wire::{Coding, Wire};

const MAGIC: [u8; 2] = *b"TH";
const VERSION: u8 = 1;
/// Bytes before the body.
pub const HEAD_BYTES: usize = 30;

/// A hop body that waits for its collector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Whose collector.
    pub tenant_id: Uuid,
    /// How many events it holds: as many verdicts are an answer.
    pub events: u16,
    /// Since when, in Unix milliseconds.
    pub held_at_ms: i64,
    /// The body as it goes on the wire.
    pub wire: Wire,
}

/// The bytes are no kept body of a version that is known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are no kept body of a known version")]
pub struct Unreadable;

impl Held {
    /// As the bytes of a row or a message.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.wire.bytes.len().saturating_add(HEAD_BYTES));
        out.extend_from_slice(&MAGIC);
        out.push(VERSION);
        out.push(match self.wire.coding {
            Coding::Identity => 0,
            Coding::Gzip => 1,
        });
        out.extend_from_slice(&self.tenant_id.0);
        out.extend_from_slice(&self.events.to_be_bytes());
        out.extend_from_slice(&self.held_at_ms.to_be_bytes());
        out.extend_from_slice(&self.wire.bytes);
        out
    }

    /// Reads them again.
    ///
    /// # Errors
    /// For anything that this release or an earlier one did not write.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut rest = bytes;
        let magic: [u8; 2] = take(&mut rest)?;
        let [version, coding]: [u8; 2] = take(&mut rest)?;
        if magic != MAGIC || version != VERSION {
            return Err(Unreadable);
        }
        let coding = match coding {
            0 => Coding::Identity,
            1 => Coding::Gzip,
            _ => return Err(Unreadable),
        };
        Ok(Self {
            tenant_id: Uuid(take(&mut rest)?),
            events: u16::from_be_bytes(take(&mut rest)?),
            held_at_ms: i64::from_be_bytes(take(&mut rest)?),
            wire: Wire { coding, bytes: rest.to_vec() },
        })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Unreadable> {
    let (first, after) = rest.split_first_chunk::<N>().ok_or(Unreadable)?;
    *rest = after;
    Ok(*first)
}

/// Several in one body: each behind its length, as four bytes, highest first.
pub fn join(parts: &[Held]) -> Vec<u8> {
    let mut out = Vec::new();
    for part in parts {
        let bytes = part.to_bytes();
        out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(&bytes);
    }
    out
}

/// Takes them apart again, each with its head.
///
/// # Errors
/// When the bytes were cut short, or one is not readable.
pub fn part(mut bytes: &[u8]) -> Result<Vec<(Held, &[u8])>, Unreadable> {
    let mut parts = Vec::new();
    while !bytes.is_empty() {
        let length = u32::from_be_bytes(take(&mut bytes)?);
        let length = usize::try_from(length).map_err(|_| Unreadable)?;
        let (one, after) = bytes.split_at_checked(length).ok_or(Unreadable)?;
        parts.push((Held::from_bytes(one)?, one));
        bytes = after;
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(coding: Coding) -> Held {
        Held {
            tenant_id: Uuid([7; 16]),
            events: 500,
            held_at_ms: 1_767_323_045_678,
            wire: Wire { coding, bytes: b"body".to_vec() },
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for coding in [Coding::Identity, Coding::Gzip] {
            let bytes = held(coding).to_bytes();
            assert_eq!(bytes.len(), HEAD_BYTES + 4);
            assert_eq!(Held::from_bytes(&bytes), Ok(held(coding)));
        }
    }

    /// The bytes of version 1, as they lie in rows and queues of running edges.
    #[test]
    fn version_1_stays_readable() {
        let kept = b"TH\x01\x01\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\
            \x01\xf4\x00\x00\x01\x9b\x7c\xcb\x71\x2ebody";
        let read = Held::from_bytes(kept).unwrap();
        assert_eq!((read.events, read.wire), (500, held(Coding::Gzip).wire));
    }

    #[test]
    fn nothing_else_is_guessed_at() {
        let bytes = held(Coding::Gzip).to_bytes();
        for length in 0..HEAD_BYTES {
            assert_eq!(Held::from_bytes(&bytes[..length]), Err(Unreadable), "{length}");
        }
        for (at, byte) in [(0, b'X'), (2, 2), (3, 9)] {
            let mut other = bytes.clone();
            other[at] = byte;
            assert_eq!(Held::from_bytes(&other), Err(Unreadable));
        }
    }

    #[test]
    fn several_travel_together() {
        let parts = [held(Coding::Gzip), held(Coding::Identity)];
        let joined = join(&parts);
        let read: Vec<_> = part(&joined).unwrap().into_iter().map(|(held, _)| held).collect();
        assert_eq!(read, parts);
        assert_eq!(part(&joined[..joined.len() - 1]), Err(Unreadable));
        assert_eq!(part(b"\0\0\0\x02TH"), Err(Unreadable));
        assert_eq!(part(b""), Ok(Vec::new()));
    }
}
