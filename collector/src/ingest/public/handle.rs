//! The adapter between HTTP and the decisions.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tidemark_core::batch::{Batch, Form};
use tidemark_core::endpoint::alias::Alias;
use tidemark_core::endpoint::{batch_name, client, origin};
use tidemark_core::hash::Visit;
use tidemark_core::id::Uuid;
use tidemark_core::json::Value;
use tidemark_core::judge::{Arrival, Site};
use tidemark_core::limits::BATCH_MAX_BYTES;
use tidemark_core::verdict::{Code, EventVerdict, Refusal, answer_json};
use tokio::sync::{Semaphore, watch};

use super::address::{self, Peer, Proxies};
use super::admission;
use super::call::Call;
use super::limiter::{Charge, Limiter};
use super::socket::{self, Patience};
use crate::clock::Clock as _;
use crate::ingest::hop::coding_of;
use crate::ingest::{Pipeline, admit, body, encoding};
use crate::limits::{PERSON_EVENTS_PER_MINUTE, SOCKETS_MAX, TENANT_EVENTS_PER_MINUTE};
use crate::rate::Allowance;
use crate::refusal::Refused;
use crate::sites::Sites;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// What the public endpoints need.
pub struct Public {
    pub(super) pipeline: Arc<Pipeline>,
    pub(super) sites: Arc<Sites>,
    limiter: Limiter,
    proxies: Proxies,
    country_header: Option<HeaderName>,
    /// Places for sockets; whoever waits for all of them waits for their end.
    pub(super) sockets: Arc<Semaphore>,
    /// When a silent socket is asked, and when it is left.
    pub(super) patience: Patience,
    /// Whether the process is to stop.
    pub(super) stop: watch::Receiver<bool>,
}

/// In which words a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// Our own.
    Own(Form),
    /// Another product's.
    Alias(Alias),
}

/// Where a call came from.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    address: IpAddr,
    prefix: String,
    geo: Option<String>,
}

/// What a call is answered, when it is answered with verdicts.
pub(super) struct Answer {
    pub(super) json: String,
    pub(super) allowance: Allowance,
}

impl Public {
    /// Endpoints that ask `sites` who may send, and hand on to `pipeline`. Sockets
    /// end once `stop` is true.
    pub fn new(
        pipeline: Arc<Pipeline>,
        sites: Arc<Sites>,
        proxies: Proxies,
        country_header: Option<HeaderName>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self {
            pipeline,
            sites,
            limiter: Limiter::default(),
            proxies,
            country_header,
            sockets: Arc::new(Semaphore::new(SOCKETS_MAX)),
            patience: Patience::default(),
            stop,
        }
    }

    /// Leaves silent sockets by other times than the usual.
    #[must_use]
    pub const fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// Resolves when no socket is open any more.
    pub async fn sockets_closed(&self) {
        let all = u32::try_from(SOCKETS_MAX).unwrap_or(u32::MAX);
        // It is never closed, so that this waits.
        let _ = self.sockets.acquire_many(all).await;
    }

