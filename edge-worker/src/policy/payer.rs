//! Whose limit a batch is charged to, and which object keeps it.
//!
//! A tenant's persons are spread over 256 objects by a hash of tenant and person,
//! and a batch asks one of them once: at 800 requests/s an object they carry 204,800
//! batches/s of one tenant. An object for every person would be a file for every
//! person on a self-hosted edge.

use tidemark_core::batch::Batch;
use tidemark_core::id::Uuid;
use tidemark_core::json::Node;
use tidemark_core::judge::Site;

/// Events of one person in a minute, where the site says nothing: ten times what a
/// page of a busy visitor sends.
pub const PERSON_EVENTS_PER_MINUTE: u32 = 1_000;

/// Events of one tenant in a minute, where the tenant says nothing: 10,000 a second.
pub const TENANT_EVENTS_PER_MINUTE: u32 = 600_000;

/// A bucket, where it is, and its rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payer {
    /// What it is called in an isolate.
    pub id: Uuid,
    /// Its rate.
    pub per_minute: u32,
    tenant_id: Uuid,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Tenant,
    Person,
    /// Whoever sends by this write key.
    Key(String),
}

impl Payer {
    /// The name of the object.
    pub fn object(&self) -> String {
        let tenant_id = self.tenant_id;
        match &self.kind {
            Kind::Tenant => format!("{tenant_id}/tenant"),
            Kind::Person => format!("{tenant_id}/person/{:02x}", self.id.0.last().unwrap_or(&0)),
            Kind::Key(write_key) => format!("{tenant_id}/key/{write_key}"),
        }
    }

    /// The bucket's name there.
    pub fn bucket(&self) -> String {
        match &self.kind {
            Kind::Tenant => String::from("tenant"),
            Kind::Person => self.id.to_string(),
            Kind::Key(_) => String::from("key"),
        }
    }
}

/// The rate of a site's tenant.
pub fn tenant_per_minute(site: &Site) -> u32 {
    site.limits.tenant_events_per_minute.unwrap_or(TENANT_EVENTS_PER_MINUTE)
}

/// Where shares of a tenant's limit are leased.
pub fn tenant(site: &Site) -> Payer {
    Payer {
        id: site.tenant_id,
        per_minute: tenant_per_minute(site),
        tenant_id: site.tenant_id,
        kind: Kind::Tenant,
    }
}

/// Who pays for a batch: the one person whom all of its events name (by user_id,
/// else by anonymous_id, else by the caller's network); for a mixed batch, which
/// servers send, all that comes by its write key, at the tenant's rate.
pub fn of_batch(site: &Site, batch: &Batch<'_>, network: Option<&str>) -> Payer {
    let mut persons = batch.nodes().map(|event| person(event, network));
    let tenant_id = site.tenant_id;
    let first = persons.next();
    match first {
        Some(first) if persons.all(|person| person == first) => {
            let (kind, name) = first;
            Payer {
                id: Uuid::v5(tenant_id, format!("{kind}\n{name}").as_bytes()),
                per_minute: site
                    .limits
                    .person_events_per_minute
                    .unwrap_or(PERSON_EVENTS_PER_MINUTE),
                tenant_id,
                kind: Kind::Person,
            }
        }
        _ => Payer {
            id: Uuid::v5(tenant_id, format!("key\n{}", site.write_key).as_bytes()),
            per_minute: tenant_per_minute(site),
            tenant_id,
            kind: Kind::Key(site.write_key.clone()),
        },
    }
}

/// What an event names its sender by. The hash keeps what a name is: it is stored
/// in no clear form.
fn person<'a>(event: Node<'_, 'a>, network: Option<&'a str>) -> (&'static str, &'a str) {
    let named = |field| event.get(field).map(Node::raw).filter(|raw| *raw != "null");
    match (named("user_id"), named("anonymous_id")) {
        (Some(user), _) => ("user", user),
        (None, Some(visitor)) => ("visitor", visitor),
        (None, None) => ("network", network.unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemark_core::batch::Form;

    fn payer(events: &str, network: Option<&str>) -> Payer {
        let mut site = Site { tenant_id: Uuid([7; 16]), write_key: "wk".into(), ..Site::default() };
        site.limits.tenant_events_per_minute = Some(5_000);
        let body = format!(r#"{{"events":{events}}}"#);
        of_batch(&site, &Batch::read(body.as_bytes(), Form::Batch).unwrap(), network)
    }

    #[test]
    fn one_person_pays_for_a_batch_of_one() {
        let user = payer(r#"[{"user_id":"u","anonymous_id":"a"},{"user_id":"u"}]"#, None);
        assert_eq!(user.per_minute, 1_000);
        assert!(user.object().starts_with("07070707-0707-0707-0707-070707070707/person/"));
        let visitor = payer(r#"[{"user_id":null,"anonymous_id":"u"}]"#, None);
        assert_ne!(visitor.bucket(), user.bucket(), "a visitor is no user");
        let network = payer("[{},7]", Some("192.0.2.0/24"));
        assert_eq!(network, payer("[{}]", Some("192.0.2.0/24")));
        assert_ne!(network.bucket(), payer("[{}]", Some("192.0.3.0/24")).bucket());
    }

    #[test]
    fn the_key_pays_for_a_mixed_batch_at_the_tenants_rate() {
        let mixed = payer(r#"[{"user_id":"u"},{"user_id":"v"}]"#, None);
        assert_eq!((mixed.bucket().as_str(), mixed.per_minute), ("key", 5_000));
        assert!(mixed.object().ends_with("/key/wk"));
    }
}
