//! ClickHouse, collector, edge and demo: how each is started, and when it is well.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::json;
use sha2::{Digest, Sha256};
use tidemark_core::hash::push_hex;

use super::http;
use super::ports::Ports;
use super::secrets::{SITE_ID, Secrets, TENANT_ID, write_private};
use super::supervise::Process;
use crate::place::Place;

/// Who asks ClickHouse for the collector's answers, and may only read.
const READER: &str = "reader";

const POLL: Duration = Duration::from_millis(50);
/// A part that cannot be started waits longer before each new try, up to this.
const MAX_PAUSE: Duration = Duration::from_secs(10);
/// A part that ran this long has recovered.
const STABLE: Duration = Duration::from_secs(30);

struct Part {
    name: &'static str,
    command: Command,
    health: String,
    log: PathBuf,
    process: Option<Process>,
    started: Instant,
    died: Instant,
    /// How long after it died it is started again.
    pause: Duration,
}

/// A part that had died, and whether it runs again.
pub(super) struct Died {
    pub(super) name: &'static str,
    pub(super) how: String,
    pub(super) again: Result<()>,
}

/// All parts, in the order in which they need each other.
pub(super) struct Parts(Vec<Part>);

impl Parts {
    pub(super) fn new(
        place: &Place,
        data: &Path,
        ports: &Ports,
        secrets: &Secrets,
    ) -> Result<Self> {
        let logs = data.join("logs");
        fs::create_dir_all(&logs)?;
        let part = |name, command, health| Part {
            name,
            command,
            health,
            log: logs.join(format!("{name}.log")),
            process: None,
            started: Instant::now(),
            died: Instant::now(),
            pause: Duration::ZERO,
        };
        Ok(Self(vec![
            part(
                "clickhouse",
                clickhouse(place, data, ports, secrets)?,
                ports.clickhouse_url() + "/ping",
            ),
            part(
                "collector",
                collector(place, data, ports, secrets)?,
                ports.collector_url() + "/health",
            ),
            part("edge", edge(place, data, ports, secrets)?, ports.edge_url() + "/health"),
            part("demo", demo(place, ports, secrets), ports.demo_url() + "/config.js"),
        ]))
    }

    /// Starts each and waits until it is well.
    pub(super) fn start(&mut self, stop: &AtomicBool, deadline: Duration) -> Result<()> {
        for part in &mut self.0 {
            if !stop.load(Ordering::Relaxed) {
                part.start(stop, deadline)?;
            }
        }
        Ok(())
    }

    /// Starts again what has died, and says what that was. A part that cannot be
    /// started is tried again, later each time.
    pub(super) fn look_after(
        &mut self,
        stop: &AtomicBool,
        deadline: Duration,
    ) -> Result<Vec<Died>> {
        let mut died = Vec::new();
        for part in &mut self.0 {
            let how = match &mut part.process {
                Some(process) => match process.ended()? {
                    Some(status) => status.to_string(),
                    None => continue,
                },
                None if part.died.elapsed() < part.pause => continue,
                None => String::from("it could not be started before"),
            };
            if part.started.elapsed() > STABLE {
                part.pause = Duration::ZERO;
            }
            let again = part.start(stop, deadline);
            if again.is_err() {
                part.died = Instant::now();
                part.pause = (part.pause * 2).clamp(Duration::from_millis(500), MAX_PAUSE);
            }
            died.push(Died { name: part.name, how, again });
        }
        Ok(died)
    }

    pub(super) fn pids(&self) -> serde_json::Value {
        let pid =
            |part: &Part| (part.name.to_string(), json!(part.process.as_ref().map(Process::pid)));
        serde_json::Value::Object(self.0.iter().map(pid).collect())
    }

    /// Ends each, the last one first.
    pub(super) fn stop(&mut self) {
        for part in self.0.iter_mut().rev() {
            part.process = None;
        }
    }
}

impl Part {
    fn start(&mut self, stop: &AtomicBool, deadline: Duration) -> Result<()> {
        self.process = None;
        self.started = Instant::now();
        let mut process = Process::start(&self.command, &self.log)?;
        while !http::is_well(&self.health) {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            if let Some(status) = process.ended()? {
                bail!(
                    "{} ended before it was healthy ({status}):\n{}",
                    self.name,
                    self.last_words()
                );
            }
            if self.started.elapsed() > deadline {
                bail!("{} is not healthy after {deadline:?}:\n{}", self.name, self.last_words());
            }
            thread::sleep(POLL);
        }
        self.process = Some(process);
        Ok(())
    }

    /// The end of its log.
    fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let from = lines.len().saturating_sub(20);
        format!("{}\n({})", lines.get(from..).unwrap_or_default().join("\n"), self.log.display())
    }
}

