//! The judge inside of workerd: core/workerd judges the event of the benches in a
//! WebAssembly module, and the CPU time of workerd's process tells what one took.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::place::Place;
use crate::run::{command, step};

const TARGET: &str = "wasm32-unknown-unknown";
/// Events of one call: a second of work or less, and a hundred ticks of the clock that
/// /proc counts in (10 ms).
const EVENTS: u32 = 200_000;
/// Calls of each size; the median is told.
const CALLS: usize = 5;
/// The sizes of batches.
const SIZES: [u32; 2] = [1, 100];
/// Nanoseconds of a tick: USER_HZ is 100 on every Linux that we know.
const TICK_NS: f64 = 1e7;
/// Longer than workerd takes to begin.
const START: Duration = Duration::from_secs(20);

/// Builds the module, starts workerd, and measures: microseconds of CPU time an event,
/// by the size of the batch.
///
/// # Errors
/// When something cannot be built or started, or an event is not taken.
pub(super) fn measure(place: &Place) -> Result<Vec<(u32, f64)>> {
    let source = place.root.join("core/workerd");
    let folder = place.target.join("workerd");
    step(
        "build the judge for workerd",
        command(place, "cargo", &["build", "--quiet", "--release", "--target", TARGET])?
            .arg("--manifest-path")
            .arg(source.join("Cargo.toml"))
            .arg("--target-dir")
            .arg(&folder),
    )?;
    for name in ["worker.mjs", "workerd.capnp"] {
        fs::copy(source.join(name), folder.join(name)).with_context(|| format!("copy {name}"))?;
    }
    let built = folder.join(TARGET).join("release/tidemark_core_workerd.wasm");
    fs::copy(&built, folder.join("core.wasm")).context("copy the module")?;

    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let mut workerd = command(place, &program(&place.root)?.to_string_lossy(), &["serve"])?;
    workerd.arg(folder.join("workerd.capnp"));
    workerd.arg(format!("--socket-addr=http=127.0.0.1:{port}"));
    let child = workerd.stdout(Stdio::null()).spawn().context("start workerd")?;
    let mut running = Running(child);
    let figures = ask(&mut running, port);
    drop(running);
    figures
}

/// A child that ends with its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // One that ended already is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn ask(running: &mut Running, port: u16) -> Result<Vec<(u32, f64)>> {
    let judge = |count: u32, size: u32| -> Result<u32> {
        let url = format!("http://127.0.0.1:{port}/?count={count}&size={size}");
        let answer = ureq::get(&url).call()?.into_body().read_to_string()?;
        answer.parse().with_context(|| format!("the worker said {answer}"))
    };
    let begun = Instant::now();
    while judge(1, 1).is_err() {
        if running.0.try_wait()?.is_some() || begun.elapsed() > START {
            bail!("workerd does not answer");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    let pid = running.0.id();
    let mut figures = Vec::new();
    for size in SIZES {
        // The engine compiles the module again once it is hot.
        judge(EVENTS, size)?;
        let mut calls = Vec::new();
        for _ in 0..CALLS {
            let before = cpu_ticks(pid)?;
            let taken = judge(EVENTS, size)?;
            let ticks = cpu_ticks(pid)? - before;
            if taken != EVENTS {
                bail!("{taken} of {EVENTS} events were taken");
            }
            calls.push(ticks * TICK_NS / f64::from(EVENTS) / 1e3);
        }
        calls.sort_by(f64::total_cmp);
        figures.push((size, calls.get(CALLS / 2).copied().unwrap_or_default()));
    }
    Ok(figures)
}

/// The CPU time of a process so far, its own and the kernel's for it, in ticks.
fn cpu_ticks(pid: u32) -> Result<f64> {
    let stat =
        fs::read_to_string(format!("/proc/{pid}/stat")).context("the CPU time is Linux's")?;
    // The name of the program, in parentheses, may hold spaces.
    let (_, fields) = stat.rsplit_once(')').context("read /proc/PID/stat")?;
    let mut times = fields.split_whitespace().skip(11);
    let mut next = || times.next().and_then(|field| field.parse::<f64>().ok());
    next().zip(next()).map(|(user, system)| user + system).context("read /proc/PID/stat")
}

/// workerd itself: npm's `workerd` is a script around it.
fn program(root: &Path) -> Result<PathBuf> {
    let folder = match std::env::consts::ARCH {
        "aarch64" => "workerd-linux-arm64",
        _ => "workerd-linux-64",
    };
    let program = root.join("node_modules/@cloudflare").join(folder).join("bin/workerd");
    if program.is_file() {
        return Ok(program);
    }
    bail!("{} is not there: run `cargo xtask setup`", program.display())
}
