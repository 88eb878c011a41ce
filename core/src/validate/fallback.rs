//! Where a tenant's schema goes that the compiler does not cover.
//!
//! Who has a general validator hands it in as a [`Fallback`]; core has none, because
//! the edge pays for every byte (docs/adr/0006-schemas-beyond-the-compiler.md).

use alloc::string::String;
use alloc::sync::Arc;

use crate::verdict::Fault;

/// Judges attributes by a schema of its own.
pub trait Check: core::fmt::Debug + Send + Sync {
    /// Holds attributes, as JSON text within bounds, against the schema. Pointers
    /// are relative to the attributes; the code is the closest of the closed enum.
    ///
    /// # Errors
    /// The first fault.
    fn check(&self, attributes: &str) -> Result<(), Fault>;
}

/// Compiles what the compiler does not cover.
pub trait Fallback {
    /// Compiles a schema of JSON text.
    ///
    /// # Errors
    /// What is wrong with it, for the person who wrote it.
    fn compile(&self, schema: &str) -> Result<Arc<dyn Check>, String>;
}
