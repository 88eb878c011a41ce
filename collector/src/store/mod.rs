//! ClickHouse, and the only place that knows it.
//!
//! Owns the client and its settings, the migrations, the row of `events_raw`,
//! what its JSON column can hold, and the queries. What is inserted is a whole
//! batch by one statement; what is asked carries its tenant as a bound
//! parameter, never as text in the SQL.

mod attributes;
mod audit;
mod block;
mod client;
mod contract;
mod drift;
mod error;
mod export;
mod fault;
mod http;
mod inspect;
mod known_ids;
mod migrations;
mod person;
mod rollup;
mod row;
mod schema_gate;
mod sql;
mod statements;
mod stats;
mod subject;

pub use attributes::{Fitted, fit};
pub use audit::{Gap, Recount};
pub use client::ClickHouse;
pub use contract::{
    Block, DeadLetter, Partition, Piece, Rollup, Row, Span, Store, StoreFault, Table,
};
pub use error::{Exception, StoreError};
pub use export::{ExportError, ExportFormat, ExportQuery, ExportStream, ExportTable, ExportTime};
pub use inspect::{MigrationState, Privilege, ServerDisk, ServerFacts, ServerSetting};
pub use migrations::{Applied, Migration, MigrationRefusal, Report};
pub use person::{ErasedRows, Person};
pub use row::EventRow;
pub use schema_gate::SchemaGate;
pub use statements::Statements;
pub use stats::TenantStats;
pub use subject::{Subject, SubjectTable};
