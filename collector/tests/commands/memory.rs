//! Gigabytes in bounded memory: 300 MB through a pipe, and the process's own peak.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;

use crate::run::command;

/// What eight workers hold (a quarter of a MiB read, 1 MiB written, a line each),
/// the program and its catalogue: 40 MB, with room for the allocator's own.
const PEAK_MAX_KB: u64 = 64 * 1024;

const TOTAL_BYTES: usize = 300_000_000;

/// The peak of a process's resident memory, in KB.
fn peak_kb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Writes pieces until the total is reached, and counts the answers. The input stays
/// open until every line has its answer, so that the peak is of the whole run.
fn run(arguments: &[&str], piece: &'static [u8], last: &'static [u8]) -> (u64, u64) {
    let mut child = command(arguments)
        .args(["--threads", "8"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let pieces = TOTAL_BYTES / piece.len();
    let newlines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
    let expected = pieces * newlines(piece) + newlines(last);
    let writer = std::thread::spawn(move || {
        for _ in 0..pieces {
            stdin.write_all(piece).unwrap();
        }
        stdin.write_all(last).unwrap();
        stdin
    });
    let mut out = BufReader::with_capacity(1024 * 1024, child.stdout.take().unwrap());
    let mut answers = 0;
    let mut line = Vec::new();
    while answers < expected as u64 {
        line.clear();
        assert!(out.read_until(b'\n', &mut line).unwrap() > 0, "ended after {answers}");
        answers += 1;
    }
    let peak = peak_kb(child.id());
    drop(writer.join().unwrap());
    assert_eq!(out.read_until(b'\n', &mut line).unwrap(), 0, "an answer too many");
    child.wait().unwrap();
    (answers, peak)
}

#[test]
fn text_of_any_size() {
    let words = "The order was shipped on Tuesday; nobody could say more about it than that. ";
    let line = format!("{}jo@example.org\n", words.repeat(13));
    let piece = line.repeat(1_000).into_bytes().leak();
    let (answers, peak) = run(&["sanitize", "--text"], piece, b"end\n");
    assert_eq!(answers, (TOTAL_BYTES / piece.len() * 1_000 + 1) as u64);
    assert!(peak < PEAK_MAX_KB, "{peak} KB");
}

#[test]
fn one_line_of_any_size() {
    let piece = vec![b'x'; 1_000_000].leak();
    for arguments in [&["sanitize", "--text"][..], &["sanitize"], &["validate"]] {
        let (answers, peak) = run(arguments, piece, b"\n{\"event_name\":\"a\"}\n");
        assert_eq!(answers, 2, "{arguments:?}");
        assert!(peak < PEAK_MAX_KB, "{arguments:?}: {peak} KB");
    }
}

#[test]
fn many_answers_to_little_input() {
    // Two bytes of input become about a hundred of output.
    let piece = b"7\n".repeat(500).leak();
    let total = 8_000;
    let mut child = command(&["validate", "--threads", "8"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        for _ in 0..total {
            stdin.write_all(piece).unwrap();
        }
        stdin
    });
    let out = BufReader::with_capacity(1024 * 1024, child.stdout.take().unwrap());
    let answers = out.split(b'\n').take(total * 500).map(Result::unwrap).count();
    let peak = peak_kb(child.id());
    drop(writer.join().unwrap());
    child.wait().unwrap();
    assert_eq!(answers, total * 500);
    assert!(peak < PEAK_MAX_KB, "{peak} KB");
}
