//! `tidemark`: the collector's command line.
//!
//! Reads the configuration once, sets up the log, and hands over to the
//! library. An exit code of 0 is a clean end, 1 a failure, 2 a misused command.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use tidemark_collector::admin::{Admin, KeysCommand, SitesCommand, TenantsCommand};
use tidemark_collector::commands;
use tidemark_collector::config::{Config, ConfigError};
use tidemark_collector::refusal::causes;
use tidemark_collector::serve::{self, Reload, Roles};
use tidemark_collector::store::{ClickHouse, Report, for_cluster};
use tidemark_collector::telemetry;

/// What follows the options of every command.
const CONFIGURATION_HELP: &str = "\
Configuration:
  A TOML file; collector/README.md describes every key. Environment variables
  stand above it, e.g. TIDEMARK__CLICKHOUSE__PASSWORD or
  TIDEMARK__HOP__KEYS__0__SECRET. A key that is not known is refused by name.

    [server]      listen = \"127.0.0.1:8090\"
    [clickhouse]  url = \"http://127.0.0.1:8123\"  database = \"tidemark\"
                  user = \"default\"  password = \"\"  reader = \"who only asks\"
    [[hop.keys]]  id = \"k1\"  secret = \"at least 16 bytes\"
    [identity]    salt_secret = \"the edge's TIDEMARK_SALT_SECRET\"
    [data]        dir = \"tidemark-data\"
    [sites]       database = \"tidemark-data/sites.db\"
    [[tenants]]   id = \"UUID\"  slug = \"demo\"  api_key_sha256 = [\"64 hex digits\"]
    [schemas]     folder = \"schemas of your own, by `tidemark schema register`\"
    [retention]   events_days = 90
    [log]         level = \"info\"  format = \"json\" (or \"text\")

Exit codes:
  0 done, or stopped by SIGTERM or SIGINT · 1 failed · 2 wrong use";

/// Takes events, makes them durable, stores them in ClickHouse once, and answers questions.
#[derive(Debug, Parser)]
#[command(name = "tidemark", version, propagate_version = true, after_help = CONFIGURATION_HELP)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve HTTP until SIGTERM or SIGINT; requests under way are finished.
    ///
    /// Prints one line of JSON with its address once it listens; logs go to
    /// standard error. SIGHUP reads log.level anew. Migrations are applied as soon as
    /// ClickHouse answers; while it is away, events are taken into the log in data.dir,
    /// and drain later.
    #[command(after_help = CONFIGURATION_HELP)]
    Serve {
        #[command(flatten)]
        file: ConfigFile,
        /// What this process does, separated by commas: ingest and process go
        /// together, query stands alone.
        #[arg(long, value_name = "ROLES", default_value_t = Roles::default())]
        roles: Roles,
        /// The log below data.dir was lost, or put aside because it is an old copy: the
        /// new one takes nothing until it has read nine days of ids from ClickHouse.
        /// Without effect where there is a log.
        #[arg(long)]
        log_was_lost: bool,
    },
    /// Bring ClickHouse's tables to what this version expects, and end.
    ///
    /// May be run any number of times. Refuses a migration that was changed
    /// after it was applied, and a database that a newer version has migrated.
    #[command(after_help = CONFIGURATION_HELP)]
    Migrate {
        #[command(flatten)]
        file: ConfigFile,
        /// Print one JSON object instead of a line for each migration.
        #[arg(long)]
        json: bool,
        /// Apply nothing, and print the same tables for a cluster of this name:
        /// replicated ones on each shard, and Distributed ones that read all shards.
        #[arg(long, value_name = "CLUSTER", value_parser = identifier)]
        print_for_cluster: Option<String>,
    },
    /// Print the description of the collector's HTTP, OpenAPI 3.1 as JSON.
    Openapi,
    /// Organisations that own data: list, show, create, update.
    #[command(after_help = CONFIGURATION_HELP)]
    Tenants {
        #[command(flatten)]
        options: AdminOptions,
        #[command(subcommand)]
        command: TenantsCommand,
    },
    /// Web properties of a tenant, and what they take: list, show, create, update.
    #[command(after_help = CONFIGURATION_HELP)]
    Sites {
        #[command(flatten)]
        options: AdminOptions,
        #[command(subcommand)]
        command: SitesCommand,
    },
    /// Write keys (public, may send) and API keys (secret, may read): list, create,
    /// rotate, revoke.
    #[command(after_help = CONFIGURATION_HELP)]
    Keys {
        #[command(flatten)]
        options: AdminOptions,
        #[command(subcommand)]
        command: KeysCommand,
    },
    #[command(flatten)]
    Offline(commands::Command),
    #[command(flatten)]
    Live(commands::Live),
}

