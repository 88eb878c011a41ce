//! The page that was the wrong one: A → B → A, and little done at B.

/// Quicker is a redirect: nobody saw B.
const SEEN_MS: i64 = 400;

/// Whether a person who came back to where they were had taken a wrong turn: after
/// `via_ms` in between, with so many clicks there (the one that leads back included).
pub const fn is_backtrack(via_ms: i64, clicks: u32, back_ms: i64) -> bool {
    via_ms >= SEEN_MS && via_ms <= back_ms && clicks <= 1
}

#[cfg(test)]
mod tests {
    use super::is_backtrack;

    #[test]
    fn a_look_is_one_and_a_redirect_or_a_stay_is_not() {
        assert!(is_backtrack(2_000, 1, 7_000));
        assert!(!is_backtrack(100, 0, 7_000));
        assert!(!is_backtrack(7_001, 1, 7_000));
        assert!(!is_backtrack(2_000, 3, 7_000), "something was done there");
    }
}
