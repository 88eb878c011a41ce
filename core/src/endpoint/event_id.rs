//! The id of an event that came without one.
//!
//! With a batch_id (or an Idempotency-Key) it is derived, so that the same call
//! sent again gives the same ids and is recognised. Without either a fresh one
//! is made: a retry is then a new event.

use alloc::format;

use crate::id::Uuid;

/// Derives the id of the event at `index` of the batch that the sender calls
/// `batch_name`.
pub fn derive(tenant_id: Uuid, batch_name: &str, index: usize) -> Uuid {
    Uuid::v5(tenant_id, format!("{batch_name}\n{index}").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_place_gives_the_same_id() {
        let tenant = Uuid([1; 16]);
        assert_eq!(derive(tenant, "b", 0), derive(tenant, "b", 0));
        let others =
            [derive(tenant, "b", 1), derive(tenant, "c", 0), derive(Uuid([2; 16]), "b", 0)];
        assert!(!others.contains(&derive(tenant, "b", 0)));
    }
}
