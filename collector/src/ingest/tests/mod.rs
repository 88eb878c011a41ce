//! The endpoints over a log that stands in memory.

mod aliases;
mod hop;
mod hostile;
mod public;
mod slow;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tidemark_core::hop::Key;
use tidemark_core::id::Uuid;
use tidemark_core::validate::Catalogue;
use tokio::sync::watch;
use tower::ServiceExt as _;

use super::public::{Patience, Peer, Proxies, Public, public_routes};
use super::*;
use crate::config::{Config, Secret};
use crate::limits::BODY_TIMEOUT;
use crate::log::Entry;
use crate::log::append::{AppendError, Appending, EventLog, Fullness, Outcome};
use crate::metrics::Metrics;
use crate::record::{Kind, RecordView};
use crate::sites::{Database, Sites, declare};

const TENANT: &str = "0190f5f6-7e2a-7c3b-9d4e-5f6071829301";
const SITE: &str = "0190f5f6-7e2a-7c3b-9d4e-5f6071829302";
const SALT_SECRET: &str = "a salt secret for the tests";

/// Keeps what is appended and knows it again, or refuses everything.
#[derive(Default)]
struct Memory {
    kept: Mutex<Vec<Entry>>,
    known: Mutex<HashSet<(uuid::Uuid, uuid::Uuid)>>,
    full: Option<Fullness>,
}

impl EventLog for Memory {
    fn append(&self, entries: Vec<Entry>) -> Appending<'_> {
        Box::pin(async move {
            if let Some(full) = self.full {
                return Err(AppendError::Full(full));
            }
            let mut known = self.known.lock().unwrap();
            let outcomes = entries
                .into_iter()
                .map(|entry| {
                    if !known.insert((entry.tenant_id, entry.event_id)) {
                        return Outcome::Duplicate;
                    }
                    self.kept.lock().unwrap().push(entry);
                    Outcome::Stored
                })
                .collect();
            Ok(outcomes)
        })
    }

    fn lanes(&self) -> u16 {
        4
    }
}

impl Memory {
    fn full(of: Fullness) -> Arc<Self> {
        Arc::new(Self { full: Some(of), ..Self::default() })
    }

    /// What is kept of events.
    fn events(&self) -> Vec<Kept> {
        self.of_kind(Kind::Event)
    }

    /// What is kept of events that are not stored: their texts are verdict, code,
    /// pointer and hop.
    fn rejections(&self) -> Vec<Kept> {
        self.of_kind(Kind::Rejection)
    }

    fn of_kind(&self, kind: Kind) -> Vec<Kept> {
        let kept = self.kept.lock().unwrap();
        let read = kept.iter().map(Kept::read);
        read.filter(|(of, _)| *of == kind).map(|(_, kept)| kept).collect()
    }
}

/// One entry, read back.
#[derive(Debug)]
struct Kept {
    tenant_id: Uuid,
    site_id: Uuid,
    event_id: Uuid,
    session_id: Uuid,
    anonymous_id: Uuid,
    occurred_at_ms: i64,
    received_at_ms: i64,
    lane: u16,
    /// The row's text columns before the viewport's: see `EVENT_COLUMNS`.
    texts: Vec<String>,
    /// The row as text, for what must not or must be somewhere in it.
    whole: String,
}

impl Kept {
    fn read(entry: &Entry) -> (Kind, Self) {
        let view = RecordView::read(&entry.payload).unwrap();
        let mut columns = view.columns();
        let count = if view.kind() == Kind::Event { 10 } else { 4 };
        let kept = Self {
            tenant_id: view.tenant_id(),
            site_id: view.site_id(),
            event_id: view.event_id(),
            session_id: view.session_id(),
            anonymous_id: view.anonymous_id(),
            occurred_at_ms: view.occurred_at_ms(),
            received_at_ms: view.received_at_ms(),
            lane: entry.lane,
            texts: (0..count).map(|_| columns.text().unwrap().to_owned()).collect(),
            whole: String::from_utf8_lossy(&entry.payload).into_owned(),
        };
        (view.kind(), kept)
    }

    fn event_name(&self) -> &str {
        &self.texts[0]
    }

    fn user_id(&self) -> &str {
        &self.texts[1]
    }
}

/// Any tenant, or one alone.
struct Known(Option<Uuid>);

impl Tenants for Known {
    fn retention_days(&self, tenant_id: Uuid) -> Option<u16> {
        self.0.is_none_or(|known| known == tenant_id).then_some(90)
    }
}

fn key() -> Key {
    Key { id: "k1".into(), secret: b"a secret for the tests".to_vec() }
}

fn admission() -> Admission {
    Admission::new(Catalogue::builtin().unwrap(), Known(None))
}

fn secret() -> Option<Secret> {
    Some(Secret::new(SALT_SECRET.to_owned()))
}

fn now_ms() -> i64 {
    i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap()
}

fn rfc3339(unix_ms: i64) -> Value {
    let mut text = String::new();
    tidemark_core::time::format_rfc3339(unix_ms, &mut text);
    text.into()
}

