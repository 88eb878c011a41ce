//! ClickHouse's tokens: just enough to see a statement's shape.
//!
//! It tells words, quoted names, strings and signs apart and skips comments, so
//! that no decision is ever taken by looking into a string or a comment. It does
//! not parse: the engine is the only judge of what a statement means.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A bare word or number.
    Word,
    /// A name in backticks or double quotes.
    Quoted,
    /// A string literal or heredoc.
    Text,
    /// One byte of anything else.
    Sign(u8),
}

/// A token and its place in the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Token {
    /// Says whether this is the bare word `word`, in any case.
    pub(crate) fn is(&self, sql: &[u8], word: &str) -> bool {
        self.kind == Kind::Word && self.bytes(sql).eq_ignore_ascii_case(word.as_bytes())
    }

    /// Says whether this is the sign `sign`.
    pub(crate) fn is_sign(&self, sign: u8) -> bool {
        self.kind == Kind::Sign(sign)
    }

    /// The token as written.
    pub(crate) fn bytes<'s>(&self, sql: &'s [u8]) -> &'s [u8] {
        sql.get(self.start..self.end).unwrap_or_default()
    }
}

/// The tokens of a statement, read as far as they are asked for, so that binary
/// data after an INSERT is never looked at.
pub(crate) struct Tokens<'s> {
    sql: &'s [u8],
    at: usize,
}

impl<'s> Tokens<'s> {
    pub(crate) fn new(sql: &'s [u8]) -> Self {
        Self { sql, at: 0 }
    }

    fn byte(&self, offset: usize) -> u8 {
        self.sql.get(self.at + offset).copied().unwrap_or(0)
    }

    fn rest(&self) -> &'s [u8] {
        self.sql.get(self.at..).unwrap_or_default()
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            let blank = rest.iter().take_while(|b| b.is_ascii_whitespace() || **b == 0x0b).count();
            self.at += blank;
            let rest = self.rest();
            let comment =
                if rest.starts_with(b"--") || rest.starts_with(b"#!") || rest.starts_with(b"# ") {
                    rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len())
                } else if rest.starts_with(b"/*") {
                    find(rest, b"*/").map_or(rest.len(), |at| at + 2)
                } else {
                    0
                };
            if blank == 0 && comment == 0 {
                return;
            }
            self.at += comment;
        }
    }

    /// Length of a quoted run that begins here, its quotes included. A quote is
    /// escaped by a backslash or by itself.
    fn quoted(&self, quote: u8) -> usize {
        let rest = self.rest();
        let mut i = 1;
        while let Some(byte) = rest.get(i) {
            if *byte == b'\\' {
                i += 2;
            } else if *byte == quote {
                if rest.get(i + 1) == Some(&quote) {
                    i += 2;
                } else {
                    return i + 1;
                }
            } else {
                i += 1;
            }
        }
        rest.len()
    }

    /// Length of a heredoc `$tag$ … $tag$` that begins here.
    fn heredoc(&self) -> Option<usize> {
        let rest = self.rest();
        let tag_end = 1 + rest.get(1..)?.iter().position(|b| !is_word(*b) || *b == b'$')?;
        if rest.get(tag_end) != Some(&b'$') {
            return None;
        }
        let tag = rest.get(..=tag_end)?;
        let body = rest.get(tag_end + 1..)?;
        find(body, tag).map(|at| tag_end + 1 + at + tag.len())
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip_blank();
        if self.at >= self.sql.len() {
            return None;
        }
        let start = self.at;
        let (kind, length) = match self.byte(0) {
            quote @ (b'`' | b'"') => (Kind::Quoted, self.quoted(quote)),
            b'\'' => (Kind::Text, self.quoted(b'\'')),
            b'$' if self.heredoc().is_some() => (Kind::Text, self.heredoc().unwrap_or(1)),
            byte if is_word(byte) => {
                (Kind::Word, self.rest().iter().take_while(|b| is_word(**b)).count())
            }
            byte => (Kind::Sign(byte), 1),
        };
        self.at += length;
        Some(Token { kind, start, end: self.at.min(self.sql.len()) })
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(sql: &str) -> Vec<&str> {
        Tokens::new(sql.as_bytes()).map(|t| &sql[t.start..t.end]).collect()
    }

    #[test]
    fn strings_names_and_comments_are_whole() {
        assert_eq!(
            words("SELECT 'it''s; \\' -- no' AS \"a\"\"b\", `x\\``-- c; FORMAT\n FROM t /* ; */;"),
            ["SELECT", "'it''s; \\' -- no'", "AS", "\"a\"\"b\"", ",", "`x\\``", "FROM", "t", ";"]
        );
        assert_eq!(words("$x$ a ' ; $x$ b"), ["$x$ a ' ; $x$", "b"]);
        assert_eq!(words("# note\n1"), ["1"]);
    }

    #[test]
    fn unfinished_runs_end_with_the_text() {
        assert_eq!(words("'abc"), ["'abc"]);
        assert_eq!(words("'abc\\"), ["'abc\\"]);
        assert_eq!(words("a /* b"), ["a"]);
        assert_eq!(words("$x"), ["$x"]);
    }
}
