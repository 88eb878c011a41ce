//! The index's work beside taking ids, in steps that each take little time:
//! writing closed generations down, moving the oldest to files, forgetting.
//!
//! What always holds: a manifest is written after every run that it names is
//! durable, and a run leaves memory, or the disk, after a manifest says so.
//! Whatever a crash interrupts is begun anew; files that no manifest names are
//! removed by the next manifest.

use std::io;

use super::index::{Index, SpilledRun};
use super::manifest::{Manifest, RunEntry, run_path};
use super::run::{RunWriter, Spilled};
use super::table::{Generations, REGIONS};
use crate::planted::{self, Bug};

/// What is under way.
pub(super) enum Job {
    /// The oldest closed generation that has no file gets one.
    Write { writer: RunWriter, number: u64, generation: u8, region: usize },
    /// The oldest `members` closed generations move to one file.
    Spill {
        writer: RunWriter,
        spilled: Spilled,
        generations: Generations,
        members: usize,
        region: usize,
    },
    /// What moved or expired is taken out of the table.
    Sweep { generations: Generations, region: usize },
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stepped {
    /// There is more to do.
    Worked,
    /// There is nothing to do.
    Idle,
}

impl Index {
    /// Does a little of what is to be done. `log_ms` is the log's time.
    ///
    /// # Errors
    /// The disk's: the work that failed is begun anew by a later call; nothing
    /// that is known is lost.
    pub fn step(&mut self, log_ms: i64) -> io::Result<Stepped> {
        self.log_ms = log_ms;
        match self.job.take() {
            Some(job) => self.go_on(job)?,
            None => match self.next_job(log_ms)? {
                Some(job) => self.job = Some(job),
                None if self.stale => self.write_manifest()?,
                None => return Ok(Stepped::Idle),
            },
        }
        Ok(Stepped::Worked)
    }

    fn next_job(&mut self, log_ms: i64) -> io::Result<Option<Job>> {
        if let Some(generations) = self.forget(log_ms) {
            return Ok(Some(Job::Sweep { generations, region: 0 }));
        }
        if let Some(closed) = self.closed.iter().find(|closed| closed.run.is_none()) {
            let generation = closed.number;
            let number = self.new_run();
            let writer = RunWriter::create(&*self.disk, &run_path(&self.folder, number), number)?;
            return Ok(Some(Job::Write { writer, number, generation, region: 0 }));
        }
        self.spill()
    }

    /// Drops what is older than the window. The generations that the table still holds of it.
    fn forget(&mut self, log_ms: i64) -> Option<Generations> {
        let window_ms = if planted::active(Bug::WindowTooShort) {
            self.limits.window_ms / 24
        } else {
            self.limits.window_ms
        };
        let expired = |closed_ms: i64| log_ms - closed_ms > window_ms;
        let runs = self.spilled.len();
        self.spilled.retain(|spilled| !expired(spilled.closed_ms));
        self.stale |= self.spilled.len() < runs;
        let mut generations = None;
        while let Some(oldest) = self.closed.front()
            && oldest.run.is_some()
            && expired(oldest.closed_ms)
        {
            generations.get_or_insert_with(Generations::default).insert(oldest.number);
            self.stale = true;
            if let Some(oldest) = self.closed.pop_front() {
                self.floor = oldest.positions;
            }
        }
        generations
    }

    /// Begins to move the oldest quarter of the ids to a file, when memory is
    /// three quarters full and the filters have room.
    fn spill(&mut self) -> io::Result<Option<Job>> {
        if self.table.bytes() < self.limits.table_max_bytes / 4 * 3 {
            return Ok(None);
        }
        let (mut generations, mut members, mut ids) = (Generations::default(), 0, 0);
        for closed in &self.closed {
            if ids >= self.table.ids() / 4 {
                break;
            }
            generations.insert(closed.number);
            ids += self.table.count(closed.number);
            members += 1;
        }
        let fits = self.filter_bytes() + Spilled::bytes_for(ids) <= self.limits.filters_max_bytes;
        if ids == 0 || !fits {
            return Ok(None);
        }
        let number = self.new_run();
        let path = run_path(&self.folder, number);
        let writer = RunWriter::create(&*self.disk, &path, number)?;
        let spilled = Spilled::new(path, number, ids as u64);
        Ok(Some(Job::Spill { writer, spilled, generations, members, region: 0 }))
    }

