//! The rules of the machine once more, out of the whole history: slow, and told
//! another way, so that the two can be held against each other.

use super::*;

/// The consent that a history of signals leads to.
pub(super) fn consent(mode: Mode, history: &[Signal]) -> Consent {
    // Grants from before the browser's last objection are not believed.
    let rises = |is: fn(&Signal) -> Option<bool>| {
        let mut on = false;
        let mut rose = 0;
        for (index, signal) in history.iter().enumerate() {
            if let Some(now) = is(signal) {
                if now && !on {
                    rose = index;
                }
                on = now;
            }
        }
        (on, rose)
    };
    let (gpc, gpc_since) = rises(|signal| match signal {
        Signal::Gpc(on) => Some(*on),
        _ => None,
    });
    let (dnt, dnt_since) = rises(|signal| match signal {
        Signal::Dnt(on) => Some(*on),
        _ => None,
    });
    let since = gpc_since.max(dnt_since);
    let last = |word: &dyn Fn(&Signal) -> Option<Option<bool>>| {
        let (mut said, mut at) = (None, 0);
        for (index, signal) in history.iter().enumerate() {
            if let Some(word) = word(signal) {
                (said, at) = (word, index);
            }
        }
        said.filter(|granted| !granted || at >= since)
    };
    let heard_tcf = |signal: &Signal| match signal {
        Signal::Tcf(tcf) if tcf.status != TcfStatus::Failed => Some(*tcf),
        _ => None,
    };
    let tcf_word = |of: fn(Tcf) -> bool| {
        last(&|signal| match heard_tcf(signal) {
            Some(tcf) if tcf.gdpr_applies == Some(false) => Some(None),
            Some(tcf) if tcf.gdpr_applies.is_some() && tcf.status == TcfStatus::Chosen => {
                Some(Some(of(tcf)))
            }
            _ => None,
        })
    };
    let update = |of: fn(&GoogleTypes) -> Option<bool>| {
        last(&|signal| match signal {
            Signal::GoogleUpdate(types) => of(types).map(Some),
            _ => None,
        })
    };
    let default = |of: fn(&GoogleTypes) -> Option<bool>| {
        history.iter().rev().find_map(|signal| match signal {
            Signal::GoogleDefault { types, .. } => of(types),
            _ => None,
        })
    };
    let call = last(&|signal| match signal {
        Signal::Call { analytics, .. } => analytics.map(Some),
        Signal::OptIn => Some(Some(true)),
        _ => None,
    });
    let call_ads = last(&|signal| match signal {
        Signal::Call { ads, .. } => ads.map(Some),
        _ => None,
    });
    let opted_out =
        history.iter().rev().find(|signal| matches!(signal, Signal::OptIn | Signal::OptOut))
            == Some(&Signal::OptOut);
    let updated = history.iter().any(|signal| matches!(signal, Signal::GoogleUpdate(_)));
    let waits_google = !updated
        && history
            .iter()
            .rev()
            .find_map(|signal| match signal {
                Signal::GoogleDefault { waits, .. } => Some(*waits),
                Signal::GoogleWaited => Some(false),
                _ => None,
            })
            .unwrap_or_default();
    let waits_tcf = history
        .iter()
        .rev()
        .find_map(|signal| match signal {
            Signal::Tcf(tcf) => Some(tcf.status != TcfStatus::Failed && tcf.gdpr_applies.is_none()),
            _ => None,
        })
        .unwrap_or_default();
    let gdpr = history.iter().rev().find_map(|signal| heard_tcf(signal)?.gdpr_applies);
    let region = history.iter().rev().find_map(|signal| match signal {
        Signal::Region(region) => Some(*region),
        _ => None,
    });
    let opt_out_region = region == Some(Region::OptOut) && gdpr != Some(true);

    let of_ads: [fn(&GoogleTypes) -> Option<bool>; 3] =
        [|types| types.ad_storage, |types| types.ad_user_data, |types| types.ad_personalization];
    let updates = of_ads.map(update);
    let update_ads = if updates.contains(&Some(false)) {
        Some(false)
    } else if updates.contains(&None) {
        None
    } else {
        Some(true)
    };

    let choices = [call, update(|types| types.analytics_storage), tcf_word(Tcf::analytics)];
    let analytics = if opted_out || choices.contains(&Some(false)) {
        Some(false)
    } else if choices.contains(&Some(true)) {
        Some(true)
    } else if !opt_out_region {
        None
    } else if gpc || dnt {
        Some(false)
    } else if waits_google || waits_tcf || default(|types| types.analytics_storage) == Some(false) {
        None
    } else {
        Some(true)
    };

    let ad_choices = [call_ads, update_ads, tcf_word(Tcf::ads)];
    let all_three = of_ads.iter().all(|of| update(*of).or(default(*of)) == Some(true));
    let ads = if gpc || opted_out || ad_choices.contains(&Some(false)) {
        Some(false)
    } else if ad_choices.contains(&Some(true)) {
        analytics
    } else if opt_out_region && dnt {
        Some(false)
    } else if opt_out_region && all_three && !waits_google && !waits_tcf {
        analytics
    } else {
        None
    };
    Consent { analytics, ads, mode: if opted_out { Mode::Full } else { mode } }
}
