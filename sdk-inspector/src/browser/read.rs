//! Reads a step: `[time, kind, …]`, as the page's build puts it together.
//!
//! | kind | behind it |
//! |---|---|
//! | `enter` | the function's name, its texts, its numbers |
//! | `consent` | analytics, ads, whether it is cookieless |
//! | `save` | the changes that were committed: `[key, lines]`, or `[key]` for a removal |
//! | `send`, `beacon` | what the engine wrote, what left |
//! | `answer` | status, body |

use js_sys::Array;
use serde::Deserialize;
use wasm_bindgen::JsValue;

use crate::journal::{Step, Way};

/// A call of the engine's: see `gate.js`.
#[derive(Deserialize)]
struct Call(String, Vec<String>, Vec<serde_json::Value>);

/// The engine's functions, as sdk-wasm/src/browser/calls.js names them.
const TRACK: &str = "x";
const CLICK: &str = "e";
const SHOW: &str = "v";
const RESUME: &str = "r";
/// The bit of a click's last number that says that it becomes an event.
const CLICK_IS_TOLD: u64 = 4;

/// The step and its time; `None` for a call that is no step of an event.
///
/// # Errors
/// For what is no step.
pub(super) fn step(value: &JsValue) -> Result<Option<(Step, i64)>, JsValue> {
    let step = Array::from(value);
    let at_ms = step.get(0).as_f64().unwrap_or_default() as i64;
    let text = |at: u32| step.get(at).as_string().unwrap_or_default();
    let read = match text(1).as_str() {
        "enter" => entered(serde_wasm_bindgen::from_value(step.slice(2, step.length()).into())?),
        "consent" => Some(Step::Consent {
            analytics: step.get(2).as_bool(),
            cookieless: step.get(4).as_bool().unwrap_or_default(),
        }),
        "save" => {
            let changes: Vec<Vec<String>> = serde_wasm_bindgen::from_value(step.get(2))?;
            let lines = changes.iter().filter_map(|change| change.get(1)).map(String::as_str);
            Some(Step::Saved(lines.collect()))
        }
        "send" => Some(Step::Left { whole: text(2), body: text(3), way: Way::Request }),
        "beacon" => Some(Step::Left { whole: text(2), body: text(3), way: Way::Beacon }),
        "answer" => {
            let status = step.get(2).as_f64().unwrap_or_default() as u32;
            Some(Step::Answered { status, text: text(3) })
        }
        _ => None,
    };
    Ok(read.map(|step| (step, at_ms)))
}

fn entered(Call(name, texts, numbers): Call) -> Option<Step> {
    let occurred_at_ms =
        numbers.first().and_then(serde_json::Value::as_f64).unwrap_or_default() as i64;
    match (name.as_str(), texts.as_slice()) {
        (TRACK, [name, attributes]) => Some(Step::Entered {
            name: name.clone(),
            attributes: attributes.clone(),
            occurred_at_ms,
        }),
        (CLICK, members) => numbers
            .last()
            .is_some_and(|told| told.as_bool() == Some(true) || bits(told) & CLICK_IS_TOLD != 0)
            .then(|| Step::Entered {
                name: "ui.clicked".into(),
                attributes: format!("{{{}}}", members.join(",")),
                occurred_at_ms,
            }),
        (SHOW, [page]) => Some(Step::Shown(page.clone())),
        (RESUME, [lines]) => Some(Step::Resumed(lines.clone())),
        _ => None,
    }
}

fn bits(number: &serde_json::Value) -> u64 {
    number.as_f64().unwrap_or_default() as u64
}
