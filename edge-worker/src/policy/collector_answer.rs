//! Reads what the collector answered, trusting none of its form.

use tidemark_core::id::Uuid;
use tidemark_core::json::{self, Value};
use tidemark_core::verdict::{Code, EventVerdict, Fault, Refusal, Verdict};

use super::answer::Refused;

/// For how long a caller is told to wait at most, in seconds.
const RETRY_AFTER_MAX_S: u32 = 3_600;
/// What a caller is told when the collector does not say: long enough for a
/// restart, short enough for a page that is still open.
pub const RETRY_AFTER_S: u32 = 5;
/// What a caller is told when the hold is full: an outbox tries every minute.
const HOLD_FULL_RETRY_AFTER_S: u32 = 60;

/// Why a forwarded batch has no verdicts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoVerdicts {
    /// Nobody answers, or what the operator has to mend is in the way: the batch
    /// may be held.
    Away(Away),
    /// The collector takes no more from this tenant for now: a caller is told so,
    /// and nothing is held, because holding would get round the limit.
    Slow(Away),
    /// It is refused for good: sending it again cannot help.
    Final(Refused),
}

impl From<Away> for NoVerdicts {
    fn from(away: Away) -> Self {
        Self::Away(away)
    }
}

impl From<NoVerdicts> for Refused {
    fn from(none: NoVerdicts) -> Self {
        match none {
            NoVerdicts::Away(away) | NoVerdicts::Slow(away) => away.into(),
            NoVerdicts::Final(refused) => refused,
        }
    }
}

/// Why a call could not be forwarded, as the caller hears it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Away {
    /// `collector_unavailable`, `store_unavailable` or `overloaded`.
    pub code: Code,
    /// When to send again, in seconds.
    pub retry_after_s: u32,
}

impl Away {
    /// Nobody answered, or nothing that can be understood.
    pub const fn silent() -> Self {
        Self { code: Code::CollectorUnavailable, retry_after_s: RETRY_AFTER_S }
    }

    /// The hold has no room left: some of it has to drain first.
    pub const fn hold_is_full() -> Self {
        Self { code: Code::Overloaded, retry_after_s: HOLD_FULL_RETRY_AFTER_S }
    }

    /// Too much is under way.
    pub const fn overloaded() -> Self {
        Self { code: Code::Overloaded, retry_after_s: RETRY_AFTER_S }
    }
}

/// Reads an answer: the verdicts in order.
///
/// # Errors
/// For any other status than 200, and for a body that is no answer. What the
/// operator has to mend (a wrong key, say) is the caller's to wait for; what will
/// be refused again however often it is sent is told so, lest it be sent for ever.
pub fn read(
    status: u16,
    retry_after: Option<&str>,
    body: &[u8],
) -> Result<Vec<EventVerdict<Uuid>>, NoVerdicts> {
    let retry_after_s = retry_after
        .and_then(|text| text.trim().parse().ok())
        .map_or(RETRY_AFTER_S, |seconds: u32| seconds.clamp(1, RETRY_AFTER_MAX_S));
    let away = Away { code: Code::CollectorUnavailable, retry_after_s };
    let value = json::check(body).ok();
    if status != 200 {
        let told = value.map(told_by).unwrap_or_default();
        return Err(refused(status, &told, away));
    }
    let verdicts = value.and_then(|value| value.get("verdicts")).ok_or(away)?;
    verdicts.items().map(|line| read_line(line).ok_or_else(|| away.into())).collect()
}

/// The code of the error that an answer tells.
pub fn told_code(body: &[u8]) -> Option<Code> {
    told_by(json::check(body).ok()?).code
}

/// The error that an answer tells.
#[derive(Default)]
struct Told {
    code: Option<Code>,
    pointer: Option<String>,
}

fn told_by(answer: Value<'_>) -> Told {
    let text = |key| answer.get("error").and_then(|error| error.get(key)).and_then(Value::as_str);
    Told {
        code: text("code").and_then(|code| Code::from_name(&code)),
        pointer: text("pointer").map(Into::into),
    }
}

/// What a caller hears when the hop was refused.
fn refused(status: u16, told: &Told, away: Away) -> NoVerdicts {
    let final_code = |code: Code| NoVerdicts::Final(code.into());
    let place = told.pointer.as_deref();
    match (status, told.code) {
        // The edge's own members: a tenant that the collector lacks, or a clock.
        (400, _) if matches!(place, Some("/tenant_id" | "/site_id" | "/received_at")) => {
            away.into()
        }
        // Broken on the way, not as it was written.
        (400, Some(Code::BodyBroken | Code::InvalidEncoding)) => away.into(),
        // The key, the address, the form of the hop: mended by the operator.
        (401 | 403..=408 | 415 | 421 | 425, _) => away.into(),
        (429, _) => NoVerdicts::Slow(Away { code: Code::RateLimited, ..away }),
        (413, Some(Code::TooManyEvents)) => final_code(Code::TooManyEvents),
        (413, _) => final_code(Code::BodyTooLarge),
        (400..=499, _) => match place.filter(|place| is_callers(place)) {
            Some(place) => NoVerdicts::Final(Refusal::at(Code::InvalidBatch, place).into()),
            None => final_code(Code::InvalidBatch),
        },
        (_, Some(code @ (Code::StoreUnavailable | Code::Overloaded))) => {
            Away { code, ..away }.into()
        }
        _ => away.into(),
    }
}

