//! The local log, with its thread and a real disk, under the suite and by itself.

use std::sync::Arc;
use std::task::Poll;

use tempfile::TempDir;
use uuid::Uuid;

use crate::clock::SystemClock;
use crate::disk::RealDisk;
use crate::log::append::{AppendError, Appending, EventLog, Fullness, Outcome};
use crate::log::limits::{QUEUE_MAX_BATCHES, QUEUE_MAX_BYTES};
use crate::log::suite::{self, Opens};
use crate::log::{Committer, LogCore, LogOptions, LogReader};

struct Local(TempDir);

impl Local {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn start(&self) -> Committer {
        let disk = Arc::new(RealDisk::open(self.0.path()).unwrap());
        let mut options = LogOptions::events_raw(Uuid::from_u128(3), [9; 16]);
        options.limits.disk_reserve_bytes = 0;
        let (core, _) = LogCore::open(disk, Arc::new(SystemClock::new()), &options).unwrap();
        Committer::start(core).unwrap()
    }
}

impl Opens for Local {
    fn open(&self) -> (Arc<dyn EventLog>, Arc<dyn LogReader>) {
        let committer = self.start();
        let reader = Arc::new(committer.reader());
        (Arc::new(committer), reader)
    }

    fn tells_duplicates(&self) -> bool {
        true
    }
}

/// Polls an append once.
async fn poll_once(append: &mut Appending<'_>) -> Poll<Result<Vec<Outcome>, AppendError>> {
    std::future::poll_fn(|context| Poll::Ready(append.as_mut().poll(context))).await
}

fn block_on(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap().block_on(test);
}

#[test]
fn what_is_told_is_kept_in_order() {
    block_on(suite::what_is_told_is_kept_in_order(&Local::new()));
}

#[test]
fn one_of_many_senders_stores_an_id() {
    block_on(suite::one_of_many_senders_stores_an_id(&Local::new()));
}

#[test]
fn tenants_do_not_share_ids() {
    block_on(suite::tenants_do_not_share_ids(&Local::new()));
}

#[test]
fn positions_are_checked() {
    block_on(suite::positions_are_checked(&Local::new()));
}

/// While the thread is kept busy, batches gather; over the bound they are
/// refused at once, and what was queued is answered.
#[test]
fn a_full_queue_refuses_and_what_is_in_it_is_answered() {
    block_on(async {
        let local = Local::new();
        let committer = local.start();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let busy = committer.run(move |_| wait.recv()).unwrap();
        let mut queued = Vec::new();
        let refused = loop {
            let number = queued.len() as u64;
            match poll_once(&mut committer.append(vec![suite::entry(number, 4)])).await {
                Poll::Ready(result) => break result,
                Poll::Pending => queued.push(number),
            }
        };
        assert!(matches!(refused, Err(AppendError::Full(Fullness::Queue))));
        // The thread may have taken one message out of the queue by now.
        assert!((QUEUE_MAX_BATCHES - 1..=QUEUE_MAX_BATCHES).contains(&queued.len()));
        go.send(()).unwrap();
        busy.await.unwrap().unwrap();
        committer.close();
        let last = committer.append(vec![suite::entry(1, 4)]).await;
        assert!(matches!(last, Err(AppendError::Closed)));
        drop(committer);
        let committer = local.start();
        let again = queued.iter().map(|number| suite::entry(*number, 4)).take(500).collect();
        assert_eq!(committer.append(again).await.unwrap(), [Outcome::Duplicate; 500]);
    });
}

#[test]
fn a_queue_is_bounded_in_bytes_too() {
    block_on(async {
        let local = Local::new();
        let committer = local.start();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let _busy = committer.run(move |_| wait.recv()).unwrap();
        let mut bytes = 0;
        let mut waiting = Vec::new();
        loop {
            let mut entries = Vec::new();
            for place in 0..20 {
                let mut entry = suite::entry(waiting.len() as u64 * 20 + place, 4);
                entry.payload = vec![7; 200_000].into();
                entries.push(entry);
            }
            let mut append = committer.append(entries);
            match poll_once(&mut append).await {
                Poll::Ready(result) => {
                    assert!(matches!(result, Err(AppendError::Full(Fullness::Queue))));
                    break;
                }
                Poll::Pending => bytes += 4_000_000,
            }
            waiting.push(append);
        }
        assert!(bytes <= QUEUE_MAX_BYTES && bytes > QUEUE_MAX_BYTES - 4_000_001, "{bytes}");
        go.send(()).unwrap();
        for append in waiting {
            assert_eq!(append.await.unwrap(), [Outcome::Stored; 20]);
        }
        let stored = committer.reader().stats().stored.get();
        assert_eq!(stored, bytes as u64 / 200_000);
    });
}

#[test]
fn who_waits_for_entries_is_woken() {
    block_on(async {
        let local = Local::new();
        let committer = local.start();
        let reader = committer.reader();
        let seen = reader.wait(0, std::time::Duration::ZERO);
        let long = std::time::Duration::from_secs(60);
        let waits = std::thread::spawn(move || reader.wait(seen, long));
        committer.append(vec![suite::entry(1, 4)]).await.unwrap();
        assert_eq!(waits.join().unwrap(), seen + 1);
    });
}
