//! Clicks until it is clear whether the page answered them, and what follows.
//!
//! A click is answered by a change that the page saw near it, unless the change
//! comes by habit, is taken back at once, or comes too late for this judgement. A
//! series is a run of clicks, each at most `rage_gap_ms` after the one before and
//! near it or on the same control; its last click carries its count and when it is
//! judged. Judged is as late as doubt needs and never later than [`LAST_MS`] after
//! the last click.
//!
//! Memory is rings of fixed size: what is newer overwrites what is oldest.

use alloc::string::String;

use super::habit::Habits;
use super::{Thresholds, how};
use crate::json::copy;

/// Clicks that are kept: faster than a hand for the seconds that a judgement takes.
const CLICKS_MAX: usize = 8;
/// Different changes that are kept of a click.
const ANSWERS_MAX: usize = 6;
/// Errors that come anyway and are remembered.
const ANYWAY_MAX: usize = 16;
/// The last moment of a judgement that waits for a habit to show: an incident is said
/// within three seconds.
const LAST_MS: i64 = 2_600;
/// A timer so late was held up by a frozen thread; input waits as well, and comes first.
const FROZEN_MS: i64 = 500;
/// How long that input is given.
const CATCH_UP_MS: i64 = 250;
/// How long a late answer is looked at before it is believed.
const SLOW_DOUBT_MS: i64 = 1_200;
/// An error that is not thrown in the click's own handler waits so long, from the
/// click on: one that comes again meanwhile comes anyway.
const ERROR_DOUBT_MS: i64 = 2_000;
/// One failure is often told twice, by an error and by a rejection.
const SAME_ERROR_MS: i64 = 50;
const NEVER: i64 = i64::MAX;

/// A click, as the page reports it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Click {
    /// When the person made it, in Unix milliseconds.
    pub at_ms: i64,
    /// When the page came round to it.
    pub seen_ms: i64,
    /// Where in the viewport, in CSS pixels.
    pub x: i32,
    /// Where in the viewport, in CSS pixels.
    pub y: i32,
    /// The page's own number of the control; equal means the same one.
    pub target: u32,
    /// Whether it may be part of a rage click.
    pub may_rage: bool,
    /// Whether it is on a control, or on what looks like one.
    pub may_be_dead: bool,
    /// What makes it look like one, as the page numbers it; for the words.
    pub look: u32,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Clicks of one series that the page did not answer; all; milliseconds from the
    /// first to the last; whether something was under way, or showed for a moment.
    Rage {
        /// How many were not answered.
        clicks: u32,
        /// How many were made.
        all: u32,
        /// From the first to the last.
        duration_ms: i64,
        /// Why they count although something changed; see [`how`], 0 for nothing.
        shown: u32,
    },
    /// No answer for so many milliseconds.
    Dead {
        /// How long was waited.
        waited_ms: i64,
        /// As in [`Kind::Rage`].
        shown: u32,
    },
    /// A dead click was answered after so many milliseconds, by a change of that kind.
    Slow {
        /// From the click to the answer.
        answered_ms: i64,
        /// What changed, as the page numbers it.
        what: u32,
    },
    /// An error so many milliseconds after the click.
    Error {
        /// From the click to the error.
        after_ms: i64,
        /// Whether the click's own handler threw it.
        sure: bool,
    },
}

/// An incident: of which click, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// The click's number, as [`Struggle::click`] returned it.
    pub seq: u32,
    /// The click.
    pub click: Click,
    /// The words that came with the click.
    pub words: String,
    /// The words that came with the error; empty for other kinds.
    pub error: String,
    /// What was found.
    pub kind: Kind,
}

/// Shown for a moment, which is no answer. Beside the bits of [`how`].
pub const MOMENT: u32 = 4;
/// Changed by habit, as it seems so far.
const HABIT: u32 = 8;

#[derive(Clone, Copy, Debug)]
struct Answer {
    key: u32,
    how: u32,
    what: u32,
    at_ms: i64,
    ended_ms: i64,
}

#[derive(Clone, Debug)]
struct Failure {
    key: u32,
    at_ms: i64,
    due_ms: i64,
    sure: bool,
    words: String,
}

#[derive(Clone, Debug)]
struct Pending {
    seq: u32,
    click: Click,
    words: String,
    /// The number of its series' first click, when that was made, and how many since.
    series: u32,
    first_ms: i64,
    count: u32,
    /// When its series is judged; never, unless it is the last of one.
    rage_due_ms: i64,
    /// When it may turn out dead; never, once that is settled.
    dead_due_ms: i64,
    /// It was said to be dead; an answer withdraws it.
    is_dead: bool,
    answers: [Option<Answer>; ANSWERS_MAX],
    error: Option<Failure>,
    /// Whether an error of it was told: once is enough, whatever fails after it.
    has_failed: bool,
}

