//! `tidemark import`: events of a file, through the same pipeline as all others.
//!
//! Each record is judged as at a public endpoint (schema, consent, sanitising), but
//! for its age, and goes to the running collector by the signed hop. An event without
//! an id gets one of the file's content and its line, and the base table is asked for
//! ids before they are sent: importing a file twice, or two halves of it, or again
//! after a crash, stores every event once.
//!
//! Always true: what is told as done was acknowledged; the state file beside the
//! source says up to which record. A bad record is told with its line, without its
//! values, and ends nothing.

mod event;
mod mapping;
mod records;
mod rejects;
mod send;
mod site;
mod source;
mod state;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tidemark_core::limits::{BATCH_MAX_EVENTS, HOP_BATCH_MAX_BYTES};
use tidemark_core::verdict::{Fault, Verdict};

use super::live::{ConfigFile, Environment, Whose};
use super::progress::{self, Progress};
use super::{CommandError, Exit, print};
use crate::store::ClickHouse;
use event::{Importer, Ready};
use mapping::Mapping;
use records::Records;
use rejects::Rejects;
use send::Sender;
use source::Source;
use state::State;

const HELP: &str = r#"Input:
  ndjson  one event a line, as an endpoint takes it (schemas/events/envelope.json)
  csv     a line of names first. --map says which column is what:
            --map event_name=name,occurred_at:unix_ms=ts,user_id=uid,attributes.plan=plan
          and --set what all have: --set event_name=signup. A target may carry a type:
          :text (default), :number, :bool, :json; occurred_at: :unix_s, :unix_ms.
          Without --map the columns' own names are the targets. An empty cell is absent.
  The ending says the format: .csv, .ndjson, .jsonl, and .gz or .zst behind it.
  An event needs occurred_at: a file says nothing about when it was sent.

Output: one line of JSON with the counts. Beside FILE stand, until it is imported anew:
  FILE.import.json     how far it is: the same command goes on from there
  FILE.rejects.ndjson  {"line":7,"code":"missing_field","pointer":"/event_name","detail":"…"}

Examples:
  tidemark import --tenant acme --site web events.ndjson.gz
  tidemark import --tenant acme --site web --map event_name=name,occurred_at=time,user_id=uid old.csv
  zcat *.gz | tidemark import --tenant acme --site web --format ndjson --batch-id old-2025 -

Exit codes:
  0 every record is stored, or was before · 1 some were rejected or dropped
  · 2 wrong use, or not brought to the end: the same command goes on"#;

/// The command's options.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub struct Options {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    whose: Whose,
    /// The file; `-`: standard input, which cannot be resumed.
    #[arg(value_name = "FILE")]
    source: PathBuf,
    /// The format, where the file's name does not say it.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Which column of a CSV is what: TARGET[:TYPE]=COLUMN, separated by commas.
    #[arg(long, value_name = "MAP", value_delimiter = ',')]
    map: Vec<String>,
    /// What every event of a CSV has: TARGET[:TYPE]=VALUE; may stand several times.
    #[arg(long, value_name = "SET")]
    set: Vec<String>,
    /// What the ids of events without one are made of, with their line; the file's
    /// content, if not told.
    #[arg(long, value_name = "NAME")]
    batch_id: Option<String>,
    /// Begin again from the first record; what is stored is not stored again.
    #[arg(long)]
    restart: bool,
    /// The running collector, ADDRESS:PORT; server.listen, if not told.
    #[arg(long, value_name = "ADDRESS")]
    collector: Option<std::net::SocketAddr>,
    /// Seconds to go on trying while the collector takes nothing.
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    patience: u64,
    /// Tell nothing on standard error.
    #[arg(long)]
    quiet: bool,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    #[value(alias = "jsonl", alias = "json")]
    Ndjson,
    Csv,
}

/// Bytes of a batch beside its events: ids, time and name.
const BATCH_HEAD_BYTES: usize = 1_024;

