//! An INSERT with data: the body goes to the engine piece by piece.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use hyper::Response;
use tokio::sync::mpsc;

use super::answer::Summary;
use super::body::Body;
use super::query::Asked;
use super::result;
use super::stream::AnswerBody;
use crate::engine::{Engine, Feed, Handle, Watch, run_insert};
use crate::exception::{Code, Exception};
use crate::limits::{FEED_CHUNK_BYTES, FEED_DEPTH};
use crate::sql::Insert;

/// Runs an INSERT and answers once it is committed.
pub(super) async fn answer(
    asked: &Asked,
    insert: Insert,
    body: &mut Body,
) -> Result<Response<AnswerBody>, Exception> {
    let lease = asked.lease()?;
    if insert.format == "Values" && !asked.params.session.params.is_empty() {
        // Parameters inside VALUES are resolved only in the statement's own text.
        let mut text = BytesMut::from(insert.sql.as_slice());
        text.extend_from_slice(b"VALUES ");
        body.collect(&mut text).await?;
        return result::stream(asked, text.freeze(), None, lease).await;
    }
    let ticket = asked.ticket().await?;
    let place = asked.place().await?;
    let watch = ticket.watch();
    let (sender, feed) = mpsc::channel(FEED_DEPTH);
    let engine = Arc::clone(&asked.service.engine);
    let session = asked.params.session.clone();
    let mut guard = EndOnDrop { engine: Arc::clone(&engine), running: Some(ticket.handle()) };
    let worker = tokio::task::spawn_blocking(move || {
        let done = run_insert(&engine, &session, &insert, feed, lease, ticket);
        drop(place);
        done
    });
    let fed = pour(body, sender, watch).await;
    let done = worker.await;
    guard.running = None;
    let done = done.map_err(|error| {
        tracing::error!(query_id = asked.query_id, %error, "an INSERT's thread was lost");
        Exception::new(Code::UnknownException, "The query's thread was lost")
    })?;
    // What was wrong with the body says more than what it did to the INSERT.
    let counts = fed.and(done)?;
    let mut summary = Summary { counts, elapsed: asked.begun.elapsed(), ..Summary::default() };
    // As on the server: what an INSERT has read and gives is what it wrote.
    summary.counts.read_rows = counts.written_rows;
    summary.counts.read_bytes = counts.written_bytes;
    summary.counts.result_rows = counts.written_rows;
    summary.counts.result_bytes = counts.written_bytes;
    Ok(asked.head(asked.default_format()).whole(Bytes::new(), &summary))
}

/// Pours the body into the INSERT. It ends early, without an error of its own,
/// when the INSERT has failed or is to end; the channel then closes without
/// `Feed::End`, and nothing more is written.
async fn pour(
    body: &mut Body,
    sender: mpsc::Sender<Feed>,
    mut watch: Watch,
) -> Result<(), Exception> {
    let pouring = async {
        // Small pieces are gathered: handing one over costs the engine a lock.
        let mut gathered = BytesMut::new();
        while let Some(piece) = body.next().await? {
            let data = if gathered.is_empty() && piece.len() >= FEED_CHUNK_BYTES / 4 {
                piece
            } else {
                gathered.extend_from_slice(&piece);
                if gathered.len() < FEED_CHUNK_BYTES / 4 {
                    continue;
                }
                gathered.split().freeze()
            };
            if sender.send(Feed::Data(data)).await.is_err() {
                return Ok(());
            }
        }
        if !gathered.is_empty() && sender.send(Feed::Data(gathered.freeze())).await.is_err() {
            return Ok(());
        }
        // A closed channel means that the INSERT has failed; its own error tells.
        let _closed = sender.send(Feed::End).await;
        Ok(())
    };
    tokio::select! {
        poured = pouring => poured,
        () = watch.ending() => Ok(()),
    }
}

/// Ends the INSERT when its request is dropped, as when the client goes away.
struct EndOnDrop {
    engine: Arc<Engine>,
    running: Option<Handle>,
}

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        if let Some(handle) = self.running.take() {
            tracing::info!("a client went away: its INSERT is ended");
            // At once, so that nothing is committed while the task waits.
            handle.cancel();
            tokio::spawn(handle.end(Arc::clone(&self.engine)));
        }
    }
}
