//! The machine as a whole: every state that signals can bring about, under every
//! signal, and random histories against a second telling of the rules.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

mod history;

const WORDS: [Option<bool>; 3] = [None, Some(false), Some(true)];
const MODES: [Mode; 2] = [Mode::Full, Mode::Cookieless];

fn google(analytics: Option<bool>, ads: Option<bool>) -> GoogleTypes {
    GoogleTypes {
        analytics_storage: analytics,
        ad_storage: ads,
        ad_user_data: ads,
        ad_personalization: ads,
    }
}

fn tcf(gdpr_applies: Option<bool>, status: TcfStatus, consents: u16) -> Signal {
    Signal::Tcf(Tcf { gdpr_applies, status, consents, legitimate_interests: 0, vendor: None })
}

const NO_PURPOSE: u16 = 0;
const TO_MEASURE: u16 = 0b111 << 8 | 1 << 1;
const EVERY_PURPOSE: u16 = 0b1111_1111_1110;

/// Every signal that there is; of the words about ads only those in `ads`.
fn signals(ads: &[Option<bool>]) -> Vec<Signal> {
    let mut all = vec![
        Signal::OptOut,
        Signal::OptIn,
        Signal::GoogleWaited,
        tcf(None, TcfStatus::Loading, EVERY_PURPOSE),
        tcf(None, TcfStatus::Failed, EVERY_PURPOSE),
        tcf(Some(false), TcfStatus::Chosen, EVERY_PURPOSE),
        tcf(Some(true), TcfStatus::Asking, EVERY_PURPOSE),
        tcf(Some(true), TcfStatus::Chosen, NO_PURPOSE),
        tcf(Some(true), TcfStatus::Chosen, TO_MEASURE),
        tcf(Some(true), TcfStatus::Chosen, EVERY_PURPOSE),
        Signal::Gpc(true),
        Signal::Gpc(false),
        Signal::Dnt(true),
        Signal::Dnt(false),
        Signal::Region(Region::OptIn),
        Signal::Region(Region::OptOut),
    ];
    for analytics in WORDS {
        for ads in ads.iter().copied() {
            let types = google(analytics, ads);
            all.push(Signal::Call { analytics, ads });
            all.push(Signal::GoogleUpdate(types));
            all.push(Signal::GoogleDefault { types, waits: false });
            all.push(Signal::GoogleDefault { types, waits: true });
        }
    }
    all
}

/// Every state that these signals can bring about.
fn reachable(modes: &[Mode], signals: &[Signal]) -> HashSet<Machine> {
    let mut found: HashSet<Machine> = modes.iter().copied().map(Machine::new).collect();
    let mut open: Vec<Machine> = found.iter().copied().collect();
    while let Some(state) = open.pop() {
        for signal in signals {
            let mut next = state;
            next.take(&[*signal]);
            if found.insert(next) {
                open.push(next);
            }
        }
    }
    found
}

impl Machine {
    /// What a source said: all of its bits grant, or any denies.
    fn said(&self, bits: Bits) -> Option<bool> {
        assert_eq!(self.yes & self.no, 0);
        match (self.no & bits != 0, self.yes & bits == bits) {
            (true, _) => Some(false),
            (false, granted) => granted.then_some(true),
        }
    }
}

/// What always holds of a state.
fn assert_state(state: &Machine) {
    let consent = state.consent();
    let decision = consent.decide();
    let choices = [CALL_ANALYTICS, UPDATE_ANALYTICS, TCF_ANALYTICS].map(|bit| state.said(bit));
    let opt_in = state.region == Region::OptIn || state.gdpr_applies == Some(true);
    if opt_in && !choices.contains(&Some(true)) {
        assert!(!decision.may_store() && !decision.may_identify() && !decision.may_send());
    }
    if choices.contains(&Some(false)) {
        assert_eq!(consent.analytics, Some(false), "{state:?}");
    }
    let ad_choices = [CALL_ADS, UPDATE_ADS, TCF_ADS].map(|bits| state.said(bits));
    if state.gpc || ad_choices.contains(&Some(false)) || consent.analytics != Some(true) {
        assert_ne!(consent.ads, Some(true), "{state:?}");
    }
    if opt_in && !ad_choices.contains(&Some(true)) {
        assert_ne!(consent.ads, Some(true), "{state:?}");
    }
    if state.opted_out {
        assert_eq!(decision, Decision::Forget, "{state:?}");
    }
    if decision.may_measure_cookieless() {
        assert_eq!(state.mode, Mode::Cookieless, "{state:?}");
    }
    // Exactly one of the four, and what is stored is what is identified and sent.
    let may = [decision.may_send(), decision.may_measure_cookieless(), decision.holds()];
    assert!(may.iter().filter(|may| **may).count() <= 1);
    assert_eq!(decision.may_store(), decision.may_send());
    assert_eq!(decision.may_identify(), decision.may_send());
}

