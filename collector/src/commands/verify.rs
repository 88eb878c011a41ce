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
use crate::invariants::{Invariant as Promise, verdicts_sum_up};
use crate::log::limits::REPAIR_GAP;
use crate::store::{ClickHouse, Rollup};

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
    let series = Series::read(&config).await;
    let pending = series.as_ref().ok().map(Series::lag);
    let mut names = vec![Asked::Ids, Asked::Places, Asked::Accounted(pending), Asked::Erased];
    names.extend(Rollup::ALL.map(Asked::Marks));
    names.extend(Rollup::ALL.map(|rollup| Asked::Recount(rollup, days)));
    for asked in names {
        invariants.push(asked.until_sure(&clickhouse).await?);
    }
    invariants.push(counted(&series));
    invariants.push(durable(&series));
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
    /// With how many entries the collector says that ClickHouse lacks.
    Accounted(Option<u64>),
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
        let of =
            |promise: Promise, rollup: Rollup| format!("{}/{}", promise.name(), rollup.as_str());
        match self {
            Self::Ids => Promise::IdsAreUnique.name().to_owned(),
            Self::Places => Promise::PlacesAreUnique.name().to_owned(),
            Self::Accounted(_) => Promise::EveryPlaceIsAccountedFor.name().to_owned(),
            Self::Erased => Promise::ErasedAreGone.name().to_owned(),
            Self::Marks(rollup) => of(Promise::MarksFollowBase, rollup),
            Self::Recount(rollup, _) => of(Promise::RollupEqualsRecount, rollup),
        }
    }

    async fn ask(self, clickhouse: &ClickHouse) -> Result<(bool, String), CommandError> {
        Ok(match self {
            Self::Ids => none(clickhouse.audit_ids().await?, "ids stand more than once"),
            Self::Places => none(clickhouse.audit_places().await?, "places have several rows"),
            Self::Accounted(pending) => {
                let (repaired, gaps): (Vec<_>, Vec<_>) = clickhouse
                    .audit_gaps()
                    .await?
                    .into_iter()
                    .partition(|gap| gap.missing % REPAIR_GAP == 0);
                let told = gaps.iter().map(|gap| {
                    format!(
                        "{} of lane {} between {} and {} (log {})",
                        gap.missing, gap.lane, gap.from, gap.to, gap.log_id
                    )
                });
                let told = told.collect::<Vec<_>>().join("; ");
                let mut account = clickhouse.audit_account().await?;
                let waits = pending.unwrap_or(0);
                account.pending = waits;
                account.unused = repaired.iter().map(|gap| gap.missing).sum();
                account.accepted += waits;
                let mut all = account.to_string();
                if pending.is_none() {
                    all += "; what is pending the collector did not tell";
                }
                let holds = gaps.is_empty() && account.balances();
                (holds, if gaps.is_empty() { all } else { format!("{all}; missing {told}") })
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

/// Entries that ClickHouse lacks, as the running collector tells it.
const LAG: &str = "tidemark_log_lag_entries";

/// What the running collector tells of itself.
struct Series(String);

impl Series {
    /// # Errors
    /// Why it does not tell.
    async fn read(config: &Config) -> Result<Self, String> {
        let address = reachable(config.server.listen);
        match Call::get("/metrics", WITHIN).send(address).await {
            Ok(answer) if answer.status == 200 => {
                Ok(Self(String::from_utf8_lossy(&answer.body).into_owned()))
            }
            Ok(answer) => Err(format!("/metrics answers {}", answer.status)),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Entries that ClickHouse lacks.
    fn lag(&self) -> u64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        let lag = self.sum(LAG) as u64;
        lag
    }

    /// The sum of a series over its labels.
    fn sum(&self, name: &str) -> f64 {
        self.0
            .lines()
            .filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    }
}

fn told(promise: Promise, state: State, found: String) -> Invariant {
    Invariant { name: promise.name().to_owned(), state, found }
}

/// That each received event has a verdict, as the running collector counts them.
fn counted(series: &Result<Series, String>) -> Invariant {
    let promise = Promise::VerdictsSumUp;
    let series = match series {
        Ok(series) => series,
        Err(why) => return told(promise, State::Unknown, why.clone()),
    };
    let received = series.sum("tidemark_events_received_total");
    let verdicts = series.sum("tidemark_events_total");
    // One batch may be counted between the two lines of the same answer.
    let holds = verdicts_sum_up(received, verdicts, 500.0);
    let state = if holds { State::Holds } else { State::Broken };
    told(promise, state, format!("{received} received, {verdicts} verdicts"))
}

/// That the log's disk has kept what was accepted, as the running collector found it.
fn durable(series: &Result<Series, String>) -> Invariant {
    let promise = Promise::AcceptedIsDurable;
    let series = match series {
        Ok(series) => series,
        Err(why) => return told(promise, State::Unknown, why.clone()),
    };
    let damaged = series.sum("tidemark_log_damaged_entries_total");
    let lost = series.sum("tidemark_writer_lost_total");
    let state = if damaged + lost == 0.0 { State::Holds } else { State::Broken };
    told(
        promise,
        state,
        format!("{damaged} entries that the disk did not keep, {lost} let go early"),
    )
}
