//! Structured logs on standard error, as configured.
//!
//! No line carries a secret, a body, a query string or an address of a caller:
//! what is logged of a request is its method, path, status and time.

use tracing_subscriber::filter::ParseError;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{EnvFilter, Registry, fmt, reload};

use crate::config::{Log, LogFormat};

/// The log cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The level is neither a level nor directives.
    #[error(
        "log.level: expected error, warn, info, debug, trace, or directives such as info,tidemark_collector::ingest=debug"
    )]
    Level(#[source] ParseError),
    /// Something else in the process has set one up before.
    #[error("the log is set up already")]
    Twice(#[source] TryInitError),
    /// The log that the handle belongs to is gone.
    #[error("the log's level cannot be changed any more")]
    Gone(#[source] reload::Error),
}

/// Changes what is logged while the process runs.
#[derive(Clone)]
pub struct LogLevel(reload::Handle<EnvFilter, Registry>);

impl LogLevel {
    /// Logs by another level, or other directives, from now on.
    ///
    /// # Errors
    /// [`TelemetryError::Level`]; what was logged before is then logged on.
    pub fn set(&self, level: &str) -> Result<(), TelemetryError> {
        self.0.reload(filter(level)?).map_err(TelemetryError::Gone)
    }
}

/// Sets up the process's log. Once a process.
///
/// # Errors
/// [`TelemetryError`] for a level that is none.
pub fn init(config: &Log) -> Result<LogLevel, TelemetryError> {
    let (level, handle) = reload::Layer::new(filter(&config.level)?);
    let lines = fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(level);
    let outcome = match config.format {
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
        LogFormat::Text => registry.with(lines.with_ansi(false)).try_init(),
    };
    outcome.map_err(TelemetryError::Twice)?;
    Ok(LogLevel(handle))
}

fn filter(level: &str) -> Result<EnvFilter, TelemetryError> {
    EnvFilter::builder().parse(directives(level)).map_err(TelemetryError::Level)
}

/// A bare `debug` or `trace` is about Tidemark: the libraries' own details are
/// many, and nobody has promised what is in them.
fn directives(level: &str) -> String {
    match level.trim() {
        detailed @ ("debug" | "trace") => format!("info,tidemark_collector={detailed}"),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::directives;

    #[test]
    fn a_bare_detailed_level_is_about_tidemark_alone() {
        assert_eq!(directives("debug"), "info,tidemark_collector=debug");
        for level in ["info", "error", "debug,hyper=trace", "info,tidemark_collector::ingest=debug"]
        {
            assert_eq!(directives(level), level);
        }
    }
}
