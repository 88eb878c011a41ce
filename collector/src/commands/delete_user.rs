//! `tidemark delete-user`: has a person erased by the running collector, and waits for
//! the receipt.
//!
//! The collector owns the log and what is under way into ClickHouse, so that it erases
//! and this command asks. Once it has answered, the erasure is durable and goes on by
//! itself, whatever happens to either.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use clap::{ArgGroup, Args};
use serde_json::{Value, json};
use uuid::Uuid;

use super::live::{ConfigFile, Environment, Whose};
use super::operator::Collector;
use super::progress::Progress;
use super::{CommandError, Exit, print};
use crate::limits::{ERASURES_PATH, ERASURES_STATUS_PATH};

const HELP: &str = r#"What goes:
  events, days and consent states of the person in ClickHouse; their entries in the
  collector's log, and among the dead letters. With a user go the visitors that were
  seen with nobody else. Sums that name nobody stay. Events of the person that occurred
  before the end of the erasure, and come later, are dropped (code erased).

Output: the receipt. --json: {"state":"done","receipt":{"erasure_id","tenant_id",
  "selected_by","person","visitors","asked_at","finished_at","rows":{"events_raw":12,…},
  "log":{"entries","segments","unreadable"},"remaining":{"events_raw":0,…}}}. No
  identifier is in it; person is the keyed hash by which later events are dropped.

Examples:
  tidemark delete-user --tenant acme --user-id jo@example.org
  tidemark delete-user --tenant acme --anonymous-id 0190f5f6-7e2a-7c3b-9d4e-5f6071829301 --json
  tidemark delete-user --tenant acme --erasure-id 0190f5f6-7e2a-7c3b-9d4e-0000000000e1

Exit codes:
  0 erased · 2 wrong use, or not finished within --patience: it goes on by itself, and
  --erasure-id asks for its receipt"#;

/// How often the collector is asked how far it is.
const ASK_EVERY: Duration = Duration::from_millis(250);

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
    /// The visitor: a UUID, or the text that an alias endpoint was sent. Events that
    /// carry a user_id are the user's, and stay.
    #[arg(long, value_name = "ID", group = "person")]
    anonymous_id: Option<String>,
    /// An erasure that was asked for before: wait for its receipt.
    #[arg(long, value_name = "UUID", group = "person")]
    erasure_id: Option<Uuid>,
    /// The running collector, ADDRESS:PORT; server.listen, if not told.
    #[arg(long, value_name = "ADDRESS")]
    collector: Option<SocketAddr>,
    /// Seconds to wait for the end.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    patience: u64,
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
    /// Tell nothing on standard error.
    #[arg(long)]
    quiet: bool,
}

pub(super) async fn run(options: &Options, environment: Environment) -> Result<Exit, CommandError> {
    let config = options.file.load(environment)?;
    let whose = Whose { tenant: options.tenant.clone(), site: None };
    let (tenant_id, _) = whose.resolve(&config).await?;
    let collector = Collector::of(&config, options.collector)?;
    let patience = Duration::from_secs(options.patience);
    let begun = Instant::now();
    let mut progress = Progress::new(options.quiet);
    let mut told = match options.erasure_id {
        Some(erasure_id) => json!({"erasure_id": erasure_id, "state": "unknown"}),
        None => {
            let ask = json!({
                "tenant_id": tenant_id,
                "user_id": options.user_id,
                "anonymous_id": options.anonymous_id,
            });
            collector.ask(ERASURES_PATH, &ask).await?
        }
    };
    let erasure_id = told["erasure_id"].clone();
    let status = json!({"tenant_id": tenant_id, "erasure_id": erasure_id});
    while told["state"] != "done" {
        if begun.elapsed() > patience {
            let id = erasure_id.as_str().unwrap_or_default();
            return Err(CommandError::Wrong(format!(
                "the erasure {id} is not finished ({}); it goes on by itself, and \
                 `tidemark delete-user --tenant {} --erasure-id {id}` asks for its receipt",
                far(&told),
                options.tenant
            )));
        }
        tokio::select! {
            () = tokio::time::sleep(ASK_EVERY) => {}
            _ = tokio::signal::ctrl_c() => return Err(CommandError::Interrupted),
        }
        // A collector that restarts takes the erasure up again.
        match collector.ask(ERASURES_STATUS_PATH, &status).await {
            Ok(now) => told = now,
            Err(CommandError::Call(_)) => {}
            Err(error) => return Err(error),
        }
        progress.tell(|took| format!("{} s: {}", took.as_secs(), far(&told)));
    }
    print(&if options.json { format!("{told}\n") } else { to_text(&told["receipt"]) })?;
    Ok(Exit::Well)
}

/// How far an erasure is, in words.
fn far(told: &Value) -> String {
    let text = |key: &str| told[key].as_str().unwrap_or_default();
    match text("waits_for") {
        "" => format!("{} {}", text("state"), text("stage")),
        why => format!("{} {}: {why}", text("state"), text("stage")),
    }
}

fn to_text(receipt: &Value) -> String {
    let mut out = String::new();
    let mut line = |name: &str, value: &Value| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        // Writing to a text cannot fail.
        let _ = writeln!(out, "{name:<28}  {value}");
    };
    for name in
        ["erasure_id", "tenant_id", "selected_by", "person", "visitors", "asked_at", "finished_at"]
    {
        line(name, &receipt[name]);
    }
    for group in ["rows", "log", "remaining"] {
        for (name, value) in receipt[group].as_object().into_iter().flatten() {
            line(&format!("{group}.{name}"), value);
        }
    }
    out
}
