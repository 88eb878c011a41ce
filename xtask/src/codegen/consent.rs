//! The tables of docs/consent.md: every signal in every state, asked of the machine.

use std::fs;

use anyhow::{Context, Result};
use tidemark_core::consent::google::GoogleTypes;
use tidemark_core::consent::region::Region;
use tidemark_core::consent::tcf::{Tcf, TcfStatus};
use tidemark_core::consent::{Decision, Effects, Machine, Mode, Signal};

use crate::place::Place;

/// The page, written by hand but for what stands between these marks.
pub const FILE: &str = "docs/consent.md";
const BEGIN: &str = "<!-- table: written by `cargo xtask codegen` -->\n";
const END: &str = "<!-- /table -->";

/// The page's text with its tables as the code has them.
///
/// # Errors
/// When the page or its marks are missing.
pub fn page(place: &Place) -> Result<String> {
    let text = fs::read_to_string(place.root.join(FILE)).with_context(|| format!("read {FILE}"))?;
    let marks = || format!("{FILE} has lost the mark {BEGIN:?} or {END:?}");
    let (before, rest) = text.split_once(BEGIN).with_context(marks)?;
    let (_, after) = rest.split_once(END).with_context(marks)?;
    Ok([before, BEGIN, &tables(), END, after].concat())
}

fn tables() -> String {
    let mut text = decisions();
    for (title, said) in states() {
        text.push_str(&format!("\n### {title}\n\n"));
        text.push_str("| signal | may store | may identify | may send | may measure cookieless | held | ads | so the page |\n");
        text.push_str("|---|---|---|---|---|---|---|---|\n");
        for (name, signal) in signals() {
            text.push_str(&row(name, &said, signal));
        }
    }
    text
}

fn decisions() -> String {
    let mut text = String::from(
        "| decision | may store | may identify | may send | may measure cookieless | held |\n|---|---|---|---|---|---|\n",
    );
    for (name, decision) in [
        ("granted", Decision::Send),
        ("undecided", Decision::Hold),
        ("denied", Decision::Forget),
        ("undecided or denied, in cookieless mode", Decision::SendWithoutIds),
    ] {
        text.push_str(&format!(
            "| {name} | {} | {} | {} | {} | {} |\n",
            yes(decision.may_store()),
            yes(decision.may_identify()),
            yes(decision.may_send()),
            yes(decision.may_measure_cookieless()),
            yes(decision.holds()),
        ));
    }
    text
}

fn row(name: &str, said: &[Signal], signal: Signal) -> String {
    let [(full, effects), (cookieless, _)] = [Mode::Full, Mode::Cookieless].map(|mode| {
        let mut machine = Machine::new(mode);
        for signal in said {
            machine.take(&[*signal]);
        }
        let effects = machine.take(&[signal]);
        (machine.consent(), effects)
    });
    let decision = full.decide();
    format!(
        "| {name} | {} | {} | {} | {} | {} | {} | {} |\n",
        yes(decision.may_store()),
        yes(decision.may_identify()),
        yes(decision.may_send()),
        if cookieless.decide().may_measure_cookieless() { "in its mode" } else { "–" },
        yes(decision.holds()),
        match full.ads {
            Some(true) => "yes",
            Some(false) => "no",
            None => "–",
        },
        work(effects),
    )
}

const fn yes(may: bool) -> &'static str {
    if may { "yes" } else { "–" }
}

fn work(effects: Effects) -> String {
    let Effects { release, forget, purge, granted_by } = effects;
    let told = granted_by.map(|source| format!("tells the grant (`{}`)", source.as_str()));
    let words: Vec<&str> = [
        release.then_some("releases"),
        purge.then_some("purges"),
        forget.then_some("forgets"),
        told.as_deref(),
    ]
    .into_iter()
    .flatten()
    .collect();
    words.join(", ")
}

