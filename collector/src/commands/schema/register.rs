//! `tidemark schema register FILE --schemas DIR`.
//!
//! A schema that is taken compiles, says who it is, is no event of Tidemark's, and
//! has the version that follows from what it replaces. It is written beside its
//! place and moved there, so that whoever reads the folder sees the old file or the
//! new one. Two who register at once take turns.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use tidemark_core::validate::Catalogue;
use tidemark_core::validate::diff::Change;

use super::diff::Outcome;
use super::read;
use crate::commands::{CommandError, Exit, print, tell};
use crate::schemas::{Folder, Header};

const HELP: &str = r#"The schema says what it is:
  "x-self": { "vendor": "acme", "name": "order_placed", "format": "jsonschema", "version": "1-0-0" }
and goes to DIR/order_placed.json, or to DIR/TENANT/order_placed.json. A collector whose
configuration names the folder ([schemas] folder = "DIR") takes it within seconds.
docs/schemas.md has the keywords that are judged.

Output: a line, or with --json one object:
  {"registered":true,"event_name":"order_placed","version":"1-0-0","change":"new","file":"DIR/order_placed.json"}
A schema that is refused is told with its reason, and nothing is written.

Examples:
  tidemark schema register order_placed.json --schemas ./schemas
  tidemark schema register order_placed.json --schemas ./schemas --tenant acme
  tidemark schema register order_placed.json --schemas ./schemas --dry-run     # in CI

Exit codes:
  0 registered, or there already · 1 refused · 2 wrong use, or a folder that cannot be used"#;

/// The command's options.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(super) struct Options {
    /// The schema.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The folder of schemas; it is made when it is not there.
    #[arg(long, value_name = "DIR")]
    schemas: PathBuf,
    /// The tenant that it counts for, as UUID or slug; every tenant, if not told.
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    /// Only say what would be done.
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What becomes of the schema.
enum Decision {
    /// It is taken; the change, unless it is new.
    Taken(Option<Change>),
    /// It is there already.
    There,
    /// It is not taken, because.
    Refused(String),
}

/// Runs the command.
///
/// # Errors
/// [`CommandError`].
pub(super) fn run(options: &Options) -> Result<Exit, CommandError> {
    let text = read(&options.file)?;
    let header = match Header::read(&text) {
        Ok(header) => header,
        Err(what) => return refuse(options, None, what),
    };
    let mut builtin = Catalogue::builtin().map_err(CommandError::Builtin)?;
    if let Err(error) = builtin.insert(&header.name, &text) {
        let place = if error.pointer.is_empty() { "" } else { " " };
        let what = format!("{}{place}{}", error.pointer, error.reason);
        return refuse(options, Some(&header), &what);
    }
    if !options.dry_run {
        fs::create_dir_all(&options.schemas).map_err(|source| cannot(&options.schemas, source))?;
    }
    let _lock = if options.dry_run { None } else { Some(lock(&options.schemas)?) };
    let place = if options.schemas.is_dir() {
        Folder::open(&options.schemas)?.place(options.tenant.as_deref(), &header.name)?
    } else {
        options.schemas.join(format!("{}.json", header.name))
    };
    let earlier = match fs::metadata(&place) {
        Ok(_) => Some(read(&place)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(source) => return Err(cannot(&place, source)),
    };
    let change = match decide(earlier.as_deref(), &text, &header) {
        Decision::Refused(what) => return refuse(options, Some(&header), &what),
        Decision::There => "none",
        Decision::Taken(change) => {
            if !options.dry_run {
                write(&place, &text)?;
            }
            change.map_or("new", Change::as_str)
        }
    };
    let Header { name, version, .. } = &header;
    let file = place.display();
    print(&if options.json {
        let registered = json!({
            "registered": !options.dry_run,
            "event_name": name,
            "version": version.to_string(),
            "change": change,
            "file": file.to_string(),
        });
        format!("{registered}\n")
    } else if change == "none" {
        format!("{name} {version} is registered already: {file}\n")
    } else if options.dry_run {
        format!("{name} {version} would be registered ({change}): {file}\n")
    } else {
        format!("{name} {version} is registered ({change}): {file}\n")
    })?;
    Ok(Exit::Well)
}

/// Holds a schema against what it would replace.
fn decide(earlier: Option<&str>, text: &str, header: &Header) -> Decision {
    let Some(earlier) = earlier else { return Decision::Taken(None) };
    if earlier == text {
        return Decision::There;
    }
    // A file that somebody broke by hand has no say.
    let Ok(outcome) = Outcome::of(earlier, text) else { return Decision::Taken(None) };
    let change = outcome.diff.change();
    match outcome.needed() {
        Some(needed) if !outcome.fits() => Decision::Refused(format!(
            "the change is {} {}, so that version {} does not fit; set x-self.version to {needed}\n{}",
            if change == Change::Addition { "an" } else { "a" },
            match change {
                Change::Same => "change of words",
                Change::Addition => "addition",
                Change::Revision => "revision",
                Change::Model => "new model",
            },
            header.version,
            outcome.lines().trim_end(),
        )),
        _ => Decision::Taken(Some(change)),
    }
}

fn refuse(options: &Options, header: Option<&Header>, what: &str) -> Result<Exit, CommandError> {
    if options.json {
        let refused = json!({
            "registered": false,
            "event_name": header.map(|header| header.name.as_str()),
            "version": header.map(|header| header.version.to_string()),
            "reason": what,
        });
        print(&format!("{refused}\n"))?;
    } else {
        tell(&format!("tidemark: {} is refused: {what}", options.file.display()));
    }
    Ok(Exit::NotWell)
}

/// Takes the folder's lock, which ends with the file handle.
fn lock(folder: &Path) -> Result<File, CommandError> {
    let path = folder.join(".lock");
    let open = OpenOptions::new().create(true).append(true).open(&path);
    open.and_then(|file| file.lock().map(|()| file)).map_err(|source| cannot(&path, source))
}

/// Writes the file beside its place, and moves it there.
fn write(place: &Path, text: &str) -> Result<(), CommandError> {
    let folder = place.parent().unwrap_or(Path::new("."));
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.new"));
    let written = || {
        fs::create_dir_all(folder)?;
        let mut file = File::create(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, place)?;
        File::open(folder)?.sync_all()
    };
    written().map_err(|source| cannot(place, source))
}

fn cannot(path: &Path, source: io::Error) -> CommandError {
    CommandError::Use { path: path.display().to_string(), source }
}
