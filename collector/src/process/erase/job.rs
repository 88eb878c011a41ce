//! What is kept of an erasure: a job while it is under way, a receipt afterwards.
//!
//! Both are [sealed](crate::sealed) files beside the erased people. A job holds the
//! identifiers, because the rows are found by them; it is removed when the receipt is
//! durable, and the receipt holds none.

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::disk::Disk;
use crate::log::erased::{ErasedError, ErasedPeople, FOLDER, PersonKey};
use crate::planted::{Bug, active};
use crate::sealed::{self, SealedError};
use crate::store::Person;

const JOB: &str = "erasure-job";
const RECEIPT: &str = "erasure-receipt";
const VERSION: u16 = 1;

/// Which id a person was named by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelectedBy {
    /// A user.
    UserId,
    /// A visitor.
    AnonymousId,
}

/// Who is to be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The erasure's own id.
    pub erasure_id: Uuid,
    /// Named by a user_id or an anonymous_id; companions are found.
    pub person: Person,
}

/// An erasure under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// Its id.
    pub erasure_id: Uuid,
    /// The organisation.
    pub tenant_id: Uuid,
    /// Which id the person was named by.
    pub selected_by: SelectedBy,
    /// The forms of the user_id.
    pub user_ids: Vec<String>,
    /// The visitors.
    pub anonymous_ids: Vec<Uuid>,
    /// Whether the visitors of the user are found.
    pub named: bool,
    /// When it was asked for, Unix milliseconds.
    pub asked_at_ms: i64,
    /// It ends at this time at the earliest, Unix milliseconds: the end of an erasure of
    /// the same person before, from when on a clock may have been set back.
    pub ends_from_ms: i64,
    /// Rows that were there, table by table; of `dead_letters` the letters.
    pub rows: BTreeMap<String, u64>,
    /// Entries of the log that were there.
    pub log_entries: u64,
    /// Segments that were rewritten.
    pub log_segments: u64,
    /// Places of the log that cannot be read, and so not be searched.
    pub log_unreadable: u64,
}

/// An erasure that is finished. No identifier is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Its id.
    pub erasure_id: Uuid,
    /// The organisation.
    pub tenant_id: Uuid,
    /// Which id the person was named by.
    pub selected_by: SelectedBy,
    /// The keyed hash of the person by which later events are refused.
    pub person: String,
    /// How many visitors were erased.
    pub visitors: u64,
    /// When it was asked for, Unix milliseconds.
    pub asked_at_ms: i64,
    /// When it was finished, Unix milliseconds: what occurred before is refused.
    pub finished_at_ms: i64,
    /// Rows that were deleted, table by table; of `dead_letters` the letters.
    pub rows: BTreeMap<String, u64>,
    /// Entries of the log whose content is gone.
    pub log_entries: u64,
    /// Segments that were rewritten.
    pub log_segments: u64,
    /// Places of the log that could not be read, and so not be searched: the
    /// collector's log names them.
    pub log_unreadable: u64,
    /// What was found when all of it was looked for again: zeros.
    pub remaining: BTreeMap<String, u64>,
}

fn job_path(erasure_id: Uuid) -> String {
    format!("{FOLDER}/{erasure_id}.job")
}

fn receipt_path(erasure_id: Uuid) -> String {
    format!("{FOLDER}/{erasure_id}.receipt")
}

impl Job {
    /// Writes down what is asked for, durably. Asking for the same again, while it is
    /// under way or finished, changes nothing.
    ///
    /// # Errors
    /// The disk's own.
    pub fn begin(
        disk: &dyn Disk,
        people: &ErasedPeople,
        request: &Request,
        now_ms: i64,
    ) -> io::Result<Self> {
        let Request { erasure_id, person } = request;
        let selected_by = match person.user_ids.as_slice() {
            [] => SelectedBy::AnonymousId,
            _ => SelectedBy::UserId,
        };
        let mut job = Self {
            erasure_id: *erasure_id,
            tenant_id: person.tenant_id,
            selected_by,
            user_ids: person.user_ids.clone(),
            anonymous_ids: person.anonymous_ids.clone(),
            named: selected_by == SelectedBy::AnonymousId,
            asked_at_ms: now_ms,
            ends_from_ms: now_ms,
            rows: BTreeMap::new(),
            log_entries: 0,
            log_segments: 0,
            log_unreadable: 0,
        };
        job.note_times(people);
        disk.create_folder(FOLDER)?;
        job.write(disk)?;
        Ok(job)
    }

