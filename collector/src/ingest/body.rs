//! Reads a body within its bounds, and reads away what is not wanted.

use std::time::Duration;

use axum::body::Body;
use axum::body::HttpBody as _;
use axum::http::{HeaderMap, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;

use crate::limits::{DRAIN_MAX_BYTES, DRAIN_TIMEOUT};
use crate::refusal::Refused;

/// Reads the wire's bytes, all of them `within` a time, however they dribble. A length
/// that is declared over the bound is refused before anything is read.
pub(super) async fn read(
    headers: &HeaderMap,
    body: &mut Body,
    max_bytes: usize,
    within: Duration,
) -> Result<Bytes, Refused> {
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok())
        .unwrap_or_default();
    if declared > max_bytes {
        return Err(Refused::body_too_large(max_bytes));
    }
    tokio::time::timeout(within, collect(body, declared, max_bytes))
        .await
        .unwrap_or(Err(Refused::BodyTimeout))
}

async fn collect(body: &mut Body, expected: usize, max_bytes: usize) -> Result<Bytes, Refused> {
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Refused::BodyBroken)?.into_data() else { continue };
        if bytes.len() + data.len() > max_bytes {
            return Err(Refused::body_too_large(max_bytes));
        }
        if bytes.is_empty() {
            // Mostly it was there when it was looked for, and is whole where it stands.
            if data.len() == expected && body.is_end_stream() {
                return Ok(data);
            }
            bytes.reserve(expected.max(data.len()));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}

/// Reads the rest of a refused body away, within bounds: a sender that is still
/// writing when the connection closes hears a broken pipe and not the answer.
pub(super) async fn drain(mut body: Body) {
    let rest = async {
        let mut bytes = 0_usize;
        while let Some(Ok(frame)) = body.frame().await {
            bytes += frame.data_ref().map_or(0, Bytes::len);
            if bytes > DRAIN_MAX_BYTES {
                break;
            }
        }
    };
    // One that is too slow has to live with the broken pipe.
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, rest).await;
}
