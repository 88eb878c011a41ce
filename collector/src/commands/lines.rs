//! Reads lines of any number and size in bounded memory.
//!
//! A [`Chunk`] is what one read brought, cut at its last line's end: as soon as a
//! line is there it can be worked on, and a reader at the other end of a pipe is
//! answered without waiting for more. A line over the bound is passed over while it
//! is read, and stands in the sequence as one that is [too long](Line::bytes).
//!
//! Lines end at `\n` or `\r\n`; the last one may lack its end. A byte order mark at
//! the beginning of an input belongs to no line.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::PathBuf;

use memchr::{memchr, memchr_iter, memrchr};

use super::CommandError;

/// Bytes asked for at once: what a pipe holds (64 KiB), four times, so that a
/// file's lines come in pieces worth a thread's while.
const READ_BYTES: usize = 256 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Where lines come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// Standard input.
    Standard,
    /// A file.
    File(PathBuf),
}

impl Input {
    /// The inputs that arguments name: `-` is standard input, and so is nothing.
    pub(super) fn of(files: &[PathBuf]) -> Vec<Self> {
        if files.is_empty() {
            return vec![Self::Standard];
        }
        let of = |file: &PathBuf| match file.to_str() {
            Some("-") => Self::Standard,
            _ => Self::File(file.clone()),
        };
        files.iter().map(of).collect()
    }

    /// The name for people.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Standard => "standard input".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// Whether it is there. A pipe with a name can be opened once alone, which is
    /// why this does not try.
    fn look(&self) -> io::Result<()> {
        match self {
            Self::File(path) if fs::metadata(path)?.is_dir() => Err(ErrorKind::IsADirectory.into()),
            Self::Standard | Self::File(_) => Ok(()),
        }
    }

    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        match self {
            Self::Standard => Ok(Box::new(io::stdin())),
            Self::File(path) => Ok(Box::new(File::open(path)?)),
        }
    }

    fn fails(&self, source: io::Error) -> CommandError {
        CommandError::Read { input: self.name(), source }
    }
}

/// Several lines, or one that is too long.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    file: usize,
    first_line: u64,
    max_bytes: usize,
    bytes: Vec<u8>,
    too_long: bool,
    has_mark: bool,
}

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line<'c> {
    /// Which input, from 0.
    pub(super) file: usize,
    /// Which line of it, from 1.
    pub(super) number: u64,
    /// The line without its end; `None` when it is over the bound.
    pub(super) bytes: Option<&'c [u8]>,
    /// How it ends: `\n`, `\r\n`, or not at all.
    pub(super) ending: &'static str,
    /// Whether a byte order mark stood before it.
    pub(super) has_mark: bool,
}

impl Chunk {
    /// The lines in order.
    pub(super) fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let whole = (!self.too_long).then_some(());
        let alone = self.too_long.then(|| self.line(self.first_line, None, "\n"));
        let mut rest = self.bytes.as_slice();
        let mut number = self.first_line;
        let lines = whole.into_iter().flat_map(move |()| {
            std::iter::from_fn(move || {
                if rest.is_empty() {
                    return None;
                }
                let (line, behind, ended) = match memchr(b'\n', rest) {
                    Some(at) => (rest.get(..at)?, rest.get(at + 1..)?, true),
                    None => (rest, &rest[rest.len()..], false),
                };
                rest = behind;
                let (line, ending) = match (ended, line.strip_suffix(b"\r")) {
                    (true, Some(line)) => (line, "\r\n"),
                    (true, None) => (line, "\n"),
                    (false, _) => (line, ""),
                };
                let bytes = (line.len() <= self.max_bytes).then_some(line);
                number += 1;
                Some(self.line(number - 1, bytes, ending))
            })
        });
        alone.into_iter().chain(lines)
    }

    fn line<'c>(&self, number: u64, bytes: Option<&'c [u8]>, ending: &'static str) -> Line<'c> {
        let has_mark = self.has_mark && number == self.first_line;
        Line { file: self.file, number, bytes, ending, has_mark }
    }
}

/// The lines of several inputs, one after the other. Holds at most one line within
/// the bound and [`READ_BYTES`].
pub(super) struct Lines {
    waiting: VecDeque<(usize, Input)>,
    current: Option<(usize, Input, Box<dyn Read + Send>)>,
    max_bytes: usize,
    /// What was read behind the last whole line.
    carry: Vec<u8>,
    next_line: u64,
    is_first: bool,
}

impl Lines {
    /// The lines of the inputs, each of at most `max_bytes` without its end.
    ///
    /// # Errors
    /// Names the input that is not there, before anything is read.
    pub(super) fn open(inputs: Vec<Input>, max_bytes: usize) -> Result<Self, CommandError> {
        for input in &inputs {
            input.look().map_err(|source| input.fails(source))?;
        }
        Ok(Self {
            waiting: inputs.into_iter().enumerate().collect(),
            current: None,
            max_bytes,
            carry: Vec::new(),
            next_line: 1,
            is_first: true,
        })
    }

