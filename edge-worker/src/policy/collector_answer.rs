//! Reads what the collector answered, trusting none of its form.

use tidemark_core::json::{self, Value};
use tidemark_core::verdict::{Code, EventVerdict, Fault, Verdict};

/// For how long a caller is told to wait at most, in seconds.
const RETRY_AFTER_MAX_S: u32 = 3_600;
/// What a caller is told when the collector does not say: long enough for a
/// restart, short enough for a page that is still open.
pub const RETRY_AFTER_S: u32 = 5;

/// Why a call could not be forwarded, as the caller hears it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Away {
    /// `collector_unavailable` or `store_unavailable`.
    pub code: Code,
    /// When to send again, in seconds.
    pub retry_after_s: u32,
}

impl Away {
    /// Nobody answered, or nothing that can be understood.
    pub const fn silent() -> Self {
        Self { code: Code::CollectorUnavailable, retry_after_s: RETRY_AFTER_S }
    }
}

/// Reads an answer: the verdicts in order.
///
/// # Errors
/// For any other status than 200, and for a body that is no answer. A refusal of
/// the hop (a wrong key, say) is the operator's to mend and the caller's to wait
/// for: it is never told as the caller's own fault.
pub fn read(
    status: u16,
    retry_after: Option<&str>,
    body: &[u8],
) -> Result<Vec<EventVerdict>, Away> {
    let retry_after_s = retry_after
        .and_then(|text| text.trim().parse().ok())
        .map_or(RETRY_AFTER_S, |seconds: u32| seconds.clamp(1, RETRY_AFTER_MAX_S));
    let away = Away { code: Code::CollectorUnavailable, retry_after_s };
    let value = json::check(body).map_err(|_| away)?;
    if status != 200 {
        let code = value.get("error").and_then(|error| error.get("code"));
        return Err(match code.map(Value::raw) {
            Some("\"store_unavailable\"") => Away { code: Code::StoreUnavailable, ..away },
            _ => away,
        });
    }
    let verdicts = value.get("verdicts").ok_or(away)?;
    verdicts.items().map(|line| read_line(line).ok_or(away)).collect()
}

/// One line; `None` when it has no verdict. A code that this edge does not know
/// yet is left out, so that a newer collector can stand behind an older edge.
fn read_line(line: Value<'_>) -> Option<EventVerdict> {
    let text = |key| line.get(key).and_then(Value::as_str);
    let verdict = Verdict::from_name(&text("verdict")?)?;
    let pointer = text("pointer").unwrap_or_default();
    let fault =
        text("code").and_then(|code| Code::from_name(&code)).map(|code| Fault::new(code, pointer));
    Some(EventVerdict { event_id: text("event_id").map(Into::into), verdict, fault })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemark_core::verdict::answer_json;

    #[test]
    fn reads_what_core_writes() {
        let lines = vec![
            EventVerdict { event_id: Some("a".into()), verdict: Verdict::Accepted, fault: None },
            EventVerdict {
                event_id: Some("b".into()),
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
        let silent = Err(Away::silent());
        for body in
            ["", "garbage", "[]", "{}", r#"{"verdicts":[1]}"#, r#"{"verdicts":[{"verdict":"ok"}]}"#]
        {
            assert_eq!(read(200, None, body.as_bytes()), silent, "{body}");
        }
        for status in [302, 401, 413, 500, 503] {
            assert_eq!(read(status, None, b"{}"), silent, "{status}");
        }
    }

    #[test]
    fn the_collector_may_say_why_and_when() {
        let body = br#"{"error":{"code":"store_unavailable","detail":"x"}}"#;
        let away = |retry_after_s| Err(Away { code: Code::StoreUnavailable, retry_after_s });
        assert_eq!(read(503, Some("7"), body), away(7));
        assert_eq!(read(503, Some("999999"), body), away(RETRY_AFTER_MAX_S));
        assert_eq!(read(503, Some("0"), body), away(1));
        assert_eq!(read(503, Some("Wed, 21 Oct 2026 07:28:00 GMT"), body), away(RETRY_AFTER_S));
    }
}
