//! The file of a lane's dead letters: rows that ClickHouse refuses, whole.
//!
//! Owns `process/lane-N.dead` and its format. A row is here, durably, before the
//! table `dead_letters` tells of it and before its block is committed, and it is
//! here once. What is in it was sanitised before it came into the log.
//!
//! The format: `tidemark-dead 1\n`, then a frame a letter: length of the body
//! (u32, little-endian), first 8 bytes of the body's SHA-256, body. A body is
//! the offset (u64), ClickHouse's code (u32), the length of its name (u8), the
//! name, and the record's payload. A torn frame at the end was never told of,
//! and is cut off.

use std::collections::HashSet;
use std::io;

use sha2::{Digest as _, Sha256};

use crate::disk::Disk;
use crate::limits::DEAD_LETTERS_MAX_BYTES;
use crate::place::Lane;
use crate::sealed::SealedError;

use super::plan::FOLDER;
use super::replayed;

const HEAD: &[u8] = b"tidemark-dead 1\n";

/// Bytes before a frame's body.
const FRAME_HEAD: usize = 4 + 8;

/// One letter, as it stands in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Its place in the lane.
    pub offset: u64,
    /// ClickHouse's code, or 0 when the record itself cannot be read.
    pub code: u32,
    /// The code's name.
    pub reason: String,
    /// The record, as the log held it; empty when its person was erased.
    pub payload: Vec<u8>,
}

/// A lane's file; which offsets are in it is learnt when the first is added.
#[derive(Debug)]
pub struct DeadLetters {
    lane: Lane,
    max_bytes: u64,
    known: Option<Known>,
}

#[derive(Debug)]
struct Known {
    offsets: HashSet<u64>,
    bytes: u64,
}

