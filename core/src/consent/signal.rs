//! What the page hears about a visitor's will.

use super::google::GoogleTypes;
use super::region::Region;
use super::tcf::Tcf;

/// One thing that was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// `setConsent({analytics, ads})`: a member that is absent stays as it was.
    Call {
        /// Measurement of behaviour.
        analytics: Option<bool>,
        /// Use for advertising.
        ads: Option<bool>,
    },
    /// `optOut()`: nothing at all, until `optIn()`.
    OptOut,
    /// `optIn()`: takes an opt-out back, and grants analytics.
    OptIn,
    /// `gtag('consent', 'default', …)`, one that holds where the visitor is.
    GoogleDefault {
        /// The types that it names.
        types: GoogleTypes,
        /// Whether it says `wait_for_update`; [`Signal::GoogleWaited`] ends that.
        waits: bool,
    },
    /// `gtag('consent', 'update', …)`.
    GoogleUpdate(GoogleTypes),
    /// The time of `wait_for_update` is over.
    GoogleWaited,
    /// A callback of `__tcfapi`, or that the function is there.
    Tcf(Tcf),
    /// `navigator.globalPrivacyControl`.
    Gpc(bool),
    /// Whether `navigator.doNotTrack` is `1`.
    Dnt(bool),
    /// What holds where the visitor is.
    Region(Region),
}

/// Who said it: the words of `consent.changed`'s attribute `signal`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A call of the page's own.
    Call,
    /// Google Consent Mode.
    GoogleConsentMode,
    /// IAB TCF.
    Tcf,
    /// Global Privacy Control.
    Gpc,
    /// Do Not Track.
    Dnt,
    /// The site's setting for the region.
    Region,
}

impl Source {
    /// The source's name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::GoogleConsentMode => "google_consent_mode",
            Self::Tcf => "tcf",
            Self::Gpc => "gpc",
            Self::Dnt => "dnt",
            Self::Region => "region",
        }
    }
}

impl Signal {
    /// Who said it.
    pub const fn source(self) -> Source {
        match self {
            Self::Call { .. } | Self::OptOut | Self::OptIn => Source::Call,
            Self::GoogleDefault { .. } | Self::GoogleUpdate(_) | Self::GoogleWaited => {
                Source::GoogleConsentMode
            }
            Self::Tcf(_) => Source::Tcf,
            Self::Gpc(_) => Source::Gpc,
            Self::Dnt(_) => Source::Dnt,
            Self::Region(_) => Source::Region,
        }
    }

    /// Whether it stands before any choice: a choice of the same moment is the
    /// later word.
    pub(super) const fn is_standing(self) -> bool {
        matches!(self, Self::Gpc(_) | Self::Dnt(_) | Self::Region(_))
    }
}
