//! Each source's last word, and the one consent that follows from all of them.
//!
//! Between sources no word is later than another: a denial by any beats a grant by
//! all others, until its own source takes it back. So it does not matter which
//! consent tool loads first, or late. The one exception is a privacy preference of
//! the browser that is switched on: grants before it are no longer believed.

use super::google::GoogleTypes;
use super::region::Region;
use super::signal::{Signal, Source};
use super::tcf::{Tcf, TcfStatus};
use super::{Consent, Decision, Mode};

/// Who said what: a bit each, in [`Machine::yes`] or in [`Machine::no`]. A page
/// pays for two words and masks what would cost it twice in options.
type Bits = u16;
const CALL_ANALYTICS: Bits = 1;
const CALL_ADS: Bits = 1 << 1;
const TCF_ANALYTICS: Bits = 1 << 2;
const TCF_ADS: Bits = 1 << 3;
/// The four types of an update: `analytics_storage`, and three for ads.
const UPDATE_ANALYTICS: Bits = 1 << 4;
const UPDATE_ADS: Bits = 0b111 << 5;
/// A default's types lie so much higher than an update's.
const DEFAULT_SHIFT: u32 = 4;
const DEFAULT_ANALYTICS: Bits = UPDATE_ANALYTICS << DEFAULT_SHIFT;
/// All but defaults: what a visitor chose.
const CHOICES: Bits = 0xff;

/// The state: what each source said last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Machine {
    mode: Mode,
    region: Region,
    gpc: bool,
    dnt: bool,
    opted_out: bool,
    yes: Bits,
    no: Bits,
    google_updated: bool,
    google_waits: bool,
    tcf_waits: bool,
    gdpr_applies: Option<bool>,
}

/// What a change of consent asks of the page. At rest nothing is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// What was held may go.
    pub release: bool,
    /// What memory holds is to be forgotten.
    pub forget: bool,
    /// Storage and the queue are to be emptied. A later grant finds no ids there
    /// and makes new ones.
    pub purge: bool,
    /// A grant to tell as `consent.changed`, and who gave it. A denial or a
    /// withdrawal is never told.
    pub granted_by: Option<Source>,
}

impl Machine {
    /// A visitor who said nothing, at a place that is not known.
    pub fn new(mode: Mode) -> Self {
        Self { mode, ..Self::default() }
    }

    /// Takes what was said at one moment, and tells what to do about the change.
    /// Preferences of the browser and the region count before choices, in
    /// whichever order they are given: what a page knows at its start goes in at
    /// once.
    pub fn take(&mut self, signals: &[Signal]) -> Effects {
        let before = self.consent();
        let mut source = None;
        for standing in [true, false] {
            for signal in signals.iter().filter(|signal| signal.is_standing() == standing) {
                let last = self.consent();
                self.hear(*signal);
                if self.consent() != last {
                    source = Some(signal.source());
                }
            }
        }
        Effects::between(before, self.consent(), source)
    }

    fn hear(&mut self, signal: Signal) {
        match signal {
            Signal::Call { analytics, ads } => {
                self.say(CALL_ANALYTICS, analytics);
                self.say(CALL_ADS, ads);
            }
            Signal::OptOut => self.opted_out = true,
            Signal::OptIn => {
                self.opted_out = false;
                self.say(CALL_ANALYTICS, Some(true));
            }
            Signal::GoogleDefault { types, waits } => {
                self.say_types(types, DEFAULT_SHIFT);
                self.google_waits = waits && !self.google_updated;
            }
            Signal::GoogleUpdate(types) => {
                self.say_types(types, 0);
                self.google_updated = true;
                self.google_waits = false;
            }
            Signal::GoogleWaited => self.google_waits = false,
            Signal::Tcf(tcf) => self.hear_tcf(tcf),
            Signal::Gpc(on) => {
                self.object(on && !self.gpc);
                self.gpc = on;
            }
            Signal::Dnt(on) => {
                self.object(on && !self.dnt);
                self.dnt = on;
            }
            Signal::Region(region) => self.region = region,
        }
    }

    /// A word that is absent leaves what was said before.
    fn say(&mut self, bits: Bits, word: Option<bool>) {
        if let Some(yes) = word {
            self.yes &= !bits;
            self.no &= !bits;
            *(if yes { &mut self.yes } else { &mut self.no }) |= bits;
        }
    }

