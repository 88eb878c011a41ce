//! ClickHouse's HTTP interface over chDB, for one machine.
//!
//! A request comes in by `server` and goes to `http`, which reads what is asked
//! (`sql` tells the statement's shape, `encoding` and `framing` unpack bodies) and
//! hands it to `engine`: one chDB in this process, one thread a query, and one
//! connection a query or session. Results stream back through a pipe; INSERT data streams in by pieces.
//! Failures are ClickHouse exceptions (`exception`) from end to end, and every
//! bound has a name in `limits`.

mod args;
mod encoding;
mod engine;
mod exception;
mod framing;
mod http;
mod limits;
mod server;
mod sql;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser as _;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use args::{Args, LogFormat};
use engine::Engine;
use http::{Account, Accounts, Service};

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The one line that says why, for people and for whoever started it.
            let _unheard = writeln!(std::io::stderr(), "embedded-clickhouse: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&args.log_level).context("--log-level")?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match args.log_format {
        LogFormat::Text => log.with_ansi(false).init(),
        LogFormat::Json => log.json().init(),
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // A thread a running query, and as many again for KILLs and probes.
        .max_blocking_threads(2 * limits::MAX_RUNNING)
        .build()
        .context("no runtime")?;
    // The port first: a second start by mistake then says so at once.
    let listener = runtime.block_on(TcpListener::bind(args.listen)).map_err(|error| {
        if error.kind() == std::io::ErrorKind::AddrInUse {
            anyhow::anyhow!(
                "{} is taken by another process: choose another with --listen",
                args.listen
            )
        } else {
            anyhow::anyhow!("cannot listen on {}: {error}", args.listen)
        }
    })?;
    let address = listener.local_addr().context("no address")?;
    let accounts = accounts(args)?;
    let reader = args.reader.as_deref().unwrap_or_default();
    let engine = Arc::new(Engine::open(&args.library(), &args.data, [&args.user, reader])?);
    let service = Arc::new(Service::new(Arc::clone(&engine), accounts, address.ip().is_loopback()));
    let served = announce(address, &engine).and_then(|()| {
        runtime.block_on(server::serve(listener, service)).context("serving failed")
    });
    runtime.shutdown_timeout(limits::SHUTDOWN_TIME);
    if matches!(served, Ok(false)) {
        tracing::error!("some queries did not end in time; what they had committed stays");
        engine::leave(1);
    }
    let stopped = engine.shut_down();
    tracing::info!(every_thread_ended = stopped, "stopped");
    if let Err(error) = &served {
        tracing::error!("{error:#}");
    }
    if !stopped {
        engine::leave(i32::from(served.is_err()));
    }
    served.map(|_| ())
}

fn accounts(args: &Args) -> anyhow::Result<Accounts> {
    let account = |user: &str, password: &str| Account {
        user: user.to_owned(),
        password: password.to_owned(),
    };
    if args.reader.as_ref() == Some(&args.user) {
        anyhow::bail!("--reader and --user are the same name: choose two");
    }
    Ok(Accounts {
        owner: account(&args.user, &args.password),
        reader: args.reader.as_deref().map(|reader| account(reader, &args.reader_password)),
    })
}

/// Says on stdout, in one line of JSON, that queries are served and where.
fn announce(address: std::net::SocketAddr, engine: &Engine) -> anyhow::Result<()> {
    let version = &engine.about().version;
    let pid = std::process::id();
    let mut stdout = std::io::stdout().lock();
    writeln!(
        stdout,
        r#"{{"ready":true,"url":"http://{address}","pid":{pid},"version":"{version}"}}"#
    )
    .and_then(|()| stdout.flush())
    .context("stdout is closed")?;
    tracing::info!(%address, version, "ready");
    Ok(())
}
