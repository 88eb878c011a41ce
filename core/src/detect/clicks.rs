//! Clicks until it is clear whether the page answered them, and what follows.
//!
//! A click is answered by a change that the page saw near it, unless the change
//! comes by habit, is taken back at once, or comes too late for this judgement. A
//! series is a run of clicks, each at most `rage_gap_ms` after the one before and
//! near it or on the same control. Judged is as late as doubt needs and never later
//! than [`LAST_MS`] after the last click.

use alloc::string::String;
use alloc::vec::Vec;

use super::errors::Errors;
use super::habit::Habits;
use super::{Thresholds, how};

/// Clicks that are kept, at most: faster than any hand for the ten seconds of a late
/// answer on a control that is dead.
const CLICKS_MAX: usize = 32;
/// Different changes that are kept of a click, at most.
const ANSWERS_MAX: usize = 8;
/// The last moment of a judgement that waits for a habit to show: an incident is said
/// within three seconds.
const LAST_MS: i64 = 2_600;
/// A timer so late was held up by a frozen thread; input waits as well, and comes first.
const FROZEN_MS: i64 = 500;
/// How long that input is given.
const CATCH_UP_MS: i64 = 250;
/// How long a late answer is looked at before it is believed.
const SLOW_DOUBT_MS: i64 = 1_200;

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

#[derive(Clone, Copy, Debug)]
struct Answer {
    key: u32,
    how: u32,
    what: u32,
    at_ms: i64,
    ended_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    /// It may turn out dead at this time.
    May(i64),
    /// It was said to be dead; an answer withdraws it.
    Dead,
    /// Nothing more is asked.
    Settled,
}

#[derive(Clone, Debug)]
struct Pending {
    seq: u32,
    series: u32,
    click: Click,
    words: String,
    life: Life,
    answers: Vec<Answer>,
}

#[derive(Clone, Copy, Debug)]
struct Series {
    id: u32,
    first_ms: i64,
    last: Click,
    count: u32,
    due_ms: i64,
    /// The page is left: nothing more is waited for.
    is_over: bool,
}

/// The detector of what clicks tell.
#[derive(Clone, Debug, Default)]
pub struct Struggle {
    /// The site's.
    pub thresholds: Thresholds,
    /// What changes anyway.
    pub habits: Habits,
    errors: Errors,
    clicks: Vec<Pending>,
    series: Vec<Series>,
    seq: u32,
    /// The latest time that was told.
    now_ms: i64,
}

impl Struggle {
    /// Takes a click and the words that an incident of it is to tell; returns its number.
    pub fn click(&mut self, click: Click, words: &str) -> u32 {
        self.seq += 1;
        self.now_ms = self.now_ms.max(click.seen_ms);
        let due_ms = click.seen_ms + self.thresholds.rage_gap_ms + 1;
        let thresholds = self.thresholds;
        let belongs = |series: &&mut Series| {
            let pause = click.at_ms - series.last.at_ms;
            (0..=thresholds.rage_gap_ms).contains(&pause)
                && is_near(&thresholds, &series.last, &click)
        };
        let mut series = self.seq;
        if click.may_rage {
            if let Some(open) = self.series.last_mut().filter(belongs) {
                series = open.id;
                open.last = click;
                open.count += 1;
                open.due_ms = due_ms;
            } else {
                // A series is judged three seconds after its end at the latest: more
                // than these at a time are not made by hand.
                let first_ms = click.at_ms;
                self.series.push(Series {
                    id: series,
                    first_ms,
                    last: click,
                    count: 1,
                    due_ms,
                    is_over: false,
                });
            }
        }
        if self.clicks.len() >= CLICKS_MAX {
            self.clicks.remove(0);
        }
        let dead_ms = click.seen_ms + self.thresholds.dead_ms;
        let life = if click.may_be_dead { Life::May(dead_ms) } else { Life::Settled };
        let words = String::from(words);
        self.clicks.push(Pending {
            seq: self.seq,
            series,
            click,
            words,
            life,
            answers: Vec::new(),
        });
        self.seq
    }

