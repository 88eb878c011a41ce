//! The ids in memory: an ordered hash table without gaps in its growth.
//!
//! The first 12 bits of a fingerprint choose one of 4,096 regions; a slot holds
//! the other 116 bits and, in its top byte, the generation that brought the id.
//! Within a region ids stand in the order of their bits: a probe begins where
//! the id would stand if all were spread evenly, walks on while it meets smaller
//! ones, and ends at the first larger one or at an empty slot. So a walk over
//! the regions gives all ids sorted, which is how they are written to files.
//!
//! What always holds: a region grows by itself, by a sixteenth or one block of
//! 2 KiB, whichever is more, once 85 of 100 slots are taken. So an id costs
//! 16 / 0.85 = 18.8 to 20 bytes and an allocator's margin, at any size, and
//! nothing ever waits while a whole table is copied. Blocks are all of one size,
//! so that what one region frees another can use.
//!
//! Deliberately absent: time, files, what an id means.

use super::fingerprint::Fingerprint;

/// Slots of a block: 128 × 16 bytes = 2 KiB.
const BLOCK_SLOTS: usize = 128;

/// Bytes of a block with the allocator's header and its place in the region's
/// list, which grows by doubling.
const BLOCK_BYTES: usize = BLOCK_SLOTS * 16 + 16 + 16;

/// Slots at a region's end that are nobody's first choice, for those who are displaced there.
const OVERFLOW_SLOTS: usize = 16;

/// A region grows beyond so many slots of a hundred.
const LOAD_MAX_PERCENT: usize = 85;

/// How many bits choose the region.
const REGION_BITS: u32 = 12;

/// How many regions a table has.
pub const REGIONS: usize = 1 << REGION_BITS;

/// The bits of a slot that are the id's.
const ID_BITS: u32 = 128 - REGION_BITS;
const ID_MASK: u128 = (1 << ID_BITS) - 1;

/// Where a slot holds the generation.
const GENERATION_SHIFT: u32 = 120;

/// How many lookups begin before the first is finished: enough misses of the
/// cache at once for any processor, few enough for their lines to stay.
const AT_ONCE: usize = 32;

type Block = [u128; BLOCK_SLOTS];

/// A set of generations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Generations([u128; 2]);

impl Generations {
    /// Adds one.
    pub fn insert(&mut self, generation: u8) {
        self.0[usize::from(generation >> 7)] |= 1 << (generation & 127);
    }

    /// Whether it is among them.
    pub const fn contains(&self, generation: u8) -> bool {
        self.0[(generation >> 7) as usize] >> (generation & 127) & 1 == 1
    }
}

/// The ids in memory, each with its generation (1 to 255).
#[derive(Debug)]
pub struct Table {
    regions: Vec<Region>,
    ids: usize,
    blocks: usize,
    /// How many ids each generation has.
    counts: Box<[usize; 256]>,
    /// Where a region's ids are gathered while it is laid out anew.
    gathered: Vec<u128>,
}

#[derive(Debug, Default)]
struct Region {
    #[expect(
        clippy::vec_box,
        reason = "blocks stay where they are while a region grows, and are all of one size"
    )]
    blocks: Vec<Box<Block>>,
    ids: usize,
}

impl Table {
    /// An empty table; it allocates by what it holds.
    pub fn new() -> Self {
        let regions = std::iter::repeat_with(Region::default).take(REGIONS).collect();
        Self { regions, ids: 0, blocks: 0, counts: Box::new([0; 256]), gathered: Vec::new() }
    }

    /// How many ids it holds.
    pub const fn ids(&self) -> usize {
        self.ids
    }

    /// How many ids a generation has.
    pub const fn count(&self, generation: u8) -> usize {
        self.counts[generation as usize]
    }

    /// Bytes of memory that it holds.
    pub const fn bytes(&self) -> usize {
        self.blocks * BLOCK_BYTES + REGIONS * size_of::<Region>()
    }

