//! `tidemark sanitize`: takes personal data out of events or text, line by line.
//!
//! Nothing is judged here: an event of last year is sanitised as one of today.
//! `event` treats a line of JSON, `text` a line of text; `rules` turns options into
//! the sanitiser's policy. What cannot be read for certain is never passed on: such
//! a line is told with its number, and its bytes stay where they are.

mod event;
mod rules;
mod text;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Args;
use tidemark_core::json::write_string;
use tidemark_core::sanitise::Finding;
use tidemark_core::validate::Catalogue;
use tidemark_core::verdict::{Code, Fault};

use super::lines::{Input, Line, Lines};
use super::stream::{self, Output};
use super::{CommandError, Exit, LINE_MAX_BYTES, TEXT_LINE_MAX_BYTES, detail_of_line, site};

const HELP: &str = r#"Input:
  One event, or one batch ({"context":…,"events":[…]}), a line; with --text any text.
  Lines end with LF or CRLF; a byte order mark is taken. A line over 500,000 bytes
  (--text: 1 MiB) is passed over.

Output: one line for each line of input, in order:
  (events)         {"line":1,"event":{…},"findings":[{"rule":"email","pointer":"/attributes/note"}]}
  (a batch)        {"line":2,"batch":{…},"findings":[…]}
  (a bad line)     {"line":3,"error":{"code":"invalid_json","detail":"…"}}
  --events-only    the sanitised event alone; a bad line is told on standard error instead
  --text           the sanitised text, byte for byte where nothing was found
  --text --json    {"line":1,"text":"write to [email]","findings":[{"rule":"email","pointer":""}]}
  --check          {"line":1,"findings":[…]} for each line that would be changed, and bad lines
  A finding tells rule and place, never the text. Rules: docs/sanitiser.md.

  In text that is not UTF-8, what cannot be read becomes U+FFFD, and is said: on standard
  error, or with --json as "invalid_utf8":true.
  In an event, a personal user_id is hashed with --salt-secret-env and --tenant, and
  removed without; free text that people typed goes, unless --keep-free-text.

