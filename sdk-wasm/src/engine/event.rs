//! An event's bytes: the envelope around attributes that somebody else wrote.
//!
//! What enters here leaves sanitised. An event is written once, when it happens;
//! the brace that closes it waits, because ids may follow after consent.

use alloc::string::String;

use tidemark_core::event::is_event_name;
use tidemark_core::id::Uuid;
use tidemark_core::json::copy;
use tidemark_core::limits::EVENT_MAX_BYTES;
use tidemark_core::sanitise::small_json;
use tidemark_core::time::format_rfc3339;
use tidemark_core::verdict::Code;

use super::push;

/// What the ids, written after consent, add to an event.
const IDS_BYTES: usize = 120 + 16 + USER_MAX_BYTES;

/// Writes an event without its closing brace and without ids.
///
/// `attributes` is JSON text of the page's; empty for none. `page` is the
/// sanitised text of `context.page`; empty before the page is known.
///
/// # Errors
/// `invalid_event_name`; `invalid_json` or `wrong_type` when the attributes are
/// no JSON object; `event_too_large`.
pub fn write(
    name: &str,
    attributes: &str,
    page: &str,
    occurred_at_ms: i64,
    id: Uuid,
) -> Result<String, Code> {
    if !is_event_name(name) {
        return Err(Code::InvalidEventName);
    }
    let mut out = copy("{\"event_id\":\"");
    id.push_to(&mut out);
    push(&mut out, &["\",\"event_name\":\"", name, "\",\"occurred_at\":\""]);
    format_rfc3339(occurred_at_ms, &mut out);
    push(&mut out, &["\",\"source\":\"web\",\"attributes\":", &clean_object(attributes)?]);
    if !page.is_empty() {
        push(&mut out, &[",\"context\":{\"page\":", page, "}"]);
    }
    if out.len() + IDS_BYTES > EVENT_MAX_BYTES {
        return Err(Code::EventTooLarge);
    }
    Ok(out)
}

/// Sanitises the text of a JSON object, as `JSON.stringify` writes it; no text is an
/// empty object.
///
/// # Errors
/// `wrong_type`, or `invalid_json` for a text that is cut off.
pub fn clean_object(text: &str) -> Result<String, Code> {
    if text.is_empty() {
        return Ok(copy("{}"));
    }
    if text.as_bytes().first() != Some(&b'{') {
        return Err(Code::WrongType);
    }
    small_json(text).ok_or(Code::InvalidJson)
}

/// Whether the sanitiser finds nothing in what stands between the quotes of JSON text.
pub fn is_harmless(inside: &str) -> bool {
    let mut text = String::new();
    push(&mut text, &["\"", inside, "\""]);
    // Half of a surrogate pair, which no text can hold.
    let is_whole = !text.as_bytes().windows(3).any(|three| three == b"\\ud");
    is_whole
        && inside.len() <= USER_MAX_BYTES
        && small_json(&text).is_some_and(|clean| clean == text)
}

/// The longest user_id, in bytes of JSON text: what the envelope's schema allows.
const USER_MAX_BYTES: usize = 256;

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    const AT: i64 = 1_795_250_285_123;

    fn written(name: &str, attributes: &str, page: &str) -> Result<String, Code> {
        write(name, attributes, page, AT, Uuid::v7(AT, [0xff; 10]))
    }

    #[test]
    fn an_event_is_its_envelope_around_clean_attributes() {
        let page = r#"{"url":"https://shop.example/cart"}"#;
        let text = written("cart.opened", r#"{"by":"ann@example.org","n":1.50}"#, page);
        assert_eq!(
            text.as_deref(),
            Ok(concat!(
                r#"{"event_id":"01a1fd41-6a43-7fff-bfff-ffffffffffff","event_name":"cart.opened","#,
                r#""occurred_at":"2026-11-21T08:38:05.123Z","source":"web","#,
                r#""attributes":{"by":"[email]","n":1.50},"#,
                r#""context":{"page":{"url":"https://shop.example/cart"}}"#
            ))
        );
    }

    #[test]
    fn what_is_no_event_is_refused_by_code() {
        assert_eq!(written("Cart Opened", "{}", ""), Err(Code::InvalidEventName));
        assert_eq!(written("a", "{", ""), Err(Code::InvalidJson));
        assert_eq!(written("a", "[1]", ""), Err(Code::WrongType));
        let items = ["\"some text\""; 6000].join(",");
        let large = ["{\"items\":[", &items, "]}"].concat();
        assert_eq!(written("a", &large, ""), Err(Code::EventTooLarge));
    }
}
