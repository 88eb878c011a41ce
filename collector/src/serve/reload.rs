//! SIGHUP: what may change while the process runs is read anew.
//!
//! That is the log's level. Everything else of the configuration needs a
//! restart, which loses nothing.

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use crate::refusal::causes;
use crate::telemetry::LogLevel;

/// Why the configuration says nothing.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How to come by the log's level that is configured now.
pub struct Reload {
    level: LogLevel,
    configured: Box<dyn Fn() -> Result<String, Failure> + Send + Sync>,
}

impl Reload {
    /// Sets `level` to what `configured` says, each time.
    pub fn new(
        level: LogLevel,
        configured: impl Fn() -> Result<String, Failure> + Send + Sync + 'static,
    ) -> Self {
        Self { level, configured: Box::new(configured) }
    }

    /// A configuration that cannot be read, or says no level, changes nothing.
    fn run(&self) {
        let outcome =
            (self.configured)().and_then(|level| Ok(self.level.set(&level).map(|()| level)?));
        match outcome {
            Ok(level) => tracing::info!(level, "SIGHUP: the log's level was read anew"),
            Err(error) => tracing::error!(
                error = causes(error.as_ref()),
                "SIGHUP: the configuration was not read anew; the log's level stays"
            ),
        }
    }
}

/// Reads anew at each SIGHUP, until aborted.
pub(super) fn on_hangup(reload: Reload) -> std::io::Result<JoinHandle<()>> {
    let mut hangups = signal(SignalKind::hangup())?;
    Ok(tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            reload.run();
        }
    }))
}
