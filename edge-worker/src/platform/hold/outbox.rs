//! The hold in Durable Objects: the sending side.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use tidemark_core::id::Uuid;
use worker::Env;

use super::{Held, Hold, NotKept};
use crate::platform::{calls, log, random};
use crate::policy::hold::held::{HEAD_BYTES, join};
use crate::policy::hold::split::OUTBOX_ROW_MAX_BYTES;

/// The Durable Objects' binding.
pub(super) const BINDING: &str = "OUTBOX";
/// Outboxes of one tenant, a power of two: at 800 calls/s each they keep 6,400
/// batches/s, which is all that a tenant brings while its collector is away.
const OUTBOXES: u8 = 8;
/// For how long an outbox's answer is waited for: a write takes milliseconds.
const DEADLINE_MS: u32 = 5_000;

/// One of a tenant's outboxes, any of them: what is kept has no order.
pub(super) struct Outbox<'a> {
    env: &'a Env,
    name: String,
}

impl<'a> Outbox<'a> {
    pub(super) fn new(env: &'a Env, tenant_id: Uuid) -> Self {
        let [any, ..] = random::ten_bytes();
        Self { env, name: format!("{tenant_id}/{}", any & OUTBOXES.wrapping_sub(1)) }
    }

    async fn send(&self, body: &[u8]) -> Result<u16, String> {
        let asked = calls::ask(self.env, BINDING, &self.name, "keep", body, DEADLINE_MS).await;
        asked.map(|(status, _)| status)
    }
}

impl Hold for Outbox<'_> {
    fn max_bytes(&self) -> usize {
        OUTBOX_ROW_MAX_BYTES.saturating_sub(HEAD_BYTES)
    }

    fn keep<'a>(&'a self, bodies: &'a [Held]) -> LocalBoxFuture<'a, Result<(), NotKept>> {
        async {
            let detail = match self.send(&join(bodies)).await {
                Ok(200) => return Ok(()),
                Ok(507) => return Err(NotKept::Full),
                Ok(status) => format!("status {status}"),
                Err(error) => error,
            };
            log::error("hold_outbox_failed", &[("detail", &detail)]);
            Err(NotKept::Away)
        }
        .boxed_local()
    }
}
