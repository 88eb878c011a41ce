//! What a person does becomes events, and what core finds in it incidents.
//!
//! The judgement is core's; here its words are found and its bytes written. An
//! incident does not wait for its batch.

use alloc::string::String;

use tidemark_core::consent::Decision;
use tidemark_core::detect::clicks::MOMENT;
use tidemark_core::detect::{Click, Incident, Kind, abandon, backtrack, how};
use tidemark_core::id::Uuid;
use tidemark_core::json::{copy, write_u64};

use super::{Engine, push};

/// What a site wants found, as bits.
pub mod finds {
    /// `ui.rage_click`.
    pub const RAGE: u32 = 1;
    /// `ui.dead_click` and `ui.slow_click`.
    pub const DEAD: u32 = 2;
    /// `ui.error_click`.
    pub const ERROR: u32 = 4;
    /// `ui.cursor_thrashed`.
    pub const THRASH: u32 = 8;
    /// `ui.backtrack`.
    pub const BACK: u32 = 16;
    /// `form.abandoned`.
    pub const ABANDONED: u32 = 32;
}

/// A form that is left.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// How many of its fields were touched.
    pub touched: i64,
    /// How many it has.
    pub fields: i64,
    /// From the first touch to the leaving, in milliseconds.
    pub duration_ms: i64,
}

/// Dead clicks whose ids are remembered until a late answer withdraws them.
const DEAD_MAX: usize = 16;

/// What makes something look like a control, by the page's numbers.
const LOOKS: [&str; 7] = [
    "an element",
    "a control",
    "a link",
    "a role",
    "a pointer cursor",
    "a disabled control",
    "a covered control",
];
/// In which way the page answered, by the page's numbers.
const ANSWERS: [&str; 10] = [
    "a change near it",
    "something new on top",
    "a large change",
    "scrolling",
    "the focus",
    "a selection",
    "a dialog, tab or file",
    "media",
    "navigation",
    "a field's value",
];

/// Numbers of dead clicks, 0 for none, and the ids of their events.
pub(super) type Told = [(u32, Uuid); DEAD_MAX];

impl Engine {
    /// Takes a click and its words: members of JSON text (`"selector":…`) that the
    /// page wrote and that are checked and cleaned with the event. It becomes
    /// `ui.clicked` when `told`.
    pub fn click(&mut self, click: Click, words: &str, told: bool) {
        if self.consent.decide() == Decision::Forget {
            return;
        }
        self.struggle.click(click, words);
        if told {
            let mut attributes = String::new();
            push(&mut attributes, &["{", words, "}"]);
            // A refusal is counted.
            let _refused = self.track("ui.clicked", &attributes, click.at_ms);
        }
    }

    /// Takes where the pointer is.
    pub fn moved(&mut self, at_ms: i64, x: i32, y: i32) {
        let turns = self.struggle.thresholds.thrash_turns;
        let Some(fit) = self.pointer.moved(at_ms, x, y, turns) else { return };
        let mut out = copy("{");
        number(&mut out, "\"turns_count\":", fit.turns);
        number(&mut out, ",\"duration_ms\":", fit.duration_ms);
        number(&mut out, ",\"distance_px\":", fit.distance_px);
        number(&mut out, ",\"x\":", i64::from(fit.place.0.max(0)));
        number(&mut out, ",\"y\":", i64::from(fit.place.1.max(0)));
        number(&mut out, ",\"reason\":\"", fit.turns);
        number(&mut out, " turns in ", fit.duration_ms);
        out.push_str(" ms\"}");
        self.tell(finds::THRASH, "ui.cursor_thrashed", &out, at_ms);
    }

    /// Takes that the person is back where they were, after so long in between and so
    /// many clicks there. `words` are the members `from_path` and `via_path`.
    pub fn came_back(&mut self, at_ms: i64, via_ms: i64, clicks: u32, words: &str) {
        if backtrack::is_backtrack(via_ms, clicks, self.struggle.thresholds.back_ms) {
            let mut out = String::new();
            push(&mut out, &["{", words]);
            number(&mut out, ",\"duration_ms\":", via_ms);
            number(&mut out, ",\"reason\":\"back after ", via_ms);
            out.push_str(" ms\"}");
            self.tell(finds::BACK, "ui.backtrack", &out, at_ms);
        }
    }

