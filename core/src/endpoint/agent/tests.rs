use super::*;

/// The names that the list's own release says it must find, one a crawler.
const INSTANCES: &str = include_str!("../../../crawlers/instances.txt");

fn class(agent: &str, mobile: Option<&str>, platform: Option<&str>) -> &'static str {
    let heard = Heard { user_agent: Some(agent), mobile, platform, is_page: true };
    class_of(&heard).as_str()
}

#[test]
fn crawlers_are_known_by_the_names_that_they_have() {
    assert!(INSTANCES.lines().count() > 1_000);
    let missed: Vec<_> = INSTANCES.lines().filter(|agent| !is_bot(agent, false)).collect();
    // Two patterns need an engine: texts on both sides of anything.
    assert!(missed.len() <= 2, "{missed:?}");
    for agent in [
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://www.google.com/bot.html) Chrome/126.0.0.0 Safari/537.36",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36",
    ] {
        assert_eq!(class(agent, Some("?1"), None), "bot", "a hint does not hide it");
    }
}

#[test]
fn a_library_is_a_bot_in_a_page_and_welcome_in_a_server() {
    for agent in ["curl/8.5.0", "python-requests/2.32.3", "Go-http-client/1.1"] {
        let server = Heard { user_agent: Some(agent), ..Heard::default() };
        assert_eq!(class_of(&server), DeviceClass::Other, "{agent}");
        assert_eq!(class_of(&Heard { is_page: true, ..server }), DeviceClass::Bot, "{agent}");
    }
    assert_eq!(class_of(&Heard::default()), DeviceClass::Other);
}

#[test]
fn devices_are_classed() {
    let chrome_android = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
    for (agent, mobile, platform, expected) in [
        (chrome_android, Some("?1"), Some("\"Android\""), "mobile"),
        (chrome_android, Some("?0"), Some("\"Android\""), "tablet"),
        (chrome_android, None, None, "tablet"),
        (
            "Mozilla/5.0 (Linux; Android 10; K) Chrome/126.0.0.0 Mobile Safari/537.36",
            None,
            None,
            "mobile",
        ),
        (
            "Mozilla/5.0 (Linux; Android 10; CUBOT X30) Chrome/126.0.0.0 Mobile Safari/537.36",
            None,
            None,
            "mobile",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0.0.0 Safari/537.36",
            Some("?0"),
            Some("\"Windows\""),
            "desktop",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
            None,
            None,
            "desktop",
        ),
        ("something new", Some("?0"), Some("\"macOS\""), "desktop"),
        ("something new", Some("?1"), None, "mobile"),
        ("something new", Some("?0"), None, "other"),
        (
            "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) Chrome/126.0.0.0 Safari/537.36",
            None,
            None,
            "desktop",
        ),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
            None,
            None,
            "desktop",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile/15E148 Safari/604.1",
            None,
            None,
            "mobile",
        ),
        (
            "Mozilla/5.0 (iPad; CPU OS 12_5 like Mac OS X) Version/12.1 Mobile/15E148 Safari/604.1",
            None,
            None,
            "tablet",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.5 Safari/605.1.15",
            None,
            None,
            "desktop",
        ),
        (
            "Mozilla/5.0 (Android 14; Tablet; rv:127.0) Gecko/127.0 Firefox/127.0",
            None,
            None,
            "tablet",
        ),
        (
            "Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0",
            None,
            None,
            "mobile",
        ),
        (
            "Mozilla/5.0 (Web0S; Linux/SmartTV) Chrome/94.0.4606.128 Safari/537.36",
            None,
            None,
            "other",
        ),
        ("", None, None, "other"),
    ] {
        assert_eq!(class(agent, mobile, platform), expected, "{agent} {mobile:?} {platform:?}");
    }
}