/// Why a letter cannot be added.
#[derive(Debug, thiserror::Error)]
pub enum DeadLettersError {
    /// The disk's own.
    #[error("the file of dead letters cannot be read or written")]
    Disk(#[from] io::Error),
    /// The file has reached its bound.
    #[error("the file of dead letters is full: replay or remove what is in it")]
    Full,
    /// Which of its letters were replayed cannot be read.
    #[error(transparent)]
    Marks(#[from] SealedError),
    /// The file is none of ours, or of a newer release.
    #[error("{0} is not a file of dead letters that this program reads")]
    Unknown(String),
}

/// Where a lane's letters are, below the data directory.
pub fn path(lane: Lane) -> String {
    format!("{FOLDER}/lane-{lane}.dead")
}

impl DeadLetters {
    /// The letters of a lane. Nothing is read yet.
    pub const fn new(lane: Lane) -> Self {
        Self { lane, max_bytes: DEAD_LETTERS_MAX_BYTES, known: None }
    }

    /// Adds a letter, durably, unless its offset is there.
    ///
    /// # Errors
    /// [`DeadLettersError`]; it may be added again.
    pub fn add(&mut self, disk: &dyn Disk, letter: &Letter) -> Result<(), DeadLettersError> {
        let path = path(self.lane);
        let mut known = match self.known.take() {
            Some(known) => known,
            None => open(disk, self.lane)?,
        };
        if !known.offsets.contains(&letter.offset) {
            let frame = frame(letter);
            if known.bytes + frame.len() as u64 > self.max_bytes {
                // Letters that were replayed since make room.
                known = open(disk, self.lane)?;
            }
            if known.bytes + frame.len() as u64 > self.max_bytes {
                self.known = Some(known);
                return Err(DeadLettersError::Full);
            }
            // A failed append leaves `known` empty: the file is read again, and
            // what is torn is cut.
            let mut file = disk.append(&path)?;
            file.append(&frame)?;
            file.sync()?;
            known.bytes += frame.len() as u64;
            known.offsets.insert(letter.offset);
        }
        self.known = Some(known);
        Ok(())
    }
}

/// The letters of a lane, in the order in which they came.
///
/// # Errors
/// [`DeadLettersError`].
pub fn read(disk: &dyn Disk, lane: Lane) -> Result<Vec<Letter>, DeadLettersError> {
    let path = path(lane);
    match bytes_of(disk, &path)? {
        Some(bytes) => Ok(parse(&bytes, &path)?.0),
        None => Ok(Vec::new()),
    }
}

/// The letters of a lane that were not sent again yet, with their places in the file.
///
/// # Errors
/// [`DeadLettersError`].
pub fn unsent(disk: &dyn Disk, lane: Lane) -> Result<Unsent, DeadLettersError> {
    let replayed = replayed::read(disk, lane)?;
    let letters = read(disk, lane)?;
    let all = letters.len();
    let unsent = letters.into_iter().enumerate();
    let unsent = unsent.filter(|(_, letter)| !replayed.contains(&letter.offset)).collect();
    Ok(Unsent { letters: unsent, all })
}

/// What is left of a lane's letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsent {
    /// The letters, each with its place in the file.
    pub letters: Vec<(usize, Letter)>,
    /// How many stand in the file.
    pub all: usize,
}

/// Says of letters that they were sent again, durably. One caller at a time.
///
/// # Errors
/// [`DeadLettersError`]; it may be done again.
pub fn mark_replayed(
    disk: &dyn Disk,
    lane: Lane,
    offsets: impl IntoIterator<Item = u64>,
) -> Result<(), DeadLettersError> {
    Ok(replayed::mark(disk, lane, offsets)?)
}

/// Empties the payload of each letter for which `matches` says so, durably: their
/// offsets, in the order of the file. The lane's writer must be at rest.
///
/// # Errors
/// [`DeadLettersError`]; it may be done again.
pub fn erase(
    disk: &dyn Disk,
    lane: Lane,
    matches: &mut dyn FnMut(&[u8]) -> bool,
) -> Result<Vec<u64>, DeadLettersError> {
    let mut erased = Vec::new();
    let letters = read(disk, lane)?;
    let mut bytes = HEAD.to_vec();
    for mut letter in letters {
        if matches(&letter.payload) {
            letter.payload.clear();
            erased.push(letter.offset);
        }
        bytes.extend_from_slice(&frame(&letter));
    }
    if !erased.is_empty() {
        crate::disk::replace(disk, &path(lane), &bytes)?;
    }
    Ok(erased)
}

fn bytes_of(disk: &dyn Disk, path: &str) -> io::Result<Option<Vec<u8>>> {
    match disk.read(path, 0, usize::MAX) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads the file, cuts what is torn, lets go what was replayed, or makes it.
fn open(disk: &dyn Disk, lane: Lane) -> Result<Known, DeadLettersError> {
    let path = &path(lane);
    let bytes = bytes_of(disk, path)?.unwrap_or_default();
    // One that was made and whose first line was not kept is made again.
    if bytes.len() < HEAD.len() && HEAD.starts_with(&bytes) {
        crate::disk::replace(disk, path, HEAD)?;
        return Ok(Known { offsets: HashSet::new(), bytes: HEAD.len() as u64 });
    }
    let (mut letters, mut whole) = parse(&bytes, path)?;
    let replayed = replayed::read(disk, lane)?;
    if letters.iter().any(|letter| replayed.contains(&letter.offset)) {
        letters.retain(|letter| !replayed.contains(&letter.offset));
        let mut kept = HEAD.to_vec();
        letters.iter().for_each(|letter| kept.extend_from_slice(&frame(letter)));
        crate::disk::replace(disk, path, &kept)?;
        replayed::clear(disk, lane)?;
        whole = kept.len();
    } else if whole < bytes.len() {
        disk.truncate(path, whole as u64)?;
    }
    let offsets = letters.iter().map(|letter| letter.offset).collect();
    Ok(Known { offsets, bytes: whole as u64 })
}

/// The letters, and how many bytes hold whole ones.
fn parse(bytes: &[u8], path: &str) -> Result<(Vec<Letter>, usize), DeadLettersError> {
    let mut rest =
        bytes.strip_prefix(HEAD).ok_or_else(|| DeadLettersError::Unknown(path.to_owned()))?;
    let mut letters = Vec::new();
    while let Some((letter, behind)) = next(rest) {
        letters.push(letter);
        rest = behind;
    }
    Ok((letters, bytes.len() - rest.len()))
}

fn next(bytes: &[u8]) -> Option<(Letter, &[u8])> {
    let (head, rest) = bytes.split_at_checked(FRAME_HEAD)?;
    let (length, sum) = head.split_first_chunk::<4>()?;
    let (body, behind) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    if checksum(body) != sum {
        return None;
    }
    let (offset, body) = body.split_first_chunk::<8>()?;
    let (code, body) = body.split_first_chunk::<4>()?;
    let (length, body) = body.split_first()?;
    let (reason, payload) = body.split_at_checked(usize::from(*length))?;
    let letter = Letter {
        offset: u64::from_le_bytes(*offset),
        code: u32::from_le_bytes(*code),
        reason: String::from_utf8_lossy(reason).into_owned(),
        payload: payload.to_vec(),
    };
    Some((letter, behind))
}

fn frame(letter: &Letter) -> Vec<u8> {
    let reason = letter.reason.as_bytes();
    let reason = reason.get(..255).unwrap_or(reason);
    let mut body = Vec::with_capacity(16 + reason.len() + letter.payload.len());
    body.extend_from_slice(&letter.offset.to_le_bytes());
    body.extend_from_slice(&letter.code.to_le_bytes());
    // At most 255, by the line above.
    body.push(u8::try_from(reason.len()).unwrap_or(u8::MAX));
    body.extend_from_slice(reason);
    body.extend_from_slice(&letter.payload);
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    let mut frame = Vec::with_capacity(FRAME_HEAD + body.len());
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(&checksum(&body));
    frame.extend_from_slice(&body);
    frame
}

fn checksum(body: &[u8]) -> [u8; 8] {
    let digest = Sha256::digest(body);
    let mut first = [0; 8];
    first.iter_mut().zip(digest).for_each(|(to, byte)| *to = byte);
    first
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

    use super::*;
    use crate::disk::RealDisk;

    fn letter(offset: u64) -> Letter {
        Letter { offset, code: 117, reason: "INCORRECT_DATA".to_owned(), payload: vec![9; 40] }
    }

    #[test]
    fn a_letter_is_kept_once_and_a_torn_one_is_cut() {
        let folder = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(folder.path()).unwrap();
        disk.create_folder(FOLDER).unwrap();
        assert!(read(&disk, 1).unwrap().is_empty());
        let mut letters = DeadLetters::new(1);
        for offset in [5, 3, 5] {
            letters.add(&disk, &letter(offset)).unwrap();
        }
        assert_eq!(read(&disk, 1).unwrap(), [letter(5), letter(3)]);
        let whole = disk.length(&path(1)).unwrap();
        disk.append(&path(1)).unwrap().append(&frame(&letter(7))[..30]).unwrap();
        let mut again = DeadLetters::new(1);
        again.add(&disk, &letter(3)).unwrap();
        assert_eq!(disk.length(&path(1)).unwrap(), whole);
        again.add(&disk, &letter(8)).unwrap();
        assert_eq!(read(&disk, 1).unwrap(), [letter(5), letter(3), letter(8)]);
    }

    #[test]
    fn a_letter_that_was_replayed_is_not_given_out_again_and_makes_room() {
        let folder = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(folder.path()).unwrap();
        disk.create_folder(FOLDER).unwrap();
        let one = frame(&letter(1)).len() as u64;
        let max_bytes = HEAD.len() as u64 + 3 * one;
        let mut letters = DeadLetters { max_bytes, ..DeadLetters::new(1) };
        for offset in [1, 2, 3] {
            letters.add(&disk, &letter(offset)).unwrap();
        }
        assert!(matches!(letters.add(&disk, &letter(4)), Err(DeadLettersError::Full)));
        mark_replayed(&disk, 1, [1, 3]).unwrap();
        mark_replayed(&disk, 1, [3]).unwrap();
        let left = unsent(&disk, 1).unwrap();
        assert_eq!(left, Unsent { letters: vec![(1, letter(2))], all: 3 });
        // Nothing is rewritten before there is need.
        assert_eq!(read(&disk, 1).unwrap().len(), 3);
        letters.add(&disk, &letter(4)).unwrap();
        letters.add(&disk, &letter(5)).unwrap();
        assert_eq!(read(&disk, 1).unwrap(), [letter(2), letter(4), letter(5)]);
        assert_eq!(unsent(&disk, 1).unwrap().letters.len(), 3);
        // A letter of the same place that comes again is a new one.
        mark_replayed(&disk, 1, [2]).unwrap();
        DeadLetters::new(1).add(&disk, &letter(2)).unwrap();
        assert_eq!(read(&disk, 1).unwrap(), [letter(4), letter(5), letter(2)]);
    }

    #[test]
    fn an_erased_letter_keeps_its_place_and_no_content() {
        let folder = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(folder.path()).unwrap();
        disk.create_folder(FOLDER).unwrap();
        assert!(erase(&disk, 1, &mut |_| true).unwrap().is_empty());
        let mut letters = DeadLetters::new(1);
        let mine = Letter { payload: b"of jo".to_vec(), ..letter(4) };
        for letter in [&letter(3), &mine] {
            letters.add(&disk, letter).unwrap();
        }
        let of_jo = &mut |payload: &[u8]| payload == b"of jo";
        assert_eq!(erase(&disk, 1, of_jo).unwrap(), [4]);
        assert!(erase(&disk, 1, of_jo).unwrap().is_empty());
        letters.add(&disk, &letter(5)).unwrap();
        letters.add(&disk, &mine).unwrap();
        let empty = Letter { payload: Vec::new(), ..mine };
        assert_eq!(read(&disk, 1).unwrap(), [letter(3), empty, letter(5)]);
    }

    #[test]
    fn a_foreign_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let disk = RealDisk::open(folder.path()).unwrap();
        disk.create_folder(FOLDER).unwrap();
        disk.create(&path(0)).unwrap().append(b"tidemark-dead 2\nxxxx").unwrap();
        let refused = DeadLetters::new(0).add(&disk, &letter(1)).unwrap_err();
        assert!(matches!(refused, DeadLettersError::Unknown(_)), "{refused}");
        assert_eq!(disk.length(&path(0)).unwrap(), 20);
    }
}
