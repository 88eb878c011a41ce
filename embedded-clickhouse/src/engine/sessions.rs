//! Sessions: connections that outlive a query, by the caller's `session_id`.
//!
//! What always holds: a session is either idle here or leased to one query; a
//! second query is refused with code 373 (`SESSION_IS_LOCKED`). What was `SET`,
//! `USE`d or created as a temporary table lives as long as its session, which ends
//! `session_timeout` seconds after its last query.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Connection, Role};
use crate::exception::{Code, Exception};
use crate::limits::{DEFAULT_SESSION_TIMEOUT, MAX_SESSION_TIMEOUT, MAX_SESSIONS};

/// What a request says of its session.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct SessionAsk {
    pub(crate) id: Option<String>,
    /// `session_timeout`, in seconds.
    pub(crate) timeout: Option<Duration>,
    /// `session_check=1`: the session must exist.
    pub(crate) check: bool,
    /// `close_session=1`: it ends with this query.
    pub(crate) close: bool,
}

/// Sessions of different users never meet, whatever their ids.
type Key = (Role, String);

enum Slot {
    Leased,
    Idle { connection: Option<Connection>, until: Instant },
}

/// All sessions.
#[derive(Clone, Default)]
pub(crate) struct Sessions {
    slots: Arc<Mutex<HashMap<Key, Slot>>>,
}

impl Sessions {
    /// Leases the session that a request asks for, if it asks for one.
    pub(crate) fn lease(&self, role: Role, ask: &SessionAsk) -> Result<Option<Lease>, Exception> {
        let Some(id) = &ask.id else { return Ok(None) };
        let timeout = ask.timeout.unwrap_or(DEFAULT_SESSION_TIMEOUT);
        if timeout > MAX_SESSION_TIMEOUT {
            return Err(Exception::new(
                Code::InvalidSessionTimeout,
                format!(
                    "Session timeout '{}' is larger than max_session_timeout: {}",
                    timeout.as_secs(),
                    MAX_SESSION_TIMEOUT.as_secs()
                ),
            ));
        }
        self.sweep();
        let key = (role, id.clone());
        let mut slots = self.locked();
        let full = slots.len() >= MAX_SESSIONS;
        let connection = match slots.get_mut(&key) {
            Some(Slot::Leased) => {
                return Err(Exception::new(
                    Code::SessionIsLocked,
                    format!("Session {id} is locked by a concurrent client"),
                ));
            }
            Some(Slot::Idle { connection, .. }) => connection.take(),
            None if ask.check => {
                return Err(Exception::new(
                    Code::SessionNotFound,
                    format!("Session {id} not found"),
                ));
            }
            None if full => {
                return Err(Exception::new(
                    Code::TooManySimultaneousQueries,
                    format!(
                        "Too many sessions: {MAX_SESSIONS} are open. Close them with close_session=1 or shorten session_timeout"
                    ),
                ));
            }
            None => None,
        };
        slots.insert(key.clone(), Slot::Leased);
        drop(slots);
        Ok(Some(Lease { key, connection, timeout, close: ask.close, sessions: self.clone() }))
    }

    /// Ends the sessions whose time is over.
    pub(crate) fn sweep(&self) {
        let now = Instant::now();
        let over: Vec<_> = self
            .locked()
            .extract_if(|_, slot| matches!(slot, Slot::Idle { until, .. } if *until <= now))
            .collect();
        // Closed outside of the lock: a session's temporary tables go with it.
        drop(over);
    }

    /// Ends all idle sessions.
    pub(crate) fn close_all(&self) {
        let all = std::mem::take(&mut *self.locked());
        drop(all);
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<Key, Slot>> {
        // The map is changed by single calls only, so a panic cannot leave it half done.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session in the hands of one query. Dropping it gives it back.
pub(crate) struct Lease {
    key: Key,
    /// `None` before the session's first query, and once it is lost.
    pub(super) connection: Option<Connection>,
    timeout: Duration,
    close: bool,
    sessions: Sessions,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let connection = self.connection.take();
        let mut slots = self.sessions.locked();
        if self.close {
            slots.remove(&self.key);
            drop(slots);
            drop(connection);
        } else {
            let until = Instant::now() + self.timeout;
            slots.insert(self.key.clone(), Slot::Idle { connection, until });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(id: &str) -> SessionAsk {
        SessionAsk { id: Some(id.to_owned()), ..SessionAsk::default() }
    }

    fn code(result: Result<Option<Lease>, Exception>) -> i32 {
        result.map(|_| ()).expect_err("refused").code
    }

    #[test]
    fn a_session_is_leased_to_one_query_at_a_time() {
        let sessions = Sessions::default();
        assert!(sessions.lease(Role::Owner, &SessionAsk::default()).expect("none asked").is_none());
        let lease = sessions.lease(Role::Owner, &ask("a")).expect("free");
        assert_eq!(code(sessions.lease(Role::Owner, &ask("a"))), 373);
        // Another user's session of that name is another session.
        assert!(sessions.lease(Role::Reader, &ask("a")).is_ok());
        drop(lease);
        assert!(sessions.lease(Role::Owner, &ask("a")).is_ok());
    }

    #[test]
    fn sessions_end_when_closed_or_when_their_time_is_over() {
        let sessions = Sessions::default();
        let check = |id| SessionAsk { check: true, ..ask(id) };
        assert_eq!(code(sessions.lease(Role::Owner, &check("a"))), 372);
        drop(sessions.lease(Role::Owner, &ask("a")));
        drop(
            sessions.lease(Role::Owner, &SessionAsk { close: true, ..check("a") }).expect("there"),
        );
        assert_eq!(code(sessions.lease(Role::Owner, &check("a"))), 372);
        let short = SessionAsk { timeout: Some(Duration::ZERO), ..ask("b") };
        drop(sessions.lease(Role::Owner, &short));
        assert_eq!(code(sessions.lease(Role::Owner, &check("b"))), 372);
        let long = SessionAsk { timeout: Some(Duration::from_secs(3_601)), ..ask("c") };
        assert_eq!(code(sessions.lease(Role::Owner, &long)), 374);
    }

    #[test]
    fn their_number_is_bounded() {
        let sessions = Sessions::default();
        for n in 0..MAX_SESSIONS {
            drop(sessions.lease(Role::Owner, &ask(&n.to_string())).expect("room"));
        }
        assert_eq!(code(sessions.lease(Role::Owner, &ask("one more"))), 202);
        assert!(sessions.lease(Role::Owner, &ask("0")).is_ok());
    }
}
