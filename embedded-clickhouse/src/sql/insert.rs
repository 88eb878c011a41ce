//! Where an INSERT ends and its data begins.
//!
//! The rule is ClickHouse's: after `FORMAT name` blanks and at most one line
//! end are skipped, after `VALUES` nothing is; the rest is data, whatever it
//! looks like.

use super::lexer::{Kind, Token, Tokens};

/// What the beginning of a request says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum InsertHead {
    /// Not an INSERT that takes data: read the whole statement.
    Other,
    /// An INSERT, but its data has not begun in the bytes at hand.
    Unfinished,
    /// `INSERT … FROM INFILE`, which reads a file of the server's.
    Infile,
    /// An INSERT with data.
    Data(Insert),
}

/// An INSERT that takes data.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Insert {
    /// The statement up to its FORMAT or VALUES, with every setting it names.
    pub(crate) sql: Vec<u8>,
    /// The data's format.
    pub(crate) format: String,
    /// Where the data begins in the bytes that were read.
    pub(crate) data_at: usize,
}

/// Reads the beginning of a request; `complete` says that nothing follows.
pub(crate) fn read_insert(head: &[u8], complete: bool) -> InsertHead {
    let mut tokens = Tokens::new(head).peekable();
    let unfinished = if complete { InsertHead::Other } else { InsertHead::Unfinished };
    match tokens.next() {
        Some(first) if first.is(head, "INSERT") => {}
        Some(first) if first.end < head.len() || complete => return InsertHead::Other,
        None if complete => return InsertHead::Other,
        _ => return unfinished,
    }
    for word in ["INTO", "TABLE", "FUNCTION"] {
        tokens.next_if(|t| t.is(head, word));
    }
    // The target: a name whose parts are joined by dots, or a table function.
    // Its words are never clauses, whatever they are called.
    loop {
        match tokens.next() {
            Some(t) if matches!(t.kind, Kind::Word | Kind::Quoted) => {}
            Some(t) if t.is_sign(b'{') => {
                while tokens.next_if(|t| !t.is_sign(b'}')).is_some() {}
                tokens.next();
            }
            _ => return unfinished,
        }
        if tokens.next_if(|t| t.is_sign(b'.')).is_none() {
            break;
        }
    }
    let mut depth = 0_usize;
    let mut last_end = 0;
    while let Some(token) = tokens.next() {
        last_end = token.end;
        match token.kind {
            Kind::Sign(b'(' | b'[' | b'{') => {
                depth += 1;
                if token.is_sign(b'(')
                    && tokens.peek().is_some_and(|t| t.is(head, "SELECT") || t.is(head, "WITH"))
                {
                    return InsertHead::Other;
                }
            }
            Kind::Sign(b')' | b']' | b'}') => depth = depth.saturating_sub(1),
            Kind::Sign(b';') if depth == 0 => return InsertHead::Other,
            Kind::Word if depth == 0 => {
                // A word that touches the end of an unfinished head may go on.
                if token.end == head.len() && !complete {
                    return InsertHead::Unfinished;
                }
                if ["SELECT", "WITH", "WATCH"].iter().any(|w| token.is(head, w)) {
                    return InsertHead::Other;
                }
                if token.is(head, "INFILE") {
                    return InsertHead::Infile;
                }
                if token.is(head, "VALUES") {
                    return data(head, token.start, "Values", &[], token.end);
                }
                if token.is(head, "FORMAT") {
                    return format(head, token, tokens, complete);
                }
            }
            _ => {}
        }
    }
    if complete && depth == 0 {
        // Without FORMAT and VALUES the data, if any, would be Values.
        return data(head, last_end.max(head.len()), "Values", &[], head.len());
    }
    unfinished
}

/// Reads `name [SETTINGS a = 1, …]` and the start of the data after it.
fn format(
    head: &[u8],
    format: Token,
    mut tokens: impl Iterator<Item = Token>,
    complete: bool,
) -> InsertHead {
    let Some(name) = tokens.next().filter(|t| t.kind == Kind::Word) else {
        return if complete { InsertHead::Other } else { InsertHead::Unfinished };
    };
    if name.end == head.len() && !complete {
        return InsertHead::Unfinished;
    }
    let format_name = String::from_utf8_lossy(name.bytes(head)).into_owned();
    if format_name.eq_ignore_ascii_case("VALUES") {
        return data(head, format.start, "Values", &[], name.end);
    }
    let (settings, end) = trailing_settings(head, name.end);
    let mut at = end;
    if head.get(at) == Some(&b';') {
        at += 1;
    }
    while matches!(head.get(at), Some(b' ' | b'\t' | 0x0c)) {
        at += 1;
    }
    if head.get(at) == Some(&b'\r') {
        at += 1;
    }
    match head.get(at) {
        Some(b'\n') => at += 1,
        // The line end itself may still be on its way.
        None if !complete => return InsertHead::Unfinished,
        _ => {}
    }
    data(head, format.start, &format_name, settings, at)
}

