//! What pipes do: lines that come one by one, and readers that go.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::Stdio;

use crate::run::command;

#[test]
fn a_line_is_answered_before_the_next_one_comes() {
    let mut child = command(&["sanitize", "--text"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    for number in 0..100 {
        writeln!(stdin, "line {number} of jo@example.org").unwrap();
        stdin.flush().unwrap();
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        assert_eq!(line, format!("line {number} of [email]\n"));
    }
    stdin.write_all(b"without end").unwrap();
    drop(stdin);
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "without end");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_reader_that_goes_ends_the_command_quietly() {
    for arguments in [&["sanitize", "--text"][..], &["sanitize", "--text", "--json"], &["validate"]]
    {
        let mut child = command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let mut out = child.stdout.take().unwrap();
        stdin.write_all(b"{}\n").unwrap();
        let mut first = [0; 1];
        out.read_exact(&mut first).unwrap();
        drop(out);
        // Goes on until the command ends; the pipe's own break ends this loop.
        let lines = b"{}\n".repeat(10_000);
        while stdin.write_all(&lines).is_ok() {}
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        assert!(output.status.code().is_some_and(|code| code < 2), "{output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}

#[test]
fn the_order_is_the_inputs_whatever_the_threads() {
    let mut input = String::new();
    for number in 0..60_000 {
        // Lines of very different size and work.
        let note = "jo@example.org ".repeat(if number % 97 == 0 { 40 } else { number % 3 });
        input.push_str(&format!("{number} {note}\n"));
    }
    let alone = crate::run::tidemark(&["sanitize", "--text", "--threads", "1"], &input);
    let many = crate::run::tidemark(&["sanitize", "--text", "--threads", "8"], &input);
    assert_eq!(alone.text().lines().count(), 60_000);
    assert!(alone.out == many.out, "threads changed the output");
    let numbered = many.text().lines().enumerate();
    for (number, line) in numbered {
        assert!(line.starts_with(&format!("{number} ")), "{number}: {line}");
    }
}
