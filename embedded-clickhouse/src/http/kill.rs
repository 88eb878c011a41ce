//! `KILL QUERY`: the engine selects by its own view of the callers' queries,
//! the front ends what was selected, and the engine words the answer.

use bytes::Bytes;
use hyper::Response;
use tokio::task::JoinSet;

use super::query::{Asked, readonly};
use super::result;
use super::stream::AnswerBody;
use crate::engine::{Session, quote, run_statement, unhex};
use crate::exception::{Code, Exception};
use crate::sql::{Kill, KillMode, PROCESSES_VIEW, Statement};

/// One query that the condition selected.
struct Selected {
    query_id: String,
    user: String,
    query: String,
}

/// Answers a KILL.
pub(super) async fn answer(asked: &Asked, kill: &Kill) -> Result<Response<AnswerBody>, Exception> {
    if asked.reads_only() {
        return Err(readonly());
    }
    let mut selected = select(asked, kill).await?;
    selected.retain(|query| query.query_id != asked.query_id);
    let status = match kill.mode {
        KillMode::Test => "unknown_status",
        KillMode::Async => "waiting",
        KillMode::Sync => "finished",
    };
    if kill.mode != KillMode::Test {
        // All are told at once; a SYNC then waits until each has ended.
        let mut ends = JoinSet::new();
        for query in &selected {
            if let Some(handle) = asked.service.registry.find(&query.query_id) {
                tracing::info!(query_id = query.query_id, "a query is ended by KILL QUERY");
                handle.cancel();
                ends.spawn(handle.end(asked.service.engine.clone()));
            }
        }
        match kill.mode {
            KillMode::Sync => while ends.join_next().await.is_some() {},
            KillMode::Async | KillMode::Test => ends.detach_all(),
        }
    }
    let sql = listing(&selected, status, kill.format.as_deref());
    match Statement::of(&sql, asked.default_format()) {
        Statement::Output(output) => result::stream(asked, sql, Some(output), None).await,
        _ => Err(Exception::new(Code::SyntaxError, "Syntax error in the FORMAT of a KILL QUERY")),
    }
}

/// Asks the engine which queries the condition means.
async fn select(asked: &Asked, kill: &Kill) -> Result<Vec<Selected>, Exception> {
    let mut sql = b"SELECT hex(query_id), hex(user), hex(query) FROM system.".to_vec();
    sql.extend_from_slice(PROCESSES_VIEW.as_bytes());
    sql.extend_from_slice(b" WHERE (\n");
    sql.extend_from_slice(&kill.condition);
    sql.extend_from_slice(b"\n)");
    let place = asked.place().await?;
    let ticket = asked.ticket().await?;
    let engine = asked.service.engine.clone();
    let session = Session {
        params: asked.params.session.params.clone(),
        database: asked.params.session.database.clone(),
        ..Session::default()
    };
    let worker = tokio::task::spawn_blocking(move || {
        let done = run_statement(&engine, &session, &sql, None, "TabSeparated", None, ticket);
        drop(place);
        done
    });
    let (rows, _) = worker
        .await
        .map_err(|_| Exception::new(Code::UnknownException, "The query's thread was lost"))??;
    let text = String::from_utf8_lossy(&rows);
    Ok(text.lines().filter_map(selected).collect())
}

fn selected(line: &str) -> Option<Selected> {
    let mut columns = line.split('\t').map(unhex);
    Some(Selected { query_id: columns.next()??, user: columns.next()??, query: columns.next()?? })
}

/// The statement whose result is the KILL's answer.
fn listing(selected: &[Selected], status: &str, format: Option<&str>) -> Bytes {
    let rows: Vec<String> = selected
        .iter()
        .map(|s| {
            format!(
                "({}, {}, {}, {})",
                quote(status),
                quote(&s.query_id),
                quote(&s.user),
                quote(&s.query)
            )
        })
        .collect();
    // VALUES needs a row, so that an empty answer is one that is filtered out.
    let rows = if rows.is_empty() { "('', '', '', '')".to_owned() } else { rows.join(", ") };
    let mut sql = format!(
        "SELECT kill_status, query_id, user, query FROM values('kill_status String, query_id String, user String, query String', {rows}) WHERE kill_status != ''"
    );
    if let Some(format) = format {
        sql.push_str(" FORMAT ");
        sql.push_str(format);
    }
    sql.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_hex_are_read_back() {
        let one = selected("6127\t75\t53 ".trim()).expect("well-formed");
        assert_eq!(
            (one.query_id.as_str(), one.user.as_str(), one.query.as_str()),
            ("a'", "u", "S")
        );
        assert!(selected("zz\t75\t53").is_none() && selected("61").is_none());
    }

    #[test]
    fn the_listing_quotes_what_it_lists() {
        let one =
            Selected { query_id: "a'b\\".into(), user: "u".into(), query: "SELECT ';'".into() };
        let sql =
            String::from_utf8(listing(&[one], "waiting", Some("JSON")).to_vec()).expect("text");
        assert!(sql.contains(r"('waiting', 'a\'b\\', 'u', 'SELECT \';\'')"), "{sql}");
        assert!(sql.ends_with("FORMAT JSON"));
    }
}
