//! The context of an event: the batch's, under the event's own.
//!
//! Merged a member at a time, so that an event that tells only its page keeps
//! the batch's device. The judge has held both against the envelope's schema;
//! what is unreadable here is absent.

use std::borrow::Cow;

use tidemark_core::consent::Consent;
use tidemark_core::json::{Kind, Value};

use crate::record::Context;

/// Reads the context of one event.
pub(super) fn read<'a>(own: Option<Value<'a>>, shared: Option<Value<'a>>) -> Context<'a> {
    let at = |path: &[&str]| find(own, path).or_else(|| find(shared, path));
    let text = |path: &[&str]| at(path).and_then(Value::as_str).unwrap_or_default();
    let page_url = text(&["page", "url"]);
    let mut page_path = text(&["page", "path"]);
    if page_path.is_empty() {
        page_path = match &page_url {
            Cow::Borrowed(url) => Cow::Borrowed(path_of(url)),
            Cow::Owned(url) => Cow::Owned(path_of(url).to_owned()),
        };
    }
    let consent_of = |context: Option<Value<'_>>| {
        context.and_then(|context| Consent::of_context(context).ok()).unwrap_or_default()
    };
    Context {
        page_url,
        page_path,
        page_referrer: text(&["page", "referrer"]),
        page_title: text(&["page", "title"]),
        user_agent: text(&["device", "user_agent"]),
        viewport_width: pixels(at(&["device", "viewport", "width"])),
        viewport_height: pixels(at(&["device", "viewport", "height"])),
        screen_width: pixels(at(&["device", "screen", "width"])),
        screen_height: pixels(at(&["device", "screen", "height"])),
        locale: text(&["locale"]),
        consent: consent_of(own).over(consent_of(shared)),
        consent_mode_said: at(&["consent", "mode"]).is_some(),
        app_version: text(&["app", "version"]),
        environment: text(&["app", "environment"]),
        gtm_container_id: text(&["gtm", "container_id"]),
        campaign_source: text(&["campaign", "source"]),
        campaign_medium: text(&["campaign", "medium"]),
        campaign_name: text(&["campaign", "name"]),
        campaign_term: text(&["campaign", "term"]),
        campaign_content: text(&["campaign", "content"]),
        sdk_name: text(&["sdk", "name"]),
        sdk_version: text(&["sdk", "version"]),
        sdk_detects: at(&["sdk", "detects"])
            .into_iter()
            .flat_map(Value::items)
            .filter_map(Value::as_str)
            .collect(),
    }
}

/// The value at a path of keys; `null` counts as absent.
fn find<'a>(context: Option<Value<'a>>, path: &[&str]) -> Option<Value<'a>> {
    path.iter()
        .try_fold(context?, |value, key| value.get(key))
        .filter(|value| value.kind() != Kind::Null)
}

/// Whole pixels; what no screen has becomes the largest number that fits.
fn pixels(value: Option<Value<'_>>) -> u16 {
    let number = value.and_then(|value| value.raw().parse::<f64>().ok()).unwrap_or_default();
    // `as` saturates, and takes what is no number for zero.
    number as u16
}

/// The path of an absolute URL without query; empty when it has no origin.
fn path_of(url: &str) -> &str {
    let Some((_, after_scheme)) = url.split_once("://") else { return "" };
    let path = after_scheme.find('/').and_then(|at| after_scheme.get(at..)).unwrap_or("/");
    path.split(['?', '#']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use tidemark_core::consent::Mode;
    use tidemark_core::json::check_text;

    use super::*;

    fn merged<'a>(own: &'a str, shared: &'a str) -> Context<'a> {
        read(check_text(own).ok(), check_text(shared).ok())
    }

    #[test]
    fn a_member_of_the_event_hides_only_its_own_namesake() {
        let context = merged(
            r#"{"page":{"url":"https://a.example/x"},"device":{"viewport":{"width":10}},"locale":null}"#,
            r#"{"page":{"url":"https://a.example/y","title":"T"},"locale":"de",
                "device":{"user_agent":"UA","viewport":{"width":1,"height":2}}}"#,
        );
        assert_eq!(context.page_url, "https://a.example/x");
        assert_eq!(context.page_path, "/x");
        assert_eq!(context.page_title, "T");
        assert_eq!((context.viewport_width, context.viewport_height), (10, 2));
        assert_eq!(context.user_agent, "UA");
        assert_eq!(context.locale, "de");
    }

    #[test]
    fn the_consent_that_stores_less_wins() {
        let context = merged(
            r#"{"consent":{"ads":false}}"#,
            r#"{"consent":{"analytics":true,"ads":true,"mode":"cookieless"}}"#,
        );
        assert_eq!(context.consent.analytics, Some(true));
        assert_eq!(context.consent.ads, Some(false));
        assert_eq!(context.consent.mode, Mode::Cookieless);
        assert!(context.consent_mode_said);
        assert!(!merged("{}", "{}").consent_mode_said);
    }

    #[test]
    fn pixels_are_whole_and_bounded() {
        for (text, expected) in
            [("1280", 1280), ("1e3", 1000), ("70000", u16::MAX), ("-1", 0), ("\"5\"", 0)]
        {
            assert_eq!(pixels(check_text(text).ok()), expected, "{text}");
        }
    }

    #[test]
    fn the_path_of_a_url() {
        for (url, path) in [
            ("https://a.example/b/c", "/b/c"),
            ("https://a.example", "/"),
            ("https://a.example/b?c#d", "/b"),
            ("about:blank", ""),
            ("", ""),
        ] {
            assert_eq!(path_of(url), path, "{url}");
        }
    }
}