    /// Fills a chunk with the next lines; false at the end. Waits only when not
    /// even one line is there.
    ///
    /// # Errors
    /// Names the input that cannot be read on.
    pub(super) fn fill(&mut self, chunk: &mut Chunk) -> Result<bool, CommandError> {
        loop {
            if self.current.is_none() {
                let Some((file, input)) = self.waiting.pop_front() else { return Ok(false) };
                let reader = input.open().map_err(|source| input.fails(source))?;
                self.current = Some((file, input, reader));
                self.next_line = 1;
                self.is_first = true;
            }
            let Some((file, input, reader)) = &mut self.current else { return Ok(false) };
            chunk.file = *file;
            chunk.first_line = self.next_line;
            chunk.max_bytes = self.max_bytes;
            chunk.too_long = false;
            chunk.has_mark = false;
            chunk.bytes.clear();
            chunk.bytes.append(&mut self.carry);
            let filled = read_lines(reader, chunk, &mut self.carry, self.is_first)
                .map_err(|source| input.fails(source))?;
            match filled {
                Filled::Lines(count) => {
                    self.is_first = false;
                    self.next_line += count;
                    return Ok(true);
                }
                Filled::Nothing => self.current = None,
            }
        }
    }
}

enum Filled {
    /// So many lines are in the chunk.
    Lines(u64),
    /// The input has ended.
    Nothing,
}

/// Reads until a line is whole, too long, or ended with the input. What is behind
/// the last whole line goes to `carry`.
fn read_lines(
    reader: &mut dyn Read,
    chunk: &mut Chunk,
    carry: &mut Vec<u8>,
    mut mark_may_come: bool,
) -> io::Result<Filled> {
    // What was carried may hold whole lines: those behind a line that was passed over.
    let mut looked_at = 0;
    let mut count = chunk.bytes.len();
    loop {
        if count == 0 {
            count = read_some(reader, &mut chunk.bytes)?;
            if count == 0 && chunk.bytes.is_empty() {
                return Ok(Filled::Nothing);
            }
        }
        let ended = count == 0;
        if mark_may_come && (ended || chunk.bytes.len() >= BYTE_ORDER_MARK.len()) {
            mark_may_come = false;
            if chunk.bytes.starts_with(BYTE_ORDER_MARK) {
                chunk.bytes.drain(..BYTE_ORDER_MARK.len());
                chunk.has_mark = true;
                looked_at = 0;
            }
        }
        if ended {
            let lines = u64::from(!chunk.bytes.is_empty());
            return Ok(if lines == 0 { Filled::Nothing } else { Filled::Lines(lines) });
        }
        count = 0;
        let new = chunk.bytes.get(looked_at..).unwrap_or_default();
        if let Some(last) = memrchr(b'\n', new) {
            let lines = memchr_iter(b'\n', new).count();
            carry.extend(chunk.bytes.drain(looked_at + last + 1..));
            return Ok(Filled::Lines(lines as u64));
        }
        looked_at = chunk.bytes.len();
        // One more than the bound may be the `\r` of the line's end.
        if looked_at > chunk.max_bytes + 1 && !mark_may_come {
            chunk.too_long = true;
            pass_over(reader, &mut chunk.bytes, carry)?;
            return Ok(Filled::Lines(1));
        }
    }
}

/// Reads a line away up to its end; what is behind it goes to `carry`.
fn pass_over(reader: &mut dyn Read, bytes: &mut Vec<u8>, carry: &mut Vec<u8>) -> io::Result<()> {
    loop {
        bytes.clear();
        if read_some(reader, bytes)? == 0 {
            return Ok(());
        }
        if let Some(at) = memchr(b'\n', bytes) {
            carry.extend(bytes.drain(at + 1..));
            bytes.clear();
            return Ok(());
        }
    }
}

