//! Kills: the collector, ClickHouse, or both, at random and at each named step.
//!
//! Some worlds run at once, because a killed program mostly waits: for ClickHouse
//! to come up, and for the writer's fence. Each works off its part of one list, in
//! which every step stands with every victim before chance fills the rest.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tidemark_stack::stack::until;
use tidemark_stack::{Binaries, Process, Random};

use crate::sender::Habits;
use crate::world::World;

/// The names of collector/src/planted/steps.rs that a running collector comes by.
const RUNNING: [&str; 14] = [
    "log.write",
    "log.sync",
    "log.lane_synced",
    "log.synced",
    "log.answer",
    "plan.write",
    "plan.written",
    "block.send",
    "block.sent",
    "block.commit",
    "rollup.send",
    "rollup.sent",
    "log.snapshot",
    "migrate.statement",
];

/// Those that one comes by when it starts after it was killed.
const STARTING: [&str; 4] = ["log.opened", "block.fence", "block.probe", "rollup.ask"];

/// How long a step is waited for. A start waits 2 s for the fence, a rollup 1 s more.
const STEP_PATIENCE: Duration = Duration::from_secs(40);

/// Broken promises of a world that are shown, the tables' last.
const SHOWN: usize = 12;

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Victim {
    Collector,
    ClickHouse,
    Both,
}

const VICTIMS: [Victim; 3] = [Victim::Collector, Victim::ClickHouse, Victim::Both];

impl Victim {
    const fn name(self) -> &'static str {
        match self {
            Self::Collector => "collector",
            Self::ClickHouse => "clickhouse",
            Self::Both => "both",
        }
    }
}

/// When somebody is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    At(&'static str),
    AnyTime,
}

/// How much is killed.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// How many kills; each step with each victim comes first.
    #[arg(long, default_value_t = 100)]
    kills: usize,
    /// What decides everything that chance decides here.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Collectors, each with a ClickHouse, at work at once.
    #[arg(long, default_value_t = 6)]
    worlds: usize,
}

/// What happened.
#[derive(Debug, Default)]
struct Tally {
    kills: usize,
    victims: BTreeMap<&'static str, usize>,
    steps: BTreeMap<&'static str, usize>,
    unreached: BTreeMap<&'static str, usize>,
    acked: usize,
    duplicates: u64,
    broken: u64,
    later: u64,
    wrong: Vec<String>,
}

/// Kills, counts, and judges.
///
/// # Errors
/// When a promise was broken, or a step was never reached.
pub fn run(binaries: &Binaries, options: &Options) -> Result<Value> {
    let started = Instant::now();
    let worlds = options.worlds.clamp(1, options.kills.max(1));
    let mut plan = plan(options);
    let tally = Mutex::new(Tally::default());
    let mut parts: Vec<Vec<(Victim, Moment)>> = vec![Vec::new(); worlds];
    for at in 0.. {
        let Some(next) = plan.pop() else { break };
        parts[at % worlds].push(next);
    }
    std::thread::scope(|scope| {
        for (number, part) in parts.iter().enumerate() {
            let tally = &tally;
            scope.spawn(move || {
                let random = Random::new(options.seed, number as u64);
                if let Err(error) = work(binaries, part, random, tally)
                    && let Ok(mut tally) = tally.lock()
                {
                    tally.wrong.push(format!("world {number}: {error:#}"));
                }
            });
        }
    });
    let tally = tally.into_inner().unwrap_or_default();
    let all = RUNNING.iter().chain(&STARTING);
    let never: Vec<&str> = all.copied().filter(|step| !tally.steps.contains_key(step)).collect();
    let report = json!({
        "kills": tally.kills, "of": tally.victims, "at": tally.steps, "not_come_by": tally.unreached,
        "acked": tally.acked, "duplicates_told": tally.duplicates, "answers_lost": tally.broken,
        "told_to_come_back": tally.later, "seed": options.seed, "worlds": worlds,
        "seconds": started.elapsed().as_secs(), "wrong": tally.wrong,
    });
    ensure!(tally.wrong.is_empty(), "{}\n{report}", tally.wrong.join("\n"));
    ensure!(tally.kills >= options.kills, "too few kills: {report}");
    let covers = options.kills >= (RUNNING.len() + STARTING.len()) * VICTIMS.len();
    ensure!(never.is_empty() || !covers, "never reached {}: {report}", never.join(", "));
    Ok(report)
}

