//! Bodies as an edge sends them: 768 bytes an event, every event with ids of its own.
//!
//! A body is made once and patched: an id is written over the one before, so that
//! making load costs little beside what takes it.

use libdeflater::{CompressionLvl, Compressor};
use tidemark_stack::Random;
use tidemark_stack::hop::rfc3339;
use tidemark_stack::stack::TENANTS;

/// Bytes of an event.
pub const EVENT_BYTES: usize = 768;

/// How a body goes over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// As it is.
    Plain,
    /// gzip at the level that edges use.
    Gzip,
    /// zstd at level 1.
    Zstd,
}

impl Coding {
    /// The header's value; nothing for a plain body.
    pub const fn header(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Gzip => Some("gzip"),
            Self::Zstd => Some("zstd"),
        }
    }
}

/// A batch that is patched and sent again and again.
pub struct Body {
    text: Vec<u8>,
    /// Where each event begins.
    events: Vec<usize>,
    random: Random,
    coding: Coding,
    gzip: Compressor,
    packed: Vec<u8>,
}

/// Words that fill a prompt, so that compressing has something to do.
const WORDS: &str = "how do I change the delivery address of an order that was placed yesterday \
                     evening and has not left the warehouse yet while the invoice is already paid ";

/// Places in an event, from its beginning.
const EVENT_ID_AT: usize = r#"{"event_id":""#.len();
const ID_LENGTH: usize = 36;

fn event(at: &str) -> String {
    let (tenant, site) = TENANTS[0];
    let id = "00000000-0000-4000-8000-000000000000";
    let before = format!(
        r#"{{"event_id":"{id}","session_id":"{id}","anonymous_id":"{id}","event_name":"chat_interaction","occurred_at":"{at}","received_at":"{at}","tenant_id":"{tenant}","site_id":"{site}","source":"web","attributes":{{"thread_id":"t-17","message_id":"m-42","message_type":"ai_response","prompt_length":42,"response_time_ms":812.5,"tokens_consumed":311,"is_follow_up":true,"prompt_text":""#
    );
    let after = r#""},"context":{"page":{"url":"https://shop.example/orders/1234","path":"/orders/1234"},"locale":"en-GB"}}"#;
    let fill = EVENT_BYTES.saturating_sub(before.len() + after.len());
    let words: String = WORDS.chars().cycle().take(fill).collect();
    before + &words + after
}

impl Body {
    /// A batch of `size` events; `seed` makes ids that no other body has.
    pub fn new(size: usize, coding: Coding, seed: u64) -> Self {
        let (tenant, site) = TENANTS[0];
        let at = rfc3339(tidemark_stack::hop::now_ms());
        let mut text = format!(
            r#"{{"batch_id":"b","tenant_id":"{tenant}","site_id":"{site}","received_at":"{at}","events":["#
        );
        let mut events = Vec::with_capacity(size);
        for number in 0..size {
            if number > 0 {
                text.push(',');
            }
            events.push(text.len());
            text.push_str(&event(&at));
        }
        text.push_str("]}");
        let gzip = Compressor::new(CompressionLvl::new(6).unwrap_or_default());
        let random = Random::new(seed, 0);
        Self { text: text.into_bytes(), events, random, coding, gzip, packed: Vec::new() }
    }

    /// The next batch, as it goes over the wire.
    pub fn next(&mut self) -> &[u8] {
        for start in &self.events {
            let id = self.random.uuid();
            let person = self.random.below(10_000);
            let at = start + EVENT_ID_AT;
            self.text[at..at + ID_LENGTH].copy_from_slice(id.as_bytes());
            // The last digits of session and visitor, which stand behind the id.
            let digits = format!("{person:012}");
            for place in [r#"","session_id":""#, r#"","session_id":"","anonymous_id":""#] {
                let ids = usize::from(place.len() > 16) + 1;
                let end = at + ID_LENGTH * (1 + ids) + place.len();
                self.text[end - 12..end].copy_from_slice(digits.as_bytes());
            }
        }
        match self.coding {
            Coding::Plain => &self.text,
            Coding::Gzip => {
                self.packed.resize(self.gzip.gzip_compress_bound(self.text.len()), 0);
                let length = self.gzip.gzip_compress(&self.text, &mut self.packed);
                self.packed.truncate(length.unwrap_or(0));
                &self.packed
            }
            Coding::Zstd => {
                self.packed = zstd::bulk::compress(&self.text, 1).unwrap_or_default();
                &self.packed
            }
        }
    }

    /// Events of a batch.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// The first event's id of the batch that was made last.
    pub fn first_id(&self) -> String {
        let at = self.events.first().map_or(0, |start| start + EVENT_ID_AT);
        String::from_utf8_lossy(&self.text[at..at + ID_LENGTH]).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn events_have_their_size_and_ids_of_their_own() {
        let mut body = Body::new(10, Coding::Plain, 1);
        let mut ids = BTreeSet::new();
        for _ in 0..10 {
            let batch: serde_json::Value = serde_json::from_slice(body.next()).unwrap_or_default();
            let events = batch["events"].as_array().cloned().unwrap_or_default();
            assert_eq!(events.len(), 10);
            for event in events {
                assert_eq!(event.to_string().len(), EVENT_BYTES);
                let texts = ["event_id", "session_id", "anonymous_id"]
                    .map(|name| event[name].as_str().unwrap_or_default().to_owned());
                assert!(texts.iter().all(|text| text.len() == ID_LENGTH), "{texts:?}");
                assert_eq!(texts[1], texts[2]);
                assert_ne!(texts[0], texts[1]);
                ids.insert(texts[0].clone());
            }
        }
        assert_eq!(ids.len(), 100);
    }
}
