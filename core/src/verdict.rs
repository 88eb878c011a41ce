//! What became of a received event, and how the caller is told.
//!
//! The enum [`Code`] is closed: a client may match on it. A code's text is
//! safe to show: it never carries the offending value, which may be personal.

use alloc::string::String;

use crate::id::Uuid;
use crate::json;

/// What became of one received event. Each event gets exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Stored, or durably on its way.
    Accepted,
    /// Its event_id was accepted before; the first one stands.
    Duplicate,
    /// Invalid: sending it again cannot help.
    Rejected,
    /// Valid, but policy (consent, erasure, bots) forbids storing it.
    Dropped,
}

impl Verdict {
    /// The verdict's name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
            Self::Rejected => "rejected",
            Self::Dropped => "dropped",
        }
    }

    /// The verdict of that name, for an answer that another hop gave.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Accepted, Self::Duplicate, Self::Rejected, Self::Dropped]
            .into_iter()
            .find(|verdict| verdict.as_str() == name)
    }
}

/// Defines [`Code`] so that a code, its name and its text cannot drift apart.
macro_rules! codes {
    ($($variant:ident $name:literal $detail:literal)+) => {
        /// Why a call, or one event in it, was not simply accepted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $(#[doc = $detail] $variant),+ }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Code] = &[$(Code::$variant),+];

            /// The stable name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// What is wrong and what to do about it, in words that are safe to show.
            pub const fn detail(self) -> &'static str {
                match self { $(Self::$variant => $detail),+ }
            }
        }
    };
}

codes! {
    // The whole call.
    InvalidJson "invalid_json" "The body is not JSON. Send one JSON object."
    InvalidUtf8 "invalid_utf8" "The body is not UTF-8. Encode it as UTF-8."
    InvalidBatch "invalid_batch" "The body is not a batch as it should be: an object with an array `events`. The pointer tells the member."
    BodyTooLarge "body_too_large" "The body is larger than 500 KB. Split the batch."
    TooManyEvents "too_many_events" "The batch holds more than 500 events. Split it."
    UnknownWriteKey "unknown_write_key" "No site has this write key. Check the key in the site's settings."
    WriteKeyConflict "write_key_conflict" "The call carries two different write keys. Send one."
    OriginNotAllowed "origin_not_allowed" "The site does not list this origin. Add it to the site's origins."
    UnsupportedMediaType "unsupported_media_type" "Send application/json or text/plain."
    UnsupportedEncoding "unsupported_encoding" "This Content-Encoding is not taken here; the header Accept-Encoding tells those that are."
    InvalidEncoding "invalid_encoding" "The body is not what its Content-Encoding says. Send one member or frame of it, and nothing behind."
    BodyBroken "body_broken" "The body could not be read to its end. Send it again."
    RequestTimeout "request_timeout" "The body did not arrive in time. Send it again."
    Timeout "timeout" "The answer did not come in time. What became of the call is unknown; send it again."
    Overloaded "overloaded" "The collector is busy. Nothing was stored; send again after Retry-After."
    UnknownApiKey "unknown_api_key" "Send a tenant's API key as `Authorization: Bearer <api key>`."
    ScopeMissing "scope_missing" "The API key may not do this. Make one with the scope that is needed: `tidemark keys create api --scopes`."
    InvalidSignature "invalid_signature" "The signature does not fit the body and the key."
    StaleSignature "stale_signature" "The signature's time is more than 300 s off. Check both clocks."
    RateLimited "rate_limited" "Too many events. Send again after Retry-After."
    CollectorUnavailable "collector_unavailable" "The collector does not answer. Nothing was stored; send again."
    StoreUnavailable "store_unavailable" "The store does not answer. Nothing was stored; send again."
    NotFound "not_found" "There is nothing at this path."
    MethodNotAllowed "method_not_allowed" "This path does not take this method."
    UpgradeRequired "upgrade_required" "This path takes WebSockets alone. Send events to the same path without `/ws`."
    // One event: bounds.
    NotAnObject "not_an_object" "An event is a JSON object."
    EventTooLarge "event_too_large" "The event is larger than 64 KB."
    TooDeep "too_deep" "The event nests deeper than 64 levels."
    TooManyMembers "too_many_members" "An object has more than 512 members."
    DuplicateKey "duplicate_key" "A key stands twice in one object."
    LoneSurrogate "lone_surrogate" "A string holds half of a surrogate pair."
    NulCharacter "nul_character" "A string holds the NUL character."
    NumberOutOfRange "number_out_of_range" "A number is beyond the range of a 64-bit float."
    // One event: envelope and schema.
    UnknownField "unknown_field" "The envelope has no such field. Own data belongs in `attributes`."
    MissingField "missing_field" "A required field is missing."
    WrongType "wrong_type" "The value has another type than the schema says."
    InvalidEventName "invalid_event_name" "An event name is lower-case words joined by dots, at most 128 bytes."
    UnknownEventName "unknown_event_name" "The site takes only events of its catalogue."
    UnknownSchemaVersion "unknown_schema_version" "The catalogue has no such version of this event."
    InvalidUuid "invalid_uuid" "The value is not a UUID."
    InvalidTimestamp "invalid_timestamp" "The value is not an RFC 3339 date and time."
    NotInEnum "not_in_enum" "The value is none of those that the schema lists."
    OutOfRange "out_of_range" "The number is outside of the schema's range."
    TooShort "too_short" "The value is shorter than the schema says."
    TooLong "too_long" "The value is longer than the schema says."
    PathConflict "path_conflict" "Two attribute keys name the same path."
    TenantMismatch "tenant_mismatch" "The event names another tenant or site than its write key."
    TooOld "too_old" "The event occurred more than 7 days ago. Use import for history."
    InFuture "in_future" "The event occurs more than 24 hours ahead. Check the sender's clock."
    // One event: policy.
    Consent "consent" "The visitor did not consent to analytics."
    Erased "erased" "The person's data was erased."
    Bot "bot" "The site drops automated traffic."
}

