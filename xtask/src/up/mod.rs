//! `cargo xtask up`: the whole of Tidemark on this machine, until Ctrl-C.
//!
//! Builds, then starts in the order of need: embedded ClickHouse → collector →
//! edge → demo; each is healthy before the next begins. A part that dies is
//! started again. At the end every process is gone, whatever happened.

mod http;
mod parts;
mod ports;
mod secrets;
mod supervise;
mod tail;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::json;

use crate::place::Place;
use crate::run::{command, print, say, seconds, step};
use crate::{edge, sdk, setup};
use parts::Parts;
use ports::Ports;
use secrets::Secrets;

/// How `up` runs.
#[derive(clap::Args, Debug)]
pub struct Options {
    /// Print one line of JSON to stdout once everything is healthy, and one for
    /// each part that is restarted.
    #[arg(long)]
    json: bool,
    /// `fixed` (8080, 8787, 8090, 8123) or `auto` (any that are free).
    #[arg(long, default_value = "fixed", value_parser = ["fixed", "auto"])]
    ports: String,
    /// Port of the demo site.
    #[arg(long)]
    demo_port: Option<u16>,
    /// Port of the edge.
    #[arg(long)]
    edge_port: Option<u16>,
    /// Port of the collector.
    #[arg(long)]
    collector_port: Option<u16>,
    /// Port of ClickHouse's HTTP interface.
    #[arg(long)]
    clickhouse_port: Option<u16>,
    /// Keep everything in this folder, and leave it there at the end.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Leave the data there at the end (always so with --data).
    #[arg(long)]
    keep: bool,
}

/// How long everything may take to become healthy, once it is built.
const READY_DEADLINE: Duration = Duration::from_secs(60);
/// How often parts are looked after and new events are read.
const TICK: Duration = Duration::from_millis(200);

/// Runs everything until Ctrl-C.
///
/// # Errors
/// When a port is taken, or a part cannot be built or does not become healthy.
pub fn run(place: &Place, options: &Options) -> Result<()> {
    let started = Instant::now();
    let stop = stop_flag()?;
    let ports = Ports::choose(
        options.ports == "auto",
        [options.demo_port, options.edge_port, options.collector_port, options.clickhouse_port],
    )?;
    let data = match &options.data {
        Some(folder) => folder.clone(),
        None => place.root.join(".tidemark"),
    };
    fs::create_dir_all(&data).with_context(|| format!("make {}", data.display()))?;
    let data = data.canonicalize()?;
    // Held until the end: a second stack would overwrite what the first one needs.
    let lock = fs::File::create(data.join("lock"))?;
    if lock.try_lock().is_err() {
        bail!("another stack runs on {}: choose one with --data DIR", data.display());
    }
    setup::for_up(place)?;
    build(place)?;
    let secrets = Secrets::of(&data)?;

    let mut parts = Parts::new(place, &data, &ports, &secrets)?;
    let outcome = parts
        .start(&stop, READY_DEADLINE)
        .and_then(|()| attend(options, &data, &ports, &secrets, &mut parts, &stop, started));
    say("stopping …");
    parts.stop();
    if options.data.is_none() && !options.keep {
        fs::remove_dir_all(&data).context("remove the data")?;
    }
    say("✓ everything has ended");
    outcome
}

fn build(place: &Place) -> Result<()> {
    let binaries = ["build", "-p", "tidemark-embedded-clickhouse", "-p", "tidemark-collector"];
    step("build ClickHouse's front and the collector", &mut command(place, "cargo", &binaries)?)?;
    sdk::build(place).context("build the SDK")?;
    edge::build(&place.root).context("build the edge")?;
    Ok(())
}

/// Tells where everything is, then looks after it until it shall stop.
fn attend(
    options: &Options,
    data: &std::path::Path,
    ports: &Ports,
    secrets: &Secrets,
    parts: &mut Parts,
    stop: &AtomicBool,
    started: Instant,
) -> Result<()> {
    if stop.load(Ordering::Relaxed) {
        return Ok(());
    }
    let ready = |parts: &Parts| -> Result<String> {
        Ok(serde_json::to_string(&Ready {
            ready: true,
            demo: ports.demo_url(),
            edge: ports.edge_url(),
            collector: ports.collector_url(),
            clickhouse: ports.clickhouse_url(),
            tenant_id: secrets::TENANT_ID,
            site_id: secrets::SITE_ID,
            write_key: &secrets.write_key,
            api_key: &secrets.api_key,
            data_dir: data,
            pids: parts.pids(),
        })?)
    };
    let write = |ready: &str| -> Result<()> {
        let next = data.join("up.json.next");
        secrets::write_private(&next, &format!("{ready}\n"))?;
        Ok(fs::rename(next, data.join("up.json"))?)
    };
    let now = ready(parts)?;
    write(&now)?;
    if options.json {
        print(now);
    }
    say(format!("✓ everything is healthy ({})", seconds(started)));
    say(format!("  demo        {}", ports.demo_url()));
    say(format!("  edge        {}", ports.edge_url()));
    say(format!("  collector   {}", ports.collector_url()));
    say(format!("  ClickHouse  {}", ports.clickhouse_url()));
    say(format!("  data, logs  {}", data.display()));
    say("Open the demo; its events appear here. Ctrl-C ends everything.\n");

    let mut tail = tail::Tail::new(&ports.clickhouse_url());
    while !stop.load(Ordering::Relaxed) {
        let died = parts.look_after(stop, READY_DEADLINE)?;
        // A start that was cut short by Ctrl-C is none.
        if stop.load(Ordering::Relaxed) {
            break;
        }
        for part in died {
            if let Err(error) = part.again {
                say(format!(
                    "! {} had died ({}); it is tried again: {error:#}",
                    part.name, part.how
                ));
                continue;
            }
            say(format!("! {} had died and was started again ({})", part.name, part.how));
            write(&ready(parts)?)?;
            if options.json {
                print(json!({ "restarted": part.name, "pids": parts.pids() }).to_string());
            }
        }
        for line in tail.new_lines() {
            say(line);
        }
        thread::sleep(TICK);
    }
    Ok(())
}

/// The line that tells where everything is, in the order that docs give.
#[derive(Serialize)]
struct Ready<'a> {
    ready: bool,
    demo: String,
    edge: String,
    collector: String,
    clickhouse: String,
    tenant_id: &'a str,
    site_id: &'a str,
    write_key: &'a str,
    api_key: &'a str,
    data_dir: &'a std::path::Path,
    pids: serde_json::Value,
}

/// Set by SIGINT, SIGTERM and SIGHUP.
fn stop_flag() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))?;
    Ok(stop)
}
