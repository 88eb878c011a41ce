#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use tidemark_core::json::Tape;
use tidemark_core::noticed::{DeviceClass, Flags};
use tidemark_core::verdict::{Code, Verdict};

use super::*;
use tidemark_core::id::Uuid;

fn record<'a>(attributes: &'a Tape<'a>) -> Record<'a> {
    Record {
        tenant_id: Uuid([1; 16]),
        site_id: Uuid([2; 16]),
        event_id: Uuid([3; 16]),
        event_name: "chat_interaction".into(),
        occurred_at_ms: 1_767_323_045_678,
        received_at_ms: 1_767_323_045_900,
        expires_at: expires_at(1_767_323_045_900, 90),
        user_id: "u-1".into(),
        attributes: Some(attributes.root()),
        context: Context { page_path: "/orders/4711".into(), ..Context::default() },
        ..Record::default()
    }
}

fn tape(attributes: &str) -> Tape<'_> {
    Tape::read_text(attributes).unwrap()
}

fn payload(record: &Record<'_>) -> (Vec<u8>, Encoded) {
    let mut out = Vec::new();
    let encoded = Encoder::new().event(record, &mut out);
    (out, encoded)
}

#[test]
fn rows_expire_by_when_they_were_received() {
    assert_eq!(expires_at(1_767_323_045_678, 90), 1_767_323_045 + 90 * 86_400);
    assert_eq!(expires_at(i64::MAX / 2, 90), u32::MAX);
}

#[test]
fn what_was_written_is_read_in_place() {
    let (bytes, encoded) =
        payload(&record(&tape(r#"{"cost":"x","thread_id":"t","a":{"b":[1,2.5]}}"#)));
    assert_eq!(encoded.misfits, 1);
    let view = RecordView::read(&bytes).unwrap();
    assert_eq!(view.kind(), Kind::Event);
    assert_eq!(
        (view.tenant_id(), view.site_id(), view.event_id()),
        (Uuid([1; 16]), Uuid([2; 16]), Uuid([3; 16]))
    );
    assert_eq!((view.session_id(), view.anonymous_id()), (Uuid::default(), Uuid::default()));
    assert_eq!(view.occurred_at_ms(), 1_767_323_045_678);
    assert_eq!(view.received_at_ms(), 1_767_323_045_900);
    assert_eq!(view.event_name().unwrap(), "chat_interaction");
    assert_eq!(view.user_id().unwrap(), "u-1");
    let mut columns = view.columns();
    columns.skip_texts(2).unwrap();
    assert_eq!(columns.text().unwrap(), "/orders/4711");
    assert_eq!(columns.text().unwrap(), "/orders/*");
}

#[test]
fn a_rejection_holds_its_reason_alone() {
    let mut bytes = Vec::new();
    Encoder::new().rejection(
        &Rejection {
            tenant_id: Uuid([1; 16]),
            site_id: Uuid([2; 16]),
            event_id: None,
            received_at_ms: 5,
            expires_at: 6,
            verdict: Verdict::Rejected,
            code: Code::WrongType,
            pointer: "/attributes/cost".into(),
            hop: Hop::Collector,
        },
        &mut bytes,
    );
    let view = RecordView::read(&bytes).unwrap();
    assert_eq!((view.kind(), view.received_at_ms()), (Kind::Rejection, 5));
    assert_eq!(view.event_id(), Uuid::default());
    let mut columns = view.columns();
    for text in ["rejected", "wrong_type", "/attributes/cost", "collector"] {
        assert_eq!(columns.text().unwrap(), text);
    }
    assert_eq!(columns.text(), Err(CodecError::Truncated));
}

#[test]
fn another_version_and_half_a_record_are_refused() {
    let (bytes, _) = payload(&record(&tape("{}")));
    let mut newer = bytes.clone();
    newer[0] = VERSION + 1;
    assert_eq!(RecordView::read(&newer).unwrap_err(), CodecError::Version(VERSION + 1));
    let mut other = bytes.clone();
    other[1] = 200;
    assert_eq!(RecordView::read(&other).unwrap_err(), CodecError::Kind(200));
    for length in 0..102 {
        assert_eq!(RecordView::read(&bytes[..length]).unwrap_err(), CodecError::Truncated);
    }
    let name_cut = RecordView::read(&bytes[..110]).unwrap();
    assert_eq!(name_cut.event_name(), Err(CodecError::Truncated));
}

/// The bytes of a version, as every later release must read them.
fn kept(hex: &str) -> Vec<u8> {
    let digits = hex.trim().as_bytes().chunks(2);
    digits.map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

const ATTRIBUTES: &str =
    r#"{"thread_id":"t","tokens_consumed":7,"success":true,"cost":"x","x":{"y":[1,null]}}"#;

#[test]
fn version_2_is_what_it_was() {
    let (bytes, _) = payload(&Record {
        flags: Flags::BOT.with(Flags::CLOCK_SKEW),
        device_class: Some(DeviceClass::Bot),
        ..record(&tape(ATTRIBUTES))
    });
    assert_eq!(bytes, kept(include_str!("testdata/event_v2.hex")));
}

#[test]
fn version_1_is_a_row_that_nothing_was_noticed_about() {
    let old = kept(include_str!("testdata/event_v1.hex"));
    let (new, _) = payload(&record(&tape(ATTRIBUTES)));
    let (old, new) = (RecordView::read(&old).unwrap(), RecordView::read(&new).unwrap());
    assert_eq!(old.event_name(), new.event_name());
    let whole = |view: &RecordView<'_>| [view.row().0, view.row().1].concat();
    assert_eq!(whole(&old), whole(&new));
}

#[test]
fn a_rejection_of_version_1_is_read() {
    let mut bytes = vec![1, 1];
    bytes.extend([7; 60]);
    let view = RecordView::read(&bytes).unwrap();
    assert_eq!((view.kind(), view.row()), (Kind::Rejection, (&[7; 60][..], &[][..])));
}

fn misfit_of(attributes: &str) -> String {
    let mut split = attributes::Attributes::default();
    split.split(Some(tape(attributes).root()));
    split.misfit().to_owned()
}

#[test]
fn an_odd_value_costs_itself_alone() {
    let misfit = misfit_of(
        r#"{"cost":"free","tokens_consumed":5.0,"thread_id":7,"n":18446744073709551616,
           "deep":{"list":[1,[1e999]],"fine":1},"success":1,"kb":{"results_count":2.5}}"#,
    );
    assert_eq!(
        misfit,
        r#"{"cost":"free","thread_id":7,"n":18446744073709551616,"deep.list":[1,[1e999]],"success":1,"kb.results_count":2.5}"#
    );
    assert_eq!(
        misfit_of(r#"{"tokens_consumed":5.0,"cost":1,"n":18446744073709551615,"z":null}"#),
        ""
    );
}
