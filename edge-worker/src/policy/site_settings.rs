//! What a site tells its pages: thresholds, exemptions, switches.

use tidemark_core::id::Uuid;
use tidemark_core::judge::Site;

use super::answer::Answer;
use super::files::is_unchanged;

/// For how long a page may keep them: a change is at work within five minutes, and
/// a visit asks once.
const CACHE_CONTROL: &str = "public, max-age=300";

/// The answer: the site's JSON object as the list tells it, `{}` for none, tagged
/// by its content.
pub fn answer(site: &Site, if_none_match: Option<&str>) -> Answer {
    let body = if site.settings.is_empty() { "{}" } else { site.settings.0.as_str() };
    let etag = format!("\"{}\"", Uuid::v5(site.site_id, body.as_bytes()));
    let headers = vec![("cache-control", String::from(CACHE_CONTROL)), ("etag", etag.clone())];
    if is_unchanged(if_none_match, &etag) {
        return Answer::empty(304).with(headers);
    }
    let content_type = vec![("content-type", String::from("application/json"))];
    Answer { status: 200, headers, body: body.into() }.with(content_type)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemark_core::judge::PageSettings;

    #[test]
    fn settings_are_told_once() {
        let mut site = Site::default();
        assert_eq!(answer(&site, None).body, b"{}");
        site.settings = PageSettings(r#"{"switches":{"rage_clicks":false}}"#.into());
        let told = answer(&site, None);
        assert_eq!((told.status, told.body.as_slice()), (200, site.settings.0.as_bytes()));
        let etag = &told.headers.iter().find(|(name, _)| *name == "etag").unwrap().1;
        assert_eq!(answer(&site, Some(etag)).status, 304);
        site.settings = PageSettings::default();
        assert_eq!(answer(&site, Some(etag)).status, 200);
    }
}