/// What the commands over tenants, sites and keys share.
#[derive(Args, Debug)]
struct AdminOptions {
    /// The configuration file, which says where the database is.
    #[arg(long, value_name = "FILE", global = true, default_value = "tidemark.toml")]
    config: PathBuf,
    /// Print one JSON value instead of a table.
    #[arg(long, global = true)]
    json: bool,
}

impl AdminOptions {
    async fn run(self, command: Admin) -> anyhow::Result<()> {
        let config = ConfigFile { config: self.config }.load()?;
        let told = command.run(&config).await?;
        print(&if self.json { told.json.to_string() } else { told.table });
        Ok(())
    }
}

#[derive(Args, Debug)]
struct ConfigFile {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

impl ConfigFile {
    fn load(&self) -> Result<Config, ConfigError> {
        Config::load(&self.config, environment())
    }
}

fn environment() -> commands::Environment {
    let variables = std::env::vars_os();
    variables
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Command::Offline(command) = &cli.command {
        return match commands::run(command) {
            Ok(exit) => exit.into(),
            Err(error) => {
                complain(&causes(&error));
                ExitCode::from(2)
            }
        };
    }
    if let Command::Live(command) = &cli.command {
        return match run_live(command) {
            Ok(exit) => exit.into(),
            Err(error) => {
                complain(&causes(error.as_ref()));
                ExitCode::from(2)
            }
        };
    }
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&causes(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")
}

fn run_live(command: &commands::Live) -> anyhow::Result<commands::Exit> {
    Ok(runtime()?.block_on(commands::run_live(command, environment()))?)
}

fn run(command: Command) -> anyhow::Result<()> {
    let runtime = runtime()?;
    match command {
        Command::Serve { file, roles, log_was_lost } => {
            let config = file.load()?;
            let level = telemetry::init(&config.log)?;
            let reload = Reload::new(level, move || Ok(file.load()?.log.level));
            let options = serve::Options { roles, log_was_lost };
            runtime.block_on(serve::serve(config, options, reload))?;
        }
        Command::Migrate { file, print_for_cluster: Some(cluster), .. } => {
            print(for_cluster(&file.load()?.clickhouse.database, &cluster).trim_end());
        }
        Command::Migrate { file, json, print_for_cluster: None } => {
            let config = file.load()?;
            telemetry::init(&config.log)?;
            let report = runtime.block_on(ClickHouse::new(&config.clickhouse).migrate())?;
            print(&if json { serde_json::to_string(&report)? } else { table(&report) });
        }
        Command::Openapi => print(tidemark_collector::openapi::text().trim_end()),
        Command::Tenants { options, command } => {
            runtime.block_on(options.run(Admin::Tenants(command)))?;
        }
        Command::Sites { options, command } => {
            runtime.block_on(options.run(Admin::Sites(command)))?;
        }
        Command::Keys { options, command } => {
            runtime.block_on(options.run(Admin::Keys(command)))?;
        }
        // Have ended before, with exit codes of their own.
        Command::Offline(_) | Command::Live(_) => {}
    }
    Ok(())
}

/// A name that can stand in SQL as it is.
fn identifier(text: &str) -> Result<String, String> {
    let mut letters = text.chars();
    let begins = letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    if begins && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        Ok(text.to_owned())
    } else {
        Err("expected letters, digits and _, and no digit at first".to_owned())
    }
}

fn table(report: &Report) -> String {
    let lines = report.migrations.iter().map(|migration| {
        let state = if migration.applied_now { "applied" } else { "was there" };
        format!("{:04}_{}  {state}", migration.version, migration.name)
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[expect(clippy::print_stdout, reason = "the command's result, for a person or a pipe")]
fn print(text: &str) {
    println!("{text}");
}

#[expect(
    clippy::print_stderr,
    reason = "the command's failure, which may come before the log is set up"
)]
fn complain(text: &str) {
    eprintln!("tidemark: {text}");
}
