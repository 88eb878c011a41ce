//! What a caller is answered: status, headers and body, decided in one place.

use tidemark_core::verdict::{Code, Refusal};

use super::collector_answer::Away;
use super::decode::ACCEPTED;
use super::rate::Allowance;
use super::route::NoRoute;

/// An answer, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Its headers, in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// Its body; empty for none.
    pub body: Vec<u8>,
}

/// Why a whole call is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// What the body says.
    pub refusal: Refusal,
    /// `Retry-After`, in seconds.
    pub retry_after_s: Option<u32>,
    /// `Allow`.
    pub allow: Option<&'static str>,
    /// The rate that the call is over.
    pub allowance: Option<Allowance>,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, retry_after_s: None, allow: None, allowance: None }
    }
}

impl From<Code> for Refused {
    fn from(code: Code) -> Self {
        Refusal::new(code).into()
    }
}

impl From<Away> for Refused {
    fn from(away: Away) -> Self {
        Self { retry_after_s: Some(away.retry_after_s), ..away.code.into() }
    }
}

impl From<NoRoute> for Refused {
    fn from(none: NoRoute) -> Self {
        Self { allow: none.allow, ..none.code.into() }
    }
}

impl Answer {
    /// An answer without a body.
    pub const fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// An answer of JSON text, which no cache may keep.
    pub fn json(status: u16, body: String) -> Self {
        Self::text(status, "application/json", body)
    }

    /// An answer of text, which no cache may keep.
    pub fn text(status: u16, content_type: &str, body: String) -> Self {
        let headers = vec![
            ("content-type", String::from(content_type)),
            ("cache-control", String::from("no-store")),
        ];
        Self { status, headers, body: body.into_bytes() }
    }

    /// The refusal of a whole call.
    pub fn refused(refused: &Refused) -> Self {
        let mut answer = Self::json(refused.refusal.code.http_status(), refused.refusal.to_json());
        if let Some(seconds) = refused.retry_after_s {
            answer.headers.push(("retry-after", seconds.to_string()));
        }
        if let Some(allowance) = &refused.allowance {
            answer.headers.extend(allowance.headers());
        }
        if let Some(methods) = refused.allow {
            answer.headers.push(("allow", String::from(methods)));
        }
        if refused.refusal.code == Code::UnsupportedEncoding {
            answer.headers.push(("accept-encoding", String::from(ACCEPTED)));
        }
        answer
    }

    /// The headers as text: a line a name, a line its value, the later of one name last.
    pub fn head(&self) -> String {
        let mut text = String::new();
        for part in self.headers.iter().flat_map(|(name, value)| [name, value.as_str()]) {
            text.push_str(part);
            text.push('\n');
        }
        text
    }

    /// The same answer with more headers.
    #[must_use]
    pub fn with(mut self, headers: Vec<(&'static str, String)>) -> Self {
        self.headers.extend(headers);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
        answer.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn a_refusal_says_what_why_and_when() {
        let away = Away { code: Code::StoreUnavailable, retry_after_s: 7 };
        let answer = Answer::refused(&away.into());
        assert_eq!((answer.status, header(&answer, "retry-after")), (503, Some("7")));
        let body = String::from_utf8(answer.body).unwrap();
        assert!(body.starts_with(r#"{"error":{"code":"store_unavailable","detail":""#), "{body}");

        let none = NoRoute { code: Code::MethodNotAllowed, allow: Some("POST") };
        let answer = Answer::refused(&none.into());
        assert_eq!((answer.status, header(&answer, "allow")), (405, Some("POST")));
        assert_eq!(header(&answer, "cache-control"), Some("no-store"));
    }

    #[test]
    fn headers_are_lines_by_two() {
        let answer = Answer::empty(204).with(vec![("a", "b".into()), ("c", String::new())]);
        assert_eq!(answer.head(), "a\nb\nc\n\n");
        assert_eq!(Answer::empty(204).head(), "");
    }
}
