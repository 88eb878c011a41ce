//! Reads bodies up to a bound.

use futures_util::StreamExt;
use tidemark_core::limits::BATCH_MAX_BYTES;
use tidemark_core::verdict::Code;
use worker::{ByteStream, Request, Response};

use crate::policy::call::Call;

/// Bytes of a collector's answer: 500 verdicts of 2 KB.
const ANSWER_MAX_BYTES: usize = 1_000_000;

/// Why a body could not be read.
pub(super) enum BodyError {
    /// It is larger than its bound.
    TooLarge,
    /// The connection broke.
    Broken,
}

/// Reads a batch's body. A length that is told was checked before and is held
/// by the runtime; a body without one is counted as it comes.
///
/// # Errors
/// `body_too_large`; `invalid_json` for a body that breaks off, which is none.
pub(super) async fn of_request(mut request: Request, call: &Call) -> Result<Vec<u8>, Code> {
    if call.content_length.is_some() {
        return request.bytes().await.map_err(|_| Code::InvalidJson);
    }
    // A call without any body has no stream either.
    let Ok(stream) = request.stream() else { return Ok(Vec::new()) };
    read(stream, BATCH_MAX_BYTES).await.map_err(|error| match error {
        BodyError::TooLarge => Code::BodyTooLarge,
        BodyError::Broken => Code::InvalidJson,
    })
}

/// Reads an answer. One that tells its length is read in one piece, which costs a
/// third of a stream; the runtime holds it to that length.
///
/// # Errors
/// When it is longer than any answer, or breaks off.
pub(super) async fn of_answer(response: &mut Response) -> Result<Vec<u8>, BodyError> {
    let told = response.headers().get("content-length").ok().flatten();
    match told.and_then(|length| length.parse::<usize>().ok()) {
        Some(length) if length > ANSWER_MAX_BYTES => return Err(BodyError::TooLarge),
        Some(_) => return response.bytes().await.map_err(|_| BodyError::Broken),
        None => {}
    }
    match response.stream() {
        Ok(stream) => read(stream, ANSWER_MAX_BYTES).await,
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