    /// Takes that a thing, `key`, changed in a way that may answer the last click; see
    /// [`how`]. `what` says in which way, for the words.
    pub fn saw(&mut self, at_ms: i64, key: u32, how: u32, what: u32) {
        self.now_ms = self.now_ms.max(at_ms);
        if how & how::SURE == 0 {
            self.habits.note(key, at_ms);
        }
        let Some(last) = self.clicks.last().map(|pending| pending.click) else { return };
        let new = Answer { key, how, what, at_ms, ended_ms: i64::MAX };
        for pending in &mut self.clicks {
            let waits_ms = at_ms - pending.click.seen_ms;
            if waits_ms > self.thresholds.slow_ms
                || !is_near(&self.thresholds, &pending.click, &last)
            {
                continue;
            }
            // One that ended, or only said to wait, may be followed by a better one.
            let was_better = |old: &Answer| {
                old.ended_ms == i64::MAX && (old.how & how::BUSY == 0 || how & how::BUSY > 0)
            };
            match pending.answers.iter().position(|old| old.key == key) {
                Some(at) => {
                    if let Some(old) = pending.answers.get_mut(at) {
                        if was_better(old) {
                            old.how |= how & how::SURE;
                        } else {
                            *old = new;
                        }
                    }
                }
                None if pending.answers.len() < ANSWERS_MAX => pending.answers.push(new),
                None => {}
            }
        }
    }

    /// Takes that a thing is again what it was before the clicks.
    pub fn reverted(&mut self, at_ms: i64, key: u32) {
        for pending in &mut self.clicks {
            for answer in pending.answers.iter_mut().filter(|answer| answer.key == key) {
                answer.ended_ms = answer.ended_ms.min(at_ms);
            }
        }
    }

    /// Takes an error, its words, and whether a click's own handler threw it.
    pub fn failed(&mut self, at_ms: i64, key: u32, sure: bool, words: &str) {
        let within = self.thresholds.error_ms;
        let click = self.clicks.last().map(|last| (last.seq, last.click.seen_ms));
        let click = click.filter(|(_, click_ms)| sure || at_ms - click_ms <= within);
        self.errors.note(key, at_ms, click, sure, words);
    }

    /// When [`Struggle::tick`] has something to judge.
    pub fn due_ms(&self) -> Option<i64> {
        let series = self.series.iter().map(|series| series.due_ms);
        let errors = self.errors.held.iter().map(|held| held.due_ms);
        let clicks = self.clicks.iter().filter_map(|pending| match pending.life {
            Life::May(due_ms) => Some(due_ms),
            Life::Dead => self.slow_due_ms(pending),
            Life::Settled => None,
        });
        series.chain(errors).chain(clicks).min()
    }

    /// Whether an answer is still waited for: then the page goes on looking.
    pub fn waits(&self, now_ms: i64) -> bool {
        let slow_ms = self.thresholds.slow_ms;
        !self.series.is_empty()
            || self.clicks.iter().any(|pending| {
                pending.life != Life::Settled && now_ms - pending.click.seen_ms <= slow_ms
            })
    }

    /// Judges what is due; `None` when nothing more is.
    pub fn tick(&mut self, now_ms: i64) -> Option<Incident> {
        self.now_ms = now_ms;
        let late = self
            .due_ms()
            .filter(|_| !self.series.iter().any(|series| series.is_over))
            .filter(|due_ms| now_ms - due_ms > FROZEN_MS);
        if late.is_some() {
            self.catch_up(now_ms);
        }
        self.next_error(now_ms)
            .or_else(|| self.next_rage(now_ms))
            .or_else(|| self.next_dead(now_ms))
            .or_else(|| self.next_slow(now_ms))
            .or_else(|| {
                self.forget(now_ms);
                None
            })
    }

    /// The page is left: series and errors are judged by what is known.
    pub fn end(&mut self) {
        for series in &mut self.series {
            series.due_ms = self.now_ms;
            series.is_over = true;
        }
        for held in &mut self.errors.held {
            held.due_ms = self.now_ms;
        }
    }

