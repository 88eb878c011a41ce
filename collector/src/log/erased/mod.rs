//! Whose data was erased: what ingest, import and replay ask before they take an event.
//!
//! Owns the file `log/erased/people`: for each erased person a keyed hash and the
//! time up to which events are gone. The key is random and made with the file; no
//! identifier is kept. The file is replaced whole, so that after a crash there is
//! the one before or the new one.
//!
//! What always holds:
//! * a person is durably here before anything of theirs is deleted, so that nothing
//!   comes in behind a deletion;
//! * while an erasure is under way every event of the person is refused, whenever it
//!   occurred; once it is finished, those that occurred (or were received) before its
//!   end;
//! * who was told to be here is refused by every batch that begins afterwards, and
//!   [`Turn::has_passed`] says when those that had begun before have ended.
//!
//! Deliberately absent: what is deleted where ([`crate::process::erase`]).

mod passage;
mod people;

pub use passage::{Passage, Turn};
pub use people::{ErasedError, ErasedPeople, FOLDER, PEOPLE_MAX, PersonKey};
