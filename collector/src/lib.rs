//! The collector: what the edge judged becomes rows that can be asked about.
//!
//! In the order of an event's journey:
//!
//! [`ingest`] verifies the signed hop or the write key, splits the batch, judges each
//! event and writes it as a [`record`] → [`log`] makes it durable on disk, knows it
//! again by [`dedupe`], and only then the sender is answered → [`process`] carries
//! blocks of records on into the [`store`], exactly once; it is the only module that
//! knows ClickHouse → [`api`] answers questions: health, metrics, stats.
//!
//! The arrows: ingest → log ← process → store ← api. [`clock`], [`config`],
//! [`disk`], [`invariants`], [`limits`], [`metrics`], [`place`], [`record`], [`refusal`],
//! [`schemas`], [`sites`] and [`spelling`] are leaves that everything may read;
//! [`serve`] alone knows all of them and wires them up. [`openapi`] describes the HTTP
//! of all this; [`admin`] is the command line of tenants, sites and keys, [`commands`]
//! are those that need no service.
#![forbid(unsafe_code)]

pub mod admin;
pub mod api;
pub mod clock;
pub mod commands;
pub mod config;
pub mod dedupe;
pub mod disk;
pub mod ingest;
pub mod invariants;
pub mod limits;
pub mod log;
pub mod metrics;
pub mod openapi;
pub mod place;
pub mod planted;
pub mod process;
pub mod rate;
pub mod record;
pub mod refusal;
pub mod schemas;
pub mod sealed;
pub mod serve;
pub mod sites;
pub mod spelling;
pub mod store;
pub mod telemetry;