/// What always holds of a step.
fn assert_step(before: &Machine, signal: Signal) {
    let mut after = *before;
    let effects = after.take(&[signal]);
    let (was, is) = (before.consent(), after.consent());
    let told = || format!("{before:?} {signal:?}");
    if was == is {
        assert_eq!(effects, Effects::default(), "{}", told());
    }
    if was.may_store() && !is.may_store() {
        assert!(effects.purge, "a lost grant purges: {}", told());
    }
    if is.analytics == Some(false) && was.analytics != Some(false) {
        assert!(effects.purge, "a denial purges what an earlier visit kept: {}", told());
    }
    if is.may_store() {
        assert!(!effects.purge && !effects.forget, "{}", told());
    }
    assert_eq!(
        effects.release,
        was.decide().holds() && !matches!(is.decide(), Decision::Hold | Decision::Forget)
    );
    if let Some(source) = effects.granted_by {
        assert!(is.may_store(), "{}", told());
        assert!(!was.may_store() || is.ads == Some(true) && was.ads != Some(true), "{}", told());
        assert_eq!(source, signal.source(), "{}", told());
    } else {
        assert!(!is.may_store() || was.may_store(), "every grant is told: {}", told());
    }
    // Once more, it changes nothing.
    let mut again = after;
    assert_eq!(again.take(&[signal]), Effects::default(), "{}", told());
    assert_eq!(again, after, "{}", told());
    // A word that says nothing grants nothing, but that it can end a waiting
    // where the region alone grants.
    let empty = matches!(
        signal,
        Signal::Call { analytics: None, ads: None } | Signal::GoogleWaited
    ) || matches!(signal, Signal::GoogleUpdate(types) if types == GoogleTypes::default())
        || matches!(signal, Signal::GoogleDefault { types, .. } if types == GoogleTypes::default())
        || matches!(signal, Signal::Tcf(tcf) if tcf.status != TcfStatus::Chosen);
    if empty && is.may_store() && !was.may_store() {
        let waited = before.google_waits || before.tcf_waits;
        assert!(before.region == Region::OptOut && waited, "{}", told());
    }
    if empty && is.ads == Some(true) && was.ads != Some(true) {
        assert_eq!(before.region, Region::OptOut, "{}", told());
    }
}

#[test]
fn every_state_keeps_the_promises_under_every_signal() {
    let signals = signals(&[None]);
    let states = reachable(&MODES, &signals);
    assert!(states.len() > 10_000, "{}", states.len());
    for state in &states {
        assert_state(state);
        for signal in &signals {
            assert_step(state, *signal);
        }
    }
}

#[test]
fn every_state_of_ads_keeps_the_promises() {
    // Analytics are granted, or not: what ads add.
    let mut signals = signals(&WORDS);
    signals.retain(|signal| match signal {
        Signal::Call { analytics, ads } => ads.is_some() || analytics.is_some(),
        Signal::GoogleUpdate(types) => *types == GoogleTypes::default(),
        Signal::GoogleDefault { types, waits } => types.analytics_storage == Some(true) && !waits,
        Signal::OptOut | Signal::OptIn | Signal::Dnt(_) | Signal::GoogleWaited => false,
        Signal::Tcf(tcf) => tcf.status == TcfStatus::Chosen,
        _ => true,
    });
    for alone in [Some(true), Some(false)] {
        for types in [
            GoogleTypes { ad_storage: alone, ..GoogleTypes::default() },
            GoogleTypes { ad_user_data: alone, ..GoogleTypes::default() },
            GoogleTypes { ad_personalization: alone, ..GoogleTypes::default() },
        ] {
            signals.push(Signal::GoogleUpdate(types));
        }
    }
    let states = reachable(&[Mode::Full], &signals);
    assert!(states.len() > 5_000, "{}", states.len());
    for state in &states {
        assert_state(state);
        for signal in &signals {
            assert_step(state, *signal);
        }
    }
}

/// What a page keeps, driven by effects alone.
#[derive(Default)]
struct Page {
    storage: Option<u32>,
    minted: u32,
    held: usize,
    /// Ids that were withdrawn, and must never be seen again.
    withdrawn: Vec<u32>,
}

impl Page {
    fn obey(&mut self, effects: Effects, consent: Consent) {
        if effects.purge {
            self.withdrawn.extend(self.storage.take());
            self.held = 0;
        }
        if effects.forget || effects.release {
            self.held = 0;
        }
        if consent.may_store() && self.storage.is_none() {
            self.minted += 1;
            self.storage = Some(self.minted);
        }
    }

