//! ClickHouse, and the only place that knows it.
//!
//! Owns the client and its settings, the migrations, the statements by which blocks
//! of the log become rows and rollups ([`Statements`], behind the seam [`Store`]),
//! and the queries. What is asked carries its tenant as a bound parameter, never
//! as text in the SQL.

mod audit;
mod block;
mod client;
mod cluster;
mod contract;
mod drift;
mod error;
mod export;
mod fault;
mod http;
mod inspect;
mod known_ids;
mod migrations;
mod observed;
mod person;
mod rollup;
mod schema_gate;
mod sql;
mod statements;
mod stats;

pub use audit::{Gap, Recount};
pub use client::ClickHouse;
pub use cluster::for_cluster;
pub use contract::{
    Block, DeadLetter, Partition, Piece, Rollup, Row, Span, Store, StoreFault, Table,
};
pub use error::{Exception, StoreError};
pub use export::{ExportError, ExportFormat, ExportQuery, ExportStream, ExportTable, ExportTime};
pub use inspect::{MigrationState, Privilege, ServerDisk, ServerFacts, ServerSetting};
pub use migrations::{Applied, Migration, MigrationRefusal, Report};
pub use observed::Observed;
pub use person::{COMPANIONS_MAX, ErasedPlace, Person, PersonStore, PersonTable};
pub use schema_gate::SchemaGate;
pub use statements::Statements;
pub use stats::TenantStats;
