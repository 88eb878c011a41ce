//! One process: wires the parts up, serves them, and stops in order.
//!
//! Start: bring the log back → bind → say where, on standard output → serve, while
//! the tables are brought there beside it and the writers wait for them. Stop, on
//! SIGTERM or SIGINT: take no more connections → finish the requests under way →
//! close the log → let the writers finish → end.

mod connections;
mod durable;
mod erasures;
mod ingest;
mod preload;
mod reload;
mod replays;
mod requests;
mod roles;
mod schemas;
mod signed;

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tidemark_core::validate::CompileError;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

pub use reload::Reload;
pub use roles::{Role, Roles};

use durable::Durable;
use ingest::Ingest;

use crate::api::{self, ApiKeys, Health};
use crate::clock::{Clock as _, SystemClock};
use crate::config::{Config, ConfigError};
use crate::disk::{Disk as _, RealDisk};
use crate::ingest::public::Public;
use crate::limits::MAX_CONNECTIONS;
use crate::log;
use crate::metrics::{Metrics, MetricsError};
use crate::openapi;
use crate::process;
use crate::schemas::Registry;
use crate::sealed::SealedError;
use crate::sites::{self, Sites, SitesError};
use crate::store::{ClickHouse, SchemaGate};

/// How often observed durations are moved into their buckets.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

