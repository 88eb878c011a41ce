//! The form that was begun and not brought to its end.
//!
//! Only the page knows what became of what was filled in: whether it was sent, taken
//! over by the page, or emptied. What follows from that is decided here.

/// What is known of a form when it is left, as bits.
pub mod known {
    /// There is a button to submit it with. What has none saves itself, or filters.
    pub const CAN_SUBMIT: u32 = 1;
    /// It was submitted, or something was sent soon after it was handed over.
    pub const SENT: u32 = 2;
    /// A button of it or Enter was pressed after the last field.
    pub const HANDED: u32 = 4;
    /// All of its fields hold something.
    pub const FILLED: u32 = 8;
    /// None of the fields that were touched holds anything.
    pub const EMPTY: u32 = 16;
}

/// Whether a form that is left, of which `facts` are [`known`], was abandoned.
///
/// It was not where it was sent; nor where nothing is in it any more, as when a chat took
/// a line or a person took everything back; nor where it was filled to the last field and
/// its button pressed, as a step of a wizard is that keeps its answers for the last one.
pub const fn is_abandoned(facts: u32) -> bool {
    use known::{CAN_SUBMIT, EMPTY, FILLED, HANDED, SENT};
    facts & CAN_SUBMIT > 0
        && facts & (SENT | EMPTY) == 0
        && facts & (HANDED | FILLED) != HANDED | FILLED
}

#[cfg(test)]
mod tests {
    use super::is_abandoned;
    use super::known::{CAN_SUBMIT, EMPTY, FILLED, HANDED, SENT};

    #[test]
    fn what_is_left_with_something_in_it_is_abandoned() {
        assert!(is_abandoned(CAN_SUBMIT));
        assert!(is_abandoned(CAN_SUBMIT | FILLED), "all filled in, and nothing pressed");
        assert!(is_abandoned(CAN_SUBMIT | HANDED), "its own button took it back");
    }

    #[test]
    fn what_came_to_an_end_is_not() {
        assert!(!is_abandoned(CAN_SUBMIT | HANDED | SENT));
        assert!(!is_abandoned(CAN_SUBMIT | HANDED | FILLED), "a step of several");
        assert!(!is_abandoned(CAN_SUBMIT | EMPTY));
        assert!(!is_abandoned(0), "what saves itself");
    }
}