/// Whether a member of the hop's body is one that the caller wrote.
fn is_callers(place: &str) -> bool {
    matches!(place, "/batch_id" | "/context" | "/events")
}

/// One line; `None` when it has no verdict. A code that this edge does not know
/// yet is left out, so that a newer collector can stand behind an older edge.
fn read_line(line: Value<'_>) -> Option<EventVerdict<Uuid>> {
    let (mut event_id, mut verdict, mut code, mut pointer) = (None, None, None, None);
    // Once over the members: each look for one by its name would be another.
    for (key, value) in line.entries() {
        let member = match key {
            "event_id" => &mut event_id,
            "verdict" => &mut verdict,
            "code" => &mut code,
            "pointer" => &mut pointer,
            _ => continue,
        };
        if member.is_none() {
            *member = Some(value);
        }
    }
    let verdict = Verdict::from_name(&verdict?.as_str()?)?;
    let code = code.and_then(Value::as_str).and_then(|code| Code::from_name(&code));
    let pointer = pointer.and_then(Value::as_str).unwrap_or_default();
    let fault = code.map(|code| Fault::new(code, pointer));
    let event_id = event_id.and_then(Value::as_str).and_then(|id| Uuid::parse(&id));
    Some(EventVerdict { event_id, verdict, fault })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemark_core::verdict::answer_json;

    #[test]
    fn reads_what_core_writes() {
        let lines = vec![
            EventVerdict { event_id: Some(Uuid([1; 16])), verdict: Verdict::Accepted, fault: None },
            EventVerdict {
                event_id: Some(Uuid([2; 16])),
                verdict: Verdict::Rejected,
                fault: Some(Fault::new(Code::WrongType, "/attributes/x")),
            },
        ];
        let body = answer_json(Some("batch"), &lines);
        assert_eq!(read(200, None, body.as_bytes()), Ok(lines));
    }

    #[test]
    fn a_newer_code_does_not_break_the_answer() {
        let body =
            br#"{"verdicts":[{"event_id":"a","verdict":"rejected","code":"from_the_future"}]}"#;
        let lines = read(200, None, body).unwrap();
        assert_eq!((lines[0].verdict, &lines[0].fault), (Verdict::Rejected, &None));
    }

    #[test]
    fn anything_else_is_away() {
        let silent = Err(Away::silent().into());
        for body in
            ["", "garbage", "[]", "{}", r#"{"verdicts":[1]}"#, r#"{"verdicts":[{"verdict":"ok"}]}"#]
        {
            assert_eq!(read(200, None, body.as_bytes()), silent, "{body}");
        }
        for status in [302, 401, 403, 404, 405, 408, 415, 500, 502, 503] {
            for body in ["{}", "<html>", r#"{"error":{"code":"invalid_batch"}}"#] {
                assert_eq!(read(status, None, body.as_bytes()), silent, "{status} {body}");
            }
        }
    }

    #[test]
    fn what_is_refused_for_good_is_told_so() {
        let told = |code: &str, pointer: &str| {
            format!(r#"{{"error":{{"code":"{code}","detail":"x","pointer":"{pointer}"}}}}"#)
        };
        let invalid = || Refused::from(Code::InvalidBatch);
        let final_ = NoVerdicts::Final;
        for (status, body, expected) in [
            (
                400,
                told("invalid_batch", "/batch_id"),
                Refusal::at(Code::InvalidBatch, "/batch_id").into(),
            ),
            (400, told("invalid_json", "/secret"), invalid()),
            (400, String::from("<html>"), invalid()),
            (422, String::new(), invalid()),
            (413, String::new(), Code::BodyTooLarge.into()),
            (413, told("too_many_events", "/events"), Code::TooManyEvents.into()),
        ] {
            let expected = Err(final_(expected));
            assert_eq!(read(status, None, body.as_bytes()), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_400_that_is_the_edges_own_fault_is_waited_for() {
        for body in [
            r#"{"error":{"code":"invalid_batch","pointer":"/tenant_id"}}"#,
            r#"{"error":{"code":"invalid_batch","pointer":"/received_at"}}"#,
            r#"{"error":{"code":"body_broken"}}"#,
        ] {
            assert_eq!(read(400, None, body.as_bytes()), Err(Away::silent().into()), "{body}");
        }
    }

    #[test]
    fn too_much_is_told_with_its_time() {
        let limited = Away { code: Code::RateLimited, retry_after_s: 9 };
        assert_eq!(read(429, Some("9"), b""), Err(NoVerdicts::Slow(limited)));
        let body = br#"{"error":{"code":"overloaded","detail":"x"}}"#;
        assert_eq!(read(503, None, body), Err(Away::overloaded().into()));
    }

    #[test]
    fn the_collector_may_say_why_and_when() {
        let body = br#"{"error":{"code":"store_unavailable","detail":"x"}}"#;
        let away = |retry_after_s| Err(Away { code: Code::StoreUnavailable, retry_after_s }.into());
        assert_eq!(read(503, Some("7"), body), away(7));
        assert_eq!(read(503, Some("999999"), body), away(RETRY_AFTER_MAX_S));
        assert_eq!(read(503, Some("0"), body), away(1));
        assert_eq!(read(503, Some("Wed, 21 Oct 2026 07:28:00 GMT"), body), away(RETRY_AFTER_S));
    }
}
