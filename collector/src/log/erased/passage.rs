//! Who looked at the erased before a change, and is still under way.

use std::sync::{Arc, Mutex, PoisonError};

/// Held by a batch from before it is judged until it is durable.
#[derive(Clone, Debug)]
pub struct Passage {
    _token: Arc<()>,
}

/// The batches that had begun when a person was added.
#[derive(Debug)]
pub struct Turn(Arc<()>);

impl Turn {
    /// Whether all of them have ended.
    pub fn has_passed(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }
}

/// Hands out passages. Each turn has a token of its own, which its passages share.
#[derive(Debug, Default)]
pub(super) struct Gate(Mutex<Arc<()>>);

impl Gate {
    pub(super) fn enter(&self) -> Passage {
        let token = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Passage { _token: Arc::clone(&token) }
    }

    /// Begins another turn, and gives the one that ends.
    pub(super) fn turn(&self) -> Turn {
        let mut token = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Turn(std::mem::replace(&mut *token, Arc::new(())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_has_passed_when_whoever_came_before_has_gone() {
        let gate = Gate::default();
        let (one, two) = (gate.enter(), gate.enter());
        let turn = gate.turn();
        let after = gate.enter();
        assert!(!turn.has_passed());
        drop(one);
        assert!(!turn.has_passed());
        drop(two);
        assert!(turn.has_passed(), "who came after is of the next turn");
        drop(after);
        assert!(gate.turn().has_passed());
    }
}
