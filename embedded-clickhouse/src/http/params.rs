//! What a request asks for, read from its URL, its headers and its form.
//!
//! Everything that is not a name of ClickHouse's HTTP interface is a setting,
//! as on the server; the engine knows which settings exist.

use std::time::Duration;

use hyper::HeaderMap;

use crate::engine::{Session, SessionAsk};
use crate::exception::{Code, Exception};
use crate::limits::{MAX_QUERY_ID_BYTES, MAX_SESSION_ID_BYTES};
use crate::sql::is_format_name;

/// Settings and parameters of one request.
#[derive(Debug, Default, Clone)]
pub(crate) struct Params {
    /// `query`: comes before the body.
    pub(crate) query: String,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) query_id: Option<String>,
    /// The result's format where the statement names none.
    pub(crate) default_format: Option<String>,
    /// `compress=1`: the answer in ClickHouse's framing.
    pub(crate) compress: bool,
    /// `decompress=1`: the body is in ClickHouse's framing.
    pub(crate) decompress: bool,
    /// `wait_end_of_query=1`: answer only once the query has ended.
    pub(crate) wait_end: bool,
    /// `session_id` and what belongs to it.
    pub(crate) kept: SessionAsk,
    /// Database, settings and `param_*`.
    pub(crate) session: Session,
}

/// Names of the server's HTTP interface that change nothing here. Without a
/// `client_protocol_version` blocks of Native have no header of their own; the
/// official Python client looks whether they have, because proxies drop the name.
const IGNORED: [&str; 4] = ["buffer_size", "quota_key", "stacktrace", "client_protocol_version"];

impl Params {
    /// Reads a URL's query string and the headers.
    pub(crate) fn read(url_query: &str, headers: &HeaderMap) -> Result<Self, Exception> {
        let mut params = Self::default();
        for (name, value) in form_urlencoded::parse(url_query.as_bytes()) {
            params.set(&name, value.into_owned())?;
        }
        let header = |name: &str| {
            headers.get(name).map(|v| String::from_utf8_lossy(v.as_bytes()).into_owned())
        };
        if params.query_id.is_none() {
            params.query_id = header("x-clickhouse-query-id").filter(|id| !id.is_empty());
        }
        if params.session.database.is_none() {
            params.session.database = header("x-clickhouse-database").filter(|db| !db.is_empty());
        }
        if params.default_format.is_none() {
            params.default_format = header("x-clickhouse-format").filter(|f| !f.is_empty());
        }
        params.check()?;
        Ok(params)
    }

    /// Takes one name and value of the URL or of a form.
    pub(crate) fn set(&mut self, name: &str, value: String) -> Result<(), Exception> {
        match name {
            "query" => self.query = value,
            "user" => self.user = Some(value),
            "password" => self.password = Some(value),
            "query_id" => self.query_id = Some(value).filter(|id| !id.is_empty()),
            "database" => self.session.database = Some(value).filter(|db| !db.is_empty()),
            "default_format" => self.default_format = Some(value).filter(|f| !f.is_empty()),
            "compress" => self.compress = flag(name, &value)?,
            "decompress" => self.decompress = flag(name, &value)?,
            "wait_end_of_query" => self.wait_end = flag(name, &value)?,
            "session_id" => self.kept.id = Some(value).filter(|id| !id.is_empty()),
            "session_timeout" => {
                let seconds = value.parse().map_err(|_| {
                    Exception::new(
                        Code::InvalidSessionTimeout,
                        format!("session_timeout is a number of seconds, not {value:?}"),
                    )
                })?;
                self.kept.timeout = Some(Duration::from_secs(seconds));
            }
            "session_check" => self.kept.check = flag(name, &value)?,
            "close_session" => self.kept.close = flag(name, &value)?,
            "role" => {
                return Err(Exception::new(
                    Code::NotImplemented,
                    format!("The parameter {name} is not served by the embedded ClickHouse"),
                ));
            }
            _ if IGNORED.contains(&name) => {}
            _ => match name.strip_prefix("param_") {
                Some(param) => self.session.params.push((param.to_owned(), value)),
                None => self.session.settings.push((name.to_owned(), value)),
            },
        }
        Ok(())
    }

