//! Writes a JSON object member by member.

use alloc::string::String;

use crate::json::write_string;

/// An object under construction. [`Object::close`] ends it.
pub(super) struct Object<'o> {
    out: &'o mut String,
    empty: bool,
}

impl<'o> Object<'o> {
    pub(super) fn open(out: &'o mut String) -> Self {
        out.push('{');
        Self { out, empty: true }
    }

    /// Writes a key as it stands in JSON text: without quotes, still escaped. Its
    /// value is to follow.
    pub(super) fn key(&mut self, key: &str) {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
    }

    pub(super) fn raw(&mut self, key: &str, json: &str) {
        self.key(key);
        self.out.push_str(json);
    }

    pub(super) fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        write_string(self.out, text);
    }

    /// Writes a key and lets its value be written.
    pub(super) fn with(&mut self, key: &str, write: impl FnOnce(&mut String)) {
        self.key(key);
        write(self.out);
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.empty
    }

    pub(super) fn close(self) {
        self.out.push('}');
    }
}
