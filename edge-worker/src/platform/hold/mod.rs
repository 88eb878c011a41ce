//! Where events wait while the collector is away.
//!
//! Two implementations of one trait: a Cloudflare Queue (binding `HOLD`), consumed
//! by this same worker ([`consume`]); and, where there is none, a Durable Object
//! with SQLite (binding `OUTBOX`, [`outbox_object`]), which works on self-hosted
//! workerd and survives its death. Either keeps bodies in the form of
//! [`crate::policy::hold::held`]; neither reads them.

mod consume;
mod dead_letters;
mod outbox;
mod outbox_object;
mod queue;

use futures_util::future::LocalBoxFuture;
use tidemark_core::id::Uuid;
use worker::Env;
use worker::js_sys::Reflect;
use worker::wasm_bindgen::JsValue;

use super::{count, log};
use crate::policy::config::Config;
use crate::policy::counters::Hold as Counted;
use crate::policy::hold::held::Held;
use crate::policy::hold::split::{TooLarge, parts};
use crate::policy::wire::Wire;
use outbox::Outbox;
use queue::Queue;

/// Keeps bodies until the collector has taken them.
pub(super) trait Hold {
    /// Bytes of one body at most.
    fn max_bytes(&self) -> usize;

    /// Keeps all of them. When this returns, they are durable.
    ///
    /// # Errors
    /// When one of them may not be; others may be kept nevertheless, and arrive.
    fn keep<'a>(&'a self, bodies: &'a [Held]) -> LocalBoxFuture<'a, Result<(), NotKept>>;
}

/// Why a hold does not keep something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotKept {
    /// It has no room.
    Full,
    /// It does not answer, or one event is larger than it takes.
    Away,
}

/// The hold that an edge has, by its bindings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A Cloudflare Queue.
    Queue,
    /// Durable Objects.
    Outbox,
}

impl Kind {
    /// Its name at /health/ready.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Outbox => "outbox",
        }
    }
}

/// Which hold there is; `None` where `TIDEMARK_HOLD` is `off`, or nothing is bound.
pub(super) fn kind(config: &Config, env: &Env) -> Option<Kind> {
    let is_bound =
        |name| Reflect::get(env, &JsValue::from_str(name)).is_ok_and(|binding| binding.is_object());
    match (config.forwarding.hold, is_bound(queue::BINDING), is_bound(outbox::BINDING)) {
        (false, ..) | (_, false, false) => None,
        (_, true, _) => Some(Kind::Queue),
        (_, false, true) => Some(Kind::Outbox),
    }
}

/// What is to be kept of a batch.
pub(super) struct Batch<'a> {
    pub(super) tenant_id: Uuid,
    pub(super) now_ms: i64,
    /// The places of its events.
    pub(super) events: &'a [usize],
    /// The body of all of them.
    pub(super) wire: Wire,
    /// Writes the body of some of them.
    pub(super) write: &'a dyn Fn(&[usize]) -> Wire,
}

/// Keeps a batch, cut to what the hold takes.
///
/// # Errors
/// When not all of it is durable.
pub(super) async fn keep(kind: Kind, env: &Env, batch: Batch<'_>) -> Result<(), NotKept> {
    let hold: Box<dyn Hold> = match kind {
        Kind::Queue => Box::new(Queue::new(env)),
        Kind::Outbox => Box::new(Outbox::new(env, batch.tenant_id)),
    };
    let kept = match cut(batch, hold.max_bytes()) {
        Ok(bodies) => hold.keep(&bodies).await,
        Err(TooLarge) => {
            log::error("hold_too_large", &[]);
            Err(NotKept::Away)
        }
    };
    count::hold(match kept {
        Ok(()) => Counted::Kept,
        Err(NotKept::Full) => Counted::Full,
        Err(NotKept::Away) => Counted::Away,
    });
    kept
}

fn cut(batch: Batch<'_>, max_bytes: usize) -> Result<Vec<Held>, TooLarge> {
    let Batch { tenant_id, now_ms, events, wire, write } = batch;
    let held = |part: crate::policy::hold::split::Part| Held {
        tenant_id,
        events: part.events,
        held_at_ms: now_ms,
        wire: part.wire,
    };
    Ok(parts(events, wire, max_bytes, write)?.into_iter().map(held).collect())
}