/// The detector of what clicks tell.
#[derive(Clone, Debug, Default)]
pub struct Struggle {
    /// The site's.
    pub thresholds: Thresholds,
    /// What changes anyway.
    pub habits: Habits,
    clicks: [Option<Pending>; CLICKS_MAX],
    anyway: [u32; ANYWAY_MAX],
    anyway_next: usize,
    /// The last click's number.
    seq: u32,
    /// The latest time that was told.
    now_ms: i64,
    is_over: bool,
}

impl Struggle {
    /// Takes a click and the words that an incident of it is to tell; returns its number.
    pub fn click(&mut self, click: Click, words: &str) -> u32 {
        self.is_over = false;
        self.now_ms = self.now_ms.max(click.seen_ms);
        let thresholds = self.thresholds;
        let [mut series, mut first_ms, mut count] = [i64::from(self.seq) + 1, click.at_ms, 1];
        let open = self.last_mut().filter(|last| {
            let pause = click.at_ms - last.click.at_ms;
            last.rage_due_ms != NEVER
                && click.may_rage
                && (0..=thresholds.rage_gap_ms).contains(&pause)
                && is_near(&thresholds, &last.click, &click)
        });
        if let Some(last) = open {
            [series, first_ms, count] =
                [i64::from(last.series), last.first_ms, i64::from(last.count) + 1];
            last.rage_due_ms = NEVER;
        }
        self.seq += 1;
        let due = |is: bool, ms: i64| if is { click.seen_ms + ms } else { NEVER };
        let slot = self.clicks.get_mut(self.seq as usize % CLICKS_MAX);
        if let Some(slot) = slot {
            *slot = Some(Pending {
                seq: self.seq,
                click,
                words: copy(words),
                series: series as u32,
                first_ms,
                count: count as u32,
                rage_due_ms: due(click.may_rage, thresholds.rage_gap_ms + 1),
                dead_due_ms: due(click.may_be_dead, thresholds.dead_ms),
                is_dead: false,
                answers: [None; ANSWERS_MAX],
                error: None,
                has_failed: false,
            });
        }
        self.seq
    }

    fn last_mut(&mut self) -> Option<&mut Pending> {
        self.clicks.get_mut(self.seq as usize % CLICKS_MAX)?.as_mut()
    }

    /// Takes that a thing, `key`, changed in a way that may answer the last click; see
    /// [`how`]. `what` says in which way, for the words.
    pub fn saw(&mut self, at_ms: i64, key: u32, how: u32, what: u32) {
        self.now_ms = self.now_ms.max(at_ms);
        if key > 0 {
            self.habits.note(key, at_ms, how & how::SURE > 0, self.seq);
        }
        let thresholds = self.thresholds;
        let Some(last) = self.last_mut().map(|last| last.click) else { return };
        let new = Answer { key, how, what, at_ms, ended_ms: NEVER };
        for pending in self.clicks.iter_mut().flatten() {
            if at_ms - pending.click.seen_ms > thresholds.slow_ms
                || !is_near(&thresholds, &pending.click, &last)
            {
                continue;
            }
            for slot in &mut pending.answers {
                match slot {
                    Some(old) if old.key != key => continue,
                    // One that ended, or only said to wait, may be followed by a better one.
                    Some(old)
                        if old.ended_ms == NEVER && old.how & how::BUSY <= how & how::BUSY =>
                    {
                        old.how |= how & how::SURE;
                    }
                    _ => *slot = Some(new),
                }
                break;
            }
        }
    }

    /// Takes that a thing is again what it was before the clicks.
    pub fn reverted(&mut self, at_ms: i64, key: u32) {
        for pending in self.clicks.iter_mut().flatten() {
            for answer in pending.answers.iter_mut().flatten() {
                if answer.key == key {
                    answer.ended_ms = answer.ended_ms.min(at_ms);
                }
            }
        }
    }

