//! Where a query is run: a connection made ready for it, and put in order after.
//!
//! Without a session the connection is the query's own, and goes with it. In a
//! session the query's settings and database are set before it and taken back
//! after it, because on the server they are the query's and not the session's.

use super::{Connection, Engine, Lease, MARKER, Role, Session, Ticket, access, quote, unhex};
use crate::exception::{Code, Exception};

/// A connection that is ready for one query.
pub(super) struct Desk {
    connection: Option<Connection>,
    lease: Option<Lease>,
    /// Statements that take back what was set for the query.
    undo: Vec<String>,
}

impl Desk {
    /// Makes a connection ready, marked with the query's id.
    pub(super) fn ready(
        engine: &Engine,
        session: &Session,
        lease: Option<Lease>,
        ticket: &Ticket,
    ) -> Result<Self, Exception> {
        ticket.check()?;
        let mut desk = match lease {
            Some(lease) if session.role == Role::Owner => {
                Self::kept(engine, lease, session, ticket)
            }
            // A reader's session keeps nothing, for it can neither set nor create.
            lease => Self::fresh(engine, lease, session, ticket),
        }?;
        if session.role == Role::Reader {
            desk.run(access::BECOME_READER)?;
        }
        for table in &session.external {
            desk.run(&table.create())?;
            desk.undo.push(table.drop());
            table.fill(desk.connection()?)?;
        }
        Ok(desk)
    }

    /// The connection.
    pub(super) fn connection(&mut self) -> Result<&mut Connection, Exception> {
        self.connection
            .as_mut()
            .ok_or_else(|| Exception::new(Code::UnknownException, "The connection is gone"))
    }

    fn fresh(
        engine: &Engine,
        lease: Option<Lease>,
        session: &Session,
        ticket: &Ticket,
    ) -> Result<Self, Exception> {
        let mut settings = session.settings.clone();
        settings.push((MARKER.to_owned(), ticket.mark().to_owned()));
        let connection = Some(engine.connect(&settings)?);
        let mut desk = Self { connection, lease, undo: Vec::new() };
        if let Some(database) = session.database.as_deref().filter(|name| *name != "default") {
            desk.run(&use_database(database))?;
        }
        Ok(desk)
    }

    fn kept(
        engine: &Engine,
        mut lease: Lease,
        session: &Session,
        ticket: &Ticket,
    ) -> Result<Self, Exception> {
        let connection = match lease.connection.take() {
            Some(connection) => connection,
            None => engine.connect(&[])?,
        };
        let mut desk = Self { connection: Some(connection), lease: Some(lease), undo: Vec::new() };
        // `readonly` could never be taken back; `http::query` has seen to it.
        let mut settings: Vec<_> =
            session.settings.iter().filter(|(name, _)| name != "readonly").cloned().collect();
        engine.known(&settings)?;
        if !settings.is_empty() {
            let restore = desk.restore(&settings)?;
            desk.undo.push(restore);
        }
        settings.push((MARKER.to_owned(), ticket.mark().to_owned()));
        desk.undo.push(format!("SET {MARKER} = DEFAULT"));
        desk.run(&set(&settings))?;
        if let Some(database) = &session.database {
            let before = desk.ask("SELECT currentDatabase()")?;
            desk.run(&use_database(database))?;
            desk.undo.push(use_database(before.trim_end()));
        }
        Ok(desk)
    }

    /// The statement that gives settings back the values they have now.
    fn restore(&mut self, settings: &[(String, String)]) -> Result<String, Exception> {
        let names: Vec<_> = settings.iter().map(|(name, _)| quote(name)).collect();
        let changed = self.ask(&format!(
            "SELECT name, hex(value) FROM system.settings WHERE changed AND name IN ({})",
            names.join(", ")
        ))?;
        let changed: Vec<_> = changed.lines().filter_map(|line| line.split_once('\t')).collect();
        let values: Vec<_> = settings
            .iter()
            .map(|(name, _)| {
                let before = changed.iter().find(|(changed, _)| changed == name);
                match before.and_then(|(_, value)| unhex(value)) {
                    Some(value) => format!("{name} = {}", quote(&value)),
                    None => format!("{name} = DEFAULT"),
                }
            })
            .collect();
        Ok(format!("SET {}", values.join(", ")))
    }

    fn ask(&mut self, sql: &str) -> Result<String, Exception> {
        self.connection()?
            .query(sql.as_bytes(), "TabSeparatedRaw", &[])
            .map(|output| String::from_utf8_lossy(&output.bytes).into_owned())
            .map_err(|text| Exception::from_engine(&text))
    }

    fn run(&mut self, sql: &str) -> Result<(), Exception> {
        self.ask(sql).map(|_| ())
    }

    /// Leaves what the statement itself sets as the session's own: `SET x` beside
    /// `x` in the URL, or `USE` beside `database`.
    pub(super) fn keep_what_is_set_by(&mut self, sql: &[u8]) {
        let first = crate::sql::first_word(sql).to_ascii_uppercase();
        if first == b"USE" {
            self.undo.retain(|undo| !undo.starts_with("USE "));
        }
        if first == b"SET" {
            self.undo.retain(|undo| {
                undo.starts_with(&format!("SET {MARKER} ")) || !undo.starts_with("SET ")
            });
        }
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if self.lease.is_none() {
            return;
        }
        let undo = std::mem::take(&mut self.undo);
        let in_order = undo.iter().rev().all(|undo| match self.run(undo) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, "a session cannot be put in order, and is lost");
                false
            }
        });
        let connection = self.connection.take();
        if let Some(lease) = &mut self.lease
            && in_order
        {
            lease.connection = connection;
        }
    }
}

fn use_database(name: &str) -> String {
    format!("USE `{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
}

fn set(settings: &[(String, String)]) -> String {
    let values: Vec<_> =
        settings.iter().map(|(name, value)| format!("{name} = {}", quote(value))).collect();
    format!("SET {}", values.join(", "))
}
