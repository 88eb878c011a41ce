//! What the request header `Sec-GPC` adds to what an event tells of consent.
//!
//! The page reads the same preference from `navigator`, and tells the consent
//! that follows. The header covers who did not: senders of their own, and pages
//! that ask nobody. It never lets more through.
//!
//! Source: W3C, "Global Privacy Control (GPC)", "The Sec-GPC header field for
//! HTTP requests": its value is `1`, and any other is no signal.

use alloc::string::String;

use super::Consent;
use super::wire::is_key;
use crate::json::{Kind, Value, check_text};

/// Whether a value of `Sec-GPC` states the preference.
pub fn is_on(value: &str) -> bool {
    value == "1"
}

impl Consent {
    /// This consent, told by a call that carries the preference: ads are denied
    /// whatever it says, and analytics are denied unless it grants them, because
    /// nobody was asked.
    #[must_use]
    pub const fn under_gpc(self) -> Self {
        let granted = matches!(self.analytics, Some(true));
        Self { analytics: Some(granted), ads: Some(false), mode: self.mode }
    }
}

/// The batch's context under the preference, as JSON text that takes the place of
/// the received one: `consent` says what [`Consent::under_gpc`] does. A context
/// that cannot be read stays as it is, for the judge to refuse.
pub fn batch_context(context: Option<Value<'_>>) -> String {
    let Some(context) = context else {
        return [r#"{"consent":"#, CONSENT_DENIED, "}"].concat();
    };
    splice(context, "consent", &|consent| match consent {
        Some(consent) => under_gpc(consent, true),
        None => Some(String::from(CONSENT_DENIED)),
    })
    .unwrap_or_else(|| String::from(context.raw()))
}

/// An event under the preference; `None` when it stays as it is. Only what its own
/// context says more than the batch's is changed: an event without a consent of
/// its own has the batch's.
pub fn event(event: Value<'_>) -> Option<String> {
    splice(event, "context", &|context| {
        splice(context?, "consent", &|consent| under_gpc(consent?, false))
    })
}

const CONSENT_DENIED: &str = r#"{"analytics":false,"ads":false}"#;

/// A consent's text under the preference; `None` when it stays as it is. `whole`
/// decides what it leaves open, too.
fn under_gpc(consent: Value<'_>, whole: bool) -> Option<String> {
    let told = Consent::read(consent, "").ok()?;
    let after = told.under_gpc();
    let mut text = String::from(consent.raw());
    for (key, told, after) in
        [("analytics", told.analytics, after.analytics), ("ads", told.ads, after.ads)]
    {
        if told != after && (whole || told.is_some()) {
            let word = if after == Some(true) { "true" } else { "false" };
            // What was written here is JSON: it is read without a fault.
            text = splice(check_text(&text).ok()?, key, &|_| Some(String::from(word)))?;
        }
    }
    (text != consent.raw()).then_some(text)
}

/// An object's text with another value for a member, which is added at the end
/// when there is none. `None` when nothing is to be changed: the value stays, the
/// key stands twice, or it is no object.
fn splice(
    object: Value<'_>,
    key: &str,
    change: &dyn Fn(Option<Value<'_>>) -> Option<String>,
) -> Option<String> {
    if object.kind() != Kind::Object {
        return None;
    }
    let mut found = object.entries().filter(|(name, _)| is_key(name, key));
    let (member, twice) = (found.next(), found.next());
    let value = change(member.map(|(_, value)| value)).filter(|_| twice.is_none())?;
    let text = object.raw();
    let Some((_, old)) = member else {
        let inside = text.get(1..text.len() - 1)?;
        let comma = if inside.trim_ascii().is_empty() { "" } else { "," };
        return Some(["{", inside, comma, "\"", key, "\":", &value, "}"].concat());
    };
    // A value is a slice of its object's text, so that its place is known.
    let from = (old.raw().as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    let rest = from.checked_add(old.raw().len())?;
    Some([text.get(..from)?, &value, text.get(rest..)?].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::Mode;

    fn read(text: &str) -> Value<'_> {
        check_text(text).unwrap()
    }

    #[test]
    fn only_one_value_states_it() {
        assert!(is_on("1"));
        for other in ["", "0", "true", " 1", "1, 1", "11"] {
            assert!(!is_on(other), "{other}");
        }
    }

    #[test]
    fn a_consent_is_narrowed_and_never_widened() {
        for analytics in [None, Some(false), Some(true)] {
            for ads in [None, Some(false), Some(true)] {
                for mode in [Mode::Full, Mode::Cookieless] {
                    let told = Consent { analytics, ads, mode };
                    let under = told.under_gpc();
                    assert_eq!(under.ads, Some(false));
                    assert_eq!(under.analytics, Some(analytics == Some(true)));
                    assert_eq!(under.mode, mode);
                    assert_eq!(under.under_gpc(), under);
                }
            }
        }
    }

    #[test]
    fn a_batchs_context_says_what_holds() {
        for (context, under) in [
            (None, r#"{"consent":{"analytics":false,"ads":false}}"#),
            (Some("{}"), r#"{"consent":{"analytics":false,"ads":false}}"#),
            (
                Some(r#"{ "locale" : "de" }"#),
                r#"{ "locale" : "de" ,"consent":{"analytics":false,"ads":false}}"#,
            ),
            (
                Some(r#"{"consent":{},"locale":"de"}"#),
                r#"{"consent":{"analytics":false,"ads":false},"locale":"de"}"#,
            ),
            (
                Some(r#"{"consent":{"analytics":true,"ads": true,"mode":"full"}}"#),
                r#"{"consent":{"analytics":true,"ads": false,"mode":"full"}}"#,
            ),
            (
                Some(r#"{"consent":{"analytics":null,"ads":false}}"#),
                r#"{"consent":{"analytics":false,"ads":false}}"#,
            ),
            (
                Some(r#"{"c\u006fnsent":{"\u0061ds":true,"analytics":true}}"#),
                r#"{"c\u006fnsent":{"\u0061ds":false,"analytics":true}}"#,
            ),
        ] {
            let text = batch_context(context.map(read));
            assert_eq!(text, under);
            assert_eq!(batch_context(Some(read(&text))), text, "once more changes nothing");
            let before =
                context.map_or(Consent::default(), |it| Consent::of_context(read(it)).unwrap());
            assert_eq!(Consent::of_context(read(&text)), Ok(before.under_gpc()));
        }
    }

    #[test]
    fn what_the_judge_will_refuse_stays_for_it() {
        for context in [
            r#"{"consent":{"analytics":"yes"}}"#,
            r#"{"consent":[]}"#,
            r#"{"consent":{"ads":true},"consent":{"ads":true}}"#,
            r#"{"consent":{"ads":true,"ads":true}}"#,
        ] {
            assert_eq!(batch_context(Some(read(context))), context);
        }
    }

    #[test]
    fn an_event_keeps_what_it_leaves_to_its_batch() {
        for (text, under) in [
            (r#"{"event_name":"a"}"#, None),
            (r#"{"context":{}}"#, None),
            (r#"{"context":{"consent":{}}}"#, None),
            (r#"{"context":{"consent":{"analytics":true,"ads":false}}}"#, None),
            (r#"{"context":{"consent":{"analytics":null}}}"#, None),
            (r#"{"context":7}"#, None),
            ("7", None),
            (
                r#"{"context":{"consent":{"ads":true}},"a":1}"#,
                Some(r#"{"context":{"consent":{"ads":false}},"a":1}"#),
            ),
        ] {
            assert_eq!(event(read(text)).as_deref(), under, "{text}");
        }
    }

    proptest::proptest! {
        /// Whatever batch and event say, together they say what holds.
        #[test]
        fn batch_and_event_together_are_under_it(
            shared in proptest::option::of(r#"(\{\}|\{"consent":\{("analytics":(true|false|null))?\}\}|\{"consent":\{"analytics":(true|false),"ads":(true|false)\}\})"#),
            own in r#"(\{\}|\{"consent":\{("ads":(true|false|null))?\}\}|\{"consent":\{"analytics":(true|false),"mode":"cookieless"\}\})"#,
        ) {
            let of = |context: &str| Consent::of_context(read(context)).unwrap();
            let own_event = [r#"{"context":"#, &own, "}"].concat();
            let after = event(read(&own_event)).unwrap_or(own_event.clone());
            let own_after = read(&after).get("context").unwrap();
            let shared_after = batch_context(shared.as_deref().map(read));
            let before = of(&own).over(shared.as_deref().map_or(Consent::default(), of));
            let under = Consent::of_context(own_after).unwrap().over(of(&shared_after));
            proptest::prop_assert_eq!(under, before.under_gpc());
        }
    }
}
