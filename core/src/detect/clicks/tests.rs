//! People and pages in words of facts.

use proptest::prelude::*;

use super::*;

/// What happens, and when.
#[derive(Clone, Copy, Debug)]
enum Fact {
    Click(i32),
    Saw(u32, u32),
    Back(u32),
    Error(u32, bool),
}
use Fact::{Back, Click as Press, Error, Saw};

const SURE: u32 = how::SURE;
const BUSY: u32 = how::BUSY;

/// Plays facts and gives what was told, with the time at which it was.
fn play(facts: &[(i64, Fact)], until_ms: i64) -> Vec<(i64, Incident)> {
    let mut struggle = Struggle::default();
    let mut told = Vec::new();
    struggle.habits.begin(-80);
    let advance = |struggle: &mut Struggle, to_ms: i64, told: &mut Vec<_>| {
        while let Some(due) = struggle.due_ms().filter(|due| *due <= to_ms) {
            while let Some(incident) = struggle.tick(due) {
                told.push((due, incident));
            }
        }
    };
    for (at_ms, fact) in facts.iter().copied() {
        advance(&mut struggle, at_ms, &mut told);
        match fact {
            Press(x) => {
                let target = x.unsigned_abs() + 1;
                let click = Click {
                    at_ms,
                    seen_ms: at_ms,
                    x,
                    target,
                    may_rage: true,
                    may_be_dead: true,
                    ..Click::default()
                };
                struggle.click(click, "\"selector\":\"b\"");
            }
            Saw(key, how) => struggle.saw(at_ms, key, how, 0),
            Back(key) => struggle.reverted(at_ms, key),
            Error(key, sure) => struggle.failed(at_ms, key, sure, "e"),
        }
    }
    advance(&mut struggle, until_ms, &mut told);
    told
}

fn names(told: &[(i64, Incident)]) -> Vec<(&'static str, i64)> {
    let name = |kind: &Kind| match kind {
        Kind::Rage { .. } => "rage",
        Kind::Dead { .. } => "dead",
        Kind::Slow { .. } => "slow",
        Kind::Error { .. } => "error",
    };
    told.iter().map(|(at, incident)| (name(&incident.kind), *at)).collect()
}

fn kinds(facts: &[(i64, Fact)]) -> Vec<(&'static str, i64)> {
    names(&play(facts, 15_000))
}

fn presses(times: &[i64]) -> Vec<(i64, Fact)> {
    times.iter().map(|at| (*at, Press(0))).collect()
}

fn after(mut facts: Vec<(i64, Fact)>, more: &[(i64, Fact)]) -> Vec<(i64, Fact)> {
    facts.extend_from_slice(more);
    facts.sort_by_key(|(at, _)| *at);
    facts
}

#[test]
fn three_in_vain_are_rage_and_dead_once_each() {
    let facts = presses(&[0, 300, 700]);
    assert_eq!(kinds(&facts), [("rage", 1_701), ("dead", 2_000)]);
    let Kind::Rage { clicks, duration_ms, .. } = play(&facts, 9_000)[0].1.kind else { panic!() };
    assert_eq!((clicks, duration_ms), (3, 700));
}

#[test]
fn a_stepper_that_counts_is_neither() {
    let counts: Vec<_> = (0..8).map(|n| (n * 150 + 5, Saw(1, SURE))).collect();
    assert_eq!(kinds(&after(presses(&[0, 150, 300, 450, 600, 750, 900, 1_050]), &counts)), []);
}

#[test]
fn one_late_change_answers_all_clicks_that_could_wait_for_it() {
    let facts = after(presses(&[0, 200, 400, 600]), &[(900, Saw(1, 0))]);
    assert_eq!(kinds(&facts), []);
    let facts = after(presses(&[0, 200, 400, 600]), &[(1_650, Saw(1, 0))]);
    assert_eq!(kinds(&facts), [("rage", 1_601)], "no longer dead, but impatience");
}

