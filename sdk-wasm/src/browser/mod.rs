//! The engine in a page: what JavaScript calls, and what it is called for.
//!
//! Every function passes numbers and is a plain export or import; texts are written
//! into memory a call before the function that takes them, see [`host`]. So a page
//! loads no glue at all. No object of JavaScript's is ever held.
//!
//! A call puts a fact into the engine and arms one timer; what the engine wants
//! done is done when the timer fires, so that a tracking call costs its own bytes
//! and no request. While host functions run, the engine is at rest in its slot: a
//! page that calls back in finds it there.
//!
//! The JavaScript beside it: `host.js` is imported from here (time, transport,
//! storage, timer); `page.js` and `watch/` sit at the DOM and call in, through
//! `gate.js`, where calls wait until consent lets this module be loaded.
#![expect(unsafe_code, reason = "an export is named for JavaScript by an unsafe attribute")]

mod host;
#[cfg(target_os = "none")]
mod runtime;
mod slot;

use alloc::boxed::Box;
use alloc::string::String;

use tidemark_core::consent::{Consent, Mode};
use tidemark_core::detect::{Click, Thresholds};
use tidemark_core::verdict::Code;

use crate::engine::batch::MAX_BYTES;
use crate::engine::retry::Attempt;
use crate::engine::struggle::Form;
use crate::engine::{Action, Engine, Options, Tally};
pub use host::give;
use host::{beacon, given, last, now, remove, save, send, store, stored, wake};
use slot::Slot;

static ENGINE: Slot<Engine> = Slot::new();
/// Starts the engine. Takes the text of the batch's context as JSON; `a` to `d`
/// are random bits. Returns a refusal's number, 0 for none; see [`refusal`].
#[unsafe(export_name = "w")]
pub extern "C" fn start(
    flush_interval_ms: u32,
    max_batch_events: u32,
    finds: u32,
    sampled: u32,
    a: u32,
    b: u32,
    c: u32,
    d: u32,
) -> u32 {
    let told = last();
    let options = Options {
        flush_interval_ms: i64::from(flush_interval_ms),
        max_batch_events: max_batch_events.max(1) as usize,
        finds,
        sampled,
    };
    match Engine::new(options, &told, [a, b, c, d]) {
        Ok(engine) => {
            ENGINE.put(Box::new(engine));
            0
        }
        Err(code) => refusal(code),
    }
}

/// Takes the visitor's decision: 0 undecided, 1 granted, 2 denied; and whether the
/// site measures those who have not granted without any id.
#[unsafe(export_name = "h")]
pub extern "C" fn decide(analytics: u32, ads: u32, cookieless: bool) {
    let mode = if cookieless { Mode::Cookieless } else { Mode::Full };
    let consent = Consent { analytics: decision(analytics), ads: decision(ads), mode };
    let line = if consent.may_store() { stored() } else { String::new() };
    let now_ms = now() as i64;
    ENGINE.with(&mut |engine| engine.decide(consent, &line, now_ms));
    tick();
}

/// Takes the campaign that brought the visitor, as a number; 0 for none.
#[unsafe(export_name = "f")]
pub extern "C" fn come_by(campaign: u32) {
    ENGINE.with(&mut |engine| engine.come_by(campaign));
}

/// Takes two texts: who the visitor is as a JSON string, and its hash, which is
/// taken where the id is personal data.
#[unsafe(export_name = "l")]
pub extern "C" fn identify() {
    let [clear, hashed] = given();
    fact(now(), &mut |engine| {
        if !engine.identify(&clear) {
            engine.identify(&hashed);
        }
    });
}

/// Forgets who the visitor was.
#[unsafe(export_name = "q")]
pub extern "C" fn reset() {
    let now_ms = now() as i64;
    fact(now(), &mut |engine| engine.reset(now_ms));
}

/// Takes the text of a chunk that a dead page left, and returns its number here.
#[unsafe(export_name = "r")]
pub extern "C" fn resume() -> u32 {
    let lines = last();
    let now_ms = now();
    let mut chunk = 0;
    fact(now_ms, &mut |engine| chunk = engine.resume(&lines, now_ms as i64));
    chunk
}

/// Takes that another page adopted what this one had on disk.
#[unsafe(export_name = "i")]
pub extern "C" fn disown() {
    fact(now(), &mut Engine::disown);
}

