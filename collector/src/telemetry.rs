//! Structured logs on standard error, as configured.
//!
//! No line carries a secret, a body, a query string or an address of a caller:
//! what is logged of a request is its method, path, status and time.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt;

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
    Twice,
}

/// Sets up the process's log. Once a process.
///
/// # Errors
/// [`TelemetryError`] for a level that is none.
pub fn init(config: &Log) -> Result<(), TelemetryError> {
    let directives = directives(&config.level);
    let filter = EnvFilter::builder().parse(directives).map_err(TelemetryError::Level)?;
    let subscriber = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let outcome = match config.format {
        LogFormat::Json => subscriber.json().flatten_event(true).try_init(),
        LogFormat::Text => subscriber.with_ansi(false).try_init(),
    };
    outcome.map_err(|_| TelemetryError::Twice)
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
