//! Lists of words, found by two of their letters.
//!
//! A text asks about every word before a number, and about every name before a
//! colon: most are in no list, and end at one look. The lists are sorted when the
//! crate is compiled. An entry's first letter tells its class; the word is behind it.

/// A list of `N` entries, sorted by two letters of each.
pub(super) struct Index<const N: usize> {
    entries: [&'static str; N],
    starts: [u16; KEYS + 1],
    /// The third letters of the entries that share two, a bit each.
    thirds: [u32; KEYS],
    /// The first letters of the entries that may be had, a bit each.
    firsts: u32,
}

/// Two letters by their lower five bits: either case, and any byte of any script.
const KEYS: usize = 32 * 32;

const fn key(a: u8, b: u8) -> usize {
    (a & 31) as usize * 32 + (b & 31) as usize
}

impl<const N: usize> Index<N> {
    /// Sorts a list by the first two letters of its words.
    pub(super) const fn by_first_letters(list: &[&'static str]) -> Self {
        Self::new(list, false, 0)
    }

    /// Sorts a list by the last two letters of its words.
    pub(super) const fn by_last_letters(list: &[&'static str]) -> Self {
        Self::new(list, true, 0)
    }

    /// [`Index::by_last_letters`], where [`Index::may_have`] knows no entry of a class.
    pub(super) const fn but_for(list: &[&'static str], class: u8) -> Self {
        Self::new(list, true, class)
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "evaluated when compiled: out of bounds is an error"
    )]
    const fn new(list: &[&'static str], last: bool, without: u8) -> Self {
        let mut index =
            Self { entries: [""; N], starts: [0; KEYS + 1], thirds: [0; KEYS], firsts: 0 };
        let (mut wanted, mut filled) = (0, 0);
        // Entries that share their letters stay in the order of the list.
        while wanted < KEYS {
            index.starts[wanted] = filled as u16;
            let mut at = 0;
            while at < N {
                let word = list[at].as_bytes();
                let count = word.len();
                let (a, b) =
                    if last { (word[count - 1], word[count - 2]) } else { (word[1], word[2]) };
                if key(a, b) == wanted {
                    // What is shorter goes on with anything, as does a star; a low
                    // line is also a space.
                    let third = match (count, last) {
                        (..=3, _) => b'*',
                        (_, true) => word[count - 3],
                        (_, false) => word[3],
                    };
                    index.thirds[wanted] |= match third {
                        _ if word[0] == without => 0,
                        b'*' => u32::MAX,
                        b'_' => 1 << (b'_' & 31) | 1 << (b' ' & 31),
                        letter => 1 << (letter & 31),
                    };
                    if index.thirds[wanted] != 0 {
                        index.firsts |= 1 << (a & 31);
                    }
                    index.entries[filled] = list[at];
                    filled += 1;
                }
                at += 1;
            }
            wanted += 1;
        }
        index.starts[KEYS] = filled as u16;
        index
    }

    /// Whether an entry may have this letter first, either case.
    pub(super) const fn may_begin(&self, a: u8) -> bool {
        self.firsts >> (a & 31) & 1 != 0
    }

    /// Whether an entry may have these three letters, either case; NUL is for none.
    pub(super) fn may_have(&self, a: u8, b: u8, c: u8) -> bool {
        self.thirds.get(key(a, b)).is_some_and(|thirds| thirds >> (c & 31) & 1 != 0)
    }

    /// The entries whose two letters may be these.
    pub(super) fn get(&self, a: u8, b: u8) -> &[&'static str] {
        let key = key(a, b);
        let at = |key: usize| self.starts.get(key).map_or(0, |start| usize::from(*start));
        self.entries.get(at(key)..at(key + 1)).unwrap_or_default()
    }
}
