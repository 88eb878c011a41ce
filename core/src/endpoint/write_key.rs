//! Which write key a call carries: in the query, as a bearer, in the batch.
//!
//! A key may come twice, never as two different ones: a call that means two
//! sites must not be guessed about.

use crate::verdict::Code;

/// The one key of a call: of every `write_key` parameter, of `Authorization`, and
/// of the batch, once it is read. `Ok(None)` when the call carries none (yet).
///
/// # Errors
/// `write_key_conflict` when two differ.
pub fn resolve<'a>(
    in_query: impl IntoIterator<Item = &'a str>,
    authorization: Option<&'a str>,
    in_batch: Option<&'a str>,
) -> Result<Option<&'a str>, Code> {
    let mut found: Option<&str> = None;
    let bearer = authorization.and_then(bearer);
    for key in in_query.into_iter().chain(bearer).chain(in_batch) {
        match found {
            Some(first) if first != key => return Err(Code::WriteKeyConflict),
            _ => found = Some(key),
        }
    }
    Ok(found)
}

/// The token of `Bearer <token>`; other schemes are not ours.
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_one_place_will_do() {
        assert_eq!(resolve(["a"], None, None), Ok(Some("a")));
        assert_eq!(resolve([], Some("bearer  a "), None), Ok(Some("a")));
        assert_eq!(resolve([], None, Some("a")), Ok(Some("a")));
        assert_eq!(resolve(["a", "a"], Some("Bearer a"), Some("a")), Ok(Some("a")));
        assert_eq!(resolve([], Some("Basic YTpi"), None), Ok(None));
    }

    #[test]
    fn two_that_differ_conflict() {
        for (query, authorization, in_batch) in [
            (&["a", "b"][..], None, None),
            (&["a"], Some("Bearer b"), None),
            (&["a"], None, Some("b")),
            (&[], Some("Bearer a"), Some("b")),
        ] {
            let found = resolve(query.iter().copied(), authorization, in_batch);
            assert_eq!(found, Err(Code::WriteKeyConflict));
        }
    }
}
