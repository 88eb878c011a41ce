//! The salt of the day, by which a visitor without consent has a key for one day.
//!
//! Always true: a salt is random, made when its day first needs it, used on its day
//! alone, and destroyed [`LIFETIME_MS`] after it was made. From then on no one, the
//! operator included, can tell which key was whose.

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// For how long a salt is kept: its day, and another for the clocks that disagree.
pub const LIFETIME_MS: i64 = 2 * DAY_MS;

/// A salt: 256 random bits.
pub type DaySalt = [u8; 32];

/// The day of an instant: whole days since 1970, in UTC.
pub const fn day_of(unix_ms: i64) -> i64 {
    unix_ms.div_euclid(DAY_MS)
}

/// Whether a day's salt may be made, by the clock of whoever keeps the salts: today's
/// or that of a neighbouring day, because the clock that asks may be a little off.
pub const fn may_be_made(day: i64, now_ms: i64) -> bool {
    day.saturating_sub(day_of(now_ms)).saturating_abs() <= 1
}

/// What was made up to this instant is to be destroyed.
pub const fn destroyed_before(now_ms: i64) -> i64 {
    now_ms.saturating_sub(LIFETIME_MS)
}

/// The salt that an isolate knows: one day's.
#[derive(Clone, Copy, Default)]
pub struct Known(Option<(i64, DaySalt)>);

impl Known {
    /// The salt of a day, if it is the one that is known.
    pub fn of(&self, day: i64) -> Option<DaySalt> {
        self.0.filter(|(known, _)| *known == day).map(|(_, salt)| salt)
    }

    /// Remembers a day's salt in the place of any other.
    pub const fn learn(&mut self, day: i64, salt: DaySalt) {
        self.0 = Some((day, salt));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_utcs_and_neighbours_may_be_made() {
        let noon = 20_000 * DAY_MS + DAY_MS / 2;
        assert_eq!((day_of(noon), day_of(-1)), (20_000, -1));
        for (day, may) in
            [(19_998, false), (19_999, true), (20_000, true), (20_001, true), (20_002, false)]
        {
            assert_eq!(may_be_made(day, noon), may, "{day}");
        }
        assert_eq!(destroyed_before(noon), noon - 172_800_000);
    }

    #[test]
    fn one_day_is_known_at_a_time() {
        let mut known = Known::default();
        assert_eq!(known.of(1), None);
        known.learn(1, [1; 32]);
        assert_eq!((known.of(1), known.of(2)), (Some([1; 32]), None));
        known.learn(2, [2; 32]);
        assert_eq!((known.of(1), known.of(2)), (None, Some([2; 32])));
    }
}
