//! Works on lines with several threads, and writes in the lines' order.
//!
//! Each worker takes the next [`Chunk`] (one at a time, under a lock), works on it
//! alone, waits for its turn and writes. Memory is what the workers hold: a chunk
//! and its output each, whatever the input's size. Whatever was read whole is
//! answered before more is waited for.
//!
//! When the reader of standard output has gone, the work ends quietly.

use std::io::{self, ErrorKind, Write as _};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::CommandError;
use super::lines::{Chunk, Line, Lines};

/// Bytes of output that a worker gathers before it writes, ahead of its chunk's end.
const WRITE_BYTES: usize = 1024 * 1024;

/// Workers at most: eight with a chunk (1.25 MiB) and its output (1 MiB, and one
/// line's: 6 MiB when every byte is escaped) hold 66 MiB at the very worst.
pub(super) const MAX_THREADS: usize = 8;

/// What a worker writes.
#[derive(Debug, Default)]
pub(super) struct Output {
    /// For standard output.
    pub(super) out: String,
    /// For standard error.
    pub(super) notes: String,
}

/// The workers that this machine is good for.
pub(super) fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS)
}

/// Works on every line. Each worker counts for itself; what they counted comes back.
///
/// # Errors
/// What cannot be read or written. What came before is written.
pub(super) fn run<T: Default + Send>(
    lines: Lines,
    threads: usize,
    work: &(impl Fn(&Line<'_>, &mut Output, &mut T) + Sync),
) -> Result<Vec<T>, CommandError> {
    let shared = Shared {
        source: Mutex::new(Source { lines, next: 0, ended: false }),
        sink: Mutex::new(Sink { turn: 0, stopped: false, failure: None }),
        turned: Condvar::new(),
    };
    let counts = std::thread::scope(|scope| {
        let workers: Vec<_> =
            (0..threads.max(1)).map(|_| scope.spawn(|| worker(&shared, work))).collect();
        let joined = workers.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined.collect::<Result<Vec<T>, _>>()
    });
    // A worker that panicked has said so; its panic goes on here.
    let counts = counts.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    match lock(&shared.sink).failure.take() {
        Some(failure) => Err(failure),
        None => Ok(counts),
    }
}

struct Shared {
    source: Mutex<Source>,
    sink: Mutex<Sink>,
    turned: Condvar,
}

struct Source {
    lines: Lines,
    /// The number of the next chunk.
    next: u64,
    ended: bool,
}

struct Sink {
    /// The chunk that may be written.
    turn: u64,
    /// Nobody reads what is written, or nobody can be told any more.
    stopped: bool,
    failure: Option<CommandError>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn worker<T: Default>(shared: &Shared, work: &impl Fn(&Line<'_>, &mut Output, &mut T)) -> T {
    let _bell = Bell(shared);
    let mut count = T::default();
    let mut chunk = Chunk::default();
    let mut output = Output::default();
    while let Some(number) = shared.take(&mut chunk) {
        for line in chunk.lines() {
            work(&line, &mut output, &mut count);
            if output.out.len() >= WRITE_BYTES && !shared.write(number, &mut output) {
                return count;
            }
        }
        if !shared.write(number, &mut output) {
            return count;
        }
        shared.turn_to(number + 1);
    }
    count
}

impl Shared {
    /// Takes the next chunk and its number; `None` at the end.
    fn take(&self, chunk: &mut Chunk) -> Option<u64> {
        let mut source = lock(&self.source);
        if source.ended || lock(&self.sink).stopped {
            return None;
        }
        match source.lines.fill(chunk) {
            Ok(true) => {
                source.next += 1;
                Some(source.next - 1)
            }
            Ok(false) => {
                source.ended = true;
                None
            }
            Err(error) => {
                source.ended = true;
                lock(&self.sink).failure.get_or_insert(error);
                None
            }
        }
    }

    /// Waits for a chunk's turn, and writes. False when the work is to end.
    fn write(&self, number: u64, output: &mut Output) -> bool {
        let mut sink = lock(&self.sink);
        while sink.turn != number && !sink.stopped {
            sink = self.turned.wait(sink).unwrap_or_else(PoisonError::into_inner);
        }
        if sink.stopped {
            return false;
        }
        let written = write_all(output);
        output.out.clear();
        output.notes.clear();
        if let Err(error) = written {
            if error.kind() != ErrorKind::BrokenPipe {
                sink.failure.get_or_insert(CommandError::Write(error));
            }
            sink.stopped = true;
            drop(sink);
            self.turned.notify_all();
            return false;
        }
        true
    }

    fn turn_to(&self, number: u64) {
        lock(&self.sink).turn = number;
        self.turned.notify_all();
    }
}

fn write_all(output: &Output) -> io::Result<()> {
    if !output.out.is_empty() {
        let mut out = io::stdout().lock();
        out.write_all(output.out.as_bytes())?;
        out.flush()?;
    }
    if !output.notes.is_empty() {
        // Nobody who could be told that standard error is gone.
        let _ = io::stderr().lock().write_all(output.notes.as_bytes());
    }
    Ok(())
}

/// Frees the workers that wait for one that panicked.
struct Bell<'s>(&'s Shared);

impl Drop for Bell<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            lock(&self.0.sink).stopped = true;
            self.0.turned.notify_all();
        }
    }
}
