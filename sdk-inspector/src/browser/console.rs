//! Lines of the console: what is wrong with an event, with its pointer.

use serde_wasm_bindgen::to_value;
use wasm_bindgen::JsValue;
use web_sys::console;

use crate::journal::Problem;

/// Tells a problem: a line to read, and an object to open.
///
/// # Errors
/// What the browser threw.
pub(super) fn tell(problem: &Problem) -> Result<(), JsValue> {
    let Problem { event_name, code, pointer, detail, .. } = problem;
    let line = format!("[tidemark] {event_name}{pointer} {code}: {detail}");
    console::warn_2(&line.into(), &to_value(problem)?);
    Ok(())
}
