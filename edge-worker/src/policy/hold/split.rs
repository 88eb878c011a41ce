//! Cuts what does not fit one row or message, between events.

use crate::policy::wire::Wire;

/// Bytes of one message in a Cloudflare Queue: 128 KB is the platform's bound, of
/// which it takes some 100 bytes itself; 28 KB are room for an envelope of theirs.
pub const QUEUE_MESSAGE_MAX_BYTES: usize = 100_000;
/// Messages that one call may hand to a queue: the platform's bound.
pub const QUEUE_SEND_MAX_MESSAGES: usize = 100;
/// Bytes that one call may hand to a queue: 256 KB is the platform's bound.
pub const QUEUE_SEND_MAX_BYTES: usize = 240_000;
/// Bytes of one row of the outbox: a Durable Object's row takes 2 MB, and a hop
/// body that is larger than half of that hardly compresses.
pub const OUTBOX_ROW_MAX_BYTES: usize = 1_000_000;

/// One event alone does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("one event alone is too large for the hold")]
pub struct TooLarge;

/// Some of a batch's events, written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// How many events it holds.
    pub events: u16,
    /// Their hop body.
    pub wire: Wire,
}

/// Cuts `events` in halves until each half's body is of `max_bytes` at most;
/// `whole` is the body of all of them. The order stays.
///
/// # Errors
/// When one event alone is larger.
pub fn parts(
    events: &[usize],
    whole: Wire,
    max_bytes: usize,
    write: &dyn Fn(&[usize]) -> Wire,
) -> Result<Vec<Part>, TooLarge> {
    let mut parts = Vec::new();
    // A stack of what is still to be written, the first events on top.
    let mut left = vec![(events, Some(whole))];
    while let Some((events, written)) = left.pop() {
        let wire = written.unwrap_or_else(|| write(events));
        if wire.bytes.len() <= max_bytes {
            let count = u16::try_from(events.len()).map_err(|_| TooLarge)?;
            parts.push(Part { events: count, wire });
            continue;
        }
        let (first, second) = events.split_at(events.len() / 2);
        if first.is_empty() {
            return Err(TooLarge);
        }
        left.push((second, None));
        left.push((first, None));
    }
    Ok(parts)
}

/// Groups messages of these sizes for calls to a queue; each group is how many
/// messages the next call takes.
pub fn sends(sizes: &[usize]) -> Vec<usize> {
    let mut groups = Vec::new();
    let (mut count, mut bytes) = (0_usize, 0_usize);
    for size in sizes {
        let is_full =
            count == QUEUE_SEND_MAX_MESSAGES || bytes.saturating_add(*size) > QUEUE_SEND_MAX_BYTES;
        if is_full && count > 0 {
            groups.push(count);
            (count, bytes) = (0, 0);
        }
        count = count.saturating_add(1);
        bytes = bytes.saturating_add(*size);
    }
    if count > 0 {
        groups.push(count);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::wire::Coding;

    /// A body of a hundred bytes an event.
    fn write(events: &[usize]) -> Wire {
        Wire { coding: Coding::Identity, bytes: vec![events[0] as u8; events.len() * 100] }
    }

    fn cut(count: usize, max_bytes: usize) -> Result<Vec<(u16, u8)>, TooLarge> {
        let events: Vec<usize> = (0..count).collect();
        let parts = parts(&events, write(&events), max_bytes, &write)?;
        assert!(parts.iter().all(|part| part.wire.bytes.len() <= max_bytes));
        Ok(parts.iter().map(|part| (part.events, part.wire.bytes[0])).collect())
    }

    #[test]
    fn what_fits_stays_whole() {
        assert_eq!(cut(5, 500), Ok(vec![(5, 0)]));
    }

    #[test]
    fn the_rest_is_halved_in_order() {
        assert_eq!(cut(5, 499), Ok(vec![(2, 0), (3, 2)]));
        assert_eq!(cut(5, 200), Ok(vec![(2, 0), (1, 2), (2, 3)]));
        assert_eq!(cut(3, 100), Ok(vec![(1, 0), (1, 1), (1, 2)]));
        assert_eq!(cut(500, 1_000).unwrap().iter().map(|part| part.0).sum::<u16>(), 500);
    }

    #[test]
    fn one_event_cannot_be_cut() {
        assert_eq!(cut(2, 99), Err(TooLarge));
    }

    #[test]
    fn calls_to_a_queue_keep_its_bounds() {
        assert!(sends(&[]).is_empty());
        assert_eq!(sends(&[1; 250]), [100, 100, 50]);
        assert_eq!(sends(&[100_000, 100_000, 100_000, 40_000, 1]), [2, 3]);
        assert_eq!(sends(&[999_999]), [1]);
    }
}
