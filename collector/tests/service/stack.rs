//! Starts and ends the processes under test.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

pub const TENANT: &str = "0190f5f6-7e2a-7c3b-9d4e-5f6071829301";
pub const OTHER_TENANT: &str = "0190f5f6-7e2a-7c3b-9d4e-5f6071829311";
pub const SITE: &str = "0190f5f6-7e2a-7c3b-9d4e-5f6071829302";
pub const KEY_ID: &str = "k1";
pub const SECRET: &str = "a hop secret for the tests";
pub const SALT_SECRET: &str = "a salt secret for the tests";
/// Its SHA-256 stands in [`Stack::config`].
pub const API_KEY: &str = "tm_api_key_of_the_tests";
pub const WRITE_KEY: &str = "wk_of_the_tests";
/// A user of ClickHouse who may only read.
pub const READER: &str = "reader";
pub const READER_PASSWORD: &str = "a password of the tests";
pub const OTHER_API_KEY: &str = "tm_api_key_of_another_tenant";

/// How long anything may take to come up, go down or change: a loaded machine
/// with two cores starts both processes in about a second.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct Stack {
    pub clickhouse: ClickHouse,
    pub tidemark: Tidemark,
}

impl Stack {
    /// Both processes, ready.
    pub async fn start() -> Self {
        let clickhouse = ClickHouse::start().await;
        let tidemark = Tidemark::start(&config(&clickhouse.url), &[]).await;
        tidemark.until_ready().await;
        Self { clickhouse, tidemark }
    }

    /// How many events there are, once all that was acknowledged is there.
    pub async fn count_events(&self) -> u64 {
        self.tidemark.settled().await;
        self.clickhouse.count_events().await
    }
}

/// A configuration for tests, with ClickHouse at `url`.
pub fn config(url: &str) -> String {
    use sha2::{Digest as _, Sha256};
    let digest = |key: &str| format!("{:x}", Sha256::digest(key));
    format!(
        r#"
[server]
listen = "127.0.0.1:0"
[clickhouse]
url = "{url}"
[[hop.keys]]
id = "{KEY_ID}"
secret = "{SECRET}"
[identity]
salt_secret = "{SALT_SECRET}"
[[tenants]]
id = "{TENANT}"
slug = "demo"
api_key_sha256 = ["{}"]
[[tenants.sites]]
id = "{SITE}"
slug = "shop"
write_keys = ["{WRITE_KEY}"]
origins = ["https://shop.example"]
[[tenants]]
id = "{OTHER_TENANT}"
slug = "other"
api_key_sha256 = ["{}"]
[log]
level = "debug"
"#,
        digest(API_KEY),
        digest(OTHER_API_KEY),
    )
}

pub fn tidemark_binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_tidemark"))
}

fn clickhouse_binary() -> PathBuf {
    let path = tidemark_binary().with_file_name("embedded-clickhouse");
    assert!(
        path.exists(),
        "{} is missing: run `cargo build -p tidemark-embedded-clickhouse` first",
        path.display()
    );
    path
}

/// One process whose first line on standard output is JSON with its `url`.
struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    async fn start(mut command: Command, log: PathBuf) -> (Self, String) {
        let errors = std::fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let process = Self { child, log };
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await;
        let Ok(Ok(Some(line))) = line else {
            panic!("no line on stdout: {line:?}\n{}", process.log())
        };
        let told: Value = serde_json::from_str(&line).unwrap();
        (process, told["url"].as_str().unwrap().to_owned())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().expect("the process runs").to_string();
        let status = std::process::Command::new("kill").args(["-s", name, &pid]).status().unwrap();
        assert!(status.success());
    }

    async fn ended(&mut self) -> std::process::ExitStatus {
        match tokio::time::timeout(PATIENCE, self.child.wait()).await {
            Ok(status) => status.unwrap(),
            Err(_) => panic!("the process does not end\n{}", self.log()),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let last: Vec<&str> = log.lines().rev().take(20).collect();
            eprintln!("--- the end of {}", self.log.display());
            for line in last.iter().rev() {
                eprintln!("{}", line.get(..600).unwrap_or(line));
            }
        }
    }
}

pub struct ClickHouse {
    process: Process,
    pub url: String,
    folder: TempDir,
    http: reqwest::Client,
}

