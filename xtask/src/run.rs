//! Runs other programs, and tells what is going on. Everything a person reads
//! goes to stderr: stdout belongs to `--json`.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

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

/// Runs a step to its end; its own output is shown on stderr.
///
/// # Errors
/// When it cannot start or fails.
pub fn step(title: &str, command: &mut Command) -> Result<()> {
    let started = Instant::now();
    say(format!("▶ {title}"));
    let status = command
        .stdout(std::io::stderr())
        .status()
        .with_context(|| format!("{title}: cannot start {:?}", command.get_program()))?;
    if !status.success() {
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
        bail!("{title} failed ({status}): {} {}", command.get_program().display(), words.join(" "));
    }
    say(format!("✓ {title} ({})", seconds(started)));
    Ok(())
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
