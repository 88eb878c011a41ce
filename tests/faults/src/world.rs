//! One collector with one ClickHouse and some senders, and what must be true of
//! them when everything has calmed down.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;
use tidemark_stack::process::PATIENCE;
use tidemark_stack::stack::until;
use tidemark_stack::{Binaries, ClickHouse, Random, Tidemark};

use crate::event::Event;
use crate::recount::TABLES;
use crate::sender::{self, Book, Habits};

/// Lines of a table that differ, shown at most.
const SHOWN: usize = 6;

/// A collector, a ClickHouse, and senders.
pub struct World {
    /// The engine.
    pub clickhouse: ClickHouse,
    /// The collector.
    pub tidemark: Tidemark,
    /// What the senders were told.
    pub book: Arc<Book>,
    senders: Vec<JoinHandle<()>>,
    /// Everything that the two write.
    pub folder: TempDir,
}

impl World {
    /// Two programs that are not started yet, in a folder of their own.
    ///
    /// # Errors
    /// When there is no port or no folder.
    pub fn new(binaries: &Binaries) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("tidemark-faults-").tempdir()?;
        let clickhouse = ClickHouse::new(binaries, folder.path())?;
        let tidemark = Tidemark::new(binaries, folder.path(), clickhouse.address)?;
        Ok(Self { clickhouse, tidemark, book: Arc::default(), senders: Vec::new(), folder })
    }

    /// Both programs, ready.
    ///
    /// # Errors
    /// When one does not come up.
    pub fn started(binaries: &Binaries) -> Result<Self> {
        let mut world = Self::new(binaries)?;
        world.start()?;
        Ok(world)
    }

    /// Starts both, and waits for them.
    ///
    /// # Errors
    /// When one does not come up.
    pub fn start(&mut self) -> Result<()> {
        if self.clickhouse.process.is_none() {
            self.clickhouse.start()?;
        }
        if self.tidemark.process.is_none() {
            self.tidemark.start()?;
        }
        self.clickhouse.until_ready()?;
        self.tidemark.until_ready()
    }

    /// Starts some senders.
    pub fn send(&mut self, random: &mut Random, senders: u64, habits: Habits) {
        for number in 0..senders {
            let book = Arc::clone(&self.book);
            let client = sender::client(self.tidemark.address);
            let random = Random::new(random.bits(), number);
            self.senders
                .push(std::thread::spawn(move || sender::run(&book, client, random, habits)));
        }
    }

    /// Sends some batches, each until it is acknowledged.
    pub fn send_some(&self, random: &mut Random, batches: u64, size: u64) {
        let mut client = sender::client(self.tidemark.address);
        for _ in 0..batches {
            let events: Vec<Event> = (0..size).map(|_| Event::new(random, 0, false)).collect();
            if sender::until_acked(&self.book, &mut client, random, &events, Some("accepted")) {
                self.book.acked(&events);
            }
        }
    }

    /// Lets the senders finish: every batch of theirs is acknowledged.
    ///
    /// # Errors
    /// When a sender died.
    pub fn finish_sending(&mut self) -> Result<()> {
        self.book.stop.store(true, Ordering::Relaxed);
        for sender in self.senders.drain(..) {
            sender.join().map_err(|_| anyhow::anyhow!("a sender panicked"))?;
        }
        self.book.stop.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// What is wrong: answers first, then each table against the independent count,
    /// once the collector has written all, and once more after it was stopped;
    /// `lost` are events that may be absent, because their disk lost them.
    ///
    /// # Errors
    /// When something cannot be asked.
    pub fn judge(&mut self, lost: &BTreeSet<String>) -> Result<Vec<String>> {
        self.finish_sending()?;
        self.start()?;
        let mut events = self.book.acked.lock().map(|acked| acked.clone()).unwrap_or_default();
        events.retain(|event| !lost.contains(&event.id));
        let mut wrong = self.book.wrong.lock().map(|wrong| wrong.clone()).unwrap_or_default();
        let deadline = Instant::now() + PATIENCE;
        while !self.differences(&events).is_empty() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(200));
        }
        for series in ["tidemark_writer_violations_total", "tidemark_writer_lost_total"] {
            let broken = self.tidemark.metric(series)?.unwrap_or(0.0);
            if broken != 0.0 {
                wrong.push(format!("{series} is {broken}"));
            }
        }
        // Counters begin anew with each start; the log goes on.
        let log = self.tidemark.log();
        for words in ["invariant violated", "panicked"] {
            if let Some(line) = log.lines().find(|line| line.contains(words)) {
                wrong.push(line.to_owned());
            }
        }
        if let Some(mut process) = self.tidemark.process.take() {
            let status = process.terminate()?;
            ensure!(status.success(), "the collector ended with {status}");
        }
        wrong.extend(self.differences(&events));
        Ok(wrong)
    }

    /// The tables that are not what was sent, with some of the lines.
    fn differences(&self, events: &[Event]) -> Vec<String> {
        let mut wrong = Vec::new();
        for table in &TABLES {
            let printed = match self.clickhouse.query(&table.sql()) {
                Ok(printed) => printed,
                Err(error) => {
                    wrong.push(format!("{} cannot be asked: {error:#}", table.name));
                    continue;
                }
            };
            let printed: BTreeSet<String> = printed.lines().map(str::to_owned).collect();
            let expected = table.expected(events.iter());
            let (missing, surplus) = (
                expected.difference(&printed).collect::<Vec<_>>(),
                printed.difference(&expected).collect::<Vec<_>>(),
            );
            if missing.is_empty() && surplus.is_empty() {
                continue;
            }
            let show = |lines: &[&String]| {
                lines.iter().take(SHOWN).map(|line| format!("\n    {line}")).collect::<String>()
            };
            wrong.push(format!(
                "{}: {} lines are not there:{}\n  and {} should not be:{}",
                table.name,
                missing.len(),
                show(&missing),
                surplus.len(),
                show(&surplus)
            ));
        }
        wrong
    }

    /// As [`judge`](Self::judge), and then `tidemark verify` on the live system.
    ///
    /// # Errors
    /// When something is wrong.
    pub fn must_be_exact(&mut self) -> Result<()> {
        self.must_be_exact_without(&BTreeSet::new())
    }

    /// As [`must_be_exact`](Self::must_be_exact), but for events that the disk lost.
    ///
    /// # Errors
    /// When something is wrong.
    pub fn must_be_exact_without(&mut self, lost: &BTreeSet<String>) -> Result<()> {
        let wrong = self.judge(lost)?;
        ensure!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), self.tidemark.log_end(30));
        Ok(())
    }

    /// Runs `tidemark verify` on the live system.
    ///
    /// # Errors
    /// When it finds something.
    pub fn verify(&mut self) -> Result<()> {
        self.start()?;
        let output = self.tidemark.command(&["verify", "--json"]).output()?;
        let told = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "tidemark verify: {told}");
        Ok(())
    }

    /// Rows of the base table; none while it is not there, or ClickHouse is not.
    pub fn rows(&self) -> u64 {
        self.clickhouse.number("SELECT count() FROM tidemark.events_raw").unwrap_or(0)
    }

    /// Waits until the base table holds all that is acknowledged.
    ///
    /// # Errors
    /// When it never does.
    pub fn until_written(&self) -> Result<()> {
        let acked = self.book.count() as u64;
        until("all in events_raw", || Ok(self.rows() >= acked))
            .with_context(|| self.tidemark.log_end(20))
    }
}
