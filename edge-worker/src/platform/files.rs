//! The SDK's files, out of the binding `ASSETS`.
//!
//! Packed with Brotli where that lies beside a file and the caller takes it. Any
//! page may load them: they are the same for all and hold nothing of anyone.

use tidemark_core::id::Uuid;
use tidemark_core::verdict::Code;
use worker::Env;

use super::body;
use crate::policy::answer::{Answer, Refused};
use crate::policy::call::Call;
use crate::policy::files::{cache_control, content_type, is_unchanged, takes_brotli};

/// Serves one file, tagged by its content.
///
/// # Errors
/// `not_found`, also where there are no files at all.
pub(super) async fn serve(path: &str, call: &Call, env: &Env) -> Result<Answer, Refused> {
    let content_type = content_type(path).ok_or(Code::NotFound)?;
    let packed = match takes_brotli(call.accept_encoding.as_deref()) {
        true => fetch(&format!("{path}.br"), env).await,
        false => None,
    };
    let coding = packed.is_some().then_some("br");
    let body = match packed {
        Some(packed) => packed,
        None => fetch(path, env).await.ok_or(Code::NotFound)?,
    };
    let etag = format!("\"{}\"", Uuid::v5(Uuid::default(), &body));
    let mut headers = vec![
        ("access-control-allow-origin", String::from("*")),
        ("cache-control", String::from(cache_control(path))),
        ("cross-origin-resource-policy", String::from("cross-origin")),
        ("etag", etag.clone()),
        ("vary", String::from("accept-encoding")),
    ];
    if is_unchanged(call.if_none_match.as_deref(), &etag) {
        return Ok(Answer::empty(304).with(headers));
    }
    headers.extend(coding.map(|coding| ("content-encoding", String::from(coding))));
    let labels = vec![
        ("content-type", String::from(content_type)),
        ("x-content-type-options", String::from("nosniff")),
    ];
    Ok(Answer { status: 200, headers, body }.with(labels))
}

async fn fetch(path: &str, env: &Env) -> Option<Vec<u8>> {
    let assets = env.assets("ASSETS").ok()?;
    let mut response = assets.fetch(format!("https://assets/{path}"), None).await.ok()?;
    if response.status_code() != 200 {
        return None;
    }
    body::of_answer(&mut response).await.ok()
}
