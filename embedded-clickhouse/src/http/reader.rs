//! What keeps a reader to reading: a second line beside the engine's own rights.

use super::params::Params;
use crate::engine::Engine;
use crate::exception::{Code, Exception};
use crate::sql::{READERS_STRINGS, forbidden};

/// Holds a reader's request to `readonly=1` and to settings that only shape or
/// bound what is read.
pub(super) fn confine(engine: &Engine, params: &mut Params) -> Result<(), Exception> {
    let settings = &mut params.session.settings;
    settings.retain(|(name, _)| name != "readonly");
    for (name, _) in settings.iter() {
        let free = matches!(engine.setting_type(name), Some("String" | "Map" | "URI"));
        if (free && !READERS_STRINGS.contains(&name.as_str())) || name == "dialect" {
            return Err(refused(&format!("the setting {name}")));
        }
    }
    settings.insert(0, ("readonly".to_owned(), "1".to_owned()));
    Ok(())
}

/// Refuses a statement that says what no right of the engine's guards.
pub(super) fn examine(sql: &[u8]) -> Result<(), Exception> {
    forbidden(sql).map_or(Ok(()), |what| Err(refused(&what)))
}

fn refused(what: &str) -> Exception {
    Exception::new(
        Code::AccessDenied,
        format!("Not enough privileges: a reader may not use {what}. Ask as the owner"),
    )
}
