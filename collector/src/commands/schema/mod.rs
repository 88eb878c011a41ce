//! `tidemark schema`: the event schemas that come with Tidemark, and your own.

mod diff;
mod list;
mod register;
mod show;

use std::fs;
use std::io::Read as _;
use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::Value;
use tidemark_core::validate::{SCHEMA_MAX_BYTES, SOURCES, SchemaVer};

use super::{CommandError, Exit, site};
use crate::schemas::File;
use crate::spelling::nearest;

/// The command's options.
#[derive(Args, Debug)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List every event: name, version, category, description.
    List(list::Options),
    /// Show an event's schema.
    Show(show::Options),
    /// Say what a change of a schema means for the data that is already there.
    Diff(diff::Options),
    /// Take a schema of your own into a folder, after compiling it and holding its
    /// version against what is there.
    Register(register::Options),
}

/// Runs the command.
///
/// # Errors
/// [`CommandError`].
pub(super) fn run(options: &Options) -> Result<Exit, CommandError> {
    match &options.command {
        Command::List(options) => list::run(options),
        Command::Show(options) => show::run(options),
        Command::Diff(options) => diff::run(options),
        Command::Register(options) => register::run(options),
    }
}

/// One event's schema.
struct Source {
    name: String,
    text: String,
    /// The file; `None` for one of Tidemark's.
    file: Option<String>,
}

impl Source {
    fn schema(&self) -> Value {
        // Built-in schemas are compiled by a test, files were compiled when read.
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}

/// Every event's schema, by name: Tidemark's, and those of the folder above.
///
/// # Errors
/// Names the folder, or a schema in it that cannot be used.
fn sources(schemas: &site::Schemas) -> Result<Vec<Source>, CommandError> {
    // Compiles, so that what is listed is what is judged by.
    schemas.catalogue()?;
    let mut sources: Vec<Source> = SOURCES
        .iter()
        .map(|(name, text)| Source {
            name: (*name).to_owned(),
            text: (*text).to_owned(),
            file: None,
        })
        .collect();
    if let Some(folder) = schemas.folder()? {
        let files = folder.files(schemas.tenant.as_deref())?;
        for schema in files.iter().map(File::read) {
            let schema = schema?;
            sources.retain(|source| source.name != schema.header.name);
            sources.push(Source {
                name: schema.header.name,
                text: schema.text,
                file: Some(schema.file.path.display().to_string()),
            });
        }
    }
    sources.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(sources)
}

/// The schema of an event.
///
/// # Errors
/// No such event, with the nearest names.
fn find(name: &str, schemas: &site::Schemas) -> Result<Source, CommandError> {
    let all = sources(schemas)?;
    let meant = nearest(name, all.iter().map(|source| source.name.as_str()));
    let meant = meant.into_iter().map(str::to_owned).collect();
    let found = all.into_iter().find(|source| source.name == name);
    found.ok_or_else(|| CommandError::UnknownEvent { name: name.to_owned(), meant })
}

/// Reads a schema's file, within its bound.
///
/// # Errors
/// Names the file.
fn read(path: &Path) -> Result<String, CommandError> {
    let input = path.display().to_string();
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(SCHEMA_MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|source| CommandError::Read { input: input.clone(), source })?;
    if bytes.len() > SCHEMA_MAX_BYTES {
        return Err(CommandError::Wrong(format!("{input}: a schema has at most 32 KB")));
    }
    let text = String::from_utf8(bytes);
    text.map_err(|_| CommandError::Wrong(format!("{input}: is not UTF-8")))
}

/// The version that a schema states.
fn version_of(schema: &Value) -> Option<SchemaVer> {
    SchemaVer::parse(schema.pointer("/x-self/version")?.as_str()?)
}
