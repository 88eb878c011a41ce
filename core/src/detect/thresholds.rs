//! What separates struggle from use, each figure with its source.

/// A site's thresholds. Times are milliseconds, distances CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Unanswered clicks in one series: what the field uses (PostHog, Datadog).
    pub rage_clicks: i64,
    /// The longest pause inside of a series: the field's second.
    pub rage_gap_ms: i64,
    /// How far a click may lie from the one before: PostHog's 30.
    pub rage_radius_px: i64,
    /// An answer after this came too late for a person who clicks again: a second is
    /// the limit of an uninterrupted thought (Nielsen, 1993).
    pub answer_ms: i64,
    /// A change that is taken back sooner was a flash, no answer: shorter than the
    /// second for which "Copied" is shown, longer than a ripple (Material: 300 to 500).
    pub moment_ms: i64,
    /// A control without an answer for so long is dead (PostHog waits 2,500).
    pub dead_ms: i64,
    /// An answer after this belongs to something else: the ten seconds for which a
    /// person keeps attention (Nielsen, 1993).
    pub slow_ms: i64,
    /// From a click to an error that it caused (Amplitude waits 2,000).
    pub error_ms: i64,
    /// Turns of the pointer that are no longer searching.
    pub thrash_turns: i64,
    /// A page that is left for the one before within this was the wrong one.
    pub back_ms: i64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            rage_clicks: 3,
            rage_gap_ms: 1_000,
            rage_radius_px: 30,
            answer_ms: 1_000,
            moment_ms: 700,
            dead_ms: 2_000,
            slow_ms: 10_000,
            error_ms: 1_000,
            thrash_turns: 8,
            back_ms: 7_000,
        }
    }
}

impl Thresholds {
    /// How many there are.
    pub const COUNT: u32 = 10;

    /// Sets the one of this place in the order above; others are left.
    pub fn set(&mut self, which: u32, value: i64) {
        let all = [
            &mut self.rage_clicks,
            &mut self.rage_gap_ms,
            &mut self.rage_radius_px,
            &mut self.answer_ms,
            &mut self.moment_ms,
            &mut self.dead_ms,
            &mut self.slow_ms,
            &mut self.error_ms,
            &mut self.thrash_turns,
            &mut self.back_ms,
        ];
        if let Some(one) = all.into_iter().nth(which as usize) {
            *one = value;
        }
    }
}
