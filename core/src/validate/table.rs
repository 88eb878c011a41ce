//! A map by name that is filled once and asked often.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::json::Head;

/// Values by name, in the order in which they came.
#[derive(Clone, Debug)]
pub(super) struct Table<T> {
    entries: Vec<Entry<T>>,
    /// Where each entry is, by its hash, and that hash; 0 is nowhere, others are one
    /// more than the place. At least twice as many as entries, and a power of two, so
    /// that a search ends soon.
    slots: Vec<(u32, u32)>,
}

#[derive(Clone, Debug)]
struct Entry<T> {
    head: Head,
    name: String,
    hash: u32,
    value: T,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), slots: Vec::new() }
    }
}

impl<T> Table<T> {
    /// The names, in the order in which they came.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }

    /// The value of a name.
    pub(super) fn get(&self, name: &str) -> Option<&T> {
        let head = Head::of(name);
        self.get_headed((head, head.hash()), || name)
    }

    /// The value of a name whose head and hash are known; the whole name is asked for
    /// only where they do not tell it.
    #[inline(always)]
    pub(super) fn get_headed<'n>(
        &self,
        head: (Head, u32),
        name: impl Fn() -> &'n str,
    ) -> Option<&T> {
        Some(&self.entries.get(self.place(head, name)?)?.value)
    }

    #[inline(always)]
    fn place<'n>(&self, (head, hash): (Head, u32), name: impl Fn() -> &'n str) -> Option<usize> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut slot = hash as usize & mask;
        loop {
            let (place, own) = *self.slots.get(slot)?;
            let place = (place as usize).checked_sub(1)?;
            if own == hash {
                let entry = self.entries.get(place)?;
                if entry.head == head && (head.is_all() || entry.name == name()) {
                    return Some(place);
                }
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Puts a value at a name, in place of an earlier one.
    pub(super) fn insert(&mut self, name: &str, value: T) {
        let head = Head::of(name);
        let hash = head.hash();
        if let Some(entry) =
            self.place((head, hash), || name).and_then(|place| self.entries.get_mut(place))
        {
            entry.value = value;
            return;
        }
        self.entries.push(Entry { head, name: name.to_string(), hash, value });
        if self.entries.len() * 2 > self.slots.len() {
            let wanted = (self.entries.len() * 4).next_power_of_two();
            self.slots = alloc::vec![(0, 0); wanted];
            for place in 0..self.entries.len() {
                self.settle(place);
            }
        } else {
            self.settle(self.entries.len() - 1);
        }
    }

    /// Enters an entry into the first free slot from its own on.
    fn settle(&mut self, place: usize) {
        let Some(entry) = self.entries.get(place) else { return };
        let mask = self.slots.len() - 1;
        let mut slot = entry.hash as usize & mask;
        while let Some(taken) = self.slots.get_mut(slot) {
            if taken.0 == 0 {
                *taken = (place as u32 + 1, entry.hash);
                return;
            }
            slot = (slot + 1) & mask;
        }
    }
}

impl<T: Default> Table<T> {
    /// Changes the value of a name; a default one is put there first if there is none.
    pub(super) fn change(&mut self, name: &str, change: impl FnOnce(&mut T)) {
        let head = Head::of(name);
        let head = (head, head.hash());
        if self.place(head, || name).is_none() {
            self.insert(name, T::default());
        }
        if let Some(entry) = self.place(head, || name).and_then(|place| self.entries.get_mut(place))
        {
            change(&mut entry.value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_what_was_put_and_nothing_else(
            names in prop::collection::vec("[a-c.]{0,20}", 0..80), other in "[a-d.]{0,20}"
        ) {
            let mut table = Table::default();
            let mut model = BTreeMap::new();
            for (value, name) in names.iter().enumerate() {
                table.insert(name, value);
                model.insert(name.clone(), value);
            }
            for name in names.iter().chain([&other]) {
                prop_assert_eq!(table.get(name), model.get(name));
            }
            prop_assert_eq!(table.names().count(), model.len());
        }
    }
}
