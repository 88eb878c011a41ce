//! The public endpoints: for servers, and for pages where there is no edge.
//!
//! In this order, each step bounded before the next one spends anything: head
//! (type, key, origin: `call`, `admission`) → body's size and time → decompression
//! → the batch, or another product's words translated into one → key and origin,
//! if the key came in the body → rates ([`limiter`](Limiter)) → the one admission →
//! the log → the answer. A WebSocket (`socket`) does the same a message.
//!
//! Always true: what only an edge may say is ignored here and found out anew; the
//! time is this clock's, the network the connection's own or that of a proxy that
//! the configuration trusts ([`Proxies`]); the full address is never stored. Every
//! answer, a refusal included, may be read by the page that caused it.

mod address;
mod admission;
mod call;
mod handle;
mod limiter;
mod socket;

pub use address::{Peer, Proxies, ProxyError};
pub use handle::{PATHS, Public, Words, public_routes};
pub use limiter::Limiter;
pub use socket::{Patience, SOCKET_PATHS};