    /// Holds names that become part of a statement or a header within bounds.
    pub(crate) fn check(&self) -> Result<(), Exception> {
        if let Some(format) = self.default_format.as_deref().filter(|f| !is_format_name(f)) {
            return Err(Exception::new(
                Code::BadArguments,
                format!("{format:?} cannot be the name of a format"),
            ));
        }
        if let Some(id) = &self.query_id
            && (id.len() > MAX_QUERY_ID_BYTES || id.chars().any(char::is_control))
        {
            return Err(Exception::new(
                Code::BadArguments,
                format!(
                    "A query_id has at most {MAX_QUERY_ID_BYTES} bytes and no control characters"
                ),
            ));
        }
        if self.kept.id.as_ref().is_some_and(|id| id.len() > MAX_SESSION_ID_BYTES) {
            return Err(Exception::new(
                Code::BadArguments,
                format!("A session_id has at most {MAX_SESSION_ID_BYTES} bytes"),
            ));
        }
        Ok(())
    }

    /// Takes a setting out.
    pub(crate) fn take_setting(&mut self, name: &str) -> Option<String> {
        let at = self.session.settings.iter().rposition(|(n, _)| n == name)?;
        Some(self.session.settings.remove(at).1)
    }

    /// The value of a setting that is on or off.
    pub(crate) fn switch(&self, name: &str) -> Option<bool> {
        self.setting(name).map(|value| !matches!(value, "0" | "false"))
    }

    /// The value of a setting, the last one given.
    pub(crate) fn setting(&self, name: &str) -> Option<&str> {
        self.session.settings.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

fn flag(name: &str, value: &str) -> Result<bool, Exception> {
    match value {
        "1" | "true" => Ok(true),
        "0" | "false" | "" => Ok(false),
        _ => Err(Exception::new(Code::BadArguments, format!("{name} is 0 or 1, not {value:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        let url = "query=SELECT+1&database=d&param_x=%27a%27&max_threads=2&compress=1&query_id=q&buffer_size=9";
        let params = Params::read(url, &HeaderMap::new()).expect("fine");
        assert_eq!(params.query, "SELECT 1");
        assert_eq!(params.session.database.as_deref(), Some("d"));
        assert_eq!(params.session.params, [("x".to_owned(), "'a'".to_owned())]);
        assert_eq!(params.session.settings, [("max_threads".to_owned(), "2".to_owned())]);
        assert_eq!((params.compress, params.decompress), (true, false));
        assert_eq!(params.setting("max_threads"), Some("2"));
        assert_eq!(params.query_id.as_deref(), Some("q"));
    }

    #[test]
    fn headers_stand_in_for_the_url() {
        let mut headers = HeaderMap::new();
        headers.insert("x-clickhouse-query-id", "h".parse().expect("value"));
        headers.insert("x-clickhouse-format", "CSV".parse().expect("value"));
        headers.insert("x-clickhouse-database", "d".parse().expect("value"));
        let params = Params::read("", &headers).expect("fine");
        assert_eq!(params.query_id.as_deref(), Some("h"));
        assert_eq!(params.default_format.as_deref(), Some("CSV"));
        let params = Params::read("query_id=u&default_format=TSV", &headers).expect("fine");
        assert_eq!(params.query_id.as_deref(), Some("u"));
        assert_eq!(params.default_format.as_deref(), Some("TSV"));
    }

    #[test]
    fn what_would_break_a_statement_is_refused() {
        for url in [
            "default_format=CSV%20SETTINGS",
            "query_id=a%0Ab",
            "compress=maybe",
            "role=r",
            "session_timeout=x",
        ] {
            assert!(Params::read(url, &HeaderMap::new()).is_err(), "{url}");
        }
    }
}
