//! The bindings in real browsers: what leaves the page, and what stays in it.
//!
//! Run by `wasm-pack test --headless --chrome` and `--firefox`.
#![cfg(target_family = "wasm")]
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "tests, which no page pays for, though clippy does not know their attribute"
)]

use serde_json::Value;
use tidemark_sdk_wasm::browser::{self, answered, count, decide, flush, give, leave, saw, tick};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen(module = "/tests/page.js")]
extern "C" {
    fn fresh();
    fn page(exports: JsValue) -> JsValue;
    fn posted() -> String;
    fn beaconed() -> String;
    fn stored_keys() -> String;
    fn chunks() -> String;
    fn block_storage();
    fn unblock_storage();
    fn advance(ms: f64);
}

#[wasm_bindgen(module = "/src/browser/host.js")]
extern "C" {
    fn bind(page: JsValue);
    #[wasm_bindgen(js_name = now)]
    fn clock() -> f64;
}

const UNDECIDED: u32 = 0;
const GRANTED: u32 = 1;
const DENIED: u32 = 2;

fn start(seed: u32) {
    give("{\"locale\":\"de\"}".into());
    assert_eq!(browser::start(5_000, 100, 31, 65_536, 1, 2, 3, seed), 0);
}

fn show(page: &str) {
    give(page.into());
    browser::show();
}

fn track(name: &str, attributes: &str, at_ms: f64) -> u32 {
    give(name.into());
    give(attributes.into());
    browser::track(at_ms)
}

fn begin(analytics: u32) {
    fresh();
    bind(page(wasm_bindgen::exports()));
    start(clock() as u32);
    decide(analytics, UNDECIDED, false);
    show("{\"url\":\"https://shop.example/cart?token=1\",\"title\":\"Cart of jo@example.org\"}");
    tick();
}

fn read(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

fn body(sent: &Value) -> Value {
    serde_json::from_str(sent["body"].as_str().unwrap()).unwrap()
}

#[wasm_bindgen_test]
fn a_tracked_event_leaves_as_one_post() {
    begin(GRANTED);
    assert_eq!(track("cart.opened", "{\"by\":\"jö@example.org\",\"n\":1}", clock()), 0);
    assert_eq!(posted(), "[]", "a tracking call makes no request");
    flush();
    let posts = read(&posted());
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0]["method"], "POST");
    assert_eq!(posts[0]["keepalive"], true);
    assert_eq!(posts[0]["url"], "https://events.example/v1/events/batch?write_key=wk_test");
    let batch = body(&posts[0]);
    let event = &batch["events"][0];
    assert_eq!(event["event_name"], "cart.opened");
    assert_eq!(event["attributes"]["by"], "[email]");
    assert_eq!(event["context"]["page"]["url"], "https://shop.example/cart");
    assert_eq!(event["context"]["page"]["title"], "Cart of [email]");
    assert_eq!(batch["context"]["sdk"]["detects"][0], "ui.rage_click");
    answered(200, 0, 1, 0, 0, 0);
    assert_eq!([count(0), count(1), count(5)], [1, 1, 0]);
    assert_eq!(stored_keys(), "tidemark");
}

#[wasm_bindgen_test]
fn before_a_decision_nothing_leaves_and_nothing_is_kept() {
    begin(UNDECIDED);
    assert_eq!(track("cart.opened", "", clock()), 0);
    flush();
    leave(true);
    assert_eq!((&*posted(), &*beaconed(), &*stored_keys()), ("[]", "[]", ""));
    assert_eq!(count(5), 1, "it waits");
    decide(GRANTED, UNDECIDED, false);
    flush();
    let event = &body(&read(&posted())[0])["events"][0];
    assert_eq!(event["anonymous_id"].as_str().map(str::len), Some(36));
}

#[wasm_bindgen_test]
fn a_denial_forgets_what_waits_and_what_is_kept() {
    begin(GRANTED);
    track("cart.opened", "", clock());
    flush();
    answered(200, 0, 1, 0, 0, 0);
    assert_eq!(stored_keys(), "tidemark");
    assert_eq!(chunks(), "", "what has its verdict is not on disk");
    track("cart.opened", "", clock());
    decide(DENIED, DENIED, false);
    tick();
    assert_eq!(stored_keys(), "");
    assert_eq!(track("cart.opened", "", clock()), 3, "refused for consent");
    flush();
    assert_eq!(read(&posted()).len(), 1);
    assert_eq!([count(4), count(5)], [2, 0]);
}

#[wasm_bindgen_test]
fn a_page_that_is_left_uses_beacons() {
    begin(GRANTED);
    track("cart.left", "", clock());
    leave(true);
    let beacons = read(&beaconed());
    assert_eq!(body(&beacons[0])["events"][0]["event_name"], "cart.left");
    assert_eq!(posted(), "[]");
}

#[wasm_bindgen_test]
fn three_clicks_in_vain_are_one_incident_and_answered_ones_none() {
    for (is_answered, expected) in [(false, 1), (true, 0)] {
        begin(GRANTED);
        let first = clock();
        for at_ms in [0.0, 200.0, 400.0] {
            let place = "\"selector\":\"#buy\",\"x\":5,\"y\":6";
            give(place.into());
            browser::click(first + at_ms, first + at_ms, 5, 6, 1, 7);
            if is_answered {
                saw(first + at_ms + 5.0, 1, 1, 0);
            }
        }
        // First the series is judged, then whether its last click was answered at all.
        advance(1_500.0);
        tick();
        if !is_answered {
            // An incident does not wait: it has left, and the server has it.
            answered(200, 0, 4, 0, 0, 0);
        }
        advance(2_450.0);
        tick();
        flush();
        advance(0.0);
        let bodies: Vec<Value> = read(&posted()).iter().map(body).collect();
        let events = || bodies.iter().flat_map(|body| body["events"].as_array().unwrap());
        let count = |name| events().filter(|event| event["event_name"] == name).count();
        assert_eq!([count("ui.rage_click"), count("ui.dead_click")], [expected; 2]);
        assert_eq!(events().count(), 3 + 2 * expected);
    }
}

#[wasm_bindgen_test]
fn refusals_have_numbers() {
    begin(GRANTED);
    assert_eq!(track("Cart Opened", "", clock()), 1);
    let large = ["{\"a\":[\"", &"some text\",\"".repeat(7_000), "\"]}"].concat();
    assert_eq!(track("cart.opened", &large, clock()), 2);
    assert_eq!(track("cart.opened", "!", clock()), 4);
    assert_eq!(count(3), 3);
}

#[wasm_bindgen_test]
fn blocked_storage_costs_the_memory_of_the_visitor_and_nothing_else() {
    fresh();
    block_storage();
    bind(page(wasm_bindgen::exports()));
    start(4);
    decide(GRANTED, UNDECIDED, false);
    track("cart.opened", "", clock());
    flush();
    unblock_storage();
    let event = &body(&read(&posted())[0])["events"][0];
    assert_eq!(event["session_id"].as_str().map(str::len), Some(36));
}

#[wasm_bindgen_test]
fn a_reload_is_the_same_visitor() {
    begin(GRANTED);
    track("cart.opened", "", clock());
    flush();
    let ids = |post: &Value| {
        let event = &body(post)["events"][0];
        [event["anonymous_id"].clone(), event["session_id"].clone()]
    };
    let first = ids(&read(&posted())[0]);
    answered(200, 0, 1, 0, 0, 0);
    start(9);
    decide(GRANTED, UNDECIDED, false);
    track("cart.opened", "", clock());
    flush();
    assert_eq!(ids(&read(&posted())[1]), first);
}
