//! A statement's shape: which of the engine's ways it takes, and nothing more.
//!
//! Owns the few places where the front must look into SQL: where an INSERT's
//! data begins, where a result's format is named, and the two things that the
//! engine cannot answer under the caller's query_id (`system.processes`, `KILL
//! QUERY`). All of it works on tokens, never on text, and everything that it
//! does not recognise goes to the engine unchanged.

mod insert;
mod kill;
mod lexer;
mod output;
mod processes;
mod reader;

pub(crate) use insert::{Insert, InsertHead, read_insert};
pub(crate) use kill::{Kill, KillMode};
pub(crate) use output::{Output, has_outfile, is_format_name};
pub(crate) use processes::{PROCESSES_VIEW, rewrite_processes};
pub(crate) use reader::{READERS_STRINGS, forbidden};

use lexer::{Token, Tokens};

/// The way that a whole statement takes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Statement {
    /// Nothing but blanks and comments.
    Empty,
    /// More than one statement, which HTTP does not take.
    Several,
    /// Writes a result into a file of the server's, or reads one.
    File,
    /// Has a result that streams through a pipe.
    Output(Output),
    /// `KILL QUERY`, answered by the front.
    Kill(Kill),
    /// Everything else: runs to its end, with a small result or none.
    Command,
}

impl Statement {
    /// Tells the way of a complete statement that is not an INSERT with data.
    pub(crate) fn of(sql: &[u8], default_format: &str) -> Self {
        let tokens: Vec<Token> = Tokens::new(sql).collect();
        let ended = tokens.iter().position(|t| t.is_sign(b';')).unwrap_or(tokens.len());
        let (tokens, after) = tokens.split_at(ended);
        if after.iter().any(|t| !t.is_sign(b';')) {
            return Self::Several;
        }
        let Some(first) = tokens.iter().find(|t| !t.is_sign(b'(')) else {
            return Self::Empty;
        };
        if has_outfile(sql, tokens) {
            return Self::File;
        }
        if let Some(kill) = Kill::read(sql, tokens) {
            return Self::Kill(kill);
        }
        let reads =
            ["SELECT", "WITH", "FROM", "SHOW", "DESCRIBE", "DESC", "EXISTS", "EXPLAIN", "CHECK"];
        let writes = tokens.iter().any(|t| t.is(sql, "INSERT"));
        if reads.iter().any(|word| first.is(sql, word)) && !writes {
            return Self::Output(Output::of(sql, tokens, default_format));
        }
        Self::Command
    }
}

/// The first word of a statement.
pub(crate) fn first_word(sql: &[u8]) -> &[u8] {
    Tokens::new(sql).next().map_or(b"", |token| token.bytes(sql))
}

/// Whether a bare word stands in a statement.
pub(crate) fn has_word(sql: &[u8], word: &str) -> bool {
    Tokens::new(sql).any(|token| token.is(sql, word))
}
