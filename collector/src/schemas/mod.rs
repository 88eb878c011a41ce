//! Event schemas of a tenant's own: a folder of files, compiled at run time.
//!
//! `DIR/<event.name>.json` counts for every tenant, `DIR/<tenant>/<event.name>.json`
//! (the tenant's UUID or slug) for that tenant alone, above the former. `folder`
//! finds and reads the files, `header` reads what a schema says of itself, and
//! [`Registry`] holds the compiled catalogues that the collector judges by.
//!
//! Always true: a file that cannot be used is named and changes nothing: what was
//! read of it before stays. Tidemark's own events cannot be replaced.
//!
//! What the collector judges by, the edge does: the list of sites carries every schema that is
//! in use ([`Listed`]), and no more are in use than it may carry.
//!
//! Writing is `tidemark schema register`'s alone.

mod folder;
mod header;
mod listed;
mod registry;
#[cfg(test)]
mod tests;

pub use folder::{Broken, File, Folder, FolderError, Schema, Stamp};
pub use header::Header;
pub use listed::Listed;
pub use registry::{Refreshed, Registry};

use std::collections::BTreeMap;

use tidemark_core::validate::Catalogue;

/// Files of one folder that are read; further ones are refused by name. 500 of 32 KB
/// are 16 MB of text, and about three times that compiled.
pub const FILES_MAX: usize = 500;

/// Tenants with a subfolder. Each has a catalogue of its own beside the shared one:
/// 200 of about half a megabyte are 100 MB.
pub const TENANTS_MAX: usize = 200;

/// Adds schemas to a catalogue, one after the other; what cannot be added comes back.
pub fn add<'s>(
    mut catalogue: Catalogue,
    schemas: impl IntoIterator<Item = &'s Schema>,
) -> (Catalogue, Vec<Broken>) {
    let mut broken = Vec::new();
    let mut seen: BTreeMap<&str, &Schema> = BTreeMap::new();
    for schema in schemas {
        let name = schema.header.name.as_str();
        // The same event in the tenant's folder is above the shared one.
        if let Some(first) = seen.get(name)
            && first.file.tenant == schema.file.tenant
        {
            let what =
                format!("the event {name} has a file already: {}", first.file.path.display());
            broken.push(Broken { path: schema.file.path.clone(), what });
            continue;
        }
        match catalogue.insert(name, &schema.text) {
            Ok(()) => {
                seen.insert(name, schema);
            }
            Err(error) => {
                let what = error.to_string();
                broken.push(Broken { path: schema.file.path.clone(), what });
            }
        }
    }
    (catalogue, broken)
}
