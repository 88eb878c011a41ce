//! Runs other programs, and tells what is going on. Everything a person reads
//! goes to stderr: stdout belongs to `--json`.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, IsTerminal as _, Write as _};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::place::Place;

/// Prints a line for the person.
pub fn say(line: impl AsRef<str>) {
    // A closed stderr is nobody's loss.
    let _ = writeln!(std::io::stderr(), "{}", line.as_ref());
}

/// Prints a line for a program that reads stdout.
pub fn print(line: impl AsRef<str>) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{}", line.as_ref()).and_then(|()| stdout.flush());
}

/// A command in the repository, with our tools on its PATH.
///
/// # Errors
/// When PATH cannot be made.
pub fn command(place: &Place, program: &str, args: &[&str]) -> Result<Command> {
    let mut command = Command::new(program);
    command
        .args(args)
        .current_dir(&place.root)
        .env("PATH", place.path()?)
        .env("CARGO_TARGET_DIR", &place.target)
        .env("TIDEMARK_LIBCHDB", place.libchdb())
        .stdin(Stdio::null());
    // What cargo tells xtask is not meant for what xtask starts.
    for name in
        ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PKG_NAME", "RUSTUP_TOOLCHAIN"]
    {
        command.env_remove(name);
    }
    Ok(command)
}

/// Lines that are said again of a step that failed.
const LAST_LINES: usize = 60;

/// Runs a step to its end; its own output is shown on stderr. Where nobody watches (a log),
/// the error holds the last lines of it, so that they are read beside what failed.
///
/// # Errors
/// When it cannot start or fails.
pub fn step(title: &str, command: &mut Command) -> Result<()> {
    let started = Instant::now();
    say(format!("▶ {title}"));
    let (status, last) = if std::io::stderr().is_terminal() {
        (command.stdout(std::io::stderr()).status(), String::new())
    } else {
        watched(command)
    };
    let status =
        status.with_context(|| format!("{title}: cannot start {:?}", command.get_program()))?;
    if !status.success() {
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
        let program = command.get_program().display();
        bail!("{title} failed ({status}): {program} {}{last}", words.join(" "));
    }
    say(format!("✓ {title} ({})", seconds(started)));
    Ok(())
}

/// How long is read on when a step has ended: something that it left behind may hold its output.
const READ_ON: Duration = Duration::from_secs(2);

/// Runs a command, shows what it prints, and returns the last lines of that.
fn watched(command: &mut Command) -> (std::io::Result<ExitStatus>, String) {
    let last = Arc::new(Mutex::new(VecDeque::with_capacity(LAST_LINES)));
    let mut run = || {
        let (reader, writer) = std::io::pipe()?;
        let mut child = command.stdout(writer.try_clone()?).stderr(writer).spawn()?;
        // The command holds the pipe's other end until it gets another one.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let (ended, end) = mpsc::channel();
        let kept = Arc::clone(&last);
        std::thread::spawn(move || {
            for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                say(&line);
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() == LAST_LINES {
                    kept.pop_front();
                }
                kept.push_back(line);
            }
            // Nobody waits any more when this was left behind.
            let _ = ended.send(());
        });
        let status = child.wait();
        let _ = end.recv_timeout(READ_ON);
        status
    };
    let status = run();
    let last = last.lock().unwrap_or_else(PoisonError::into_inner);
    (status, last.iter().map(|line| format!("\n  | {line}")).collect())
}

/// Runs a command and returns what it printed; its output is not shown.
///
/// # Errors
/// When it cannot start.
pub fn output(command: &mut Command) -> Result<Output> {
    command.output().with_context(|| format!("cannot start {:?}", command.get_program()))
}

/// Whether a program is there and answers `--version`; what it says then.
pub fn version(program: impl AsRef<std::ffi::OsStr>) -> Option<String> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().ok()?;
    let text = [output.stdout, output.stderr].concat();
    output.status.success().then(|| String::from_utf8_lossy(&text).trim().to_string())
}

/// Time since then, for people.
pub fn seconds(since: Instant) -> String {
    format!("{:.1} s", since.elapsed().as_secs_f64())
}
