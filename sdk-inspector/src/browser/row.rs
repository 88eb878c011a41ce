//! One event in the panel: a line that opens.

use serde_json::Value;
use wasm_bindgen::JsValue;
use web_sys::{Element, Node};

use super::dom::{Maker, set};
use crate::journal::{Entry, Found, Part, Stage};

/// The elements of one event; what takes the focus stays while the rest changes, so
/// that a keyboard's place in it does.
pub(super) struct Row {
    pub(super) number: u32,
    pub(super) item: Element,
    state: Element,
    told: Element,
    attributes: Element,
    foot: Element,
    from_ms: i64,
}

impl Row {
    /// A row for an entry.
    ///
    /// # Errors
    /// What the browser threw.
    pub(super) fn new(maker: &Maker, entry: &Entry) -> Result<Self, JsValue> {
        let name = maker.make("span", "name", &entry.name)?;
        let state = maker.make("span", "state", "")?;
        let time = maker.make("time", "", &clock(entry.occurred_at_ms))?;
        let summary = maker.around("summary", "", &[&name, &time, &state])?;
        let told = maker.make("div", "told", "")?;
        let title = maker.make("h3", "", "Attributes, as they are kept")?;
        let attributes = maker.make("pre", "", "")?;
        set(&attributes, &[("tabindex", "0"), ("aria-label", "Attributes, as they are kept")])?;
        let foot = maker.make("p", "foot", "")?;
        let inside = maker.around("div", "inside", &[&told, &title, &attributes, &foot])?;
        let details = maker.around("details", "", &[&summary, &inside])?;
        let item = maker.around("li", "", &[&details])?;
        let from_ms = entry.journey.first().map_or(entry.occurred_at_ms, |passed| passed.at_ms);
        Ok(Self { number: entry.number, item, state, told, attributes, foot, from_ms })
    }

    /// Shows an entry as it is now.
    ///
    /// # Errors
    /// What the browser threw.
    pub(super) fn show(&self, maker: &Maker, entry: &Entry) -> Result<(), JsValue> {
        let stage = entry.stage();
        let kind = match entry {
            Entry { problem: Some(_), .. } => "bad",
            Entry { reason: Some(_), .. } => "incident",
            _ => kind_of(stage),
        };
        set(&self.item, &[("class", kind)])?;
        self.state.set_text_content(Some(stage.as_str()));
        set(&self.state, &[("data-stage", kind_of(stage))])?;

        let mut parts = Vec::new();
        if let Some(reason) = &entry.reason {
            parts.push(maker.make("p", "reason", reason)?);
        }
        if let Some(problem) = &entry.problem {
            let code = maker.make("code", "", &problem.code)?;
            let pointer = maker.make("code", "", &problem.pointer)?;
            let detail = maker.make("span", "", &problem.detail)?;
            parts.push(maker.around("p", "problem", &[&code, &pointer, &detail])?);
        }
        parts.push(self.journey(maker, entry)?);
        if !entry.found.is_empty() {
            parts.push(maker.make("h3", "", "Redacted")?);
            parts.push(findings(maker, &entry.found)?);
        }
        let nodes = parts.iter().map(AsRef::<Node>::as_ref).collect::<js_sys::Array>();
        self.told.replace_children_with_node(&nodes);
        self.attributes.set_text_content(Some(&pretty(&entry.attributes)));
        let id = entry.event_id.as_deref().unwrap_or("no id yet");
        let kind = if entry.is_known { "in the catalogue" } else { "an event of your own" };
        self.foot.set_text_content(Some(&format!("{id} · {kind}")));
        Ok(())
    }

    fn journey(&self, maker: &Maker, entry: &Entry) -> Result<Element, JsValue> {
        let list = maker.make("ol", "journey", "")?;
        set(&list, &[("aria-label", "Journey")])?;
        for passed in &entry.journey {
            let stage = maker.make("span", "", passed.stage.as_str())?;
            let note = maker.make("small", "", &passed.note)?;
            let after = maker.make("small", "after", &later(passed.at_ms - self.from_ms))?;
            let step = maker.around("li", "", &[&stage, &note, &after])?;
            set(&step, &[("data-stage", kind_of(passed.stage))])?;
            list.append_child(&step)?;
        }
        Ok(list)
    }
}

fn findings(maker: &Maker, found: &[Found]) -> Result<Element, JsValue> {
    let list = maker.make("ul", "found", "")?;
    for Found { rule, pointer, by } in found {
        let rule = maker.make("b", "", rule)?;
        let pointer = maker.make("code", "", pointer)?;
        let by = maker.make(
            "small",
            "",
            match by {
                Part::Page => "in the page",
                Part::Edge => "at the edge",
            },
        )?;
        list.append_child(&*maker.around("li", "", &[&rule, &pointer, &by])?)?;
    }
    Ok(list)
}

/// How a stage looks: what is well, what waits, what is over, what is wrong.
const fn kind_of(stage: Stage) -> &'static str {
    match stage {
        Stage::Accepted => "good",
        Stage::Rejected | Stage::Refused => "bad",
        Stage::Held | Stage::Again | Stage::Redacted => "waits",
        Stage::Duplicate | Stage::Dropped | Stage::KeptBack | Stage::Forgotten => "over",
        Stage::Captured | Stage::Adopted | Stage::Queued | Stage::Sent => "under-way",
    }
}

/// Indented; text that is no JSON as it is.
fn pretty(attributes: &str) -> String {
    let value: Option<Value> = serde_json::from_str(attributes).ok();
    value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_default()
}

/// A time of day, as the developer's own clock has it.
fn clock(at_ms: i64) -> String {
    let date = js_sys::Date::new(&JsValue::from_f64(at_ms as f64));
    let two = |number: u32| format!("{number:02}");
    [date.get_hours(), date.get_minutes(), date.get_seconds()].map(two).join(":")
}

/// How long after the first stage.
fn later(ms: i64) -> String {
    if ms < 1000 { format!("+{ms} ms") } else { format!("+{:.1} s", ms as f64 / 1000.0) }
}