    /// Forgets everything but habits: consent was withdrawn.
    pub fn clear(&mut self) {
        self.clicks.clear();
        self.series.clear();
        self.errors.held.clear();
    }

    fn catch_up(&mut self, now_ms: i64) {
        let late_ms = now_ms - FROZEN_MS;
        let until_ms = now_ms + CATCH_UP_MS;
        let put_off = |due_ms: &mut i64| {
            if *due_ms < late_ms {
                *due_ms = until_ms;
            }
        };
        self.series.iter_mut().for_each(|series| put_off(&mut series.due_ms));
        for pending in &mut self.clicks {
            if let Life::May(due_ms) = &mut pending.life {
                put_off(due_ms);
            }
        }
    }

    fn next_error(&mut self, now_ms: i64) -> Option<Incident> {
        let at = self.errors.held.iter().position(|held| held.due_ms <= now_ms)?;
        let held = self.errors.held.remove(at);
        self.errors.told = held.seq;
        let pending = self.clicks.iter().find(|pending| pending.seq == held.seq)?;
        let after_ms = (held.at_ms - pending.click.seen_ms).max(0);
        let kind = Kind::Error { after_ms, sure: held.sure };
        Some(incident(pending, kind, held.words))
    }

    fn next_rage(&mut self, now_ms: i64) -> Option<Incident> {
        let least = self.thresholds.rage_clicks as u32;
        while let Some(at) = self.series.iter().position(|series| series.due_ms <= now_ms) {
            let series = *self.series.get(at)?;
            let last_ms = series.last.seen_ms + LAST_MS;
            let [mut vain, mut doubt, mut shown] = [0, 0, 0];
            for pending in self.clicks.iter().filter(|pending| pending.series == series.id) {
                let (answer, what) = self.judge(pending, now_ms, false);
                shown |= what;
                match answer {
                    Some(_) => {}
                    None if what & how::BUSY > 0 => doubt += 1,
                    None => vain += 1,
                }
            }
            let is_last = now_ms >= last_ms || series.is_over;
            if series.count >= least && vain < least && vain + doubt >= least && !is_last {
                if let Some(series) = self.series.get_mut(at) {
                    series.due_ms = last_ms;
                }
                continue;
            }
            self.series.remove(at);
            let clicks = vain + doubt;
            // Who overshoots the end of a list by a few had most of it answered.
            if clicks >= least && clicks * 2 >= series.count {
                let pending = self.clicks.iter().rev().find(|one| one.series == series.id)?;
                let duration_ms = series.last.at_ms - series.first_ms;
                let kind = Kind::Rage { clicks, all: series.count, duration_ms, shown };
                return Some(incident(pending, kind, String::new()));
            }
        }
        None
    }

    fn next_dead(&mut self, now_ms: i64) -> Option<Incident> {
        for at in 0..self.clicks.len() {
            let pending = self.clicks.get(at)?;
            if !matches!(pending.life, Life::May(due_ms) if due_ms <= now_ms) {
                continue;
            }
            let (answer, shown) = self.judge(pending, now_ms, true);
            let last_ms = pending.click.seen_ms + LAST_MS.max(self.thresholds.dead_ms);
            let unsure = answer.is_some_and(|answer| {
                answer.how & how::SURE == 0 && self.habits.may_have(answer.key)
            });
            let seen_ms = pending.click.seen_ms;
            let (series, target) = (pending.series, pending.click.target);
            // Whoever clicks again while the first answer still stands is answered.
            let is_same = |other: &Pending| other.series == series && other.click.target == target;
            let was_answered =
                |other: &Pending| is_same(other) && self.judge(other, now_ms, true).0.is_some();
            let found = (answer.is_none() && !self.clicks.iter().any(was_answered)).then(|| {
                incident(pending, Kind::Dead { waited_ms: now_ms - seen_ms, shown }, String::new())
            });
            let life = if unsure && now_ms < last_ms {
                Life::May(last_ms)
            } else if found.is_some() {
                Life::Dead
            } else {
                Life::Settled
            };
            if let Some(pending) = self.clicks.get_mut(at) {
                pending.life = life;
            }
            if found.is_some() {
                // The others of the series say the same.
                for other in &mut self.clicks {
                    let is_same = other.series == series || other.click.target == target;
                    if is_same && matches!(other.life, Life::May(_)) {
                        other.life = Life::Settled;
                    }
                }
                return found;
            }
        }
        None
    }

