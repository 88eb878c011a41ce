//! Each source's last word, and the one consent that follows from all of them.
//!
//! Between sources no word is later than another: a denial by any beats a grant by
//! all others, until its own source takes it back. So it does not matter which
//! consent tool loads first, or late. The one exception is a privacy preference of
//! the browser that is switched on: grants before it are no longer believed.

use super::google::{GoogleTypes, denial, either};
use super::region::Region;
use super::signal::{Signal, Source};
use super::tcf::{Tcf, TcfStatus};
use super::{Consent, Decision, Mode};

/// What a source said of the two questions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Words {
    analytics: Option<bool>,
    ads: Option<bool>,
}

impl Words {
    const fn denials(self) -> Self {
        Self { analytics: denial(self.analytics), ads: denial(self.ads) }
    }
}

/// The state: what each source said last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Machine {
    mode: Mode,
    region: Region,
    gpc: bool,
    dnt: bool,
    opted_out: bool,
    call: Words,
    google_default: GoogleTypes,
    google_update: GoogleTypes,
    google_updated: bool,
    google_waits: bool,
    tcf: Words,
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
                self.call.analytics = either(analytics, self.call.analytics);
                self.call.ads = either(ads, self.call.ads);
            }
            Signal::OptOut => self.opted_out = true,
            Signal::OptIn => {
                self.opted_out = false;
                self.call.analytics = Some(true);
            }
            Signal::GoogleDefault { types, waits } => {
                self.google_default = types.over(self.google_default);
                self.google_waits = waits && !self.google_updated;
            }
            Signal::GoogleUpdate(types) => {
                self.google_update = types.over(self.google_update);
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

    fn hear_tcf(&mut self, tcf: Tcf) {
        let failed = tcf.status == TcfStatus::Failed;
        self.tcf_waits = !failed && tcf.gdpr_applies.is_none();
        if failed || tcf.gdpr_applies.is_none() {
            return;
        }
        self.gdpr_applies = tcf.gdpr_applies;
        if tcf.gdpr_applies == Some(false) {
            self.tcf = Words::default();
        } else if tcf.status == TcfStatus::Chosen {
            self.tcf = Words { analytics: Some(tcf.analytics()), ads: Some(tcf.ads()) };
        }
    }

    /// A preference was switched on: of what was said before, denials stay.
    fn object(&mut self, switched_on: bool) {
        if switched_on {
            self.call = self.call.denials();
            self.google_update = self.google_update.denials();
            self.tcf = self.tcf.denials();
        }
    }

    /// The consent that follows, which is what `context.consent` tells.
    pub fn consent(&self) -> Consent {
        let google = self.google_update;
        let analytics = self.resolve(
            [self.call.analytics, google.analytics_storage, self.tcf.analytics],
            self.gpc || self.dnt,
            either(self.google_default.analytics_storage, Some(true)),
        );
        let ads = self.resolve(
            [self.call.ads, google.ads(), self.tcf.ads],
            self.dnt,
            google.over(self.google_default).ads(),
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
    /// what holds without a choice in a region that is opt-out.
    fn resolve(
        &self,
        choices: [Option<bool>; 3],
        objects: bool,
        unasked: Option<bool>,
    ) -> Option<bool> {
        if self.opted_out || choices.contains(&Some(false)) {
            return Some(false);
        }
        if choices.contains(&Some(true)) {
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
        match unasked {
            Some(true) if !self.google_waits && !self.tcf_waits => Some(true),
            _ => None,
        }
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
