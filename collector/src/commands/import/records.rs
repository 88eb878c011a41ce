//! The records of a file, one after the other, in bounded memory.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::{Position, StringRecord};
use tidemark_core::limits::EVENT_MAX_BYTES;
use tidemark_core::verdict::{Code, Fault};

use super::CommandError;
use super::mapping::{Columns, Mapping};

/// Bytes of a line of NDJSON: an event at its limit, written with generous blanks.
const LINE_MAX_BYTES: usize = 2 * EVENT_MAX_BYTES;

/// Bytes of a CSV record: a quote that is never closed makes the rest of the file one
/// record, which must not come into memory.
const CSV_RECORD_MAX_BYTES: u64 = 1024 * 1024;

/// What the CSV reader reads ahead.
const CSV_BUFFER_BYTES: usize = 64 * 1024;

/// One record.
pub(super) struct Record {
    /// The line that it begins on, from 1.
    pub(super) line: u64,
    /// The event as JSON, or what is wrong with it.
    pub(super) event: Result<Vec<u8>, Fault>,
}

/// The records of a file.
pub(super) struct Records {
    form: Form,
    name: String,
    read: Arc<AtomicU64>,
}

enum Form {
    Lines { content: Box<dyn BufRead + Send>, line: u64 },
    Csv { reader: Box<csv::Reader<Bounded>>, columns: Columns, record: StringRecord },
}

impl Records {
    pub(super) fn lines(
        content: Box<dyn BufRead + Send>,
        read: Arc<AtomicU64>,
        name: String,
    ) -> Self {
        Self { form: Form::Lines { content, line: 0 }, name, read }
    }

    pub(super) fn csv(
        content: Box<dyn BufRead + Send>,
        read: Arc<AtomicU64>,
        name: String,
        mapping: Mapping,
    ) -> Result<Self, CommandError> {
        let bounded = Bounded { content, left: CSV_RECORD_MAX_BYTES };
        let mut reader = csv::ReaderBuilder::new()
            .buffer_capacity(CSV_BUFFER_BYTES)
            .flexible(true)
            .from_reader(bounded);
        let names = match reader.headers() {
            Ok(names) => names.clone(),
            Err(error) => return Err(unreadable(&name, error)),
        };
        let columns = mapping.columns(&names)?;
        let form = Form::Csv { reader: Box::new(reader), columns, record: StringRecord::new() };
        Ok(Self { form, name, read })
    }

    /// Bytes of the file that were read.
    pub(super) fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// The next record; `None` at the end. Empty lines are none.
    ///
    /// # Errors
    /// When the file cannot be read on.
    pub(super) fn next(&mut self) -> Result<Option<Record>, CommandError> {
        match &mut self.form {
            Form::Lines { content, line } => loop {
                let found = next_line(content.as_mut())
                    .map_err(|source| CommandError::Read { input: self.name.clone(), source })?;
                let Some(found) = found else { return Ok(None) };
                *line += 1;
                match found {
                    Some(bytes) if bytes.iter().all(u8::is_ascii_whitespace) => {}
                    Some(bytes) => return Ok(Some(Record { line: *line, event: Ok(bytes) })),
                    None => {
                        let event = Err(Fault::new(Code::EventTooLarge, ""));
                        return Ok(Some(Record { line: *line, event }));
                    }
                }
            },
            Form::Csv { reader, columns, record } => {
                reader.get_mut().left = CSV_RECORD_MAX_BYTES;
                match reader.read_record(record) {
                    Ok(false) => Ok(None),
                    Ok(true) => {
                        let line = record.position().map_or(0, Position::line);
                        Ok(Some(Record { line, event: columns.event(record) }))
                    }
                    // The reader stands behind the record, and goes on.
                    Err(error) if matches!(error.kind(), csv::ErrorKind::Utf8 { .. }) => {
                        let line = error.position().map_or(0, Position::line);
                        Ok(Some(Record { line, event: Err(Fault::new(Code::InvalidUtf8, "")) }))
                    }
                    Err(error) => Err(unreadable(&self.name, error)),
                }
            }
        }
    }
}

fn unreadable(name: &str, error: csv::Error) -> CommandError {
    let source = match error.into_kind() {
        csv::ErrorKind::Io(source) => source,
        _ => io::Error::new(io::ErrorKind::InvalidData, "the line of names is no UTF-8"),
    };
    CommandError::Read { input: name.to_owned(), source }
}

/// Reads a line without its end; `Some(None)` is one over the bound, which was passed
/// over.
fn next_line(content: &mut dyn BufRead) -> io::Result<Option<Option<Vec<u8>>>> {
    let mut line = Vec::new();
    let mut length = 0;
    loop {
        let piece = content.fill_buf()?;
        if piece.is_empty() {
            return Ok((length > 0).then(|| (length <= LINE_MAX_BYTES).then_some(line)));
        }
        let end = memchr::memchr(b'\n', piece);
        let taken = piece.get(..end.unwrap_or(piece.len())).unwrap_or_default();
        length += taken.len();
        if length <= LINE_MAX_BYTES {
            line.extend_from_slice(taken);
        } else {
            line = Vec::new();
        }
        let used = taken.len() + usize::from(end.is_some());
        content.consume(used);
        if end.is_some() {
            return Ok(Some((length <= LINE_MAX_BYTES).then_some(line)));
        }
    }
}

/// A reader that gives only so much for one record.
struct Bounded {
    content: Box<dyn BufRead + Send>,
    left: u64,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.content.read(buffer)?;
        match self.left.checked_sub(count as u64) {
            Some(left) => {
                self.left = left;
                Ok(count)
            }
            None => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a record of more than 1 MB: is a quote not closed?",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

    use super::*;

    fn boxed(text: &str) -> Box<dyn BufRead + Send> {
        Box::new(io::Cursor::new(text.as_bytes().to_vec()))
    }

    #[test]
    fn lines_are_counted_with_empty_and_long_ones() {
        let long = "x".repeat(LINE_MAX_BYTES + 1);
        let text = format!("{{}}\r\n\n{long}\n[1]");
        let mut records = Records::lines(boxed(&text), Arc::default(), String::new());
        let mut found = Vec::new();
        while let Some(record) = records.next().unwrap() {
            let event = record.event.map(|bytes| String::from_utf8(bytes).unwrap().len());
            found.push((record.line, event.map_err(|fault| fault.code)));
        }
        assert_eq!(found, [(1, Ok(3)), (3, Err(Code::EventTooLarge)), (4, Ok(3))]);
    }

    #[test]
    fn a_quote_that_is_never_closed_does_not_fill_the_memory() {
        let text = format!("event_name\n\"{}", "x\n".repeat(2 * 1024 * 1024));
        let mapping = Mapping::parse(&[], &[]).unwrap();
        let mut records =
            Records::csv(boxed(&text), Arc::default(), "f".to_owned(), mapping).unwrap();
        assert!(records.next().is_err());
    }
}
