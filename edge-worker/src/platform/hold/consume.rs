//! The hold in a Cloudflare Queue: the receiving side, this same worker.
//!
//! Each message is forwarded anew and told to the queue by itself. One that the
//! collector refuses for good, that cannot be read, or that has had its tries goes
//! to R2; where R2 does not take it, it stays in the queue. What arrives by the
//! queue's dead letters (a queue whose name ends in `-dead`) goes to R2 at once.

use futures_util::StreamExt;
use futures_util::stream::iter;
use worker::Env;
use worker::js_sys::{Array, Object, Reflect, Uint8Array};
use worker::wasm_bindgen;
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen::{JsCast, JsValue};

use super::dead_letters;
use crate::platform::{collector, count, log, settings};
use crate::policy::collector_answer::{Away, NoVerdicts};
use crate::policy::counters::Redelivery;
use crate::policy::hold::drain::AT_ONCE;
use crate::policy::hold::held::Held;
use crate::policy::hold::redelivery::{Fate, QUEUE_MAX_TRIES, fate, queue_pause_s};

/// How the name of a queue of dead letters ends.
const DEAD: &str = "-dead";

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = Object)]
    type Messages;
    #[wasm_bindgen(method, catch, getter)]
    fn queue(this: &Messages) -> Result<String, JsValue>;
    #[wasm_bindgen(method, catch, getter)]
    fn messages(this: &Messages) -> Result<Array, JsValue>;

    #[wasm_bindgen(extends = Object)]
    type Message;
    #[wasm_bindgen(method, catch, getter)]
    fn id(this: &Message) -> Result<String, JsValue>;
    #[wasm_bindgen(method, catch, getter)]
    fn attempts(this: &Message) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, getter)]
    fn body(this: &Message) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn ack(this: &Message) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn retry(this: &Message, options: &Object) -> Result<(), JsValue>;
}

/// The runtime's entry for messages. What is not acknowledged when this fails
/// comes again.
///
/// # Errors
/// When the batch is none.
#[wasm_bindgen(
    wasm_bindgen = ::worker::wasm_bindgen,
    wasm_bindgen_futures = ::worker::wasm_bindgen_futures,
    js_sys = ::worker::js_sys
)]
pub async fn queue(batch: JsValue, env: Env) -> Result<JsValue, JsValue> {
    let batch: Messages = batch.unchecked_into();
    let is_dead = batch.queue()?.ends_with(DEAD);
    let messages = batch.messages()?;
    let steps = messages.iter().map(|message| one(message.unchecked_into(), is_dead, &env));
    iter(steps).buffer_unordered(AT_ONCE).for_each(async |()| {}).await;
    Ok(JsValue::UNDEFINED)
}

/// What the queue is told of a message.
enum Step {
    Ack,
    Retry { delay_s: u32 },
}

async fn one(message: Message, is_dead: bool, env: &Env) {
    let told = match step(&message, is_dead, env).await {
        Ok(Step::Ack) => message.ack(),
        Ok(Step::Retry { delay_s }) => {
            let options = Object::new();
            Reflect::set(&options, &"delaySeconds".into(), &delay_s.into())
                .and_then(|_| message.retry(&options))
        }
        Err(error) => Err(error),
    };
    if told.is_err() {
        // Neither acknowledged nor retried by us: the platform brings it again.
        log::error("hold_message_failed", &[]);
    }
}

async fn step(message: &Message, is_dead: bool, env: &Env) -> Result<Step, JsValue> {
    let tries = message.attempts()?.as_f64().map_or(1, |tries| tries as u32);
    let bytes = Uint8Array::new(&message.body()?).to_vec();
    let settings = settings::of(env);
    let (Ok(config), Ok(held)) = (settings.config(), Held::from_bytes(&bytes)) else {
        let is_misconfigured = settings.config.is_err();
        return if is_misconfigured && !is_dead {
            Ok(later(tries, &Away::silent().into()))
        } else {
            bury(message, &bytes, env).await
        };
    };
    if is_dead {
        return bury(message, &bytes, env).await;
    }
    let answer = collector::forward(config, held.tenant_id, &held.wire, None).await;
    match (fate(held.events, &answer), &answer) {
        (Fate::Delivered, Ok(verdicts)) => {
            count::redelivered(verdicts);
            Ok(Step::Ack)
        }
        (Fate::Dead, _) => bury(message, &bytes, env).await,
        _ if tries >= QUEUE_MAX_TRIES => bury(message, &bytes, env).await,
        (_, Err(none)) => {
            count::redelivery(Redelivery::Later);
            Ok(later(tries, none))
        }
        (_, Ok(_)) => {
            count::redelivery(Redelivery::Later);
            Ok(later(tries, &Away::silent().into()))
        }
    }
}

fn later(tries: u32, answer: &NoVerdicts) -> Step {
    Step::Retry { delay_s: queue_pause_s(tries, answer) }
}

/// Puts a message where a person looks at it.
async fn bury(message: &Message, bytes: &[u8], env: &Env) -> Result<Step, JsValue> {
    let id = message.id()?;
    if dead_letters::put(env, &id, bytes).await {
        Ok(Step::Ack)
    } else {
        Ok(later(QUEUE_MAX_TRIES, &Away::silent().into()))
    }
}
