//! Plays the edge: signs what goes to the collector.

use std::time::UNIX_EPOCH;

use tidemark_core::hop::{self, Key};
pub use tidemark_core::hop::{HEADER, PATH};

/// The key's name in the configuration of [`crate::stack`].
pub const KEY_ID: &str = "k1";
/// Its secret.
pub const SECRET: &str = "a hop secret for the tests";

/// Now, Unix milliseconds.
pub fn now_ms() -> i64 {
    let since = UNIX_EPOCH.elapsed().unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A time as the wire has it.
pub fn rfc3339(unix_ms: i64) -> String {
    let mut text = String::new();
    tidemark_core::time::format_rfc3339(unix_ms, &mut text);
    text
}

/// The signature of a body, as of `unix_ms`.
pub fn sign(unix_ms: i64, body: &[u8]) -> String {
    hop::sign(&Key { id: KEY_ID.into(), secret: SECRET.into() }, unix_ms, hop::PATH, body)
}