#[test]
fn a_flash_is_no_answer() {
    let flash = |at: i64| [(at + 5, Saw(1, SURE)), (at + 205, Back(1))];
    let facts = after(presses(&[0, 400, 800]), &[flash(0), flash(400), flash(800)].concat());
    assert_eq!(kinds(&facts), [("rage", 1_801), ("dead", 2_000)]);
    let note = [(5, Saw(1, SURE)), (1_500, Back(1))];
    assert_eq!(kinds(&after(presses(&[0, 400, 800]), &note)), []);
}

#[test]
fn a_sign_to_wait_is_an_answer_and_no_relief() {
    let turns = [(5, Saw(1, SURE | BUSY))];
    assert_eq!(kinds(&after(presses(&[0, 400, 800]), &turns)), [("rage", 3_400)]);
    let ends = [(5, Saw(1, SURE | BUSY)), (1_600, Back(1)), (1_600, Saw(2, 0))];
    assert_eq!(kinds(&after(presses(&[0, 400, 800]), &ends)), []);
    assert_eq!(kinds(&after(presses(&[0]), &turns)), []);
}

#[test]
fn a_clock_beside_a_dead_button_answers_nothing() {
    let ticks: Vec<_> = (0..12).map(|n| (450 + n * 1_000, Saw(7, 0))).collect();
    assert_eq!(kinds(&after(presses(&[0]), &ticks)), [("dead", 2_000)]);
    let facts = after(presses(&[0, 300, 600]), &ticks);
    let told = kinds(&facts);
    assert_eq!(told.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["dead", "rage"]);
    assert!(told.iter().all(|(_, at)| *at <= 3_300), "{told:?}");
}

#[test]
fn a_late_answer_withdraws_what_was_said() {
    assert_eq!(
        kinds(&after(presses(&[0]), &[(4_000, Saw(1, 0))])),
        [("dead", 2_000), ("slow", 5_200)]
    );
    let told = play(&after(presses(&[0]), &[(4_000, Saw(1, 0))]), 9_000);
    assert_eq!(told[0].1.seq, told[1].1.seq);
    assert_eq!(told[1].1.kind, Kind::Slow { answered_ms: 4_000, what: 0 });
    assert_eq!(kinds(&after(presses(&[0]), &[(10_001, Saw(1, SURE))])), [("dead", 2_000)]);
}

#[test]
fn an_answer_elsewhere_is_another_clicks() {
    let facts = [(0, Press(0)), (2_500, Press(500)), (2_510, Saw(1, SURE))];
    assert_eq!(kinds(&facts), [("dead", 2_000)]);
}

#[test]
fn who_overshoots_the_end_is_not_angry() {
    let counts: Vec<_> = (0..5).map(|n| (n * 200 + 5, Saw(1, SURE))).collect();
    let facts = presses(&[0, 200, 400, 600, 800, 2_000, 2_200, 2_400]);
    let told = kinds(&after(facts[..5].to_vec(), &counts));
    assert_eq!(told, []);
    let facts = presses(&[0, 200, 400, 600, 800, 1_850, 2_050]);
    assert_eq!(kinds(&after(facts, &counts)).first().map(|told| told.0), Some("dead"));
}

#[test]
fn an_error_in_the_handler_is_said_at_once_and_a_later_one_after_doubt() {
    let answered = (1, Saw(1, SURE));
    assert_eq!(kinds(&[(0, Press(0)), answered, (2, Error(9, true))]), [("error", 2)]);
    assert_eq!(kinds(&[(0, Press(0)), answered, (600, Error(9, false))]), [("error", 2_000)]);
    assert_eq!(kinds(&[(0, Press(0)), answered, (1_600, Error(9, false))]), []);
}

#[test]
fn an_error_that_comes_anyway_is_not_the_clicks() {
    let answered = (5_001, Saw(1, SURE));
    assert_eq!(
        kinds(&[(0, Error(9, false)), (5_000, Press(0)), answered, (5_400, Error(9, false))]),
        []
    );
    let again = [(5_000, Press(0)), answered, (5_400, Error(9, false)), (6_400, Error(9, false))];
    assert_eq!(kinds(&again), []);
}

