//! The file of records that were not stored: line, code and place, never a value.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use tidemark_core::json::{write_string, write_u64};
use tidemark_core::verdict::Fault;

use super::CommandError;

/// The file, made when there is something to say.
pub(super) struct Rejects {
    path: PathBuf,
    out: Option<BufWriter<File>>,
    bytes: u64,
}

impl Rejects {
    /// Goes on behind what stood there when the last batch was acknowledged; what came
    /// after it is told again.
    ///
    /// # Errors
    /// When the file cannot be cut there.
    pub(super) fn open(path: PathBuf, bytes: u64) -> Result<Self, CommandError> {
        let mut rejects = Self { path, out: None, bytes };
        if rejects.path.exists() {
            rejects.out()?;
        }
        Ok(rejects)
    }

    fn out(&mut self) -> Result<&mut BufWriter<File>, CommandError> {
        let (path, bytes) = (&self.path, self.bytes);
        match &mut self.out {
            Some(out) => Ok(out),
            empty => {
                let open = || {
                    let mut options = OpenOptions::new();
                    let mut file = options.write(true).create(true).truncate(false).open(path)?;
                    file.set_len(bytes)?;
                    file.seek(SeekFrom::End(0))?;
                    Ok(file)
                };
                let file = open().map_err(|source| CommandError::Use {
                    path: path.display().to_string(),
                    source,
                })?;
                Ok(empty.insert(BufWriter::new(file)))
            }
        }
    }

    /// Tells of a record.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn push(&mut self, line: u64, fault: &Fault) -> Result<(), CommandError> {
        let mut text = String::from("{\"line\":");
        write_u64(&mut text, line);
        text.push_str(",\"code\":");
        write_string(&mut text, fault.code.as_str());
        text.push_str(",\"pointer\":");
        write_string(&mut text, &fault.pointer);
        text.push_str(",\"detail\":");
        write_string(&mut text, crate::commands::detail_of_line(fault.code));
        text.push_str("}\n");
        let written = self.out()?.write_all(text.as_bytes());
        written.map_err(|source| self.used(source))?;
        self.bytes += text.len() as u64;
        Ok(())
    }

    /// Hands everything to the operating system, and tells the file's length.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn flush(&mut self) -> Result<u64, CommandError> {
        if let Some(out) = &mut self.out {
            let flushed = out.flush();
            flushed.map_err(|source| self.used(source))?;
        }
        Ok(self.bytes)
    }

    fn used(&self, source: std::io::Error) -> CommandError {
        CommandError::Use { path: self.path.display().to_string(), source }
    }
}
