//! What a page tells.

/// How a batch left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By a request, whose answer follows.
    Request,
    /// By a beacon, whose answer nobody hears.
    Beacon,
}

impl Way {
    /// In words, for a person.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "",
            Self::Beacon => "by a beacon: its answer is not heard",
        }
    }
}

/// One step, as the page's build tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// JSON text of what the page is now: `context.page`.
    Shown(String),
    /// An event entered: its attributes as they were handed in.
    Entered {
        /// The event's name.
        name: String,
        /// JSON text; empty for none.
        attributes: String,
        /// Unix milliseconds.
        occurred_at_ms: i64,
    },
    /// Events that an earlier page left on disk, a line each.
    Resumed(String),
    /// The visitor's decision changed, or is told for the first time.
    Consent {
        /// Absent while undecided.
        analytics: Option<bool>,
        /// Whether events leave without ids.
        cookieless: bool,
    },
    /// Events are on disk: their transaction was committed; a line each.
    Saved(String),
    /// A batch left.
    Left {
        /// What the engine wrote.
        whole: String,
        /// What the page's own hook let go; empty when it kept all.
        body: String,
        /// How.
        way: Way,
    },
    /// The last request was answered.
    Answered {
        /// HTTP status; 0 for no answer.
        status: u32,
        /// The answer's body.
        text: String,
    },
}
