//! `tidemark schema show NAME`.

use clap::Args;
use tidemark_core::validate::SchemaVer;

use super::{find, version_of};
use crate::commands::{CommandError, Exit, print, site};

const HELP: &str = r#"Examples:
  tidemark schema show commerce.purchase
  tidemark schema show order_placed --schemas ./schemas --tenant acme
  tidemark schema show commerce.purchase --json | jq '.properties | keys'

Exit codes:
  0 done · 2 wrong use, or there is no such event or version"#;

/// The command's options.
#[derive(Args, Debug)]
#[command(after_help = HELP, disable_version_flag = true)]
pub(super) struct Options {
    /// The event's name.
    #[arg(value_name = "NAME")]
    name: String,
    /// The version that is asked for; there is one of each schema, the newest.
    #[arg(id = "schema_version", long = "version", value_name = "VERSION", value_parser = version)]
    version: Option<SchemaVer>,
    /// Print the schema in one line.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    schemas: site::Schemas,
}

fn version(text: &str) -> Result<SchemaVer, &'static str> {
    SchemaVer::parse(text).ok_or("expected a version such as 1-0-0")
}

/// Runs the command.
///
/// # Errors
/// [`CommandError`].
pub(super) fn run(options: &Options) -> Result<Exit, CommandError> {
    let source = find(&options.name, &options.schemas)?;
    let schema = source.schema();
    if let Some(asked) = options.version
        && version_of(&schema) != Some(asked)
    {
        let has = version_of(&schema).map_or_else(String::new, String::from);
        let name = &options.name;
        return Err(CommandError::Wrong(format!(
            "there is no version {asked} of {name} here; its version is {has}"
        )));
    }
    if options.json {
        print(&format!("{schema}\n"))?;
    } else {
        print(&format!("{}\n", source.text.trim_end()))?;
    }
    Ok(Exit::Well)
}
