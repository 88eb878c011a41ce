//! Work that goes on when its caller has been answered, or has hung up.

use std::future::Future;

use worker::Context;
use worker::wasm_bindgen_futures::spawn_local;

/// What such work hangs on.
#[derive(Clone, Copy)]
pub(super) enum After<'a> {
    /// A call: the runtime waits for the work before it lets go of the call.
    Call(&'a Context),
    /// A WebSocket, which lasts: the work is done while it is open.
    Socket,
}

impl After<'_> {
    /// Has work done.
    pub(super) fn run(self, work: impl Future<Output = ()> + 'static) {
        match self {
            Self::Call(context) => context.wait_until(work),
            Self::Socket => spawn_local(work),
        }
    }
}
