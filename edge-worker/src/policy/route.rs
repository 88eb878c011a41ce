//! Which part of the edge a path belongs to, and which methods it takes.

use tidemark_core::batch::Form;
use tidemark_core::endpoint::alias::Alias;
use tidemark_core::id::Uuid;
use tidemark_core::verdict::{Code, EventVerdict};

/// In which words events come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// Our own, in one of the public forms.
    Own(Form),
    /// Another product's.
    Alias(Alias),
}

impl Words {
    /// Turns pointers into what the judge read into pointers into what was sent.
    pub fn to_sender(self, verdicts: &mut [EventVerdict<Uuid>]) {
        let Self::Alias(alias) = self else { return };
        for fault in verdicts.iter_mut().filter_map(|event| event.fault.as_mut()) {
            fault.pointer = alias.sender_pointer(&fault.pointer);
        }
    }
}

/// Where a call goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// Events come in.
    Ingest(Words),
    /// Events are to come in over a WebSocket.
    Socket(Words),
    /// A browser asks whether a page may send.
    Preflight,
    /// A page asks for its site's settings.
    SiteSettings,
    /// A file of the SDK: the path behind `/sdk/`.
    SdkFile(String),
    /// Whether the process lives.
    Health,
    /// Whether it is configured to do its work.
    Ready,
    /// The counters as Prometheus text.
    Metrics,
    /// The counts of verdicts as JSON.
    Stats,
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
const CONNECT: &str = "GET";

/// Finds the route of a method and a path.
///
/// # Errors
/// `not_found` for an unknown path, `method_not_allowed` with the methods that
/// the path takes.
pub fn route(method: &str, path: &str) -> Result<Route, NoRoute> {
    let (route, allow) = match path {
        "/v1/events" => (Route::Ingest(Words::Own(Form::BatchOrEvent)), SEND),
        "/v1/events/batch" => (Route::Ingest(Words::Own(Form::Batch)), SEND),
        "/v1/events/ws" => (Route::Socket(Words::Own(Form::BatchOrEvent)), CONNECT),
        "/api/v1/analytics/events/ws" => (Route::Socket(Words::Alias(Alias::Envelope)), CONNECT),
        "/v1/site-settings" => (Route::SiteSettings, READ),
        "/health"
        | "/health/live"
        | "/api/v1/analytics/health"
        | "/api/v1/analytics/events/health" => (Route::Health, READ),
        "/health/ready" => (Route::Ready, READ),
        "/metrics" => (Route::Metrics, READ),
        "/api/v1/analytics/stats" | "/api/v1/analytics/events/stats" => (Route::Stats, READ),
        _ => match (Alias::of_path(path), path.strip_prefix("/sdk/")) {
            (Some(alias), _) => (Route::Ingest(Words::Alias(alias)), SEND),
            (None, Some(file)) => (Route::SdkFile(String::from(file)), READ),
            (None, None) => return Err(NoRoute { code: Code::NotFound, allow: None }),
        },
    };
    match (method, allow) {
        ("POST", SEND) | ("GET" | "HEAD", READ) | ("GET", CONNECT) => Ok(route),
        ("OPTIONS", SEND) => Ok(Route::Preflight),
        _ => Err(NoRoute { code: Code::MethodNotAllowed, allow: Some(allow) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_takes_its_methods() {
        let own = |form| Ok(Route::Ingest(Words::Own(form)));
        assert_eq!(route("POST", "/v1/events"), own(Form::BatchOrEvent));
        assert_eq!(route("POST", "/v1/events/batch"), own(Form::Batch));
        let alias = |alias| Ok(Route::Ingest(Words::Alias(alias)));
        assert_eq!(route("POST", "/capture"), alias(Alias::Capture));
        assert_eq!(route("POST", "/api/v1/analytics/events"), alias(Alias::Envelope));
        assert_eq!(route("OPTIONS", "/api/capture"), Ok(Route::Preflight));
        let socket = Ok(Route::Socket(Words::Own(Form::BatchOrEvent)));
        assert_eq!(route("GET", "/v1/events/ws"), socket);
        assert_eq!(route("GET", "/api/v1/analytics/events/health"), Ok(Route::Health));
        assert_eq!(route("GET", "/api/v1/analytics/stats"), Ok(Route::Stats));
        assert_eq!(route("GET", "/v1/site-settings"), Ok(Route::SiteSettings));
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
            ("POST", "/v1/events/ws", Code::MethodNotAllowed, Some(CONNECT)),
            ("GET", "/api/v1/analytics/events", Code::MethodNotAllowed, Some(SEND)),
        ] {
            assert_eq!(route(method, path), Err(NoRoute { code, allow }), "{method} {path}");
        }
    }
}
