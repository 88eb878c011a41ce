//! Starts and ends the process under test.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long anything may take before a test fails; generous, for a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// A query that runs until it is ended.
pub(crate) const ENDLESS: &str =
    "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))";

/// A running process.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    pub(crate) http: reqwest::Client,
}

/// An answer, read whole.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().expect("text"))
    }

    /// A member of X-ClickHouse-Summary.
    pub(crate) fn summary(&self, name: &str) -> u64 {
        let json: serde_json::Value =
            serde_json::from_str(self.header("x-clickhouse-summary")).expect("a summary");
        json[name].as_str().expect("a string").parse().expect("a number")
    }
}

/// The command under test, on a free port.
pub(crate) fn command(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_embedded-clickhouse"));
    command.args(["--listen", "127.0.0.1:0", "--data"]).arg(data);
    command.stdout(Stdio::piped());
    command
}

impl Server {
    pub(crate) fn start(data: &TempDir) -> Self {
        Self::start_with(data, &[])
    }

    pub(crate) fn start_with(data: &TempDir, args: &[&str]) -> Self {
        let mut child = command(data.path())
            .args(args)
            .args(["--log-level", "warn"])
            .spawn()
            .expect("the binary starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("stdout");
        let Ok(ready) = serde_json::from_str::<serde_json::Value>(&line) else {
            panic!(
                "not ready ({}): its message is above; libchdb.so comes by `cargo xtask setup`",
                { child.wait().expect("it ended") }
            );
        };
        let url = ready["url"].as_str().expect("url").to_owned();
        Self { child, url, http: reqwest::Client::new() }
    }

    /// Sends a request with a query string and a body, and reads the answer.
    pub(crate) async fn post(&self, url_query: &str, body: impl Into<reqwest::Body>) -> Answer {
        let request = self.http.post(format!("{}/?{url_query}", self.url)).body(body);
        read(request).await
    }

    /// Runs a query that must succeed, and returns its text without the last line end.
    pub(crate) async fn ask(&self, sql: &str) -> String {
        let answer = self.post("", sql.to_owned()).await;
        assert_eq!(answer.status, 200, "{sql}: {}", answer.text());
        answer.text().trim_end().to_owned()
    }

    /// Asks again and again until the answer is as wanted.
    pub(crate) async fn until(&self, sql: &str, wanted: &str) {
        let begun = Instant::now();
        loop {
            let got = self.ask(sql).await;
            if got == wanted {
                return;
            }
            assert!(begun.elapsed() < DEADLINE, "{sql} stays {got:?}, not {wanted:?}");
            tokio::task::yield_now().await;
        }
    }

    /// Peak memory of the process since its start, in MiB.
    pub(crate) fn peak_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))
            .expect("Linux's /proc");
        let line = status.lines().find(|l| l.starts_with("VmHWM")).expect("VmHWM");
        let kib: String = line.chars().filter(char::is_ascii_digit).collect();
        kib.parse::<u64>().expect("a number") / 1024
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args([signal, &pid]).status().expect("kill runs");
        assert!(status.success());
    }

    pub(crate) fn wait(mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            assert!(begun.elapsed() < DEADLINE, "the process does not end");
            std::thread::yield_now();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already ended is as good.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Sends a request and reads its answer whole.
pub(crate) async fn read(request: reqwest::RequestBuilder) -> Answer {
    let response = request.timeout(DEADLINE).send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = response.bytes().await.expect("a whole body").to_vec();
    Answer { status, headers, body }
}

/// Runs the command to its end, which must be a failure, and returns its stderr.
pub(crate) fn refusal(command: &mut Command) -> String {
    let mut child = command.stderr(Stdio::piped()).spawn().expect("the binary starts");
    let mut text = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut text).expect("text");
    assert_eq!(child.wait().expect("it ends").code(), Some(1), "{text}");
    text
}

pub(crate) fn data() -> TempDir {
    tempfile::tempdir().expect("a directory")
}
