//! A context gathered from single values that others keep flat.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::object::Object;
use crate::json::{Kind, Value};

/// The groups of our context, in the envelope's order.
const GROUPS: [&str; 6] = ["page", "device", "app", "gtm", "campaign", "sdk"];

/// Where a flat name belongs: a group and a key in it, which may be a path.
pub(super) fn place(flat: &str) -> Option<(&'static str, &'static str)> {
    Some(match flat {
        "page_path" => ("page", "path"),
        "page_url" => ("page", "url"),
        "page_title" => ("page", "title"),
        "referrer" => ("page", "referrer"),
        "user_agent" => ("device", "user_agent"),
        "app_version" => ("app", "version"),
        "environment" => ("app", "environment"),
        "gtm_container_id" => ("gtm", "container_id"),
        _ => return None,
    })
}

/// A context under construction.
#[derive(Default)]
pub(super) struct Parts<'a> {
    groups: [Vec<(Cow<'a, str>, &'a str)>; 6],
    /// Members that are no group: `locale`, `consent`.
    plain: Vec<(&'a str, &'a str)>,
}

impl<'a> Parts<'a> {
    /// Takes up a value for a key of a group; the first one stands.
    pub(super) fn set(&mut self, group: &str, key: &'a str, json: &'a str) {
        let slot = GROUPS.iter().position(|known| *known == group);
        if let Some(members) = slot.and_then(|slot| self.groups.get_mut(slot))
            && members.iter().all(|(known, _)| known != key)
        {
            members.push((Cow::Borrowed(key), json));
        }
    }

    /// Takes up a member of a context as we have it. `false` when it is none of
    /// ours.
    pub(super) fn own(&mut self, key: &'a str, value: Value<'a>) -> bool {
        if GROUPS.contains(&key) && value.kind() == Kind::Object {
            for (name, inner) in value.entries() {
                self.set(key, name, inner.raw());
            }
        } else if GROUPS.contains(&key) || matches!(key, "locale" | "consent") {
            self.plain.push((key, value.raw()));
        } else {
            return false;
        }
        true
    }

    /// The context as JSON; `None` when nothing was taken up.
    pub(super) fn to_json(&self) -> Option<String> {
        let mut out = String::new();
        let mut context = Object::open(&mut out);
        for (group, members) in GROUPS.iter().zip(&self.groups) {
            if !members.is_empty() {
                context.with(group, |out| write_group(out, members));
            }
        }
        for (key, json) in &self.plain {
            context.raw(key, json);
        }
        let empty = context.is_empty();
        context.close();
        (!empty).then_some(out)
    }
}

/// Writes a group. A key such as `viewport.width` is a path of two steps.
fn write_group(out: &mut String, members: &[(Cow<'_, str>, &str)]) {
    let mut group = Object::open(out);
    for (key, json) in members.iter().filter(|(key, _)| !key.contains('.')) {
        group.raw(key, json);
    }
    for inner in ["viewport", "screen"] {
        let mut steps =
            members.iter().filter_map(|(key, json)| Some((key.strip_prefix(inner)?, json)));
        let is_there = |key: &Cow<'_, str>| key == inner;
        if steps.clone().next().is_some_and(|(rest, _)| rest.starts_with('.'))
            && !members.iter().any(|(key, _)| is_there(key))
        {
            group.with(inner, |out| {
                let mut object = Object::open(out);
                for (rest, json) in &mut steps {
                    object.raw(rest.strip_prefix('.').unwrap_or(rest), json);
                }
                object.close();
            });
        }
    }
    group.close();
}
