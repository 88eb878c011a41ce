//! Reads bodies up to a bound, and within a time.

use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use tidemark_core::limits::BATCH_MAX_BYTES;
use tidemark_core::verdict::Code;
use worker::{ByteStream, Delay, Request, Response, web_sys};

use super::calls;
use crate::policy::call::Call;
use crate::policy::decode::{Coding, Decoder};

/// Bytes of a collector's answer: 500 verdicts of 2 KB.
const ANSWER_MAX_BYTES: usize = 1_000_000;

/// Bytes of a refused body that are still read: as many as a body may have.
const DRAIN_MAX_BYTES: usize = BATCH_MAX_BYTES;

/// Why a body could not be read.
pub(super) enum BodyError {
    /// It is larger than its bound.
    TooLarge,
    /// The connection broke.
    Broken,
}

/// Reads a batch's body, and makes it plain as it comes.
///
/// # Errors
/// `unsupported_encoding`, `body_too_large`, `invalid_encoding`, `body_broken`, and
/// `request_timeout` for one that does not come in time.
pub(super) async fn of_request(
    request: &web_sys::Request,
    call: &Call,
    deadline_ms: u32,
) -> Result<Vec<u8>, Code> {
    let coding = Coding::of(call.content_encoding.as_deref())?;
    // A length that is told was checked before and is held by the runtime.
    if coding == Coding::Identity && call.content_length.is_some() {
        return calls::body_of(request, deadline_ms).await;
    }
    let deadline = Delay::from(Duration::from_millis(deadline_ms.into()));
    match select(pin!(plain(Clone::clone(request).into(), coding, call)), pin!(deadline)).await {
        Either::Left((body, _)) => body,
        Either::Right(_) => Err(Code::RequestTimeout),
    }
}

async fn plain(mut request: Request, coding: Coding, call: &Call) -> Result<Vec<u8>, Code> {
    let mut decoder = Decoder::new(coding, call.content_length);
    // A call without any body has no stream either.
    if let Ok(mut stream) = request.stream() {
        while let Some(chunk) = stream.next().await {
            if let Err(code) = decoder.push(&chunk.map_err(|_| Code::BodyBroken)?) {
                drain(stream).await;
                return Err(code);
            }
        }
    }
    decoder.finish()
}

/// Reads the rest of a refused body away, within bounds: a sender that is still
/// writing when the connection closes hears a broken pipe and not the answer.
async fn drain(mut stream: ByteStream) {
    let mut bytes = 0_usize;
    while let Some(Ok(chunk)) = stream.next().await {
        bytes = bytes.saturating_add(chunk.len());
        if bytes > DRAIN_MAX_BYTES {
            return;
        }
    }
}

/// Reads a collector's answer.
///
/// # Errors
/// When it is longer than any answer, or breaks off.
pub(super) async fn of_answer(response: &mut Response) -> Result<Vec<u8>, BodyError> {
    of_response(response, ANSWER_MAX_BYTES).await
}

/// Reads an answer of at most so many bytes. One that tells its length is read in one
/// piece, without a stream of chunks; the runtime holds it to that length.
///
/// # Errors
/// When it is longer, or breaks off.
pub(super) async fn of_response(
    response: &mut Response,
    max_bytes: usize,
) -> Result<Vec<u8>, BodyError> {
    let told = response.headers().get("content-length").ok().flatten();
    match told.and_then(|length| length.parse::<usize>().ok()) {
        Some(length) if length > max_bytes => return Err(BodyError::TooLarge),
        Some(_) => return response.bytes().await.map_err(|_| BodyError::Broken),
        None => {}
    }
    match response.stream() {
        Ok(stream) => read(stream, max_bytes).await,
        Err(_) => response.bytes().await.map_err(|_| BodyError::Broken),
    }
}

async fn read(mut stream: ByteStream, max_bytes: usize) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| BodyError::Broken)?;
        if body.len().saturating_add(chunk.len()) > max_bytes {
            return Err(BodyError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
