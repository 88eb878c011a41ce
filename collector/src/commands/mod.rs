//! The commands beside `serve`.
//!
//! Those that need no service read lines or files, and answer: [`validate`] tells what
//! becomes of each event, [`sanitize`] takes out what is personal, [`schema`] lists, shows,
//! compares and registers event schemas. The first two are a line in, a line out: `lines`
//! reads in bounded memory, `stream` works with several threads and keeps the order. What
//! is decided about an event is `tidemark_core`'s alone, so that the verdict here is the
//! edge's.
//!
//! Those of [`Live`] work on what a configuration names: [`export`] and [`export_user`]
//! write what is stored into a file, [`delete_user`] has a person erased, [`import`] sends a
//! file's events, [`doctor`] looks
//! whether all is well, [`verify`] whether what is promised holds.
//!
//! Always true: a bad line is told with its number and ends nothing; no value that
//! was refused or taken out is shown. docs/commands.md is the guide.

mod aside;
mod call;
mod delete_user;
mod doctor;
mod export;
mod export_user;
mod import;
mod lines;
mod live;
mod operator;
mod progress;
mod replay;
mod sanitize;
mod schema;
mod site;
mod stream;
mod validate;
mod verify;

use std::io;
use std::process::ExitCode;

use clap::Subcommand;
use tidemark_core::json::{write_string, write_u64};
use tidemark_core::limits::BATCH_MAX_BYTES;
use tidemark_core::validate::CompileError;
use tidemark_core::verdict::Code;

use self::call::CallError;
use crate::config::ConfigError;
use crate::schemas::{Broken, FolderError};
use crate::sites::SitesError;
use crate::store::{ExportError, StoreError};

pub use live::{Environment, Live, run_live};

/// Bytes of a line that holds an event or a batch: what an endpoint takes.
pub(crate) const LINE_MAX_BYTES: usize = BATCH_MAX_BYTES;

/// Bytes of a line of text: 1 MiB. Nobody reads a longer one, and eight workers
/// with one each still fit into the memory of a small machine.
pub(crate) const TEXT_LINE_MAX_BYTES: usize = 1024 * 1024;

/// A command that needs no service.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge events as a public endpoint would: a line in, a verdict out.
    Validate(validate::Options),
    /// Take personal data out of events or text: a line in, a line out.
    Sanitize(sanitize::Options),
    /// List, show, compare and register event schemas.
    Schema(schema::Options),
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All is well: exit code 0.
    Well,
    /// The command did its work, and what it looked at is not well: exit code 1.
    NotWell,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Well => Self::SUCCESS,
            Exit::NotWell => Self::from(1),
        }
    }
}

/// Why a command could not do its work: exit code 2, as for wrong use.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// An input cannot be read.
    #[error("cannot read {input}")]
    Read {
        /// The file, or standard input.
        input: String,
        /// Why.
        source: io::Error,
    },
    /// A folder or file cannot be written.
    #[error("cannot use {path}")]
    Use {
        /// The folder or file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Standard output cannot be written.
    #[error("cannot write to standard output")]
    Write(#[source] io::Error),
    /// The schemas that are built in do not compile.
    #[error("the built-in event schemas do not compile")]
    Builtin(#[source] CompileError),
    /// The folder of schemas cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A file of the folder is no schema that can be used.
    #[error("{0}. docs/schemas.md tells what a schema may hold")]
    Schema(#[from] Broken),
    /// No event has that name.
    #[error("there is no event `{name}`;{meant} `tidemark schema list` has all of them", meant = did_you_mean(.meant))]
    UnknownEvent {
        /// The name.
        name: String,
        /// The nearest names.
        meant: Vec<String>,
    },
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The directory of tenants and sites says no.
    #[error(transparent)]
    Sites(#[from] SitesError),
    /// ClickHouse says no, or nothing.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing can be exported.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The running collector is not reached, or does not answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// A person stopped it.
    #[error("stopped before the end")]
    Interrupted,
    /// An option asks for what is not there.
    #[error("{0}")]
    Wrong(String),
}

/// Runs a command.
///
/// # Errors
/// [`CommandError`]: exit code 2.
pub fn run(command: &Command) -> Result<Exit, CommandError> {
    match command {
        Command::Validate(options) => validate::run(options),
        Command::Sanitize(options) => sanitize::run(options),
        Command::Schema(options) => schema::run(options),
    }
}

fn did_you_mean(names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    format!(" did you mean {}?", names.join(" or "))
}

/// What is wrong with a line as a whole, in words that fit a line.
fn detail_of_line(code: Code) -> &'static str {
    match code {
        Code::InvalidJson => "The line is not JSON. Write one JSON object a line.",
        Code::InvalidUtf8 => "The line is not UTF-8. Convert the input to UTF-8.",
        Code::BodyTooLarge => {
            "The line is longer than 500,000 bytes and was passed over. Split the batch."
        }
        other => other.detail(),
    }
}

/// Writes to standard output what is not a stream of lines.
///
/// # Errors
/// [`CommandError::Write`]; a reader that has gone is no error.
fn print(text: &str) -> Result<(), CommandError> {
    use io::Write as _;
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(CommandError::Write(error)),
        _ => Ok(()),
    }
}

/// Writes to standard error, where nobody is left to be told that it failed.
fn tell(text: &str) {
    use io::Write as _;
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Begins a line's answer: `{"line":7`, with the file's name when there are several.
fn begin_line(out: &mut String, names: &[String], line: &lines::Line<'_>) {
    out.push('{');
    if let Some(name) = names.get(line.file) {
        out.push_str("\"file\":");
        write_string(out, name);
        out.push(',');
    }
    out.push_str("\"line\":");
    write_u64(out, line.number);
}
