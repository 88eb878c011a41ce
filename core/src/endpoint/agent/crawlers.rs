//! A list of names, searched without an engine for patterns.

/// Texts by which automated clients are known, by where in a name they stand.
pub(super) struct List {
    /// Anywhere; in the order of their bytes, so that those that begin alike stand
    /// together.
    pub(super) inside: &'static [&'static str],
    /// At its beginning.
    pub(super) starts: &'static [&'static str],
    /// All of it.
    pub(super) whole: &'static [&'static str],
    /// At its end.
    pub(super) ends: &'static [&'static str],
}

impl List {
    /// Whether a name has one of the texts where it must stand.
    pub(super) fn knows(&self, agent: &str) -> bool {
        let agent = agent.as_bytes();
        self.starts.iter().any(|text| agent.starts_with(text.as_bytes()))
            || self.ends.iter().any(|text| agent.ends_with(text.as_bytes()))
            || self.whole.iter().any(|text| agent == text.as_bytes())
            || (0..agent.len()).any(|at| self.stands_at(agent, at))
    }

    /// Whether a text stands at a place. Those with its first two bytes are found by
    /// halves, and are a few of a thousand.
    fn stands_at(&self, agent: &[u8], at: usize) -> bool {
        let rest = agent.get(at..).unwrap_or_default();
        let Some(two) = rest.first_chunk::<2>() else { return false };
        let head = |text: &str| text.as_bytes().first_chunk::<2>().copied().unwrap_or_default();
        let from = self.inside.partition_point(|text| head(text) < *two);
        let alike = self.inside.get(from..).unwrap_or_default();
        alike
            .iter()
            .take_while(|text| head(text) == *two)
            .any(|text| rest.starts_with(text.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::list::{CRAWLERS, LIBRARIES};
    use super::*;

    #[test]
    fn texts_count_where_they_must_stand() {
        let list =
            List { inside: &["ab", "mid"], starts: &["xyz/"], whole: &["one"], ends: &["end"] };
        for agent in ["xyz/1", "one", "a mid b", "mid", "the end", "cab"] {
            assert!(list.knows(agent), "{agent}");
        }
        for agent in ["an xyz/1", "one more", "mi", "m", "end.", ""] {
            assert!(!list.knows(agent), "{agent}");
        }
    }

    #[test]
    fn the_lists_are_whole_and_in_order() {
        assert!(CRAWLERS.inside.len() > 1_400, "{}", CRAWLERS.inside.len());
        for list in [&CRAWLERS, &LIBRARIES] {
            assert!(list.inside.is_sorted());
            // A shorter one would be found in browsers' names.
            assert!(list.inside.iter().all(|text| text.len() >= 3));
        }
    }
}
