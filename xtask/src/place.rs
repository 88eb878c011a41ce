//! Where things are: the repository, what is built, and what is kept for all
//! clones of this user (tools, chDB).

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};

/// The folders that xtask works with.
#[derive(Clone, Debug)]
pub struct Place {
    /// The repository.
    pub root: PathBuf,
    /// cargo's target folder.
    pub target: PathBuf,
    /// What is downloaded or installed once a user: `TIDEMARK_CACHE`, else
    /// `$XDG_CACHE_HOME/tidemark`, else `~/.cache/tidemark`.
    pub cache: PathBuf,
}

impl Place {
    /// Finds the folders, and puts our tools on PATH for every child process.
    ///
    /// # Errors
    /// When there is no home folder to keep tools in.
    pub fn find() -> Result<Self> {
        // What cargo says now: where xtask was compiled may be another clone, gone since,
        // that shared the target folder with this one.
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest.parent().context("xtask is inside of the repository")?.to_path_buf();
        let target = env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
        let cache = match (env::var_os("TIDEMARK_CACHE"), env::var_os("XDG_CACHE_HOME")) {
            (Some(folder), _) => PathBuf::from(folder),
            (None, Some(folder)) => PathBuf::from(folder).join("tidemark"),
            (None, None) => env::home_dir()
                .context("no home folder: set TIDEMARK_CACHE to a folder for tools")?
                .join(".cache/tidemark"),
        };
        Ok(Self { root, target, cache })
    }

    /// Where installed tools are.
    pub fn tools(&self) -> PathBuf {
        self.cache.join("tools")
    }

    /// One installed tool.
    pub fn tool(&self, name: &str) -> PathBuf {
        self.tools().join("bin").join(name)
    }

    /// The chDB library, of the version that setup pins.
    pub fn libchdb(&self) -> PathBuf {
        match env::var_os("TIDEMARK_LIBCHDB") {
            Some(file) => PathBuf::from(file),
            None => self.cache.join("chdb").join(crate::setup::CHDB_VERSION).join("libchdb.so"),
        }
    }

    /// PATH with our tools before everything else.
    ///
    /// # Errors
    /// When PATH holds what cannot be joined.
    pub fn path(&self) -> Result<std::ffi::OsString> {
        let old = env::var_os("PATH").unwrap_or_default();
        let ours = [self.tools().join("bin"), self.root.join("node_modules/.bin")];
        Ok(env::join_paths(ours.into_iter().chain(env::split_paths(&old)))?)
    }
}