/// Takes that nothing can be written to disk.
#[unsafe(export_name = "d")]
pub extern "C" fn cannot_save() {
    fact(now(), &mut Engine::cannot_save);
}

/// Takes that the server answered the page before this one.
#[unsafe(export_name = "y")]
pub extern "C" fn trust() {
    ENGINE.with(&mut Engine::trust);
}

/// Takes whether the browser has a network.
#[unsafe(export_name = "p")]
pub extern "C" fn network(online: bool) {
    let now_ms = now();
    fact(now_ms, &mut |engine| engine.network(online, now_ms as i64));
}

/// Takes the text of `context.page` as JSON.
#[unsafe(export_name = "v")]
pub extern "C" fn show() {
    let page = last();
    ENGINE.with(&mut |engine| engine.show(&page));
}

/// Takes an event: the texts of its name, and of its attributes as JSON or empty.
/// Returns a refusal's number, 0 for none; see [`refusal`].
#[unsafe(export_name = "x")]
pub extern "C" fn track(at_ms: f64) -> u32 {
    let [name, attributes] = given();
    let mut refused = 0;
    fact(at_ms, &mut |engine| {
        refused = engine.track(&name, &attributes, at_ms as i64).map_or_else(refusal, |_| 0);
    });
    refused
}

/// Takes a click and a text, its words; see [`Engine::click`]. `seen_ms` is when the
/// page came round to it, `target` the page's number of the control, `look` says: 1 may
/// be rage, 2 may be dead, 4 becomes an event, and above that what it looks like.
#[unsafe(export_name = "e")]
pub extern "C" fn click(at_ms: f64, seen_ms: f64, x: i32, y: i32, target: u32, look: u32) {
    let click = Click {
        at_ms: at_ms as i64,
        seen_ms: seen_ms as i64,
        x,
        y,
        target,
        may_rage: look & 1 > 0,
        may_be_dead: look & 2 > 0,
        look: look >> 3,
    };
    let words = last();
    fact(at_ms, &mut |engine| engine.click(click, &words, look & 4 > 0));
}

/// Takes that the page is looked at from now on.
#[unsafe(export_name = "A")]
pub extern "C" fn watch(at_ms: f64) {
    ENGINE.with(&mut |engine| engine.struggle.habits.begin(at_ms as i64));
}

/// Takes a change that may answer the last click; see core's `Struggle::saw`.
#[unsafe(export_name = "u")]
pub extern "C" fn saw(at_ms: f64, key: u32, how: u32, what: u32) {
    ENGINE.with(&mut |engine| engine.struggle.saw(at_ms as i64, key, how, what));
    arm();
}

/// Takes that what changed is as it was before the clicks.
#[unsafe(export_name = "s")]
pub extern "C" fn reverted(at_ms: f64, key: u32) {
    ENGINE.with(&mut |engine| engine.struggle.reverted(at_ms as i64, key));
}

/// Takes an error and a text, the members that say what it was; see core's
/// `Struggle::failed`.
#[unsafe(export_name = "j")]
pub extern "C" fn failed(at_ms: f64, key: u32, sure: bool) {
    let words = last();
    ENGINE.with(&mut |engine| engine.struggle.failed(at_ms as i64, key, sure, &words));
    arm();
}

/// Takes where the pointer is.
#[unsafe(export_name = "o")]
pub extern "C" fn moved(at_ms: f64, x: i32, y: i32) {
    ENGINE.with(&mut |engine| engine.moved(at_ms as i64, x, y));
    arm();
}

/// Takes that the person came back, and a text; see [`Engine::came_back`].
#[unsafe(export_name = "c")]
pub extern "C" fn came_back(at_ms: f64, via_ms: f64, clicks: u32) {
    let words = last();
    ENGINE.with(&mut |engine| engine.came_back(at_ms as i64, via_ms as i64, clicks, &words));
    arm();
}

/// Takes what is known of a form that is left, and a text; see [`Engine::left_form`].
#[unsafe(export_name = "n")]
pub extern "C" fn left_form(at_ms: f64, touched: u32, fields: u32, duration_ms: f64, facts: u32) {
    let [_, words] = given();
    let form = Form {
        touched: i64::from(touched),
        fields: i64::from(fields),
        duration_ms: duration_ms as i64,
    };
    ENGINE.with(&mut |engine| engine.left_form(at_ms as i64, form, facts, &words));
    arm();
}

