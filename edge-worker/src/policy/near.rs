//! Which objects live in this very isolate, so that their memory can be asked without a
//! call: on self-hosted workerd all of them, on Cloudflare whichever happen to.
//!
//! An object tells of itself whenever it is called. It is asked for as long as no runtime
//! takes one that was called out of memory ([`NEAR_MS`]); whoever hears nothing here
//! calls it, and so learns which object is the living one.

use std::collections::BTreeMap;

/// For how long after a call an object is taken for the living one: half of the ten
/// seconds after which workerd may put an idle one away.
pub const NEAR_MS: i64 = 5_000;

/// Objects that are known at once: those of 32 tenants with 128 shards each. A further
/// one is called instead.
const OBJECTS_MAX: usize = 4_096;

/// The objects of one class, by name.
#[derive(Debug)]
pub struct Near<T> {
    objects: BTreeMap<String, Heard<T>>,
}

#[derive(Debug)]
struct Heard<T> {
    object: T,
    at_ms: i64,
}

impl<T> Heard<T> {
    /// A clock that was put back makes nobody the living one for longer.
    fn is_near(&self, now_ms: i64) -> bool {
        (0..NEAR_MS).contains(&now_ms.saturating_sub(self.at_ms))
    }
}

impl<T> Default for Near<T> {
    fn default() -> Self {
        Self { objects: BTreeMap::new() }
    }
}

impl<T> Near<T> {
    /// Takes up that an object was called here; another one of its name is no more.
    pub fn called(&mut self, name: &str, object: T, now_ms: i64) {
        let heard = Heard { object, at_ms: now_ms };
        if let Some(known) = self.objects.get_mut(name) {
            *known = heard;
            return;
        }
        if self.objects.len() >= OBJECTS_MAX {
            self.objects.retain(|_, known| known.is_near(now_ms));
        }
        if self.objects.len() < OBJECTS_MAX {
            self.objects.insert(String::from(name), heard);
        }
    }

    /// The living object of a name, where it is here.
    pub fn find(&self, name: &str, now_ms: i64) -> Option<&T> {
        self.objects.get(name).filter(|known| known.is_near(now_ms)).map(|known| &known.object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_near_for_a_while_after_each_call() {
        let mut near = Near::default();
        assert_eq!(near.find("a", 0), None);
        near.called("a", 1, 1_000);
        assert_eq!(near.find("a", 1_000), Some(&1));
        assert_eq!(near.find("a", 5_999), Some(&1));
        assert_eq!(
            (near.find("a", 6_000), near.find("a", 999), near.find("b", 1_000)),
            (None, None, None)
        );
        near.called("a", 2, 6_500);
        assert_eq!(near.find("a", 7_000), Some(&2), "the newer one is the living one");
    }

    #[test]
    fn memory_is_bounded() {
        let mut near = Near::default();
        for number in 0..OBJECTS_MAX {
            near.called(&number.to_string(), number, 0);
        }
        near.called("one more", 0, 1);
        assert_eq!(near.find("one more", 1), None, "it is called instead");
        near.called("7", 8, 4_000);
        near.called("one more", 9, NEAR_MS);
        assert_eq!((near.find("one more", NEAR_MS), near.objects.len()), (Some(&9), 2));
    }
}