Examples:
  tidemark sanitize < events.ndjson > clean.ndjson
  tidemark sanitize --events-only events.ndjson | head
  tidemark sanitize --text < app.log > app.clean.log
  tidemark sanitize --text --json < messages.txt
  tidemark sanitize --check fixtures/*.ndjson      # in CI
  SALT=… tidemark sanitize --salt-secret-env SALT --tenant 0190f5f6-7e2a-7c3b-9d4e-5f6071829301 < events.ndjson

Exit codes:
  0 every line is sanitised (--check: nothing is to change) · 1 some line is bad
  (--check: or would be changed) · 2 wrong use, or an input that cannot be read"#;

/// Lines that standard error tells of: whoever reads more of them reads a file in
/// another encoding.
const NOTES_MAX: u64 = 1_000;

/// The command's options.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub struct Options {
    /// Files of lines; none, or `-`: standard input.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Lines are plain text.
    #[arg(long)]
    text: bool,
    /// With --text: write JSON objects with text and findings. Events are JSON anyway.
    #[arg(long, conflicts_with = "events_only")]
    json: bool,
    /// Write the events alone, without findings.
    #[arg(long, conflicts_with = "text")]
    events_only: bool,
    /// Write only which lines would be changed by which rule; exit 1 when there are some.
    #[arg(long, conflicts_with_all = ["events_only", "json"])]
    check: bool,
    /// Write the counts to standard error at the end, as one JSON object.
    #[arg(long)]
    summary: bool,
    #[command(flatten)]
    rules: rules::RuleOptions,
    #[command(flatten)]
    schemas: site::Schemas,
    /// How many threads work.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=stream::MAX_THREADS as i64))]
    threads: Option<u16>,
}

/// What one worker counted.
#[derive(Debug, Default)]
struct Counts {
    lines: u64,
    changed: u64,
    bad: u64,
    /// Lines of text that were not UTF-8.
    replaced: u64,
}

/// Everything that a worker needs.
struct Sanitization<'o> {
    options: &'o Options,
    rules: &'o rules::Rules,
    catalogue: &'o Catalogue,
    /// The files' names, when there are several.
    names: Vec<String>,
    /// How many notes were made.
    notes: AtomicU64,
}

/// Where something was found, by which rule.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    rule: &'static str,
    pointer: String,
}

impl From<Finding> for Found {
    fn from(finding: Finding) -> Self {
        Self { rule: finding.rule.as_str(), pointer: finding.pointer }
    }
}

/// Runs the command.
///
/// # Errors
/// What cannot be read or written, and options that do not go together.
pub(super) fn run(options: &Options) -> Result<Exit, CommandError> {
    let rules = options.rules.read(&options.schemas)?;
    let catalogue = options.schemas.catalogue()?;
    let inputs = Input::of(&options.files);
    let names: Vec<String> =
        if inputs.len() > 1 { inputs.iter().map(Input::name).collect() } else { Vec::new() };
    let max_bytes = if options.text { TEXT_LINE_MAX_BYTES } else { LINE_MAX_BYTES };
    let lines = Lines::open(inputs, max_bytes)?;
    let notes = AtomicU64::new(0);
    let all = Sanitization { options, rules: &rules, catalogue: &catalogue, names, notes };
    let threads = options.threads.map_or_else(stream::default_threads, usize::from);
    let work = |line: &Line<'_>, output: &mut Output, counts: &mut Counts| {
        counts.lines += 1;
        if options.text {
            all.text(line, output, counts);
        } else {
            all.event(line, output, counts);
        }
    };
    let mut counts = Counts::default();
    for worker in stream::run(lines, threads, &work)? {
        counts.lines += worker.lines;
        counts.changed += worker.changed;
        counts.bad += worker.bad;
        counts.replaced += worker.replaced;
    }
    let unsaid = all.notes.into_inner().saturating_sub(NOTES_MAX);
    if unsaid > 0 {
        super::tell(&format!("tidemark: and {unsaid} further lines, which --summary counts"));
    }
    if options.summary {
        super::tell(&counts.to_json());
    }
    let bad = counts.bad > 0 || options.check && counts.changed > 0;
    Ok(if bad { Exit::NotWell } else { Exit::Well })
}

impl Counts {
    fn to_json(&self) -> String {
        serde_json::json!({
            "lines": self.lines,
            "changed": self.changed,
            "bad": self.bad,
            "not_utf8": self.replaced,
        })
        .to_string()
    }
}

impl Sanitization<'_> {
    /// Answers a line that cannot be sanitised.
    fn bad(&self, line: &Line<'_>, fault: &Fault, output: &mut Output, counts: &mut Counts) {
        counts.bad += 1;
        // Where standard output is not ours, standard error tells.
        let plain = self.options.events_only || self.options.text && !self.options.json;
        if plain && !self.options.check {
            self.note(line, detail_of(fault.code, self.options.text), output);
            return;
        }
        let out = &mut output.out;
        super::begin_line(out, &self.names, line);
        out.push_str(",\"error\":{\"code\":");
        write_string(out, fault.code.as_str());
        if fault.code.verdict().is_some() {
            out.push_str(",\"pointer\":");
            write_string(out, &fault.pointer);
        }
        out.push_str(",\"detail\":");
        write_string(out, detail_of(fault.code, self.options.text));
        out.push_str("}}\n");
    }

    /// Tells something about a line on standard error.
    fn note(&self, line: &Line<'_>, what: &str, output: &mut Output) {
        if self.notes.fetch_add(1, Ordering::Relaxed) >= NOTES_MAX {
            return;
        }
        let file = self.names.get(line.file).map_or_else(String::new, |name| format!("{name}, "));
        let note = format!("tidemark: {file}line {}: {what}\n", line.number);
        output.notes.push_str(&note);
    }

    /// With --check: tells a line that would be changed.
    fn check(&self, line: &Line<'_>, findings: &[Found], output: &mut Output) {
        if !findings.is_empty() {
            super::begin_line(&mut output.out, &self.names, line);
            write_findings(&mut output.out, findings);
            output.out.push_str("}\n");
        }
    }
}

fn detail_of(code: Code, text: bool) -> &'static str {
    match code {
        Code::BodyTooLarge if text => {
            "The line is longer than 1 MiB and was passed over. Break it into lines."
        }
        other => detail_of_line(other),
    }
}

/// Appends `,"findings":[…]`.
fn write_findings(out: &mut String, findings: &[Found]) {
    out.push_str(",\"findings\":[");
    for (index, found) in findings.iter().enumerate() {
        out.push_str(if index > 0 { ",{\"rule\":" } else { "{\"rule\":" });
        write_string(out, found.rule);
        out.push_str(",\"pointer\":");
        write_string(out, &found.pointer);
        out.push('}');
    }
    out.push(']');
}
