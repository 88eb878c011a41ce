//! The event schemas of tenants' own, as the list of sites brings them.
//!
//! Always true: what the collector judges by, the edge judges by, as soon as it has the list.
//! Tidemark's own events are looked for first, because nobody may replace them; then the
//! tenant's; then those of every tenant. They are compiled once a list. A list with a schema
//! that this edge cannot compile (a collector that is newer) is taken not at all, as any other
//! that cannot be read: the one before it stays.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use tidemark_core::id::Uuid;
use tidemark_core::json::Node;
use tidemark_core::judge::{EventSchema, Schemas, Settled};
use tidemark_core::validate::{Catalogue, OWN_SCHEMAS_MAX, OWN_SCHEMAS_MAX_BYTES};
use tidemark_core::verdict::Fault;

/// One schema of a list: of one name a later one is above an earlier one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row<'a> {
    tenant_id: Option<Uuid>,
    name: String,
    #[serde(borrow)]
    schema: &'a RawValue,
}

/// The compiled schemas of tenants' own.
#[derive(Clone, Debug, Default)]
pub struct OwnSchemas {
    of_every_tenant: Catalogue,
    of_tenant: BTreeMap<Uuid, Catalogue>,
}

/// The schemas that a tenant's events are held against.
#[derive(Clone, Copy, Debug)]
pub struct TenantSchemas<'a> {
    builtin: &'a Catalogue,
    own: Option<&'a Catalogue>,
    of_every_tenant: &'a Catalogue,
}

impl OwnSchemas {
    /// Compiles a list's schemas.
    ///
    /// # Errors
    /// What is wrong, in words that follow the list's name.
    pub fn compile(rows: &[Row<'_>]) -> Result<Self, String> {
        let bytes = rows.iter().map(|row| row.schema.get().len()).fold(0, usize::saturating_add);
        if rows.len() > OWN_SCHEMAS_MAX || bytes > OWN_SCHEMAS_MAX_BYTES {
            return Err(format!(
                "has {} schemas of {bytes} bytes: more than {OWN_SCHEMAS_MAX} or {OWN_SCHEMAS_MAX_BYTES}",
                rows.len()
            ));
        }
        let mut own = Self::default();
        for row in rows {
            let catalogue = match row.tenant_id {
                Some(tenant_id) => own.of_tenant.entry(tenant_id).or_default(),
                None => &mut own.of_every_tenant,
            };
            let inserted = catalogue.insert(&row.name, row.schema.get());
            inserted.map_err(|error| format!("has a schema that cannot be used: {error}"))?;
        }
        Ok(own)
    }

    /// What a tenant's events are held against, Tidemark's own among them.
    pub fn of<'a>(&'a self, tenant_id: Uuid, builtin: &'a Catalogue) -> TenantSchemas<'a> {
        let own = self.of_tenant.get(&tenant_id);
        TenantSchemas { builtin, own, of_every_tenant: &self.of_every_tenant }
    }
}

impl Schemas for TenantSchemas<'_> {
    fn context(&self, context: Node<'_, '_>) -> Result<Settled, Fault> {
        self.builtin.context(context)
    }

    fn event(&self, event_name: &str) -> Option<&dyn EventSchema> {
        self.builtin
            .event(event_name)
            .or_else(|| self.own.and_then(|own| own.event(event_name)))
            .or_else(|| self.of_every_tenant.event(event_name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemark_core::batch::{Batch, Form};
    use tidemark_core::judge::{Arrival, Judge, NamePolicy, Place, Site};

    const ACME: Uuid = Uuid([7; 16]);
    const OTHER: Uuid = Uuid([8; 16]);

    fn compile(rows: &str) -> Result<OwnSchemas, String> {
        OwnSchemas::compile(&serde_json::from_str::<Vec<Row<'_>>>(rows).unwrap())
    }

    fn row(tenant: Option<Uuid>, name: &str, kind: &str) -> String {
        let tenant = tenant.map(|id| format!(r#""tenant_id":"{id}","#)).unwrap_or_default();
        format!(
            r#"{{{tenant}"name":"{name}","schema":{{"x-self":{{"name":"{name}","version":"1-0-0"}},
               "type":"object","required":["a"],"properties":{{"a":{{"type":"{kind}"}}}}}}}}"#
        )
    }

    /// What a strict site of the tenant says of an event with these attributes.
    fn told(own: &OwnSchemas, tenant: Uuid, name: &str, attributes: &str) -> String {
        let body = format!(r#"{{"events":[{{"event_name":"{name}","attributes":{attributes}}}]}}"#);
        let batch = Batch::read(body.as_bytes(), Form::Batch).unwrap();
        let site = Site { names: NamePolicy::Strict, ..Site::default() };
        let builtin = Catalogue::builtin().unwrap();
        let schemas = own.of(tenant, &builtin);
        let place = Place::Public(Arrival::default());
        let judge = Judge { site: &site, schemas: Some(&schemas), place, pseudonym: None };
        let judged = judge.batch(&batch, &mut |_| Uuid::default());
        judged.events[0].fault.as_ref().map_or_else(
            || String::from("accepted"),
            |fault| format!("{} {}", fault.code.as_str(), fault.pointer),
        )
    }

    #[test]
    fn a_tenants_schema_is_its_own_and_above_every_tenants() {
        let rows = [
            row(None, "order_placed", "number"),
            row(None, "order_sent", "number"),
            row(Some(ACME), "order_placed", "string"),
            row(None, "page.viewed", "array"),
        ];
        let own = compile(&format!("[{}]", rows.join(","))).unwrap();
        for (tenant, name, attributes, expected) in [
            (ACME, "order_placed", r#"{"a":"x"}"#, "accepted"),
            (ACME, "order_placed", r#"{"a":1}"#, "wrong_type /attributes/a"),
            (ACME, "order_placed", "{}", "missing_field /attributes/a"),
            (ACME, "order_sent", r#"{"a":1}"#, "accepted"),
            (OTHER, "order_placed", r#"{"a":1}"#, "accepted"),
            (OTHER, "order_placed", r#"{"a":"x"}"#, "wrong_type /attributes/a"),
            (OTHER, "order_lost", r#"{"a":1}"#, "unknown_event_name /event_name"),
            (OTHER, "page.viewed", r#"{"kind":"route"}"#, "accepted"),
        ] {
            assert_eq!(told(&own, tenant, name, attributes), expected, "{name} {attributes}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let wrong = row(None, "order_placed", "number").replace("\"required\"", "\"oneOf\"");
        let error = compile(&format!("[{wrong}]")).unwrap_err();
        assert!(error.contains("order_placed: /oneOf is a keyword"), "{error}");
        let one = row(None, "order_placed", "number");
        let many = vec![one.as_str(); OWN_SCHEMAS_MAX + 1].join(",");
        let error = compile(&format!("[{many}]")).unwrap_err();
        assert!(error.contains("5001 schemas"), "{error}");
        let long =
            one.replace("\"type\":\"object\"", &format!("\"title\":\"{}\"", "x".repeat(32_000)));
        let error = compile(&format!("[{}]", [long.as_str(); 130].join(","))).unwrap_err();
        assert!(error.contains("130 schemas of 41"), "{error}");
    }
}