    /// Takes an error, its words, and whether a click's own handler threw it.
    pub fn failed(&mut self, at_ms: i64, key: u32, sure: bool, words: &str) {
        let within = self.thresholds.error_ms;
        let known = self.anyway.contains(&key);
        let mut comes_anyway = false;
        match self.last_mut() {
            Some(last) if sure || at_ms - last.click.seen_ms <= within.max(ERROR_DOUBT_MS) => {
                let is_in_time = sure || at_ms - last.click.seen_ms <= within;
                match &last.error {
                    Some(error) if error.key == key => {
                        comes_anyway = !sure && at_ms - error.at_ms > SAME_ERROR_MS;
                        if comes_anyway && !error.sure {
                            last.error = None;
                        }
                    }
                    None if is_in_time && !last.has_failed && (sure || !known) => {
                        let due_ms = if sure { at_ms } else { last.click.seen_ms + ERROR_DOUBT_MS };
                        let words = copy(words);
                        last.error = Some(Failure { key, at_ms, due_ms, sure, words });
                    }
                    _ => {}
                }
            }
            _ => comes_anyway = true,
        }
        if comes_anyway && !known {
            self.anyway_next = (self.anyway_next + 1) % ANYWAY_MAX;
            if let Some(slot) = self.anyway.get_mut(self.anyway_next) {
                *slot = key;
            }
        }
    }

    /// When [`Struggle::tick`] has something to judge.
    pub fn due_ms(&self) -> Option<i64> {
        let due_ms = self.clicks.iter().flatten().fold(NEVER, |first, pending| {
            let error = pending.error.as_ref().map_or(NEVER, |error| error.due_ms);
            first
                .min(error)
                .min(pending.rage_due_ms)
                .min(pending.dead_due_ms)
                .min(self.slow_due_ms(pending))
        });
        (due_ms != NEVER).then_some(due_ms)
    }

    /// Judges what is due; `None` when nothing more is.
    pub fn tick(&mut self, now_ms: i64) -> Option<Incident> {
        self.now_ms = now_ms;
        for pending in self.clicks.iter_mut().flatten() {
            for due_ms in [&mut pending.rage_due_ms, &mut pending.dead_due_ms] {
                if *due_ms < now_ms - FROZEN_MS && !self.is_over {
                    *due_ms = now_ms + CATCH_UP_MS;
                }
            }
        }
        for at in 0..CLICKS_MAX {
            if let Some(kind) = self.next_kind(at, now_ms) {
                let pending = self.clicks.get_mut(at)?.as_mut()?;
                let error = match kind {
                    Kind::Error { .. } => pending.error.take().map(|error| error.words),
                    _ => None,
                };
                return Some(Incident {
                    seq: pending.seq,
                    click: pending.click,
                    words: copy(&pending.words),
                    error: error.unwrap_or_default(),
                    kind,
                });
            }
        }
        None
    }

    /// The page is left: series and errors are judged by what is known.
    pub fn end(&mut self) {
        self.is_over = true;
        let now_ms = self.now_ms;
        for pending in self.clicks.iter_mut().flatten() {
            if pending.rage_due_ms != NEVER {
                pending.rage_due_ms = now_ms;
            }
            if let Some(error) = &mut pending.error {
                error.due_ms = now_ms;
            }
        }
    }

    /// Forgets everything but habits: consent was withdrawn.
    pub fn clear(&mut self) {
        self.clicks = Default::default();
    }

    /// What is found of the click in a slot, of which nothing is found again.
    fn next_kind(&mut self, at: usize, now_ms: i64) -> Option<Kind> {
        let pending = self.clicks.get(at)?.as_ref()?;
        let seen_ms = pending.click.seen_ms;
        if let Some(error) = pending.error.as_ref().filter(|error| error.due_ms <= now_ms) {
            let kind = Kind::Error { after_ms: (error.at_ms - seen_ms).max(0), sure: error.sure };
            self.clicks.get_mut(at)?.as_mut()?.has_failed = true;
            return Some(kind);
        }
        if pending.rage_due_ms <= now_ms {
            let (kind, due_ms) = self.rage(pending, now_ms);
            self.clicks.get_mut(at)?.as_mut()?.rage_due_ms = due_ms;
            if kind.is_some() {
                return kind;
            }
        }
        let pending = self.clicks.get(at)?.as_ref()?;
        if pending.dead_due_ms <= now_ms {
            let (answer, shown) = self.judge(pending, now_ms, true);
            let last_ms = seen_ms + LAST_MS.max(self.thresholds.dead_ms);
            let unsure = answer.is_some_and(|answer| {
                answer.how & how::SURE == 0 && self.habits.may_have(answer.key)
            });
            let (series, target, at_ms) =
                (pending.series, pending.click.target, pending.click.at_ms);
            // Whoever clicks again while the first answer has just come is answered.
            let is_dead = answer.is_none()
                && !self.clicks.iter().flatten().any(|other| {
                    other.click.target == target
                        && self.judge(other, now_ms, true).0.is_some_and(|answer| {
                            // A sign to wait that is still there answers all who see it.
                            answer.how & how::BUSY > 0 && answer.ended_ms >= at_ms
                                || (at_ms - answer.at_ms).abs() <= self.thresholds.answer_ms
                        })
                });
            let pending = self.clicks.get_mut(at)?.as_mut()?;
            pending.is_dead = is_dead;
            pending.dead_due_ms = if unsure && now_ms < last_ms { last_ms } else { NEVER };
            if is_dead {
                // What was seen is no answer now, and none later: a habit that pauses is one.
                for answer in pending.answers.iter_mut().filter_map(Option::take) {
                    if answer.ended_ms == NEVER {
                        self.habits.confirm(answer.key);
                    }
                }
                // The others of the series, and later ones on the same, would say the same.
                for other in self.clicks.iter_mut().flatten() {
                    if other.series == series || other.click.target == target {
                        other.dead_due_ms = NEVER;
                    }
                }
                return Some(Kind::Dead { waited_ms: now_ms - seen_ms, shown });
            }
        }
        let pending = self.clicks.get(at)?.as_ref()?;
        if self.slow_due_ms(pending) <= now_ms {
            let answer = self.judge(pending, now_ms, true).0?;
            self.clicks.get_mut(at)?.as_mut()?.is_dead = false;
            return Some(Kind::Slow { answered_ms: answer.at_ms - seen_ms, what: answer.what });
        }
        None
    }