/// Appends what one read brings; 0 at the end.
fn read_some(reader: &mut dyn Read, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let length = bytes.len();
    bytes.resize(length + READ_BYTES, 0);
    let outcome = loop {
        match reader.read(bytes.get_mut(length..).unwrap_or_default()) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            outcome => break outcome,
        }
    };
    bytes.truncate(length + outcome.as_ref().map_or(0, |count| *count));
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its pieces one a read, as a pipe does.
    struct Pieces(VecDeque<Vec<u8>>);

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some(piece) = self.0.pop_front() else { return Ok(0) };
            buffer[..piece.len()].copy_from_slice(&piece);
            Ok(piece.len())
        }
    }

    type Read1 = (u64, Option<String>, &'static str, bool);

    fn lines_of(pieces: &[&[u8]], max_bytes: usize) -> Vec<Read1> {
        let pieces = Pieces(pieces.iter().map(|piece| piece.to_vec()).collect());
        let mut lines = Lines::open(Vec::new(), max_bytes).unwrap();
        lines.current = Some((0, Input::Standard, Box::new(pieces)));
        let mut chunk = Chunk::default();
        let mut all = Vec::new();
        while lines.fill(&mut chunk).unwrap() {
            assert!(chunk.lines().next().is_some(), "no chunk is empty");
            all.extend(chunk.lines().map(|line| {
                let text = line.bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
                (line.number, text, line.ending, line.has_mark)
            }));
        }
        all
    }

    fn line(number: u64, text: &str, ending: &'static str) -> Read1 {
        (number, Some(text.to_owned()), ending, false)
    }

    #[test]
    fn lines_end_as_they_end() {
        assert_eq!(
            lines_of(&[b"a\nb\r\n\n\r\n c\rd \nend"], 10),
            [
                line(1, "a", "\n"),
                line(2, "b", "\r\n"),
                line(3, "", "\n"),
                line(4, "", "\r\n"),
                line(5, " c\rd ", "\n"),
                line(6, "end", ""),
            ]
        );
        assert_eq!(lines_of(&[], 10), []);
        assert_eq!(lines_of(&[b"\n"], 10), [line(1, "", "\n")]);
        assert_eq!(lines_of(&[b"a\r"], 10), [line(1, "a\r", "")]);
    }

    #[test]
    fn pieces_make_the_same_lines() {
        let whole = "\u{feff}first\r\nsecond\n\nfourth, which is far too long\nfifth".as_bytes();
        let expected = lines_of(&[whole], 8);
        assert_eq!(expected.len(), 5);
        assert_eq!(expected[3], (4, None, "\n", false));
        for size in 1..whole.len() {
            let pieces: Vec<&[u8]> = whole.chunks(size).collect();
            assert_eq!(lines_of(&pieces, 8), expected, "in pieces of {size}");
        }
    }

    #[test]
    fn a_mark_belongs_to_no_line() {
        let marked = lines_of(&[b"\xef\xbb", b"\xbfa\nb\n"], 10);
        assert_eq!(marked, [(1, Some("a".to_owned()), "\n", true), line(2, "b", "\n")]);
        assert_eq!(lines_of(&[b"\xef", b"\xbb", b"\xbf"], 10), [], "a mark alone is no line");
    }

    #[test]
    fn the_bound_is_the_lines_without_its_end() {
        for (text, fits) in [
            ("12345678\n", true),
            ("12345678\r\n", true),
            ("12345678", true),
            ("123456789\n", false),
            ("123456789\r\n", false),
            ("123456789", false),
        ] {
            for size in 1..text.len() {
                let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
                let lines = lines_of(&pieces, 8);
                assert_eq!(lines.len(), 1, "{text:?}");
                assert_eq!(lines[0].1.is_some(), fits, "{text:?} in pieces of {size}");
            }
        }
    }

    #[test]
    fn lines_behind_a_long_one_need_no_further_read() {
        let mut lines = Lines::open(Vec::new(), 4).unwrap();
        let pieces = Pieces([b"too long".to_vec(), b" indeed\na\nb\nc".to_vec()].into());
        lines.current = Some((0, Input::Standard, Box::new(pieces)));
        let mut chunk = Chunk::default();
        for expected in [&[None][..], &[Some("a"), Some("b")], &[Some("c")]] {
            assert!(lines.fill(&mut chunk).unwrap());
            let texts = chunk.lines().map(|line| line.bytes.map(|b| str::from_utf8(b).unwrap()));
            assert_eq!(texts.collect::<Vec<_>>(), expected);
        }
        assert!(!lines.fill(&mut chunk).unwrap());
    }

    #[test]
    fn a_long_line_is_passed_over_in_bounded_memory() {
        let piece = vec![b'x'; READ_BYTES];
        let mut pieces = vec![&piece[..]; 50];
        pieces.push(b"x\nshort\n");
        let pieces = Pieces(pieces.iter().map(|piece| piece.to_vec()).collect());
        let mut lines = Lines::open(Vec::new(), 1_000).unwrap();
        lines.current = Some((0, Input::Standard, Box::new(pieces)));
        let mut chunk = Chunk::default();
        let mut count = 0;
        while lines.fill(&mut chunk).unwrap() {
            count += chunk.lines().count();
            assert!(chunk.bytes.capacity() + lines.carry.capacity() <= 4 * READ_BYTES);
        }
        assert_eq!(count, 2);
    }
}
