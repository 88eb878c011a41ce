//! The Durable Object that keeps what all isolates share, in two objects of their own.
//!
//! `salts`: `POST /salt` with a day answers its 32 bytes, made when they are asked for
//! first; 400 for a day that is not now. One object for all, because a visitor must
//! have one key wherever the call is taken. An alarm destroys what is 48 hours old: the
//! bytes are written over before their row goes, because a deleted row's page may keep
//! them.
//!
//! `copies`: `PUT /copy/<name>` keeps a text and `GET /copy/<name>` gives it back, or
//! 404. It is for an edge without KV.

use worker::{
    DurableObject, Env, Method, Request, Response, Result, ScheduledTime, SqlStorageValue, State,
    durable_object, wasm_bindgen,
};

use super::clock::now_ms;
use super::random;
use crate::policy::salts::{LIFETIME_MS, destroyed_before, may_be_made};

const CREATE_SALT: &str = "CREATE TABLE IF NOT EXISTS salt (
    day INTEGER PRIMARY KEY, made_at_ms INTEGER NOT NULL, bytes BLOB NOT NULL)";
const SELECT_SALT: &str = "SELECT bytes FROM salt WHERE day = ? AND made_at_ms > ?";
const INSERT_SALT: &str = "INSERT OR REPLACE INTO salt (day, made_at_ms, bytes) VALUES (?, ?, ?)";
const OVERWRITE_SALTS: &str = "UPDATE salt SET bytes = zeroblob(32) WHERE made_at_ms <= ?";
const DELETE_SALTS: &str = "DELETE FROM salt WHERE made_at_ms <= ?";
const OLDEST_SALT: &str = "SELECT min(made_at_ms) FROM salt";
const CREATE_COPY: &str = "CREATE TABLE IF NOT EXISTS copy (name TEXT, part INTEGER, text TEXT, PRIMARY KEY (name, part))";
const SELECT_COPY: &str = "SELECT text FROM copy WHERE name = ? ORDER BY part";
const DELETE_COPY: &str = "DELETE FROM copy WHERE name = ?";
const INSERT_COPY: &str = "INSERT INTO copy (name, part, text) VALUES (?, ?, ?)";

/// Characters of a copy's part: at most 1.6 MB, because a row holds 2 MB.
const PART_CHARS: usize = 400_000;

/// The keeper of salts and copies.
#[durable_object(alarm)]
pub struct Keeper {
    state: State,
}

impl DurableObject for Keeper {
    fn new(state: State, _env: Env) -> Self {
        Self { state }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let path = request.path();
        let text = request.text().await?;
        match (request.method(), path.as_str(), path.strip_prefix("/copy/")) {
            (Method::Post, "/salt", _) => self.salt(&text).await,
            (Method::Get, _, Some(name)) => self.copy(name),
            (Method::Put, _, Some(name)) => self.keep(name, &text),
            _ => Response::error("not found", 404),
        }
    }

    async fn alarm(&self) -> Result<Response> {
        let before_ms = destroyed_before(now_ms());
        self.run(OVERWRITE_SALTS, vec![before_ms.into()])?;
        self.run(DELETE_SALTS, vec![before_ms.into()])?;
        self.schedule().await?;
        Response::empty()
    }
}

impl Keeper {
    async fn salt(&self, day: &str) -> Result<Response> {
        let now_ms = now_ms();
        let day = day.parse().ok().filter(|day| may_be_made(*day, now_ms));
        let Some(day) = day else { return Response::error("no day that is now", 400) };
        self.run(CREATE_SALT, Vec::new())?;
        let known = self.run(SELECT_SALT, vec![day.into(), destroyed_before(now_ms).into()])?;
        if let Some(SqlStorageValue::Blob(bytes)) = known.into_iter().next() {
            return Response::from_bytes(bytes);
        }
        let bytes = random::thirty_two_bytes().to_vec();
        self.run(INSERT_SALT, vec![day.into(), now_ms.into(), bytes.clone().into()])?;
        self.schedule().await?;
        Response::from_bytes(bytes)
    }

    /// Sees to it that the oldest salt is destroyed in time.
    async fn schedule(&self) -> Result<()> {
        let oldest = self.run(OLDEST_SALT, Vec::new())?.into_iter().next();
        let Some(SqlStorageValue::Integer(made_at_ms)) = oldest else { return Ok(()) };
        let due_ms = made_at_ms.saturating_add(LIFETIME_MS);
        // An offset in milliseconds, by the binding's own definition.
        let offset_ms = due_ms.saturating_sub(now_ms()).max(0);
        self.state.storage().set_alarm(ScheduledTime::from(offset_ms)).await
    }

    fn copy(&self, name: &str) -> Result<Response> {
        self.run(CREATE_COPY, Vec::new())?;
        let parts = self.run(SELECT_COPY, vec![name.into()])?;
        if parts.is_empty() {
            return Response::error("not found", 404);
        }
        let mut text = String::new();
        for part in parts {
            if let SqlStorageValue::String(part) = part {
                text.push_str(&part);
            }
        }
        Response::ok(text)
    }

    /// No call is worked on between the statements, so that a copy is whole or none.
    fn keep(&self, name: &str, text: &str) -> Result<Response> {
        self.run(CREATE_COPY, Vec::new())?;
        self.run(DELETE_COPY, vec![name.into()])?;
        let characters: Vec<char> = text.chars().collect();
        for (part, characters) in characters.chunks(PART_CHARS).enumerate() {
            let part = i64::try_from(part).unwrap_or(i64::MAX);
            let text: String = characters.iter().collect();
            self.run(INSERT_COPY, vec![name.into(), part.into(), text.into()])?;
        }
        Response::empty()
    }

    /// The first column of every row.
    fn run(&self, sql: &str, bindings: Vec<SqlStorageValue>) -> Result<Vec<SqlStorageValue>> {
        let cursor = self.state.storage().sql().exec(sql, bindings)?;
        let mut first = Vec::new();
        for row in cursor.raw() {
            first.extend(row?.into_iter().next());
        }
        Ok(first)
    }
}