    fn next_slow(&mut self, now_ms: i64) -> Option<Incident> {
        for at in 0..self.clicks.len() {
            let pending = self.clicks.get(at)?;
            if self.slow_due_ms(pending).is_none_or(|due_ms| due_ms > now_ms) {
                continue;
            }
            let Some(answer) = self.judge(pending, now_ms, true).0 else { continue };
            let answered_ms = answer.at_ms - pending.click.seen_ms;
            let kind = Kind::Slow { answered_ms, what: answer.what };
            let found = incident(pending, kind, String::new());
            if let Some(pending) = self.clicks.get_mut(at) {
                pending.life = Life::Settled;
            }
            return Some(found);
        }
        None
    }

    /// When a dead click's late answer is to be believed.
    fn slow_due_ms(&self, pending: &Pending) -> Option<i64> {
        let answer = match pending.life {
            Life::Dead => self.judge(pending, self.now_ms, true).0?,
            _ => return None,
        };
        let doubt_ms =
            if answer.how & how::SURE > 0 { self.thresholds.moment_ms } else { SLOW_DOUBT_MS };
        Some(answer.at_ms + doubt_ms)
    }

    /// The first answer that holds, and what was shown that does not hold. For a dead
    /// click anything that stays is an answer; for rage it has to come in time, and a
    /// sign to wait is none.
    fn judge(&self, pending: &Pending, now_ms: i64, for_dead: bool) -> (Option<Answer>, u32) {
        let thresholds = &self.thresholds;
        let is_busy = |answer: &Answer| answer.how & how::BUSY > 0;
        let patience_ms = match pending.answers.iter().any(is_busy) {
            true => thresholds.dead_ms,
            false => thresholds.answer_ms,
        };
        let mut shown = 0;
        for answer in &pending.answers {
            if answer.how & how::SURE == 0 && self.habits.has(answer.key, now_ms) {
                continue;
            }
            if answer.ended_ms.saturating_sub(answer.at_ms) < thresholds.moment_ms {
                shown |= MOMENT;
            } else if for_dead {
                return (Some(*answer), shown);
            } else if is_busy(answer) {
                shown |= how::BUSY;
            } else if answer.at_ms - pending.click.at_ms <= patience_ms {
                return (Some(*answer), shown);
            }
        }
        (None, shown)
    }

    fn forget(&mut self, now_ms: i64) {
        let Self { clicks, series, errors, thresholds, .. } = self;
        let kept_ms = thresholds.slow_ms + SLOW_DOUBT_MS;
        clicks.retain(|pending| {
            let age_ms = now_ms - pending.click.seen_ms;
            age_ms <= LAST_MS
                || age_ms <= kept_ms && pending.life != Life::Settled
                || series.iter().any(|series| series.id == pending.series)
                || errors.held.iter().any(|held| held.seq == pending.seq)
        });
    }
}

fn incident(pending: &Pending, kind: Kind, error: String) -> Incident {
    let words = pending.words.clone();
    Incident { seq: pending.seq, click: pending.click, words, error, kind }
}

fn is_near(thresholds: &Thresholds, one: &Click, other: &Click) -> bool {
    let apart = |one: i32, other: i32| i64::from(one.abs_diff(other)).min(1 << 20);
    let (dx, dy) = (apart(one.x, other.x), apart(one.y, other.y));
    one.target == other.target || dx * dx + dy * dy <= thresholds.rage_radius_px.pow(2)
}

#[cfg(test)]
mod tests;