    fn track(&mut self, consent: Consent) {
        match consent.decide() {
            Decision::Send => assert!(!self.withdrawn.contains(&self.storage.unwrap())),
            Decision::Hold => self.held += 1,
            Decision::SendWithoutIds | Decision::Forget => {}
        }
        assert!(self.storage.is_none() || consent.may_store());
        assert!(self.held == 0 || consent.decide().holds());
    }
}

fn any_signal() -> impl Strategy<Value = Signal> {
    let word = || prop::sample::select(&WORDS[..]);
    let types = || {
        (word(), word(), word(), word()).prop_map(|(a, b, c, d)| GoogleTypes {
            analytics_storage: a,
            ad_storage: b,
            ad_user_data: c,
            ad_personalization: d,
        })
    };
    prop_oneof![
        prop::sample::select(signals(&WORDS)),
        types().prop_map(Signal::GoogleUpdate),
        (types(), any::<bool>()).prop_map(|(types, waits)| Signal::GoogleDefault { types, waits }),
    ]
}

fn any_mode() -> impl Strategy<Value = Mode> {
    prop::sample::select(&MODES[..])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_machine_says_what_the_history_says(
        mode in any_mode(),
        history in prop::collection::vec(any_signal(), 0..24),
    ) {
        let mut machine = Machine::new(mode);
        for (index, signal) in history.iter().enumerate() {
            assert_step(&machine, *signal);
            machine.take(&[*signal]);
            assert_state(&machine);
            prop_assert_eq!(machine.consent(), history::consent(mode, &history[..=index]));
        }
    }

    #[test]
    fn a_page_that_obeys_keeps_nothing_that_was_withdrawn(
        mode in any_mode(),
        stored in any::<bool>(),
        history in prop::collection::vec(any_signal(), 0..40),
    ) {
        let mut machine = Machine::new(mode);
        let mut page = Page::default();
        for signal in history {
            page.obey(machine.take(&[signal]), machine.consent());
            page.track(machine.consent());
        }
        // An earlier visit's ids do not survive a denial either.
        let mut late = Page { storage: stored.then_some(7), minted: 7, ..Page::default() };
        let mut fresh = Machine::new(mode);
        late.obey(fresh.take(&[Signal::Call { analytics: Some(false), ads: None }]), fresh.consent());
        prop_assert_eq!(late.storage, None);
    }

    #[test]
    fn sources_may_speak_in_any_order(
        mode in any_mode(),
        choices in prop::collection::vec(any_signal(), 0..16),
        lots in prop::collection::vec(any::<prop::sample::Index>(), 16),
    ) {
        // Preferences of the browser stand from the start; each source's own words
        // stay in order, and the sources are dealt anew.
        let choices: Vec<_> = choices
            .into_iter()
            .filter(|signal| !matches!(signal.source(), Source::Gpc | Source::Dnt))
            .collect();
        // What Google's default and its time say of waiting is one source's order.
        let mut hands: Vec<Vec<Signal>> = Vec::new();
        for signal in &choices {
            match hands.iter_mut().find(|hand| hand[0].source() == signal.source()) {
                Some(hand) => hand.push(*signal),
                None => hands.push(vec![*signal]),
            }
        }
        let mut dealt = Vec::new();
        for lot in lots {
            hands.retain(|hand| !hand.is_empty());
            if hands.is_empty() {
                break;
            }
            let hand = lot.index(hands.len());
            dealt.push(hands[hand].remove(0));
        }
        prop_assert_eq!(dealt.len(), choices.len());
        let end = |signals: &[Signal]| {
            let mut machine = Machine::new(mode);
            for signal in signals {
                machine.take(&[*signal]);
            }
            machine
        };
        prop_assert_eq!(end(&choices), end(&dealt));
        // At once or one after the other makes no difference to where it ends.
        let mut at_once = Machine::new(mode);
        at_once.take(&choices);
        prop_assert_eq!(at_once, end(&choices));
    }
}

fn after(signals: &[Signal]) -> Machine {
    let mut machine = Machine::new(Mode::Full);
    for signal in signals {
        machine.take(&[*signal]);
    }
    machine
}

const GRANT: Signal = Signal::Call { analytics: Some(true), ads: None };
const DENY: Signal = Signal::Call { analytics: Some(false), ads: None };
const OPT_OUT_REGION: Signal = Signal::Region(Region::OptOut);

#[test]
fn a_default_of_google_is_no_choice_of_the_visitors() {
    let default = |word| Signal::GoogleDefault { types: google(word, word), waits: false };
    for word in WORDS {
        assert_eq!(after(&[default(word)]).consent().analytics, None);
    }
    let there = |word| after(&[OPT_OUT_REGION, default(word)]).consent();
    assert_eq!((there(Some(true)).analytics, there(Some(true)).ads), (Some(true), Some(true)));
    assert_eq!((there(None).analytics, there(None).ads), (Some(true), None));
    assert_eq!(there(Some(false)).decide(), Decision::Hold);
}

