//! The engine: one chDB in this process, opened once, one connection a query.
//!
//! What always holds:
//! - Every query has a connection of its own, so that settings, parameters, `USE`,
//!   `SET` and temporary tables never leak into another; only queries that name a
//!   `session_id` share one (`sessions`). Opening one takes under 0.5 ms.
//! - One further connection stays open for as long as the process lives: closing
//!   the last one would shut the engine down. It also ends queries.
//! - One process a data directory.

mod access;
mod desk;
mod external;
mod ffi;
mod run;
mod running;
mod sessions;

use std::ffi::CString;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use access::Role;
pub(crate) use external::External;
pub(crate) use ffi::{Connection, Counts, leave};
pub(crate) use run::{Feed, Session, run_insert, run_statement};
pub(crate) use running::{Handle, Registry, Ticket, Watch};
pub(crate) use sessions::{Lease, SessionAsk, Sessions};

use crate::exception::{Code, Exception};
use crate::limits::ENGINE_STOP_TIME;
use crate::sql::PROCESSES_VIEW;

/// The setting that carries the caller's query_id into `system.processes`.
///
/// The engine offers no way to name a query, but shows the settings of each. This
/// one is a free text that only a query language not served here would read.
pub(crate) const MARKER: &str = "promql_table";

/// Why the engine did not open.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// The library is not where it was looked for.
    #[error(
        "libchdb.so is not at {}: run `cargo xtask setup` to install it, or name it with --libchdb or TIDEMARK_LIBCHDB",
        .0.display()
    )]
    Missing(PathBuf),
    /// The file is there but cannot be used.
    #[error(
        "{} cannot be loaded ({reason}): run `cargo xtask setup` to install the version that this build needs",
        .path.display()
    )]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What the loader said.
        reason: libloading::Error,
    },
    /// Another process has the data directory.
    #[error("{} is in use by another process: one process a data directory", .0.display())]
    InUse(PathBuf),
    /// The data directory cannot be made or locked.
    #[error("the data directory {} cannot be used: {reason}", .path.display())]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// The engine itself refused.
    #[error("the engine did not start on {}: {reason}", .path.display())]
    Engine {
        /// The directory.
        path: PathBuf,
        /// What it said.
        reason: String,
    },
}

/// What the engine says of itself, fixed for the life of the process.
#[derive(Debug, Clone)]
pub(crate) struct About {
    /// Its version, e.g. `26.7.2.1`.
    pub(crate) version: String,
    /// The server's time zone.
    pub(crate) timezone: String,
    /// The machine's name, as ClickHouse shows it.
    pub(crate) display_name: String,
}

/// The open engine.
pub(crate) struct Engine {
    api: &'static ffi::Api,
    data: String,
    about: About,
    /// All query settings (and their aliases) with their types, sorted by name.
    settings: Vec<(String, String)>,
    /// The connection that keeps the engine up; `None` once it is closed.
    control: Mutex<Option<Connection>>,
    /// Held for its lock.
    _lock: File,
}

impl Engine {
    /// Loads the library and opens the data directory, making it when absent.
    /// `users` are the names of the owner and the reader, as callers see them.
    pub(crate) fn open(library: &Path, data: &Path, users: [&str; 2]) -> Result<Self, OpenError> {
        if !library.is_file() {
            return Err(OpenError::Missing(library.to_owned()));
        }
        let unusable_dir = |reason| OpenError::DataDir { path: data.to_owned(), reason };
        std::fs::create_dir_all(data).map_err(unusable_dir)?;
        let data = data.canonicalize().map_err(unusable_dir)?;
        let lock = lock(&data)?;
        let api = ffi::Api::load(library)
            .map_err(|reason| OpenError::Unusable { path: library.to_owned(), reason })?;
        let failed = |reason: String| OpenError::Engine { path: data.clone(), reason };
        let path =
            data.to_str().ok_or_else(|| failed("its path is not UTF-8".to_owned()))?.to_owned();
        let config = access::configure(&data).map_err(unusable_dir)?;
        let mut control = open(api, &path, Some(&config), &[])
            .ok_or_else(|| failed("it refused to open (its own log may say why)".to_owned()))?;
        let ask = |connection: &mut Connection, sql: &str| -> Result<String, OpenError> {
            let output =
                connection.query(sql.as_bytes(), "TabSeparatedRaw", &[]).map_err(failed)?;
            Ok(String::from_utf8_lossy(&output.bytes).trim_end().to_owned())
        };
        let about = About {
            version: ask(&mut control, "SELECT version()")?,
            timezone: ask(&mut control, "SELECT timezone()")?,
            display_name: ask(&mut control, "SELECT displayName()")?,
        };
        let settings = ask(&mut control, "SELECT name, type FROM system.settings ORDER BY name")?
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .map(|(name, kind)| (name.to_owned(), kind.to_owned()))
            .collect();
        ask(&mut control, &processes_view(users))?;
        Ok(Self {
            api,
            data: path,
            about,
            settings,
            control: Mutex::new(Some(control)),
            _lock: lock,
        })
    }

    /// What the engine says of itself.
    pub(crate) fn about(&self) -> &About {
        &self.about
    }

    /// The data directory.
    pub(crate) fn data(&self) -> &Path {
        Path::new(&self.data)
    }

    /// The type of a query setting, as `system.settings` names it.
    pub(crate) fn setting_type(&self, name: &str) -> Option<&str> {
        let at = self.settings.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()?;
        self.settings.get(at).map(|(_, kind)| kind.as_str())
    }

