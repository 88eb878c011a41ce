//! Wires the role ingest: admission, the log, the signed hop, the list of sites,
//! and the public endpoints.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Router;
use axum::http::HeaderName;
use tidemark_core::hop::Key;
use tidemark_core::id::Uuid;
use tokio::sync::watch;

use super::durable::Durable;
use super::erasures::{self, Erasures};
use super::replays::{self, Replays};
use super::signed::Signed;
use super::{Parts, ServeError};
use crate::config::{Config, ConfigError};
use crate::ingest::public::{Proxies, Public, public_routes};
use crate::ingest::{
    Admission, Asking, Base, Pipeline, SignedHop, Tenants, hop_routes, site_list_routes,
};
use crate::log::Entry;
use crate::record::RecordView;
use crate::sites::Sites;
use crate::store::ClickHouse;

/// The routes of the role, and its public endpoints, whose sockets end after
/// `stopping` is true.
pub(super) struct Ingest {
    pub(super) routes: Router,
    pub(super) public: Arc<Public>,
}

impl Ingest {
    pub(super) fn new(
        config: &Config,
        durable: &Durable,
        parts: &Parts,
        stopping: watch::Receiver<bool>,
    ) -> Result<Self, ServeError> {
        let Parts { metrics, sites, .. } = parts;
        let (schemas, listed) = (Arc::clone(&parts.schemas), Arc::clone(&parts.schemas));
        let tenants =
            Directory { sites: Arc::clone(sites), default_days: config.retention.events_days };
        let admission = Admission::by_tenant(move |tenant_id| schemas.of(tenant_id), tenants)
            .with_salt(config.identity.salt_secret.clone())
            .with_erased(durable.erased());
        let pipeline = Pipeline::new(admission, durable.log(), Arc::clone(metrics))
            .with_base(Arc::new(BaseTable(parts.store.clone())));
        let pipeline = Arc::new(pipeline);
        let public = Arc::new(Public::new(
            Arc::clone(&pipeline),
            Arc::clone(sites),
            proxies(config)?,
            country_header(config)?,
            stopping,
        ));
        let mut routes = public_routes(&public);
        let keys = hop_keys(config);
        if keys.is_empty() {
            tracing::info!("no hop.keys: edges cannot send here, the public endpoints are open");
        } else {
            let list =
                site_list_routes(keys.clone(), Arc::clone(sites), listed, Arc::clone(metrics));
            let signed = Arc::new(Signed { keys: keys.clone(), metrics: Arc::clone(metrics) });
            let replays = Replays {
                signed: Arc::clone(&signed),
                source: durable.replay(),
                log: durable.log(),
                store: parts.store.clone(),
            };
            routes = routes.merge(replays::routes(replays));
            let erasures = Erasures {
                signed,
                service: durable.erasures(),
                sites: Arc::clone(sites),
                salt_secret: config.identity.salt_secret.clone(),
            };
            routes = routes.merge(erasures::routes(erasures));
            routes = routes.merge(hop_routes(SignedHop::new(keys, pipeline))).merge(list);
        }
        Ok(Self { routes, public })
    }
}

/// `events_raw`, asked for what came late.
struct BaseTable(ClickHouse);

impl Base for BaseTable {
    fn stored<'a>(&'a self, late: &'a [&'a Entry]) -> Asking<'a> {
        Box::pin(async move {
            let views = late.iter().filter_map(|entry| RecordView::read(&entry.payload).ok());
            let times = views.clone().map(|view| view.occurred_at_ms());
            let (from_ms, to_ms) =
                times.fold((i64::MAX, i64::MIN), |(a, b), t| (a.min(t), b.max(t)));
            let Some(first) = views.clone().next() else { return Ok(HashSet::new()) };
            let wide = |id: Uuid| uuid::Uuid::from_bytes(id.0);
            let ids: Vec<_> = late.iter().map(|entry| entry.event_id).collect();
            let (tenant_id, site_id) = (wide(first.tenant_id()), wide(first.site_id()));
            Ok(self.0.known_ids(tenant_id, site_id, &ids, (from_ms, to_ms)).await?)
        })
    }
}

/// What the directory says of tenants.
struct Directory {
    sites: Arc<Sites>,
    default_days: u16,
}

impl Tenants for Directory {
    fn retention_days(&self, tenant_id: Uuid) -> Option<u16> {
        let directory = self.sites.directory();
        let tenant = directory.tenant(tenant_id)?;
        Some(tenant.retention_days.unwrap_or(self.default_days))
    }
}

fn hop_keys(config: &Config) -> Vec<Key> {
    let key = |key: &crate::config::HopKey| Key {
        id: key.id.clone(),
        secret: key.secret.reveal().as_bytes().to_vec(),
    };
    config.hop.keys.iter().map(key).collect()
}

fn proxies(config: &Config) -> Result<Proxies, ConfigError> {
    Proxies::parse(config.server.trusted_proxies.iter().map(String::as_str)).map_err(|error| {
        ConfigError::Value { key: "server.trusted_proxies".to_owned(), reason: error.to_string() }
    })
}

fn country_header(config: &Config) -> Result<Option<HeaderName>, ConfigError> {
    let Some(name) = &config.server.country_header else { return Ok(None) };
    HeaderName::try_from(name.as_str()).map(Some).map_err(|_| ConfigError::Value {
        key: "server.country_header".to_owned(),
        reason: format!("`{name}` is no header's name, such as x-country"),
    })
}