pub(super) async fn run(options: &Options, environment: Environment) -> Result<Exit, CommandError> {
    let config = options.file.load(environment)?;
    let (tenant_id, site_id) = options.whose.resolve(&config).await?;
    let Some(site_id) = site_id else {
        return Err(CommandError::Wrong("--site is needed: an event belongs to one".to_owned()));
    };
    let site = site::find(&config, tenant_id, site_id).await?;
    let source = Source::of(&options.source, options.format)?;
    let mapping = Mapping::parse(&options.map, &options.set)?;
    if source.format() == Format::Ndjson && !mapping.is_empty() {
        return Err(CommandError::Wrong("--map and --set are for CSV".to_owned()));
    }
    let digest = if source.is_file() { Some(source.digest()?) } else { None };
    let Some(name) = options.batch_id.clone().or_else(|| digest.clone()) else {
        return Err(CommandError::Wrong(
            "standard input needs --batch-id, of which ids are made".to_owned(),
        ));
    };
    let state = State::open(&source, &name, digest, (tenant_id, site_id), options.restart)?;
    if state.is_done() {
        return tell(&state, &source);
    }
    let rejects = Rejects::open(source.beside("rejects.ndjson"), state.rejects_bytes())?;
    let importer = Importer::new(site, &config, name)?;
    let sender = Sender::new(&config, options.collector, Duration::from_secs(options.patience))?;
    let clickhouse = ClickHouse::new(&config.clickhouse);
    let mut import = Import {
        source: &source,
        importer,
        sender,
        clickhouse,
        state,
        rejects,
        ready: Vec::new(),
        bytes: 0,
        progress: Progress::new(options.quiet),
    };
    let records = source.records(mapping)?;
    tokio::select! {
        done = import.work(records) => done?,
        _ = tokio::signal::ctrl_c() => return Err(CommandError::Interrupted),
    }
    tell(&import.state, &source)
}

fn tell(state: &State, source: &Source) -> Result<Exit, CommandError> {
    print(&format!("{}\n", state.summary(&source.beside("rejects.ndjson"))))?;
    Ok(if state.is_clean() { Exit::Well } else { Exit::NotWell })
}

/// An import under way.
struct Import<'s> {
    source: &'s Source,
    importer: Importer,
    sender: Sender,
    clickhouse: ClickHouse,
    state: State,
    rejects: Rejects,
    /// What is to go with the next batch.
    ready: Vec<Ready>,
    bytes: usize,
    progress: Progress,
}

impl Import<'_> {
    async fn work(&mut self, mut records: Records) -> Result<(), CommandError> {
        let done_before = self.state.records();
        let mut number = 0;
        while let Some(record) = records.next()? {
            number += 1;
            if number <= done_before {
                continue;
            }
            match record.event.and_then(|event| self.importer.judge(record.line, &event)) {
                Ok(ready) => {
                    if self.bytes + ready.text.len() + 1 > HOP_BATCH_MAX_BYTES - BATCH_HEAD_BYTES {
                        self.flush(number - 1).await?;
                    }
                    self.bytes += ready.text.len() + 1;
                    self.ready.push(ready);
                }
                Err(fault) => self.reject(record.line, &fault)?,
            }
            if self.ready.len() == BATCH_MAX_EVENTS {
                self.flush(number).await?;
            }
            let (read, total) = (records.bytes_read(), self.source.bytes());
            self.progress.tell(|took| {
                let rate = progress::rate(number - done_before, took);
                format!("{} {number} records, {rate:.0}/s", progress::bar(read, total))
            });
        }
        self.flush(number).await?;
        self.state.finish()
    }

    /// Sends what is ready, and records that everything up to `number` is dealt with.
    async fn flush(&mut self, number: u64) -> Result<(), CommandError> {
        let ready = std::mem::take(&mut self.ready);
        self.bytes = 0;
        if !ready.is_empty() {
            let ids: Vec<_> = ready.iter().map(|event| event.event_id).collect();
            let times = ready.iter().map(|event| event.occurred_at_ms);
            let (from_ms, to_ms) =
                times.fold((i64::MAX, i64::MIN), |(a, b), t| (a.min(t), b.max(t)));
            let (tenant_id, site_id) = self.importer.ids();
            let known =
                self.clickhouse.known_ids(tenant_id, site_id, &ids, (from_ms, to_ms)).await?;
            let (stored, new): (Vec<_>, Vec<_>) =
                ready.into_iter().partition(|event| known.contains(&event.event_id));
            self.state.count(Verdict::Duplicate, stored.len() as u64);
            if !new.is_empty() {
                let verdicts = self.sender.send(&self.importer, number, &new).await?;
                for (event, verdict) in new.iter().zip(verdicts) {
                    match verdict.fault {
                        Some(fault) => self.reject(event.line, &fault)?,
                        None => self.state.count(verdict.verdict, 1),
                    }
                }
            }
        }
        let rejects_bytes = self.rejects.flush()?;
        self.state.advance(number, rejects_bytes)
    }

    fn reject(&mut self, line: u64, fault: &Fault) -> Result<(), CommandError> {
        self.state.count(fault.code.verdict().unwrap_or(Verdict::Rejected), 1);
        self.rejects.push(line, fault)
    }
}
