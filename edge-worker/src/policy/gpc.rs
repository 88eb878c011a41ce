//! A batch under the request header `Sec-GPC`: what the header adds to the consent
//! that it tells. The words are [`tidemark_core::consent::gpc`]'s.

use tidemark_core::batch::Batch;
pub use tidemark_core::consent::gpc::is_on;
use tidemark_core::consent::gpc::{batch_context, event};

/// The text of a batch with the same events in the same order, whose consent says
/// what the preference makes of it. Its other members stay the batch's.
pub fn rewritten(batch: &Batch<'_>) -> String {
    let bytes = batch.events.iter().map(|event| event.raw().len()).fold(256, usize::saturating_add);
    let mut out = String::with_capacity(bytes);
    out.push_str("{\"context\":");
    out.push_str(&batch_context(batch.context));
    out.push_str(",\"events\":[");
    for (index, value) in batch.events.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        match event(*value) {
            Some(narrowed) => out.push_str(&narrowed),
            None => out.push_str(value.raw()),
        }
    }
    out.push_str("]}");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemark_core::batch::Form;

    #[test]
    fn what_was_asked_stays_what_was_not_is_denied() {
        for (sent, expected) in [
            (
                r#"{"batch_id":"b","events":[{"a":1},7]}"#,
                r#"{"context":{"consent":{"analytics":false,"ads":false}},"events":[{"a":1},7]}"#,
            ),
            (
                r#"{"context":{"consent":{"analytics":true,"ads":true}},"events":[]}"#,
                r#"{"context":{"consent":{"analytics":true,"ads":false}},"events":[]}"#,
            ),
            (
                r#"{"event_name":"a","context":{"consent":{"ads":true}}}"#,
                r#"{"context":{"consent":{"analytics":false,"ads":false}},"events":[{"event_name":"a","context":{"consent":{"ads":false}}}]}"#,
            ),
        ] {
            let batch = Batch::read(sent.as_bytes(), Form::BatchOrEvent).unwrap();
            assert_eq!(rewritten(&batch), expected, "{sent}");
        }
    }
}
