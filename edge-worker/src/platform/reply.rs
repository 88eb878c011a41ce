//! Hands an answer to the runtime.

use worker::{EncodeBody, Response, ResponseBuilder, Result};

use crate::policy::answer::Answer;

/// Makes the runtime's response; fails only where the runtime itself does.
pub(super) fn send(answer: Answer) -> Result<Response> {
    let mut response = ResponseBuilder::new().with_status(answer.status);
    for (name, value) in &answer.headers {
        if *name == "content-encoding" {
            // It is encoded already.
            response = response.with_encode_body(EncodeBody::Manual);
        }
        response = response.with_header(name, value)?;
    }
    Ok(if answer.body.is_empty() { response.empty() } else { response.fixed(answer.body) })
}