/// Every step with every victim, then chance; the last is taken first.
fn plan(options: &Options) -> Vec<(Victim, Moment)> {
    let mut random = Random::new(options.seed, u64::MAX);
    let mut plan = Vec::with_capacity(options.kills);
    let steps: Vec<&'static str> = RUNNING.into_iter().chain(STARTING).collect();
    while plan.len() < options.kills {
        let mut round: Vec<(Victim, Moment)> = Vec::new();
        for victim in VICTIMS {
            round.extend(steps.iter().map(|step| (victim, Moment::At(step))));
            round.extend([(victim, Moment::AnyTime); 14]);
        }
        // Shuffled, by Fisher and Yates.
        for last in (1..round.len()).rev() {
            let other = usize::try_from(random.below(last as u64 + 1)).unwrap_or(0);
            round.swap(last, other);
        }
        plan.extend(round);
    }
    plan.truncate(options.kills);
    plan.reverse();
    plan
}

fn work(
    binaries: &Binaries,
    plan: &[(Victim, Moment)],
    mut random: Random,
    tally: &Mutex<Tally>,
) -> Result<()> {
    let mut world = World::new(binaries)?;
    let stop_at = world.tidemark.file_variable("TIDEMARK_STOP_AT", "stop-at");
    let mut killer = Killer { stop_at, tally };
    // Only a start without tables comes by a migration.
    for (victim, moment) in plan {
        if matches!(moment, Moment::At("migrate.statement")) {
            killer.migration(&mut world, &mut random, *victim)?;
            break;
        }
    }
    world.start()?;
    let habits = Habits { batch_max: 12, pause_max_ms: 60, held_one_in: 25 };
    world.send(&mut random, 3, habits);
    let mut migrated = false;
    for (victim, moment) in plan {
        match moment {
            // The first was above; a world migrates once, so that further ones come at any time.
            Moment::At("migrate.statement") if !migrated => migrated = true,
            Moment::At("migrate.statement") | Moment::AnyTime => {
                killer.any_time(&mut world, &mut random, *victim)?;
            }
            Moment::At(step) => killer.at(&mut world, &mut random, *victim, step)?,
        }
    }
    world.start()?;
    let wrong = world.judge(&Default::default())?;
    if wrong.is_empty() {
        world.verify()?;
    }
    if let Ok(mut tally) = tally.lock() {
        let book = &world.book;
        tally.acked += book.count();
        tally.duplicates += book.duplicates.load(std::sync::atomic::Ordering::Relaxed);
        tally.broken += book.broken.load(std::sync::atomic::Ordering::Relaxed);
        tally.later += book.later.load(std::sync::atomic::Ordering::Relaxed);
        if !wrong.is_empty() {
            // For whoever looks into it.
            let shown = wrong[wrong.len().saturating_sub(SHOWN)..].join("\n");
            let kept = world.folder.keep();
            tally.wrong.push(format!("{} wrong\n{shown}\n{}", wrong.len(), kept.display()));
        }
    }
    Ok(())
}

struct Killer<'a> {
    stop_at: PathBuf,
    tally: &'a Mutex<Tally>,
}

