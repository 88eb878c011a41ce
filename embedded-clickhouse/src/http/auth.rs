//! Who may ask: the owner, and the reader where there is one; by header, by Basic
//! authentication or by URL.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use subtle::ConstantTimeEq;

use super::params::Params;
use crate::engine::Role;
use crate::exception::{Code, Exception};

/// A user.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) user: String,
    pub(crate) password: String,
}

/// All users.
#[derive(Clone)]
pub(crate) struct Accounts {
    pub(crate) owner: Account,
    pub(crate) reader: Option<Account>,
}

impl Accounts {
    /// Admits a request in its user's role or says code 516. Two ways of signing in
    /// at once are refused, as by the server: it would be unclear which one counts.
    pub(crate) fn admit(&self, headers: &HeaderMap, params: &Params) -> Result<Role, Exception> {
        let text = |name: &str| {
            headers.get(name).map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned())
        };
        let by_header = (text("x-clickhouse-user"), text("x-clickhouse-key"));
        let by_url = (params.user.clone(), params.password.clone());
        let basic = headers.get(AUTHORIZATION).map(|v| basic(v.as_bytes()));
        let given = |(user, password): &(Option<String>, Option<String>)| {
            user.is_some() || password.is_some()
        };
        let ways = [given(&by_header), given(&by_url), basic.is_some()];
        if ways.iter().filter(|way| **way).count() > 1 {
            return Err(Exception::new(
                Code::AuthenticationFailed,
                "Invalid authentication: use one of X-ClickHouse-User and -Key, Basic, or URL parameters",
            ));
        }
        let (user, password) = match basic {
            Some(Some((user, password))) => (Some(user), Some(password)),
            Some(None) => {
                return Err(Exception::new(
                    Code::AuthenticationFailed,
                    "Invalid authentication: the Authorization header is not well-formed Basic authentication",
                ));
            }
            None if given(&by_header) => by_header,
            None => by_url,
        };
        let user = user.filter(|u| !u.is_empty()).unwrap_or_else(|| "default".to_owned());
        let password = password.unwrap_or_default();
        // All are compared whatever the first says, so that time tells none of them.
        let is =
            |account: &Account| same(&user, &account.user) & same(&password, &account.password);
        let reader = self.reader.as_ref().is_some_and(is);
        if is(&self.owner) {
            return Ok(Role::Owner);
        }
        if reader {
            return Ok(Role::Reader);
        }
        Err(Exception::new(
            Code::AuthenticationFailed,
            format!(
                "{user}: Authentication failed: password is incorrect, or there is no user with such name."
            ),
        ))
    }
}

fn same(given: &str, right: &str) -> bool {
    given.as_bytes().ct_eq(right.as_bytes()).into()
}

/// Reads `Basic base64(user:password)`.
fn basic(value: &[u8]) -> Option<(String, String)> {
    let (scheme, rest) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(headers: &[(&'static str, &str)], url: &str) -> Option<Role> {
        let account =
            |user: &str, password: &str| Account { user: user.into(), password: password.into() };
        let reader = Some(account("reader", "r3ad"));
        let accounts = Accounts { owner: account("alice", "s3cret"), reader };
        let headers: HeaderMap = headers
            .iter()
            .map(|(n, v)| (hyper::header::HeaderName::from_static(n), v.parse().expect("value")))
            .collect();
        let params = Params::read(url, &headers).expect("fine");
        match accounts.admit(&headers, &params) {
            Ok(role) => Some(role),
            Err(error) => {
                assert_eq!((error.code, error.status().as_u16()), (516, 403));
                assert!(!error.text.contains("s3cret"));
                None
            }
        }
    }

    fn admit(headers: &[(&'static str, &str)], url: &str) -> bool {
        role(headers, url) == Some(Role::Owner)
    }

    #[test]
    fn each_user_has_a_role_and_no_other_ones_password() {
        assert_eq!(role(&[], "user=reader&password=r3ad"), Some(Role::Reader));
        assert_eq!(role(&[], "user=alice&password=s3cret"), Some(Role::Owner));
        assert_eq!(role(&[], "user=alice&password=r3ad"), None);
        assert_eq!(role(&[], "user=reader&password=s3cret"), None);
    }

    #[test]
    fn each_way_admits_and_refuses() {
        assert!(admit(&[("x-clickhouse-user", "alice"), ("x-clickhouse-key", "s3cret")], ""));
        assert!(admit(&[("authorization", "Basic YWxpY2U6czNjcmV0")], ""));
        assert!(admit(&[], "user=alice&password=s3cret"));
        assert!(!admit(&[], ""));
        assert!(!admit(&[], "user=alice"));
        assert!(!admit(&[], "user=alice&password=s3cre"));
        assert!(!admit(&[("x-clickhouse-user", "bob"), ("x-clickhouse-key", "s3cret")], ""));
        assert!(!admit(&[("authorization", "Bearer s3cret")], ""));
        assert!(!admit(
            &[("authorization", "Basic YWxpY2U6czNjcmV0")],
            "user=alice&password=s3cret"
        ));
    }
}
