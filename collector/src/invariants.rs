//! What is promised, as invariants with names, written once.
//!
//! The simulation's oracle says by these names what was broken, the running collector
//! counts by them (`tidemark_invariant_violations_total`), and `tidemark verify` answers
//! with them; docs/guarantees.md tells which promise each stands for. [`Account`] is the
//! one equation in which all that was accepted must be found again.

/// One promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    /// What was told to be accepted is in the log, whatever was killed.
    AcceptedIsDurable,
    /// An event's id stands in the base table once.
    IdsAreUnique,
    /// A place in the log is one row of one table.
    PlacesAreUnique,
    /// Every place in the log is found again: [`Account`].
    EveryPlaceIsAccountedFor,
    /// What is told as erased has no row.
    ErasedAreGone,
    /// No watermark is ahead of the base rows that it speaks of.
    MarksFollowBase,
    /// A rollup is what an independent count of its base rows gives.
    RollupEqualsRecount,
    /// What was received is accepted + duplicate + rejected + dropped.
    VerdictsSumUp,
}

impl Invariant {
    /// All of them, in the order of their declaration.
    pub const ALL: [Self; 8] = [
        Self::AcceptedIsDurable,
        Self::IdsAreUnique,
        Self::PlacesAreUnique,
        Self::EveryPlaceIsAccountedFor,
        Self::ErasedAreGone,
        Self::MarksFollowBase,
        Self::RollupEqualsRecount,
        Self::VerdictsSumUp,
    ];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AcceptedIsDurable => "accepted_is_durable",
            Self::IdsAreUnique => "ids_are_unique",
            Self::PlacesAreUnique => "places_are_unique",
            Self::EveryPlaceIsAccountedFor => "every_place_is_accounted_for",
            Self::ErasedAreGone => "erased_are_gone",
            Self::MarksFollowBase => "marks_follow_base",
            Self::RollupEqualsRecount => "rollup_equals_recount",
            Self::VerdictsSumUp => "verdicts_sum_up",
        }
    }
}

/// What became of the places of a log. Rejections take places as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Places that were given.
    pub accepted: u64,
    /// Rows of `events_raw`.
    pub events: u64,
    /// Rows of `rejected_events`.
    pub rejections: u64,
    /// Rows of `dead_letters`.
    pub dead_letters: u64,
    /// Places that wait for ClickHouse.
    pub pending: u64,
    /// Places of people who were erased.
    pub erased: u64,
    /// Places whose rows have outlived their retention.
    pub expired: u64,
    /// Places that a repair of the log left out, so that none is given twice.
    pub unused: u64,
}

impl Account {
    /// What was found again.
    pub const fn found(&self) -> u64 {
        self.events
            + self.rejections
            + self.dead_letters
            + self.pending
            + self.erased
            + self.expired
            + self.unused
    }

    /// Whether each place is found once.
    pub const fn balances(&self) -> bool {
        self.accepted == self.found()
    }
}

impl std::fmt::Display for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { accepted, events, rejections, dead_letters, pending, .. } = self;
        let Self { erased, expired, unused, .. } = self;
        write!(
            f,
            "{accepted} accepted = {events} events + {rejections} rejections + \
             {dead_letters} dead letters + {pending} pending + {erased} erased + {expired} expired"
        )?;
        if *unused > 0 {
            write!(f, " + {unused} left out by repairs")?;
        }
        if self.balances() { Ok(()) } else { write!(f, " does not hold: {} found", self.found()) }
    }
}

/// Whether each received event has its verdict. `slack` is what may be counted between
/// two readings of counters that move.
pub fn verdicts_sum_up(received: f64, verdicts: f64, slack: f64) -> bool {
    (received - verdicts).abs() <= slack
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_in_their_order_and_once() {
        let mut names = Invariant::ALL.map(Invariant::name).to_vec();
        for (at, invariant) in Invariant::ALL.into_iter().enumerate() {
            assert_eq!(invariant as usize, at);
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Invariant::ALL.len());
    }

    #[test]
    fn an_account_balances_when_each_place_is_found_once() {
        let account = Account {
            accepted: 28,
            events: 1,
            rejections: 2,
            dead_letters: 3,
            pending: 4,
            erased: 5,
            expired: 6,
            unused: 7,
        };
        assert!(account.balances());
        for broken in [Account { accepted: 27, ..account }, Account { events: 2, ..account }] {
            assert!(!broken.balances());
            assert!(broken.to_string().contains("does not hold"), "{broken}");
        }
    }
}
