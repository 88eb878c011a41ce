//! `system.processes` under the caller's ids.
//!
//! The engine gives every query an id of its own and has no way to be told
//! another. The front marks each query instead (see `engine::MARKER`) and keeps
//! a view over `system.processes` that shows the mark as query_id; statements
//! that name the table are pointed at the view.

use super::lexer::{Token, Tokens};

/// The view's name, in the database `system`, which lives in memory only.
pub(crate) const PROCESSES_VIEW: &str = "processes_of_callers";

/// Points every `system.processes` (and columns qualified by it), and `SHOW
/// PROCESSLIST`, at the view. `None` when the statement names neither.
pub(crate) fn rewrite_processes(sql: &[u8]) -> Option<Vec<u8>> {
    let tokens: Vec<Token> = Tokens::new(sql).collect();
    if let [show, list, ..] = tokens.as_slice()
        && show.is(sql, "SHOW")
        && list.is(sql, "PROCESSLIST")
    {
        let mut text =
            format!("SELECT * FROM system.{PROCESSES_VIEW} ORDER BY elapsed DESC").into_bytes();
        text.extend_from_slice(sql.get(list.end..).unwrap_or_default());
        return Some(text);
    }
    let named = |name: &str, token: &Token| {
        let quoted = token.bytes(sql).strip_prefix(b"`").and_then(|b| b.strip_suffix(b"`"));
        let quoted = quoted
            .or_else(|| token.bytes(sql).strip_prefix(b"\"").and_then(|b| b.strip_suffix(b"\"")));
        token.is(sql, name) || quoted == Some(name.as_bytes())
    };
    let qualified = |i: usize| match tokens.get(i..i + 3) {
        Some([database, dot, table]) => {
            named("system", database) && dot.is_sign(b'.') && named("processes", table)
        }
        _ => false,
    };
    if !(0..tokens.len()).any(qualified) {
        return None;
    }
    let mut text = Vec::with_capacity(sql.len() + 32);
    let mut copied = 0;
    for (i, token) in tokens.iter().enumerate() {
        let after_system = i >= 2 && qualified(i - 2);
        let alone = named("processes", token)
            && tokens.get(i + 1).is_some_and(|t| t.is_sign(b'.'))
            && !tokens.get(i.wrapping_sub(1)).is_some_and(|t| t.is_sign(b'.'));
        if after_system || alone {
            text.extend_from_slice(sql.get(copied..token.start).unwrap_or_default());
            text.extend_from_slice(PROCESSES_VIEW.as_bytes());
            copied = token.end;
        }
    }
    text.extend_from_slice(sql.get(copied..).unwrap_or_default());
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_table_itself_is_renamed() {
        let rewrite = |sql: &str| {
            rewrite_processes(sql.as_bytes()).map(|text| String::from_utf8(text).expect("text"))
        };
        assert_eq!(
            rewrite("SELECT processes.query_id, 'system.processes' FROM `system` . processes p")
                .as_deref(),
            Some(
                "SELECT processes_of_callers.query_id, 'system.processes' FROM `system` . processes_of_callers p"
            )
        );
        assert_eq!(rewrite("SELECT 'system.processes', processes.x FROM a.processes"), None);
        assert_eq!(rewrite("SELECT 1 -- system.processes"), None);
        assert_eq!(
            rewrite("SHOW PROCESSLIST FORMAT JSON").as_deref(),
            Some("SELECT * FROM system.processes_of_callers ORDER BY elapsed DESC FORMAT JSON")
        );
    }
}
