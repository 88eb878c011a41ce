//! The SDK's files, out of the binding `ASSETS`.
//!
//! Any page may load them: they are the same for all and hold nothing of anyone.

use tidemark_core::id::Uuid;
use tidemark_core::verdict::Code;
use worker::Env;

use super::body;
use crate::policy::answer::{Answer, Refused};
use crate::policy::call::Call;
use crate::policy::files::{CACHE_CONTROL, content_type, is_unchanged};

/// Serves one file, tagged by its content.
///
/// # Errors
/// `not_found`, also where there are no files at all.
pub(super) async fn serve(path: &str, call: &Call, env: &Env) -> Result<Answer, Refused> {
    let content_type = content_type(path).ok_or(Code::NotFound)?;
    let body = fetch(path, env).await.ok_or(Code::NotFound)?;
    let etag = format!("\"{}\"", Uuid::v5(Uuid::default(), &body));
    let headers = vec![
        ("access-control-allow-origin", String::from("*")),
        ("cache-control", String::from(CACHE_CONTROL)),
        ("cross-origin-resource-policy", String::from("cross-origin")),
        ("etag", etag.clone()),
    ];
    if is_unchanged(call.if_none_match.as_deref(), &etag) {
        return Ok(Answer::empty(304).with(headers));
    }
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