/// A `SETTINGS name = literal, …` between format and data, and where it ends.
/// Only a well-formed list counts, for data may begin with the same word.
fn trailing_settings(head: &[u8], from: usize) -> (&[u8], usize) {
    let rest = head.get(from..).unwrap_or_default();
    let mut tokens = Tokens::new(rest);
    if !tokens.next().is_some_and(|t| t.is(rest, "SETTINGS")) {
        return (&[], from);
    }
    loop {
        let (name, equals, value) = (tokens.next(), tokens.next(), tokens.next());
        let well_formed = name.is_some_and(|t| t.kind == Kind::Word)
            && equals.is_some_and(|t| t.is_sign(b'='))
            && value.is_some_and(|t| matches!(t.kind, Kind::Word | Kind::Text));
        let Some(value) = value.filter(|_| well_formed) else {
            return (&[], from);
        };
        let after = rest.get(value.end..).unwrap_or_default();
        if !Tokens::new(after).next().is_some_and(|t| t.is_sign(b',')) {
            return (rest.get(..value.end).unwrap_or_default(), from + value.end);
        }
        tokens.next();
    }
}

fn data(head: &[u8], sql_end: usize, format: &str, settings: &[u8], at: usize) -> InsertHead {
    let mut sql = head.get(..sql_end).unwrap_or_default().to_vec();
    sql.extend_from_slice(settings);
    // The engine appends its own FORMAT clause, which a comment must not swallow.
    sql.push(b'\n');
    InsertHead::Data(Insert { sql, format: format.to_owned(), data_at: at.min(head.len()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, String, String) {
        match read_insert(text.as_bytes(), true) {
            InsertHead::Data(insert) => (
                String::from_utf8(insert.sql).expect("text"),
                insert.format,
                text[insert.data_at..].to_owned(),
            ),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn data_begins_after_the_format() {
        assert_eq!(
            read(
                "INSERT INTO d.`t` (a, b) SETTINGS async_insert=0 FORMAT JSONEachRow  \r\n {\"a\":1}"
            ),
            (
                "INSERT INTO d.`t` (a, b) SETTINGS async_insert=0 \n".into(),
                "JSONEachRow".into(),
                " {\"a\":1}".into()
            )
        );
        assert_eq!(read("insert into t format CSV 1,2\n").2, "1,2\n");
        assert_eq!(read("INSERT INTO t FORMAT RowBinary\n\n\n").2, "\n\n");
        assert_eq!(read("INSERT INTO t FORMAT CSV;\n1").2, "1");
    }

    #[test]
    fn values_and_nothing_are_values() {
        let (sql, format, data) = read("INSERT INTO t (a) VALUES (1), ('FORMAT x')");
        assert_eq!((sql.as_str(), format.as_str()), ("INSERT INTO t (a) \n", "Values"));
        assert_eq!(data, " (1), ('FORMAT x')");
        assert_eq!(read("INSERT INTO t").1, "Values");
        assert_eq!(read("INSERT INTO t FORMAT Values (1)").2, " (1)");
    }

    #[test]
    fn settings_after_the_format_move_before_it() {
        let (sql, format, data) = read("INSERT INTO t FORMAT CSV SETTINGS a = 1, b='x'\n1,2");
        assert_eq!(sql, "INSERT INTO t  SETTINGS a = 1, b='x'\n");
        assert_eq!((format.as_str(), data.as_str()), ("CSV", "1,2"));
        // The same word as data stays data.
        assert_eq!(
            read("INSERT INTO t FORMAT LineAsString\nSETTINGS are fine").2,
            "SETTINGS are fine"
        );
    }

    #[test]
    fn odd_names_do_not_confuse_it() {
        assert_eq!(read("INSERT INTO format.values (\"select\") FORMAT CSV\n1").2, "1");
        assert_eq!(read("INSERT INTO FUNCTION file('a FORMAT b', 'CSV') FORMAT TSV\n1").2, "1");
        assert_eq!(read("INSERT INTO {t:Identifier} FORMAT TSV\n1").2, "1");
        assert_eq!(read("INSERT INTO t -- FORMAT CSV\nFORMAT TSV\n1").1, "TSV");
    }

    #[test]
    fn what_takes_no_data_is_other() {
        for sql in [
            "SELECT 1",
            "INSERT INTO t SELECT 1",
            "INSERT INTO t (SELECT 1)",
            "",
            "-- x",
            "INSERT INTO t WITH 1 AS x SELECT x",
        ] {
            assert_eq!(read_insert(sql.as_bytes(), true), InsertHead::Other, "{sql}");
        }
        assert_eq!(
            read_insert(b"INSERT INTO t FROM INFILE 'x' FORMAT CSV", true),
            InsertHead::Infile
        );
    }

    #[test]
    fn every_cut_of_a_head_waits_or_agrees() {
        let text = b"INSERT INTO t (a) SETTINGS x='y' FORMAT JSONEachRow\n{}";
        let whole = read_insert(text, true);
        for cut in 0..text.len() {
            match read_insert(&text[..cut], false) {
                InsertHead::Unfinished => {}
                other => assert_eq!(other, whole, "cut at {cut}"),
            }
        }
    }
}
