//! Our envelope from another product: the same members, whose ids may be other
//! text.

use alloc::string::String;

use super::names::{Member, member};
use super::object::Object;
use super::{id_text, write_id};
use crate::id::Uuid;
use crate::json::{Kind, Value};
use crate::judge::Site;

/// Writes one event. Everything but ids is copied as it stands.
pub(super) fn write(out: &mut String, event: Value<'_>, site: &Site) {
    let mut object = Object::open(out);
    for (key, value) in event.entries() {
        match (member(key), id_text(value)) {
            (Member::Key, _) => {}
            (Member::SessionId | Member::AnonymousId | Member::EventId, Some(text)) => {
                object.with(key, |out| write_id(out, &text, site));
            }
            (kind @ (Member::Tenant | Member::Site), _) => {
                write_owner(&mut object, kind, value, site);
            }
            _ => object.raw(key, value.raw()),
        }
    }
    object.close();
}

/// Writes tenant or site by UUID or slug. One that is not the key's is written as
/// an id that is nobody's, so that the judge says `tenant_mismatch`.
pub(super) fn write_owner(object: &mut Object<'_>, kind: Member, value: Value<'_>, site: &Site) {
    let (key, id, slug) = match kind {
        Member::Tenant => ("tenant_id", site.tenant_id, &site.tenant),
        _ => ("site_id", site.site_id, &site.site),
    };
    match id_text(value) {
        None if value.kind() == Kind::Null || value.kind() == Kind::String => {}
        None => object.raw(key, value.raw()),
        Some(text) if Uuid::parse(&text) == Some(id) || *text == **slug => {}
        Some(text) => object.with(key, |out| write_id(out, &text, site)),
    }
}
