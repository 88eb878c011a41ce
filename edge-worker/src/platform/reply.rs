//! Hands an answer to the runtime, in one crossing (shim/calls.js).

use worker::wasm_bindgen::JsValue;

use super::calls;
use crate::policy::answer::Answer;

/// Makes the runtime's response; fails only where the runtime itself does.
pub(super) fn send(answer: &Answer) -> Result<JsValue, JsValue> {
    calls::answer(answer.status, &answer.head(), &answer.body)
}