    fn say_types(&mut self, types: GoogleTypes, shift: u32) {
        let mut bit = UPDATE_ANALYTICS << shift;
        for word in [
            types.analytics_storage,
            types.ad_storage,
            types.ad_user_data,
            types.ad_personalization,
        ] {
            self.say(bit, word);
            bit <<= 1;
        }
    }

    fn hear_tcf(&mut self, tcf: Tcf) {
        let failed = tcf.status == TcfStatus::Failed;
        self.tcf_waits = !failed && tcf.gdpr_applies.is_none();
        if failed || tcf.gdpr_applies.is_none() {
            return;
        }
        self.gdpr_applies = tcf.gdpr_applies;
        if tcf.gdpr_applies == Some(false) {
            self.yes &= !(TCF_ANALYTICS | TCF_ADS);
            self.no &= !(TCF_ANALYTICS | TCF_ADS);
        } else if tcf.status == TcfStatus::Chosen {
            self.say(TCF_ANALYTICS, Some(tcf.analytics()));
            self.say(TCF_ADS, Some(tcf.ads()));
        }
    }

    /// A preference was switched on: of what was chosen before, denials stay.
    fn object(&mut self, switched_on: bool) {
        if switched_on {
            self.yes &= !CHOICES;
        }
    }

    /// The consent that follows, which is what `context.consent` tells.
    pub fn consent(&self) -> Consent {
        let analytics = self.resolve(
            CALL_ANALYTICS | UPDATE_ANALYTICS | TCF_ANALYTICS,
            UPDATE_ANALYTICS,
            self.gpc || self.dnt,
            self.no & DEFAULT_ANALYTICS == 0,
        );
        // A type that no update names stands as the default says.
        let types = self.yes | self.yes >> DEFAULT_SHIFT;
        let ads = self.resolve(
            CALL_ADS | UPDATE_ADS | TCF_ADS,
            UPDATE_ADS,
            self.dnt,
            types & UPDATE_ADS == UPDATE_ADS,
        );
        Consent {
            analytics,
            ads: match ads {
                // A browser that objects to selling and sharing is never overruled.
                _ if self.gpc => Some(false),
                // What may not be measured can serve no advertising.
                Some(true) => analytics,
                other => other,
            },
            // Who opts out is not counted in any way.
            mode: if self.opted_out { Mode::Full } else { self.mode },
        }
    }

    /// The answer to one question: choices, else the browser's preference, else
    /// what holds without a choice in a region that is opt-out. Of the `choices`
    /// one that denies is enough, and one that grants, but for Google's `types`,
    /// which grant together.
    fn resolve(&self, choices: Bits, types: Bits, objects: bool, unasked: bool) -> Option<bool> {
        if self.opted_out || self.no & choices != 0 {
            return Some(false);
        }
        if self.yes & choices & !types != 0 || self.yes & types == types {
            return Some(true);
        }
        if self.region == Region::OptIn || self.gdpr_applies == Some(true) {
            return None;
        }
        if objects {
            return Some(false);
        }
        // A default that denies is no denial of the visitor's: it says that the
        // visitor will be asked. And who is to be asked is waited for.
        (unasked && !self.google_waits && !self.tcf_waits).then_some(true)
    }
}

impl Effects {
    /// What the change from one consent to another asks of the page; `source` is
    /// who brought it about.
    pub const fn between(before: Consent, after: Consent, source: Option<Source>) -> Self {
        let (was, is) = (before.decide(), after.decide());
        let withdrawn = was.may_store() && !is.may_store();
        // Storage may hold an earlier visit's grant.
        let denied =
            matches!(after.analytics, Some(false)) && !matches!(before.analytics, Some(false));
        let more_ads = matches!(after.ads, Some(true)) && !matches!(before.ads, Some(true));
        let granted = is.may_send() && (!was.may_send() || more_ads);
        Self {
            release: was.holds() && (is.may_send() || is.may_measure_cookieless()),
            forget: matches!(is, Decision::Forget) && !matches!(was, Decision::Forget),
            purge: withdrawn || denied,
            granted_by: if granted { source } else { None },
        }
    }
}

#[cfg(test)]
mod tests;
