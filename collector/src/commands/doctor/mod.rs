//! `tidemark doctor`: looks at everything that a collector stands on, and says what
//! to do about what is not well.
//!
//! It changes nothing but a small file in the data directory, which it removes
//! again. It shows no secret: of a key, only whether it is strong enough.

mod collector;
mod database;
mod finding;
mod machine;
mod secrets;

use clap::Args;

use super::live::{ConfigFile, Environment};
use super::{CommandError, Exit, print};
use crate::config::Config;
use crate::refusal::causes;
use crate::store::ClickHouse;
use finding::{Findings, State};

pub(super) use collector::reachable;

const HELP: &str = r#"Output: a line a check, and below it what to do about it:
  ok    clickhouse.version      26.7.2.1
  warn  data.space              3.1 GB free
        → The log needs room for an outage of ClickHouse. Free some, or move data.dir.
  --json: {"checks":[{"name","state","found","advice"?},…],"ok":12,"warn":1,"fail":0}

Examples:
  tidemark doctor --config tidemark.toml
  tidemark doctor --json | jq '.checks[] | select(.state != "ok")'

Exit codes:
  0 nothing fails (warnings may be there) · 1 some check fails · 2 wrong use"#;

/// The command's options.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub struct Options {
    #[command(flatten)]
    file: ConfigFile,
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(options: &Options, environment: Environment) -> Result<Exit, CommandError> {
    let mut findings = Findings::default();
    match options.file.load(environment) {
        Ok(config) => {
            findings.ok("config", options.file.config.display().to_string());
            look(&config, &mut findings).await;
        }
        // Its words name the key and never a secret's value.
        Err(error) => findings.fail(
            "config",
            causes(&error),
            "Nothing else can be looked at before. collector/README.md describes every key.",
        ),
    }
    let text = if options.json { findings.to_json() } else { findings.to_text() };
    print(&text)?;
    Ok(if findings.count(State::Fail) == 0 { Exit::Well } else { Exit::NotWell })
}

async fn look(config: &Config, findings: &mut Findings) {
    secrets::look(config, findings);
    machine::look(config, findings);
    machine::look_at_sites(config, findings).await;
    database::look(&ClickHouse::new(&config.clickhouse), &config.clickhouse, findings).await;
    collector::look(config, findings).await;
}
