//! Which write key a call carries: in the query, as a bearer, in the batch.
//!
//! A key may come twice, never as two different ones: a call that means two
//! sites must not be guessed about.

use tidemark_core::verdict::Code;

use super::call::Call;

/// The one key of a call; `in_batch` is the batch's own, once it is read.
/// `Ok(None)` when the call carries none (yet).
///
/// # Errors
/// `write_key_conflict` when two differ.
pub fn resolve<'a>(call: &'a Call, in_batch: Option<&'a str>) -> Result<Option<&'a str>, Code> {
    let mut found: Option<&str> = None;
    let bearer = call.authorization.as_deref().and_then(bearer);
    let query = call.query_write_keys.iter().map(String::as_str);
    for key in query.chain(bearer).chain(in_batch) {
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

    fn call(query: &[&str], authorization: Option<&str>) -> Call {
        Call {
            query_write_keys: query.iter().map(|key| String::from(*key)).collect(),
            authorization: authorization.map(Into::into),
            ..Call::default()
        }
    }

    #[test]
    fn any_one_place_will_do() {
        assert_eq!(resolve(&call(&["a"], None), None), Ok(Some("a")));
        assert_eq!(resolve(&call(&[], Some("bearer  a ")), None), Ok(Some("a")));
        assert_eq!(resolve(&call(&[], None), Some("a")), Ok(Some("a")));
        assert_eq!(resolve(&call(&["a", "a"], Some("Bearer a")), Some("a")), Ok(Some("a")));
        assert_eq!(resolve(&call(&[], Some("Basic YTpi")), None), Ok(None));
    }

    #[test]
    fn two_that_differ_conflict() {
        for (query, authorization, in_batch) in [
            (&["a", "b"][..], None, None),
            (&["a"], Some("Bearer b"), None),
            (&["a"], None, Some("b")),
            (&[], Some("Bearer a"), Some("b")),
        ] {
            let call = call(query, authorization);
            assert_eq!(resolve(&call, in_batch), Err(Code::WriteKeyConflict));
        }
    }
}
