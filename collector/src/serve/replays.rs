//! `POST /internal/v1/replay`: one page of dead letters, or of the log, sent again.
//!
//! A page at a time, so that the caller shows how far it is and may stop anywhere:
//! pages hold nothing between them. Signed as the hop is.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::post;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::signed::{Answer, Signed};
use crate::limits::{ERASURE_BODY_MAX_BYTES, REPLAY_PAGE, REPLAY_PATH};
use crate::log::append::{EventLog, Outcome};
use crate::place::Lane;
use crate::process::replay::{Candidate, Source, Wanted};
use crate::refusal::Refused;
use crate::store::ClickHouse;

/// What the endpoint needs.
pub(super) struct Replays {
    pub(super) signed: Arc<Signed>,
    pub(super) source: Source,
    pub(super) log: Arc<dyn EventLog>,
    pub(super) store: ClickHouse,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    lane: Lane,
    #[serde(default)]
    dead_letters: bool,
    #[serde(default)]
    from: u64,
    to: Option<u64>,
    tenant_id: Option<Uuid>,
    reason: Option<String>,
    #[serde(default)]
    dry_run: bool,
}

/// The route.
pub(super) fn routes(replays: Replays) -> Router {
    Router::new()
        .route(REPLAY_PATH, post(handle))
        .layer(DefaultBodyLimit::max(ERASURE_BODY_MAX_BYTES))
        .with_state(Arc::new(replays))
}

async fn handle(State(replays): State<Arc<Replays>>, headers: HeaderMap, body: Bytes) -> Response {
    let answer = replays.page(&headers, &body).await;
    replays.signed.answered(answer)
}

impl Replays {
    async fn page(&self, headers: &HeaderMap, body: &[u8]) -> Answer {
        let asked: Asked = self.signed.read(headers, REPLAY_PATH, body)?;
        let lanes = self.log.lanes();
        if asked.lane >= lanes {
            return Err(Refused::NotFound);
        }
        // An erasure that begins now waits until this page is durable.
        let _passage = self.source.people.enter();
        let wanted = Wanted {
            lane: asked.lane,
            dead_letters: asked.dead_letters,
            from: asked.from,
            to: asked.to.unwrap_or(u64::MAX),
            tenant_id: asked.tenant_id,
            reason: asked.reason,
            max: REPLAY_PAGE,
        };
        let source = self.source.clone();
        let found = tokio::task::spawn_blocking(move || source.read(&wanted))
            .await
            .map_err(|error| Refused::NotAnswered(error.into()))?
            .map_err(|error| Refused::NotAnswered(error.into()))?;
        let known = self.known(&found.candidates).await?;
        let is_new =
            |candidate: &Candidate| !known.contains(&(candidate.tenant_id, candidate.event_id));
        let (new, stored): (Vec<_>, Vec<_>) = found.candidates.into_iter().partition(is_new);
        let letters = asked.dead_letters && !asked.dry_run;
        let marks: Vec<u64> = match letters {
            true => new.iter().chain(&stored).map(|candidate| candidate.offset).collect(),
            false => Vec::new(),
        };
        let (mut sent, mut duplicate) = (new.len() as u64, 0);
        if !asked.dry_run && !new.is_empty() {
            let log_id = self.source.log.log_id();
            let entries = new.into_iter().map(|it| it.into_entry(log_id, asked.lane)).collect();
            let outcomes =
                self.log.append(entries).await.map_err(|error| Refused::NotStored(error.into()))?;
            let again = outcomes.iter().filter(|outcome| **outcome == Outcome::Duplicate);
            duplicate = again.count() as u64;
            sent -= duplicate;
        }
        if !marks.is_empty() {
            let (source, lane) = (self.source.clone(), asked.lane);
            tokio::task::spawn_blocking(move || source.mark(lane, marks))
                .await
                .map_err(|error| Refused::NotAnswered(error.into()))?
                .map_err(|error| Refused::NotAnswered(error.into()))?;
        }
        let told = json!({
            "lanes": lanes,
            "next": found.next,
            "looked_at": found.looked_at,
            "erased": found.erased,
            "stored": stored.len(),
            "under_way": duplicate,
            "sent": sent,
        });
        Ok((StatusCode::OK, told))
    }

    /// Those that the base table has.
    async fn known(&self, candidates: &[Candidate]) -> Result<HashSet<(Uuid, Uuid)>, Refused> {
        let mut sites: BTreeMap<(Uuid, Uuid), Vec<&Candidate>> = BTreeMap::new();
        for candidate in candidates {
            sites.entry((candidate.tenant_id, candidate.site_id)).or_default().push(candidate);
        }
        let mut known = HashSet::new();
        for ((tenant_id, site_id), candidates) in sites {
            let ids: Vec<Uuid> = candidates.iter().map(|it| it.event_id).collect();
            let times = candidates.iter().map(|it| it.occurred_at_ms);
            let times = times.fold((i64::MAX, i64::MIN), |(a, b), at| (a.min(at), b.max(at)));
            let found = self.store.known_ids(tenant_id, site_id, &ids, times).await;
            let found = found.map_err(|error| Refused::NotAnswered(error.into()))?;
            known.extend(found.into_iter().map(|id| (tenant_id, id)));
        }
        Ok(known)
    }
}
