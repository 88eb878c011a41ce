//! The erased people: in memory to be asked, on disk to be known again.
//!
//! Format 1, little endian: `tidemark-erased 1\n`, the CRC32C of what follows (u32),
//! the key (16 bytes), and 24 bytes a person, ascending by hash: SipHash-2-4-128 of
//! tenant, kind and id under the key (u128), and the time up to which events are
//! gone (Unix milliseconds, i64; the largest while the erasure is under way).

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

use siphasher::sip128::SipHasher24;
use uuid::Uuid;

use super::passage::{Gate, Passage, Turn};
use crate::disk::{self, Disk};
use crate::planted::{Bug, active};

/// The folder of all that erasures keep.
pub const FOLDER: &str = "log/erased";

/// People at most. At 24 bytes on disk and some 50 in memory, 24 MB and 50 MB; a
/// tenth of the visitors of a site with ten million.
pub const PEOPLE_MAX: usize = 1_000_000;

const PATH: &str = "log/erased/people";
const HEAD: &[u8] = b"tidemark-erased 1\n";
const KIND: &[u8] = b"tidemark-erased ";
const KEY_BYTES: usize = 16;
const PERSON_BYTES: usize = 24;
const SUM_BYTES: usize = 4;

/// The time of whom an erasure is under way for.
const UNDER_WAY_MS: i64 = i64::MAX;

/// Whom an erasure names: a user or a visitor of a tenant, by a keyed hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonKey(u128);

impl PersonKey {
    /// The hash as text, for a receipt.
    pub fn to_hex(self) -> String {
        format!("{:032x}", self.0)
    }
}

/// Why the erased people cannot be known.
#[derive(Debug, thiserror::Error)]
pub enum ErasedError {
    /// The disk's own.
    #[error("{PATH} cannot be read or written")]
    Disk(#[from] io::Error),
    /// The file is not what was written.
    #[error(
        "{PATH} is damaged: without it nobody knows whose events must not come back. Put it \
         back from a backup, or remove it and run every `tidemark delete-user` again"
    )]
    Damaged,
    /// A newer release wrote it.
    #[error("{PATH} is of a newer release: start that one, or a newer one")]
    Newer,
    /// As many as there may be.
    #[error("{PEOPLE_MAX} people are erased already, and no more can be remembered")]
    Full,
}

impl ErasedError {
    /// The stable name, for logs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Disk(_) => "erased_disk_failed",
            Self::Damaged => "erased_damaged",
            Self::Newer => "erased_format_newer",
            Self::Full => "erased_full",
        }
    }
}

/// The erased people of a data directory. Asked by every batch, changed seldom.
#[derive(Debug)]
pub struct ErasedPeople {
    key: [u8; KEY_BYTES],
    people: RwLock<HashMap<u128, i64>>,
    /// One change at a time, because each writes the file.
    changing: Mutex<()>,
    any: AtomicBool,
    gate: Gate,
}

impl ErasedPeople {
    /// Reads the file, or makes it with the random `key_if_new`.
    ///
    /// # Errors
    /// [`ErasedError`].
    pub fn open(disk: &dyn Disk, key_if_new: [u8; 16]) -> Result<Self, ErasedError> {
        disk.create_folder(FOLDER)?;
        disk.sync_folder("log")?;
        disk.sync_folder("")?;
        let (key, people) = match disk.read(PATH, 0, usize::MAX) {
            Ok(bytes) => parse(&bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                disk::replace(disk, PATH, &to_bytes(key_if_new, &HashMap::new()))?;
                (key_if_new, HashMap::new())
            }
            Err(error) => return Err(error.into()),
        };
        // One that a killed process renamed and did not make durable.
        disk.sync_folder(FOLDER)?;
        let people = if active(Bug::ErasedForgotten) { HashMap::new() } else { people };
        let any = AtomicBool::new(!people.is_empty());
        Ok(Self {
            key,
            people: RwLock::new(people),
            changing: Mutex::new(()),
            any,
            gate: Gate::default(),
        })
    }

    /// Whom a user_id means, in the form in which it is stored.
    pub fn user(&self, tenant_id: Uuid, user_id: &str) -> PersonKey {
        self.hash(tenant_id, b'u', user_id.as_bytes())
    }

    /// Whom an anonymous_id means, where there is no user_id.
    pub fn visitor(&self, tenant_id: Uuid, anonymous_id: Uuid) -> PersonKey {
        self.hash(tenant_id, b'v', anonymous_id.as_bytes())
    }