    /// Judges the series whose last click this is: what it was, and when to ask again.
    fn rage(&self, last: &Pending, now_ms: i64) -> (Option<Kind>, i64) {
        let least = self.thresholds.rage_clicks as u32;
        let last_ms = last.click.seen_ms + LAST_MS;
        let [mut vain, mut doubt, mut shown] = [0, 0, 0];
        for pending in self.clicks.iter().flatten().filter(|one| one.series == last.series) {
            let (answer, what) = self.judge(pending, now_ms, false);
            shown |= what;
            let may_be_habit = answer.is_some_and(|answer| {
                answer.how & how::SURE == 0 && self.habits.may_have(answer.key)
            });
            let is_open = what & how::BUSY > 0 || what & HABIT > 0 && now_ms < last_ms;
            if answer.is_none() && !is_open {
                vain += 1;
            } else if answer.is_none() || may_be_habit && now_ms < last_ms {
                doubt += 1;
            }
        }
        if vain < least && vain + doubt >= least && now_ms < last_ms && !self.is_over {
            return (None, last_ms);
        }
        let clicks = vain + doubt;
        let all = last.count;
        // Who overshoots the end of a list by a few had most of it answered.
        let is_rage = clicks >= least && clicks * 2 >= all.min(CLICKS_MAX as u32);
        let duration_ms = last.click.at_ms - last.first_ms;
        (is_rage.then_some(Kind::Rage { clicks, all, duration_ms, shown }), NEVER)
    }

    /// When a dead click's late answer is to be believed.
    fn slow_due_ms(&self, pending: &Pending) -> i64 {
        if !pending.is_dead {
            return NEVER;
        }
        self.judge(pending, self.now_ms, true)
            .0
            .map_or(NEVER, |answer| answer.at_ms + SLOW_DOUBT_MS)
    }

    /// The first answer that holds, and what was shown that does not hold. For a dead
    /// click anything that stays is an answer; for rage it has to come in time, and a
    /// sign to wait is none.
    fn judge(&self, pending: &Pending, now_ms: i64, for_dead: bool) -> (Option<Answer>, u32) {
        let thresholds = &self.thresholds;
        let answers = pending.answers.iter().flatten();
        let busy = answers.clone().fold(0, |busy, answer| busy | answer.how & how::BUSY);
        let patience_ms = if busy > 0 { thresholds.dead_ms } else { thresholds.answer_ms };
        let mut shown = 0;
        for answer in answers {
            if answer.how & how::SURE == 0 && self.habits.has(answer.key, now_ms) {
                if !self.habits.knows(answer.key) {
                    shown |= HABIT;
                }
                continue;
            }
            if answer.ended_ms - answer.at_ms < thresholds.moment_ms {
                shown |= MOMENT;
            } else if for_dead {
                return (Some(*answer), shown);
            } else if answer.how & how::BUSY > 0 {
                shown |= how::BUSY;
            } else if answer.at_ms - pending.click.at_ms <= patience_ms {
                return (Some(*answer), shown);
            }
        }
        (None, shown)
    }
}

fn is_near(thresholds: &Thresholds, one: &Click, other: &Click) -> bool {
    let apart = |one: i32, other: i32| i64::from(one.abs_diff(other)).min(1 << 20);
    let (dx, dy) = (apart(one.x, other.x), apart(one.y, other.y));
    let radius = thresholds.rage_radius_px;
    one.target == other.target || dx * dx + dy * dy <= radius * radius
}

#[cfg(test)]
mod tests;
