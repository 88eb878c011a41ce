//! A batch on its way: which events, under which id, and its bytes.

use alloc::{string::String, vec::Vec};

use tidemark_core::consent::{Consent, Mode};
use tidemark_core::id::Uuid;
use tidemark_core::json::copy;
use tidemark_core::time::format_rfc3339;

use super::push;
use super::queue::Waiting;
use super::struggle::finds;

/// Bytes of one batch. A keepalive request and a beacon share 64 KiB in flight;
/// this leaves 5 KB of it for the headers that some browsers count.
pub const MAX_BYTES: usize = 60_000;

/// What a batch's members around its events may take of [`MAX_BYTES`].
const FRAME_BYTES: usize = 160;

/// Events that left the queue together and have no verdict yet.
#[derive(Debug)]
pub struct Batch {
    /// Stays over every attempt.
    pub id: Uuid,
    /// The events, in the order in which they happened.
    pub events: Vec<Waiting>,
    /// How often it was sent.
    pub attempts: u32,
    /// When it goes again; `None` while its answer is awaited.
    pub again_at_ms: Option<i64>,
}

impl Batch {
    /// Whether its answer is awaited.
    pub const fn is_under_way(&self) -> bool {
        self.again_at_ms.is_none()
    }

    /// How many bytes its events are.
    pub fn bytes(&self) -> usize {
        self.events.iter().map(|event| event.text.len() + 2).sum()
    }

    /// Takes that no chunk holds its events any more.
    pub fn unsave(&mut self) {
        for event in &mut self.events {
            event.chunk = 0;
        }
    }

    /// How many bytes of events fit beside a batch's context.
    pub const fn room(context: &str) -> usize {
        MAX_BYTES.saturating_sub(FRAME_BYTES + context.len())
    }

    /// The body of one attempt. `sent_at` is the attempt's own, because the
    /// receiver measures the clock by it.
    pub fn body(&self, context: &str, sent_at_ms: i64) -> String {
        let mut out = copy("{\"batch_id\":\"");
        self.id.push_to(&mut out);
        out.push_str("\",\"sent_at\":\"");
        format_rfc3339(sent_at_ms, &mut out);
        push(&mut out, &["\",\"context\":", context, ",\"events\":["]);
        let mut comma = "";
        for event in &self.events {
            push(&mut out, &[comma, &event.text, "}"]);
            comma = ",";
        }
        push(&mut out, &["]}"]);
        out
    }
}

/// The kinds that the collector need not judge as well.
const DETECTS: [(u32, &str); 4] = [
    (finds::RAGE, "rage_click"),
    (finds::DEAD, "dead_click"),
    (finds::ERROR, "error_click"),
    (finds::BACK, "backtrack"),
];

/// The batch's context: what the page told at the start, the SDK's own line, and
/// the consent under which it leaves. `told` is the sanitised text of an object.
pub fn context(told: &str, consent: Consent, wanted: u32) -> String {
    let members = told.get(1..told.len().wrapping_sub(1)).unwrap_or_default();
    let decided = |granted: Option<bool>, [yes, no]: [&'static str; 2]| match granted {
        None => "",
        Some(true) => yes,
        Some(false) => no,
    };
    let mut detects = String::new();
    for (bit, name) in DETECTS {
        if wanted & bit > 0 {
            push(&mut detects, &[",\"ui.", name, "\""]);
        }
    }
    let mut out = String::new();
    push(
        &mut out,
        &[
            "{",
            members,
            if members.is_empty() { "" } else { "," },
            concat!(
                "\"sdk\":{\"name\":\"@tidemark/web\",\"version\":\"",
                env!("CARGO_PKG_VERSION"),
                "\",\"detects\":["
            ),
            detects.get(1..).unwrap_or_default(),
            "]},\"consent\":{",
            decided(consent.analytics, ["\"analytics\":true,", "\"analytics\":false,"]),
            decided(consent.ads, ["\"ads\":true,", "\"ads\":false,"]),
            match consent.mode {
                Mode::Full => "\"mode\":\"full\"}}",
                Mode::Cookieless => "\"mode\":\"cookieless\"}}",
            },
        ],
    );
    out
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn consent() -> Consent {
        Consent { analytics: Some(true), ads: None, mode: Mode::Full }
    }

    #[test]
    fn the_context_says_sdk_and_consent() {
        let written = context(r#"{"locale":"de-DE"}"#, consent(), finds::RAGE | finds::BACK);
        let value: Value = serde_json::from_str(&written).unwrap();
        assert_eq!(
            value,
            json!({
                "locale": "de-DE",
                "sdk": {
                    "name": "@tidemark/web",
                    "version": env!("CARGO_PKG_VERSION"),
                    "detects": ["ui.rage_click", "ui.backtrack"],
                },
                "consent": {"analytics": true, "mode": "full"},
            })
        );
        let bare: Value = serde_json::from_str(&context("{}", consent(), 0)).unwrap();
        assert_eq!(bare["sdk"]["detects"], json!([]));
    }

    #[test]
    fn a_body_is_json_and_within_its_room() {
        let context = context("{}", consent(), 31);
        let event = Waiting { text: "{\"event_name\":\"a\"".into(), identified: true, chunk: 0 };
        let fits = Batch::room(&context) / (event.text.len() + 2);
        let batch = Batch {
            id: Uuid::v7(0, [7; 10]),
            events: alloc::vec![event; fits],
            attempts: 0,
            again_at_ms: None,
        };
        let body = batch.body(&context, 1_795_250_285_123);
        assert!(body.len() <= MAX_BYTES, "{}", body.len());
        let value: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(value["sent_at"], "2026-11-21T08:38:05.123Z");
        assert_eq!(value["events"].as_array().map(Vec::len), Some(fits));
    }
}