#[test]
fn an_update_that_is_announced_is_waited_for() {
    let default = Signal::GoogleDefault { types: google(None, None), waits: true };
    let mut machine = after(&[OPT_OUT_REGION]);
    assert_eq!(machine.consent().analytics, Some(true));
    machine = Machine::new(Mode::Full);
    machine.take(&[OPT_OUT_REGION, default]);
    assert_eq!(machine.consent().analytics, None);
    let mut waited = machine;
    let effects = waited.take(&[Signal::GoogleWaited]);
    assert!(effects.release);
    assert_eq!(effects.granted_by, Some(Source::GoogleConsentMode));
    let denied = machine.take(&[Signal::GoogleUpdate(google(Some(false), None))]);
    assert!(denied.forget && denied.purge && denied.granted_by.is_none());
}

#[test]
fn a_late_consent_tool_takes_back_what_the_region_gave() {
    let mut machine = after(&[OPT_OUT_REGION]);
    let effects = machine.take(&[tcf(Some(true), TcfStatus::Asking, EVERY_PURPOSE)]);
    assert_eq!(machine.consent().decide(), Decision::Hold);
    assert!(effects.purge && !effects.forget && effects.granted_by.is_none());
    let effects = machine.take(&[tcf(Some(true), TcfStatus::Chosen, EVERY_PURPOSE)]);
    assert!(effects.release);
    assert_eq!(effects.granted_by, Some(Source::Tcf));
}

#[test]
fn a_browsers_objection_is_beaten_by_a_later_choice_alone() {
    let objected = after(&[OPT_OUT_REGION, Signal::Gpc(true)]);
    assert_eq!(objected.consent().analytics, Some(false));
    let before = after(&[GRANT, Signal::Gpc(true)]);
    assert_eq!(before.consent().analytics, None);
    let mut machine = before;
    let effects = machine.take(&[Signal::Call { analytics: Some(true), ads: Some(true) }]);
    assert_eq!(effects.granted_by, Some(Source::Call));
    assert_eq!((machine.consent().analytics, machine.consent().ads), (Some(true), Some(false)));
    // Do Not Track knows exceptions that the visitor grants; GPC knows none for ads.
    let tracked =
        after(&[Signal::Dnt(true), Signal::Call { analytics: Some(true), ads: Some(true) }]);
    assert_eq!(tracked.consent().ads, Some(true));
    // Given in one breath, the choice is the later word.
    let mut at_start = Machine::new(Mode::Full);
    at_start.take(&[GRANT, Signal::Gpc(true)]);
    assert_eq!(at_start.consent().analytics, Some(true));
}

#[test]
fn an_opt_out_outlasts_what_consent_tools_repeat() {
    let mut machine = Machine::new(Mode::Cookieless);
    machine.take(&[GRANT]);
    let effects = machine.take(&[Signal::OptOut]);
    assert!(effects.purge && effects.forget);
    machine.take(&[GRANT, tcf(Some(true), TcfStatus::Chosen, EVERY_PURPOSE)]);
    assert_eq!(machine.consent().decide(), Decision::Forget, "not even counted");
    let effects = machine.take(&[Signal::OptIn]);
    assert_eq!(effects.granted_by, Some(Source::Call));
    assert!(machine.consent().may_store());
}

#[test]
fn a_denial_elsewhere_beats_a_grant() {
    let mut machine = after(&[tcf(Some(true), TcfStatus::Chosen, NO_PURPOSE), GRANT]);
    assert_eq!(machine.consent().analytics, Some(false));
    machine.take(&[tcf(Some(true), TcfStatus::Chosen, TO_MEASURE)]);
    let consent = machine.consent();
    assert_eq!((consent.analytics, consent.ads), (Some(true), Some(false)));
}

#[test]
fn who_declines_is_counted_without_ids_where_the_site_chose_that() {
    let mut machine = Machine::new(Mode::Cookieless);
    assert_eq!(machine.consent().decide(), Decision::SendWithoutIds);
    machine.take(&[GRANT]);
    let effects = machine.take(&[DENY]);
    assert!(effects.purge && !effects.forget && effects.granted_by.is_none());
    assert_eq!(machine.consent().decide(), Decision::SendWithoutIds);
}

#[test]
fn sources_are_named_as_the_event_names_them() {
    let schema = include_str!("../../../../schemas/events/consent.changed.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let mut named: Vec<_> = signals(&WORDS).iter().map(|signal| signal.source().as_str()).collect();
    named.sort_unstable();
    named.dedup();
    let mut listed: Vec<_> = schema["properties"]["signal"]["enum"]
        .as_array()
        .unwrap()
        .iter()
        .map(|word| word.as_str().unwrap())
        .collect();
    listed.sort_unstable();
    assert_eq!(named, listed);
}
