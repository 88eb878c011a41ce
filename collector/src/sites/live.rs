//! Keeps the directory of a running collector fresh.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use super::{Database, Directory, SitesError};
use crate::limits::{KEY_USE_INTERVAL, SITES_REFRESH_INTERVAL};
use crate::refusal::causes;

/// The database, and the copy of it that decides.
#[derive(Debug)]
pub struct Sites {
    database: Database,
    current: RwLock<Arc<Directory>>,
}

impl Sites {
    /// Reads the directory for the first time.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn new(database: Database) -> Result<Self, SitesError> {
        let current = RwLock::new(Arc::new(Directory::read(&database).await?));
        Ok(Self { database, current })
    }

    /// The present directory.
    pub fn directory(&self) -> Arc<Directory> {
        // Nothing panics while it holds the lock; and if, the copy is whole.
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The database, for changes.
    pub const fn database(&self) -> &Database {
        &self.database
    }

    /// Reads the directory again when the database's version has moved on.
    ///
    /// # Errors
    /// When the database cannot be read; the old copy stays.
    pub async fn refresh(&self) -> Result<(), SitesError> {
        let old = self.directory();
        if self.database.version().await? == old.version() {
            return Ok(());
        }
        let fresh = Arc::new(Directory::read(&self.database).await?);
        tracing::info!(version = fresh.version(), "sites and keys have changed");
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        self.database.note_used(&old.take_uses()).await
    }

    /// Refreshes, and notes when keys were used, for as long as it is polled.
    pub async fn keep_fresh(&self) {
        let mut refresh = tokio::time::interval(SITES_REFRESH_INTERVAL);
        let mut note = tokio::time::interval(KEY_USE_INTERVAL);
        for interval in [&mut refresh, &mut note] {
            interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            interval.tick().await;
        }
        loop {
            let done = tokio::select! {
                _ = refresh.tick() => self.refresh().await,
                _ = note.tick() => self.note_uses().await,
            };
            if let Err(error) = done {
                // What is known stays known: the collector goes on by it.
                tracing::warn!(cause = causes(&error), "cannot refresh sites and keys");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }

    /// Notes what was used, and closes the database.
    pub async fn close(&self) {
        if let Err(error) = self.note_uses().await {
            tracing::warn!(cause = causes(&error), "cannot note when keys were used");
        }
        self.database.close().await;
    }

    async fn note_uses(&self) -> Result<(), SitesError> {
        let uses = self.directory().take_uses();
        if uses.is_empty() { Ok(()) } else { self.database.note_used(&uses).await }
    }
}