    const fn new_run(&mut self) -> u64 {
        self.next_run += 1;
        self.next_run - 1
    }

    fn go_on(&mut self, job: Job) -> io::Result<()> {
        match job {
            Job::Write { mut writer, number, generation, region } => {
                let mut only = Generations::default();
                only.insert(generation);
                let end = (region + self.limits.regions_per_step).min(REGIONS);
                for fingerprint in (region..end).flat_map(|at| self.table.select(at, &only)) {
                    writer.push(fingerprint)?;
                }
                if end < REGIONS {
                    self.job = Some(Job::Write { writer, number, generation, region: end });
                    return Ok(());
                }
                let ids = writer.finish()?;
                self.disk.sync_folder(&self.folder)?;
                self.written(generation, (number, ids))
            }
            Job::Spill { mut writer, mut spilled, generations, members, region } => {
                let end = (region + self.limits.regions_per_step).min(REGIONS);
                for fingerprint in (region..end).flat_map(|at| self.table.select(at, &generations))
                {
                    writer.push(fingerprint)?;
                    spilled.fill(fingerprint);
                }
                if end < REGIONS {
                    let region = end;
                    self.job = Some(Job::Spill { writer, spilled, generations, members, region });
                    return Ok(());
                }
                spilled.ids = writer.finish()?;
                self.disk.sync_folder(&self.folder)?;
                self.moved(spilled, generations, members)
            }
            Job::Sweep { generations, region } => {
                let end = (region + self.limits.regions_per_step).min(REGIONS);
                for at in region..end {
                    self.table.sweep(at, &generations);
                }
                if end < REGIONS {
                    self.job = Some(Job::Sweep { generations, region: end });
                }
                Ok(())
            }
        }
    }

    /// A generation's file is durable: a manifest says so.
    fn written(&mut self, generation: u8, run: (u64, u64)) -> io::Result<()> {
        for closed in self.closed.iter_mut().filter(|closed| closed.number == generation) {
            closed.run = Some(run);
        }
        self.write_manifest()
    }

    /// A file of several generations is durable: it takes their place.
    fn moved(&mut self, run: Spilled, generations: Generations, members: usize) -> io::Result<()> {
        let mut closed_ms = 0;
        for closed in self.closed.drain(..members) {
            closed_ms = closed.closed_ms;
            self.floor = closed.positions;
        }
        self.spilled.push(SpilledRun { run, closed_ms });
        self.job = Some(Job::Sweep { generations, region: 0 });
        self.write_manifest()
    }

    /// Writes down which runs are the index now, and removes what no kept manifest names.
    fn write_manifest(&mut self) -> io::Result<()> {
        self.stale = true;
        let written = self.closed.iter().take_while(|closed| closed.run.is_some());
        let mut positions =
            written.clone().last().map_or(&self.floor, |last| &last.positions).clone();
        if planted::active(Bug::SnapshotOneTooFar) {
            positions.iter_mut().for_each(|position| *position += 1);
        }
        let spilled = self.spilled.iter().map(|spilled| RunEntry {
            number: spilled.run.number,
            ids: spilled.run.ids,
            spilled: true,
            closed_ms: spilled.closed_ms,
        });
        let resident = written.filter_map(|closed| {
            let (number, ids) = closed.run?;
            Some(RunEntry { number, ids, spilled: false, closed_ms: closed.closed_ms })
        });
        let manifest = Manifest {
            sequence: self.next_sequence,
            log_id: self.log_id,
            log_ms: self.log_ms,
            positions,
            runs: spilled.chain(resident).collect(),
        };
        self.next_sequence += 1;
        manifest.write(&*self.disk, &self.folder)?;
        self.stale = false;
        let newest = self.manifests.0.replace(manifest);
        self.manifests.1 = newest;
        let kept: Vec<&Manifest> =
            [&self.manifests.0, &self.manifests.1].into_iter().flatten().collect();
        // A left-over costs room and nothing else; the next manifest tries again.
        Manifest::remove_others(&*self.disk, &self.folder, &kept).or(Ok(()))
    }
}
