//! The command line, read once.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// The release of libchdb.so that this build is made for.
const CHDB_RELEASE: &str = "26.7.3-stable.1";

/// Serves ClickHouse's HTTP interface over chDB, for one machine.
///
/// Once it is ready it prints one line of JSON with its address. SIGTERM and
/// SIGINT end it cleanly.
#[derive(Debug, Parser)]
#[command(name = "embedded-clickhouse", version)]
pub(crate) struct Args {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8123", value_name = "HOST:PORT")]
    pub(crate) listen: SocketAddr,

    /// Directory of the data, made when absent; one process a directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,

    /// Where libchdb.so is [default: the cache of `cargo xtask setup`].
    #[arg(long, env = "TIDEMARK_LIBCHDB", value_name = "FILE")]
    libchdb: Option<OsString>,

    /// The user that may do everything.
    #[arg(long, default_value = "default", value_name = "NAME")]
    pub(crate) user: String,

    /// That user's password; empty means none. Better in the environment,
    /// where other users of the machine do not see it.
    #[arg(
        long,
        env = "EMBEDDED_CLICKHOUSE_PASSWORD",
        default_value = "",
        hide_env_values = true,
        value_name = "TEXT"
    )]
    pub(crate) password: String,

    /// A second user, who may only read tables; none by default.
    #[arg(long, value_name = "NAME")]
    pub(crate) reader: Option<String>,

    /// The reader's password, better in the environment.
    #[arg(
        long,
        env = "EMBEDDED_CLICKHOUSE_READER_PASSWORD",
        default_value = "",
        hide_env_values = true,
        value_name = "TEXT"
    )]
    pub(crate) reader_password: String,

    /// Form of the log, which goes to stderr.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,

    /// What is logged: error, warn, info, debug, or a filter by module.
    /// Query texts are never logged.
    #[arg(long, default_value = "info", value_name = "FILTER")]
    pub(crate) log_level: String,
}

/// Form of the log.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Args {
    /// The library's path: the flag, the environment, or the project's cache.
    pub(crate) fn library(&self) -> PathBuf {
        // An empty variable is as good as none.
        if let Some(path) = self.libchdb.as_ref().filter(|path| !path.is_empty()) {
            return path.into();
        }
        let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let cache = set("TIDEMARK_CACHE").unwrap_or_else(|| {
            set("XDG_CACHE_HOME")
                .unwrap_or_else(|| set("HOME").unwrap_or_default().join(".cache"))
                .join("tidemark")
        });
        cache.join("chdb").join(CHDB_RELEASE).join("libchdb.so")
    }
}
