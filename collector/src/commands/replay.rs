//! `tidemark replay`: has the running collector send dead letters, or a range of its
//! log, into ClickHouse again.
//!
//! ClickHouse is asked for each event's id first, and a place is taken once, so that
//! any replay may be done again. What is refused again is a dead letter again.

use std::net::SocketAddr;

use clap::{ArgGroup, Args};
use serde_json::{Value, json};

use super::live::{ConfigFile, Environment, Whose};
use super::operator::Collector;
use super::progress::Progress;
use super::{CommandError, Exit, print};
use crate::limits::REPLAY_PATH;
use crate::place::Lane;

const HELP: &str = r#"Output: one line with the counts; --json: one object:
  {"looked_at":12,"sent":3,"stored":8,"under_way":0,"erased":1,"dry_run":false}
  looked_at  events that the options choose        sent  those that go again
  stored     those that ClickHouse has             under_way  replayed before, on their way
  erased     those of erased people, which stay where they are

Examples:
  tidemark replay --dead-letters --dry-run
  tidemark replay --dead-letters --tenant acme --reason INCORRECT_DATA
  tidemark replay --log --lane 2 --from 1000 --to 5000

Exit codes:
  0 done · 2 wrong use, or not brought to the end: the same command goes on"#;

/// The command's options.
#[derive(Args, Debug)]
#[command(after_help = HELP, group = ArgGroup::new("what").required(true))]
pub struct Options {
    #[command(flatten)]
    file: ConfigFile,
    /// Rows that ClickHouse refused, after the cause is gone.
    #[arg(long, group = "what")]
    dead_letters: bool,
    /// What the log holds and ClickHouse was sent: after a table lost rows.
    #[arg(long, group = "what")]
    log: bool,
    /// One lane alone.
    #[arg(long, value_name = "LANE")]
    lane: Option<Lane>,
    /// The first offset of the lane, with --log.
    #[arg(long, value_name = "OFFSET", default_value_t = 0, requires = "log")]
    from: u64,
    /// The offset after the last, with --log.
    #[arg(long, value_name = "OFFSET", requires = "log")]
    to: Option<u64>,
    /// One tenant's events alone, by id or slug.
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    /// Dead letters that were refused for this reason alone.
    #[arg(long, value_name = "NAME", conflicts_with = "log")]
    reason: Option<String>,
    /// Send nothing, and say what would be.
    #[arg(long)]
    dry_run: bool,
    /// The running collector, ADDRESS:PORT; server.listen, if not told.
    #[arg(long, value_name = "ADDRESS")]
    collector: Option<SocketAddr>,
    /// Print one JSON object instead of a line.
    #[arg(long)]
    json: bool,
    /// Tell nothing on standard error.
    #[arg(long)]
    quiet: bool,
}

/// What a replay has come to.
#[derive(Default)]
struct Counts {
    looked_at: u64,
    sent: u64,
    stored: u64,
    under_way: u64,
    erased: u64,
}

impl Counts {
    fn add(&mut self, page: &Value) {
        let number = |name: &str| page[name].as_u64().unwrap_or(0);
        self.looked_at += number("looked_at");
        self.sent += number("sent");
        self.stored += number("stored");
        self.under_way += number("under_way");
        self.erased += number("erased");
    }

    fn to_text(&self, dry_run: bool) -> String {
        let sent = if dry_run { "to be sent" } else { "sent" };
        format!(
            "{} events: {} {sent}, {} stored already, {} under way, {} erased",
            self.looked_at, self.sent, self.stored, self.under_way, self.erased
        )
    }
}

pub(super) async fn run(options: &Options, environment: Environment) -> Result<Exit, CommandError> {
    let config = options.file.load(environment)?;
    let tenant_id = match &options.tenant {
        Some(tenant) => {
            let whose = Whose { tenant: tenant.clone(), site: None };
            Some(whose.resolve(&config).await?.0)
        }
        None => None,
    };
    let collector = Collector::of(&config, options.collector)?;
    let mut counts = Counts::default();
    let mut progress = Progress::new(options.quiet);
    let (mut lane, mut lanes) = (options.lane.unwrap_or(0), None);
    while lanes.is_none_or(|lanes| u64::from(lane) < lanes) {
        let mut from = Some(options.from);
        while let Some(at) = from {
            let ask = json!({
                "lane": lane,
                "dead_letters": options.dead_letters,
                "from": at,
                "to": options.to,
                "tenant_id": tenant_id,
                "reason": options.reason,
                "dry_run": options.dry_run,
            });
            let page = tokio::select! {
                page = collector.ask(REPLAY_PATH, &ask) => page?,
                _ = tokio::signal::ctrl_c() => return Err(CommandError::Interrupted),
            };
            counts.add(&page);
            from = page["next"].as_u64();
            lanes = page["lanes"].as_u64();
            progress.tell(|_| format!("lane {lane}: {}", counts.to_text(options.dry_run)));
        }
        if options.lane.is_some() {
            break;
        }
        lane += 1;
    }
    let Counts { looked_at, sent, stored, under_way, erased } = counts;
    let text = if options.json {
        json!({
            "looked_at": looked_at, "sent": sent, "stored": stored, "under_way": under_way,
            "erased": erased, "dry_run": options.dry_run,
        })
        .to_string()
    } else {
        counts.to_text(options.dry_run)
    };
    print(&format!("{text}\n"))?;
    Ok(Exit::Well)
}
