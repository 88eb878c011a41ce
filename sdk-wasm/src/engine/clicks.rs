//! Clicks become events, and unanswered ones in a row become one incident.
//!
//! The judgement is core's; here its words are found and its bytes written. The
//! incident does not wait for its batch.

use alloc::string::String;

use tidemark_core::consent::Decision;
use tidemark_core::detect::{Click, Rage};
use tidemark_core::json::write_u64;

use super::{Engine, push};

/// What the page says of a clicked element, as JSON members (`"tag":"a",…`): the
/// page writes JSON anyway, and what it wrote is checked and cleaned with the
/// event. Never what was typed into the element.
#[derive(Clone, Copy, Debug)]
pub struct Clicked<'a> {
    /// `selector`, `x` and `y`: what an incident tells as well.
    pub place: &'a str,
    /// `tag`, and `text` where there is one to tell.
    pub more: &'a str,
}

impl Engine {
    /// Takes a click, as `ui.clicked` when `told`, and into the series that may
    /// become rage.
    pub fn click(&mut self, click: Click, clicked: Clicked<'_>, told: bool) {
        if self.consent.decide() == Decision::Forget {
            return;
        }
        if self.options.detects_rage {
            let ended = self.rage.click(click);
            self.note_rage(ended);
            self.rage_place = String::from(clicked.place);
        }
        if told {
            let mut attributes = String::new();
            push(&mut attributes, &["{", clicked.place, ",", clicked.more, "}"]);
            // A refusal is counted.
            let _refused = self.track("ui.clicked", &attributes, click.at_ms);
        }
    }

    /// Takes that the page answered the last click.
    pub fn page_answered(&mut self) {
        self.rage.answered();
    }

    /// Sends an ended series that was rage, at once.
    pub(super) fn note_rage(&mut self, ended: Option<Rage>) {
        let Some(rage) = ended else { return };
        let mut clicks = String::new();
        write_u64(&mut clicks, u64::from(rage.clicks));
        let mut duration = String::new();
        write_u64(&mut duration, rage.duration_ms as u64);
        let mut attributes = String::new();
        push(
            &mut attributes,
            &[
                "{",
                &self.rage_place,
                ",\"click_count\":",
                &clicks,
                ",\"duration_ms\":",
                &duration,
                ",\"reason\":\"",
                &clicks,
                " clicks within ",
                &duration,
                " ms, and the page showed no answer\"}",
            ],
        );
        let _refused = self.track("ui.rage_click", &attributes, rage.last.at_ms);
        self.urgent = true;
        self.flush();
    }
}
