//! Which lane an event goes to.

use uuid::Uuid;

use crate::place::Lane;

/// The lane of an event: a visit's events stay together and in order, and an
/// event that is sent again comes by the same lane.
///
/// What is hashed: tenant, site, and the first that is there of `session_id`,
/// the anonymous_id that the client sent (not the daily key of cookieless
/// mode), `event_id`. The three kinds are kept apart by a number. The hash is
/// part of the log's format and never changes: six 64-bit words (each id as two
/// big-endian words), each mixed in by `h = mix(h ^ word)` from `h = kind`, where
/// `mix` is one step of SplitMix64 (Steele, Lea, Flood 2014) from that state; the lane is
/// `h mod lanes`. No lanes count as one.
pub fn lane_of(
    tenant_id: Uuid,
    site_id: Uuid,
    session_id: Option<Uuid>,
    client_anonymous_id: Option<Uuid>,
    event_id: Uuid,
    lanes: u16,
) -> Lane {
    let (kind, last) = match (session_id, client_anonymous_id) {
        (Some(session_id), _) => (1, session_id),
        (None, Some(anonymous_id)) => (2, anonymous_id),
        (None, None) => (3, event_id),
    };
    let hash = [tenant_id, site_id, last].into_iter().fold(kind, |hash, id| {
        let (high, low) = id.as_u64_pair();
        mix(mix(hash ^ high) ^ low)
    });
    // The remainder is below `lanes`, a u16.
    (hash % u64::from(lanes.max(1))) as u16
}

const fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: Uuid = Uuid::from_u128(0x0195_0000_0000_7000_8000_0000_0000_0001);
    const SITE: Uuid = Uuid::from_u128(0x0195_0000_0000_7000_8000_0000_0000_0002);

    /// Golden values: a change of any of them sends what is sent again by another lane.
    #[test]
    fn lanes_are_part_of_the_format() {
        let id = |n: u128| Uuid::from_u128(0x0195_aaaa_0000_7000_8000_0000_0000_0000 | n);
        let by_session: Vec<Lane> =
            (0..12).map(|n| lane_of(TENANT, SITE, Some(id(n)), Some(id(99)), id(77), 4)).collect();
        let by_visitor: Vec<Lane> =
            (0..12).map(|n| lane_of(TENANT, SITE, None, Some(id(n)), id(77), 4)).collect();
        let by_event: Vec<Lane> =
            (0..12).map(|n| lane_of(TENANT, SITE, None, None, id(n), 4)).collect();
        let of_many: Vec<Lane> =
            (0..6).map(|n| lane_of(TENANT, SITE, None, None, id(n), 1024)).collect();
        assert_eq!(by_session, [3, 2, 1, 1, 1, 1, 2, 3, 2, 2, 3, 3]);
        assert_eq!(by_visitor, [0, 0, 1, 3, 0, 1, 0, 3, 0, 2, 0, 3]);
        assert_eq!(by_event, [2, 3, 2, 1, 2, 3, 3, 0, 0, 0, 2, 2]);
        assert_eq!(of_many, [678, 427, 818, 781, 674, 691]);
    }

    #[test]
    fn a_visit_stays_together_and_lanes_fill_evenly() {
        let mut counts = [0_u32; 4];
        for n in 0..4000_u128 {
            let session = Uuid::from_u128(n);
            let lane = lane_of(TENANT, SITE, Some(session), None, Uuid::from_u128(1), 4);
            let again =
                lane_of(TENANT, SITE, Some(session), Some(Uuid::nil()), Uuid::from_u128(2), 4);
            assert_eq!(lane, again);
            counts[usize::from(lane)] += 1;
        }
        assert!(counts.iter().all(|count| (900..1100).contains(count)), "{counts:?}");
        assert_eq!(lane_of(TENANT, SITE, None, None, Uuid::nil(), 0), 0);
    }
}