    /// Where a call came from, as far as somebody trustworthy says so.
    pub(super) fn origin_of(&self, peer: Option<&Peer>, headers: &HeaderMap) -> Origin {
        let peer = peer.map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip().to_canonical());
        let address = address::caller(&self.proxies, peer, headers).to_canonical();
        let country = self.country_header.as_ref().filter(|_| self.proxies.trusts(peer));
        let country = country.and_then(|name| headers.get(name)?.to_str().ok());
        Origin { address, prefix: client::prefix_of(address), geo: client::geo(country, None) }
    }

    async fn take(
        &self,
        words: Words,
        call: &Call,
        origin: &Origin,
        body: &mut Body,
    ) -> Result<Answer, Refused> {
        let _slot = self.pipeline.slot()?;
        let now_ms = self.pipeline.now_ms();
        admission::by_head(&self.sites.directory(), call, now_ms).map_err(Refused::NotAdmitted)?;
        let coding = coding_of(&call.headers)?;
        let wire =
            body::read(&call.headers, body, BATCH_MAX_BYTES, self.pipeline.body_timeout).await?;
        let plain = encoding::decode(coding, wire, BATCH_MAX_BYTES)?;
        self.admit(words, call, origin, &plain).await
    }

    /// From a plain body to the answer: what a call and a socket's message share.
    pub(super) async fn admit(
        &self,
        words: Words,
        call: &Call,
        origin: &Origin,
        plain: &[u8],
    ) -> Result<Answer, Refused> {
        let now_ms = self.pipeline.now_ms();
        let directory = self.sites.directory();
        let find = |key: Option<&str>| {
            admission::by_batch(&directory, call, key, now_ms).map_err(Refused::NotAdmitted)
        };
        let translated;
        let (sender, batch) = match words {
            Words::Own(form) => {
                let batch = Batch::read(plain, form).map_err(Refused::NotABatch)?;
                (find(batch.write_key.as_deref())?, batch)
            }
            Words::Alias(alias) => {
                let read = alias.read(plain).map_err(Refused::NotABatch)?;
                let sender = find(read.write_key())?;
                translated = read.to_batch(&sender.site);
                let batch = Batch::read(translated.as_bytes(), Form::Alias);
                (sender, batch.map_err(Refused::NotABatch)?)
            }
        };
        let site = &sender.site;
        let batch_name = batch_name::resolve(call.idempotency_key(), batch.batch_id.as_deref())
            .map_err(|code| Refused::NotABatch(Refusal::new(code)))?;
        let allowance = self.charge(site, &batch.events, origin)?;

        let mut collected = self.pipeline.collect()?;
        let mut random = random_bytes()?;
        let mut fresh_id = || {
            random = random.wrapping_add(1);
            let mut ten = [0; 10];
            ten.copy_from_slice(&random.to_be_bytes()[6..]);
            Uuid::v7(now_ms, ten)
        };
        let public = admit::Public {
            site,
            arrival: Arrival {
                received_at_ms: now_ms,
                geo: origin.geo.as_deref(),
                client_ip_prefix: Some(&origin.prefix),
                cookieless_id: self.daily_key(site, call, origin, now_ms),
                device_class: Some(call.device_class()),
            },
            batch_name,
        };
        let admission = &self.pipeline.admission;
        let mut verdicts =
            admission.admit_public(&batch, &public, &mut fresh_id, &mut collected)?;
        let batch_id = batch.batch_id.map(std::borrow::Cow::into_owned);
        self.pipeline.store(collected, &mut verdicts).await?;
        if let Words::Alias(alias) = words {
            in_their_words(alias, &mut verdicts);
        }
        Ok(Answer { json: answer_json(batch_id.as_deref(), &verdicts), allowance })
    }

    /// The key that a visitor without consent has today, where the site counts
    /// those. Without the secret nothing can be derived, and there is none.
    fn daily_key(&self, site: &Site, call: &Call, origin: &Origin, now_ms: i64) -> Option<Uuid> {
        let salt = self.pipeline.admission.salt(site.tenant_id).filter(|_| site.cookieless)?;
        Some(salt.daily_key(&Visit {
            site_id: site.site_id,
            day: now_ms.div_euclid(DAY_MS),
            address: &origin.address.to_string(),
            user_agent: call.user_agent(),
        }))
    }

    /// Charges a batch to its tenant and to each person in it.
    fn charge(
        &self,
        site: &Site,
        events: &[Value<'_>],
        origin: &Origin,
    ) -> Result<Allowance, Refused> {
        let count = |events: usize| u32::try_from(events).unwrap_or(u32::MAX);
        let limits = &site.limits;
        let mut charges = vec![Charge {
            bucket: self.limiter.bucket(&("tenant", site.tenant_id)),
            events: count(events.len()),
            per_minute: limits.tenant_events_per_minute.unwrap_or(TENANT_EVENTS_PER_MINUTE),
        }];
        let mut of_person: HashMap<u64, u32> = HashMap::new();
        for event in events {
            let (kind, person) = match (event.get("user_id"), event.get("anonymous_id")) {
                (Some(user), _) if user.raw() != "null" => ("user", user.raw()),
                (_, Some(visitor)) if visitor.raw() != "null" => ("visitor", visitor.raw()),
                _ => ("network", origin.prefix.as_str()),
            };
            let bucket = self.limiter.bucket(&(kind, site.tenant_id, person));
            *of_person.entry(bucket).or_default() += 1;
        }
        let per_minute = limits.person_events_per_minute.unwrap_or(PERSON_EVENTS_PER_MINUTE);
        charges.extend(of_person.into_iter().map(|(bucket, events)| Charge {
            bucket,
            events,
            per_minute,
        }));
        let now_ms = self.pipeline.clock.monotonic_ms();
        self.limiter.take(&charges, now_ms).map_err(Refused::RateLimited)
    }
}

