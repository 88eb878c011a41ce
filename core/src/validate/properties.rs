//! The members that a schema names, found by the hash that the tape has of a key, and
//! what a name alone tells the sanitiser, which is found out when the schema is compiled.

use alloc::string::String;
use alloc::vec::Vec;

use super::compile::Shape;
use super::table::Table;
use crate::json::Node;
use crate::sanitise::Told;

/// What a schema says of one member.
#[derive(Clone, Debug, Default)]
pub(super) struct Property {
    /// Its own schema; `None` for one that is only required.
    pub(super) shape: Option<Shape>,
    pub(super) required: bool,
    /// What its name, and its schema, tell the sanitiser.
    pub(super) told: Told,
}

/// The members that a schema names.
#[derive(Clone, Debug, Default)]
pub(super) struct Properties {
    table: Table<Property>,
    /// The required ones, in the schema's order.
    required: Vec<String>,
}

impl Properties {
    /// Adds a member with a schema of its own.
    pub(super) fn declare(&mut self, name: &str, shape: Shape) {
        self.table.change(name, |property| {
            property.told = Told::by(name);
            property.shape = Some(shape);
        });
    }

    /// Adds to the members that must be there.
    pub(super) fn require(&mut self, name: String) {
        self.table.change(&name, |property| {
            property.told = Told::by(&name);
            property.required = true;
        });
        if !self.required.contains(&name) {
            self.required.push(name);
        }
    }

    /// Adds to what the sanitiser is told of a member, if there is one of that name.
    pub(super) fn tell(&mut self, name: &str, tell: impl FnOnce(&mut Told)) {
        if self.table.get(name).is_some() {
            self.table.change(name, |property| tell(&mut property.told));
        }
    }

    /// What is said of a member, by its key.
    #[inline]
    pub(super) fn of(&self, key: Node<'_, '_>) -> Option<&Property> {
        if key.is_escaped() {
            // A key that is written with escapes is the same key.
            return self.table.get(&key.as_str()?);
        }
        self.table.get_headed(key.head(), || key.inside())
    }

    /// How many members must be there.
    pub(super) const fn required_count(&self) -> usize {
        self.required.len()
    }

    /// The first of those that must be there and are not.
    pub(super) fn missing(&self, object: Node<'_, '_>) -> Option<&str> {
        let is_there = |name: &str| {
            object.members().any(|(key, _)| key.as_str().is_some_and(|key| key == name))
        };
        self.required.iter().map(String::as_str).find(|name| !is_there(name))
    }
}