impl Code {
    /// The verdict of an event that has this code; `None` for the codes of a
    /// whole call. Without a wildcard, so that a new code is placed.
    pub const fn verdict(self) -> Option<Verdict> {
        match self {
            Self::InvalidJson
            | Self::InvalidUtf8
            | Self::InvalidBatch
            | Self::BodyTooLarge
            | Self::TooManyEvents
            | Self::UnknownWriteKey
            | Self::WriteKeyConflict
            | Self::OriginNotAllowed
            | Self::UnsupportedMediaType
            | Self::UnsupportedEncoding
            | Self::InvalidSignature
            | Self::StaleSignature
            | Self::RateLimited
            | Self::CollectorUnavailable
            | Self::StoreUnavailable
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::InvalidEncoding
            | Self::BodyBroken
            | Self::RequestTimeout
            | Self::Timeout
            | Self::Overloaded
            | Self::UnknownApiKey
            | Self::ScopeMissing
            | Self::UpgradeRequired => None,
            Self::NotAnObject
            | Self::EventTooLarge
            | Self::TooDeep
            | Self::TooManyMembers
            | Self::DuplicateKey
            | Self::LoneSurrogate
            | Self::NulCharacter
            | Self::NumberOutOfRange
            | Self::UnknownField
            | Self::MissingField
            | Self::WrongType
            | Self::InvalidEventName
            | Self::UnknownEventName
            | Self::UnknownSchemaVersion
            | Self::InvalidUuid
            | Self::InvalidTimestamp
            | Self::NotInEnum
            | Self::OutOfRange
            | Self::TooShort
            | Self::TooLong
            | Self::PathConflict
            | Self::TenantMismatch
            | Self::TooOld
            | Self::InFuture => Some(Verdict::Rejected),
            Self::Consent | Self::Erased | Self::Bot => Some(Verdict::Dropped),
        }
    }