    pub(super) fn write(&self, disk: &dyn Disk) -> io::Result<()> {
        sealed::write(disk, &job_path(self.erasure_id), JOB, VERSION, self)
    }

    /// The person, as far as it is known.
    pub fn person(&self) -> Person {
        Person {
            tenant_id: self.tenant_id,
            user_ids: self.user_ids.clone(),
            anonymous_ids: self.anonymous_ids.clone(),
        }
    }

    /// Whether it is about the same person as a request.
    pub fn is_about(&self, person: &Person) -> bool {
        let named = match self.selected_by {
            SelectedBy::UserId => self.user_ids == person.user_ids,
            SelectedBy::AnonymousId => {
                person.user_ids.is_empty() && self.anonymous_ids == person.anonymous_ids
            }
        };
        self.tenant_id == person.tenant_id && named
    }

    /// The hashes of everyone that it names.
    pub(super) fn keys(&self, people: &ErasedPeople) -> Vec<PersonKey> {
        let users = self.user_ids.iter().map(|user_id| people.user(self.tenant_id, user_id));
        let visitors = self.anonymous_ids.iter().map(|id| people.visitor(self.tenant_id, *id));
        users.chain(visitors).collect()
    }

    /// Notes until when whom it names was erased before. While they are closed nobody
    /// else knows, so that it is noted, durably, before.
    pub(super) fn note_times(&mut self, people: &ErasedPeople) {
        let before_ms = people.erased_until_ms(&self.keys(people)).unwrap_or(i64::MIN);
        self.ends_from_ms = self.ends_from_ms.max(before_ms);
    }

    /// Counts what was found, without forgetting what was found before a crash.
    pub(super) fn count(&mut self, table: &str, rows: u64) {
        let counted = self.rows.entry(table.to_owned()).or_default();
        *counted = rows.max(*counted);
    }

    /// Removes the job, and with it the identifiers, durably.
    pub(super) fn remove(&self, disk: &dyn Disk) -> io::Result<()> {
        match disk.remove(&job_path(self.erasure_id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        disk.sync_folder(FOLDER)
    }
}

impl Receipt {
    pub(super) fn write(&self, disk: &dyn Disk) -> io::Result<()> {
        sealed::write(disk, &receipt_path(self.erasure_id), RECEIPT, VERSION, self)
    }
}

/// The jobs that are under way, by their ids, which grow with time.
///
/// # Errors
/// [`SealedError`]: one is damaged, or of a newer release.
fn jobs(disk: &dyn Disk) -> Result<Vec<Job>, SealedError> {
    if active(Bug::ErasureNotResumed) {
        return Ok(Vec::new());
    }
    let names = disk
        .list(FOLDER)
        .map_err(|source| SealedError::Disk { path: FOLDER.to_owned(), source })?;
    let jobs = names.iter().filter(|name| name.ends_with(".job"));
    jobs.map(|name| sealed::read(disk, &format!("{FOLDER}/{name}"), JOB, VERSION)).collect()
}

/// The jobs that a restart takes up. Their people are closed before anything is taken
/// in: one may have died between the job and that.
///
/// # Errors
/// [`TakeUpError`]: nothing may be taken in.
pub fn take_up(disk: &dyn Disk, people: &ErasedPeople) -> Result<Vec<Job>, TakeUpError> {
    let jobs = jobs(disk)?;
    for job in &jobs {
        if receipt(disk, job.erasure_id)?.is_none() {
            people.close(disk, &job.keys(people))?;
        }
    }
    Ok(jobs)
}

/// Whether erasures are under way. A deletion that the process before has sent may begin
/// late, and would take rows out of a block that is in doubt: the writers begin after
/// [`crate::limits::FENCE_GRACE`] then.
///
/// # Errors
/// [`SealedError`].
pub fn are_under_way(disk: &dyn Disk) -> Result<bool, SealedError> {
    Ok(!jobs(disk)?.is_empty())
}

/// Why erasures cannot be taken up.
#[derive(Debug, thiserror::Error)]
pub enum TakeUpError {
    /// A job or receipt.
    #[error(transparent)]
    File(#[from] SealedError),
    /// The erased people.
    #[error(transparent)]
    People(#[from] ErasedError),
}

/// The receipt of a finished erasure; `None` when there is none.
///
/// # Errors
/// [`SealedError`].
pub fn receipt(disk: &dyn Disk, erasure_id: Uuid) -> Result<Option<Receipt>, SealedError> {
    match sealed::read(disk, &receipt_path(erasure_id), RECEIPT, VERSION) {
        Ok(receipt) => Ok(Some(receipt)),
        Err(SealedError::Missing { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
