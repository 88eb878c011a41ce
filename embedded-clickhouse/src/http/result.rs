//! Statements and their results: from the engine's pipe to the answer's body.
//!
//! A task of its own (the pump) stands between the two, so that a query ends
//! when its client goes away or when it is killed, whatever the other side is
//! doing. Every buffer is bounded; a slow client slows the engine down.

use std::io::PipeWriter;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use hyper::Response;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::answer::Summary;
use super::hold::Hold;
use super::query::Asked;
use super::stream::{AnswerBody, Piece, Stream};
use crate::engine::{Counts, Engine, Handle, Lease, Ticket, Watch, run_statement};
use crate::exception::{Code, Exception};
use crate::limits::{HEAD_BYTES, RESULT_CHUNK_BYTES, RESULT_DEPTH, STALL_TIME};
use crate::sql::Output;

/// Runs a statement and answers with its result as soon as enough of it (or
/// its end) is there.
pub(super) async fn stream(
    asked: &Asked,
    sql: Bytes,
    output: Option<Output>,
    lease: Option<Lease>,
) -> Result<Response<AnswerBody>, Exception> {
    let format = output.as_ref().map_or(asked.default_format(), |o| o.format.as_str()).to_owned();
    let ticket = asked.ticket().await?;
    let mark = ticket.mark().to_owned();
    let mut pieces = begin(asked, sql, output, lease, ticket).await?;
    let engine = &asked.service.engine;
    let (mut hold, mut size) = (Hold::default(), 0);
    let mut summary = Summary::default();
    let lost = |error: std::io::Error| {
        Exception::new(Code::UnknownException, format!("The result cannot be packed: {error}"))
    };
    loop {
        match pieces.recv().await {
            Some(Piece::Data(data)) if asked.params.wait_end => {
                hold.push(data, engine.data()).await?;
            }
            Some(Piece::Data(data)) => {
                size += data.len();
                hold.head.push_back(data);
                if size < HEAD_BYTES {
                    continue;
                }
                let engine = Arc::clone(engine);
                let version = engine.about().version.clone();
                let progress = tokio::task::spawn_blocking(move || engine.progress(&mark)).await;
                if let Ok(Some([rows, bytes, total])) = progress {
                    (summary.counts.read_rows, summary.counts.read_bytes) = (rows, bytes);
                    summary.total_rows_to_read = total;
                }
                summary.elapsed = asked.begun.elapsed();
                let tag = tag();
                let packing = asked.packing();
                let stream = Stream::new(hold.head, pieces, packing, tag.clone(), version);
                let stream = stream.map_err(lost)?;
                return Ok(asked.head(&format).streamed(stream, Some(&tag), &summary));
            }
            Some(Piece::End(Ok(counts))) => {
                summary.counts = counts;
                summary.elapsed = asked.begun.elapsed();
                if hold.is_small() {
                    let whole: Vec<u8> = hold.head.iter().flatten().copied().collect();
                    return Ok(asked.head(&format).whole(whole.into(), &summary));
                }
                let rest = hold.rest(counts).await?;
                let version = engine.about().version.clone();
                let stream = Stream::new(hold.head, rest, asked.packing(), tag(), version);
                let stream = stream.map_err(lost)?;
                return Ok(asked.head(&format).streamed(stream, None, &summary));
            }
            Some(Piece::End(Err(error))) => return Err(error),
            None => {
                return Err(Exception::new(Code::UnknownException, "The query's thread was lost"));
            }
        }
    }
}

/// Starts the query's thread and its pump.
async fn begin(
    asked: &Asked,
    sql: Bytes,
    output: Option<Output>,
    lease: Option<Lease>,
    ticket: Ticket,
) -> Result<mpsc::Receiver<Piece>, Exception> {
    let place = asked.place().await?;
    let lost = |error: std::io::Error| {
        Exception::new(Code::UnknownException, format!("No pipe for the result: {error}"))
    };
    let (reader, writer) = std::io::pipe().map_err(lost)?;
    let reader = pipe::Receiver::from_owned_fd(reader.into()).map_err(lost)?;
    let (sender, pieces) = mpsc::channel(RESULT_DEPTH);
    let pump = Pump {
        engine: Arc::clone(&asked.service.engine),
        handle: ticket.handle(),
        query_id: asked.query_id.clone(),
        sender,
    };
    let watch = ticket.watch();
    let engine = Arc::clone(&asked.service.engine);
    let session = asked.params.session.clone();
    let format = asked.default_format().to_owned();
    let worker = tokio::task::spawn_blocking(move || {
        let writer: PipeWriter = writer;
        let to = output.as_ref().map(|output| (output, &writer));
        let done = run_statement(&engine, &session, &sql, to, &format, lease, ticket);
        // The pump sees the end of the pipe once this last writer is gone.
        drop(writer);
        done
    });
    tokio::spawn(async move {
        pump.run(reader, worker, watch).await;
        drop(place);
    });
    Ok(pieces)
}

/// Carries a result from the engine's pipe to whoever answers.
struct Pump {
    engine: Arc<Engine>,
    handle: Handle,
    query_id: String,
    sender: mpsc::Sender<Piece>,
}

type Worker = JoinHandle<Result<(Vec<u8>, Counts), Exception>>;

impl Pump {
    async fn run(self, mut reader: pipe::Receiver, worker: Worker, mut watch: Watch) {
        let gone = tokio::select! {
            gone = self.carry(&mut reader) => gone,
            () = watch.ending() => false,
            () = self.sender.closed() => true,
        };
        // Whatever the engine still writes fails from here on, so that it never
        // waits for a reader that has lost interest.
        drop(reader);
        if gone {
            tracing::info!(query_id = self.query_id, "the client went away: its query is ended");
            self.handle.clone().end(Arc::clone(&self.engine)).await;
        }
        let end = match worker.await {
            Ok(Ok((small, counts))) => {
                if !small.is_empty() && self.sender.send(Piece::Data(small.into())).await.is_err() {
                    return;
                }
                Ok(counts)
            }
            Ok(Err(error)) => Err(error),
            Err(error) => {
                tracing::error!(query_id = self.query_id, %error, "a query's thread was lost");
                Err(Exception::new(Code::UnknownException, "The query's thread was lost"))
            }
        };
        // Nobody left to hear it is no failure: the query has ended either way.
        let _heard = self.sender.send(Piece::End(end)).await;
    }

    /// Reads the pipe to its end; true when the receiver is gone or takes nothing.
    async fn carry(&self, reader: &mut pipe::Receiver) -> bool {
        let mut buffer = BytesMut::new();
        loop {
            buffer.reserve(RESULT_CHUNK_BYTES);
            match reader.read_buf(&mut buffer).await {
                Ok(0) => return false,
                Ok(_) => {
                    let sent = self.sender.send(Piece::Data(buffer.split().freeze()));
                    // Gone, or as good as gone.
                    if !matches!(tokio::time::timeout(STALL_TIME, sent).await, Ok(Ok(()))) {
                        return true;
                    }
                }
                Err(error) => {
                    tracing::error!(query_id = self.query_id, %error, "the result's pipe failed");
                    return true;
                }
            }
        }
    }
}

/// Sixteen random letters, under which an exception inside a result is found.
fn tag() -> String {
    Uuid::new_v4().as_bytes().iter().map(|byte| char::from(b'a' + byte % 26)).collect()
}
