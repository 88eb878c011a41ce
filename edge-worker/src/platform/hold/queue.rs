//! The hold in a Cloudflare Queue: the sending side.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use worker::Env;
use worker::js_sys::futures::JsFuture;
use worker::js_sys::{Array, Error, Object, Promise, Reflect, Uint8Array};
use worker::wasm_bindgen;
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen::{JsCast, JsValue};

use super::{Held, Hold, NotKept};
use crate::platform::log;
use crate::policy::hold::held::HEAD_BYTES;
use crate::policy::hold::split::{QUEUE_MESSAGE_MAX_BYTES, sends};

/// The queue's binding.
pub(super) const BINDING: &str = "HOLD";

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = Object)]
    type Sender;

    #[wasm_bindgen(method, catch, js_name = sendBatch)]
    fn send_batch(this: &Sender, messages: &Array) -> Result<Promise, JsValue>;
}

/// The queue that is bound.
pub(super) struct Queue {
    sender: Result<Sender, JsValue>,
}

impl Queue {
    pub(super) fn new(env: &Env) -> Self {
        let bound = Reflect::get(env, &JsValue::from_str(BINDING));
        Self { sender: bound.map(JsCast::unchecked_into) }
    }

    async fn send(&self, bodies: &[Held]) -> Result<(), JsValue> {
        let messages: Vec<Vec<u8>> = bodies.iter().map(Held::to_bytes).collect();
        let sizes: Vec<usize> = messages.iter().map(Vec::len).collect();
        let mut left = messages.as_slice();
        for count in sends(&sizes) {
            let (now, later) = left.split_at_checked(count).unwrap_or((left, &[]));
            left = later;
            let list = Array::new();
            for bytes in now {
                let message = Object::new();
                set(&message, "body", &Uint8Array::from(bytes.as_slice()))?;
                set(&message, "contentType", &JsValue::from_str("bytes"))?;
                list.push(&message);
            }
            let sender = self.sender.as_ref().map_err(Clone::clone)?;
            JsFuture::from(sender.send_batch(&list)?).await?;
        }
        Ok(())
    }
}

fn set(object: &Object, name: &str, value: &JsValue) -> Result<bool, JsValue> {
    Reflect::set(object, &JsValue::from_str(name), value)
}

impl Hold for Queue {
    fn max_bytes(&self) -> usize {
        QUEUE_MESSAGE_MAX_BYTES.saturating_sub(HEAD_BYTES)
    }

    fn keep<'a>(&'a self, bodies: &'a [Held]) -> LocalBoxFuture<'a, Result<(), NotKept>> {
        async {
            self.send(bodies).await.map_err(|error| {
                let said = error.dyn_ref::<Error>().map(|error| String::from(error.message()));
                let said = said.unwrap_or_default();
                log::error("hold_queue_failed", &[("detail", &said)]);
                if is_full(&said) { NotKept::Full } else { NotKept::Away }
            })
        }
        .boxed_local()
    }
}

/// The platform says so in words alone: 25 GB of backlog, or too many a second.
fn is_full(said: &str) -> bool {
    let said = said.to_ascii_lowercase();
    ["too many requests", "storage limit", "full", "overloaded"]
        .iter()
        .any(|words| said.contains(words))
}
