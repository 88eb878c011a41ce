//! npm/web/src/generated/events.ts: the page's types.

use super::NOTE;
use super::schema::{Attribute, Schema, Schemas};

/// How `track` is typed. A name of the catalogue takes its own attributes and
/// nothing else; a name of one's own takes any.
const TRACK: &str = "/** A name of the catalogue. */
export type EventName = keyof Events;

/** The attributes as an argument: optional where none is required. */
type Argument<A> = object extends A ? [attributes?: A] : [attributes: A];

/** Takes an event of the catalogue: its name, its attributes, their values. */
export interface TrackCatalogue {
  <Name extends EventName>(name: Name, ...attributes: Argument<Events[Name]>): void;
}

/** Takes an event of one's own. A `strict` site knows none. */
export interface TrackCustom {
  <Name extends string>(
    name: Name extends EventName ? never : Name,
    attributes?: Attributes,
  ): void;
}

/** Takes either; a mistake in an event of the catalogue is never taken for an event of one's own. */
export type Track = TrackCatalogue & TrackCustom;
";

/// The module's text.
pub fn types(schemas: &Schemas) -> String {
    let mut text = format!("// The events of the catalogue. {NOTE}\n\n");
    text.push_str("import type { Attributes } from '../types.js';\n\n");
    for schema in &schemas.events {
        text.push_str(&attributes_of(schema));
    }
    text.push_str(
        "/** Every event of the catalogue and its attributes. */\nexport interface Events {\n",
    );
    for schema in &schemas.events {
        text.push_str(&format!("  {}: {};\n", key(schema.name()), schema.type_name()));
    }
    text.push_str("}\n\n");
    text + TRACK
}

fn attributes_of(schema: &Schema) -> String {
    let mut text = format!("/** `{}`: {} */\n", schema.name(), schema.said("/description"));
    // A type and not an interface: those lack the index signature that `Attributes` has.
    text.push_str(&format!("export type {} = {{\n", schema.type_name()));
    for attribute in schema.attributes() {
        let unit = attribute.unit_sentence();
        let mark = if attribute.required { "" } else { "?" };
        text.push_str(&format!("  /** {}{unit} */\n", attribute.said("description")));
        text.push_str(&format!(
            "  readonly {}{mark}: {};\n",
            key(attribute.name),
            kind(&attribute)
        ));
    }
    text + "};\n\n"
}

/// A property's name, quoted where it must be.
fn key(name: &str) -> String {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain { name.into() } else { format!("'{name}'") }
}

fn kind(attribute: &Attribute<'_>) -> String {
    let values: Vec<_> = attribute.values().iter().map(|value| format!("'{value}'")).collect();
    match (attribute.said("type"), values.is_empty()) {
        ("array", true) => "readonly string[]".into(),
        ("array", false) => format!("readonly ({})[]", values.join(" | ")),
        ("integer" | "number", _) => "number".into(),
        ("boolean", _) => "boolean".into(),
        (_, true) => "string".into(),
        (_, false) => values.join(" | "),
    }
}
