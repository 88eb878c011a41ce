//! The hold in Durable Objects: the sending side.

use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{Either, LocalBoxFuture, select};
use tidemark_core::id::Uuid;
use worker::js_sys::Uint8Array;
use worker::{Delay, Env, Method, Request, RequestInit};

use super::{Held, Hold, NotKept};
use crate::platform::{log, random};
use crate::policy::hold::held::{HEAD_BYTES, join};
use crate::policy::hold::split::OUTBOX_ROW_MAX_BYTES;

/// The Durable Objects' binding.
pub(super) const BINDING: &str = "OUTBOX";
/// Outboxes of one tenant, a power of two: at 800 calls/s each they keep 6,400
/// batches/s, which is all that a tenant brings while its collector is away.
const OUTBOXES: u8 = 8;
/// For how long an outbox's answer is waited for: a write takes milliseconds.
const DEADLINE: Duration = Duration::from_secs(5);

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

    async fn send(&self, body: &[u8]) -> worker::Result<u16> {
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_body(Some(Uint8Array::from(body).into()));
        let request = Request::new_with_init("https://outbox/keep", &init)?;
        let stub = self.env.durable_object(BINDING)?.get_by_name(&self.name)?;
        match select(pin!(stub.fetch_with_request(request)), pin!(Delay::from(DEADLINE))).await {
            Either::Left((answer, _)) => Ok(answer?.status_code()),
            Either::Right(_) => Err(worker::Error::from("deadline")),
        }
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
                Err(error) => error.to_string(),
            };
            log::error("hold_outbox_failed", &[("detail", &detail)]);
            Err(NotKept::Away)
        }
        .boxed_local()
    }
}
