//! Google Consent Mode v2, as `gtag('consent', 'default' | 'update', {…})` tells it.
//!
//! The trap: at Google a type that nobody set counts as granted. Here it is
//! [`None`], which grants nothing.
//!
//! Source: Google's guide to consent mode on websites, "Set the default consent
//! state" and "Update consent state"; a tag template's `isConsentGranted`
//! documents that an unset type is taken for granted.

/// The four consent types that decide about analytics and ads; `None` is unset.
/// Types beside them (`functionality_storage`, …) are not read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct GoogleTypes {
    /// `analytics_storage`: the type that analytics stands on.
    pub analytics_storage: Option<bool>,
    /// `ad_storage`.
    pub ad_storage: Option<bool>,
    /// `ad_user_data`.
    pub ad_user_data: Option<bool>,
    /// `ad_personalization`.
    pub ad_personalization: Option<bool>,
}

/// Reads a type's value: only the word `granted` grants, an absent or empty one
/// says nothing, and any other denies, as Google's own tags take it.
pub fn word(value: &str) -> Option<bool> {
    if value.is_empty() { None } else { Some(value == "granted") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_word_grants() {
        assert_eq!(word("granted"), Some(true));
        assert_eq!(word(""), None);
        for other in ["denied", "Granted", "true", "unset", "granted "] {
            assert_eq!(word(other), Some(false), "{other}");
        }
    }
}