#[test]
fn a_frozen_thread_lets_its_clicks_come_before_the_judgement() {
    let mut struggle = Struggle::default();
    let click = |at_ms, seen_ms| Click { at_ms, seen_ms, may_rage: true, ..Click::default() };
    struggle.click(click(0, 0), "");
    assert_eq!(struggle.tick(4_000), None);
    for at_ms in [500, 900, 1_400] {
        struggle.click(click(at_ms, 4_001), "");
        struggle.saw(4_002, 1, SURE, 0);
    }
    let due = struggle.due_ms().unwrap();
    let told = struggle.tick(due).unwrap();
    assert!(matches!(told.kind, Kind::Rage { clicks: 4, duration_ms: 1_400, .. }), "{told:?}");
    assert!(due <= 7_000);
}

proptest! {
    /// Whatever happens: nothing is told of a click that was answered in time, nothing
    /// late, nothing twice, and memory is bounded.
    #[test]
    fn what_is_told_holds(
        facts in prop::collection::vec((0_i64..1_200, prop_oneof![
            4 => (0..3_i32).prop_map(|place| Press(place * 40)),
            3 => (0..4_u32, 0..4_u32).prop_map(|(key, how)| Saw(key, how)),
            1 => (0..4_u32).prop_map(Back),
            1 => (0..3_u32, any::<bool>()).prop_map(|(key, sure)| Error(key, sure)),
        ]), 0..60)
    ) {
        let mut at = 0;
        let facts: Vec<_> = facts.into_iter().map(|(pause, fact)| { at += pause; (at, fact) }).collect();
        let clicks = facts.iter().filter(|(_, fact)| matches!(fact, Press(_))).count();
        let told = play(&facts, at + 20_000);
        let mut seen = std::collections::HashSet::new();
        for (when, Incident { seq, click, kind, .. }) in &told {
            prop_assert!(seen.insert((*seq, core::mem::discriminant(kind))), "twice");
            match kind {
                Kind::Rage { clicks: vain, all, .. } => {
                    prop_assert!(*vain >= 3 && vain <= all && *all as usize <= clicks);
                    prop_assert!(when - click.at_ms <= 3_000);
                }
                Kind::Error { sure: true, .. } => {}
                Kind::Dead { .. } | Kind::Error { .. } => prop_assert!(when - click.at_ms <= 3_000),
                Kind::Slow { answered_ms, .. } => prop_assert!(*answered_ms <= 10_000),
            }
        }
    }

    /// A page that answers every click for good, at once, is never accused.
    #[test]
    fn a_page_that_answers_is_left_in_peace(pauses in prop::collection::vec(20_i64..3_000, 1..40)) {
        let mut at = 0;
        let mut facts = Vec::new();
        for pause in pauses {
            at += pause;
            facts.extend([(at, Press(0)), (at + 10, Saw(1, SURE))]);
        }
        prop_assert_eq!(kinds(&facts), []);
    }
}

#[test]
fn who_clicks_on_a_spinner_that_still_turns_has_its_answer() {
    let clicks = presses(&[0, 350, 700, 1_050]);
    let turning = after(clicks.clone(), &[(5, Saw(1, SURE | BUSY))]);
    assert_eq!(kinds(&turning), [("rage", 2_051)]);
    // Gone before the last click, which nothing answers.
    let gone = after(clicks, &[(5, Saw(1, SURE | BUSY)), (900, Back(1))]);
    assert_eq!(kinds(&gone), [("rage", 2_051), ("dead", 3_050)]);
}

#[test]
fn a_spinner_that_turns_for_ever_answers_who_comes_back_to_it() {
    let turns = [(5, Saw(1, SURE | BUSY))];
    // The third is of a series of its own, and no dead click either.
    let told = kinds(&after(presses(&[0, 400, 3_000, 3_400, 3_800]), &turns));
    assert!(told.iter().all(|(name, _)| *name == "rage"), "{told:?}");
}