fn clickhouse(place: &Place, data: &Path, ports: &Ports, secrets: &Secrets) -> Result<Command> {
    let folder = data.join("clickhouse");
    fs::create_dir_all(&folder)?;
    let mut command = Command::new(place.target.join("debug/embedded-clickhouse"));
    command
        .arg("--listen")
        .arg(format!("127.0.0.1:{}", ports.clickhouse))
        .arg("--data")
        .arg(folder)
        .arg("--libchdb")
        .arg(place.libchdb())
        .args(["--reader", READER])
        .env("EMBEDDED_CLICKHOUSE_READER_PASSWORD", &secrets.reader_password);
    Ok(command)
}

fn collector(place: &Place, data: &Path, ports: &Ports, secrets: &Secrets) -> Result<Command> {
    let schemas = data.join("schemas");
    fs::create_dir_all(&schemas)?;
    let mut api_key_sha256 = String::new();
    push_hex(&mut api_key_sha256, &Sha256::digest(&secrets.api_key));
    let config = toml::Value::try_from(json!({
        "server": { "listen": format!("127.0.0.1:{}", ports.collector) },
        "clickhouse": {
            "url": ports.clickhouse_url(),
            "database": "tidemark",
            "reader": READER,
            "reader_password": secrets.reader_password,
        },
        "identity": { "salt_secret": secrets.salt_secret },
        "hop": { "keys": [{ "id": "k1", "secret": secrets.hop_secret }] },
        "data": { "dir": data.join("collector") },
        "schemas": { "folder": schemas },
        "tenants": [{
            "id": TENANT_ID,
            "slug": "demo",
            "api_key_sha256": [api_key_sha256],
            "sites": [{
                "id": SITE_ID,
                "slug": "shop",
                "write_keys": [secrets.write_key],
                "origins": origins(ports),
            }],
        }],
        "log": { "level": "info", "format": "text" },
    }))?;
    let file = data.join("collector.toml");
    write_private(&file, &toml::to_string(&config)?)?;
    let mut command = Command::new(place.target.join("debug/tidemark"));
    command.args(["serve", "--config"]).arg(file);
    Ok(command)
}

/// Where the demo's pages come from.
fn origins(ports: &Ports) -> [String; 2] {
    ["127.0.0.1", "localhost"].map(|host| format!("http://{host}:{}", ports.demo))
}

fn edge(place: &Place, data: &Path, ports: &Ports, secrets: &Secrets) -> Result<Command> {
    let objects = data.join("edge");
    fs::create_dir_all(&objects)?;
    let workerd = workerd_binary(place)?;
    let directory = |name: &str, folder: &Path| format!("{name}={}", folder.display());
    let mut command = Command::new(workerd);
    command
        .args(["serve", "edge-worker/workerd.capnp"])
        .args(["--socket-addr", &format!("http=127.0.0.1:{}", ports.edge)])
        .args(["--directory-path", &directory("do-storage", &objects)])
        .args(["--directory-path", &directory("sdk-files", &place.root.join("npm/web/dist/sdk"))])
        .env("TIDEMARK_COLLECTOR_URL", ports.collector_url())
        .env("TIDEMARK_HOP_KEY_ID", "k1")
        .env("TIDEMARK_HOP_SECRET", &secrets.hop_secret)
        .env("TIDEMARK_SALT_SECRET", &secrets.salt_secret)
        .env("TIDEMARK_METRICS", "public")
        // Whoever changes a site or a schema here waits for it to be seen.
        .env("TIDEMARK_SITES_REFRESH_S", "2")
        .current_dir(&place.root);
    Ok(command)
}

/// A page of its own origin, served by Node: see demo.mjs.
fn demo(place: &Place, ports: &Ports, secrets: &Secrets) -> Command {
    let config = json!({
        "endpoint": ports.edge_url(),
        "write_key": secrets.write_key,
        "site": "shop",
    });
    let mut command = Command::new("node");
    command
        .arg(place.root.join("xtask/src/up/demo.mjs"))
        .arg(place.root.join("demo"))
        .arg(ports.demo.to_string())
        .env("TIDEMARK_DEMO", config.to_string())
        .current_dir(&place.root);
    command
}

/// The program itself: npm's `workerd` is a script that starts it as a child,
/// which a kill of the script would leave behind.
fn workerd_binary(place: &Place) -> Result<PathBuf> {
    let folder = place.root.join("node_modules/@cloudflare");
    fs::read_dir(&folder)
        .with_context(|| format!("read {}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("workerd-"))
        })
        .map(|path| path.join("bin/workerd"))
        .find(|path| path.is_file())
        .context("no workerd for this machine: run `cargo xtask setup`")
}
