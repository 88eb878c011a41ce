//! core/src/catalogue/fields.rs: the attributes that need care.

use anyhow::Result;

use super::NOTE;
use super::rust_types::formatted;
use super::schema::Schemas;
use crate::place::Place;

/// The module's text.
///
/// # Errors
/// When rustfmt fails.
pub fn fields(place: &Place, schemas: &Schemas) -> Result<String> {
    let mut free_text = String::new();
    let mut long_text = String::new();
    for schema in &schemas.events {
        for attribute in schema.attributes() {
            let (event, name) = (schema.name(), attribute.name);
            if attribute.value["x-free-text"] == true {
                free_text.push_str(&format!("({event:?}, {name:?}),\n"));
            }
            if let Some(bytes) = attribute.value["x-max-bytes"].as_u64() {
                long_text.push_str(&format!("({event:?}, {name:?}, {bytes}),\n"));
            }
        }
    }
    let text = format!(
        "//! The attributes that need care. {NOTE}\n\n\
         /// Attributes that hold what people typed, as (event, attribute). They are kept\n\
         /// only where the site's `keep_free_text` is on.\n\
         pub const FREE_TEXT: &[(&str, &str)] = &[\n{free_text}];\n\n\
         /// Attributes whose strings may be longer than others, as (event, attribute,\n\
         /// bytes).\n\
         pub const LONG_TEXT: &[(&str, &str, usize)] = &[\n{long_text}];\n"
    );
    formatted(place, &text)
}
