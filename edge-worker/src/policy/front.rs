//! What the front of the edge counts, before a batch is judged.

/// What happened before a batch was judged. Each is an outcome of a part of
/// admission, which is a family of counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Front {
    /// The collector told its list of sites.
    SiteListAnswered,
    /// It did not, or not as it must: the list that is there is used on.
    SiteListAway,
    /// The binding that limits requests let a call pass.
    RequestsPassed,
    /// It did not.
    RequestsOver,
    /// There is no such binding, or it does not answer: the call passed.
    RequestsAway,
    /// The limits of events let a batch pass.
    EventsPassed,
    /// The person, or the senders of a mixed batch, sent too many.
    EventsPersonOver,
    /// The tenant did.
    EventsTenantOver,
    /// An object that limits does not answer: the batch passed.
    EventsAway,
    /// The object that keeps the salts does not answer: a visitor without consent
    /// has no key.
    SaltAway,
}

impl Front {
    /// Family and outcome.
    pub(super) const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::SiteListAnswered => ("site_list", "answered"),
            Self::SiteListAway => ("site_list", "away"),
            Self::RequestsPassed => ("request_limit", "passed"),
            Self::RequestsOver => ("request_limit", "over"),
            Self::RequestsAway => ("request_limit", "away"),
            Self::EventsPassed => ("event_limit", "passed"),
            Self::EventsPersonOver => ("event_limit", "person_over"),
            Self::EventsTenantOver => ("event_limit", "tenant_over"),
            Self::EventsAway => ("event_limit", "away"),
            Self::SaltAway => ("salt", "away"),
        }
    }
}

/// The families of [`Front`], with their help.
pub(super) const FRONT: [(&str, &str); 4] = [
    ("site_list", "Questions for the collector's list of sites."),
    ("request_limit", "Calls held against the limit of requests."),
    ("event_limit", "Batches held against the limits of events."),
    ("salt", "Questions for the salt of the day."),
];
