//! What a reader may not say, because no right of the engine's guards it.
//!
//! The engine itself keeps a reader from table functions and from files named as
//! tables. It does not guard the function `file`, which reads any file, nor `eval`,
//! which runs a text that nobody has looked at.

use super::lexer::{Kind, Tokens};

/// Names that no statement of a reader may hold, in any place: a function can also
/// be named without brackets (`arrayMap(file, …)`, `APPLY(file)`).
const NAMES: [&str; 2] = ["file", "eval"];

/// The settings with a free text that a reader may send. Others name files, hold
/// parts of a query, or change the language that it is read in.
pub(crate) const READERS_STRINGS: [&str; 5] = [
    "count_distinct_implementation",
    "format_csv_null_representation",
    "format_tsv_null_representation",
    "log_comment",
    "query_cache_tag",
];

/// The first thing in a statement that a reader may not say.
pub(crate) fn forbidden(sql: &[u8]) -> Option<String> {
    Tokens::new(sql).find_map(|token| {
        let text = token.bytes(sql);
        let name = match token.kind {
            Kind::Word => text,
            // An escape could spell a name that is not seen here.
            Kind::Quoted if text.contains(&b'\\') => {
                return Some("a quoted name with a backslash".to_owned());
            }
            Kind::Quoted => text.get(1..text.len().saturating_sub(1)).unwrap_or_default(),
            Kind::Text | Kind::Sign(_) => return None,
        };
        NAMES
            .iter()
            .find(|forbidden| name.eq_ignore_ascii_case(forbidden.as_bytes()))
            .map(|name| format!("the name {name}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_found_however_they_are_written() {
        for sql in [
            "SELECT file('/etc/passwd')",
            "SELECT `file` ('x')",
            "SELECT \"file\"('x')",
            "SELECT arrayMap(file, ['x'])",
            "SELECT * APPLY(file) FROM t",
            "SELECT `f\\x69le`('x')",
            "SELECT * FROM EVAL('SELECT 1')",
        ] {
            assert!(forbidden(sql.as_bytes()).is_some(), "{sql}");
        }
        for sql in ["SELECT 'file'", "SELECT profile, files FROM t -- file", "SELECT `a b`"] {
            assert_eq!(forbidden(sql.as_bytes()), None, "{sql}");
        }
    }
}
