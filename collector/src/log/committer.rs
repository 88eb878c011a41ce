//! The one thread that owns the log's core, and the queue before it.
//!
//! While a group is being synced the next batches gather in the queue; they are
//! the next group. Where much comes, so do those that are being judged at that moment,
//! and those of the senders that the group before has answered, who mostly come again at
//! once ([`Company`]). So under load an fsync serves hundreds of batches, and without load
//! a batch waits for nobody. Everything that promises anything is in [`LogCore`]; here are
//! a thread, a bounded queue, and answers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{io, thread};

use tokio::sync::oneshot;

use super::append::{AppendError, Appending, EventLog, Fullness, OnItsWay};
use super::company::Company;
use super::core::{AppendGroup, GroupResult, LogCore};
use super::entry::Entry;
use super::limits::{GROUP_MAX_BYTES, GROUP_MAX_ENTRIES, QUEUE_MAX_BATCHES, QUEUE_MAX_BYTES};
use super::local::LocalReader;
use super::upkeep::Ticked;

/// How long the thread rests at most when nothing comes: upkeep goes on.
const TICK: Duration = Duration::from_millis(50);

/// The ingest side of the local log.
pub struct Committer {
    queue: SyncSender<Message>,
    queued_bytes: Arc<AtomicUsize>,
    on_their_way: Arc<AtomicUsize>,
    reader: LocalReader,
    lanes: u16,
    thread: Mutex<Option<JoinHandle<()>>>,
}

enum Message {
    Append(Waiting),
    Run(Box<dyn FnOnce(&mut LogCore) + Send>),
    Close,
}

/// A batch in the queue.
struct Waiting {
    group: AppendGroup,
    bytes: usize,
    answer: oneshot::Sender<GroupResult>,
}

impl Committer {
    /// Starts the thread that owns `core`.
    ///
    /// # Errors
    /// The operating system has no thread.
    pub fn start(core: LogCore) -> io::Result<Self> {
        let (queue, receiver) = sync_channel(QUEUE_MAX_BATCHES);
        let queued_bytes = Arc::new(AtomicUsize::new(0));
        let (reader, lanes) = (core.reader(), core.lanes());
        let on_their_way = Arc::new(AtomicUsize::new(0));
        let counters = Counters {
            queued_bytes: Arc::clone(&queued_bytes),
            on_their_way: Arc::clone(&on_their_way),
        };
        let thread = thread::Builder::new()
            .name("log-committer".to_owned())
            .spawn(move || run(core, &receiver, &counters))?;
        let thread = Mutex::new(Some(thread));
        Ok(Self { queue, queued_bytes, on_their_way, reader, lanes, thread })
    }

    /// The reading side.
    pub fn reader(&self) -> LocalReader {
        self.reader.clone()
    }

    /// Runs something on the core between two groups: an erasure, say.
    ///
    /// # Errors
    /// [`AppendError::Full`] and [`AppendError::Closed`].
    pub fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut LogCore) -> T + Send + 'static,
    ) -> Result<oneshot::Receiver<T>, AppendError> {
        let (answer, result) = oneshot::channel();
        let work = move |core: &mut LogCore| {
            // Who asked may be gone; the work was wanted all the same.
            let _ = answer.send(work(core));
        };
        self.send(Message::Run(Box::new(work)))?;
        Ok(result)
    }

    /// Whether the thread still runs: an append is answered.
    pub fn is_running(&self) -> bool {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Finishes what is in the queue, writes the index down, and ends the
    /// thread. What is appended afterwards is [`AppendError::Closed`].
    pub fn close(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // Waits for room where the queue is full; an error says that it has ended.
            let _ = self.queue.send(Message::Close);
            let _ = thread.join();
        }
    }

    fn send(&self, message: Message) -> Result<(), AppendError> {
        self.queue.try_send(message).map_err(|error| match error {
            TrySendError::Full(_) => AppendError::Full(Fullness::Queue),
            TrySendError::Disconnected(_) => AppendError::Closed,
        })
    }

    /// Queues a batch; what its answer comes by.
    fn queue(&self, entries: Vec<Entry>) -> Result<oneshot::Receiver<GroupResult>, AppendError> {
        let bytes = entries.iter().map(|entry| entry.payload.len()).sum();
        let before = self.queued_bytes.fetch_add(bytes, Ordering::AcqRel);
        let (answer, result) = oneshot::channel();
        let sent = if before + bytes > QUEUE_MAX_BYTES {
            Err(AppendError::Full(Fullness::Queue))
        } else {
            self.send(Message::Append(Waiting { group: AppendGroup { entries }, bytes, answer }))
        };
        if sent.is_err() {
            self.queued_bytes.fetch_sub(bytes, Ordering::AcqRel);
        }
        sent.map(|()| result)
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.close();
    }
}