    /// Refuses settings that do not exist.
    fn known(&self, settings: &[(String, String)]) -> Result<(), Exception> {
        for (name, value) in settings {
            if self.setting_type(name).is_none() {
                return Err(Exception::new(
                    Code::UnknownSetting,
                    format!("Unknown setting '{name}'."),
                ));
            }
            if value.contains('\0') {
                return Err(Exception::new(
                    Code::BadArguments,
                    format!("Setting {name} holds a zero byte"),
                ));
            }
        }
        Ok(())
    }

    /// Opens a connection with the given settings, each of which must exist.
    pub(crate) fn connect(&self, settings: &[(String, String)]) -> Result<Connection, Exception> {
        self.known(settings)?;
        match open(self.api, &self.data, None, settings) {
            Some(connection) => Ok(connection),
            None => Err(self.why_refused(settings)),
        }
    }

    /// A refused connection says nothing; SET says which value was wrong.
    fn why_refused(&self, settings: &[(String, String)]) -> Exception {
        if let Some(mut plain) = open(self.api, &self.data, None, &[]) {
            for (name, value) in settings {
                let set = format!("SET {name} = {}", quote(value));
                if let Err(text) = plain.query(set.as_bytes(), "Null", &[]) {
                    return Exception::from_engine(&text);
                }
            }
        }
        Exception::new(Code::UnknownException, "The engine refused a connection")
    }

    /// Asks the engine to end the query with this mark.
    pub(crate) fn kill(&self, mark: &str) -> Result<(), Exception> {
        self.ask(
            &format!("KILL QUERY WHERE Settings['{MARKER}'] = {} ASYNC", quote(mark)),
            "Null",
        )?;
        Ok(())
    }

    /// What a running query has done so far, where the engine knows it:
    /// rows read, bytes read, rows to read in all.
    pub(crate) fn progress(&self, mark: &str) -> Option<[u64; 3]> {
        let sql = format!(
            "SELECT read_rows, read_bytes, total_rows_approx FROM system.processes WHERE Settings['{MARKER}'] = {} LIMIT 1",
            quote(mark)
        );
        let row = self.ask(&sql, "TabSeparated").ok()?;
        let mut numbers = std::str::from_utf8(&row).ok()?.trim_end().split('\t').map(str::parse);
        Some([numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?])
    }

    fn ask(&self, sql: &str, format: &str) -> Result<Vec<u8>, Exception> {
        match self.control().as_mut() {
            Some(control) => control
                .query(sql.as_bytes(), format, &[])
                .map(|output| output.bytes)
                .map_err(|text| Exception::from_engine(&text)),
            None => Err(Exception::new(Code::UnknownException, "The engine is shut down")),
        }
    }

    fn control(&self) -> MutexGuard<'_, Option<Connection>> {
        // A panic while it was held leaves a connection that is still sound.
        self.control.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes the last connection, which shuts the engine's tables down, and stops
    /// its threads; false when some are left (chDB 26.7 keeps a few once a
    /// MergeTree table was used), so that only `leave` ends the process safely.
    pub(crate) fn shut_down(&self) -> bool {
        drop(self.control().take());
        let begun = std::time::Instant::now();
        // A thread that is just ending makes the first attempts fail.
        while !self.api.shutdown() {
            if begun.elapsed() > ENGINE_STOP_TIME {
                return false;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        true
    }
}

/// Quotes a text as a string literal of ClickHouse.
pub(crate) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// Reads text that ClickHouse's `hex` wrote.
pub(crate) fn unhex(text: &str) -> Option<String> {
    let bytes: Option<Vec<u8>> = text
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    Some(String::from_utf8_lossy(&bytes?).into_owned())
}

/// Opens a connection; the configuration counts for the first one only.
fn open(
    api: &'static ffi::Api,
    data: &str,
    config: Option<&Path>,
    settings: &[(String, String)],
) -> Option<Connection> {
    let mut args = vec!["clickhouse".to_owned(), format!("--path={data}")];
    args.extend(config.map(|config| format!("--config-file={}", config.display())));
    // chDB turns these on for its console; a server has them off.
    args.extend(["--implicit_select=0".to_owned(), "--allow_introspection_functions=0".to_owned()]);
    args.extend(settings.iter().map(|(name, value)| format!("--{name}={value}")));
    let args: Result<Vec<CString>, _> = args.into_iter().map(CString::new).collect();
    api.connect(&args.ok()?)
}

fn lock(data: &Path) -> Result<File, OpenError> {
    let path = data.join("embedded-clickhouse.lock");
    let failed = |reason| OpenError::DataDir { path: data.to_owned(), reason };
    let file =
        File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(data.to_owned())),
        Err(TryLockError::Error(reason)) => Err(failed(reason)),
    }
}

/// `system.processes` as callers see it: their ids, their user, their text.
fn processes_view([owner, reader]: [&str; 2]) -> String {
    let pipe = quote(r"\nINTO OUTFILE '/dev/fd/\d+' APPEND\n(FORMAT \w+\n)?");
    // The mark is `number:role:query_id`.
    let mark = format!("p.Settings['{MARKER}']");
    let id = format!("substring({mark}, position({mark}, ':') + 3)");
    let user = format!(
        "if(substring({mark}, position({mark}, ':') + 1, 1) = '{}', {}, {})",
        Role::Reader.letter(),
        quote(reader),
        quote(owner)
    );
    // Columns are named by `p.`: a bare name would mean the replaced column.
    format!(
        "CREATE OR REPLACE VIEW system.{PROCESSES_VIEW} AS SELECT p.* REPLACE (\
         {id} AS query_id, {id} AS initial_query_id, \
         {user} AS user, {user} AS initial_user, \
         replaceAll(replaceRegexpOne(p.query, {pipe}, ' '), '{PROCESSES_VIEW}', 'processes') AS query, \
         mapFilter((name, value) -> name != '{MARKER}', p.Settings) AS Settings) \
         FROM system.processes AS p WHERE {mark} != ''"
    )
}
