//! The folder of schemas, as it stands on the disk.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tidemark_core::id::Uuid;
use tidemark_core::validate::SCHEMA_MAX_BYTES;

use super::{FILES_MAX, Header, TENANTS_MAX};

/// Why a folder of schemas cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It is not there, or cannot be listed.
    #[error("cannot read the folder of schemas {path}", path = path.display())]
    Read {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There are more files or tenants than are read.
    #[error("{path} holds more than {max} {what}; that many are read", path = path.display())]
    TooMany {
        /// The folder.
        path: PathBuf,
        /// How many are read.
        max: usize,
        /// Files, or tenants' folders.
        what: &'static str,
    },
    /// The tenant's name cannot be a folder's.
    #[error("`{0}` is no tenant: expected a UUID, or a slug of lower-case letters, digits and -")]
    Tenant(String),
}

/// A schema's file that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {what}", path = path.display())]
pub struct Broken {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub what: String,
}

/// What tells whether a file is still the same: a file that is replaced is another
/// one, even within the clock's grain and with the same length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    inode: u64,
    length: u64,
    modified: Option<SystemTime>,
}

/// A file that should hold a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where it is.
    pub path: PathBuf,
    /// The tenant's folder; `None` for a file that counts for every tenant.
    pub tenant: Option<String>,
    /// What it was when it was listed.
    pub stamp: Stamp,
}

/// A schema that was read, not yet compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The file.
    pub file: File,
    /// What it says of itself.
    pub header: Header,
    /// The schema as JSON text.
    pub text: String,
}

/// A folder of schemas.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// A folder that is there.
    ///
    /// # Errors
    /// [`FolderError::Read`].
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let folder = Self { path: path.to_owned() };
        fs::read_dir(path).map_err(|source| folder.cannot(path, source))?;
        Ok(folder)
    }

    /// Where a schema of that name belongs.
    ///
    /// # Errors
    /// [`FolderError::Tenant`].
    pub fn place(&self, tenant: Option<&str>, event_name: &str) -> Result<PathBuf, FolderError> {
        let file = format!("{event_name}.json");
        Ok(match tenant {
            None => self.path.join(file),
            Some(tenant) => self.path.join(folder_name(tenant)?).join(file),
        })
    }

    /// The files for every tenant, then those of the tenant, by name.
    ///
    /// # Errors
    /// [`FolderError`]. A tenant without a folder has no files.
    pub fn files(&self, tenant: Option<&str>) -> Result<Vec<File>, FolderError> {
        let mut files = self.list(None)?;
        if let Some(tenant) = tenant {
            let tenant = folder_name(tenant)?;
            if self.path.join(&tenant).is_dir() {
                files.extend(self.list(Some(&tenant))?);
            }
        }
        Ok(files)
    }

    /// Every file: those for every tenant, then the tenants', by name.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn all_files(&self) -> Result<Vec<File>, FolderError> {
        let mut files = self.list(None)?;
        for tenant in self.tenants()? {
            files.extend(self.list(Some(&tenant))?);
        }
        Ok(files)
    }

    /// The tenants' folders. Folders whose name is no tenant's are somebody else's.
    fn tenants(&self) -> Result<BTreeSet<String>, FolderError> {
        let mut tenants = BTreeSet::new();
        for entry in self.entries(&self.path)? {
            let name = entry.file_name();
            if let Some(name) = name.to_str()
                && folder_name(name).is_ok_and(|folder| folder == name)
                && entry.path().is_dir()
            {
                if tenants.len() == TENANTS_MAX {
                    return Err(self.too_many(&self.path, TENANTS_MAX, "tenants"));
                }
                tenants.insert(name.to_owned());
            }
        }
        Ok(tenants)
    }

    fn list(&self, tenant: Option<&str>) -> Result<Vec<File>, FolderError> {
        let folder = tenant.map_or_else(|| self.path.clone(), |tenant| self.path.join(tenant));
        let mut files = Vec::new();
        for entry in self.entries(&folder)? {
            let path = entry.path();
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if hidden || path.extension().is_none_or(|ending| ending != "json") {
                continue;
            }
            // One that vanished since is not there.
            let Some(stamp) = Stamp::of(&path) else { continue };
            if files.len() == FILES_MAX {
                return Err(self.too_many(&folder, FILES_MAX, "files"));
            }
            files.push(File { path, tenant: tenant.map(str::to_owned), stamp });
        }
        files.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(files)
    }

    fn entries(&self, folder: &Path) -> Result<Vec<fs::DirEntry>, FolderError> {
        let entries = fs::read_dir(folder).and_then(Iterator::collect);
        entries.map_err(|source| self.cannot(folder, source))
    }

    fn cannot(&self, path: &Path, source: io::Error) -> FolderError {
        FolderError::Read { path: path.to_owned(), source }
    }

    fn too_many(&self, path: &Path, max: usize, what: &'static str) -> FolderError {
        FolderError::TooMany { path: path.to_owned(), max, what }
    }
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
        Some(Self {
            inode: metadata.ino(),
            length: metadata.len(),
            modified: metadata.modified().ok(),
        })
    }
}

impl File {
    /// Reads the schema, within its bound.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn read(&self) -> Result<Schema, Broken> {
        let broken = |what: String| Broken { path: self.path.clone(), what };
        let mut bytes = Vec::new();
        fs::File::open(&self.path)
            .and_then(|file| file.take(SCHEMA_MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
            .map_err(|error| broken(format!("cannot be read: {error}")))?;
        let text = String::from_utf8(bytes).map_err(|_| broken("is not UTF-8".to_owned()))?;
        if text.len() > SCHEMA_MAX_BYTES {
            return Err(broken("is larger than 32 KB".to_owned()));
        }
        let header = Header::read(&text).map_err(|what| broken(what.to_owned()))?;
        Ok(Schema { file: self.clone(), header, text })
    }
}

/// A tenant's name as its folder's: a UUID in lower case, or a slug.
fn folder_name(tenant: &str) -> Result<String, FolderError> {
    if let Some(id) = Uuid::parse(tenant) {
        let mut name = String::with_capacity(36);
        id.push_to(&mut name);
        return Ok(name);
    }
    let is_slug = !tenant.is_empty()
        && tenant.len() <= 128
        && tenant.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if is_slug { Ok(tenant.to_owned()) } else { Err(FolderError::Tenant(tenant.to_owned())) }
}
