//! Which Durable Object remembers a batch's ids.
//!
//! A tenant has 128 shards: a resend comes by the same one, because it is chosen
//! by the batch's one visitor, else by what the sender calls the batch. At 800
//! requests/s an object, two a batch, they carry 51,200 batches/s. Where one process
//! holds all of them, they share its one thread, and fewer do: each is a file, some
//! 200 KB of SQLite while it is awake, a commit of its own, and told by a call of its own.

use tidemark_core::batch::Batch;
use tidemark_core::id::Uuid;
use tidemark_core::json::Node;

/// Shards of one tenant, unless `TIDEMARK_DEDUPE_SHARDS` says otherwise.
pub const SHARDS: u16 = 128;
/// The most that may be set: 800 calls/s each are eight times what one tenant needs at
/// 1,000,000 events a second.
pub const SHARDS_MAX: u16 = 1_024;

/// The visitor whom every event of a batch names, by anonymous_id, else by
/// user_id. `None` when two differ or one names nobody.
pub fn one_visitor<'a>(batch: &Batch<'a>) -> Option<&'a str> {
    let mut visitors = batch.nodes().map(|event| {
        ["anonymous_id", "user_id"].into_iter().find_map(|field| event.get(field)).map(Node::raw)
    });
    let first = visitors.next()??;
    visitors.all(|visitor| visitor == Some(first)).then_some(first)
}

/// The name of the object for a tenant and whatever stays the same in a resend; `shards`
/// is a power of two, because a hash is masked with it.
pub fn name(tenant_id: Uuid, stays_same: &str, shards: u16) -> String {
    let [.., high, low] = Uuid::v5(tenant_id, stays_same.as_bytes()).0;
    let shard = u16::from_be_bytes([high, low]) & shards.wrapping_sub(1);
    format!("{tenant_id}/{shard:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemark_core::batch::Form;

    fn visitor(events: &str) -> Option<String> {
        let body = format!(r#"{{"events":{events}}}"#);
        let batch = Batch::read(body.as_bytes(), Form::Batch).unwrap();
        one_visitor(&batch).map(Into::into)
    }

    #[test]
    fn one_visitor_or_none() {
        let one = r#"[{"anonymous_id":"a"},{"anonymous_id":"a","user_id":"u"}]"#;
        assert_eq!(visitor(one).as_deref(), Some("\"a\""));
        assert_eq!(visitor(r#"[{"user_id":"u"}]"#).as_deref(), Some("\"u\""));
        for none in
            ["[]", "[{}]", "[1]", r#"[{"user_id":"u"},{}]"#, r#"[{"user_id":"u"},{"user_id":"v"}]"#]
        {
            assert_eq!(visitor(none), None, "{none}");
        }
    }

    #[test]
    fn names_stay_within_the_tenant_and_the_shards() {
        let tenant = Uuid([9; 16]);
        for shards in [1, 32, SHARDS, SHARDS_MAX] {
            let names: std::collections::BTreeSet<_> =
                (0..20_000).map(|n| name(tenant, &n.to_string(), shards)).collect();
            assert_eq!(names.len(), usize::from(shards), "all shards are used, no others");
            let of_tenant = "09090909-0909-0909-0909-090909090909/";
            assert!(names.iter().all(|name| name.starts_with(of_tenant)));
        }
        assert_eq!(name(tenant, "x", SHARDS), name(tenant, "x", SHARDS));
    }
}
