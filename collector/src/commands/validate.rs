//! `tidemark validate`: what becomes of each event, line by line.
//!
//! A line is an event, or a batch (an object with `events`), judged as a public
//! endpoint judges it. One answer a line, in order. A tenant that is not named by
//! an option is the one that the event names: a file knows no write key.

use std::path::PathBuf;

use clap::Args;
use tidemark_core::batch::{Batch, Form};
use tidemark_core::id::Uuid;
use tidemark_core::json::{self, Kind, Value, write_string, write_u64};
use tidemark_core::judge::{Arrival, Judge, Judged, Place, Site};
use tidemark_core::time::parse_rfc3339;
use tidemark_core::validate::Catalogue;
use tidemark_core::verdict::{Code, Fault, Tally, Verdict};

use super::lines::{Input, Line, Lines};
use super::stream::{self, Output};
use super::{CommandError, Exit, LINE_MAX_BYTES, detail_of_line, site};
use crate::clock::{Clock, SystemClock};

const HELP: &str = r#"Input:
  One event, or one batch ({"context":…,"events":[…]}), a line. Lines end with LF or
  CRLF; a byte order mark is taken; an empty line is a bad line. A line over 500,000
  bytes is passed over.

Output: one line for each line of input, in order:
  {"line":1,"event_id":"…","verdict":"accepted"}
  {"line":2,"event_id":"…","verdict":"rejected","code":"missing_field","pointer":"/event_name","detail":"…"}
  {"line":3,"verdict":"rejected","code":"invalid_json","detail":"…"}
  {"line":4,"batch_id":"b1","verdicts":[{"verdict":"accepted"},…],"accepted":2,"rejected":0,"dropped":0}
  With several files each line names its own: {"file":"a.ndjson","line":1,…}.
  Codes: docs/reference/verdicts.md. Values are never shown.