    /// The HTTP status of a call that is refused with this code. An event's own
    /// code never refuses a call; 422 would be its status.
    pub const fn http_status(self) -> u16 {
        match self {
            Self::InvalidJson
            | Self::InvalidUtf8
            | Self::InvalidBatch
            | Self::InvalidEncoding
            | Self::BodyBroken => 400,
            Self::UnknownWriteKey
            | Self::WriteKeyConflict
            | Self::UnknownApiKey
            | Self::InvalidSignature
            | Self::StaleSignature => 401,
            Self::OriginNotAllowed | Self::ScopeMissing => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::RequestTimeout => 408,
            Self::BodyTooLarge | Self::TooManyEvents => 413,
            Self::UnsupportedMediaType | Self::UnsupportedEncoding => 415,
            Self::UpgradeRequired => 426,
            Self::RateLimited => 429,
            Self::CollectorUnavailable | Self::StoreUnavailable | Self::Overloaded => 503,
            Self::Timeout => 504,
            // `verdict` is the match without a wildcard: it places a new code.
            _ => 422,
        }
    }

    /// The code of that name, for an answer that another hop gave.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }
}

/// What is wrong with one event: the code, and where, as an RFC 6901 pointer
/// that starts at the event itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Why.
    pub code: Code,
    /// Where, relative to the event; empty for the event as a whole.
    pub pointer: String,
}

impl Fault {
    /// A fault at a place.
    pub fn new(code: Code, pointer: impl Into<String>) -> Self {
        Self { code, pointer: pointer.into() }
    }
}

/// What a whole call is refused with; the HTTP status is the shell's to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub code: Code,
    /// Where in the body, when it is a place there.
    pub pointer: Option<String>,
}

impl Refusal {
    /// A refusal of the call as a whole.
    pub const fn new(code: Code) -> Self {
        Self { code, pointer: None }
    }

    /// A refusal for something at one place of the body.
    pub fn at(code: Code, pointer: impl Into<String>) -> Self {
        Self { code, pointer: Some(pointer.into()) }
    }

    /// The answer's body: `{"error":{"code","detail","pointer"?}}`.
    pub fn to_json(&self) -> String {
        let mut out = String::from("{\"error\":{\"code\":");
        json::write_string(&mut out, self.code.as_str());
        out.push_str(",\"detail\":");
        json::write_string(&mut out, self.code.detail());
        if let Some(pointer) = &self.pointer {
            out.push_str(",\"pointer\":");
            json::write_string(&mut out, pointer);
        }
        out.push_str("}}");
        out
    }
}

/// One event's line in the answer. Its id is text, as others wrote it, or what the text
/// says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventVerdict<Id = String> {
    /// The event's id, when it has one.
    pub event_id: Option<Id>,
    /// What became of it.
    pub verdict: Verdict,
    /// Why it was rejected or dropped.
    pub fault: Option<Fault>,
}

/// An event's id, as an answer can tell it.
pub trait EventId {
    /// Appends it as a JSON string.
    fn write(&self, out: &mut String);
}

impl EventId for String {
    fn write(&self, out: &mut String) {
        json::write_string(out, self);
    }
}

impl EventId for Uuid {
    fn write(&self, out: &mut String) {
        out.push('"');
        self.push_to(out);
        out.push('"');
    }
}

/// How many events of a call got which verdict. `received` is their sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Events stored.
    pub accepted: u64,
    /// Events that were there already.
    pub duplicate: u64,
    /// Events that are invalid.
    pub rejected: u64,
    /// Events that policy forbids.
    pub dropped: u64,
}

