//! What a caller's head tells of what it is: a kind of device, or an automated client.
//!
//! Automated clients are told by their names, which many keep in one place ([`list`]).
//! Libraries of HTTP are among them and count for pages alone: a call without `Origin`
//! comes from a server, where they belong.
//!
//! A device's class comes of the hints `Sec-CH-UA-Mobile` and `Sec-CH-UA-Platform`,
//! which browsers of the Chromium family send unasked, else of the words that browsers
//! put into `User-Agent` for this very purpose (MDN, "Browser detection using the user
//! agent": `Mobi` on phones, Android without it on tablets). A model or a version is
//! never looked at: no more is kept than a class. Why no library: docs/adr/0012.
//! Safari on an iPad calls itself a Mac unless told otherwise, and is a desktop here.

mod crawlers;
mod list;

use crate::noticed::DeviceClass;

/// What a call's head says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heard<'a> {
    /// `User-Agent`.
    pub user_agent: Option<&'a str>,
    /// `Sec-CH-UA-Mobile`: `?1` or `?0`.
    pub mobile: Option<&'a str>,
    /// `Sec-CH-UA-Platform`: a quoted name.
    pub platform: Option<&'a str>,
    /// Whether there is an `Origin`: a page sends.
    pub is_page: bool,
}

/// The class of the device that a call comes from.
pub fn class_of(heard: &Heard<'_>) -> DeviceClass {
    let agent = heard.user_agent.unwrap_or_default();
    if is_bot(agent, heard.is_page) {
        return DeviceClass::Bot;
    }
    let is_phone = match heard.mobile.map(str::trim) {
        Some("?1") => return DeviceClass::Mobile,
        Some("?0") => false,
        _ => agent.contains("Mobi") && !agent.contains("iPad"),
    };
    let platform = heard.platform.map(|name| name.trim().trim_matches('"'));
    match platform {
        Some("Android") if is_phone => return DeviceClass::Mobile,
        Some("Android") => return DeviceClass::Tablet,
        Some("Windows" | "macOS" | "Linux" | "Chrome OS" | "Chromium OS") => {
            return DeviceClass::Desktop;
        }
        _ => {}
    }
    let has = |words: &[&str]| words.iter().any(|word| agent.contains(word));
    if has(&TELEVISIONS) {
        DeviceClass::Other
    } else if is_phone || has(&["iPhone", "iPod"]) {
        DeviceClass::Mobile
    } else if has(&["iPad", "Tablet", "Silk/", "Android"]) {
        DeviceClass::Tablet
    } else if has(&["Windows NT", "Macintosh", "X11", "CrOS"]) {
        DeviceClass::Desktop
    } else {
        DeviceClass::Other
    }
}

/// Words of televisions, some of which run Android.
const TELEVISIONS: [&str; 7] =
    ["SmartTV", "Smart-TV", "SMART-TV", "Android TV", "GoogleTV", "AppleTV", "BRAVIA"];

/// Whether a name is an automated client's.
fn is_bot(agent: &str, is_page: bool) -> bool {
    list::CRAWLERS.knows(agent) || is_page && list::LIBRARIES.knows(agent)
}

#[cfg(test)]
mod tests;