fn random_bytes() -> Result<u128, Refused> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Refused::NotStored(Box::new(error)))?;
    Ok(u128::from_be_bytes(bytes))
}

/// Verdicts point into what the sender has sent.
fn in_their_words(alias: Alias, verdicts: &mut [EventVerdict<Uuid>]) {
    for fault in verdicts.iter_mut().filter_map(|event| event.fault.as_mut()) {
        fault.pointer = alias.sender_pointer(&fault.pointer);
    }
}

/// The paths, and in which words each is spoken to.
pub const PATHS: [(&str, Words); 8] = [
    ("/v1/events", Words::Own(Form::BatchOrEvent)),
    ("/v1/events/batch", Words::Own(Form::Batch)),
    ("/capture", Words::Alias(Alias::Capture)),
    ("/api/capture", Words::Alias(Alias::Capture)),
    ("/api/v1/analytics/track", Words::Alias(Alias::Track)),
    ("/api/v1/analytics/events", Words::Alias(Alias::Envelope)),
    ("/api/v1/analytics/events/batch", Words::Alias(Alias::EnvelopeBatch)),
    ("/api/analytics/events", Words::Alias(Alias::Frontend)),
];

/// The routes of the public endpoints.
pub fn public_routes(public: &Arc<Public>) -> Router {
    let mut routes = Router::new();
    for (path, words) in PATHS {
        let call = move |State(public): State<Arc<Public>>, request: Request| async move {
            handle(&public, words, request).await
        };
        routes = routes.route(path, post(call).options(preflight));
    }
    routes.merge(socket::routes()).with_state(Arc::clone(public))
}

async fn handle(public: &Public, words: Words, request: Request) -> Response {
    let metrics = &public.pipeline.metrics;
    let _in_flight = metrics.in_flight();
    let (head, mut body) = request.into_parts();
    let origin = public.origin_of(head.extensions.get(), &head.headers);
    let call = Call::new(head.headers, head.uri.query());
    let mut response = match public.take(words, &call, &origin, &mut body).await {
        Ok(answer) => {
            let json = HeaderValue::from_static("application/json");
            let mut response = ([(header::CONTENT_TYPE, json)], answer.json).into_response();
            answer.allowance.write(response.headers_mut());
            response
        }
        Err(refused) => {
            metrics.batch_refused(&refused);
            // One that came too slowly, or broke, has nothing to read away.
            if !matches!(refused, Refused::BodyTimeout | Refused::BodyBroken) {
                body::drain(body).await;
            }
            refused.into_response()
        }
    };
    write_headers(response.headers_mut(), origin::cors_headers(call.origin()));
    response
}

async fn preflight(State(public): State<Arc<Public>>, request: Request) -> Response {
    let (head, _) = request.into_parts();
    let call = Call::new(head.headers, head.uri.query());
    let now_ms = public.pipeline.now_ms();
    let allowed = admission::by_preflight(&public.sites.directory(), &call, now_ms);
    let (mut response, headers) = match (allowed, call.origin()) {
        (Ok(()), Some(page)) => {
            (StatusCode::NO_CONTENT.into_response(), origin::preflight_headers(page))
        }
        (Err(code), _) => (Refused::NotAdmitted(code).into_response(), origin::cors_headers(None)),
        (Ok(()), None) => {
            let refused = Refused::NotAdmitted(Code::OriginNotAllowed);
            (refused.into_response(), origin::cors_headers(None))
        }
    };
    write_headers(response.headers_mut(), headers);
    response
}

pub(super) fn write_headers(headers: &mut HeaderMap, written: Vec<(&'static str, String)>) {
    for (name, value) in written {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}
