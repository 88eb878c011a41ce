//! `KILL QUERY`, which the front answers because only it knows the caller's ids.

use super::lexer::Token;

/// How a KILL answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KillMode {
    /// Asks the queries to end and returns at once (ClickHouse's default).
    Async,
    /// Returns once they have ended.
    Sync,
    /// Only lists them.
    Test,
}

/// A `KILL QUERY WHERE …`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kill {
    /// The condition over `system.processes`, as written.
    pub(crate) condition: Vec<u8>,
    pub(crate) mode: KillMode,
    /// The answer's format, when the statement names one.
    pub(crate) format: Option<String>,
}

impl Kill {
    /// Reads the tokens of one statement; anything that is not of the plain
    /// form `KILL QUERY WHERE condition [SYNC|ASYNC|TEST] [FORMAT name]` is left
    /// to the engine.
    pub(super) fn read(sql: &[u8], tokens: &[Token]) -> Option<Self> {
        let [kill, query, where_, rest @ ..] = tokens else { return None };
        if !(kill.is(sql, "KILL") && query.is(sql, "QUERY") && where_.is(sql, "WHERE")) {
            return None;
        }
        let (rest, format) = match rest {
            [rest @ .., clause, name] if clause.is(sql, "FORMAT") => {
                (rest, Some(String::from_utf8_lossy(name.bytes(sql)).into_owned()))
            }
            rest => (rest, None),
        };
        let (rest, mode) = match rest {
            [rest @ .., last] if last.is(sql, "SYNC") => (rest, KillMode::Sync),
            [rest @ .., last] if last.is(sql, "ASYNC") => (rest, KillMode::Async),
            [rest @ .., last] if last.is(sql, "TEST") => (rest, KillMode::Test),
            rest => (rest, KillMode::Async),
        };
        let (first, last) = (rest.first()?, rest.last()?);
        let condition = sql.get(first.start..last.end)?.to_vec();
        Some(Self { condition, mode, format })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Statement;
    use super::*;

    #[test]
    fn condition_mode_and_format_are_told_apart() {
        let read = |sql: &str| match Statement::of(sql.as_bytes(), "CSV") {
            Statement::Kill(kill) => {
                (String::from_utf8(kill.condition).expect("text"), kill.mode, kill.format)
            }
            other => panic!("{sql}: {other:?}"),
        };
        assert_eq!(
            read("KILL QUERY WHERE query_id = 'a SYNC' SYNC;"),
            ("query_id = 'a SYNC'".into(), KillMode::Sync, None)
        );
        assert_eq!(
            read("kill query where user='x' and elapsed > 1 test format JSON"),
            ("user='x' and elapsed > 1".into(), KillMode::Test, Some("JSON".into()))
        );
        assert_eq!(read("KILL QUERY WHERE 1").1, KillMode::Async);
    }

    #[test]
    fn other_kills_are_the_engines() {
        for sql in
            ["KILL MUTATION WHERE 1", "KILL QUERY ON CLUSTER c WHERE 1", "KILL QUERY WHERE SYNC"]
        {
            assert_eq!(Statement::of(sql.as_bytes(), "CSV"), Statement::Command, "{sql}");
        }
    }
}
