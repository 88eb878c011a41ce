//! The thread that erases: one person after the other, and after a restart those
//! that were under way.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use uuid::Uuid;

use super::eraser::{EraseWorld, Eraser, Resting, Stepped};
use super::job::{Job, Receipt, Request, TakeUpError, receipt, take_up};
use super::stage::Stage;
use crate::clock::Clock;
use crate::disk::Disk;
use crate::limits::ERASURES_WAITING_MAX;
use crate::log::erased::ErasedPeople;
use crate::log::{Committer, LogReader};
use crate::sealed::SealedError;
use crate::store::PersonStore;

/// What the thread works on.
pub struct Parts {
    /// The log, to be read.
    pub log: Arc<dyn LogReader>,
    /// The log, to be erased in.
    pub committer: Arc<Committer>,
    /// Who must not come back.
    pub people: Arc<ErasedPeople>,
    /// The writers.
    pub writers: Arc<dyn Resting + Send + Sync>,
    /// ClickHouse.
    pub store: Arc<dyn PersonStore>,
    /// Where jobs, receipts and dead letters are.
    pub disk: Arc<dyn Disk>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Where an erasure is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It waits for those before it.
    Waiting,
    /// It is under way, and may wait for something.
    UnderWay(Stage, Option<String>),
    /// It is finished.
    Done(Box<Receipt>),
}

/// Why an erasure is not begun.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// As many wait as there may be.
    #[error("{ERASURES_WAITING_MAX} erasures wait already")]
    Full,
    /// It cannot be written down.
    #[error("the erasure cannot be written down")]
    Disk(#[from] io::Error),
}

/// The erasures of a process.
pub struct Service {
    inner: Arc<Inner>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Inner {
    parts: Parts,
    stop: AtomicBool,
    queue: Mutex<Queue>,
    woken: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Job>,
    current: Option<Current>,
}

struct Current {
    job: Job,
    stage: Stage,
    waits_for: Option<String>,
}

impl Service {
    /// Starts the thread; it begins with what was under way. Nothing may be taken in
    /// before: a person whose erasure had just been asked for is closed by this.
    ///
    /// # Errors
    /// A job cannot be read, the erased cannot be written, or there is no thread.
    pub fn start(parts: Parts) -> Result<Self, StartError> {
        let found = take_up(&*parts.disk, &parts.people)?;
        if !found.is_empty() {
            tracing::info!(erasures = found.len(), "erasures that were under way go on");
        }
        let queue = Queue { waiting: found.into(), current: None };
        let inner = Arc::new(Inner {
            parts,
            stop: AtomicBool::new(false),
            queue: Mutex::new(queue),
            woken: Condvar::new(),
        });
        let of_thread = Arc::clone(&inner);
        let thread =
            std::thread::Builder::new().name("eraser".to_owned()).spawn(move || of_thread.run())?;
        Ok(Self { inner, thread: Mutex::new(Some(thread)) })
    }

    /// Begins an erasure: when this returns, it is durable, and goes on whatever
    /// happens. Gives its id, which is that of one under way about the same person.
    ///
    /// # Errors
    /// [`AskError`].
    pub fn ask(&self, request: &Request) -> Result<Uuid, AskError> {
        let Inner { parts, .. } = &*self.inner;
        let mut queue = self.inner.queue();
        let under_way = queue.current.iter().map(|current| &current.job).chain(&queue.waiting);
        if let Some(same) = under_way.into_iter().find(|job| job.is_about(&request.person)) {
            return Ok(same.erasure_id);
        }
        if queue.waiting.len() >= ERASURES_WAITING_MAX {
            return Err(AskError::Full);
        }
        let job = Job::begin(&*parts.disk, &parts.people, request, parts.clock.unix_ms())?;
        tracing::info!(erasure_id = %job.erasure_id, tenant_id = %job.tenant_id, "an erasure begins");
        queue.waiting.push_back(job);
        drop(queue);
        self.inner.woken.notify_all();
        Ok(request.erasure_id)
    }

    /// Where an erasure is; `None` for one that is not known here.
    ///
    /// # Errors
    /// [`SealedError`]: its receipt cannot be read.
    pub fn status(&self, erasure_id: Uuid) -> Result<Option<Status>, SealedError> {
        {
            let queue = self.inner.queue();
            if let Some(current) = &queue.current
                && current.job.erasure_id == erasure_id
            {
                return Ok(Some(Status::UnderWay(current.stage, current.waits_for.clone())));
            }
            if queue.waiting.iter().any(|job| job.erasure_id == erasure_id) {
                return Ok(Some(Status::Waiting));
            }
        }
        let receipt = receipt(&*self.inner.parts.disk, erasure_id)?;
        Ok(receipt.map(|receipt| Status::Done(Box::new(receipt))))
    }

    /// How many erasures are not finished.
    pub fn unfinished(&self) -> usize {
        let queue = self.inner.queue();
        queue.waiting.len() + usize::from(queue.current.is_some())
    }

    /// Ends the thread after the step under way; what is not finished is taken up at
    /// the next start.
    pub fn stop(&self) {
        self.inner.stop.store(true, Ordering::SeqCst);
        self.inner.woken.notify_all();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the eraser's thread has panicked");
        }
    }
}

/// Why the erasures cannot be taken up.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// What was under way.
    #[error(transparent)]
    TakeUp(#[from] TakeUpError),
    /// There is no thread.
    #[error("the eraser cannot be started")]
    Thread(#[from] io::Error),
}

impl Inner {
    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    fn run(&self) {
        while let Some(job) = self.next() {
            self.erase(job);
        }
    }

    /// The next job, waited for; `None` when it is time to stop.
    fn next(&self) -> Option<Job> {
        let mut queue = self.queue();
        loop {
            if self.stopped() {
                return None;
            }
            if let Some(job) = queue.waiting.pop_front() {
                let stage = Stage::Closing;
                queue.current = Some(Current { job: job.clone(), stage, waits_for: None });
                return Some(job);
            }
            queue = self.woken.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn erase(&self, job: Job) {
        let mut eraser = Eraser::new(job);
        let mut committer = Arc::clone(&self.parts.committer);
        while !self.stopped() {
            let Parts { log, people, writers, store, disk, clock, .. } = &self.parts;
            let stepped = eraser.step(&mut EraseWorld {
                log: &**log,
                entries: &mut committer,
                people,
                writers: &**writers,
                store: &**store,
                disk: &**disk,
                clock: &**clock,
            });
            let mut queue = self.queue();
            match stepped {
                Stepped::Worked => {}
                Stepped::Done(receipt) => {
                    queue.current = None;
                    tracing::info!(
                        erasure_id = %receipt.erasure_id, log_entries = receipt.log_entries,
                        rows = receipt.rows.values().sum::<u64>(), "an erasure is finished"
                    );
                    return;
                }
                Stepped::WaitUntil(until_ms) => {
                    let left_ms = until_ms.saturating_sub(clock.monotonic_ms());
                    self.tell(&mut queue, &eraser);
                    let left = Duration::from_millis(left_ms);
                    // Whoever asks wakes as well; looking early does no harm.
                    drop(self.woken.wait_timeout(queue, left));
                    continue;
                }
            }
            self.tell(&mut queue, &eraser);
        }
    }

    fn tell(&self, queue: &mut Queue, eraser: &Eraser) {
        if let Some(current) = &mut queue.current {
            current.stage = eraser.stage();
            current.waits_for = eraser.waits_for().map(str::to_owned);
        }
    }
}