/// A few states of many: the tests of the machine go through all of them.
fn states() -> Vec<(&'static str, Vec<Signal>)> {
    let there = Signal::Region(Region::OptOut);
    let granted = Signal::Call { analytics: Some(true), ads: None };
    vec![
        ("Nothing said, in an opt-in or unknown region", vec![]),
        ("Nothing said, in an opt-out region", vec![there]),
        ("A consent tool is awaited, in an opt-out region", vec![there, tcf(None, LOADING, &[])]),
        ("Granted by a call", vec![granted]),
        ("Denied by a call", vec![Signal::Call { analytics: Some(false), ads: Some(false) }]),
        ("Opted out", vec![granted, Signal::OptOut]),
        ("Global Privacy Control is on, in an opt-out region", vec![there, Signal::Gpc(true)]),
        ("Granted by a call after Global Privacy Control", vec![Signal::Gpc(true), granted]),
        ("Granted by TCF", vec![tcf(Some(true), TcfStatus::Chosen, &MEASURE)]),
    ]
}

fn signals() -> Vec<(&'static str, Signal)> {
    let call = |analytics, ads| Signal::Call { analytics, ads };
    let default =
        |analytics, ads, waits| Signal::GoogleDefault { types: google(analytics, ads), waits };
    let update = |analytics, ads| Signal::GoogleUpdate(google(analytics, ads));
    let every: Vec<u16> = (1..=11).collect();
    let (yes, no) = (Some(true), Some(false));
    vec![
        ("`setConsent({analytics: true})`", call(yes, None)),
        ("`setConsent({analytics: false})`", call(no, None)),
        ("`setConsent({analytics: true, ads: true})`", call(yes, yes)),
        ("`setConsent({ads: false})`", call(None, no)),
        ("`setConsent({})`", call(None, None)),
        ("`optOut()`", Signal::OptOut),
        ("`optIn()`", Signal::OptIn),
        ("Google default, all granted", default(yes, yes, false)),
        ("Google default, all denied", default(no, no, false)),
        ("Google default, all unset", default(None, None, false)),
        ("Google default, all granted, `wait_for_update`", default(yes, yes, true)),
        ("the time of `wait_for_update` is over", Signal::GoogleWaited),
        ("Google update, all granted", update(yes, yes)),
        ("Google update, `analytics_storage` alone granted", update(yes, None)),
        ("Google update, all denied", update(no, no)),
        ("Google update, all unset", update(None, None)),
        ("TCF is loading", tcf(None, LOADING, &[])),
        ("TCF failed", tcf(None, TcfStatus::Failed, &[])),
        ("TCF: the GDPR does not apply", tcf(no, TcfStatus::Chosen, &every)),
        ("TCF asks (`cmpuishown`)", tcf(yes, TcfStatus::Asking, &every)),
        ("TCF: no purpose", tcf(yes, TcfStatus::Chosen, &[])),
        ("TCF: purposes 1, 8, 9, 10", tcf(yes, TcfStatus::Chosen, &MEASURE)),
        ("TCF: purposes 8, 9, 10, not 1", tcf(yes, TcfStatus::Chosen, &[8, 9, 10])),
        ("TCF: every purpose", tcf(yes, TcfStatus::Chosen, &every)),
        ("Global Privacy Control on", Signal::Gpc(true)),
        ("Global Privacy Control off", Signal::Gpc(false)),
        ("Do Not Track on", Signal::Dnt(true)),
        ("Do Not Track off", Signal::Dnt(false)),
        ("the region is opt-in", Signal::Region(Region::OptIn)),
        ("the region is opt-out", Signal::Region(Region::OptOut)),
    ]
}

const LOADING: TcfStatus = TcfStatus::Loading;
const MEASURE: [u16; 4] = [1, 8, 9, 10];

fn google(analytics: Option<bool>, ads: Option<bool>) -> GoogleTypes {
    GoogleTypes {
        analytics_storage: analytics,
        ad_storage: ads,
        ad_user_data: ads,
        ad_personalization: ads,
    }
}

fn tcf(gdpr_applies: Option<bool>, status: TcfStatus, purposes: &[u16]) -> Signal {
    let consents = purposes.iter().fold(0, |bits, purpose| bits | 1 << purpose);
    Signal::Tcf(Tcf { gdpr_applies, status, consents, legitimate_interests: 0, vendor: None })
}
