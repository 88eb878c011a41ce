//! Which part of the edge a path belongs to, and which methods it takes.

use tidemark_core::batch::Form;
use tidemark_core::verdict::Code;

/// Where a call goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// Events come in, in one of the public forms.
    Ingest(Form),
    /// A browser asks whether a page may send.
    Preflight,
    /// A file of the SDK: the path behind `/sdk/`.
    SdkFile(String),
    /// Whether the process lives.
    Health,
    /// Whether it is configured to do its work.
    Ready,
    /// The counters.
    Metrics,
}

/// Why a call goes nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRoute {
    /// `not_found` or `method_not_allowed`.
    pub code: Code,
    /// The value of `Allow`, where the path exists.
    pub allow: Option<&'static str>,
}

const READ: &str = "GET, HEAD";
const SEND: &str = "POST, OPTIONS";

/// Finds the route of a method and a path.
///
/// # Errors
/// `not_found` for an unknown path, `method_not_allowed` with the methods that
/// the path takes.
pub fn route(method: &str, path: &str) -> Result<Route, NoRoute> {
    let (route, allow) = match path {
        "/v1/events" => (Route::Ingest(Form::BatchOrEvent), SEND),
        "/v1/events/batch" => (Route::Ingest(Form::Batch), SEND),
        "/health" | "/health/live" => (Route::Health, READ),
        "/health/ready" => (Route::Ready, READ),
        "/metrics" => (Route::Metrics, READ),
        _ => match path.strip_prefix("/sdk/") {
            Some(file) => (Route::SdkFile(String::from(file)), READ),
            None => return Err(NoRoute { code: Code::NotFound, allow: None }),
        },
    };
    match (method, allow) {
        ("POST", SEND) | ("GET" | "HEAD", READ) => Ok(route),
        ("OPTIONS", SEND) => Ok(Route::Preflight),
        _ => Err(NoRoute { code: Code::MethodNotAllowed, allow: Some(allow) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_takes_its_methods() {
        assert_eq!(route("POST", "/v1/events"), Ok(Route::Ingest(Form::BatchOrEvent)));
        assert_eq!(route("POST", "/v1/events/batch"), Ok(Route::Ingest(Form::Batch)));
        assert_eq!(route("OPTIONS", "/v1/events/batch"), Ok(Route::Preflight));
        assert_eq!(route("GET", "/sdk/a/b.js"), Ok(Route::SdkFile("a/b.js".into())));
        assert_eq!(route("HEAD", "/health"), Ok(Route::Health));
        assert_eq!(route("GET", "/health/ready"), Ok(Route::Ready));
    }

    #[test]
    fn the_rest_is_refused_by_name() {
        for (method, path, code, allow) in [
            ("GET", "/", Code::NotFound, None),
            ("POST", "/v1/events/", Code::NotFound, None),
            ("POST", "/internal/v1/ingest", Code::NotFound, None),
            ("GET", "/v1/events", Code::MethodNotAllowed, Some(SEND)),
            ("DELETE", "/v1/events/batch", Code::MethodNotAllowed, Some(SEND)),
            ("POST", "/sdk/a.js", Code::MethodNotAllowed, Some(READ)),
            ("OPTIONS", "/health", Code::MethodNotAllowed, Some(READ)),
        ] {
            assert_eq!(route(method, path), Err(NoRoute { code, allow }), "{method} {path}");
        }
    }
}
