//! `tidemark export`: a tenant's rows as a file, streamed.
//!
//! ClickHouse writes the format; what passes here is held a piece at a time. A file
//! appears under its name only when it is whole.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::aside::Sink;
use super::live::{ConfigFile, Environment, Whose, parse_time};
use super::progress::{self, Progress};
use super::{CommandError, Exit};
use crate::store::{ClickHouse, ExportFormat, ExportQuery, ExportStream, ExportTable, ExportTime};

const HELP: &str = r#"Output:
  parquet  zstd within; ids as text, attributes as JSON text
  csv      a line of names first; times in RFC 3339
  ndjson   one object a line; attributes as an object
  arrow    Arrow's file format; arrow-stream for pipes
  Rows come in no particular order. A nil UUID and an empty text mean "none".

Examples:
  tidemark export --tenant acme --format parquet --output events.parquet
  tidemark export --tenant acme --site web --from 2026-01-01 --to 2026-02-01 --format csv > january.csv
  tidemark export --tenant acme --format ndjson --columns event_id,event_name,occurred_at,attributes | gzip > events.ndjson.gz
  tidemark export --tenant acme --table rejected-events --format ndjson

Exit codes:
  0 everything is written · 2 wrong use, or not everything could be written: then
  there is no file of that name, or the old one"#;

/// The command's options.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub struct Options {
    #[command(flatten)]
    file: ConfigFile,
    #[command(flatten)]
    whose: Whose,
    /// The format.
    #[arg(long, value_enum)]
    format: Format,
    /// The file; standard output, if not told.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace a file that is there.
    #[arg(long)]
    force: bool,
    /// Which rows.
    #[arg(long, value_enum, default_value_t)]
    table: Table,
    /// From then on: a day of UTC, or RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    from: Option<i64>,
    /// Until before then.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    to: Option<i64>,
    /// By which time --from and --to are meant.
    #[arg(long, value_enum, default_value_t)]
    by: By,
    /// Events of this name alone; may stand several times.
    #[arg(long = "event", value_name = "NAME")]
    events: Vec<String>,
    /// Columns in this order, separated by commas; all, if not told.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    columns: Vec<String>,
    /// Tell nothing on standard error.
    #[arg(long)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Parquet,
    Csv,
    #[value(alias = "jsonl", alias = "json")]
    Ndjson,
    Arrow,
    ArrowStream,
}

impl From<Format> for ExportFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Parquet => Self::Parquet,
            Format::Csv => Self::Csv,
            Format::Ndjson => Self::Ndjson,
            Format::Arrow => Self::Arrow,
            Format::ArrowStream => Self::ArrowStream,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Table {
    /// Accepted events.
    #[default]
    #[value(alias = "events_raw")]
    EventsRaw,
    /// Rejected and dropped ones: code and place.
    #[value(alias = "rejected_events")]
    RejectedEvents,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum By {
    /// When it happened.
    #[default]
    OccurredAt,
    /// When it was received.
    ReceivedAt,
}

pub(super) async fn run(options: &Options, environment: Environment) -> Result<Exit, CommandError> {
    if let (Some(from), Some(to)) = (options.from, options.to)
        && from >= to
    {
        return Err(CommandError::Wrong("--from must lie before --to".to_owned()));
    }
    let config = options.file.load(environment)?;
    let (tenant_id, site_id) = options.whose.resolve(&config).await?;
    let query = ExportQuery {
        table: match options.table {
            Table::EventsRaw => ExportTable::EventsRaw,
            Table::RejectedEvents => ExportTable::RejectedEvents,
        },
        tenant_id,
        site_id,
        by: match options.by {
            By::OccurredAt => ExportTime::Occurred,
            By::ReceivedAt => ExportTime::Received,
        },
        from_ms: options.from,
        to_ms: options.to,
        event_names: options.events.clone(),
        columns: options.columns.clone(),
        format: options.format.into(),
    };
    let mut sink = Sink::open(options.output.as_deref(), options.force)?;
    if sink.is_terminal() && !matches!(options.format, Format::Csv | Format::Ndjson) {
        return Err(CommandError::Wrong(
            "this format is not for a terminal: name a file with --output, or use a pipe"
                .to_owned(),
        ));
    }
    let clickhouse = ClickHouse::new(&config.clickhouse);
    let rows = clickhouse.export_count(&query).await?;
    let stream = clickhouse.export(&query).await?;
    let mut progress = Progress::new(options.quiet || sink.is_terminal());
    tokio::select! {
        copied = copy(stream, &mut sink, rows, &mut progress) => copied?,
        _ = tokio::signal::ctrl_c() => return Err(CommandError::Interrupted),
    }
    let written = sink.finish()?;
    progress.end(|took| {
        let size = progress::bytes(written.bytes);
        format!("{rows} rows, {size} in {:.1} s", took.as_secs_f64())
    });
    Ok(Exit::Well)
}

/// Copies until the end, or until nobody reads any more.
async fn copy(
    mut stream: ExportStream,
    sink: &mut Sink,
    rows: u64,
    progress: &mut Progress,
) -> Result<(), CommandError> {
    let mut copied = 0;
    while let Some(bytes) = stream.next().await? {
        if !sink.write(&bytes)? {
            break;
        }
        copied += bytes.len() as u64;
        progress.tell(|took| {
            format!(
                "{} of about {rows} rows, {}/s",
                progress::bytes(copied),
                progress::bytes(progress::rate(copied, took) as u64)
            )
        });
    }
    Ok(())
}