/// Why the process cannot start, or ended early.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The roles do not make a working process.
    #[error(transparent)]
    Roles(#[from] roles::RolesError),
    /// The address is taken, or is not ours.
    #[error("cannot listen on {address}; is another process there? See server.listen")]
    Bind {
        /// The configured address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// Nobody can be told the address.
    #[error("cannot write to standard output")]
    Announce(#[source] std::io::Error),
    /// The process cannot hear that it is to stop.
    #[error("cannot listen for signals")]
    Signals(#[source] std::io::Error),
    /// The event schemas that are built in do not compile.
    #[error("the built-in event schemas do not compile")]
    Catalogue(#[source] CompileError),
    /// The metrics cannot be set up.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// The folder for this process's own files cannot be made.
    #[error("cannot make the folder {path}; see data.dir", path = .path.display())]
    DataDir {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The log cannot be opened.
    #[error("the log in data.dir cannot be used")]
    Log(#[from] log::OpenError),
    /// The writers into ClickHouse cannot take up their lanes.
    #[error("the writers' plans in data.dir cannot be used")]
    Writers(#[from] process::OpenError),
    /// Whose data was erased is not known, so that nothing may be taken.
    #[error("data.dir does not tell who was erased")]
    Erased(#[from] log::erased::ErasedError),
    /// A file of an erasure cannot be read.
    #[error(transparent)]
    ErasureFile(#[from] SealedError),
    /// Erasures that were under way cannot go on.
    #[error("the erasures in data.dir cannot go on")]
    Erasures(#[from] process::erase::StartError),
    /// The operating system has no thread.
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
    /// The operating system gives no random bytes.
    #[error("the operating system gives no random bytes")]
    Random(#[source] getrandom::Error),
    /// What was to be done beside the service broke off.
    #[error("the log could not be opened: its thread has ended")]
    Opening(#[source] tokio::task::JoinError),
    /// Tenants, sites and keys cannot be read.
    #[error(transparent)]
    Sites(#[from] SitesError),
    /// A value of the configuration means nothing.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// What the roles share.
struct Parts {
    store: ClickHouse,
    gate: Arc<SchemaGate>,
    metrics: Arc<Metrics>,
    sites: Arc<Sites>,
    schemas: Arc<Registry>,
    durable: Option<Arc<Durable>>,
}

/// How a process serves.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What it does.
    pub roles: Roles,
    /// Whether a log that has to be made stands in for one that was lost or restored.
    pub log_was_lost: bool,
}

/// Serves until a signal ends it. SIGHUP calls `reload`.
///
/// # Errors
/// [`ServeError`]. A stop by signal is no error.
pub async fn serve(config: Config, options: Options, reload: Reload) -> Result<(), ServeError> {
    let Options { roles, log_was_lost } = options;
    roles.check()?;
    let mut stop = StopSignals::new().map_err(ServeError::Signals)?;
    let metrics = Arc::new(Metrics::new()?);
    let store = ClickHouse::new(&config.clickhouse);
    let gate = Arc::new(SchemaGate::default());
    let sites = Arc::new(open_sites(&config).await?);
    let schemas =
        Arc::new(Registry::new(config.schemas.folder.clone()).map_err(ServeError::Catalogue)?);
    schemas::refresh(&schemas, &sites).await;
    let (stopping, told_to_stop) = watch::channel(false);
    let durable = if roles.has(Role::Ingest) {
        Some(Arc::new(open_durable(&config, &gate, &metrics, log_was_lost).await?))
    } else {
        None
    };
    let parts = Parts {
        store: store.clone(),
        gate: Arc::clone(&gate),
        metrics: Arc::clone(&metrics),
        sites: Arc::clone(&sites),
        schemas: Arc::clone(&schemas),
        durable: durable.clone(),
    };
    let (routes, public) = routes(&config, roles, &parts, told_to_stop)?;

    let address = config.server.listen;
    let bind = |source| ServeError::Bind { address, source };
    let listener = TcpListener::bind(address).await.map_err(bind)?;
    let bound = listener.local_addr().map_err(bind)?;
    // Before anybody knows that the process is there: a SIGHUP would end it.
    let hangups = reload::on_hangup(reload).map_err(ServeError::Signals)?;
    announce(bound).map_err(ServeError::Announce)?;
    tracing::info!(address = %bound, %roles, version = env!("CARGO_PKG_VERSION"), "listening");

    let upkeep = {
        let metrics = Arc::clone(&metrics);
        let disk = RealDisk::open(&config.data.dir)
            .map_err(|source| ServeError::DataDir { path: config.data.dir.clone(), source })?;
        tokio::spawn(async move {
            let mut tick = tokio::time::interval(METRICS_UPKEEP);
            loop {
                tick.tick().await;
                metrics.upkeep();
                match disk.free_bytes() {
                    Ok(bytes) => metrics.data_free(bytes),
                    Err(error) => tracing::warn!(%error, "free space of data.dir is not told"),
                }
            }
        })
    };
    let freshness = {
        let sites = Arc::clone(&sites);
        tokio::spawn(async move { sites.keep_fresh().await })
    };
    let watch = {
        let (schemas, sites) = (Arc::clone(&schemas), Arc::clone(&sites));
        tokio::spawn(async move { schemas::keep_fresh(&schemas, &sites).await })
    };
    let writes = durable.is_some();
    let stopped = async {
        tokio::select! {
            name = stop.recv() => tracing::info!(signal = name, "stopping"),
            never = gate.keep_open(&store), if writes => match never {},
        }
        // Sockets end by themselves, once they are told.
        stopping.send_replace(true);
    };
    connections::serve(listener, routes, MAX_CONNECTIONS, stopped, sockets_closed(public)).await;
    if let Some(durable) = durable {
        // It waits for threads, which wait for statements on this runtime. A panic
        // of theirs is in the log already.
        let _ = tokio::task::spawn_blocking(move || durable.stop()).await;
    }
    hangups.abort();
    upkeep.abort();
    freshness.abort();
    watch.abort();
    sites.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Brings the log back, which reads files, away from the threads that serve.
async fn open_durable(
    config: &Config,
    gate: &Arc<SchemaGate>,
    metrics: &Arc<Metrics>,
    log_was_lost: bool,
) -> Result<Durable, ServeError> {
    let (config, gate, metrics) = (config.clone(), Arc::clone(gate), Arc::clone(metrics));
    let runtime = Handle::current();
    let opening = tokio::task::spawn_blocking(move || {
        Durable::open(&config, &gate, &metrics, runtime, log_was_lost)
    });
    opening.await.map_err(ServeError::Opening)?
}

/// Resolves when no socket of the public endpoints is open any more.
async fn sockets_closed(public: Option<Arc<Public>>) {
    if let Some(public) = public {
        public.sockets_closed().await;
    }
}

/// Opens the directory of tenants, sites and keys, with what the configuration
/// declares laid in.
async fn open_sites(config: &Config) -> Result<Sites, ServeError> {
    let file = config.sites_database();
    // A file elsewhere is in the hands of whoever names it.
    if config.sites.database.is_none() {
        let path = &config.data.dir;
        std::fs::create_dir_all(path)
            .map_err(|source| ServeError::DataDir { path: path.clone(), source })?;
    }
    let database = sites::Database::open(&file).await?;
    sites::declare(&database, &config.tenants, SystemClock::new().unix_ms()).await?;
    Ok(Sites::new(database).await?)
}

fn routes(
    config: &Config,
    roles: Roles,
    parts: &Parts,
    stopping: watch::Receiver<bool>,
) -> Result<(Router, Option<Arc<Public>>), ServeError> {
    let Parts { store, gate, metrics, sites, durable, .. } = parts;
    let mut public = None;
    let reader = ClickHouse::new(&config.clickhouse.as_reader());
    // One that only asks makes no tables, and needs no right to.
    let health = Health {
        store: if durable.is_some() { store.clone() } else { reader.clone() },
        gate: durable.is_some().then(|| Arc::clone(gate)),
        log: durable.clone().map(|durable| Arc::new(move || durable.refuses()) as api::Refuses),
    };
    let observed = (durable.clone(), Arc::clone(gate));
    let observe: api::Observe = Arc::new(move |metrics| {
        let (durable, gate) = &observed;
        metrics.migration_refused(gate.is_refused());
        if let Some(durable) = durable {
            durable.observe(metrics);
        }
    });
    let mut routes = api::health_routes(health)
        .merge(api::metrics_routes(Arc::clone(metrics), observe))
        .merge(openapi::routes());
    if let Some(durable) = durable {
        let ingest = Ingest::new(config, durable, parts, stopping)?;
        routes = routes.merge(ingest.routes);
        public = Some(ingest.public);
    }
    if roles.has(Role::Query) {
        routes = routes.merge(api::stats_routes(reader, ApiKeys::new(Arc::clone(sites))));
    }
    Ok((requests::around(routes, Arc::clone(metrics)), public))
}

/// One line of JSON, for whoever started the process. It says where, not that
/// ClickHouse is there: that is `/health/ready`.
fn announce(bound: SocketAddr) -> std::io::Result<()> {
    let line = serde_json::json!({
        "listening": true,
        "url": format!("http://{bound}"),
        "pid": std::process::id(),
        "version": env!("CARGO_PKG_VERSION"),
    });
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn recv(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
