//! What holds where the visitor is, before the visitor said anything.
//!
//! A site's own setting, because only the site knows the law that it is under.
//! What is not known, or not listed, is opt-in.

/// What holds before a choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Region {
    /// Nothing before a grant, as under the GDPR and the ePrivacy Directive.
    #[default]
    OptIn,
    /// Analytics until a denial, as under the CCPA. Never ads: those want a word.
    OptOut,
}

/// Finds a region in a site's two lists by its ISO 3166 code (`US`, `US-CA`). The
/// code itself decides before its country; in both lists, opt-in wins.
pub fn of<S: AsRef<str>>(code: &str, opt_in: &[S], opt_out: &[S]) -> Region {
    let country = code.split('-').next().unwrap_or_default();
    for wanted in [code, country] {
        let lists = |list: &[S]| list.iter().any(|listed| listed.as_ref() == wanted);
        if wanted.is_empty() || lists(opt_in) {
            return Region::OptIn;
        }
        if lists(opt_out) {
            return Region::OptOut;
        }
    }
    Region::OptIn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearer_entry_decides_and_what_is_unknown_is_opt_in() {
        let find = |code| of(code, &["US-CO", "BR", "NZ"], &["US", "BR-SP", "NZ", ""]);
        for (code, region) in [
            ("US", Region::OptOut),
            ("US-CA", Region::OptOut),
            ("US-CO", Region::OptIn),
            ("BR", Region::OptIn),
            ("BR-SP", Region::OptOut),
            ("NZ", Region::OptIn),
            ("DE", Region::OptIn),
            ("", Region::OptIn),
            ("-US", Region::OptIn),
            ("us", Region::OptIn),
        ] {
            assert_eq!(find(code), region, "{code}");
        }
    }
}
