//! What a page changes anyway: clocks, tickers, adverts, animations.
//!
//! Learnt from when each thing changed while the page was looked at: a thing that
//! changes again and again, did so from about when the looking began, and still goes
//! on, does it by itself. Nothing is known of what it is; a clock and a crowd of
//! visitors are the same here.

/// Things that are remembered, at most: what changes near one click.
const THINGS_MAX: usize = 32;
/// Fewer changes make no habit.
const CHANGES_MIN: u32 = 3;
/// A habit is seen for as long as this.
const SPAN_MIN_MS: i64 = 900;
/// Two changes a second apart are a clock: no timer that answers keeps that pace.
const CLOCK_MS: core::ops::RangeInclusive<i64> = 980..=1_020;

#[derive(Clone, Copy, Debug, Default)]
struct Thing {
    /// 0 where nothing is remembered.
    key: u32,
    first_ms: i64,
    last_ms: i64,
    longest_ms: i64,
    changes: u32,
    /// The click before the last change, and how often it changed without another one.
    click: u32,
    unasked: u32,
    known: bool,
    /// A click changed it while it was looked at: it goes on because of that.
    asked: bool,
}

/// The things that changed, and the habits among them.
#[derive(Clone, Debug)]
pub struct Habits {
    things: [Thing; THINGS_MAX],
    next: usize,
    since_ms: i64,
}

impl Default for Habits {
    fn default() -> Self {
        Self { things: [Thing::default(); THINGS_MAX], next: 0, since_ms: 0 }
    }
}

impl Habits {
    /// Takes that the page is looked at from now on. What was a habit before stays one.
    pub fn begin(&mut self, now_ms: i64) {
        for thing in &mut self.things {
            // Whether it went on is asked of when it was last seen: nobody has looked since.
            let is_habit = !thing.asked && thing.is_habit(self.since_ms, thing.last_ms);
            if thing.known || is_habit {
                thing.known = true;
                thing.changes = 0;
                thing.unasked = 0;
                thing.asked = false;
            } else {
                thing.key = 0;
            }
        }
        self.since_ms = now_ms;
    }

    /// Takes that a thing changed; `asked` when a click did it for sure. `click` is the
    /// number of the last one: what changes once after each may be its answer.
    pub fn note(&mut self, key: u32, at_ms: i64, asked: bool, click: u32) {
        let found = self.things.iter().position(|thing| thing.key == key);
        if found.is_none() {
            self.next = (self.next + 1) % THINGS_MAX;
        }
        let Some(thing) = self.things.get_mut(found.unwrap_or(self.next)) else { return };
        if found.is_none() {
            *thing = Thing { key, ..Thing::default() };
        }
        if thing.changes > 0 {
            thing.longest_ms = thing.longest_ms.max(at_ms - thing.last_ms);
        } else {
            thing.first_ms = at_ms;
        }
        if thing.changes > 0 && thing.click == click {
            thing.unasked += 1;
        }
        thing.click = click;
        thing.changes += 1;
        thing.asked |= asked;
        thing.last_ms = at_ms;
    }

    /// Whether a thing changes by habit, as far as it is known now.
    pub fn has(&self, key: u32, now_ms: i64) -> bool {
        self.find(key).is_some_and(|thing| {
            !thing.asked && (thing.known || thing.is_habit(self.since_ms, now_ms))
        })
    }

    /// Whether it was one before the page was looked at.
    pub fn knows(&self, key: u32) -> bool {
        self.find(key).is_some_and(|thing| thing.known)
    }

    /// Whether another look may tell that it is a habit: it changed more than once.
    pub fn may_have(&self, key: u32) -> bool {
        self.find(key).is_some_and(|thing| thing.changes > 1)
    }

    /// Takes that a thing was judged to change by habit, and does from now on.
    pub fn confirm(&mut self, key: u32) {
        for thing in self.things.iter_mut().filter(|thing| thing.key == key && !thing.asked) {
            thing.known = true;
        }
    }

    fn find(&self, key: u32) -> Option<&Thing> {
        self.things.iter().find(|thing| thing.key == key)
    }
}

impl Thing {
    fn is_habit(&self, since_ms: i64, now_ms: i64) -> bool {
        let pace = self.longest_ms + self.longest_ms / 2 + 50;
        let goes_on = now_ms - self.last_ms <= pace;
        let was_there = self.first_ms - since_ms <= pace;
        let span = self.last_ms - self.first_ms;
        let is_clock = self.changes == 2 && CLOCK_MS.contains(&span);
        goes_on
            && was_there
            && self.unasked > 0
            && (is_clock || self.changes >= CHANGES_MIN && span >= SPAN_MIN_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(times: impl IntoIterator<Item = i64>) -> Habits {
        let mut habits = Habits::default();
        habits.begin(0);
        times.into_iter().for_each(|at| habits.note(1, at, false, 0));
        habits
    }

    #[test]
    fn a_clock_is_a_habit_at_its_second_tick() {
        assert!(seen([600, 1_601]).has(1, 2_000));
        assert!(!seen([600, 1_300]).has(1, 2_000), "two steps of an answer");
    }

    #[test]
    fn what_never_keeps_a_pace_is_one_too_when_it_goes_on() {
        assert!(seen([100, 700, 900, 1_500, 2_300]).has(1, 2_600));
    }

    #[test]
    fn what_ends_was_an_answer() {
        assert!(!seen((100..1_500).step_by(16)).has(1, 2_000));
    }

    #[test]
    fn what_begins_later_was_begun_by_somebody() {
        assert!(!seen((500..2_600).step_by(50)).has(1, 2_600));
        assert!(seen((20..2_600).step_by(50)).has(1, 2_600));
    }

    #[test]
    fn what_a_click_started_goes_on_because_of_it() {
        let mut habits = Habits::default();
        habits.note(1, 10, true, 0);
        (26..3_000).step_by(16).for_each(|at| habits.note(1, at, false, 0));
        assert!(!habits.has(1, 3_000));
    }

    #[test]
    fn what_changes_once_after_each_click_answers_them() {
        let mut habits = Habits::default();
        for click in 1..6 {
            habits.note(1, i64::from(click) * 700, false, click);
        }
        assert!(!habits.has(1, 3_600));
        habits.note(1, 4_200, false, 5);
        assert!(habits.has(1, 4_300));
    }

    #[test]
    fn a_habit_is_remembered_and_the_rest_is_not() {
        let mut habits = seen([600, 1_600, 2_600]);
        habits.note(2, 700, false, 0);
        habits.begin(9_000);
        habits.note(1, 9_400, false, 0);
        habits.note(2, 9_500, false, 0);
        assert!(habits.has(1, 9_500));
        assert!(!habits.has(2, 9_500));
        assert!(!habits.has(3, 9_500));
    }

    #[test]
    fn memory_is_bounded() {
        let mut habits = Habits::default();
        for key in 1..10_000 {
            habits.note(key, i64::from(key), false, 0);
        }
        assert!(!habits.may_have(1) && habits.find(1).is_none());
        assert!(habits.find(9_999).is_some());
    }
}
