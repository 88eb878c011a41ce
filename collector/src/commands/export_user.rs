//! `tidemark export-user`: everything that is kept of one person, with a receipt.
//!
//! A user_id is given as the person knows it; rows hold it so, or hashed by the
//! tenant's salt, and both are looked for. With a user go the browsers that were seen
//! with that user alone. The receipt names no person in clear.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, ValueEnum};
use serde_json::json;
use tidemark_core::hash::Salt;
use tidemark_core::id;
use tidemark_core::time::format_rfc3339;
use uuid::Uuid;

use super::aside::Sink;
use super::live::Whose;
use super::live::{ConfigFile, Environment};
use super::{CommandError, Exit, print, tell};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::store::{COMPANIONS_MAX, ClickHouse, ExportStream, Person, PersonTable};

const HELP: &str = r#"Output:
  ndjson  {"table":"events_raw","row":{…}} a line
  json    {"events_raw":[{…},…],"user_analytics_summary":[…],"consent_ledger":[…]}
  The receipt goes to standard output when there is --output, and else to standard
  error: {"tenant_id","selected_by","user_id"?,"anonymous_ids","exported_at_ms","rows":
  {"events_raw":12,…},"bytes","sha256"}; user_id is the hashed form.

Examples:
  tidemark export-user --tenant acme --user-id jo@example.org --output jo.ndjson
  tidemark export-user --tenant acme --anonymous-id 0190f5f6-7e2a-7c3b-9d4e-5f6071829301 --format json > visitor.json

Exit codes:
  0 everything is written, also when there is nothing · 2 wrong use, or not
  everything could be written"#;

/// The command's options.
#[derive(Args, Debug)]
#[command(after_help = HELP, group = ArgGroup::new("person").required(true))]
pub struct Options {
    #[command(flatten)]
    file: ConfigFile,
    /// The tenant, by id or slug.
    #[arg(long, value_name = "TENANT")]
    tenant: String,
    /// The person, as the site's own systems name one: clear, or hashed (s1:…, h1:…).
    #[arg(long, value_name = "ID", group = "person")]
    user_id: Option<String>,
    /// The visitor: a UUID, or the text that an alias endpoint was sent.
    #[arg(long, value_name = "ID", group = "person")]
    anonymous_id: Option<String>,
    /// The format.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The file; standard output, if not told.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace a file that is there.
    #[arg(long)]
    force: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Ndjson,
    Json,
}

pub(super) async fn run(options: &Options, environment: Environment) -> Result<Exit, CommandError> {
    let config = options.file.load(environment)?;
    let whose = Whose { tenant: options.tenant.clone(), site: None };
    let (tenant_id, _) = whose.resolve(&config).await?;
    let clickhouse = ClickHouse::new(&config.clickhouse);
    let (person, hashed) = find(options, &config, &clickhouse, tenant_id).await?;
    let mut sink = Sink::open(options.output.as_deref(), options.force)?;
    let mut rows = serde_json::Map::new();
    let is_json = options.format == Format::Json;
    if is_json {
        sink.write(b"{")?;
    }
    for (at, table) in PersonTable::ALL.into_iter().enumerate() {
        let stream = clickhouse.export_person(table, &person)?;
        if is_json {
            let comma = if at == 0 { "" } else { "," };
            sink.write(format!("{comma}\"{}\":[", table.as_str()).as_bytes())?;
        }
        let copied = tokio::select! {
            copied = copy(stream, table, options.format, &mut sink) => copied?,
            _ = tokio::signal::ctrl_c() => return Err(CommandError::Interrupted),
        };
        rows.insert(table.as_str().to_owned(), copied.into());
        if is_json {
            sink.write(b"]")?;
        }
    }
    if is_json {
        sink.write(b"}\n")?;
    }
    let written = sink.finish()?;
    let now_ms = SystemClock::new().unix_ms();
    let mut exported_at = String::new();
    format_rfc3339(now_ms, &mut exported_at);
    let receipt = json!({
        "tenant_id": tenant_id,
        "selected_by": if options.user_id.is_some() { "user_id" } else { "anonymous_id" },
        "user_id": hashed,
        "anonymous_ids": person.anonymous_ids,
        "exported_at": exported_at,
        "rows": rows,
        "bytes": written.bytes,
        "sha256": written.sha256,
    });
    hand_over(options.output.as_deref(), &receipt.to_string())?;
    Ok(Exit::Well)
}

fn hand_over(output: Option<&Path>, receipt: &str) -> Result<(), CommandError> {
    match output {
        Some(_) => print(&format!("{receipt}\n")),
        None => {
            tell(receipt);
            Ok(())
        }
    }
}

/// The person as rows may name one, and the hashed user_id for the receipt.
async fn find(
    options: &Options,
    config: &Config,
    clickhouse: &ClickHouse,
    tenant_id: Uuid,
) -> Result<(Person, Option<String>), CommandError> {
    let nobody =
        |option: &str| CommandError::Wrong(format!("{option} names nobody: it is empty or nil"));
    if let Some(given) = &options.anonymous_id {
        let person = Person::of_visitor(tenant_id, given);
        return Ok((person.ok_or_else(|| nobody("--anonymous-id"))?, None));
    }
    let given = options.user_id.as_deref().unwrap_or_default();
    let tenant = id::Uuid(tenant_id.into_bytes());
    let secret = config.identity.salt_secret.as_ref();
    let salt = secret.map(|secret| Salt::of_tenant(secret.reveal().as_bytes(), tenant));
    if salt.is_none() {
        tell("identity.salt_secret is not set: a hashed user_id cannot be looked for");
    }
    let mut person =
        Person::of_user(tenant_id, given, salt.as_ref()).ok_or_else(|| nobody("--user-id"))?;
    person.anonymous_ids = clickhouse.companions(tenant_id, &person.user_ids).await?;
    if person.anonymous_ids.len() > COMPANIONS_MAX {
        return Err(CommandError::Wrong(format!(
            "more than {COMPANIONS_MAX} browsers were seen with this user alone: that is a program. \
             Ask visitor by visitor, with --anonymous-id"
        )));
    }
    Ok((person, salt.map(|salt| salt.pseudonym(given))))
}

/// Copies the rows of a table, each a line of the stream, and counts them.
async fn copy(
    mut stream: ExportStream,
    table: PersonTable,
    format: Format,
    sink: &mut Sink,
) -> Result<u64, CommandError> {
    let mut rows = 0;
    let mut rest: Vec<u8> = Vec::new();
    let mut out: Vec<u8> = Vec::new();
    while let Some(bytes) = stream.next().await? {
        rest.extend_from_slice(&bytes);
        let whole = memchr::memrchr(b'\n', &rest).map_or(0, |at| at + 1);
        let lines: Vec<u8> = rest.drain(..whole).collect();
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match format {
                Format::Ndjson => {
                    out.extend_from_slice(b"{\"table\":\"");
                    out.extend_from_slice(table.as_str().as_bytes());
                    out.extend_from_slice(b"\",\"row\":");
                    out.extend_from_slice(line);
                    out.extend_from_slice(b"}\n");
                }
                Format::Json => {
                    out.extend_from_slice(if rows == 0 { b"\n" } else { b",\n" });
                    out.extend_from_slice(line);
                }
            }
            rows += 1;
        }
        if !sink.write(&out)? {
            break;
        }
        out.clear();
    }
    Ok(rows)
}
