//! The context of an event: the batch's, under the event's own.
//!
//! Merged a member at a time, so that an event that tells only its page keeps
//! the batch's device. The judge has held both against the envelope's schema;
//! what is unreadable here is absent. The batch's is read once, each event's walked
//! once and laid over a copy.

use std::borrow::Cow;

use tidemark_core::consent::Consent;
use tidemark_core::json::{Kind, Node, unescape};

use crate::record::Context;

/// Reads the batch's context; [`over`] completes it.
pub(super) fn shared<'a>(context: Node<'_, 'a>) -> Context<'a> {
    let mut read = Context::default();
    lay(&mut read, context);
    read
}

/// The context of one event: its own over the batch's.
pub(super) fn over<'a>(own: Option<Node<'_, 'a>>, shared: &Context<'a>) -> Context<'a> {
    let mut context = shared.clone();
    if let Some(own) = own {
        lay(&mut context, own);
    }
    if context.page_path.is_empty() {
        context.page_path = match &context.page_url {
            Cow::Borrowed(url) => Cow::Borrowed(path_of(url)),
            Cow::Owned(url) => Cow::Owned(path_of(url).to_owned()),
        };
    }
    context
}

/// Lays what a context tells over what is there; `null` counts as absent.
fn lay<'a>(context: &mut Context<'a>, own: Node<'_, 'a>) {
    let below = context.consent;
    let mut consent = Consent::default();
    each(own, |name, value| match name {
        "page" => each(value, |name, value| match name {
            "url" => context.page_url = text(value),
            "path" => context.page_path = text(value),
            "referrer" => context.page_referrer = text(value),
            "title" => context.page_title = text(value),
            _ => {}
        }),
        "device" => each(value, |name, value| match name {
            "user_agent" => context.user_agent = text(value),
            "viewport" => {
                size(value, &mut context.viewport_width, &mut context.viewport_height);
            }
            "screen" => size(value, &mut context.screen_width, &mut context.screen_height),
            _ => {}
        }),
        "locale" => context.locale = text(value),
        "consent" => {
            consent = Consent::read(value.value(), "").unwrap_or_default();
            each(value, |name, _| context.consent_mode_said |= name == "mode");
        }
        "app" => each(value, |name, value| match name {
            "version" => context.app_version = text(value),
            "environment" => context.environment = text(value),
            _ => {}
        }),
        "gtm" => each(value, |name, value| {
            if name == "container_id" {
                context.gtm_container_id = text(value);
            }
        }),
        "campaign" => each(value, |name, value| match name {
            "source" => context.campaign_source = text(value),
            "medium" => context.campaign_medium = text(value),
            "name" => context.campaign_name = text(value),
            "term" => context.campaign_term = text(value),
            "content" => context.campaign_content = text(value),
            _ => {}
        }),
        "sdk" => each(value, |name, value| match name {
            "name" => context.sdk_name = text(value),
            "version" => context.sdk_version = text(value),
            "detects" => context.sdk_detects = value.items().filter_map(Node::as_str).collect(),
            _ => {}
        }),
        _ => {}
    });
    context.consent = consent.over(below);
}

/// Each member of an object that is told, by its name.
fn each<'t, 'a>(object: Node<'t, 'a>, mut tell: impl FnMut(&str, Node<'t, 'a>)) {
    for (key, value) in object.members() {
        if value.kind() == Kind::Null {
            continue;
        }
        match key.is_escaped().then(|| unescape(key.inside())).flatten() {
            Some(name) => tell(&name, value),
            None => tell(key.inside(), value),
        }
    }
}

fn text<'a>(value: Node<'_, 'a>) -> Cow<'a, str> {
    value.as_str().unwrap_or_default()
}

fn size(value: Node<'_, '_>, width: &mut u16, height: &mut u16) {
    each(value, |name, value| match name {
        "width" => *width = pixels(value.raw()),
        "height" => *height = pixels(value.raw()),
        _ => {}
    });
}

/// Whole pixels; what no screen has becomes the largest number that fits.
fn pixels(text: &str) -> u16 {
    if let Ok(whole) = text.parse() {
        return whole;
    }
    let number = text.parse::<f64>().unwrap_or_default();
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
    use tidemark_core::json::Tape;

    use super::*;

    fn merged<'a>(own: &'a str, batch: &'a str) -> Context<'a> {
        let (own, batch) = (Tape::read_text(own).unwrap(), Tape::read_text(batch).unwrap());
        over(Some(own.root()), &shared(batch.root()))
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
        // A key may be written with escapes, and what is no object tells nothing.
        let context = merged(
            r#"{"p\u0061ge":{"\u0074itle":"\u0041"},"device":5}"#,
            r#"{"page":{"title":"T"},"device":{"user_agent":"UA"}}"#,
        );
        assert_eq!((&*context.page_title, &*context.user_agent), ("A", "UA"));
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
            assert_eq!(pixels(text), expected, "{text}");
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