impl ClickHouse {
    pub async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let (process, url) = Self::spawn(folder.path(), "127.0.0.1:0").await;
        Self { process, url, folder, http: reqwest::Client::new() }
    }

    async fn spawn(folder: &Path, listen: &str) -> (Process, String) {
        let mut command = Command::new(clickhouse_binary());
        command.args(["--listen", listen, "--data"]).arg(folder.join("data"));
        command.args(["--reader", READER]);
        command.env("EMBEDDED_CLICKHOUSE_READER_PASSWORD", READER_PASSWORD);
        Process::start(command, folder.join("clickhouse.log")).await
    }

    /// Ends it without warning.
    pub async fn kill(&mut self) {
        self.process.signal("KILL");
        self.process.ended().await;
    }

    /// Starts it again, on the same port and data.
    pub async fn restart(&mut self) {
        let listen = self.url.trim_start_matches("http://").to_owned();
        let (process, url) = Self::spawn(self.folder.path(), &listen).await;
        assert_eq!(url, self.url);
        self.process = process;
    }

    /// Runs one statement outside of the collector.
    pub async fn run(&self, sql: &str) -> String {
        let response = self.http.post(&self.url).body(sql.to_owned()).send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{sql}\n{text}");
        text
    }

    /// The rows of a query, as JSON objects.
    pub async fn rows(&self, sql: &str) -> Vec<Value> {
        let text = self.run(&format!("{sql} FORMAT JSONEachRow")).await;
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The rows of events that are there now; see [`Tidemark::settled`].
    pub async fn count_events(&self) -> u64 {
        let rows = self.rows("SELECT toUInt32(count()) AS n FROM tidemark.events_raw").await;
        rows[0]["n"].as_u64().unwrap()
    }
}

pub struct Tidemark {
    process: Process,
    pub url: String,
    folder: TempDir,
    pub http: reqwest::Client,
}

impl Tidemark {
    pub async fn start(config: &str, arguments: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("tidemark.toml"), config).unwrap();
        let (process, url) = Self::spawn(folder.path(), None, arguments).await;
        Self { process, url, folder, http: reqwest::Client::new() }
    }

    async fn spawn(folder: &Path, listen: Option<&str>, arguments: &[&str]) -> (Process, String) {
        let mut command = Command::new(tidemark_binary());
        command.arg("serve").arg("--config").arg(folder.join("tidemark.toml")).args(arguments);
        command.env("TIDEMARK__DATA__DIR", folder.join("data"));
        if let Some(listen) = listen {
            command.env("TIDEMARK__SERVER__LISTEN", listen);
        }
        Process::start(command, folder.join("tidemark.log")).await
    }

    /// Ends it without warning.
    pub async fn kill(&mut self) {
        self.process.signal("KILL");
        self.process.ended().await;
    }

    /// Starts it again, on the same port and data.
    pub async fn restart(&mut self) {
        self.restart_with(&[]).await;
    }

    /// The same, with more arguments.
    pub async fn restart_with(&mut self, arguments: &[&str]) {
        let listen = self.url.trim_start_matches("http://");
        let (process, url) = Self::spawn(self.folder.path(), Some(listen), arguments).await;
        assert_eq!(url, self.url);
        self.process = process;
    }

    /// The folder of its own files.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Runs another command of the same configuration, and takes its standard
    /// output, or its complaint.
    pub async fn command(&self, arguments: &[&str]) -> Result<String, String> {
        let output = Command::from(self.prepared(arguments)).output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap().trim().to_owned();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }

    /// Another command of the same configuration, to be run.
    pub fn prepared(&self, arguments: &[&str]) -> std::process::Command {
        let folder = self.folder.path();
        let mut command = std::process::Command::new(tidemark_binary());
        command.args(arguments).arg("--config").arg(folder.join("tidemark.toml"));
        command.env("TIDEMARK__DATA__DIR", folder.join("data"));
        // Where it listens is known only now: the configuration says port 0.
        command.env("TIDEMARK__SERVER__LISTEN", self.url.trim_start_matches("http://"));
        command
    }

    pub fn log(&self) -> String {
        self.process.log()
    }

    pub fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// Writes the configuration file anew.
    pub fn configure(&self, config: &str) {
        std::fs::write(self.folder.path().join("tidemark.toml"), config).unwrap();
    }

    pub async fn ended(&mut self) -> std::process::ExitStatus {
        self.process.ended().await
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        let response = self.http.get(format!("{}{path}", self.url)).send().await.unwrap();
        let status = response.status().as_u16();
        (status, crate::hop::body_of(response).await)
    }

    /// Until everything is there, ClickHouse included.
    pub async fn until_ready(&self) {
        self.until("ready", async || self.get("/health").await.0 == 200).await;
    }

    /// Until everything that was acknowledged is in ClickHouse: what is counted from
    /// then on is all that there is.
    pub async fn settled(&self) {
        let drained = async || self.metric("tidemark_log_lag_entries").await == 0.0;
        self.until("drained", drained).await;
    }

    /// Asks again and again until a condition holds.
    pub async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds().await {
            assert!(Instant::now() < deadline, "never {what}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The value of one series; the labels as they are printed.
    pub async fn metric(&self, series: &str) -> f64 {
        let text = self.http.get(format!("{}/metrics", self.url)).send().await.unwrap();
        let text = text.text().await.unwrap();
        let line = text
            .lines()
            .find(|line| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' ')));
        line.unwrap_or_else(|| panic!("no series {series} in\n{text}"))
            .rsplit(' ')
            .next()
            .and_then(|number| number.parse().ok())
            .unwrap()
    }
}
