//! `tidemark schema list`.

use clap::Args;
use serde_json::{Value, json};

use super::sources;
use crate::commands::{CommandError, Exit, print, site};

const HELP: &str = r#"Examples:
  tidemark schema list
  tidemark schema list --json | jq -r '.[].event_name'
  tidemark schema list --schemas ./schemas --tenant acme

Exit codes:
  0 done · 2 wrong use, or a folder or schema that cannot be used"#;

/// The command's options.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(super) struct Options {
    /// Print a JSON array: event_name, version, category, title, description, file.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    schemas: site::Schemas,
}

/// Runs the command.
///
/// # Errors
/// [`CommandError`].
pub(super) fn run(options: &Options) -> Result<Exit, CommandError> {
    let sources = sources(&options.schemas)?;
    let rows: Vec<Value> = sources
        .iter()
        .map(|source| {
            let schema = source.schema();
            json!({
                "event_name": source.name,
                "version": schema.pointer("/x-self/version"),
                "category": schema.get("x-category"),
                "title": schema.get("title"),
                "description": schema.get("description"),
                "file": source.file,
            })
        })
        .collect();
    if options.json {
        print(&format!("{}\n", Value::Array(rows)))?;
    } else {
        print(&table(&rows))?;
    }
    Ok(Exit::Well)
}

/// Three columns as wide as they must be, and the description.
fn table(rows: &[Value]) -> String {
    const COLUMNS: [&str; 3] = ["event_name", "version", "category"];
    let cell = |row: &Value, column: &str| row[column].as_str().unwrap_or("-").to_owned();
    let width = |column: &str| {
        let cells = rows.iter().map(|row| cell(row, column).len());
        cells.chain([column.len()]).max().unwrap_or_default()
    };
    let widths = COLUMNS.map(width);
    let mut out = String::new();
    let mut line = |cells: [String; 3], last: &str| {
        for (cell, width) in cells.iter().zip(widths) {
            out.push_str(&format!("{cell:width$}  "));
        }
        out.push_str(last);
        out.push('\n');
    };
    line(COLUMNS.map(str::to_owned), "description");
    for row in rows {
        line(COLUMNS.map(|column| cell(row, column)), &cell(row, "description"));
    }
    out
}
