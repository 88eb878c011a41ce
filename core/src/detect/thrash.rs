//! The pointer that is shaken to and fro.

/// A shorter way is the hand's trembling, or reading along a line.
const LEG_PX: i64 = 40;
/// A turn after a longer rest begins anew: people who compare two things rest there.
const REST_MS: i64 = 450;
/// Nobody is told twice of one fit.
const COOL_MS: i64 = 10_000;

/// A fit that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thrash {
    /// How often the pointer turned round.
    pub turns: i64,
    /// From the first turn to the last, in milliseconds.
    pub duration_ms: i64,
    /// How far it went, in CSS pixels.
    pub distance_px: i64,
    /// Where it was at the end.
    pub place: (i32, i32),
}

/// The pointer's way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pointer {
    from: Option<(i32, i32)>,
    way: (i64, i64),
    turns: i64,
    first_ms: i64,
    last_ms: i64,
    distance_px: i64,
    quiet_until_ms: i64,
}

impl Pointer {
    /// Takes where the pointer is, no button pressed; `turns` are too many.
    pub fn moved(&mut self, at_ms: i64, x: i32, y: i32, turns: i64) -> Option<Thrash> {
        let Some(from) = self.from else {
            self.from = Some((x, y));
            return None;
        };
        let way = (i64::from(x) - i64::from(from.0), i64::from(y) - i64::from(from.1));
        let length = way.0.abs().max(way.1.abs());
        if length < LEG_PX {
            return None;
        }
        self.from = Some((x, y));
        self.distance_px += length;
        let dot = way.0 * self.way.0 + way.1 * self.way.1;
        let square = |(x, y): (i64, i64)| x * x + y * y;
        // Round means by more than 120 degrees.
        let is_turn = dot < 0 && 4 * dot * dot >= square(way) * square(self.way);
        self.way = way;
        if !is_turn {
            return None;
        }
        if at_ms - self.last_ms > REST_MS {
            self.turns = 0;
            self.first_ms = at_ms;
            self.distance_px = length;
        }
        self.turns += 1;
        self.last_ms = at_ms;
        if self.turns < turns || at_ms < self.quiet_until_ms {
            return None;
        }
        self.quiet_until_ms = at_ms + COOL_MS;
        let duration_ms = at_ms - self.first_ms;
        Some(Thrash {
            turns: self.turns,
            duration_ms,
            distance_px: self.distance_px,
            place: (x, y),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// To and fro in steps of 20 px, `leg` px and `pause_ms` a leg.
    fn shake(leg: i32, pause_ms: i64, legs: i32) -> Option<Thrash> {
        let mut pointer = Pointer::default();
        let (mut x, mut at_ms) = (0, 0);
        for turn in 0..legs {
            for _ in 0..leg / 20 {
                x += if turn % 2 == 0 { 20 } else { -20 };
                at_ms += pause_ms * 20 / i64::from(leg);
                if let Some(thrash) = pointer.moved(at_ms, x, 0, 8) {
                    return Some(thrash);
                }
            }
        }
        None
    }

    #[test]
    fn shaking_is_told_with_its_figures() {
        let told = shake(200, 120, 12).unwrap();
        assert_eq!(told.turns, 8);
        assert!((800..=1_000).contains(&told.duration_ms), "{told:?}");
        assert!(told.distance_px > 1_000);
    }

    #[test]
    fn trembling_comparing_and_sweeping_are_not() {
        assert_eq!(shake(20, 50, 40), None);
        assert_eq!(shake(300, 600, 40), None);
        let mut pointer = Pointer::default();
        for step in 0..500 {
            assert_eq!(pointer.moved(i64::from(step) * 10, step * 30, 0, 8), None);
        }
    }
}