    /// Takes what is known of a form that is left. `words` are the members `selector`,
    /// `form_name` and `field_name`; `facts` are core's [`abandon::known`].
    pub fn left_form(&mut self, at_ms: i64, form: Form, facts: u32, words: &str) {
        if abandon::is_abandoned(facts) {
            let mut out = String::new();
            push(&mut out, &["{", words]);
            number(&mut out, ",\"fields_touched_count\":", form.touched);
            number(&mut out, ",\"fields_count\":", form.fields);
            number(&mut out, ",\"duration_ms\":", form.duration_ms);
            number(&mut out, ",\"reason\":\"left after ", form.touched);
            number(&mut out, " of ", form.fields);
            out.push_str(" fields\"}");
            self.tell(finds::ABANDONED, "form.abandoned", &out, at_ms);
        }
    }

    /// Sends what is found by now, at once.
    pub(super) fn tell_found(&mut self, now_ms: i64) {
        while let Some(incident) = self.struggle.tick(now_ms) {
            self.tell_incident(&incident);
        }
    }

    fn tell_incident(&mut self, incident: &Incident) {
        let mut out = String::new();
        push(&mut out, &["{", &incident.words]);
        let at_ms = incident.click.at_ms;
        let look = LOOKS.get(incident.click.look as usize).copied().unwrap_or_default();
        match incident.kind {
            Kind::Rage { clicks, all, duration_ms, shown } => {
                number(&mut out, ",\"click_count\":", i64::from(clicks));
                number(&mut out, ",\"duration_ms\":", duration_ms);
                number(&mut out, ",\"reason\":\"", i64::from(clicks));
                number(&mut out, " of ", i64::from(all));
                number(&mut out, " clicks within ", duration_ms);
                push(&mut out, &[" ms got no answer", seen(shown), "\"}"]);
                self.tell(finds::RAGE, "ui.rage_click", &out, at_ms);
            }
            Kind::Dead { waited_ms, shown } => {
                number(&mut out, ",\"waited_ms\":", waited_ms);
                push(&mut out, &[",\"reason\":\"", look]);
                number(&mut out, ", no answer in ", waited_ms);
                push(&mut out, &[" ms", seen(shown), "\"}"]);
                let id = self.tell(finds::DEAD, "ui.dead_click", &out, at_ms);
                let slot = self.told_dead.get_mut(incident.seq as usize % DEAD_MAX);
                if let (Some(slot), Some(id)) = (slot, id) {
                    *slot = (incident.seq, id);
                }
            }
            Kind::Slow { answered_ms, what } => {
                let slot = self.told_dead.get(incident.seq as usize % DEAD_MAX);
                let Some((_, id)) = slot.filter(|(seq, _)| *seq == incident.seq) else { return };
                out.push_str(",\"dead_click_id\":\"");
                id.push_to(&mut out);
                number(&mut out, "\",\"answered_after_ms\":", answered_ms);
                number(&mut out, ",\"reason\":\"answered after ", answered_ms);
                let answer = ANSWERS.get(what as usize).copied().unwrap_or_default();
                push(&mut out, &[" ms by ", answer, "\"}"]);
                self.tell(finds::DEAD, "ui.slow_click", &out, at_ms + answered_ms);
            }
            Kind::Error { after_ms, sure } => {
                push(&mut out, &[",", &incident.error]);
                number(&mut out, ",\"error_after_ms\":", after_ms);
                number(&mut out, ",\"reason\":\"an error ", after_ms);
                let whose = if sure {
                    " ms after the click, in its handler"
                } else {
                    " ms after the click"
                };
                push(&mut out, &[whose, "\"}"]);
                self.tell(finds::ERROR, "ui.error_click", &out, at_ms);
            }
        }
    }

    /// Tracks an incident that the site wants found, and lets it leave; its id.
    fn tell(&mut self, kind: u32, name: &str, attributes: &str, at_ms: i64) -> Option<Uuid> {
        if self.options.finds & kind == 0 {
            return None;
        }
        // A refusal is counted.
        let id = self.track(name, attributes, at_ms).ok();
        self.urgent = true;
        self.flush();
        id
    }
}

/// What was shown and is no answer.
const fn seen(shown: u32) -> &'static str {
    if shown & how::BUSY > 0 {
        "; something was still under way"
    } else if shown & MOMENT > 0 {
        "; what showed was gone in a moment"
    } else {
        ""
    }
}

fn number(out: &mut String, before: &str, number: i64) {
    out.push_str(before);
    write_u64(out, number.max(0) as u64);
}
