//! Splits a file of DDL into statements, as ClickHouse's HTTP takes one a call.

/// The statements of a file, without comments around them. A semicolon inside of
/// quotes, comments or a heredoc (`$tag$…$tag$`) ends nothing.
pub(super) fn statements(file: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut from = 0;
    let mut at = 0;
    // Whether anything but space and comments stood since the last semicolon.
    let mut begins = None;
    while let Some(rest) = file.get(at..).filter(|rest| !rest.is_empty()) {
        match lexeme(rest) {
            Lexeme::End => {
                if let Some(statement) = begins.take().and_then(|begin| file.get(begin..at)) {
                    found.push(statement.trim_end());
                }
                at += 1;
                from = at;
            }
            Lexeme::Nothing(bytes) => at += bytes,
            Lexeme::Something(bytes) => {
                begins.get_or_insert(at.max(from));
                at += bytes;
            }
        }
    }
    if let Some(statement) = begins.and_then(|begin| file.get(begin..)) {
        found.push(statement.trim_end());
    }
    found
}

/// What stands next, and how many bytes of it.
enum Lexeme {
    /// The semicolon.
    End,
    /// Space or a comment.
    Nothing(usize),
    /// Part of a statement.
    Something(usize),
}

fn lexeme(rest: &str) -> Lexeme {
    let Some(first) = rest.chars().next() else { return Lexeme::Nothing(0) };
    let line = || rest.find('\n').unwrap_or(rest.len());
    match first {
        ';' => Lexeme::End,
        quote @ ('\'' | '"' | '`') => Lexeme::Something(quoted(rest, quote)),
        '-' if rest.starts_with("--") => Lexeme::Nothing(line()),
        '#' if rest.starts_with("# ") || rest.starts_with("#!") => Lexeme::Nothing(line()),
        '/' if rest.starts_with("/*") => Lexeme::Nothing(block_comment(rest)),
        '$' => Lexeme::Something(heredoc(rest).unwrap_or(1)),
        space if space.is_whitespace() => Lexeme::Nothing(space.len_utf8()),
        other => Lexeme::Something(other.len_utf8()),
    }
}

/// Bytes of quoted text; a doubled quote or one behind a backslash stays inside.
fn quoted(rest: &str, quote: char) -> usize {
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if character == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
            return at + 1;
        }
    }
    rest.len()
}

/// Bytes of a comment; ClickHouse nests them.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(tail) = rest.get(at..).filter(|tail| !tail.is_empty()) {
        if tail.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if tail.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += tail.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// Bytes of `$tag$…$tag$`; `None` when no heredoc begins here.
fn heredoc(rest: &str) -> Option<usize> {
    let tag_end = rest.get(1..)?.find('$')? + 2;
    let tag = rest.get(..tag_end)?;
    if !tag.trim_matches('$').bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return None;
    }
    let inside = rest.get(tag_end..)?;
    Some(inside.find(tag).map_or(rest.len(), |end| tag_end + end + tag.len()))
}

#[cfg(test)]
mod tests {
    use super::statements;

    #[test]
    fn semicolons_end_statements_only_where_they_stand_bare() {
        let file = "-- one; two\n/* three; /* four; */ five; */\nSELECT ';', \"a;b\", `c;d`, 'it''s;', 'x\\';y';\n\n\
                    SELECT $t$ a;b $t$, $1; # a comment; here\nSELECT 1 -- last; comment\n";
        assert_eq!(
            statements(file),
            [
                "SELECT ';', \"a;b\", `c;d`, 'it''s;', 'x\\';y'",
                "SELECT $t$ a;b $t$, $1",
                "SELECT 1 -- last; comment",
            ]
        );
    }

    #[test]
    fn nothing_makes_no_statement() {
        for file in ["", ";;", " -- only a comment", "/* x */;\n# y\n", "/* open"] {
            assert!(statements(file).is_empty(), "{file}");
        }
    }

    #[test]
    fn open_quotes_reach_to_the_end() {
        assert_eq!(statements("SELECT 'a;b"), ["SELECT 'a;b"]);
        assert_eq!(statements("SELECT $x$ a;b"), ["SELECT $x$ a;b"]);
    }
}
