//! The queries that run, by the caller's query_id.
//!
//! What always holds: an id is in the registry from before its query reaches the
//! engine until after it has left it, so that "not registered" means "does not
//! run and will not begin". One id, one running query.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::{Engine, Role};
use crate::exception::{Code, Exception};
use crate::limits::KILL_RETRY;

/// Where a query is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Running,
    Ending,
    Done,
}

type Entries = Arc<Mutex<HashMap<String, Handle>>>;

/// One run of one query, to end it by: never meets the next use of its id.
#[derive(Clone)]
pub(crate) struct Handle {
    phase: Arc<watch::Sender<Phase>>,
    /// What the run is marked with in the engine: a number of its own before
    /// the id, so that a late KILL never meets the id's next use either.
    mark: String,
    role: Role,
}

impl Handle {
    /// Whose query it is.
    pub(crate) fn role(&self) -> Role {
        self.role
    }

    /// Says that the query is to end; it notices before its next step.
    pub(crate) fn cancel(&self) {
        raise(&self.phase, Phase::Ending);
    }

    /// Ends the query and returns once it has left the engine. Asks again and
    /// again, because the query may only be on its way into the engine.
    pub(crate) async fn end(self, engine: Arc<Engine>) {
        self.cancel();
        let mut watch = self.phase.subscribe();
        let (mut pause, longest) = KILL_RETRY;
        while *watch.borrow_and_update() != Phase::Done {
            let (engine, mark) = (Arc::clone(&engine), self.mark.clone());
            match tokio::task::spawn_blocking(move || engine.kill(&mark)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::warn!(mark = self.mark, %error, "the engine did not take a KILL");
                }
                Err(error) => tracing::error!(mark = self.mark, %error, "a KILL was lost"),
            }
            let changed = watch.wait_for(|phase| *phase == Phase::Done);
            if tokio::time::timeout(pause, changed).await.is_ok() {
                break;
            }
            pause = (pause * 2).min(longest);
        }
    }
}

/// All running queries.
#[derive(Clone, Default)]
pub(crate) struct Registry {
    entries: Entries,
    begun: Arc<AtomicU64>,
}

impl Registry {
    /// Registers a query; refused with code 216 while the id is in use.
    pub(crate) fn begin(&self, query_id: &str, role: Role) -> Result<Ticket, Exception> {
        let mut entries = locked(&self.entries);
        if entries.contains_key(query_id) {
            return Err(Exception::new(
                Code::QuerySameIdRunning,
                format!("Query with id = {query_id} is already running."),
            ));
        }
        let phase = Arc::new(watch::channel(Phase::Running).0);
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let mark = format!("{number}:{}:{query_id}", role.letter());
        let handle = Handle { phase, mark, role };
        entries.insert(query_id.to_owned(), handle.clone());
        Ok(Ticket { query_id: query_id.to_owned(), handle, entries: Arc::clone(&self.entries) })
    }

    /// All running queries.
    pub(crate) fn all(&self) -> Vec<Handle> {
        locked(&self.entries).values().cloned().collect()
    }

    /// The query that runs under an id.
    pub(crate) fn find(&self, query_id: &str) -> Option<Handle> {
        locked(&self.entries).get(query_id).cloned()
    }
}

/// A registered query. Dropping it says that the query has left the engine.
pub(crate) struct Ticket {
    query_id: String,
    handle: Handle,
    entries: Entries,
}

impl Ticket {
    /// What the query is marked with in the engine: `number:role:query_id`.
    pub(crate) fn mark(&self) -> &str {
        &self.handle.mark
    }

    /// What ends this query.
    pub(crate) fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Fails with code 394 once the query is to end.
    pub(crate) fn check(&self) -> Result<(), Exception> {
        if *self.handle.phase.borrow() == Phase::Running {
            return Ok(());
        }
        Err(Exception::new(Code::QueryWasCancelled, "Query was cancelled."))
    }

    /// Learns of the query's end without keeping it registered.
    pub(crate) fn watch(&self) -> Watch {
        Watch { phase: self.handle.phase.subscribe() }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        locked(&self.entries).remove(&self.query_id);
        raise(&self.handle.phase, Phase::Done);
    }
}

/// Learns when a query is to end.
pub(crate) struct Watch {
    phase: watch::Receiver<Phase>,
}

impl Watch {
    /// Returns once the query is to end before its time; never for one that has
    /// come to its own end, whose result is still on its way.
    pub(crate) async fn ending(&mut self) {
        if self.phase.wait_for(|phase| *phase == Phase::Ending).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

fn raise(phase: &watch::Sender<Phase>, to: Phase) {
    phase.send_if_modified(|now| {
        let rises = *now < to;
        if rises {
            *now = to;
        }
        rises
    });
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The map is changed by single calls only, so a panic cannot leave it half done.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_free_again_when_its_ticket_is_gone() {
        let registry = Registry::default();
        let ticket = registry.begin("a", Role::Owner).expect("free");
        assert_eq!(registry.begin("a", Role::Owner).map(|_| ()).expect_err("in use").code, 216);
        assert_eq!(registry.all().len(), 1);
        assert!(ticket.check().is_ok());
        assert!(registry.find("b").is_none());
        registry.find("a").expect("running").cancel();
        assert_eq!(ticket.check().expect_err("ending").code, 394);
        drop(ticket);
        assert!(registry.all().is_empty());
        let next = registry.begin("a", Role::Owner).expect("free again");
        assert!(next.check().is_ok() && next.mark() == "1:o:a");
    }
}
