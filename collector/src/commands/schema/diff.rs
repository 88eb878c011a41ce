//! `tidemark schema diff OLD NEW`: addition, revision or new model.

use std::path::Path;

use clap::Args;
use serde_json::{Value, json};
use tidemark_core::validate::SchemaVer;
use tidemark_core::validate::diff::{Change, Diff, diff};

use super::{find, read, version_of};
use crate::commands::{CommandError, Exit, print, site};

const HELP: &str = r#"OLD and NEW are files, or names of events (`./name` is always a file).

A change is:
  same      words alone: the version stays
  addition  all earlier data still fits: 1-0-0 → 1-0-1
  revision  some earlier data may not fit: 1-0-0 → 1-1-0
  model     earlier data does not fit, or means something else: 1-0-0 → 2-0-0
The version that NEW states (x-self.version) has to rise exactly as far.

Output: a line for each difference (change, place in the schema, what), and what
follows for the version. With --json one object:
  {"change":"addition","old_version":"1-0-0","new_version":"1-0-1","needed_version":"1-0-1",
   "fits":true,"differences":[{"change":"addition","pointer":"/properties/plan","what":"…"}]}

Examples:
  tidemark schema diff old.json new.json
  tidemark schema diff order_placed order_placed.json --schemas ./schemas --tenant acme
  git show main:order_placed.json > /tmp/old.json && tidemark schema diff /tmp/old.json order_placed.json

Exit codes:
  0 the stated version fits the change · 1 it does not, or is not stated
  · 2 wrong use, or a schema that cannot be read or compiled"#;

/// The command's options.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(super) struct Options {
    /// The earlier schema: a file, or an event's name.
    #[arg(value_name = "OLD")]
    old: String,
    /// The later schema: a file, or an event's name.
    #[arg(value_name = "NEW")]
    new: String,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    schemas: site::Schemas,
}

/// What a change asks of the version.
pub(super) struct Outcome {
    pub(super) diff: Diff,
    old: Option<SchemaVer>,
    new: Option<SchemaVer>,
}

impl Outcome {
    /// Compares two schemas as JSON text.
    ///
    /// # Errors
    /// Names the schema and the keyword that cannot be compiled.
    pub(super) fn of(old: &str, new: &str) -> Result<Self, CommandError> {
        let diff = diff(old, new).map_err(|error| {
            CommandError::Wrong(format!(
                "{error}. docs/schemas.md has the keywords that are judged"
            ))
        })?;
        let version = |text| version_of(&serde_json::from_str(text).unwrap_or_default());
        Ok(Self { diff, old: version(old), new: version(new) })
    }

    /// The version that the new schema must have; `None` when the old one states none.
    pub(super) fn needed(&self) -> Option<SchemaVer> {
        self.old.map(|old| old.after(self.diff.change()))
    }

    /// Whether the stated version rises as far as the change reaches. It may rise by
    /// several steps: there were other changes in between.
    pub(super) fn fits(&self) -> bool {
        let Some((old, new)) = self.old.zip(self.new) else { return false };
        let stated = if new.model != old.model {
            Change::Model
        } else if new.revision != old.revision {
            Change::Revision
        } else if new.addition != old.addition {
            Change::Addition
        } else {
            Change::Same
        };
        new >= old && stated == self.diff.change()
    }

    /// A line for each difference.
    pub(super) fn lines(&self) -> String {
        let differences = self.diff.differences.iter();
        let lines = differences.map(|difference| {
            let change = difference.change.as_str();
            format!("{change:8}  {}  {}\n", difference.pointer, difference.what)
        });
        lines.collect()
    }

    fn advice(&self) -> String {
        let change = self.diff.change().as_str();
        match (self.needed(), self.new) {
            (None, _) => format!("{change}: OLD states no version (x-self.version)"),
            (Some(needed), None) => {
                format!("{change}: NEW states no version; set x-self.version to {needed}")
            }
            (Some(_), Some(new)) if self.fits() => format!("{change}: version {new} fits"),
            (Some(needed), Some(new)) => {
                format!("{change}: version {new} does not fit; set x-self.version to {needed}")
            }
        }
    }

    fn to_json(&self) -> Value {
        let version = |version: Option<SchemaVer>| version.map(String::from);
        let differences = self.diff.differences.iter().map(|difference| {
            json!({
                "change": difference.change.as_str(),
                "pointer": difference.pointer,
                "what": difference.what,
            })
        });
        json!({
            "change": self.diff.change().as_str(),
            "old_version": version(self.old),
            "new_version": version(self.new),
            "needed_version": version(self.needed()),
            "fits": self.fits(),
            "differences": differences.collect::<Vec<_>>(),
        })
    }
}

/// Runs the command.
///
/// # Errors
/// [`CommandError`].
pub(super) fn run(options: &Options) -> Result<Exit, CommandError> {
    let text = |given: &str| {
        let path = Path::new(given);
        let is_file = given.contains('/') || given.ends_with(".json") || path.is_file();
        if is_file { read(path) } else { find(given, &options.schemas).map(|source| source.text) }
    };
    let outcome = Outcome::of(&text(&options.old)?, &text(&options.new)?)?;
    if options.json {
        print(&format!("{}\n", outcome.to_json()))?;
    } else {
        print(&format!("{}{}\n", outcome.lines(), outcome.advice()))?;
    }
    Ok(if outcome.fits() { Exit::Well } else { Exit::NotWell })
}
