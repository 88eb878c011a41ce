//! `tidemark verify`: audits a live system against what is promised.
//!
//! Each invariant has the name that docs/guarantees.md gives it. What differs while
//! the collector writes is asked for again before it is said to be broken.

use std::fmt::Write as _;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::call::Call;
use super::doctor::reachable;
use super::live::{ConfigFile, Environment};
use super::{CommandError, Exit, print};
use crate::config::Config;
use crate::store::{Accounts, ClickHouse, Rollup};

const HELP: &str = r#"Output: a line an invariant:
  holds   ids_are_unique                  no id stands twice
  broken  rollup_equals_recount/daily_metrics  2 of 30 keys differ
  --json: {"invariants":[{"name","state","found"},…],"broken":1}
  docs/guarantees.md says which promise each stands for, and what to do.

Examples:
  tidemark verify --config tidemark.toml
  tidemark verify --days 7 --json

Exit codes:
  0 all hold (what cannot be asked is said) · 1 one is broken · 2 wrong use, or
  ClickHouse does not answer"#;

/// The command's options.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub struct Options {
    #[command(flatten)]
    file: ConfigFile,
    /// How many days back rollups are counted anew; no more than events are kept.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=3660))]
    days: u16,
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

/// Times that a broken invariant is looked at before it is said to be.
const TRIES: u32 = 3;

/// The pause between: blocks of several tables, and rollups, follow within a second.
const PAUSE: Duration = Duration::from_secs(2);

const WITHIN: Duration = Duration::from_secs(5);

/// The days at the end of their keeping that are left out: an event may have been
/// received a day before it says that it happened, and rows expire by the hour.
const EXPIRING_DAYS: u16 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Holds,
    Broken,
    Unknown,
}

#[derive(Clone, Debug, Serialize)]
struct Invariant {
    name: String,
    state: State,
    found: String,
}

pub(super) async fn run(options: &Options, environment: Environment) -> Result<Exit, CommandError> {
    let config = options.file.load(environment)?;
    let clickhouse = ClickHouse::new(&config.clickhouse);
    let kept = config.retention.events_days.saturating_sub(EXPIRING_DAYS);
    let days = options.days.min(kept);
    let mut invariants = Vec::new();
    let mut names = vec![Asked::Ids, Asked::Places, Asked::Accounted, Asked::Erased];
    names.extend(Rollup::ALL.map(Asked::Marks));
    names.extend(Rollup::ALL.map(|rollup| Asked::Recount(rollup, days)));
    for asked in names {
        invariants.push(asked.until_sure(&clickhouse).await?);
    }
    invariants.push(verdicts_sum_up(&config).await);
    let broken = invariants.iter().filter(|one| one.state == State::Broken).count();
    let text = if options.json {
        format!("{}\n", serde_json::json!({"invariants": invariants, "broken": broken}))
    } else {
        to_text(&invariants)
    };
    print(&text)?;
    Ok(if broken == 0 { Exit::Well } else { Exit::NotWell })
}

fn to_text(invariants: &[Invariant]) -> String {
    let mut out = String::new();
    for Invariant { name, state, found } in invariants {
        let state = match state {
            State::Holds => "holds",
            State::Broken => "broken",
            State::Unknown => "unknown",
        };
        // Writing to a text cannot fail.
        let _ = writeln!(out, "{state:<7}  {name:<44}  {found}");
    }
    out
}

/// One question of the audit.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Ids,
    Places,
    Accounted,
    Erased,
    Marks(Rollup),
    Recount(Rollup, u16),
}

impl Asked {
    async fn until_sure(self, clickhouse: &ClickHouse) -> Result<Invariant, CommandError> {
        let mut tries = 1;
        loop {
            let (holds, found) = self.ask(clickhouse).await?;
            if holds || tries == TRIES {
                let state = if holds { State::Holds } else { State::Broken };
                return Ok(Invariant { name: self.name(), state, found });
            }
            tries += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn name(self) -> String {
        match self {
            Self::Ids => "ids_are_unique".to_owned(),
            Self::Places => "places_are_unique".to_owned(),
            Self::Accounted => "every_place_is_accounted_for".to_owned(),
            Self::Erased => "erased_are_gone".to_owned(),
            Self::Marks(rollup) => format!("marks_follow_base/{}", rollup.as_str()),
            Self::Recount(rollup, _) => format!("rollup_equals_recount/{}", rollup.as_str()),
        }
    }

    async fn ask(self, clickhouse: &ClickHouse) -> Result<(bool, String), CommandError> {
        Ok(match self {
            Self::Ids => none(clickhouse.audit_ids().await?, "ids stand more than once"),
            Self::Places => none(clickhouse.audit_places().await?, "places have several rows"),
            Self::Accounted => {
                let gaps = clickhouse.audit_gaps().await?;
                let told = gaps.iter().map(|gap| {
                    format!(
                        "{} of lane {} between {} and {} (log {})",
                        gap.missing, gap.lane, gap.from, gap.to, gap.log_id
                    )
                });
                let told = told.collect::<Vec<_>>().join("; ");
                let Accounts { events, rejections, dead_letters, erased } =
                    clickhouse.audit_accounts().await?;
                let missing: u64 = gaps.iter().map(|gap| gap.missing).sum();
                let sum = events + rejections + dead_letters + erased + missing;
                let all = format!(
                    "{sum} places of a day = {events} events + {rejections} rejections + \
                     {dead_letters} dead letters + {erased} erased + {missing} missing"
                );
                (gaps.is_empty(), if gaps.is_empty() { all } else { format!("{all}: {told}") })
            }
            Self::Erased => {
                none(clickhouse.audit_erased().await?, "places told as erased have a row")
            }
            Self::Marks(rollup) => {
                none(clickhouse.audit_marks(rollup).await?, "marks are ahead of the base rows")
            }
            Self::Recount(rollup, days) => {
                let recount = clickhouse.audit_rollup(rollup, days).await?;
                let found = format!(
                    "{} of {} keys differ, {days} days back",
                    recount.differing, recount.compared
                );
                (recount.differing == 0, found)
            }
        })
    }
}

fn none(count: u64, what: &str) -> (bool, String) {
    (count == 0, format!("{count} {what}"))
}

/// That each received event has a verdict, as the running collector counts them.
async fn verdicts_sum_up(config: &Config) -> Invariant {
    let told =
        |state, found: String| Invariant { name: "verdicts_sum_up".to_owned(), state, found };
    let address = reachable(config.server.listen);
    let answer = match Call::get("/metrics", WITHIN).send(address).await {
        Ok(answer) if answer.status == 200 => answer,
        Ok(answer) => return told(State::Unknown, format!("/metrics answers {}", answer.status)),
        Err(error) => return told(State::Unknown, error.to_string()),
    };
    let text = String::from_utf8_lossy(&answer.body);
    let sum = |name: &str| -> f64 {
        text.lines()
            .filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    };
    let (received, verdicts) =
        (sum("tidemark_events_received_total"), sum("tidemark_events_total"));
    // One batch may be counted between the two lines of the same answer.
    let state = if (received - verdicts).abs() <= 500.0 { State::Holds } else { State::Broken };
    told(state, format!("{received} received, {verdicts} verdicts"))
}
