//! Finds rage clicks: the same control clicked again and again in vain.
//!
//! Pure: the page reports clicks, and whether it answered them; the caller asks
//! when a series is due. A series is a run of clicks, each at most `gap_ms` after
//! the one before and near it (`radius_px`, or on the same control). It is told
//! once, when it ends. Clicks that the page answered do not count, so that a
//! stepper which counts up is no rage.

/// What makes a series of clicks a rage click.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Unanswered clicks in one series. 3 is what the field uses (PostHog, Datadog).
    pub clicks: u32,
    /// The longest pause inside of a series, in milliseconds.
    pub gap_ms: i64,
    /// How far a click may lie from the one before, in CSS pixels.
    pub radius_px: i32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { clicks: 3, gap_ms: 1_000, radius_px: 30 }
    }
}

/// One click, as the page reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Click {
    /// When, in Unix milliseconds.
    pub at_ms: i64,
    /// Where in the viewport, in CSS pixels.
    pub x: i32,
    /// Where in the viewport, in CSS pixels.
    pub y: i32,
    /// The page's own number of the control; equal means the same one.
    pub target: u32,
}

/// A series that was rage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rage {
    /// How many clicks the page did not answer.
    pub clicks: u32,
    /// From the first click to the last, in milliseconds.
    pub duration_ms: i64,
    /// The last click.
    pub last: Click,
}

/// The detector: one open series at most.
#[derive(Clone, Copy, Debug, Default)]
pub struct RageClicks {
    thresholds: Thresholds,
    series: Option<Series>,
}

#[derive(Clone, Copy, Debug)]
struct Series {
    first_ms: i64,
    last: Click,
    unanswered: u32,
    last_answered: bool,
}

impl RageClicks {
    /// A detector with a site's thresholds.
    pub const fn new(thresholds: Thresholds) -> Self {
        Self { thresholds, series: None }
    }

    /// Takes a click. One that does not belong to the open series ends it, and
    /// what that series was is returned.
    pub fn click(&mut self, click: Click) -> Option<Rage> {
        if let Some(series) = &mut self.series
            && belongs(&self.thresholds, &series.last, &click)
        {
            series.last = click;
            series.unanswered += 1;
            series.last_answered = false;
            return None;
        }
        let ended = self.end();
        self.series = Some(Series {
            first_ms: click.at_ms,
            last: click,
            unanswered: 1,
            last_answered: false,
        });
        ended
    }

    /// Takes back the last click: the page answered it.
    pub fn answered(&mut self) {
        if let Some(series) = &mut self.series
            && !series.last_answered
        {
            series.last_answered = true;
            series.unanswered -= 1;
        }
    }

    /// When the open series ends unless another click belongs to it.
    pub fn due_ms(&self) -> Option<i64> {
        self.series.map(|series| series.last.at_ms + self.thresholds.gap_ms)
    }

    /// Ends the series whose time has come.
    pub fn tick(&mut self, now_ms: i64) -> Option<Rage> {
        if self.due_ms()? < now_ms { self.end() } else { None }
    }

    /// Ends the open series now: the page is being left.
    pub fn end(&mut self) -> Option<Rage> {
        let series = self.series.take()?;
        (series.unanswered >= self.thresholds.clicks).then_some(Rage {
            clicks: series.unanswered,
            duration_ms: series.last.at_ms - series.first_ms,
            last: series.last,
        })
    }
}

fn belongs(thresholds: &Thresholds, last: &Click, click: &Click) -> bool {
    let pause = click.at_ms.saturating_sub(last.at_ms);
    let apart = |one: i32, other: i32| u64::from(one.abs_diff(other)).min(1 << 20);
    let (dx, dy) = (apart(click.x, last.x), apart(click.y, last.y));
    let radius = u64::from(thresholds.radius_px.unsigned_abs());
    let near = dx * dx + dy * dy <= radius * radius;
    (0..=thresholds.gap_ms).contains(&pause) && (near || click.target == last.target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn click(at_ms: i64, x: i32) -> Click {
        Click { at_ms, x, y: 0, target: x.unsigned_abs() }
    }

    #[test]
    fn three_in_vain_are_rage_once() {
        let mut detector = RageClicks::default();
        for at_ms in [0, 300, 700] {
            assert_eq!(detector.click(click(at_ms, 0)), None);
        }
        assert_eq!(detector.due_ms(), Some(1_700));
        assert_eq!(detector.tick(1_700), None, "a click at 1,700 would still belong");
        let rage = detector.tick(1_701);
        assert_eq!(rage, Some(Rage { clicks: 3, duration_ms: 700, last: click(700, 0) }));
        assert_eq!(detector.tick(9_999), None);
    }

    #[test]
    fn clicks_that_are_answered_do_not_count() {
        let mut detector = RageClicks::default();
        for at_ms in [0, 200, 400, 600, 800] {
            detector.click(click(at_ms, 0));
            detector.answered();
            detector.answered();
        }
        assert_eq!(detector.end(), None);
    }

    #[test]
    fn a_pause_or_a_distance_begins_anew() {
        let mut detector = RageClicks::default();
        for (at_ms, x) in [(0, 0), (500, 0), (1_501, 0), (1_600, 100), (1_700, 131), (1_800, 200)] {
            assert_eq!(detector.click(click(at_ms, x)), None);
        }
        assert_eq!(detector.end(), None);
    }

    #[test]
    fn another_place_ends_a_series_that_was_rage() {
        let mut detector = RageClicks::default();
        for at_ms in [0, 100, 200] {
            detector.click(click(at_ms, 0));
        }
        assert_eq!(detector.click(click(300, 500)).map(|rage| rage.clicks), Some(3));
        assert_eq!(detector.end(), None);
    }

    proptest! {
        #[test]
        fn never_more_clicks_told_than_made(
            steps in prop::collection::vec((0_i64..3_000, -99..99_i32, any::<bool>()), 0..64)
        ) {
            let mut detector = RageClicks::default();
            let (mut now, mut told, mut unanswered) = (0, 0, 0);
            for (pause, x, answered) in steps.iter().copied() {
                now += pause;
                told += detector.tick(now).map_or(0, |rage| rage.clicks);
                told += detector.click(click(now, x)).map_or(0, |rage| rage.clicks);
                unanswered += u32::from(!answered);
                if answered {
                    detector.answered();
                }
            }
            told += detector.end().map_or(0, |rage| rage.clicks);
            prop_assert!(told <= unanswered);
        }
    }
}
