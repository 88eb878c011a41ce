//! Searches for texts that cost the sanitiser the most CPU time a byte.
//!
//! `cargo xtask bench core --search-slow --seconds 60 --seed 1` runs it. A round begins
//! with the patterns of tests/sanitise/slow_patterns.txt or, every second one, with what
//! is made afresh of pieces that rules look for and of groups of digits; joins, cuts and
//! repeats them, and keeps what is slowest: 4 KB of a pattern, thread CPU time, the least
//! of several runs. A search is many rounds, so that no one family of patterns crowds out
//! the others. What it prints can be added to the file.
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
const LONGEST: usize = 48;
/// How long a round goes on.
const ROUND: Duration = Duration::from_secs(6);

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
    "[dot]",
    "%2540",
    "%2Fhome%2F",
    "%",
    "&#64;",
    "\\u0040",
    "＠",
    "。",
    "．",
    "📞",
    "漢字",
    "\\Users\\",
    "C:\\",
    "~a/",
    "::",
    "..",
    "@@",
    "{",
    "'",
    "\"",
    "\n",
    "<",
    ",",
    ";",
    "~",
    "$",
    "bearer ",
    "authorization: ",
    "order ",
    "card ",
    "iban ",
    "ssn ",
    "ip ",
    "bsn ",
    "my number ",
    " is my phone",
    "x12",
    "ext. 1",
    "v1.",
    "v",
    "https://a/b?c=",
    "//",
    "a.b.c.",
    "ab.cd ",
    "Ab1Cd2Ef3Gh4Ij5K",
    "deadbeef",
    "ghp_",
    "sk_live_",
    "SG.",
    "eyJhbGciOi",
    "-----BEGIN PRIVATE KEY-----",
    "PuTTY-User-Key-File-",
    "secret=",
    "code=",
    "state:",
    "api_key:",
    "contraseña:",
    "пароль: ",
    "密码：",
    "token token ",
    "GT62 ",
    "LB 62 ",
    "MT84MALT",
    "QQ 12 34 56 C",
    "12345678Z",
    "00",
    "+1 ",
    "(1) ",
    "0x0",
    "1-",
    "1/",
    "2001:db8:",
    "1:",
    "a1:",
    "[email]",
    "[phone] ",
    "]",
    "*",
    "!",
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
    let mut args = std::env::args().skip(1);
    let mut number =
        |otherwise| args.next().map_or(otherwise, |text| text.parse().expect("seconds and a seed"));
    let (seconds, seed) = (number(60), number(1));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/sanitise/slow_patterns.txt");
    let known = std::fs::read_to_string(file).expect("the known patterns");
    let known = known.lines().map(|line| serde_json::from_str(line).expect("a string of JSON"));
    let known: Vec<String> = known.collect();
    let mut numbers = Numbers(seed);
    let until = Instant::now() + Duration::from_secs(seconds);
    let (mut slowest, mut tried, mut round) = (Vec::new(), 0, 0);
    while Instant::now() < until {
        let begin = if round % 2 == 0 {
            known.clone()
        } else {
            (0..KEPT).map(|_| fresh(&mut numbers)).collect()
        };
        let (found, count) = search(begin, &mut numbers, until.min(Instant::now() + ROUND));
        slowest.extend(found.into_iter().take(3));
        tried += count;
        round += 1;
    }
    // A busy machine makes any text slow: each is measured once more.
    for (ns, pattern) in &mut slowest {
        *ns = ns.min(cost(pattern));
    }
    slowest.sort_by(|one: &(f64, String), other| other.0.total_cmp(&one.0));
    slowest.dedup_by(|one, other| one.1 == other.1);
    println!("{tried} patterns tried in {round} rounds; the slowest, in MB/s:");
    for (ns, pattern) in slowest.iter().take(16) {
        println!("{:8.1}  {}", 1e3 / *ns, serde_json::Value::from(pattern.as_str()));
    }
}

/// One round: what was slowest, and how many patterns were tried.
fn search(begin: Vec<String>, numbers: &mut Numbers, until: Instant) -> (Vec<(f64, String)>, u64) {
    let mut found: Vec<(f64, String)> =
        begin.into_iter().map(|pattern| (cost(&pattern), pattern)).collect();
    let mut tried = 0;
    while Instant::now() < until {
        let parents = [numbers.below(found.len()), numbers.below(found.len())];
        let [one, other] =
            parents.map(|at| found.get(at).map_or("", |(_, pattern)| pattern.as_str()));
        let pattern = child(one, other, numbers);
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
    (found, tried)
}

/// Two to eight pieces.
fn fresh(numbers: &mut Numbers) -> String {
    let count = 2 + numbers.below(7);
    let whole: String = (0..count).map(|_| piece(numbers)).collect();
    whole.chars().take(LONGEST).collect()
}

/// A piece that rules look for, or a group of digits and a sign.
fn piece(numbers: &mut Numbers) -> String {
    if numbers.below(4) > 0 {
        return PIECES.get(numbers.below(PIECES.len())).copied().unwrap_or_default().to_owned();
    }
    let count = 1 + numbers.below(4);
    let sign = *b" -./(), -/".get(numbers.below(10)).unwrap_or(&b' ');
    let digits = (0..count).map(|_| char::from(b'0' + numbers.below(10) as u8));
    digits.chain([char::from(sign)]).collect()
}

/// A pattern made of two others.
fn child(one: &str, other: &str, numbers: &mut Numbers) -> String {
    let letters: Vec<char> = one.chars().collect();
    let at = numbers.below(letters.len() + 1);
    let (front, back) = letters.split_at(at);
    let text = |letters: &[char]| letters.iter().collect::<String>();
    let piece = piece(numbers);
    let rest = text(back.get(numbers.below(3).min(back.len())..).unwrap_or_default());
    let some = text(back.get(..numbers.below(8).min(back.len())).unwrap_or_default());
    let whole = match numbers.below(7) {
        0 => [&*text(front), &piece, &text(back)].concat(),
        1 => [&*text(front), &rest].concat(),
        2 => [&*text(front), &piece, &rest].concat(),
        3 => [&*text(front), other].concat(),
        4 => [other, &text(back)].concat(),
        5 => [&*text(front), &some, &text(back)].concat(),
        _ => [&*piece, one].concat(),
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
