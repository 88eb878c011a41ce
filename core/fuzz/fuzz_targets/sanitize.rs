//! Any text: sanitised twice it is what it was after once, time is linear, and a
//! string of JSON is sanitised as the text is that it holds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidemark_core::json::{check_text, write_string};
use tidemark_core::sanitise::{Policy, json_with, steps, text_with};

/// Steps a byte that any text may cost (see `time_is_linear` in core), in each of
/// the rounds that a text may take, and steps for a text of a few bytes.
const STEPS_A_BYTE: u64 = 4 * 90;
const STEPS_AT_LEAST: u64 = 4_000;

fuzz_target!(|bytes: &[u8]| {
    let Ok(input) = core::str::from_utf8(bytes) else { return };
    for rare_rules in [true, false] {
        let policy = Policy { rare_rules, ..Policy::DEFAULT };
        let clean = |text: &str| text_with(text, &policy, &mut |_| {}).into_owned();
        let mut once = String::new();
        let cost = steps::of(|| once = clean(input));
        assert!(
            cost <= STEPS_AT_LEAST + input.len() as u64 * STEPS_A_BYTE,
            "{cost} steps for {} bytes",
            input.len()
        );
        assert_eq!(clean(&once), once, "sanitised twice");

        // The walk over JSON cuts long strings first.
        if input.len() <= tidemark_core::limits::STRING_MAX_BYTES
            && once.len() <= tidemark_core::limits::STRING_MAX_BYTES
        {
            let mut quoted = String::from("[");
            write_string(&mut quoted, input);
            quoted.push(']');
            let Ok(value) = check_text(&quoted) else { continue };
            let walked = json_with(value, "", &policy, &mut Vec::new());
            let mut expected = String::from("[");
            write_string(&mut expected, &once);
            expected.push(']');
            assert_eq!(walked, expected, "as a string of JSON");
        }
    }
    // Any JSON: sanitised it is JSON still, and stays.
    if let Ok(value) = check_text(input) {
        let once = json_with(value, "", &Policy::DEFAULT, &mut Vec::new());
        let Ok(again) = check_text(&once) else { panic!("no JSON any more: {once}") };
        let twice = json_with(again, "", &Policy::DEFAULT, &mut Vec::new());
        assert_eq!(twice, once, "JSON sanitised twice");
    }
});