/// Sets a threshold by its place in core's `Thresholds`; behind the last one stands
/// what is found, see [`finds`](crate::engine::struggle::finds).
#[unsafe(export_name = "z")]
pub extern "C" fn tune(which: u32, value: f64) {
    ENGINE.with(&mut |engine| {
        if which == Thresholds::COUNT {
            engine.find(value as u32);
        }
        engine.struggle.thresholds.set(which, value as i64);
    });
}

/// Lets everything that may leave go.
#[unsafe(export_name = "k")]
pub extern "C" fn flush() {
    ENGINE.with(&mut Engine::flush);
    tick();
}

/// Takes that the page is hidden, or `gone` for good.
#[unsafe(export_name = "m")]
pub extern "C" fn leave(gone: bool) {
    ENGINE.with(&mut |engine| engine.leave(gone));
    tick();
}

/// Takes the answer to the last `send`: its status (0 for none), Retry-After in
/// milliseconds (0 for none), and how many verdicts of each kind it holds.
#[unsafe(export_name = "a")]
pub extern "C" fn answered(
    status: u32,
    retry_after_ms: u32,
    accepted: u32,
    duplicate: u32,
    rejected: u32,
    dropped: u32,
) {
    let attempt = Attempt { status, retry_after_ms, complete: false };
    let verdicts = Tally { sent: 0, accepted, duplicate, rejected, dropped };
    let now_ms = now() as i64;
    ENGINE.with(&mut |engine| engine.answered(attempt, verdicts, now_ms));
    tick();
}

/// How many events so far: 0 sent, 1 accepted, 2 duplicate, 3 rejected,
/// 4 dropped, 5 held now.
#[unsafe(export_name = "g")]
pub extern "C" fn count(which: u32) -> u32 {
    let mut count = 0;
    ENGINE.with(&mut |engine| {
        let tally = engine.tally();
        count = match which {
            0 => tally.sent,
            1 => tally.accepted,
            2 => tally.duplicate,
            3 => tally.rejected,
            4 => tally.dropped,
            _ => engine.held() as u32,
        };
    });
    count
}

/// Does what the engine wants done, and arms the timer for what comes later.
#[unsafe(export_name = "b")]
pub extern "C" fn tick() {
    loop {
        let now_ms = now() as i64;
        let mut action = None;
        ENGINE.with(&mut |engine| action = engine.next(now_ms));
        match action {
            Some(Action::Send(body)) => send(&body, body.len() <= MAX_BYTES),
            Some(Action::Beacon(body)) => {
                let taken = beacon(&body);
                ENGINE.with(&mut |engine| engine.beaconed(taken, now_ms));
            }
            Some(Action::Store(line)) => store(&line),
            Some(Action::Save(chunk, lines)) => save(chunk, &lines),
            Some(Action::Remove(chunk)) => remove(chunk),
            Some(Action::Forget) => store(""),
            None => break,
        }
    }
    arm();
}

/// Puts a fact into the engine; the timer does what follows from it. After a while
/// without one, what other tabs know of the session comes first.
fn fact(at_ms: f64, put: &mut impl FnMut(&mut Engine)) {
    look(at_ms);
    ENGINE.with(put);
    arm();
}

fn look(at_ms: f64) {
    let mut asks = false;
    ENGINE.with(&mut |engine| asks = engine.wants_shared(at_ms as i64));
    if asks {
        let line = stored();
        ENGINE.with(&mut |engine| engine.share(&line));
    }
}

fn arm() {
    let mut after_ms = -1.0;
    let mut flushing = false;
    let now_ms = now();
    ENGINE.with(&mut |engine| {
        flushing = engine.is_flushing();
        if let Some(due_ms) = engine.due_ms() {
            after_ms = (due_ms as f64 - now_ms).max(0.0);
        }
    });
    wake(after_ms, flushing);
}

const fn decision(number: u32) -> Option<bool> {
    match number {
        1 => Some(true),
        2 => Some(false),
        _ => None,
    }
}

/// The numbers by which `gate.js` knows our refusals: their names there cost
/// a page less than all of core's here.
const fn refusal(code: Code) -> u32 {
    match code {
        Code::InvalidEventName => 1,
        Code::EventTooLarge => 2,
        Code::Consent => 3,
        _ => 4,
    }
}