    /// Whether each of the fingerprints is there; appended to `known`.
    ///
    /// A first pass touches the line where each probe begins, so that the misses
    /// of the cache overlap and a batch waits for few of them.
    pub fn lookup(&self, fingerprints: &[Fingerprint], known: &mut Vec<bool>) {
        for chunk in fingerprints.chunks(AT_ONCE) {
            self.touch(chunk);
            known.extend(chunk.iter().map(|fingerprint| self.contains(*fingerprint)));
        }
    }

    /// Reads the line where each probe begins.
    fn touch(&self, fingerprints: &[Fingerprint]) {
        let mut touched = 0;
        for fingerprint in fingerprints {
            let (region, id) = split(*fingerprint);
            touched ^= self.regions[region].first(id);
        }
        std::hint::black_box(touched);
    }

    /// Puts fingerprints in. Since they were looked up the disk was waited for, and the
    /// caches hold other things: so they are touched first, as for a lookup.
    pub fn insert_all(
        &mut self,
        fingerprints: impl IntoIterator<Item = Fingerprint>,
        generation: u8,
    ) {
        let mut fingerprints = fingerprints.into_iter();
        let mut chunk = Vec::with_capacity(AT_ONCE);
        loop {
            chunk.extend(fingerprints.by_ref().take(AT_ONCE));
            if chunk.is_empty() {
                return;
            }
            self.touch(&chunk);
            for fingerprint in chunk.drain(..) {
                self.insert(fingerprint, generation);
            }
        }
    }

    /// Whether a fingerprint is there.
    pub fn contains(&self, fingerprint: Fingerprint) -> bool {
        let (region, id) = split(fingerprint);
        let region = &self.regions[region];
        matches!(region.seek(id), Some(at) if region.slot(at) & ID_MASK == id && region.slot(at) != 0)
    }

    /// Puts a fingerprint in; one that is there already takes the generation.
    /// True when it was not there.
    pub fn insert(&mut self, fingerprint: Fingerprint, generation: u8) -> bool {
        let (region, id) = split(fingerprint);
        let region = &mut self.regions[region];
        let blocks = region.blocks.len();
        if (region.ids + 1) * 100 > region.capacity() * LOAD_MAX_PERCENT {
            region.grow(None, &mut self.gathered);
        }
        let before = region.insert(id, generation, &mut self.gathered);
        self.blocks += region.blocks.len() - blocks;
        self.counts[usize::from(generation)] += 1;
        match before {
            Some(before) => self.counts[usize::from(before)] -= 1,
            None => self.ids += 1,
        }
        before.is_none()
    }

    /// The generation of a fingerprint that is there.
    #[cfg(test)]
    fn generation_of(&self, fingerprint: Fingerprint) -> Option<u8> {
        let (region, id) = split(fingerprint);
        let region = &self.regions[region];
        let slot = region.slot(region.seek(id)?);
        (slot != 0 && slot & ID_MASK == id).then_some(generation(slot))
    }

    /// Gives the fingerprints of one region whose generation is among
    /// `generations`, ascending. Regions in order give the whole in order.
    pub fn select(
        &self,
        region: usize,
        generations: &Generations,
    ) -> impl Iterator<Item = Fingerprint> {
        let prefix = (region as u128) << ID_BITS;
        self.regions[region]
            .taken()
            .filter(|slot| generations.contains(generation(*slot)))
            .map(move |slot| Fingerprint(prefix | slot & ID_MASK))
    }

    /// Takes those of some generations out of one region, and gives back the
    /// memory. How many they were.
    pub fn sweep(&mut self, region: usize, generations: &Generations) -> usize {
        let region = &mut self.regions[region];
        if !region.taken().any(|slot| generations.contains(generation(slot))) {
            return 0;
        }
        let (ids, blocks) = (region.ids, region.blocks.len());
        let gathered = &mut self.gathered;
        gathered.clear();
        let mut swept = [0; 256];
        for slot in region.taken() {
            if generations.contains(generation(slot)) {
                swept[usize::from(generation(slot))] += 1;
            } else {
                gathered.push(slot);
            }
        }
        let needed = (gathered.len() * 100).div_ceil(LOAD_MAX_PERCENT);
        let needed = if gathered.is_empty() { 0 } else { needed + OVERFLOW_SLOTS };
        region.blocks.truncate(needed.div_ceil(BLOCK_SLOTS).min(blocks));
        region.lay_out(gathered);
        self.ids -= ids - region.ids;
        for (generation, count) in swept.iter().enumerate() {
            self.counts[generation] -= count;
        }
        self.blocks = self.blocks + region.blocks.len() - blocks;
        ids - region.ids
    }
}