impl EventLog for Committer {
    fn append(&self, entries: Vec<Entry>) -> Appending<'_> {
        let queued = self.queue(entries);
        Box::pin(async move {
            match queued?.await {
                Ok(result) => result,
                Err(_) => Err(AppendError::Closed),
            }
        })
    }

    fn announce(&self) -> OnItsWay {
        OnItsWay::counted(&self.on_their_way)
    }

    fn lanes(&self) -> u16 {
        self.lanes
    }
}

/// What senders and the thread both count.
struct Counters {
    queued_bytes: Arc<AtomicUsize>,
    on_their_way: Arc<AtomicUsize>,
}

/// The next message of a group that began at `begun` and has `batches`; none when the
/// group is all there is.
fn next_of_group(
    queue: &Receiver<Message>,
    counters: &Counters,
    company: &Company,
    (batches, begun): (usize, Instant),
) -> Option<Message> {
    let mut looks = 0;
    loop {
        // Looked at before the queue: one that has arrived since then is in it.
        let is_announced = counters.on_their_way.load(Ordering::Acquire) > 0;
        if let Ok(message) = queue.try_recv() {
            return Some(message);
        }
        thread::sleep(company.pause(batches, is_announced, begun.elapsed(), looks)?);
        looks += 1;
    }
}

/// What a pass over the queue brought.
#[derive(Default)]
struct Gathered {
    groups: Vec<AppendGroup>,
    answers: Vec<oneshot::Sender<GroupResult>>,
    entries: usize,
    bytes: usize,
}

impl Gathered {
    fn take(&mut self, waiting: Waiting, queued_bytes: &AtomicUsize) {
        queued_bytes.fetch_sub(waiting.bytes, Ordering::AcqRel);
        self.entries += waiting.group.entries.len();
        self.bytes += waiting.bytes;
        self.groups.push(waiting.group);
        self.answers.push(waiting.answer);
    }

    const fn is_full(&self) -> bool {
        self.entries >= GROUP_MAX_ENTRIES || self.bytes >= GROUP_MAX_BYTES
    }

    fn commit(&mut self, core: &mut LogCore) {
        if self.groups.is_empty() {
            return;
        }
        let results = core.commit(&self.groups);
        for (answer, result) in self.answers.drain(..).zip(results) {
            // A sender that went away sends again, and is told `duplicate` then.
            let _ = answer.send(result);
        }
        *self = Self { answers: std::mem::take(&mut self.answers), ..Self::default() };
    }
}

fn run(mut core: LogCore, queue: &Receiver<Message>, counters: &Counters) {
    let mut gathered = Gathered::default();
    let mut rest = TICK;
    let mut company = Company::new();
    let mut completed = Instant::now();
    loop {
        let mut message = match queue.recv_timeout(rest) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Message::Close),
        };
        let begun = Instant::now();
        while let Some(next) = message.take() {
            match next {
                Message::Append(waiting) => gathered.take(waiting, &counters.queued_bytes),
                Message::Run(work) => {
                    gathered.commit(&mut core);
                    work(&mut core);
                }
                Message::Close => {
                    gathered.commit(&mut core);
                    if let Err(error) = core.snapshot() {
                        tracing::warn!(%error, "the index was not written down; the next start reads the log's tail");
                    }
                    return;
                }
            }
            if !gathered.is_full() {
                let group = (gathered.groups.len(), begun);
                message = next_of_group(queue, counters, &company, group);
            }
        }
        if !gathered.groups.is_empty() {
            let now = Instant::now();
            company.complete(gathered.groups.len(), now - std::mem::replace(&mut completed, now));
        }
        gathered.commit(&mut core);
        rest = if core.tick() == Ticked::Worked { Duration::ZERO } else { TICK };
    }
}
