use super::*;

const NOW: i64 = 1_795_250_285_123;
const FRESH_MS: i64 = 10_000;

fn key() -> Key {
    Key { id: "k1".into(), secret: b"secret".to_vec() }
}

fn list(write_key: &str) -> String {
    serde_json::json!([{ "write_key": write_key, "tenant": "acme", "site": "shop",
        "tenant_id": "11111111-1111-4111-8111-111111111111",
        "site_id": "22222222-2222-4222-8222-222222222222" }])
    .to_string()
}

fn answer(body: &str, etag: &str, now_ms: i64) -> Answer {
    let signature = hop::sign(&key(), now_ms, PATH, body.as_bytes());
    Answer { status: 200, etag: etag.into(), signature, body: body.into() }
}

fn unchanged(etag: &str, now_ms: i64) -> Answer {
    let signature = hop::sign(&key(), now_ms, PATH, etag.as_bytes());
    Answer { status: 304, etag: etag.into(), signature, body: String::new() }
}

fn known() -> Known {
    let mut known = Known::default();
    known.asking(NOW);
    assert_eq!(known.answered(answer(&list("wk_a"), "\"1\"", NOW), &[key()], NOW), Ok(true));
    known
}

fn step(known: &Known, after_ms: i64, key: &str) -> &'static str {
    match known.step(NOW + after_ms, FRESH_MS, Some(key)) {
        Step::Use(_) => "use",
        Step::UseAndAsk(_) => "use and ask",
        Step::Ask => "ask",
        Step::Away => "away",
    }
}

#[test]
fn a_fresh_list_is_used_an_older_one_renewed_meanwhile() {
    let mut known = known();
    assert_eq!(step(&known, 0, "wk_a"), "use");
    assert_eq!(step(&known, FRESH_MS - 1, "wk_a"), "use");
    assert_eq!(step(&known, FRESH_MS, "wk_a"), "use and ask");
    known.asking(NOW + FRESH_MS);
    assert_eq!(step(&known, FRESH_MS + 1, "wk_a"), "use", "somebody is asking");
    let later = NOW + FRESH_MS + 5;
    assert_eq!(known.answered(unchanged("\"1\"", later), &[key()], later), Ok(true), "KV has none");
    assert!(known.to_store().is_some());
    assert_eq!(known.answered(unchanged("\"1\"", later), &[key()], later), Ok(false));
    assert_eq!(step(&known, 2 * FRESH_MS, "wk_a"), "use");
}

#[test]
fn an_old_list_is_used_while_the_collector_is_away_but_not_for_ever() {
    let mut known = known();
    for day in 1..7 {
        let at = day * 86_400_000;
        assert_eq!(step(&known, at, "wk_a"), "use and ask");
        known.asking(NOW + at);
        known.silent();
        assert_eq!(step(&known, at + 999, "wk_a"), "use");
    }
    assert_eq!(step(&known, STALE_MAX_MS, "wk_a"), "ask");
    known.asking(NOW + STALE_MAX_MS);
    known.silent();
    assert_eq!(step(&known, STALE_MAX_MS + 1, "wk_a"), "away");
    assert_eq!(step(&known, STALE_MAX_MS + 1_000, "wk_a"), "ask");
}

#[test]
fn an_unknown_key_is_asked_about_once_in_a_while() {
    let mut known = known();
    assert_eq!(step(&known, MISSING_KEY_MS - 1, "wk_new"), "use", "the list says no");
    assert_eq!(step(&known, MISSING_KEY_MS, "wk_new"), "ask");
    known.asking(NOW + MISSING_KEY_MS);
    known.silent();
    assert_eq!(step(&known, MISSING_KEY_MS + 1, "wk_new"), "use");
    assert_eq!(step(&known, 2 * MISSING_KEY_MS - 1, "wk_other"), "use");
    assert_eq!(step(&known, 2 * MISSING_KEY_MS, "wk_other"), "ask");
}

#[test]
fn without_a_list_the_first_call_asks_and_a_dead_collector_is_not_hammered() {
    let mut known = Known::default();
    assert_eq!(step(&known, 0, "wk_a"), "ask");
    known.asking(NOW);
    known.silent();
    assert_eq!(step(&known, 999, "wk_a"), "away");
    assert_eq!(step(&known, 1_000, "wk_a"), "ask");
}

#[test]
fn only_a_signed_list_is_believed() {
    let mut known = known();
    let whole = answer(&list("wk_b"), "\"2\"", NOW);
    let other = Key { id: "k2".into(), secret: b"secret".to_vec() };
    let old = NOW - 301_000;
    for wrong in [
        Answer { body: list("wk_c"), ..whole.clone() },
        Answer { signature: String::new(), ..whole.clone() },
        Answer { signature: hop::sign(&other, NOW, PATH, whole.body.as_bytes()), ..whole.clone() },
        answer(&whole.body, "\"2\"", old),
        // The request's own signature, over nothing.
        Answer { signature: hop::sign(&key(), NOW, PATH, b""), ..unchanged("\"1\"", NOW) },
    ] {
        assert_eq!(known.answered(wrong, &[key()], NOW), Err(NoList::Signature));
    }
    assert_eq!(step(&known, 0, "wk_a"), "use");
    let refused = Answer { status: 401, ..whole.clone() };
    assert_eq!(known.answered(refused, &[key()], NOW), Err(NoList::Status(401)));
    let broken = answer("[{}]", "\"3\"", NOW);
    assert!(matches!(known.answered(broken, &[key()], NOW), Err(NoList::Malformed(_))));
    assert_eq!(known.answered(unchanged("\"9\"", NOW), &[key()], NOW), Err(NoList::Status(304)));
    assert_eq!(known.answered(whole, &[key()], NOW), Ok(true));
    assert_eq!((step(&known, 0, "wk_b"), step(&known, MISSING_KEY_MS, "wk_a")), ("use", "ask"));
}

#[test]
fn a_stored_list_is_as_old_as_it_says_and_believed_for_its_signature() {
    let stored = known().to_store().unwrap();
    let later = NOW + 86_400_000;
    let mut other = Known::default();
    assert_eq!(other.restore(&stored, &[key()], later), Ok(()));
    assert_eq!(other.etag(), Some("\"1\""));
    assert_eq!(step(&other, 86_400_000, "wk_a"), "use and ask");
    assert_eq!(step(&other, STALE_MAX_MS, "wk_a"), "ask");
    let forged = stored.replace("wk_a", "wk_b");
    assert_eq!(Known::default().restore(&forged, &[key()], later), Err(NoList::Signature));
    assert!(Known::default().restore("{}", &[key()], later).is_err());
    // An older one does not take the place of a newer one.
    let mut newer = known();
    let list = list("wk_b");
    assert_eq!(newer.answered(answer(&list, "\"2\"", later), &[key()], later), Ok(true));
    assert_eq!(newer.restore(&stored, &[key()], later), Ok(()));
    assert_eq!(newer.etag(), Some("\"2\""));
}