Examples:
  tidemark validate < events.ndjson
  tidemark validate --only-bad --summary events.ndjson
  tidemark validate --mode strict --schemas ./schemas --tenant acme < events.ndjson
  tidemark validate --received-at 2026-01-02T03:04:05Z fixtures/*.ndjson

Exit codes:
  0 every event is accepted · 1 some event is rejected or dropped, or some line is bad
  · 2 wrong use, or an input that cannot be read"#;

/// The command's options.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub struct Options {
    /// Files of lines; none, or `-`: standard input.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    policy: site::Policy,
    #[command(flatten)]
    schemas: site::Schemas,
    /// The site's UUID: an event that names another is rejected.
    #[arg(long, value_name = "UUID", value_parser = uuid)]
    site: Option<Uuid>,
    /// When the events are received (RFC 3339), for their age; now, if not told.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    received_at: Option<i64>,
    /// A dropped event (no consent) is well, too: it does not change the exit code.
    #[arg(long)]
    allow_dropped: bool,
    /// Write only lines that hold something else than accepted events.
    #[arg(long)]
    only_bad: bool,
    /// Write no lines.
    #[arg(long, conflicts_with = "only_bad")]
    quiet: bool,
    /// Write the counts to standard error at the end, as one JSON object.
    #[arg(long)]
    summary: bool,
    /// How many threads work.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=stream::MAX_THREADS as i64))]
    threads: Option<u16>,
}

fn uuid(text: &str) -> Result<Uuid, &'static str> {
    Uuid::parse(text).ok_or("expected a UUID")
}

fn instant(text: &str) -> Result<i64, &'static str> {
    parse_rfc3339(text).ok_or("expected a time such as 2026-01-02T03:04:05Z")
}

/// What one worker counted.
#[derive(Debug, Default)]
struct Counts {
    lines: u64,
    verdicts: Tally,
    /// By the code's place in [`Code::ALL`].
    codes: Vec<u64>,
}

impl Counts {
    fn count(&mut self, verdict: Verdict, code: Option<Code>) {
        self.verdicts.count(verdict);
        if let Some(code) = code {
            self.codes.resize(Code::ALL.len(), 0);
            if let Some(count) = self.codes.get_mut(code as usize) {
                *count += 1;
            }
        }
    }

    fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        self.verdicts.accepted += other.verdicts.accepted;
        self.verdicts.duplicate += other.verdicts.duplicate;
        self.verdicts.rejected += other.verdicts.rejected;
        self.verdicts.dropped += other.verdicts.dropped;
        self.codes.resize(Code::ALL.len(), 0);
        for (count, more) in self.codes.iter_mut().zip(&other.codes) {
            *count += more;
        }
    }

    fn to_json(&self) -> String {
        let codes: serde_json::Map<String, serde_json::Value> = Code::ALL
            .iter()
            .zip(&self.codes)
            .filter(|(_, count)| **count > 0)
            .map(|(code, count)| (code.as_str().to_owned(), (*count).into()))
            .collect();
        serde_json::json!({
            "lines": self.lines,
            "accepted": self.verdicts.accepted,
            "rejected": self.verdicts.rejected,
            "dropped": self.verdicts.dropped,
            "codes": codes,
        })
        .to_string()
    }
}

/// Runs the command.
///
/// # Errors
/// What cannot be read or written, and schemas that cannot be used.
pub(super) fn run(options: &Options) -> Result<Exit, CommandError> {
    let catalogue = options.schemas.catalogue()?;
    let inputs = Input::of(&options.files);
    let names: Vec<String> =
        if inputs.len() > 1 { inputs.iter().map(Input::name).collect() } else { Vec::new() };
    let lines = Lines::open(inputs, LINE_MAX_BYTES)?;
    let validation = Validation {
        options,
        catalogue: &catalogue,
        site: options.policy.site(),
        clock: SystemClock::new(),
        names,
    };
    let threads = options.threads.map_or_else(stream::default_threads, usize::from);
    let work = |line: &Line<'_>, output: &mut Output, counts: &mut Counts| {
        validation.line(line, output, counts);
    };
    let mut counts = Counts::default();
    for worker in stream::run(lines, threads, &work)? {
        counts.add(&worker);
    }
    if options.summary {
        super::tell(&counts.to_json());
    }
    let bad = counts.verdicts.rejected > 0 || counts.verdicts.dropped > 0 && !options.allow_dropped;
    Ok(if bad { Exit::NotWell } else { Exit::Well })
}

struct Validation<'o> {
    options: &'o Options,
    catalogue: &'o Catalogue,
    site: Site,
    clock: SystemClock,
    /// The files' names, when there are several.
    names: Vec<String>,
}

/// A line's answer, apart from its number.
enum Answer {
    /// The line as a whole is bad.
    Bad(Fault),
    /// One event.
    Event(Told),
    /// A batch: its id, and its events.
    Batch(Option<String>, Vec<Told>),
}

/// One event's verdict.
struct Told {
    event_id: Option<Uuid>,
    verdict: Verdict,
    fault: Option<Fault>,
}

impl Validation<'_> {
    fn line(&self, line: &Line<'_>, output: &mut Output, counts: &mut Counts) {
        counts.lines += 1;
        let answer = match line.bytes {
            Some(bytes) => self.judge(bytes),
            None => Answer::Bad(Fault::new(Code::BodyTooLarge, "")),
        };
        let mut well = true;
        let mut count = |verdict, fault: Option<&Fault>| {
            well &= verdict == Verdict::Accepted;
            counts.count(verdict, fault.map(|fault| fault.code));
        };
        match &answer {
            Answer::Bad(fault) => count(Verdict::Rejected, Some(fault)),
            Answer::Event(told) => count(told.verdict, told.fault.as_ref()),
            Answer::Batch(_, all) => {
                all.iter().for_each(|told| count(told.verdict, told.fault.as_ref()));
            }
        }
        if self.options.quiet || well && self.options.only_bad {
            return;
        }
        super::begin_line(&mut output.out, &self.names, line);
        answer.write(&mut output.out);
        output.out.push_str("}\n");
    }

    fn judge(&self, bytes: &[u8]) -> Answer {
        let value = match json::check(bytes) {
            Ok(value) => value,
            Err(code) => return Answer::Bad(Fault::new(code, "")),
        };
        let is_batch = value.kind() == Kind::Object && value.get("events").is_some();
        let batch = if is_batch {
            match Batch::read(bytes, Form::Batch) {
                Ok(batch) => batch,
                Err(refusal) => {
                    let pointer = refusal.pointer.unwrap_or_default();
                    return Answer::Bad(Fault::new(refusal.code, pointer));
                }
            }
        } else {
            match Batch::of_one(bytes) {
                Ok(batch) => batch,
                Err(code) => return Answer::Bad(Fault::new(code, "")),
            }
        };
        let site = self.site_of(&batch);
        let received_at_ms = self.options.received_at.unwrap_or_else(|| self.clock.unix_ms());
        let judge = Judge {
            site: &site,
            schemas: Some(self.catalogue),
            place: Place::Public(Arrival { received_at_ms, ..Arrival::default() }),
            pseudonym: None,
        };
        // An id that the endpoint would fill in is not told: it would be another one.
        let judged = judge.batch(&batch, &mut |_| Uuid::default());
        let mut told = judged.events.into_iter().map(Told::of);
        if is_batch {
            return Answer::Batch(batch.batch_id.map(Into::into), told.collect());
        }
        match told.next() {
            Some(told) => Answer::Event(told),
            None => Answer::Bad(Fault::new(Code::InvalidBatch, "")),
        }
    }

    /// The site, with the tenant of the options, or else the one that is named first.
    fn site_of(&self, batch: &Batch<'_>) -> Site {
        let named = |key: &str| {
            let first = batch.events.iter().find_map(|event: &Value<'_>| event.get(key))?;
            Uuid::parse(&first.as_str()?)
        };
        let tenant_id = self.options.schemas.tenant_id().or_else(|| named("tenant_id"));
        let site_id = self.options.site.or_else(|| named("site_id"));
        Site {
            tenant_id: tenant_id.unwrap_or_default(),
            site_id: site_id.unwrap_or_default(),
            ..self.site.clone()
        }
    }
}

impl Told {
    fn of(judged: Judged) -> Self {
        Self {
            event_id: judged.event_id.filter(|id| *id != Uuid::default()),
            verdict: judged.verdict,
            fault: judged.fault,
        }
    }

    fn write(&self, out: &mut String) {
        if let Some(event_id) = self.event_id {
            out.push_str("\"event_id\":\"");
            event_id.push_to(out);
            out.push_str("\",");
        }
        write_verdict(out, self.verdict, self.fault.as_ref(), Code::detail);
    }
}

impl Answer {
    fn write(&self, out: &mut String) {
        out.push(',');
        match self {
            Self::Bad(fault) => {
                write_verdict(out, Verdict::Rejected, Some(fault), detail_of_line);
            }
            Self::Event(told) => told.write(out),
            Self::Batch(batch_id, all) => {
                if let Some(batch_id) = batch_id {
                    out.push_str("\"batch_id\":");
                    write_string(out, batch_id);
                    out.push(',');
                }
                let mut tally = Tally::default();
                out.push_str("\"verdicts\":[");
                for (index, told) in all.iter().enumerate() {
                    tally.count(told.verdict);
                    out.push_str(if index > 0 { ",{" } else { "{" });
                    told.write(out);
                    out.push('}');
                }
                for (name, count) in [
                    ("],\"accepted\":", tally.accepted),
                    (",\"rejected\":", tally.rejected),
                    (",\"dropped\":", tally.dropped),
                ] {
                    out.push_str(name);
                    write_u64(out, count);
                }
            }
        }
    }
}

fn write_verdict(
    out: &mut String,
    verdict: Verdict,
    fault: Option<&Fault>,
    detail: fn(Code) -> &'static str,
) {
    out.push_str("\"verdict\":");
    write_string(out, verdict.as_str());
    let Some(fault) = fault else { return };
    out.push_str(",\"code\":");
    write_string(out, fault.code.as_str());
    // A line that is no JSON has no place to point at.
    if fault.code.verdict().is_some() || !fault.pointer.is_empty() {
        out.push_str(",\"pointer\":");
        write_string(out, &fault.pointer);
    }
    out.push_str(",\"detail\":");
    write_string(out, detail(fault.code));
}
