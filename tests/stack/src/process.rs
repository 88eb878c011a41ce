//! A child process: started, signalled, killed, measured.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

/// How long anything may take that a loaded machine does in a second or two.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running child; it ends when this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
}

/// CPU time and memory of a process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// User and system time, seconds.
    pub cpu_s: f64,
    /// Resident memory, bytes.
    pub resident_bytes: u64,
}

impl Process {
    /// Starts a program whose output goes to the end of a file.
    ///
    /// # Errors
    /// When it cannot start.
    pub fn start(mut command: Command, log: &Path) -> Result<Self> {
        let open =
            || -> Result<File> { Ok(OpenOptions::new().create(true).append(true).open(log)?) };
        let child = command
            .stdin(Stdio::null())
            .stdout(open()?)
            .stderr(open()?)
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        Ok(Self { child, log: log.to_path_buf() })
    }

    /// Its id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has written.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Whether it has ended, and how.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Sends a signal by its name: `TERM`, `CONT`, `STOP`.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn signal(&self, name: &str) -> Result<()> {
        let status = Command::new("kill").args(["-s", name, &self.pid().to_string()]).status()?;
        ensure!(status.success(), "the process {} takes no {name}", self.pid());
        Ok(())
    }

    /// Ends it without warning, also when it is stopped.
    ///
    /// # Errors
    /// The operating system's.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to end, and waits for it.
    ///
    /// # Errors
    /// When it does not.
    pub fn terminate(&mut self) -> Result<ExitStatus> {
        self.signal("TERM")?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.ended() {
                return Ok(status);
            }
            if Instant::now() > deadline {
                bail!("the process does not end; its log is {}", self.log.display());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Whether it is stopped by a signal.
    pub fn is_stopped(&self) -> bool {
        self.stat().and_then(|fields| fields.first().map(|state| state == "T")).unwrap_or(false)
    }

    /// What it has used so far; `ticks` of the clock are a second.
    pub fn usage(&self) -> Usage {
        // Of the kernel's ABI for user space: always 100 on Linux.
        const TICKS: f64 = 100.0;
        let Some(fields) = self.stat() else { return Usage::default() };
        let number = |index: usize| fields.get(index).and_then(|text| text.parse::<u64>().ok());
        #[expect(clippy::cast_precision_loss, reason = "ticks stay far below 2^53")]
        let cpu_s = (number(11).unwrap_or(0) + number(12).unwrap_or(0)) as f64 / TICKS;
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident =
            resident.and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok());
        Usage { cpu_s, resident_bytes: resident.unwrap_or(0) * 1024 }
    }

    /// The fields of `/proc/PID/stat` behind the program's name, from the state on.
    fn stat(&self) -> Option<Vec<String>> {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.pid())).ok()?;
        let (_, fields) = text.rsplit_once(") ")?;
        Some(fields.split(' ').map(str::to_owned).collect())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
