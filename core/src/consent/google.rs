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

impl GoogleTypes {
    /// These over earlier ones: a command leaves the types that it does not name.
    #[must_use]
    pub(super) const fn over(self, earlier: Self) -> Self {
        Self {
            analytics_storage: either(self.analytics_storage, earlier.analytics_storage),
            ad_storage: either(self.ad_storage, earlier.ad_storage),
            ad_user_data: either(self.ad_user_data, earlier.ad_user_data),
            ad_personalization: either(self.ad_personalization, earlier.ad_personalization),
        }
    }

    /// What is left when grants are no longer believed: the denials.
    #[must_use]
    pub(super) const fn denials(self) -> Self {
        Self {
            analytics_storage: denial(self.analytics_storage),
            ad_storage: denial(self.ad_storage),
            ad_user_data: denial(self.ad_user_data),
            ad_personalization: denial(self.ad_personalization),
        }
    }

    /// Use for advertising: all three types grant it, any one denies it.
    pub const fn ads(self) -> Option<bool> {
        match (self.ad_storage, self.ad_user_data, self.ad_personalization) {
            (Some(true), Some(true), Some(true)) => Some(true),
            (Some(false), _, _) | (_, Some(false), _) | (_, _, Some(false)) => Some(false),
            _ => None,
        }
    }
}

pub(super) const fn either(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    if one.is_some() { one } else { other }
}

pub(super) const fn denial(word: Option<bool>) -> Option<bool> {
    match word {
        Some(false) => word,
        _ => None,
    }
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

    #[test]
    fn ads_want_all_three_types() {
        let all = [None, Some(false), Some(true)];
        for ad_storage in all {
            for ad_user_data in all {
                for ad_personalization in all {
                    let three = [ad_storage, ad_user_data, ad_personalization];
                    let types = GoogleTypes {
                        analytics_storage: Some(true),
                        ad_storage,
                        ad_user_data,
                        ad_personalization,
                    };
                    let expected = if three.contains(&Some(false)) {
                        Some(false)
                    } else if three.contains(&None) {
                        None
                    } else {
                        Some(true)
                    };
                    assert_eq!(types.ads(), expected, "{three:?}");
                }
            }
        }
    }
}
