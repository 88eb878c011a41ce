//! The schemas that are in use, as the list of sites tells them to an edge.

use std::sync::Arc;

use serde::ser::{Error as _, Serialize, SerializeStruct, Serializer};
use serde_json::value::RawValue;
use tidemark_core::id::Uuid;
use tidemark_core::validate::{OWN_SCHEMAS_MAX, OWN_SCHEMAS_MAX_BYTES};

use super::{Broken, Schema};

/// One schema: `{"tenant_id"?, "name", "schema"}`. Of one tenant and name a later one is
/// above an earlier one, and a tenant's is above every tenant's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Whose it is; `None` for every tenant's.
    pub tenant_id: Option<Uuid>,
    /// The event's name.
    pub name: String,
    /// The schema as JSON text, byte for byte as the collector compiled it.
    pub text: Arc<str>,
}

impl Serialize for Listed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let schema: &RawValue = serde_json::from_str(&self.text).map_err(S::Error::custom)?;
        let mut row = serializer.serialize_struct("Listed", 3)?;
        match self.tenant_id {
            Some(tenant_id) => row.serialize_field("tenant_id", &tenant_id)?,
            None => row.skip_field("tenant_id")?,
        }
        row.serialize_field("name", &self.name)?;
        row.serialize_field("schema", schema)?;
        row.end()
    }
}

/// What is left of the room for schemas of tenants' own.
#[derive(Debug, Default)]
pub(super) struct Room {
    schemas: usize,
    bytes: usize,
}

impl Room {
    /// Keeps the schemas for which there is room; the others are told.
    pub(super) fn take<'s>(
        &mut self,
        schemas: impl Iterator<Item = &'s Schema>,
        broken: &mut Vec<Broken>,
    ) -> Vec<&'s Schema> {
        let mut taken = Vec::new();
        for schema in schemas {
            let bytes = self.bytes + schema.text.len();
            if self.schemas < OWN_SCHEMAS_MAX && bytes <= OWN_SCHEMAS_MAX_BYTES {
                (self.schemas, self.bytes) = (self.schemas + 1, bytes);
                taken.push(schema);
                continue;
            }
            let what = format!(
                "is left out: {OWN_SCHEMAS_MAX} schemas of together {OWN_SCHEMAS_MAX_BYTES} bytes are in use"
            );
            broken.push(Broken { path: schema.file.path.clone(), what });
        }
        taken
    }
}