    fn hash(&self, tenant_id: Uuid, kind: u8, id: &[u8]) -> PersonKey {
        let mut bytes = Vec::with_capacity(17 + id.len());
        bytes.extend_from_slice(tenant_id.as_bytes());
        bytes.push(kind);
        bytes.extend_from_slice(id);
        PersonKey(SipHasher24::new_with_key(&self.key).hash(&bytes).as_u128())
    }

    /// Whether an event is one of an erased person, and of before the erasure.
    /// `user_id` is empty and `anonymous_id` nil where there is none; `at_ms` is the
    /// earlier of occurred_at and received_at.
    pub fn covers(&self, tenant_id: Uuid, user_id: &str, anonymous_id: Uuid, at_ms: i64) -> bool {
        if !self.any.load(Ordering::Acquire) {
            return false;
        }
        let key = match (user_id, anonymous_id) {
            ("", id) if id.is_nil() => return false,
            ("", id) => self.visitor(tenant_id, id),
            (user_id, _) => self.user(tenant_id, user_id),
        };
        let people = self.people.read().unwrap_or_else(PoisonError::into_inner);
        people.get(&key.0).is_some_and(|until_ms| at_ms <= *until_ms)
    }

    /// The latest time up to which one of these people was erased before; `None` when
    /// nobody was. A later erasure may not end before it, whatever the clock says.
    pub fn erased_until_ms(&self, keys: &[PersonKey]) -> Option<i64> {
        let people = self.people.read().unwrap_or_else(PoisonError::into_inner);
        let times = keys.iter().filter_map(|key| people.get(&key.0).copied());
        times.filter(|until_ms| *until_ms != UNDER_WAY_MS).max()
    }

