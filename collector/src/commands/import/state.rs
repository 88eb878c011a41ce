//! How far an import is: a small file beside the source, replaced after each batch
//! that was acknowledged.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tidemark_core::verdict::{Tally, Verdict};
use uuid::Uuid;

use super::CommandError;
use super::source::Source;

const VERSION: u32 = 1;

/// How far it is.
pub(super) struct State {
    /// None for standard input.
    path: Option<PathBuf>,
    saved: Saved,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    version: u32,
    /// SHA-256 of the content.
    digest: Option<String>,
    /// What ids are made of.
    name: String,
    tenant_id: Uuid,
    site_id: Uuid,
    /// Records that are dealt with, from the beginning on.
    records: u64,
    /// Bytes of the file of rejects that belong to them.
    rejects_bytes: u64,
    accepted: u64,
    duplicate: u64,
    rejected: u64,
    dropped: u64,
    done: bool,
}

impl State {
    /// Goes on where the same import was left, or begins.
    ///
    /// # Errors
    /// When the state that is there is another import's: the file has changed since,
    /// or goes to another site.
    pub(super) fn open(
        source: &Source,
        name: &str,
        digest: Option<String>,
        (tenant_id, site_id): (Uuid, Uuid),
        restart: bool,
    ) -> Result<Self, CommandError> {
        let path = source.is_file().then(|| source.beside("import.json"));
        let begin = Saved {
            version: VERSION,
            digest,
            name: name.to_owned(),
            tenant_id,
            site_id,
            records: 0,
            rejects_bytes: 0,
            accepted: 0,
            duplicate: 0,
            rejected: 0,
            dropped: 0,
            done: false,
        };
        let there = path.as_deref().filter(|path| !restart && path.exists());
        let Some(there) = there else { return Ok(Self { path, saved: begin }) };
        let text = fs::read(there).map_err(|source| used(there, source))?;
        let wrong = |why: &str| {
            let shown = there.display();
            CommandError::Wrong(format!("{shown} is {why}; --restart begins again"))
        };
        let saved: Saved = serde_json::from_slice(&text)
            .ok()
            .filter(|saved: &Saved| saved.version == VERSION)
            .ok_or_else(|| wrong("no state that this version can read"))?;
        if saved.digest != begin.digest || saved.name != begin.name {
            return Err(wrong("the state of another content, or of another --batch-id"));
        }
        if (saved.tenant_id, saved.site_id) != (tenant_id, site_id) {
            return Err(wrong("the state of an import to another site"));
        }
        Ok(Self { path, saved })
    }

    pub(super) const fn is_done(&self) -> bool {
        self.saved.done
    }

    pub(super) const fn is_clean(&self) -> bool {
        self.saved.rejected == 0 && self.saved.dropped == 0
    }

    pub(super) const fn records(&self) -> u64 {
        self.saved.records
    }

    pub(super) const fn rejects_bytes(&self) -> u64 {
        self.saved.rejects_bytes
    }

    pub(super) fn count(&mut self, verdict: Verdict, count: u64) {
        *match verdict {
            Verdict::Accepted => &mut self.saved.accepted,
            Verdict::Duplicate => &mut self.saved.duplicate,
            Verdict::Rejected => &mut self.saved.rejected,
            Verdict::Dropped => &mut self.saved.dropped,
        } += count;
    }

    /// Records that everything up to a record is dealt with.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn advance(&mut self, records: u64, rejects_bytes: u64) -> Result<(), CommandError> {
        self.saved.records = records;
        self.saved.rejects_bytes = rejects_bytes;
        self.save()
    }

    /// Records the end.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn finish(&mut self) -> Result<(), CommandError> {
        self.saved.done = true;
        self.save()
    }

    /// Replaces the file. What a power loss takes of it is sent again, and found to be
    /// stored: it need not be synced.
    fn save(&self) -> Result<(), CommandError> {
        let Some(path) = &self.path else { return Ok(()) };
        let text = serde_json::to_vec(&self.saved)
            .map_err(|error| CommandError::Wrong(error.to_string()))?;
        let aside = path.with_extension("json.part");
        fs::write(&aside, text).map_err(|source| used(&aside, source))?;
        fs::rename(&aside, path).map_err(|source| used(path, source))
    }

    /// One line of JSON.
    pub(super) fn summary(&self, rejects: &Path) -> String {
        let Saved { records, accepted, duplicate, rejected, dropped, .. } = self.saved;
        let tally = Tally { accepted, duplicate, rejected, dropped };
        let rejects = rejects.exists().then(|| rejects.display().to_string());
        serde_json::json!({
            "records": records,
            "accepted": tally.accepted,
            "duplicate": tally.duplicate,
            "rejected": tally.rejected,
            "dropped": tally.dropped,
            "rejects": rejects,
        })
        .to_string()
    }
}

fn used(path: &Path, source: std::io::Error) -> CommandError {
    CommandError::Use { path: path.display().to_string(), source }
}