impl Default for Table {
    fn default() -> Self {
        Self::new()
    }
}

/// The region and the bits within it.
const fn split(fingerprint: Fingerprint) -> (usize, u128) {
    ((fingerprint.0 >> ID_BITS) as usize, fingerprint.0 & ID_MASK)
}
const fn generation(slot: u128) -> u8 {
    (slot >> GENERATION_SHIFT) as u8
}

impl Region {
    const fn capacity(&self) -> usize {
        self.blocks.len() * BLOCK_SLOTS
    }

    fn slot(&self, at: usize) -> u128 {
        self.blocks[at / BLOCK_SLOTS][at % BLOCK_SLOTS]
    }

    fn slot_mut(&mut self, at: usize) -> &mut u128 {
        &mut self.blocks[at / BLOCK_SLOTS][at % BLOCK_SLOTS]
    }

    /// The slots that are taken, in order.
    fn taken(&self) -> impl Iterator<Item = u128> {
        self.blocks.iter().flat_map(|block| block.iter().copied()).filter(|slot| *slot != 0)
    }

    /// Where the probe for an id begins: its share of the slots.
    const fn home(&self, id: u128) -> usize {
        let spread = (self.capacity() - OVERFLOW_SLOTS) as u128;
        // The upper 64 of an id's 116 bits are as even as all of them.
        (((id >> (ID_BITS - 64)) * spread) >> 64) as usize
    }

    /// The first slot of the probe for an id.
    fn first(&self, id: u128) -> u128 {
        if self.blocks.is_empty() { 0 } else { self.slot(self.home(id)) }
    }

    /// The place of an id, or where it would have to stand: the first slot from
    /// its home that is empty or not smaller. None when that is the region's end.
    fn seek(&self, id: u128) -> Option<usize> {
        if self.blocks.is_empty() {
            return None;
        }
        let home = self.home(id);
        let mut within = home % BLOCK_SLOTS;
        for (at, block) in self.blocks.iter().enumerate().skip(home / BLOCK_SLOTS) {
            let stands = |slot: &u128| *slot == 0 || *slot & ID_MASK >= id;
            if let Some(place) = block[within..].iter().position(stands) {
                return Some(at * BLOCK_SLOTS + within + place);
            }
            within = 0;
        }
        None
    }

    /// Puts an id in. The generation that it had before.
    fn insert(&mut self, id: u128, brought_by: u8, gathered: &mut Vec<u128>) -> Option<u8> {
        let mut carried = id | u128::from(brought_by) << GENERATION_SHIFT;
        if let Some(from) = self.seek(id) {
            let slot = self.slot_mut(from);
            if *slot != 0 && *slot & ID_MASK == id {
                return Some(generation(std::mem::replace(slot, carried)));
            }
            // What stands from there on moves by one, up to the first empty slot.
            let mut within = from % BLOCK_SLOTS;
            for block in self.blocks.iter_mut().skip(from / BLOCK_SLOTS) {
                let slots = &mut block[within..];
                let empty = slots.iter().position(|slot| *slot == 0);
                let end = empty.unwrap_or(slots.len() - 1);
                let last = slots[end];
                slots.copy_within(..end, 1);
                slots[0] = std::mem::replace(&mut carried, last);
                if empty.is_some() {
                    self.ids += 1;
                    return None;
                }
                within = 0;
            }
        }
        // The last of the region was pushed over its end.
        self.grow(Some(carried), gathered);
        None
    }