    /// How many people are remembered.
    pub fn len(&self) -> usize {
        self.people.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether nobody was ever erased.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Enters: what is judged while this is held is waited for by an erasure.
    pub fn enter(&self) -> Passage {
        self.gate.enter()
    }

    /// Refuses these people from now on, durably, because their erasure begins; the
    /// turn says when no batch is under way that did not know of it.
    ///
    /// # Errors
    /// [`ErasedError`]; it may be tried again.
    pub fn close(&self, disk: &dyn Disk, keys: &[PersonKey]) -> Result<Turn, ErasedError> {
        if active(Bug::ErasedNotRecorded) {
            return Ok(self.gate.turn());
        }
        self.change(disk, keys, |_| UNDER_WAY_MS)?;
        Ok(self.gate.turn())
    }

    /// Takes events of these people again that occur after `at_ms`, durably: their
    /// erasure is finished.
    ///
    /// # Errors
    /// [`ErasedError`]; it may be tried again.
    pub fn finish(
        &self,
        disk: &dyn Disk,
        keys: &[PersonKey],
        at_ms: i64,
    ) -> Result<(), ErasedError> {
        let before = |until_ms: &i64| *until_ms != UNDER_WAY_MS;
        self.change(disk, keys, |until_ms| {
            until_ms.filter(before).map_or(at_ms, |it| it.max(at_ms))
        })
    }

    fn change(
        &self,
        disk: &dyn Disk,
        keys: &[PersonKey],
        until_ms: impl Fn(Option<i64>) -> i64,
    ) -> Result<(), ErasedError> {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut people = self.people.read().unwrap_or_else(PoisonError::into_inner).clone();
        for PersonKey(hash) in keys {
            let before = people.get(hash).copied();
            people.insert(*hash, until_ms(before));
        }
        if people.len() > PEOPLE_MAX {
            return Err(ErasedError::Full);
        }
        disk::replace(disk, PATH, &to_bytes(self.key, &people))?;
        *self.people.write().unwrap_or_else(PoisonError::into_inner) = people;
        self.any.store(true, Ordering::Release);
        Ok(())
    }
}

fn to_bytes(key: [u8; KEY_BYTES], people: &HashMap<u128, i64>) -> Vec<u8> {
    let mut sorted: Vec<_> = people.iter().collect();
    sorted.sort_unstable();
    let mut content = Vec::with_capacity(KEY_BYTES + sorted.len() * PERSON_BYTES);
    content.extend_from_slice(&key);
    for (hash, until_ms) in sorted {
        content.extend_from_slice(&hash.to_le_bytes());
        content.extend_from_slice(&until_ms.to_le_bytes());
    }
    [HEAD, &crc32c::crc32c(&content).to_le_bytes(), &content].concat()
}

fn parse(bytes: &[u8]) -> Result<([u8; KEY_BYTES], HashMap<u128, i64>), ErasedError> {
    let Some(rest) = bytes.strip_prefix(HEAD) else {
        return Err(if bytes.starts_with(KIND) {
            ErasedError::Newer
        } else {
            ErasedError::Damaged
        });
    };
    let (sum, content) = rest.split_first_chunk::<SUM_BYTES>().ok_or(ErasedError::Damaged)?;
    if u32::from_le_bytes(*sum) != crc32c::crc32c(content) {
        return Err(ErasedError::Damaged);
    }
    let (key, people) = content.split_first_chunk::<KEY_BYTES>().ok_or(ErasedError::Damaged)?;
    let (people, []) = people.as_chunks::<PERSON_BYTES>() else { return Err(ErasedError::Damaged) };
    let read = people.iter().filter_map(|person| {
        let (hash, rest) = person.split_first_chunk::<16>()?;
        Some((u128::from_le_bytes(*hash), i64::from_le_bytes(*rest.first_chunk::<8>()?)))
    });
    Ok((*key, read.collect()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

    use super::*;
    use crate::disk::RealDisk;

    const TENANT: Uuid = Uuid::from_u128(1);
    const VISITOR: Uuid = Uuid::from_u128(7);

    #[test]
    fn the_erased_are_known_again_and_nobody_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(folder.path()).unwrap();
        let people = ErasedPeople::open(&disk, [3; 16]).unwrap();
        assert!(!people.covers(TENANT, "jo", VISITOR, 5));
        let keys = [people.user(TENANT, "jo"), people.visitor(TENANT, VISITOR)];
        people.close(&disk, &keys).unwrap();
        assert!(people.covers(TENANT, "jo", Uuid::nil(), i64::MAX - 1), "it is under way");
        people.finish(&disk, &keys, 100).unwrap();
        for people in [people, ErasedPeople::open(&disk, [9; 16]).unwrap()] {
            assert_eq!(people.len(), 2);
            assert!(people.covers(TENANT, "jo", VISITOR, 100));
            assert!(people.covers(TENANT, "", VISITOR, 100));
            assert!(!people.covers(TENANT, "jo", VISITOR, 101));
            assert!(!people.covers(TENANT, "", VISITOR, 101));
            assert!(!people.covers(TENANT, "sam", VISITOR, 1), "a person is the user");
            assert!(!people.covers(TENANT, "", Uuid::nil(), 1), "who is nobody");
            assert!(!people.covers(Uuid::from_u128(2), "jo", VISITOR, 1));
        }
        let file = disk.read(PATH, 0, usize::MAX).unwrap();
        assert!(!file.windows(2).any(|two| two == b"jo"), "no identifier is kept");
        assert!(!file.windows(16).any(|id| id == VISITOR.as_bytes()));
    }

    #[test]
    fn a_damaged_or_newer_file_is_refused_and_never_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(folder.path()).unwrap();
        let people = ErasedPeople::open(&disk, [3; 16]).unwrap();
        people.close(&disk, &[people.user(TENANT, "jo")]).unwrap();
        let whole = disk.read(PATH, 0, usize::MAX).unwrap();
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            disk::replace(&disk, PATH, &bytes).unwrap();
            let opened = ErasedPeople::open(&disk, [3; 16]);
            let refused = opened.expect_err("a flipped bit");
            assert!(matches!(refused, ErasedError::Damaged | ErasedError::Newer), "{at}");
        }
        for cut in 0..whole.len() {
            disk::replace(&disk, PATH, &whole[..cut]).unwrap();
            assert!(ErasedPeople::open(&disk, [3; 16]).is_err(), "cut at {cut}");
        }
    }

    /// The bytes of format 1, as every later release must read them.
    #[test]
    fn format_1_is_what_it_was() {
        let people = HashMap::from([(0x0102, 5_i64), (0x01, UNDER_WAY_MS)]);
        let hex: String =
            to_bytes([7; 16], &people).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "746964656d61726b2d65726173656420310a\
             dc4126c6\
             07070707070707070707070707070707\
             01000000000000000000000000000000ffffffffffffff7f\
             02010000000000000000000000000000\
             0500000000000000"
        );
    }
}