impl Killer<'_> {
    fn count(&self, count: impl FnOnce(&mut Tally)) {
        if let Ok(mut tally) = self.tally.lock() {
            count(&mut tally);
        }
    }

    /// Kills, and brings back what is gone, in either order and not at once.
    fn kill(&self, world: &mut World, random: &mut Random, victim: Victim) -> Result<()> {
        if victim != Victim::ClickHouse {
            world.tidemark.kill()?;
        }
        if victim != Victim::Collector {
            world.clickhouse.kill()?;
            if let Some(process) = &world.tidemark.process {
                // It may have been stopped at a step.
                process.signal("CONT")?;
            }
        }
        self.count(|tally| {
            tally.kills += 1;
            *tally.victims.entry(victim.name()).or_default() += 1;
        });
        let mut bring = [true, false];
        if random.one_in(2) {
            bring.reverse();
        }
        for collector in bring {
            if random.one_in(3) {
                std::thread::sleep(Duration::from_millis(random.below(700)));
            }
            if collector && world.tidemark.process.is_none() {
                world.tidemark.start()?;
            } else if !collector && world.clickhouse.process.is_none() {
                world.clickhouse.start()?;
            }
        }
        Ok(())
    }

    fn any_time(&self, world: &mut World, random: &mut Random, victim: Victim) -> Result<()> {
        // At times in the middle of a start.
        if !random.one_in(4) {
            Self::until_up(world)?;
        }
        std::thread::sleep(Duration::from_millis(random.below(1_500)));
        self.kill(world, random, victim)
    }

    fn at(
        &mut self,
        world: &mut World,
        random: &mut Random,
        victim: Victim,
        step: &'static str,
    ) -> Result<()> {
        Self::until_up(world)?;
        if STARTING.contains(&step) {
            if step != "log.opened" {
                // A block under way is what a restart doubts.
                self.stop(world, "block.send")?;
            }
            world.tidemark.kill()?;
            self.ask(step)?;
            world.tidemark.start()?;
        } else {
            self.ask(step)?;
            if step == "log.snapshot"
                && let Some(process) = &world.tidemark.process
            {
                process.signal("TERM")?;
            }
        }
        let reached = self.is_stopped_in_time(world)?;
        self.count(|tally| {
            let steps = if reached { &mut tally.steps } else { &mut tally.unreached };
            *steps.entry(step).or_default() += 1;
        });
        if reached && victim == Victim::ClickHouse && random.one_in(2) {
            // It goes on, and ClickHouse dies in the middle of what comes next.
            if let Some(process) = &world.tidemark.process {
                process.signal("CONT")?;
            }
            std::thread::sleep(Duration::from_millis(random.below(12)));
        }
        if step == "log.snapshot" && victim == Victim::ClickHouse {
            // It was about to end.
            world.tidemark.kill()?;
        }
        self.kill(world, random, victim)
    }

    /// The first start of a world, killed at each of some statements.
    fn migration(&self, world: &mut World, random: &mut Random, victim: Victim) -> Result<()> {
        for _ in 0..2 {
            if world.clickhouse.process.is_none() {
                world.clickhouse.start()?;
            }
            world.clickhouse.until_ready()?;
            world.tidemark.kill()?;
            fs::write(&self.stop_at, format!("migrate.statement {}", 1 + random.below(9)))?;
            world.tidemark.start()?;
            let reached = self.is_stopped_in_time(world)?;
            self.count(|tally| {
                let steps = if reached { &mut tally.steps } else { &mut tally.unreached };
                *steps.entry("migrate.statement").or_default() += 1;
            });
            self.kill(world, random, victim)?;
        }
        Ok(())
    }

    fn ask(&self, step: &str) -> Result<()> {
        let new = self.stop_at.with_extension("new");
        fs::write(&new, step)?;
        Ok(fs::rename(new, &self.stop_at)?)
    }

    /// Waits until the collector stands at the step asked for. When it does not
    /// come by, the question is taken back.
    fn is_stopped_in_time(&self, world: &World) -> Result<bool> {
        let deadline = Instant::now() + STEP_PATIENCE;
        loop {
            if world.tidemark.process.as_ref().is_some_and(Process::is_stopped) {
                return Ok(true);
            }
            if Instant::now() > deadline {
                // Gone already: it came by after all.
                let taken_back = fs::remove_file(&self.stop_at).is_ok();
                return Ok(
                    !taken_back && world.tidemark.process.as_ref().is_some_and(Process::is_stopped)
                );
            }
            std::thread::sleep(Duration::from_millis(3));
        }
    }

    fn stop(&self, world: &World, step: &str) -> Result<bool> {
        self.ask(step)?;
        self.is_stopped_in_time(world)
    }

    /// Waits until both are there, so that a step can be reached.
    fn until_up(world: &mut World) -> Result<()> {
        world.clickhouse.until_ready()?;
        let mut client = world.tidemark.client();
        until("the collector up", || {
            if let Some(status) = world.tidemark.process.as_mut().and_then(Process::ended) {
                anyhow::bail!("the collector has ended by itself: {status}");
            }
            let live = client.request("GET", "/health/live", &[], b"");
            Ok(live.is_ok_and(|answer| answer.status == 200))
        })
        .with_context(|| world.tidemark.log_end(20))
    }
}
