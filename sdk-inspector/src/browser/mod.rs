//! The inspector in a page: steps in as JavaScript's values, a panel and lines of
//! the console out.
//!
//! web-sys, js-sys and serde-wasm-bindgen are at home here and nowhere else in the
//! SDK: this build is for people to look at, and no visitor loads it.

mod console;
mod dom;
mod panel;
mod read;
mod row;

use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

use crate::journal::Journal;
use panel::Panel;

/// The journal and its panel.
#[wasm_bindgen]
pub struct Inspector {
    journal: Journal,
    panel: Panel,
}

#[wasm_bindgen]
impl Inspector {
    /// Puts the panel into the page.
    ///
    /// # Errors
    /// What the browser threw: it is told by the caller, and the page goes on.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Result<Inspector, JsValue> {
        let journal = Journal::new().map_err(|error| JsValue::from_str(&error.to_string()))?;
        Ok(Self { panel: Panel::new()?, journal })
    }

    /// Takes a step, as [`read`] knows it.
    ///
    /// # Errors
    /// As [`Inspector::new`], and for a step that is none.
    pub fn take(&mut self, step: &JsValue) -> Result<(), JsValue> {
        let Some((step, at_ms)) = read::step(step)? else { return Ok(()) };
        if self.panel.wants_clear() {
            self.journal.clear();
        }
        let told = self.journal.take(step, at_ms);
        for problem in &told.problems {
            console::tell(problem)?;
        }
        self.panel.show(&self.journal, &told)
    }
}
