//! The catalogues that the collector judges by, kept as the folder is.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use tidemark_core::id::Uuid;
use tidemark_core::validate::{Catalogue, CompileError};

use super::listed::Room;
use super::{Broken, File, Folder, Listed, Schema, Stamp, add};

/// The compiled schemas of every tenant. Readers never wait for a folder.
#[derive(Debug)]
pub struct Registry {
    builtin: Catalogue,
    folder: Option<PathBuf>,
    current: RwLock<Current>,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Current {
    /// For every tenant without schemas of its own.
    shared: Arc<Catalogue>,
    own: HashMap<Uuid, Arc<Catalogue>>,
    /// What both are made of, for an edge.
    listed: Arc<[Listed]>,
}

/// What the folder held when it was looked at last.
#[derive(Debug, Default)]
struct Seen {
    files: BTreeMap<PathBuf, (Stamp, Option<Schema>)>,
    /// Folders that were no tenant's: their tenant may come later.
    unknown: BTreeSet<String>,
    /// Whether the folder could not be listed.
    away: bool,
}

/// What a look at the folder brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// Whether the schemas are others than before.
    pub changed: bool,
    /// How many schemas of tenants are in use.
    pub schemas: usize,
    /// What is wrong, told once, when it was seen first.
    pub complaints: Vec<String>,
}

impl Registry {
    /// The built-in schemas, and those of a folder from the first
    /// [`refresh`](Self::refresh) on.
    ///
    /// # Errors
    /// A built-in schema that does not compile.
    pub fn new(folder: Option<PathBuf>) -> Result<Self, CompileError> {
        let builtin = Catalogue::builtin()?;
        let shared = Arc::new(builtin.clone());
        Ok(Self {
            builtin,
            folder,
            current: RwLock::new(Current { shared, own: HashMap::new(), listed: Arc::default() }),
            seen: Mutex::default(),
        })
    }

    /// The catalogue of a tenant.
    pub fn of(&self, tenant_id: Uuid) -> Arc<Catalogue> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(current.own.get(&tenant_id).unwrap_or(&current.shared))
    }

    /// The schemas in use beside Tidemark's, as an edge is told them.
    pub fn listed(&self) -> Arc<[Listed]> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner).listed)
    }

    /// Looks at the folder, and compiles what has changed. `tenant_of` tells whose a
    /// slug is. When to look is the caller's; a look at a folder that has not changed
    /// lists it and no more.
    pub fn refresh(&self, tenant_of: impl Fn(&str) -> Option<Uuid>) -> Refreshed {
        let Some(path) = &self.folder else { return Refreshed::default() };
        let mut seen = lock(&self.seen);
        let files = Folder::open(path).and_then(|folder| folder.all_files());
        let mut refreshed = Refreshed::default();
        match files {
            Ok(files) => {
                seen.away = false;
                let came = seen.unknown.iter().any(|tenant| tenant_of(tenant).is_some());
                if seen.read(&files, &mut refreshed) || came {
                    self.compile(&mut seen, tenant_of, &mut refreshed);
                }
            }
            // What was read stays, until the folder is there again.
            Err(error) => {
                if !std::mem::replace(&mut seen.away, true) {
                    refreshed.complaints.push(crate::refusal::causes(&error));
                }
            }
        }
        refreshed.schemas = seen.schemas().count();
        refreshed
    }

    fn compile(
        &self,
        seen: &mut Seen,
        tenant_of: impl Fn(&str) -> Option<Uuid>,
        refreshed: &mut Refreshed,
    ) {
        let mut broken = Vec::new();
        let mut room = Room::default();
        let mut listed = Vec::new();
        let mut add = |base, tenant_id, schemas: &mut dyn Iterator<Item = &Schema>| {
            let schemas = room.take(schemas, &mut broken);
            let (catalogue, wrong) = add(base, schemas.iter().copied());
            let used =
                |schema: &&&Schema| !wrong.iter().any(|wrong| wrong.path == schema.file.path);
            listed.extend(schemas.iter().filter(used).map(|schema| Listed {
                tenant_id,
                name: schema.header.name.clone(),
                text: schema.text.as_str().into(),
            }));
            broken.extend(wrong);
            catalogue
        };
        let shared = add(self.builtin.clone(), None, &mut seen.of(None));
        // By path, so that a tenant's files stand together.
        let mut tenants: Vec<&str> =
            seen.schemas().filter_map(|schema| schema.file.tenant.as_deref()).collect();
        tenants.dedup();
        let mut own = HashMap::new();
        let mut unknown = BTreeSet::new();
        for tenant in tenants {
            let Some(id) = Uuid::parse(tenant).or_else(|| tenant_of(tenant)) else {
                unknown.insert(tenant.to_owned());
                continue;
            };
            // A tenant's UUID and its slug may both be there: the later is above.
            let base = own.remove(&id).unwrap_or_else(|| shared.clone());
            own.insert(id, add(base, Some(id), &mut seen.of(Some(tenant))));
        }
        refreshed.complaints.extend(broken.iter().map(Broken::to_string));
        for tenant in unknown.difference(&seen.unknown) {
            refreshed.complaints.push(format!(
                "the folder {tenant} is no tenant's: name it by a tenant's UUID or slug"
            ));
        }
        seen.unknown = unknown;
        refreshed.changed = true;
        let own = own.into_iter().map(|(id, catalogue)| (id, Arc::new(catalogue))).collect();
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Current { shared: Arc::new(shared), own, listed: listed.into() };
    }
}

impl Seen {
    /// Every schema that can be used, by path.
    fn schemas(&self) -> impl Iterator<Item = &Schema> {
        self.files.values().filter_map(|(_, schema)| schema.as_ref())
    }

    /// Those of one folder.
    fn of<'s>(&'s self, tenant: Option<&'s str>) -> impl Iterator<Item = &'s Schema> {
        self.schemas().filter(move |schema| schema.file.tenant.as_deref() == tenant)
    }

    /// Reads the files that are new or other; true when the schemas have changed.
    fn read(&mut self, files: &[File], refreshed: &mut Refreshed) -> bool {
        let before = self.files.len();
        self.files.retain(|path, _| files.iter().any(|file| file.path == *path));
        let mut changed = self.files.len() != before;
        for file in files {
            let known = self.files.get(&file.path);
            if known.is_some_and(|(stamp, _)| *stamp == file.stamp) {
                continue;
            }
            let earlier = known.and_then(|(_, schema)| schema.clone());
            let schema = match file.read().and_then(compiled) {
                Ok(schema) => {
                    changed |= earlier.as_ref().is_none_or(|earlier| earlier.text != schema.text);
                    Some(schema)
                }
                Err(broken) => {
                    let stays = if earlier.is_some() { "; the earlier version stays" } else { "" };
                    refreshed.complaints.push(format!("{broken}{stays}"));
                    earlier
                }
            };
            self.files.insert(file.path.clone(), (file.stamp, schema));
        }
        changed
    }
}

/// Tries a schema alone, so that one that cannot be compiled does not take the place
/// of an earlier one that can.
fn compiled(schema: Schema) -> Result<Schema, Broken> {
    let broken =
        |error: CompileError| Broken { path: schema.file.path.clone(), what: error.to_string() };
    let builtin = Catalogue::builtin().map_err(broken)?;
    builtin.with(&schema.header.name, &schema.text).map_err(broken)?;
    Ok(schema)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