/// What came back.
#[derive(Debug)]
struct Told {
    status: u16,
    headers: HeaderMap,
    json: Value,
}

impl Told {
    async fn of(routes: &Router, request: Request<Body>) -> Self {
        let response = routes.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.unwrap();
        let json =
            if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        Self { status: head.status.as_u16(), headers: head.headers, json }
    }

    /// `verdict code pointer` of each event.
    fn verdicts(&self) -> Vec<String> {
        assert_eq!(self.status, 200, "{self:?}");
        let line = |verdict: &Value| {
            let parts = ["verdict", "code", "pointer"].map(|member| verdict[member].as_str());
            parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
        };
        self.json["verdicts"].as_array().unwrap().iter().map(line).collect()
    }

    /// Status, code and pointer of a refusal.
    fn refusal(&self) -> (u16, &str, Option<&str>) {
        let error = &self.json["error"];
        assert!(!error["detail"].as_str().unwrap_or_default().is_empty(), "{self:?}");
        (self.status, error["code"].as_str().unwrap(), error["pointer"].as_str())
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// The public endpoints for two sites: `wk_shop`, which lists an origin, and
/// `wk_strict`, which has low rates, takes the catalogue alone and counts visitors
/// without consent.
struct Open {
    routes: Router,
    log: Arc<Memory>,
    metrics: Arc<Metrics>,
    _folder: TempDir,
    _stop: watch::Sender<bool>,
}

const DIRECTORY: &str = r#"
[[tenants]]
id = "0190f5f6-7e2a-7c3b-9d4e-5f6071829301"
slug = "demo"
[[tenants.sites]]
id = "0190f5f6-7e2a-7c3b-9d4e-5f6071829302"
slug = "shop"
write_keys = ["wk_shop", "wk_again"]
origins = ["https://shop.example", "https://*.shop.example"]
[[tenants.sites]]
id = "0190f5f6-7e2a-7c3b-9d4e-5f6071829303"
slug = "strict"
write_keys = ["wk_strict"]
mode = "strict"
when_consent_absent = "drop"
cookieless = true
[[tenants]]
id = "0190f5f6-7e2a-7c3b-9d4e-5f6071829311"
slug = "other"
[[tenants.sites]]
id = "0190f5f6-7e2a-7c3b-9d4e-5f6071829312"
slug = "shop"
write_keys = ["wk_other"]
"#;

impl Open {
    async fn new() -> Self {
        Self::with(Arc::default()).await
    }

    async fn with(log: Arc<Memory>) -> Self {
        Self::waiting(log, BODY_TIMEOUT, Patience::default()).await
    }

    /// With other times for slow bodies and silent sockets.
    async fn waiting(log: Arc<Memory>, body_timeout: Duration, patience: Patience) -> Self {
        let folder = TempDir::new().unwrap();
        let database = Database::open(&folder.path().join("sites.db")).await.unwrap();
        let config = Config::from_table(DIRECTORY.parse().unwrap(), []).unwrap();
        declare(&database, &config.tenants, 1).await.unwrap();
        let low = crate::sites::SiteChange {
            person_events_per_minute: Some(Some(10)),
            ..Default::default()
        };
        database.update_site("demo/strict", low, 1).await.unwrap();
        let sites = Arc::new(Sites::new(database).await.unwrap());
        let metrics = Arc::new(Metrics::new().unwrap());
        let admission = admission().with_salt(secret());
        let pipeline = Pipeline::new(admission, Arc::clone(&log) as _, Arc::clone(&metrics));
        let pipeline = Arc::new(pipeline.with_body_timeout(body_timeout));
        let proxies = Proxies::parse(["10.0.0.0/8"]).unwrap();
        let country = Some(axum::http::HeaderName::from_static("x-country"));
        // Nobody stops it, as long as whoever could is there.
        let (stopping, stop) = watch::channel(false);
        let public = Public::new(pipeline, sites, proxies, country, stop);
        let public = Arc::new(public.with_patience(patience));
        let routes = public_routes(&public);
        Self { routes, log, metrics, _folder: folder, _stop: stopping }
    }

    async fn send(&self, request: Request<Body>) -> Told {
        Told::of(&self.routes, request).await
    }

    /// Posts JSON with the key of the shop.
    async fn post(&self, path: &str, body: &Value) -> Told {
        self.send(request(path).body(Body::from(body.to_string())).unwrap()).await
    }
}

/// A call of the shop, from 203.0.113.7, that is not sent yet.
fn request(path: &str) -> axum::http::request::Builder {
    let separator = if path.contains('?') { '&' } else { '?' };
    plain_request(&format!("{path}{separator}write_key=wk_shop"))
}

fn plain_request(path: &str) -> axum::http::request::Builder {
    let peer = Peer("203.0.113.7:1".parse().unwrap());
    Request::post(path).header("content-type", "application/json").extension(peer)
}

fn with(mut event: Value, member: &str, value: Value) -> Value {
    event[member] = value;
    event
}

fn status(told: &Told) -> StatusCode {
    StatusCode::from_u16(told.status).unwrap()
}
