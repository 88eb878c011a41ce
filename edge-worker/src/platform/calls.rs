//! A call's head, body and answer, and calls of Durable Objects and of collectors: one
//! crossing each (shim/calls.js).

use tidemark_core::verdict::Code;
use worker::js_sys::futures::JsFuture;
use worker::js_sys::{Array, Error, Promise, Uint8Array};
use worker::wasm_bindgen;
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::{Env, web_sys};

use crate::policy::wire::Wire;

#[wasm_bindgen(module = "/shim/calls.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = ask)]
    fn js_ask(
        env: &JsValue,
        binding: &str,
        name: &str,
        path: &str,
        body: &Uint8Array,
        deadline_ms: u32,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_name = call)]
    fn js_call(
        env: &JsValue,
        binding: &str,
        name: &str,
        method: &str,
        body: &Uint8Array,
        more: Option<&Uint8Array>,
        deadline_ms: u32,
    ) -> Result<Promise, JsValue>;

    #[wasm_bindgen(catch, js_name = answer)]
    fn js_answer(status: u16, head: &str, body: &[u8]) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_name = bodyOf)]
    fn js_body_of(request: &web_sys::Request, deadline_ms: u32) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_name = head)]
    fn js_head(request: &web_sys::Request, names: &str) -> String;

    #[wasm_bindgen(catch, js_name = gzip)]
    fn js_gzip(bytes: &[u8]) -> Result<Vec<u8>, JsValue>;

    #[wasm_bindgen(catch, js_name = send)]
    fn js_send(
        url: &str,
        signature: &str,
        coding: Option<&str>,
        body: &Uint8Array,
        deadline_ms: u32,
        max_bytes: u32,
        request: Option<&web_sys::Request>,
    ) -> Result<Promise, JsValue>;
}

/// What the shim says of a call that was not answered in time.
const DEADLINE: &str = "deadline";

/// An answer from outside: status, `Retry-After`, body.
pub(super) type Sent = (u16, Option<String>, Vec<u8>);

/// A call's head in lines: method, address, `cf`'s members, the headers of these names.
pub(super) fn head(request: &web_sys::Request, names: &str) -> String {
    js_head(request, names)
}

/// Makes the runtime's response of a status, of headers with a line a name and a line its
/// value, and of a body; without one where it is empty.
///
/// # Errors
/// With the runtime's own error where it takes no such response.
pub(super) fn answer(status: u16, head: &str, body: &[u8]) -> Result<JsValue, JsValue> {
    js_answer(status, head, body)
}

/// Reads a call's whole body.
///
/// # Errors
/// `request_timeout` when it does not come in time, `body_broken` when it breaks off.
pub(super) async fn body_of(request: &web_sys::Request, deadline_ms: u32) -> Result<Vec<u8>, Code> {
    let body = js_body_of(request, deadline_ms).map_err(|_| Code::BodyBroken)?;
    let body = JsFuture::from(body).await.map_err(|error| match words(&error).as_str() {
        DEADLINE => Code::RequestTimeout,
        _ => Code::BodyBroken,
    })?;
    Ok(Uint8Array::new(&body).to_vec())
}

/// Packs bytes as one gzip member, by the runtime's own zlib: in a module of ours it
/// takes ten times as long. `None` where the runtime has none.
pub(super) fn gzip(bytes: &[u8]) -> Option<Vec<u8>> {
    js_gzip(bytes).ok()
}

/// Calls a method of a Durable Object by its name with bytes; gives the bytes that it
/// returns.
///
/// # Errors
/// In the runtime's words when it throws, or does not answer in time.
pub(super) async fn call(
    env: &Env,
    binding: &str,
    name: &str,
    method: &str,
    body: &[u8],
    more: Option<&[u8]>,
    deadline_ms: u32,
) -> Result<Vec<u8>, String> {
    let body = Uint8Array::from(body);
    let more = more.map(Uint8Array::from);
    let answer = js_call(env.as_ref(), binding, name, method, &body, more.as_ref(), deadline_ms)
        .map_err(|error| words(&error))?;
    let answer = JsFuture::from(answer).await.map_err(|error| words(&error))?;
    Ok(Uint8Array::new(&answer).to_vec())
}

/// Posts to a Durable Object by its name; gives status and body.
///
/// # Errors
/// In the runtime's words when it does not answer in time.
pub(super) async fn ask(
    env: &Env,
    binding: &str,
    name: &str,
    path: &str,
    body: &[u8],
    deadline_ms: u32,
) -> Result<(u16, Vec<u8>), String> {
    let body = Uint8Array::from(body);
    let answer = js_ask(env.as_ref(), binding, name, path, &body, deadline_ms)
        .map_err(|error| words(&error))?;
    let answer: Array =
        JsFuture::from(answer).await.map_err(|error| words(&error))?.unchecked_into();
    Ok((status(&answer), Uint8Array::new(&answer.get(1)).to_vec()))
}

/// Posts a hop body; an answer of more than `max_bytes` is none. `request` is the call that
/// sends it, which ends soon after the deadline by itself, and with it the post; it has one
/// timer for everything that it waits for.
///
/// # Errors
/// In the runtime's words when nobody answers in time, or the answer breaks off.
pub(super) async fn send(
    url: &str,
    signature: &str,
    wire: &Wire,
    deadline_ms: u32,
    max_bytes: u32,
    request: Option<&web_sys::Request>,
) -> Result<Sent, String> {
    let body = Uint8Array::from(wire.bytes.as_slice());
    let coding = wire.content_encoding();
    let answer = js_send(url, signature, coding, &body, deadline_ms, max_bytes, request)
        .map_err(|error| words(&error))?;
    let answer: Array =
        JsFuture::from(answer).await.map_err(|error| words(&error))?.unchecked_into();
    Ok((status(&answer), answer.get(1).as_string(), Uint8Array::new(&answer.get(2)).to_vec()))
}

fn status(answer: &Array) -> u16 {
    answer.get(0).as_f64().map_or(0, |status| status as u16)
}

fn words(error: &JsValue) -> String {
    let told = error.dyn_ref::<Error>().map(|error| String::from(error.message()));
    told.unwrap_or_else(|| String::from("the call failed"))
}
