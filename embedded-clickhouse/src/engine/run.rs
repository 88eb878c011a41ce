//! One query on one thread, from its connection to its last row.
//!
//! These functions block; they run on threads for blocking work, one a query.
//! Each takes the query's ticket (and its session's lease) and drops it when the
//! engine has let the query go, before the caller hears the result: an answered id,
//! or session, can be used again.

use std::io::PipeWriter;
use std::os::fd::AsRawFd;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::desk::Desk;
use super::{Counts, Engine, External, Lease, Role, Ticket};
use crate::exception::{Code, Exception};
use crate::limits::FEED_CHUNK_BYTES;
use crate::sql::{Insert, Output};

/// What a query is run with.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// What its caller may do.
    pub(crate) role: Role,
    /// The database that unqualified names are looked up in.
    pub(crate) database: Option<String>,
    /// Settings, the later of two that are equal wins.
    pub(crate) settings: Vec<(String, String)>,
    /// Values for `{name:Type}`.
    pub(crate) params: Vec<(String, String)>,
    /// Tables that came with it.
    pub(crate) external: Vec<External>,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            role: Role::Owner,
            database: None,
            settings: Vec::new(),
            params: Vec::new(),
            external: Vec::new(),
        }
    }
}

/// A piece of an INSERT's body. A channel that closes without `End` means that
/// the body broke off: nothing that is not yet written may be.
#[derive(Debug)]
pub(crate) enum Feed {
    Data(Bytes),
    End,
}

/// Runs a statement that is no INSERT with data. A result goes into `pipe`
/// (with `output`) or is returned in `format` (without: it is small, or none).
pub(crate) fn run_statement(
    engine: &Engine,
    session: &Session,
    sql: &[u8],
    output: Option<(&Output, &PipeWriter)>,
    format: &str,
    lease: Option<Lease>,
    ticket: Ticket,
) -> Result<(Vec<u8>, Counts), Exception> {
    let mut desk = Desk::ready(engine, session, lease, &ticket)?;
    let text = match output {
        Some((output, pipe)) => output.led_into(sql, pipe.as_raw_fd()),
        None => sql.to_vec(),
    };
    ticket.check()?;
    desk.keep_what_is_set_by(sql);
    let result = desk
        .connection()?
        .query(&text, format, &session.params)
        .map_err(|text| Exception::from_engine(&text));
    drop(desk);
    let ended = ticket.check();
    drop(ticket);
    let result = result?;
    if output.is_some() {
        // A killed query may still come to an end of its own; its caller must
        // not take a cut result for a whole one.
        ended?;
    }
    Ok((result.bytes, result.counts))
}

/// Runs an INSERT whose data arrives through `feed`.
pub(crate) fn run_insert(
    engine: &Engine,
    session: &Session,
    insert: &Insert,
    mut feed: mpsc::Receiver<Feed>,
    lease: Option<Lease>,
    ticket: Ticket,
) -> Result<Counts, Exception> {
    let mut desk = Desk::ready(engine, session, lease, &ticket)?;
    let result = feed_all(&mut desk, session, insert, &mut feed, &ticket);
    drop(desk);
    drop(ticket);
    result
}

fn feed_all(
    desk: &mut Desk,
    session: &Session,
    insert: &Insert,
    feed: &mut mpsc::Receiver<Feed>,
    ticket: &Ticket,
) -> Result<Counts, Exception> {
    let failed = |text: String| Exception::from_engine(&text);
    let connection = desk.connection()?;
    let mut stream =
        connection.insert(&insert.sql, &insert.format, &session.params).map_err(failed)?;
    loop {
        ticket.check()?;
        match feed.blocking_recv() {
            Some(Feed::Data(data)) => {
                // A refused piece means that the INSERT has failed; `done` says why.
                if !data.chunks(FEED_CHUNK_BYTES).all(|piece| stream.append(piece)) {
                    break;
                }
            }
            Some(Feed::End) => break,
            None => {
                drop(stream);
                ticket.check()?;
                return Err(Exception::new(
                    Code::CannotReadAllData,
                    "The body ended before the INSERT was complete; the rows not yet written are dropped",
                ));
            }
        }
    }
    ticket.check()?;
    stream.done().map(|output| output.counts).map_err(failed)
}
