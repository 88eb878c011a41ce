//! The two programs, on ports and in folders of their own.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::hop::{KEY_ID, SECRET};
use crate::http::{Answer, Client};
use crate::process::{PATIENCE, Process};

/// The tenants of [`config`], each with one site.
pub const TENANTS: [(&str, &str); 2] = [
    ("0190f5f6-7e2a-7c3b-9d4e-5f6071829301", "0190f5f6-7e2a-7c3b-9d4e-5f6071829302"),
    ("0190f5f6-7e2a-7c3b-9d4e-5f6071829311", "0190f5f6-7e2a-7c3b-9d4e-5f6071829312"),
];

/// Where the programs are.
#[derive(Clone, Debug)]
pub struct Binaries {
    /// The collector, `tidemark`.
    pub tidemark: PathBuf,
    /// `embedded-clickhouse`.
    pub clickhouse: PathBuf,
}

/// An address on this machine that nobody listens on.
///
/// # Errors
/// When there is none.
pub fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// Asks again and again until something holds.
///
/// # Errors
/// When it does not within [`PATIENCE`], or the question fails.
pub fn until(what: &str, mut holds: impl FnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while !holds()? {
        if Instant::now() > deadline {
            bail!("never {what}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// A configuration, with ClickHouse at `clickhouse`.
fn config(listen: SocketAddr, clickhouse: SocketAddr, data: &Path, level: &str) -> String {
    let tenants: String = TENANTS
        .iter()
        .enumerate()
        .map(|(number, (tenant, site))| {
            format!(
                "[[tenants]]\nid = \"{tenant}\"\nslug = \"tenant{number}\"\n\
                 [[tenants.sites]]\nid = \"{site}\"\nslug = \"site{number}\"\n\
                 keep_free_text = true\n"
            )
        })
        .collect();
    format!(
        "[server]\nlisten = \"{listen}\"\n[clickhouse]\nurl = \"http://{clickhouse}\"\n\
         [data]\ndir = \"{}\"\n[[hop.keys]]\nid = \"{KEY_ID}\"\nsecret = \"{SECRET}\"\n\
         [identity]\nsalt_secret = \"a salt secret for the tests\"\n{tenants}\
         [log]\nlevel = \"{level}\"\n",
        data.display()
    )
}

/// Embedded ClickHouse, which may be killed and started again.
#[derive(Debug)]
pub struct ClickHouse {
    binary: PathBuf,
    folder: PathBuf,
    /// Where it listens.
    pub address: SocketAddr,
    /// While it runs.
    pub process: Option<Process>,
}

impl ClickHouse {
    /// Not started yet; its data go below `folder`.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn new(binaries: &Binaries, folder: &Path) -> Result<Self> {
        let (binary, address) = (binaries.clickhouse.clone(), free_address()?);
        Ok(Self { binary, folder: folder.to_path_buf(), address, process: None })
    }

    /// Starts it, and does not wait.
    ///
    /// # Errors
    /// When it cannot start.
    pub fn start(&mut self) -> Result<()> {
        let mut command = Command::new(&self.binary);
        command.args(["--listen", &self.address.to_string(), "--data"]);
        command.arg(self.folder.join("clickhouse"));
        self.process = Some(Process::start(command, &self.folder.join("clickhouse.log"))?);
        Ok(())
    }

    /// Waits until it answers.
    ///
    /// # Errors
    /// When it does not.
    pub fn until_ready(&self) -> Result<()> {
        let mut client = Client::new(self.address, PATIENCE);
        until("an answer of ClickHouse", || {
            Ok(client.request("GET", "/ping", &[], b"").is_ok_and(|answer| answer.status == 200))
        })
    }

    /// Kills it. False when it did not run.
    ///
    /// # Errors
    /// The operating system's.
    pub fn kill(&mut self) -> Result<bool> {
        match self.process.take() {
            Some(mut process) => process.kill().map(|()| true),
            None => Ok(false),
        }
    }

    /// What a query prints.
    ///
    /// # Errors
    /// When it is away, or refuses.
    pub fn query(&self, sql: &str) -> Result<String> {
        let mut client = Client::new(self.address, PATIENCE);
        let answer = client.request("POST", "/", &[], sql.as_bytes())?;
        ensure!(answer.status == 200, "{sql}\n{}", answer.text());
        Ok(answer.text())
    }

    /// The one number that a query prints.
    ///
    /// # Errors
    /// As [`query`](Self::query), or when it is no number.
    pub fn number(&self, sql: &str) -> Result<u64> {
        let text = self.query(sql)?;
        text.trim().parse().with_context(|| format!("{sql} printed {text}"))
    }
}

/// The collector, which may be killed and started again.
#[derive(Debug)]
pub struct Tidemark {
    binary: PathBuf,
    folder: PathBuf,
    environment: Vec<(String, PathBuf)>,
    /// What stands before the program, such as `nice` or `unshare`.
    pub wrapper: Vec<String>,
    /// Where it listens.
    pub address: SocketAddr,
    /// While it runs.
    pub process: Option<Process>,
}

impl Tidemark {
    /// Not started yet; its configuration, data and log go below `folder`.
    ///
    /// # Errors
    /// When there is no free port, or the folder cannot be written.
    pub fn new(binaries: &Binaries, folder: &Path, clickhouse: SocketAddr) -> Result<Self> {
        let address = free_address()?;
        let data = folder.join("data");
        let text = config(address, clickhouse, &data, "info");
        fs::write(folder.join("tidemark.toml"), text)?;
        Ok(Self {
            binary: binaries.tidemark.clone(),
            folder: folder.to_path_buf(),
            environment: Vec::new(),
            wrapper: Vec::new(),
            address,
            process: None,
        })
    }

    /// Its data directory.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Sets a variable that names a file in the folder, which need not be there.
    pub fn file_variable(&mut self, name: &str, file: &str) -> PathBuf {
        let path = self.folder.join(file);
        self.environment.push((name.to_owned(), path.clone()));
        path
    }

    /// A command of the same configuration.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = match self.wrapper.split_first() {
            Some((program, rest)) => {
                let mut command = Command::new(program);
                command.args(rest).arg(&self.binary);
                command
            }
            None => Command::new(&self.binary),
        };
        command.args(arguments).arg("--config").arg(self.folder.join("tidemark.toml"));
        command.envs(self.environment.iter().map(|(name, file)| (name, file)));
        command
    }

    /// Starts it, and does not wait.
    ///
    /// # Errors
    /// When it cannot start.
    pub fn start(&mut self) -> Result<()> {
        let log = self.folder.join("tidemark.log");
        self.process = Some(Process::start(self.command(&["serve"]), &log)?);
        Ok(())
    }

    /// A client of it.
    pub fn client(&self) -> Client {
        Client::new(self.address, PATIENCE)
    }

    /// Asks it something.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn get(&self, target: &str) -> Result<Answer> {
        Ok(self.client().request("GET", target, &[], b"")?)
    }

    /// Waits until it says that it is ready.
    ///
    /// # Errors
    /// When it does not, or has ended.
    pub fn until_ready(&mut self) -> Result<()> {
        let mut client = self.client();
        until("ready", || {
            if let Some(status) = self.process.as_mut().and_then(Process::ended) {
                bail!("the collector has ended ({status})\n{}", self.log_end(20));
            }
            let answer = client.request("GET", "/health/ready", &[], b"");
            Ok(answer.is_ok_and(|answer| answer.status == 200))
        })
        .with_context(|| self.log_end(20))
    }

    /// The value of a series, labels as they are printed; nothing when it is not there.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn metric(&self, series: &str) -> Result<Option<f64>> {
        let text = self.get("/metrics")?.text();
        let line = text
            .lines()
            .find(|line| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' ')));
        Ok(line.and_then(|line| line.rsplit(' ').next()?.parse().ok()))
    }

    /// Kills it. False when it did not run.
    ///
    /// # Errors
    /// The operating system's.
    pub fn kill(&mut self) -> Result<bool> {
        match self.process.take() {
            Some(mut process) => process.kill().map(|()| true),
            None => Ok(false),
        }
    }

    /// Everything that it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("tidemark.log")).unwrap_or_default()
    }

    /// The last lines of its log.
    pub fn log_end(&self, lines: usize) -> String {
        let log = self.log();
        let all: Vec<&str> = log.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }
}