    /// Adds a sixteenth, or one block, and lays the ids out anew, `last` behind the others.
    fn grow(&mut self, last: Option<u128>, gathered: &mut Vec<u128>) {
        gathered.clear();
        gathered.extend(self.taken());
        gathered.extend(last);
        for _ in 0..(self.blocks.len() / 16).max(1) {
            self.blocks.push(Box::new([0; BLOCK_SLOTS]));
        }
        self.lay_out(gathered);
    }

    /// Spreads sorted ids over the slots; adds blocks as long as they do not fit.
    fn lay_out(&mut self, sorted: &[u128]) {
        self.ids = sorted.len();
        'larger: loop {
            for block in &mut self.blocks {
                block.fill(0);
            }
            let mut free = 0;
            for slot in sorted {
                let at =
                    if self.blocks.is_empty() { 0 } else { self.home(slot & ID_MASK).max(free) };
                if at >= self.capacity() {
                    self.blocks.push(Box::new([0; BLOCK_SLOTS]));
                    continue 'larger;
                }
                *self.slot_mut(at) = *slot;
                free = at + 1;
            }
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// Ids that crowd: few regions, and within them few homes.
    fn crowded(seed: u64) -> Fingerprint {
        let word = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let high = (((word >> 40) % 7) << 61) | (((word >> 20) % 5) << 46);
        Fingerprint(u128::from(high) << 64 | u128::from(word % 4096))
    }

    fn even(seed: u64) -> Fingerprint {
        let word = |n: u64| {
            (seed ^ n)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .rotate_left(31)
                .wrapping_mul(0xbf58_476d_1ce4_e5b9)
        };
        Fingerprint(u128::from(word(1)) << 64 | u128::from(word(2)))
    }

    fn against_a_map(make: fn(u64) -> Fingerprint, count: u64) {
        let mut table = Table::new();
        let mut model = HashMap::new();
        for seed in 0..count {
            let (fingerprint, generation) = (make(seed), (seed % 5 + 1) as u8);
            let new = model.insert(fingerprint, generation).is_none();
            assert_eq!(table.insert(fingerprint, generation), new);
        }
        let check = |table: &Table, model: &HashMap<Fingerprint, u8>| {
            assert_eq!(table.ids(), model.len());
            for seed in 0..count + 500 {
                let fingerprint = make(seed);
                assert_eq!(table.generation_of(fingerprint), model.get(&fingerprint).copied());
                assert_eq!(table.contains(fingerprint), model.contains_key(&fingerprint));
            }
        };
        check(&table, &model);
        let mut some = Generations::default();
        some.insert(2);
        some.insert(5);
        let selected: Vec<_> =
            (0..REGIONS).flat_map(|region| table.select(region, &some)).collect();
        let mut expected: Vec<_> = model
            .iter()
            .filter(|(_, generation)| some.contains(**generation))
            .map(|(fingerprint, _)| *fingerprint)
            .collect();
        expected.sort();
        assert_eq!(selected, expected);
        let before = table.bytes();
        let swept: usize = (0..REGIONS).map(|region| table.sweep(region, &some)).sum();
        assert_eq!(swept, expected.len());
        model.retain(|_, generation| !some.contains(*generation));
        check(&table, &model);
        assert!(table.bytes() <= before);
        let mut all = Generations::default();
        (1..=255).for_each(|generation| all.insert(generation));
        (0..REGIONS).for_each(|region| {
            table.sweep(region, &all);
        });
        assert_eq!((table.ids(), table.blocks), (0, 0));
    }

    #[test]
    fn it_is_a_map_of_even_ids() {
        against_a_map(even, 60_000);
    }

    #[test]
    fn it_is_a_map_of_ids_that_crowd() {
        against_a_map(crowded, 20_000);
    }

    #[test]
    fn a_lookup_of_a_batch_answers_in_order() {
        let mut table = Table::new();
        (0..1000).step_by(2).for_each(|seed| {
            table.insert(even(seed), 1);
        });
        let asked: Vec<_> = (0..1000).map(even).collect();
        let mut known = vec![true];
        table.lookup(&asked, &mut known);
        assert_eq!(known.len(), 1001);
        assert!(known[1..].iter().enumerate().all(|(at, known)| *known == (at % 2 == 0)));
    }
}
