//! A statement with a result: which format it names, and how the result is led
//! through a pipe.
//!
//! The engine's streaming call hands out each block as a document of its own
//! (names, brackets and totals repeat), so it cannot serve formats that have a
//! beginning or an end. `INTO OUTFILE` writes one document, block by block, and
//! takes a pipe as its file; the clause is put where the grammar has it.

use super::lexer::{Kind, Token};

/// A statement with a result.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Output {
    /// The result's format: the statement's own, or the default.
    pub(crate) format: String,
    /// Where `INTO OUTFILE` goes.
    clause_at: usize,
    /// Whether the statement names its format itself.
    named: bool,
}

impl Output {
    /// Reads the tokens of one statement (without a closing semicolon).
    pub(super) fn of(sql: &[u8], tokens: &[Token], default_format: &str) -> Self {
        let end = tokens.last().map_or(0, |t| t.end);
        match format_clause(sql, tokens) {
            Some((clause, name)) => Self {
                format: String::from_utf8_lossy(name.bytes(sql)).into_owned(),
                clause_at: clause.start,
                named: true,
            },
            None => Self { format: default_format.to_owned(), clause_at: end, named: false },
        }
    }

    /// The statement with its result led into the file descriptor `fd`.
    pub(crate) fn led_into(&self, sql: &[u8], fd: i32) -> Vec<u8> {
        let (before, after) = sql.split_at(self.clause_at.min(sql.len()));
        let mut text = before.to_vec();
        text.extend_from_slice(format!("\nINTO OUTFILE '/dev/fd/{fd}' APPEND\n").as_bytes());
        if !self.named {
            text.extend_from_slice(format!("FORMAT {}\n", self.format).as_bytes());
        }
        text.extend_from_slice(after);
        text
    }
}

/// Finds the last `FORMAT name` outside brackets that ends the statement or
/// stands before its SETTINGS.
fn format_clause(sql: &[u8], tokens: &[Token]) -> Option<(Token, Token)> {
    let mut depth = 0_usize;
    let mut found = None;
    for (i, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Sign(b'(' | b'[' | b'{') => depth += 1,
            Kind::Sign(b')' | b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth != 0
            || !token.is(sql, "FORMAT")
            || !may_end_a_query(sql, tokens.get(i.wrapping_sub(1)))
        {
            continue;
        }
        if let Some(name) = tokens.get(i + 1).filter(|t| t.kind == Kind::Word)
            && tokens.get(i + 2).is_none_or(|t| t.is(sql, "SETTINGS"))
        {
            found = Some((*token, *name));
        }
    }
    found
}

/// Says whether a FORMAT after this token can be the clause: after `FROM`,
/// `AS`, a dot or an operator it is a name.
fn may_end_a_query(sql: &[u8], before: Option<&Token>) -> bool {
    let Some(before) = before else { return false };
    match before.kind {
        Kind::Sign(sign) => matches!(sign, b')' | b']' | b'}' | b'*'),
        Kind::Word => {
            !["SELECT", "FROM", "JOIN", "AS", "BY", "WHERE", "AND", "OR", "ON", "NOT", "TABLE"]
                .iter()
                .any(|word| before.is(sql, word))
        }
        Kind::Quoted | Kind::Text => true,
    }
}

/// Says whether the statement writes its result into a file of its own.
pub(crate) fn has_outfile(sql: &[u8], tokens: &[Token]) -> bool {
    tokens.windows(2).any(|pair| match pair {
        [into, outfile] => into.is(sql, "INTO") && outfile.is(sql, "OUTFILE"),
        _ => false,
    })
}

/// Says whether a text can be a format's name, so that it can stand in a statement.
pub(crate) fn is_format_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 64
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::super::Statement;

    fn piped(sql: &str) -> (String, String) {
        match Statement::of(sql.as_bytes(), "TabSeparated") {
            Statement::Output(output) => {
                let text = String::from_utf8(output.led_into(sql.as_bytes(), 7)).expect("text");
                (output.format, text.split_whitespace().collect::<Vec<_>>().join(" "))
            }
            other => panic!("{sql}: {other:?}"),
        }
    }

    #[test]
    fn the_clause_goes_before_the_format_or_at_the_end() {
        let cases = [
            (
                "SELECT 1 FORMAT JSON",
                "JSON",
                "SELECT 1 INTO OUTFILE '/dev/fd/7' APPEND FORMAT JSON",
            ),
            (
                "SELECT 1;",
                "TabSeparated",
                "SELECT 1 INTO OUTFILE '/dev/fd/7' APPEND FORMAT TabSeparated ;",
            ),
            (
                "SELECT 1 FORMAT CSV SETTINGS max_threads=1",
                "CSV",
                "SELECT 1 INTO OUTFILE '/dev/fd/7' APPEND FORMAT CSV SETTINGS max_threads=1",
            ),
            (
                "SELECT format FROM system.formats",
                "TabSeparated",
                "SELECT format FROM system.formats INTO OUTFILE '/dev/fd/7' APPEND FORMAT TabSeparated",
            ),
            (
                "SELECT 'FORMAT JSON' AS x -- FORMAT CSV",
                "TabSeparated",
                "SELECT 'FORMAT JSON' AS x INTO OUTFILE '/dev/fd/7' APPEND FORMAT TabSeparated -- FORMAT CSV",
            ),
            (
                "SELECT * FROM format t",
                "TabSeparated",
                "SELECT * FROM format t INTO OUTFILE '/dev/fd/7' APPEND FORMAT TabSeparated",
            ),
        ];
        for (sql, format, text) in cases {
            assert_eq!(piped(sql), (format.to_owned(), text.to_owned()), "{sql}");
        }
    }

    #[test]
    fn a_comment_before_the_clause_does_not_swallow_it() {
        match Statement::of(b"SELECT 1 -- note", "CSV") {
            Statement::Output(output) => {
                let text = output.led_into(b"SELECT 1 -- note", 3);
                assert!(
                    text.starts_with(b"SELECT 1\nINTO OUTFILE '/dev/fd/3' APPEND\nFORMAT CSV\n")
                );
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn ways_are_told_apart() {
        let of = |sql: &str| Statement::of(sql.as_bytes(), "CSV");
        assert_eq!(of(" -- x\n"), Statement::Empty);
        assert_eq!(of("SELECT 1; SELECT 2"), Statement::Several);
        assert!(matches!(of("SELECT 1;;"), Statement::Output(_)));
        assert_eq!(of("SELECT 1 INTO OUTFILE 'x'"), Statement::File);
        assert!(matches!(of("SELECT 'INTO OUTFILE'"), Statement::Output(_)));
        assert!(matches!(of("(SELECT 1)"), Statement::Output(_)));
        assert_eq!(of("CREATE TABLE t (a Int8) ENGINE=Memory"), Statement::Command);
        assert_eq!(of("INSERT INTO t SELECT 1"), Statement::Command);
        assert_eq!(of("EXPLAIN INSERT INTO t SELECT 1"), Statement::Command);
    }
}