impl Tally {
    /// Counts one verdict.
    pub fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Accepted => self.accepted += 1,
            Verdict::Duplicate => self.duplicate += 1,
            Verdict::Rejected => self.rejected += 1,
            Verdict::Dropped => self.dropped += 1,
        }
    }

    /// How many events were received.
    pub const fn received(&self) -> u64 {
        self.accepted + self.duplicate + self.rejected + self.dropped
    }
}

/// Counts a call's verdicts.
pub fn tally<Id>(verdicts: &[EventVerdict<Id>]) -> Tally {
    let mut tally = Tally::default();
    for event in verdicts {
        tally.count(event.verdict);
    }
    tally
}

/// Writes the answer to a call that could be parsed: one verdict an event, in
/// the order received, and their counts.
pub fn answer_json<Id: EventId>(batch_id: Option<&str>, verdicts: &[EventVerdict<Id>]) -> String {
    let mut out = String::with_capacity(96 + verdicts.len() * 80);
    out.push_str("{\"batch_id\":");
    push_text_or_null(&mut out, batch_id);
    out.push_str(",\"verdicts\":[");
    for (index, event) in verdicts.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str("{\"event_id\":");
        match &event.event_id {
            Some(event_id) => event_id.write(&mut out),
            None => out.push_str("null"),
        }
        // Words of a closed set, none of which has anything to escape.
        out.push_str(",\"verdict\":\"");
        out.push_str(event.verdict.as_str());
        out.push('"');
        if let Some(fault) = &event.fault {
            out.push_str(",\"code\":");
            json::write_string(&mut out, fault.code.as_str());
            out.push_str(",\"detail\":");
            json::write_string(&mut out, fault.code.detail());
            out.push_str(",\"pointer\":");
            json::write_string(&mut out, &fault.pointer);
        }
        out.push('}');
    }
    let tally = tally(verdicts);
    out.push(']');
    for (name, count) in [
        (",\"accepted\":", tally.accepted),
        (",\"duplicate\":", tally.duplicate),
        (",\"rejected\":", tally.rejected),
        (",\"dropped\":", tally.dropped),
    ] {
        out.push_str(name);
        json::write_u64(&mut out, count);
    }
    out.push('}');
    out
}

fn push_text_or_null(out: &mut String, text: Option<&str>) {
    match text {
        Some(text) => json::write_string(out, text),
        None => out.push_str("null"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_a_calls_or_an_events() {
        for code in Code::ALL {
            let of_event = code.http_status() == 422;
            assert_eq!(code.verdict().is_some(), of_event, "{}", code.as_str());
            assert_eq!(Code::from_name(code.as_str()), Some(*code));
        }
    }

    #[test]
    fn an_answer_counts_what_it_tells() {
        let event = |verdict, fault| EventVerdict { event_id: None, verdict, fault };
        let fault = Fault::new(Code::WrongType, "/attributes/a\"b");
        let named =
            EventVerdict { event_id: Some(Uuid([7; 16])), ..event(Verdict::Accepted, None) };
        let events = [named, event(Verdict::Rejected, Some(fault))];
        let answer: serde_json::Value =
            serde_json::from_str(&answer_json(Some("b"), &events)).unwrap();
        assert_eq!(answer["verdicts"][1]["pointer"], "/attributes/a\"b");
        assert_eq!((&answer["accepted"], &answer["rejected"]), (&1.into(), &1.into()));
        assert_eq!(answer["verdicts"][0]["event_id"], Uuid([7; 16]).to_string());
        assert_eq!(answer["verdicts"][1]["event_id"], serde_json::Value::Null);
        let text = |event: &EventVerdict<Uuid>| EventVerdict {
            event_id: event.event_id.map(|id| id.to_string()),
            verdict: event.verdict,
            fault: event.fault.clone(),
        };
        let texts: Vec<EventVerdict> = events.iter().map(text).collect();
        assert_eq!(answer_json(Some("b"), &texts), answer_json(Some("b"), &events));
        assert_eq!(tally(&events).received(), 2);
    }
}
