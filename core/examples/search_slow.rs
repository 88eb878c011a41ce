//! Searches for texts that cost the sanitiser the most CPU time a byte.
//!
//! `cargo xtask bench core --search-slow --seconds 60` runs it. It begins with the
//! patterns of tests/sanitise/slow_patterns.txt and with pieces that rules look for,
//! joins, cuts and repeats them, and keeps what is slowest: 4 KB of a pattern, thread
//! CPU time, the least of several runs. What it prints can be added to the file.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "an example, run by hand: it prints, and what fails ends it"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tidemark_core::sanitise;

/// Bytes of each text that is measured.
const BYTES: usize = 4 * 1024;
/// The patterns that are kept.
const KEPT: usize = 24;
/// The longest pattern.
const LONGEST: usize = 40;

/// What rules begin with, and what joins it.
const PIECES: &[&str] = &[
    "1",
    "12",
    "1111 ",
    "1.1.1.1",
    ":",
    "=",
    "@",
    "a@a.bc",
    "(at)",
    "[",
    "/",
    "\\",
    "-",
    "--",
    "_",
    " ",
    "+",
    ".",
    "%40",
    "&",
    "?",
    "#",
    "id ",
    "key",
    "tel ",
    "cookie:",
    "token=",
    "password ",
    " is ",
    "home",
    "/home/",
    "eyJ",
    "sk-",
    "AKIA",
    "DE89 3704 ",
    "GB82",
    "fe80::",
    "0x",
    "ab12",
    "www.",
    "http://",
    "-----BEGIN ",
    "٣",
    "：",
    "１",
    "ä",
    "信用",
    "\u{200b}",
    "[ip]",
    "111 ",
    "12345678",
    "4111-",
    "pwd=",
    "(",
    "AT61 ",
    "LB62 ",
    "%25",
    ".b",
    "xn--",
    ":AA",
    "Z9",
    "\u{ad}",
    "１２",
    "ist ",
    "[at]",
];

/// A generator of numbers that are the same in every run (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) % end.max(1) as u64) as usize
    }
}

fn main() {
    let seconds = std::env::args().nth(1).map_or(60, |text| text.parse().expect("seconds"));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/sanitise/slow_patterns.txt");
    let known = std::fs::read_to_string(file).expect("the known patterns");
    let known = known.lines().map(|line| serde_json::from_str(line).expect("a string of JSON"));
    let mut found: Vec<(f64, String)> =
        known.map(|pattern: String| (cost(&pattern), pattern)).collect();
    let mut numbers = Numbers(1);
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut tried = 0;
    while Instant::now() < until {
        let parents = [numbers.below(found.len()), numbers.below(found.len())];
        let [one, other] =
            parents.map(|at| found.get(at).map_or("", |(_, pattern)| pattern.as_str()));
        let pattern = child(one, other, &mut numbers);
        tried += 1;
        if pattern.is_empty() || found.iter().any(|(_, known)| *known == pattern) {
            continue;
        }
        // Another look at what is slow tells a busy machine from a slow text.
        let least = found.last().map_or(0.0, |(cost, _)| *cost);
        let mut ns = cost(&pattern);
        if found.len() < KEPT || ns > least {
            ns = ns.min(cost(&pattern));
            found.push((ns, pattern));
            found.sort_by(|one, other| other.0.total_cmp(&one.0));
            found.truncate(KEPT);
        }
    }
    found.sort_by(|one, other| other.0.total_cmp(&one.0));
    println!("{tried} patterns tried; the slowest, in MB/s:");
    for (ns, pattern) in found.iter().take(10) {
        println!("{:8.1}  {}", 1e3 / *ns, serde_json::Value::from(pattern.as_str()));
    }
}

/// A pattern made of two others.
fn child(one: &str, other: &str, numbers: &mut Numbers) -> String {
    let letters: Vec<char> = one.chars().collect();
    let at = numbers.below(letters.len() + 1);
    let (front, back) = letters.split_at(at);
    let text = |letters: &[char]| letters.iter().collect::<String>();
    let piece = PIECES.get(numbers.below(PIECES.len())).copied().unwrap_or_default();
    let rest = text(back.get(numbers.below(3).min(back.len())..).unwrap_or_default());
    let whole = match numbers.below(6) {
        0 => [&*text(front), piece, &text(back)].concat(),
        1 => [&*text(front), &rest].concat(),
        2 => [&*text(front), piece, &rest].concat(),
        3 => [&*text(front), other].concat(),
        4 => [other, &text(back)].concat(),
        _ => [piece, one].concat(),
    };
    whole.chars().take(LONGEST).collect()
}

/// Nanoseconds of CPU time a byte, the least of a few runs.
fn cost(pattern: &str) -> f64 {
    let text = pattern.repeat(BYTES / pattern.len().max(1) + 1);
    let runs = (0..3).map(|_| {
        let begun = thread_ns();
        black_box(sanitise::text(black_box(&text), &mut |_| {}));
        (thread_ns() - begun) / text.len() as f64
    });
    runs.fold(f64::INFINITY, f64::min)
}

/// Nanoseconds of CPU that this thread has used.
fn thread_ns() -> f64 {
    let times = clock_gettime(ClockId::ThreadCPUTime);
    times.tv_sec as f64 * 1e9 + times.tv_nsec as f64
}
