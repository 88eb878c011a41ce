use std::rc::{Rc, Weak};

use super::*;

const LEASE_MS: i64 = 1_000;
const A: Token = [b'a'; 16];
const B: Token = [b'b'; 16];
const C: Token = [b'c'; 16];

fn id(number: u32) -> Id {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    id
}

fn claims() -> Claims<Rc<()>> {
    Claims::new(LEASE_MS, IdHash::new(7))
}

/// Claims ids of which none is known.
fn claim(claims: &mut Claims<Rc<()>>, now_ms: i64, token: Token, numbers: &[u32]) -> Claim {
    let ids: Vec<_> = numbers.iter().copied().map(id).collect();
    claims.claim(now_ms, token, &ids, |_| false)
}

/// A waiter, and how to see whether it was woken.
fn waiter() -> (Rc<()>, Weak<()>) {
    let who = Rc::new(());
    let seen = Rc::downgrade(&who);
    (who, seen)
}

#[test]
fn what_is_known_is_told_and_the_rest_is_claimed() {
    let mut claims = claims();
    let knows = |known: &Id| *known == id(2);
    let granted = claims.claim(0, A, &[id(1), id(2), id(3)], knows);
    assert_eq!(granted, Claim::Granted(vec![false, true, false]));
    assert_eq!(claim(&mut claims, 0, B, &[3]), Claim::Pending { behind: A });
    assert_eq!(claims.claim(0, B, &[id(2)], knows), Claim::Granted(vec![true]));
}

#[test]
fn a_quiet_claim_is_as_another_but_wakes_nobody() {
    let mut claims = claims();
    let quietly = |claims: &mut Claims<Rc<()>>, now_ms, token, number| {
        claims.claim_quietly(now_ms, token, &[id(number), id(9)], |known| *known == id(9))
    };
    assert_eq!(quietly(&mut claims, 0, A, 1), Some(vec![false, true]));
    assert_eq!(claim(&mut claims, 0, B, &[1]), Claim::Pending { behind: A }, "it is a claim");
    assert_eq!(quietly(&mut claims, 1, B, 1), None, "another call is in the way");
    let (who, sleeps) = waiter();
    claims.wait(1, 1, &A, who);
    assert_eq!(quietly(&mut claims, LEASE_MS, B, 2), None, "a claim is over");
    assert!(sleeps.upgrade().is_some(), "who waits behind it is not woken");
    assert_eq!(claim(&mut claims, LEASE_MS, B, &[2]), Claim::Granted(vec![false]));
    assert!(sleeps.upgrade().is_none());
    assert_eq!(quietly(&mut claims, LEASE_MS, C, 1), Some(vec![false, true]));
}

#[test]
fn a_claim_is_all_or_nothing() {
    let mut claims = claims();
    claim(&mut claims, 0, A, &[1]);
    assert_eq!(claim(&mut claims, 0, B, &[1, 2]), Claim::Pending { behind: A });
    let free = claim(&mut claims, 0, C, &[2]);
    assert_eq!(free, Claim::Granted(vec![false]), "who waits holds nothing");
}

#[test]
fn an_end_wakes_who_waits_and_the_first_to_ask_gets_it() {
    let mut claims = claims();
    claim(&mut claims, 0, A, &[1]);
    let (one, one_sleeps) = waiter();
    let (two, two_sleeps) = waiter();
    assert_eq!(claims.wait(10, 10, &A, one), Some(1_000));
    assert_eq!(claims.wait(20, 20, &A, two), Some(1_000));
    claims.release(&C);
    assert!(one_sleeps.upgrade().is_some(), "a strange token ends nothing");
    claims.release(&A);
    assert!(one_sleeps.upgrade().is_none() && two_sleeps.upgrade().is_none());
    assert_eq!(claim(&mut claims, 30, B, &[1]), Claim::Granted(vec![false]));
    assert_eq!(claim(&mut claims, 30, C, &[1]), Claim::Pending { behind: B });
}

#[test]
fn a_lease_ends_by_itself() {
    let mut claims = claims();
    claim(&mut claims, 0, A, &[1]);
    let (who, sleeps) = waiter();
    claims.wait(500, 500, &A, who);
    assert_eq!(claim(&mut claims, 999, B, &[1]), Claim::Pending { behind: A });
    assert!(sleeps.upgrade().is_some());
    assert_eq!(claim(&mut claims, 1_000, B, &[1]), Claim::Granted(vec![false]));
    assert!(sleeps.upgrade().is_none());
    claims.release(&A);
    let after = claim(&mut claims, 1_000, C, &[1]);
    assert_eq!(after, Claim::Pending { behind: B }, "a late end frees nobody else's ids");
}

#[test]
fn nobody_waits_for_longer_than_a_lease() {
    let mut claims = claims();
    claim(&mut claims, 0, A, &[1]);
    claims.release(&A);
    claim(&mut claims, 700, B, &[1]);
    assert_eq!(claims.wait(700, 0, &B, Rc::default()), Some(1_000));
    assert_eq!(claims.wait(1_000, 0, &B, Rc::default()), None);
    assert_eq!(claims.wait(1_000, 900, &A, Rc::default()), Some(1_000), "it went: ask at once");
}

#[test]
fn a_token_that_asks_again_is_not_in_its_own_way() {
    let mut claims = claims();
    claim(&mut claims, 0, A, &[1, 2]);
    assert_eq!(claim(&mut claims, 5, A, &[1]), Claim::Granted(vec![false]));
    assert_eq!(claim(&mut claims, 5, B, &[2]), Claim::Granted(vec![false]));
}

#[test]
fn claims_and_waiters_are_bounded() {
    let mut claims = claims();
    let all: Vec<u32> = (0..MAX_CLAIMED_IDS as u32).collect();
    claim(&mut claims, 0, A, &all);
    assert_eq!(claim(&mut claims, 0, B, &[u32::MAX]), Claim::Full);
    for _ in 0..MAX_WAITING {
        assert!(claims.wait(0, 0, &A, Rc::default()).is_some());
    }
    assert_eq!(claims.wait(0, 0, &A, Rc::default()), None);
    claims.release(&A);
    assert_eq!(claim(&mut claims, 0, B, &[u32::MAX]), Claim::Granted(vec![false]));
    assert!(claims.wait(0, 0, &B, Rc::default()).is_some(), "nothing of it is left behind");
}
